// Outcomes look different because what follows differs: a refusal changed
// nothing, a failure came after a yes, and of the unknown one must look first.

import { $, fill, h, icon } from "./dom.js";

const icons = {
  confirmed: "check", refused: "refused", failed: "failed", unknown: "unknown", unsent: "unsent", notice: "info", invalid: "info",
};

export const outcomeIcon = (kind) => icons[kind] ?? "info";

// show puts an outcome into its place on the page.
export function show(place, o, onClose) {
  if (!o) {
    place.hidden = true;
    place.replaceChildren();
    return;
  }
  place.className = "outcome " + o.outcome;
  place.dataset.outcome = o.outcome;
  fill(
    place,
    icon(outcomeIcon(o.outcome)),
    h("div", {}, h("b", {}, o.title), h("span", {}, o.message), o.detail ? h("div", { class: "detail" }, o.detail) : null),
    onClose ? h("button", { type: "button", class: "btn small icon quiet", "aria-label": "Close this message", onclick: onClose }, icon("failed")) : null,
  );
  place.hidden = false;
}

// toast shows an outcome that has no place of its own. What needs the agent's
// attention stays until it is closed.
export function toast(o) {
  const place = h("div", {});
  const remove = () => place.remove();
  show(place, o, remove);
  $("toasts").append(place);
  if (o.outcome === "confirmed" || o.outcome === "notice") setTimeout(remove, 5000);
  while ($("toasts").children.length > 4) $("toasts").firstElementChild.remove();
  say(o.title + ". " + o.message);
}

// say has a screen reader speak, at once or when it is idle.
export function say(text, now) {
  const place = $(now ? "announce-now" : "announce");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
}
