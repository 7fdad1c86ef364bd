// The forms of a call: transfer, conference, keypad, data, result.

import { h, icon, patch, setText, uid } from "./dom.js";
import { callPath } from "./api.js";
import { complain, datalist, dirty, field, firstFilled, onSubmit, press, submit } from "./forms.js";
import { show } from "./outcomes.js";

export let results = [];
export const setResults = (list) => (results = list);

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function panel(heading, context, ...content) {
  const id = uid("panel");
  return h(
    "section",
    { class: "panel", "aria-labelledby": id },
    h("header", {}, h("h3", { id }, heading),
      h("button", { type: "button", class: "btn small quiet close", onclick: context.close }, "Close", h("kbd", { "aria-hidden": true }, "Esc"))),
    ...content,
  );
}

const outcomePlace = () => h("div", { class: "outcome", hidden: true });

const submitButton = (op, label, symbol, style = "") =>
  h("button", { type: "submit", class: "btn " + style, dataset: { submit: op } }, icon(symbol), label);

// numberForm asks for a number to which a call goes in one of two ways.
function numberForm(context, label, ...buttons) {
  const form = h(
    "form",
    { novalidate: true },
    field("number", label, { inputmode: "tel", list: "numbers", hint: "An extension such as 5002, a queue, or an outside number." }),
    h("div", { class: "buttons" }, ...buttons),
    outcomePlace(),
  );
  onSubmit(form, async (op, button) => {
    const o = await submit(form, button, callPath(context.id, op));
    if (o?.outcome === "confirmed") context.done(o);
  });
  return form;
}

export const panels = {
  transfer: (v, context) =>
    panel("Transfer", context, numberForm(context, "Transfer to",
      submitButton("InitiateTransfer", "Consult first", "phone", "primary"),
      submitButton("SingleStepTransfer", "Transfer now", "transfer"))),

  conference: (v, context) => {
    const parties = h("ul", { class: "parties", "aria-label": "On this call" });
    const removal = outcomePlace();
    parties.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      show(removal, null);
      const o = await press(button, callPath(context.id, "RemoveParticipantFromConference"), { participant: button.value });
      if (o && o.outcome !== "confirmed") show(removal, o);
    });
    return panel("Conference", context, parties, removal, numberForm(context, "Add to the call",
      submitButton("InitiateConference", "Ask first", "phone", "primary"),
      submitButton("SingleStepConference", "Add now", "conference")));
  },

  keypad: (v, context) => {
    const form = h(
      "form",
      { novalidate: true },
      field("digits", "Digits", { inputmode: "tel", hint: "Heard by the other side as tones: 0 to 9, * and #." }),
      h("div", { class: "keypad", role: "group", "aria-label": "Keypad" },
        [..."123456789*0#"].map((d) => h("button", { type: "button", class: "btn", dataset: { digit: d } }, d))),
      h("div", { class: "buttons" }, submitButton("SendDtmf", "Send", "keypad", "primary")),
      outcomePlace(),
    );
    form.addEventListener("click", (event) => {
      const key = event.target.closest("[data-digit]");
      if (!key) return;
      form.elements.digits.value += key.dataset.digit;
      form.elements.digits.dispatchEvent(new Event("input", { bubbles: true }));
    });
    onSubmit(form, async (op, button) => {
      const o = await submit(form, button, callPath(context.id, op));
      if (o?.outcome !== "confirmed") return;
      form.reset();
      show(form.querySelector(":scope > .outcome"), o);
    });
    return panel("Keypad", context, form);
  },

  data: (v, context) => {
    const pairs = h("ul", { class: "pairs", "aria-label": "Attached data" });
    const removal = outcomePlace();
    const act = async (button, op, fields) => {
      show(removal, null);
      const o = await press(button, callPath(context.id, op), fields);
      if (o && o.outcome !== "confirmed") show(removal, o);
    };
    pairs.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) act(button, "DeleteUserDataPair", { key: button.value });
    });
    const all = h("button", { type: "button", class: "btn small danger", dataset: { op: "DeleteUserData" } }, "Delete all");
    all.addEventListener("click", () => {
      if (all.dataset.sure) {
        delete all.dataset.sure;
        all.textContent = "Delete all";
        act(all, "DeleteUserData");
        return;
      }
      all.dataset.sure = "yes";
      all.textContent = "Really delete all?";
      all.addEventListener("blur", () => {
        delete all.dataset.sure;
        all.textContent = "Delete all";
      }, { once: true });
    });
    const form = h(
      "form",
      { novalidate: true },
      h("div", { class: "pair" }, field("key", "Name"), field("value", "Value")),
      h("p", { class: "hint" }, "Save replaces a value of the same name; attach adds one beside it."),
      h("div", { class: "buttons" }, submitButton("UpdateUserData", "Save", "check", "primary"), submitButton("AttachUserData", "Attach", "data"), all),
      outcomePlace(),
    );
    onSubmit(form, async (op, button) => {
      const o = await submit(form, button, callPath(context.id, op));
      if (o?.outcome === "confirmed") {
        form.reset();
        form.elements.key.focus();
      }
    });
    return panel("Attached data", context, pairs, removal, form);
  },

  result: (v, context) => panel("Result of the call", context, resultForm(context.id, context.done)),
};

// resultForm sets the disposition of a call, live or ended.
export function resultForm(callID, done) {
  const list = uid("results");
  const form = h(
    "form",
    { novalidate: true },
    field("value", "Result", { list }),
    datalist(list, results),
    h("div", { class: "buttons" }, results.map((r) => h("button", { type: "button", class: "btn small", dataset: { result: r } }, r)),
      submitButton("SetCallDisposition", "Save", "check", "primary")),
    outcomePlace(),
  );
  form.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-result]");
    if (!choice) return;
    form.elements.value.value = choice.dataset.result;
    form.elements.value.dispatchEvent(new Event("input", { bubbles: true }));
  });
  onSubmit(form, async (op, button) => {
    const o = await submit(form, button, callPath(callID, op));
    if (o?.outcome === "confirmed") done(o);
  });
  return form;
}

export const panelDirty = (el) => [...el.querySelectorAll("form")].some(dirty);

// updatePanel keeps an open panel in step with its call; null says that the
// call has ended.
export function updatePanel(name, el, v, busy) {
  if (!v) {
    el.querySelectorAll(".buttons, .keypad, .parties, .pairs").forEach((part) => (part.hidden = name !== "result"));
    if (name === "result") return; // a result can still be set
    const form = el.querySelector("form");
    complain(form, firstFilled(form), "The call has ended. What you typed stays here until you close this.", busy);
    return;
  }
  const can = (op) => v.operations.includes(op);
  el.querySelectorAll("[data-submit], [data-op]").forEach((b) => (b.hidden = !can(b.dataset.submit ?? b.dataset.op)));
  const parties = el.querySelector(".parties");
  if (parties) {
    const gone = patch(parties, v.call.participants, (p) => p.phoneNumber,
      (p) => h("li", {}, icon("person"), h("span", {}, p.formattedPhoneNumber || p.phoneNumber),
        h("button", { type: "button", class: "btn small danger", value: p.phoneNumber, "aria-label": "Remove " + (p.formattedPhoneNumber || p.phoneNumber) }, "Remove")),
      (li) => (li.querySelector("button").hidden = !can("RemoveParticipantFromConference")));
    gone.forEach((li) => li.remove());
  }
  const pairs = el.querySelector(".pairs");
  if (pairs) {
    const gone = patch(pairs, Object.entries(v.call.userData ?? {}), ([key]) => key,
      ([key]) => h("li", {}, h("span", {}, h("small", { dir: "auto" }, key), h("b", { dir: "auto" })), h("button", { type: "button", class: "btn small danger", value: key, "aria-label": "Delete " + key }, "Delete")),
      (li, [, value]) => {
        setText(li.querySelector("b"), plain(value));
        li.querySelector("button").hidden = !can("DeleteUserDataPair");
      });
    gone.forEach((li) => li.remove());
  }
}
