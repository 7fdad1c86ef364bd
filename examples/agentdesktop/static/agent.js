// My state, my phone, and a new call.

import { $, fill, h, icon, patch, setClass, setText } from "./dom.js";
import { since } from "./clock.js";
import { devicePath, statePath } from "./api.js";
import { field, onSubmit, press, submit } from "./forms.js";
import { show } from "./outcomes.js";

export let agent = { operations: [], states: [], state: {} };

let forwardForm;

export function setAgent(value) {
  agent = value;
  setText($("top-name"), agent.name);
  setText($("top-dn"), agent.dn ? "Phone " + agent.dn : "No phone");
  const badge = $("top-state");
  badge.hidden = false;
  setClass(badge, "badge " + agent.state.tone);
  setText(badge, agent.state.label);
  document.body.classList.toggle("supervisor", agent.supervisor);
  showState();
  showPhone();
}

function showState() {
  const now = $("agent-now");
  if (!now.firstChild) {
    fill(now, h("span", { class: "ring", "aria-hidden": true }), h("div", { class: "big" }, h("b", {}), h("small", {}, "for ", h("span", {}))));
  }
  setClass(now.querySelector(".ring"), "ring " + agent.state.tone);
  setText(now.querySelector("b"), agent.state.label);
  since(now.querySelector("small span"), agent.since);

  const choices = agent.states.map((s) => ({ ...s, key: s.operation, shortcut: { Ready: "R", NotReady: "N", AfterCallWork: "W" }[s.operation] }));
  const out = agent.device?.userState?.state === "LoggedOut" || !agent.device?.userState;
  if (out) choices.unshift({ operation: "StartContactCenterSession", key: "start", label: "Log in on the phone", tone: "green" });
  const gone = patch(
    $("agent-states"),
    choices,
    (s) => s.key,
    (s) =>
      h(
        "button",
        { type: "button", class: "btn " + s.tone, dataset: { state: s.operation }, "aria-keyshortcuts": s.shortcut, onclick: (e) => setState(e.currentTarget, s.operation) },
        h("span", { class: "mark", "aria-hidden": true }),
        h("span", {}, s.label),
        s.shortcut ? h("kbd", { "aria-hidden": true }, s.shortcut) : null,
      ),
    (el, s) => el.setAttribute("aria-pressed", String(Boolean(s.current))),
  );
  gone.forEach((el) => el.remove());
}

export async function setState(button, operation) {
  const place = $("agent").querySelector(".outcome");
  show(place, null);
  const o = await press(button, statePath(operation));
  if (o && o.outcome !== "confirmed") show(place, o, () => show(place, null));
}

function showPhone() {
  const place = $("device-now");
  const device = agent.device;
  if (!device) {
    fill(place, h("p", { class: "hint" }, "You have no phone here. Sign in with the place where you sit."));
    return;
  }
  if (!place.querySelector("dl")) buildPhone(place);
  const facts = [["Number", device.phoneNumber], ["Do not disturb", device.doNotDisturb ? "On" : "Off"], ["Forwarded to", device.forwardTo || "Not forwarded"]];
  const list = place.querySelector("dl");
  const shown = facts.map((f) => f.join("|")).join("\n");
  if (list.dataset.shown !== shown) {
    list.dataset.shown = shown;
    fill(list, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }
  for (const button of place.querySelectorAll("[data-device]")) button.hidden = !agent.operations.includes(button.dataset.device);
  forwardForm.hidden = !agent.operations.includes("ForwardCallsOn");
}

function buildPhone(place) {
  const outcome = h("div", { class: "outcome", hidden: true });
  const run = async (button) => {
    show(outcome, null);
    const o = await press(button, devicePath(agent.device.id, button.dataset.device));
    if (o && o.outcome !== "confirmed") show(outcome, o, () => show(outcome, null));
  };
  const simple = (operation, symbol, label) =>
    h("button", { type: "button", class: "btn small", dataset: { device: operation }, onclick: (e) => run(e.currentTarget) }, icon(symbol), label);
  forwardForm = h(
    "form",
    { class: "inline-form", novalidate: true, dataset: { form: "ForwardCallsOn" } },
    field("number", "Forward my calls to", { inputmode: "tel", list: "numbers" }),
    h("div", { class: "device-actions" }, h("button", { type: "submit", class: "btn small", dataset: { submit: "ForwardCallsOn" } }, icon("forward"), "Forward")),
    h("div", { class: "outcome", hidden: true }),
  );
  onSubmit(forwardForm, async (operation, button) => {
    const o = await submit(forwardForm, button, devicePath(agent.device.id, operation));
    if (o?.outcome === "confirmed") forwardForm.reset();
  });
  fill(
    place,
    h("dl", { class: "facts" }),
    h("div", { class: "device-actions" },
      simple("DoNotDisturbOn", "bell-off", "Do not disturb"),
      simple("DoNotDisturbOff", "bell-off", "Let calls through"),
      simple("ForwardCallsOff", "forward", "Stop forwarding")),
    outcome,
    h("details", { class: "more" }, h("summary", {}, "Forwarding"), forwardForm),
  );
}

export function startDial() {
  const form = $("dial");
  onSubmit(form, async (operation, button) => {
    if (!agent.device) return;
    const o = await submit(form, button, devicePath(agent.device.id, operation));
    if (o?.outcome === "confirmed") form.reset();
  });
}
