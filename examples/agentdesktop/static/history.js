// What was: the calls of this session, and the outcomes of what was done.

import { $, fill, h, icon, patch, setText } from "./dom.js";
import { serverNow, span, timeOfDay } from "./clock.js";
import { devicePath } from "./api.js";
import { press } from "./forms.js";
import { outcomeIcon, toast } from "./outcomes.js";
import { resultForm } from "./panels.js";
import { agent } from "./agent.js";

export function clearHistory() {
  newest = 0;
}

export function setHistory(records) {
  const list = $("history-list");
  list.querySelector(".none")?.remove();
  patch(list, records, (r) => r.id, makeRecord, updateRecord).forEach((el) => el.remove());
  if (!records.length) list.append(h("li", { class: "none" }, "The calls of this session will be listed here."));
}

function makeRecord(r) {
  const talked = r.answered > 0;
  const who = r.name || r.number || "Hidden number";
  const li = h("li", {});
  const more = h("div", { class: "history-more" });
  fill(
    li,
    h("div", { class: "entry" },
      h("span", { class: "mark " + (talked ? "talked" : r.how === "Not answered" ? "missed" : ""), title: r.incoming ? "Incoming" : "Outgoing" }, icon(r.incoming ? "down" : "up"), h("span", { class: "unseen" }, r.incoming ? "Incoming" : "Outgoing")),
      h("div", {}, h("b", {}, h("bdi", {}, who)), h("div", { class: "hint" }, [r.name && r.number, r.queue && "Queue " + r.queue, r.type === "Consult" && "Consultation"].filter(Boolean).join(" · ")),
        h("div", { class: "hint how" }), more),
      h("span", { class: "when" }, timeOfDay(r.began, true), h("br"), talked ? span(r.ended - r.answered) : "–")),
  );
  const result = h("button", { type: "button", class: "btn small", "aria-expanded": "false" }, icon("tag"), "Result");
  result.addEventListener("click", () => toggleForm(li, result, r.callId));
  more.append(result);
  if (r.number && !r.number.includes(",")) {
    more.append(h("button", { type: "button", class: "btn small", "aria-label": "Call " + who, onclick: (e) => callBack(e.currentTarget, r.number) }, icon("phone"), "Call back"));
  }
  return li;
}

function updateRecord(li, r) {
  setText(li.querySelector(".how"), r.how + (r.disposition ? " · Result: " + r.disposition : ""));
}

function toggleForm(li, button, callID) {
  const open = li.querySelector(".history-form");
  if (open) {
    open.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  const form = resultForm(callID, () => {
    form.remove();
    button.setAttribute("aria-expanded", "false");
    button.focus();
  });
  form.classList.add("history-form");
  li.append(form);
  button.setAttribute("aria-expanded", "true");
  form.querySelector("input").focus();
}

async function callBack(button, number) {
  if (!agent.device) return;
  const o = await press(button, devicePath(agent.device.id, "Dial"), { number });
  if (o && o.outcome !== "confirmed") toast(o);
}

let newest = 0;

export function setActivity(entries) {
  const fresh = (o) => o.aside && o.id > newest && serverNow() - o.at < 15000;
  entries.filter(fresh).reverse().forEach(toast);
  newest = Math.max(newest, ...entries.map((o) => o.id));
  const list = $("activity-list");
  list.querySelector(".none")?.remove();
  const make = (o) =>
    h("li", { dataset: { outcome: o.outcome } },
      h("div", { class: "entry" },
        h("span", { class: "mark " + o.outcome }, icon(outcomeIcon(o.outcome))),
        h("div", {}, h("b", {}, o.title), h("div", { class: "hint" }, o.message), o.detail ? h("div", { class: "hint" }, o.detail) : null),
        h("span", { class: "when" }, timeOfDay(o.at))));
  patch(list, entries, (o) => o.id, make).forEach((el) => el.remove());
  if (!entries.length) list.append(h("li", { class: "none" }, "What you do is listed here with its outcome."));
}
