// Keyboard shortcuts: single keys while no field has the focus. They can be
// switched off, as speech input needs it.

import { $, fill, h } from "./dom.js";
import { byKey, chooseNth, closePanel } from "./calls.js";
import { setState } from "./agent.js";
import { buttons } from "./buttons.js";

const stateKeys = { R: "Ready", N: "NotReady", W: "AfterCallWork" };

let on = localStorage.getItem("keys") !== "off";

export function startKeys() {
  apply();
  $("help-on").checked = on;
  $("help-on").addEventListener("change", () => {
    on = $("help-on").checked;
    localStorage.setItem("keys", on ? "on" : "off");
    apply();
  });
  $("help-open").addEventListener("click", help);
  document.addEventListener("keydown", press);
  list();
}

const apply = () => (document.documentElement.dataset.keys = on ? "on" : "off");

function press(event) {
  if ($("desk").hidden || $("help").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (closePanel()) event.preventDefault();
    return;
  }
  if (!on || event.repeat || event.target.closest("input, select, textarea")) return;
  const key = event.key.toUpperCase();
  let used = true;
  if (event.key === "?") help();
  else if (key === "D") $("dial-number").focus();
  else if (/^[1-9]$/.test(key)) chooseNth(Number(key) - 1);
  else if (stateKeys[key]) {
    const button = document.querySelector(`[data-state="${stateKeys[key]}"]`);
    if (button) setState(button, stateKeys[key]);
  } else used = byKey(key);
  if (used) event.preventDefault();
}

function help() {
  $("help").showModal();
}

function list() {
  const keys = new Map();
  for (const b of buttons) if (b.key) keys.set(b.key, [...(keys.get(b.key) ?? []), b.label]);
  const rows = [...keys].map(([key, labels]) => [key, labels.join(" / ")]);
  rows.push(["D", "New call"], ["R", "Ready"], ["N", "Not ready"], ["W", "After-call work"], ["1 … 9", "Choose a call"], ["Esc", "Close a form"], ["?", "This list"]);
  fill($("help-keys"), rows.map(([key, text]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, text))));
}
