// The team: names for everybody, and for supervisors a way to listen.

import { $, fill, h, icon, initials, patch, setClass, setText } from "./dom.js";
import { since } from "./clock.js";
import { devicePath } from "./api.js";
import { onSubmit, press, submit } from "./forms.js";
import { toast } from "./outcomes.js";
import { agent } from "./agent.js";
import { monitoringNow } from "./calls.js";

let team = [];
const ways = [["ListenIn", "Listen in", "ear"], ["Coach", "Coach", "coach"], ["BargeIn", "Barge in", "barge"]];
const callWords = { Ringing: "Ringing", Dialing: "Calling", Established: "Talking", Held: "On hold" };

export function setTeam(members) {
  team = members;
  const numbers = team.filter((m) => m.dn !== agent.dn);
  patch($("numbers"), numbers, (m) => m.dn, (m) => h("option", { value: m.dn }), (el, m) => el.setAttribute("label", m.name)).forEach((el) => el.remove());
  showTeam();
}

export function showTeam() {
  const device = agent.device;
  const target = device?.supervisorMonitoringState?.targetDeviceId;
  showMonitoring(device, target);
  const list = $("team-list");
  list.querySelector(".none")?.remove();
  const others = team.filter((m) => m.dn !== agent.dn);
  patch(list, others, (m) => m.device, makeMember, (li, m) => updateMember(li, m, target)).forEach((el) => el.remove());
  if (!others.length) list.append(h("li", { class: "none" }, "Nobody else is signed in here."));
  showForm();
}

function makeMember(m) {
  return h(
    "li",
    { class: "member", dataset: { dn: m.dn } },
    h("div", { class: "line" }, h("span", { class: "avatar", "aria-hidden": true }, initials(m.name)),
      h("div", {}, h("b", {}, h("bdi", {}, m.name)), h("small", { class: "phone" })),
      h("div", { class: "now" }, h("span", { class: "badge" }), h("small", { class: "clock" }))),
    h("div", { class: "on-call" }),
    h("div", { class: "buttons" },
      ways.map(([op, label, symbol]) =>
        h("button", { type: "button", class: "btn small", dataset: { op }, "aria-label": `${label}: ${m.name}`, onclick: (e) => monitor(e.currentTarget, op, m.device) }, icon(symbol), label))),
  );
}

function updateMember(li, m, target) {
  setText(li.querySelector(".phone"), m.dn + (m.busy && !m.calls ? " · on a call" : ""));
  const badge = li.querySelector(".badge");
  setClass(badge, "badge " + m.state.tone);
  setText(badge, m.state.label);
  const clock = li.querySelector(".clock");
  clock.hidden = !m.since;
  if (m.since) since(clock, m.since);
  li.classList.toggle("elsewhere", !m.since);
  const line = li.querySelector(".on-call");
  const calls = m.calls ?? [];
  const shown = JSON.stringify(calls);
  if (line.dataset.shown !== shown) {
    line.dataset.shown = shown;
    fill(line, calls.map((c) => h("span", {}, `${callWords[c.state] ?? c.state}: `, h("bdi", {}, c.with), `${c.queue ? ", queue " + c.queue : ""} `, since(h("b", {}), c.began))));
  }
  line.hidden = !calls.length;
  for (const button of li.querySelectorAll(".buttons .btn")) {
    button.hidden = !agent.operations.includes(button.dataset.op);
    const on = target === m.device && (monitoringNow() ?? agent.device.supervisorMonitoringState.state) === button.dataset.op;
    button.setAttribute("aria-pressed", String(on));
  }
  li.querySelector(".buttons").hidden = !ways.some(([op]) => agent.operations.includes(op));
}

function showMonitoring(device, target) {
  const place = $("team-now");
  const state = device?.supervisorMonitoringState;
  place.hidden = !state;
  if (!state) return;
  if (!place.firstChild) {
    fill(place, h("div", { class: "monitoring" }, icon("ear"), h("span", {}),
      h("button", { type: "button", class: "btn small", dataset: { op: "CancelSupervisorMonitoring" }, onclick: (e) => act(e.currentTarget, "CancelSupervisorMonitoring") }, "Stop")));
  }
  const who = team.find((m) => m.device === target)?.name ?? "a number";
  const now = monitoringNow() ?? state.state;
  const way = ways.find(([op]) => op === now)?.[1] ?? now;
  setText(place.querySelector("span"), `Monitoring ${who}: ${way.toLowerCase()}`);
}

const options = () => {
  const form = $("team-form").querySelector("form");
  return form ? { scope: form.elements.scope.value, mode: form.elements.mode.value } : {};
};

const monitor = (button, op, target) => act(button, op, { target, ...options() });

async function act(button, op, fields) {
  const o = await press(button, devicePath(agent.device.id, op), fields);
  if (o && o.outcome !== "confirmed") toast(o);
}

// showForm lets a supervisor name a number that is not in the list.
function showForm() {
  const place = $("team-form");
  const may = ways.some(([op]) => agent.operations.includes(op));
  place.hidden = !may; // what is typed stays
  if (!may || place.firstChild) return;
  const choice = (name, label, entries) =>
    h("div", { class: "field" }, h("label", { for: "monitor-" + name }, label),
      h("select", { id: "monitor-" + name, name }, entries.map(([value, text]) => h("option", { value }, text))));
  const form = h(
    "form",
    { novalidate: true },
    h("details", { class: "more" }, h("summary", {}, "Other numbers, and for how long"),
      choice("mode", "Which calls", [["AllCalls", "All calls"], ["NextCall", "The next call only"]]),
      choice("scope", "Stay on a call", [["Call", "As long as it lasts"], ["Agent", "Until the agent leaves it"]]),
      h("div", { class: "field" }, h("label", { for: "monitor-number" }, "Number of an agent or a queue"),
        h("input", { id: "monitor-number", name: "number", inputmode: "tel", autocomplete: "off" })),
      h("div", { class: "buttons" }, ways.map(([op, label, symbol]) =>
        h("button", { type: "submit", class: "btn small", dataset: { submit: op } }, icon(symbol), label)))),
    h("div", { class: "outcome", hidden: true }),
  );
  onSubmit(form, async (op, button) => {
    const o = await submit(form, button, devicePath(agent.device.id, op));
    if (o?.outcome === "confirmed") form.elements.number.value = "";
  });
  fill(place, form);
}
