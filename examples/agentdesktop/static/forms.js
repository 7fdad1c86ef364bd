// Forms: what is wrong is said beside the field, and what was typed stays until
// it has done its work.

import { h, uid } from "./dom.js";
import { operate } from "./api.js";
import { say, show, toast } from "./outcomes.js";

// field makes a labelled input with a place for what is wrong with it.
export function field(name, label, props = {}) {
  const id = uid(name);
  const { hint, ...rest } = props;
  if (hint) rest["aria-describedby"] = id + "-hint";
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("input", { id, name, autocomplete: "off", spellcheck: "false", ...rest }),
    hint ? h("p", { class: "hint", id: id + "-hint" }, hint) : null,
  );
}

// complain puts a message beside a field and takes the agent there, unless the
// agent is busy elsewhere. It returns false if the form has no such field.
export function complain(form, name, message, busy) {
  const input = name && form.elements[name];
  if (!input || !input.closest) return false;
  const box = input.closest(".field");
  box.querySelector(".field-error")?.remove();
  const id = input.id + "-error";
  box.append(h("p", { class: "field-error", id }, message));
  input.setAttribute("aria-invalid", "true");
  describe(input, id);
  if (!busy) input.focus();
  return true;
}

// describe says which texts explain a field: what is wrong with it, and its hint.
function describe(input, id) {
  const hint = input.closest(".field").querySelector(".hint")?.id;
  const ids = [id, hint].filter(Boolean).join(" ");
  if (ids) input.setAttribute("aria-describedby", ids);
  else input.removeAttribute("aria-describedby");
}

function forgive(input) {
  input.closest(".field").querySelector(".field-error")?.remove();
  input.removeAttribute("aria-invalid");
  describe(input);
}

export function clearComplaints(form) {
  form.querySelectorAll("[aria-invalid]").forEach(forgive);
}

export function values(form) {
  const out = {};
  for (const el of form.elements) if (el.name && el.value !== "") out[el.name] = el.value;
  return out;
}

// dirty tells whether something is typed that would be lost.
export const dirty = (form) => [...form.querySelectorAll("input")].some((el) => el.value !== el.defaultValue);

// firstFilled names the field that a message about the whole form belongs to.
export function firstFilled(form) {
  const inputs = [...form.querySelectorAll("input")];
  return (inputs.find((el) => el.value !== "") ?? inputs[0])?.name;
}

// press runs an operation for a button: one at a time, visibly.
export async function press(button, where, fields) {
  if (button.getAttribute("aria-disabled") === "true") return undefined;
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    return await operate(where, fields);
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

// submit sends a form and shows what became of it: beside a field, below the
// form, or as a passing word of success.
export async function submit(form, button, where, fields) {
  clearComplaints(form);
  const place = form.querySelector(":scope > .outcome");
  show(place, null);
  const o = await press(button, where, fields ?? values(form));
  if (!o) return undefined;
  if (o.outcome === "confirmed") {
    say(o.message);
    return o;
  }
  const about = o.outcome === "invalid" ? o.field : o.gone ? firstFilled(form) : "";
  const beside = about && complain(form, about, o.message);
  if (!beside && form.isConnected) show(place, o);
  if (!form.isConnected) toast(o);
  say(o.title + ". " + o.message, true);
  return o;
}

// onSubmit connects the buttons of a form: each may be a different operation.
export function onSubmit(form, handler) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // The Enter key means the first button that there is now.
    const button = event.submitter?.hidden === false ? event.submitter : form.querySelector("[data-submit]:not([hidden])");
    if (button) handler(button.dataset.submit, button);
    else complain(form, firstFilled(form), "This cannot be done with the call as it is now. What you typed stays.");
  });
  form.addEventListener("input", (event) => {
    if (event.target.hasAttribute("aria-invalid")) forgive(event.target);
  });
}

export const datalist = (id, options) =>
  h("datalist", { id }, options.map((o) => h("option", { value: o })));
