// The calls: one card each, kept while the call changes, so that an open form
// and what is typed into it stay.

import { $, fill, h, icon, initials, patch, setClass, setText } from "./dom.js";
import { since } from "./clock.js";
import { callPath, demoPath } from "./api.js";
import { press } from "./forms.js";
import { say, show, toast } from "./outcomes.js";
import { buttons } from "./buttons.js";
import { panels, panelDirty, updatePanel } from "./panels.js";
import { agent, setState } from "./agent.js";

let calls = [];
let chosenID = "";
const cards = new Map(); // by call id

const words = {
  Ringing: ["Ringing", "accent"], Dialing: ["Calling", "blue"], Established: ["Talking", "green"], Held: ["On hold", "amber"],
  Preview: ["Preview", "blue"], Released: ["Ended", "grey"],
};

export const title = (v) => v.name || v.number || "Hidden number";

export function setCalls(value) {
  const before = new Map(calls.map((v) => [v.call.id, v]));
  calls = sorted(value);
  for (const v of calls) if (!before.delete(v.call.id) && v.call.state === "Ringing") announce(v);
  for (const v of before.values()) say(`The call with ${title(v)} has ended.`);
  const list = $("calls");
  const gone = patch(list, calls, (v) => v.call.id, makeCard, (el, v) => cards.get(v.call.id).update(v));
  for (const el of gone) cards.get(el.dataset.key)?.end();
  showEmpty();
  const ringing = calls.filter((v) => v.call.state === "Ringing").length;
  document.querySelector('.tabs [data-tab="calls"] .dot').hidden = !ringing;
  setText($("calls-count"), calls.length ? String(calls.length) : "");
  choose(current()?.call.id ?? "");
  setTitle(ringing);
}

// sorted puts what rings first, and a consultation below its call.
function sorted(list) {
  const rank = { Ringing: 0, Preview: 1, Established: 2, Dialing: 3, Held: 4 };
  const roots = list.filter((v) => !list.some((o) => o.call.id === v.call.parentCallId));
  roots.sort((a, b) => (rank[a.call.state] ?? 5) - (rank[b.call.state] ?? 5) || a.began - b.began);
  return roots.flatMap((v) => [v, ...list.filter((o) => o.call.parentCallId === v.call.id)]);
}

function announce(v) {
  const keys = v.operations.includes("Reject") ? "Press A to answer, X to reject." : "Press A to answer.";
  say(`Call from ${title(v)}${v.queue ? ", queue " + v.queue : ""}. ${keys}`, true);
}

let blink;
function setTitle(ringing) {
  clearInterval(blink);
  const plain = calls.length ? `(${calls.length}) Agent desktop` : "Agent desktop";
  document.title = plain;
  if (!ringing) return;
  let on = false;
  blink = setInterval(() => (document.title = (on = !on) ? "☎ Call ringing" : plain), 1000);
}

function showEmpty() {
  const place = $("no-calls");
  place.hidden = $("calls").children.length > 0;
  const shown = agent.state.label + "|" + agent.device?.phoneNumber;
  if (place.hidden || place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const ready = agent.device?.userState?.state === "Ready";
  const canBe = agent.states.some((s) => s.operation === "Ready") && !ready;
  fill(
    place,
    icon("phone"),
    h("b", {}, "No calls"),
    h("p", {}, ready ? "You are ready. The next call from your queues rings here." : `You are “${agent.state.label ?? "…"}”. Queue calls come when you are ready.`),
    simulated() ? h("p", { class: "hint" }, "This is a simulation, you need no headset: customers call when you are ready, or when you want one to.") : null,
    canBe ? h("button", { type: "button", class: "btn primary", onclick: (e) => setState(e.currentTarget, "Ready") }, "Become ready") : null,
    simulated() && !canBe ? h("button", { type: "button", class: "btn", onclick: (e) => press(e.currentTarget, demoPath("ring")) }, icon("phone"), "Let a customer call") : null,
  );
}

const simulated = () => !$("demo").hidden;

export const refreshEmpty = () => showEmpty();

// current is the call that the keyboard means: the one that was chosen, or else
// the first.
export function current() {
  return calls.find((v) => v.call.id === chosenID) ?? calls[0];
}

export function choose(id) {
  chosenID = id;
  for (const [key, card] of cards) card.el.classList.toggle("chosen", key === id && calls.length > 1);
}

export function chooseNth(n) {
  const v = calls[n];
  if (!v) return;
  choose(v.call.id);
  cards.get(v.call.id).el.focus();
}

// monitoringNow is how a supervisor is on the call of another one: on this call
// it may have been changed since the monitoring began.
export const monitoringNow = () => calls.find((v) => v.monitoring)?.monitoring;

// byKey presses the button with a key: on the chosen call if it has one, or else
// on the first call that has.
export function byKey(key) {
  const first = current();
  for (const v of [first, ...calls.filter((o) => o !== first)]) {
    if (!v) continue;
    const button = [...cards.get(v.call.id).el.querySelectorAll(".actions .btn")].find((b) => b.dataset.shortcut === key);
    if (button) {
      choose(v.call.id);
      button.click();
      return true;
    }
  }
  return false;
}

export function closePanel() {
  const card = cards.get(current()?.call.id);
  return card ? card.closePanel() : false;
}

export function clearCalls() {
  calls = [];
  cards.clear();
  $("calls").replaceChildren();
}

function makeCard(v) {
  const card = new Card(v);
  cards.set(v.call.id, card);
  return card.el;
}

class Card {
  constructor(v) {
    this.id = v.call.id;
    this.open = null; // the panel that is open: {name, el}
    this.view = v;
    this.avatar = h("span", { class: "avatar", "aria-hidden": true });
    this.name = h("h2", { dir: "auto" });
    this.facts = h("p", {});
    this.clock = h("span", { class: "clock", role: "timer", "aria-label": "Duration" });
    this.badge = h("span", { class: "badge" });
    this.chips = h("div", { class: "chips" });
    this.data = h("dl", { class: "attached" });
    this.actions = h("div", { class: "actions", role: "group" });
    this.outcome = h("div", { class: "outcome", hidden: true });
    this.el = h(
      "article",
      { class: "card call", tabindex: "-1", onfocusin: () => choose(this.id), onclick: () => choose(this.id) },
      h("div", { class: "call-head" }, this.avatar, h("div", { class: "call-who" }, this.name, this.facts),
        h("div", { class: "call-time" }, this.clock, this.badge)),
      this.chips, this.data, this.actions, this.outcome,
    );
  }

  update(v) {
    const changed = this.view.call.state !== v.call.state;
    this.view = v;
    const { call } = v;
    const heading = title(v);
    setClass(this.el, `card call ${call.state}${call.parentCallId ? " consult" : ""}${this.el.classList.contains("chosen") ? " chosen" : ""}`);
    this.el.setAttribute("aria-label", `Call with ${heading}`);
    this.actions.setAttribute("aria-label", `Actions for the call with ${heading}`);
    setText(this.avatar, v.name ? initials(v.name) : "#");
    setText(this.name, (call.parentCallId ? "Consultation: " : "") + heading);
    const facts = [v.name && v.number, v.queue && "Queue " + v.queue, kind(v)].filter(Boolean);
    setText(this.facts, facts.join(" · "));
    since(this.clock, v.began);
    const [word, tone] = words[call.state] ?? [call.state, "grey"];
    setClass(this.badge, "badge " + tone);
    if (this.badge.dataset.word !== word + v.since) {
      this.badge.dataset.word = word + v.since;
      fill(this.badge, word, call.state === "Held" ? since(h("span", {}), v.since) : null);
    }
    this.showChips(v);
    this.showData(v);
    this.showButtons(v.operations);
    if (this.open) updatePanel(this.open.name, this.open.el, v);
    if (changed && call.state === "Released") this.end();
  }

  showChips({ call, monitoring }) {
    const chips = [];
    if (call.recordingState === "Recording") chips.push(["red", "Recording"]);
    if (call.recordingState === "Paused") chips.push(["amber", "Recording paused"]);
    if (call.mute) chips.push(["amber", monitoring ? "You are not heard" : "Muted"]);
    if (call.supervisorListeningIn) chips.push(["violet", "A supervisor is on this call"]);
    if (call.monitoredUserMuted) chips.push(["amber", "The agent is muted"]);
    const mode = { ListenIn: "Listening in", Coach: "Coaching", BargeIn: "Barged in" }[monitoring];
    if (mode) chips.push(["violet", mode]);
    const shown = chips.join("|");
    if (this.chips.dataset.shown === shown) return;
    this.chips.dataset.shown = shown;
    fill(this.chips, chips.map(([tone, text]) => h("span", { class: "badge " + tone }, text)));
  }

  // showData lists the attached data, without the name that is the heading.
  showData(v) {
    const names = v.name ? v.name.split(", ") : [];
    const data = Object.fromEntries(Object.entries(v.call.userData ?? {}).filter(([, value]) => !names.includes(value)));
    const shown = JSON.stringify(data);
    if (this.data.dataset.shown === shown) return;
    this.data.dataset.shown = shown;
    const gone = patch(this.data, Object.entries(data), ([key]) => key,
      ([key]) => h("div", {}, h("dt", { dir: "auto" }, key), " ", h("dd", { dir: "auto" })),
      (el, [, value]) => setText(el.querySelector("dd"), plain(value)));
    gone.forEach((el) => el.remove());
  }

  showButtons(operations) {
    const shown = buttons
      .map((b) => (b.panel ? { ...b, ops: b.ops.filter((op) => operations.includes(op)) } : b))
      .filter((b) => (b.panel ? b.ops.length : operations.includes(b.op)));
    const focus = this.actions.contains(document.activeElement) ? document.activeElement : null;
    const gone = patch(this.actions, shown, (b) => b.panel ?? b.op, (b) => this.button(b));
    gone.forEach((el) => el.remove());
    if (!focus || focus.isConnected) return;
    // Retrieve stands where Hold stood, and Unmute for Mute: they have the same key.
    const instead = [...this.actions.children].find((el) => el.dataset.shortcut && el.dataset.shortcut === focus.dataset.shortcut);
    (instead ?? this.el).focus({ preventScroll: true });
  }

  button(b) {
    const data = { shortcut: b.key ?? "" };
    if (b.panel) data.panel = b.panel;
    else data.op = b.op;
    return h(
      "button",
      {
        type: "button", class: `btn ${b.style ?? ""} ${b.end ? "end" : ""}`, dataset: data,
        "aria-expanded": b.panel ? "false" : null, "aria-keyshortcuts": b.key ?? null,
        onclick: (e) => (b.panel ? this.togglePanel(b.panel, e.currentTarget) : this.run(e.currentTarget, b.op)),
      },
      icon(b.icon), h("span", {}, b.label), b.key ? h("kbd", { "aria-hidden": true }, b.key) : null,
    );
  }

  async run(button, op) {
    this.tell(null);
    const o = await press(button, callPath(this.id, op));
    if (o) this.tell(o);
  }

  // tell shows an outcome on the card, or on the page if the card is gone.
  tell(o) {
    if (!o) return show(this.outcome, null);
    if (o.outcome === "confirmed") return say(o.message);
    if (!this.el.isConnected) return toast(o);
    show(this.outcome, o, () => show(this.outcome, null));
    say(o.title + ". " + o.message, true);
  }

  togglePanel(name, opener) {
    const same = this.open?.name === name;
    this.closePanel(true);
    if (same) return;
    const el = panels[name](this.view, {
      id: this.id,
      done: (o) => {
        this.closePanel(true);
        this.tell(o);
      },
      close: () => this.closePanel(true),
    });
    this.open = { name, el, opener };
    opener.setAttribute("aria-expanded", "true");
    this.outcome.before(el);
    updatePanel(name, el, this.view);
    el.querySelector("input, button:not(.close)")?.focus();
  }

  closePanel(quiet) {
    if (!this.open) return false;
    const { el, opener } = this.open;
    const hadFocus = el.contains(document.activeElement);
    el.remove();
    opener.setAttribute("aria-expanded", "false");
    this.open = null;
    if (this.ended) this.remove();
    else if (hadFocus || !quiet) (opener.isConnected ? opener : this.el).focus();
    return true;
  }

  // end shows that the call is over. A form with something typed into it stays
  // until the agent closes it.
  end() {
    if (this.ended) return;
    this.ended = true;
    if (!this.open || !panelDirty(this.open.el)) return this.remove();
    this.el.dataset.key = "ended-" + this.id;
    cards.delete(this.id);
    setClass(this.el, "card call ended");
    fill(this.badge, "Ended");
    setClass(this.badge, "badge");
    delete this.clock.dataset.since;
    const busy = !this.el.contains(document.activeElement);
    this.actions.replaceChildren();
    updatePanel(this.open.name, this.open.el, null, busy);
  }

  remove() {
    const hadFocus = this.el.contains(document.activeElement);
    cards.delete(this.id);
    this.el.remove();
    showEmpty();
    if (hadFocus) $("main").focus({ preventScroll: true });
  }
}

function kind(v) {
  if (v.monitoring) return "Monitored call";
  const type = v.call.callType;
  if (type === "Internal") return v.incoming ? "From a colleague" : "To a colleague";
  if (type === "Outbound") return "Outgoing";
  if (type === "Inbound") return v.queue ? "" : "Direct";
  return type === "Consult" ? "" : (type ?? "");
}

export const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
