// Making elements. Text is always set as text, never parsed as HTML: what
// callers attach to their calls must not become a part of the page.

const svgNS = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

// h makes an element: h("button", {class: "btn", onclick: f}, icon("phone"), "Call").
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(el.dataset, value);
    else el.setAttribute(name, value === true ? "" : value);
  }
  append(el, children);
  return el;
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    el.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(el, ...children) {
  el.replaceChildren();
  append(el, children);
  return el;
}

export function icon(name) {
  const svg = document.createElementNS(svgNS, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svgNS, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

// setText and setClass leave alone what is as it should be, so that screen
// readers and selections are not disturbed.
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

export function setClass(el, names) {
  if (el.className !== names) el.className = names;
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter((w) => /^\p{L}/u.test(w));
  if (!words.length) return "#";
  return (words[0][0] + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
}

let nextID = 0;
export const uid = (prefix) => `${prefix}-${++nextID}`;

// patch makes the children of a list those of items. Elements whose key stays are
// the same as before, and are changed only where update finds a difference, so
// that focus, a click that has begun, and what is typed are not lost. It returns
// the elements that no item has any more, still in their places.
export function patch(list, items, keyOf, make, update) {
  const old = new Map([...list.children].map((el) => [el.dataset.key, el]));
  const used = new Set();
  const wanted = items.map((item) => {
    let key = String(keyOf(item));
    while (used.has(key)) key += "'"; // two parties may have the same number
    used.add(key);
    const el = old.get(key) ?? make(item);
    old.delete(key);
    el.dataset.key = key;
    update?.(el, item);
    return el;
  });
  arrange(list, wanted);
  return [...old.values()];
}

// arrange puts elements in order around the one that has the focus or is being
// pressed: an element that is moved loses both.
function arrange(list, wanted) {
  if (!wanted.length) return;
  const ours = new Set(wanted);
  const next = (el) => {
    do el = el.nextElementSibling;
    while (el && !ours.has(el));
    return el;
  };
  const still = Math.max(0, wanted.findIndex((el) => el.parentNode === list && el.matches(":focus-within, :active")));
  if (wanted[still].parentNode !== list) list.prepend(wanted[still]);
  for (let i = still - 1; i >= 0; i--) {
    if (next(wanted[i]) !== wanted[i + 1]) wanted[i + 1].before(wanted[i]);
  }
  for (let i = still + 1; i < wanted.length; i++) {
    if (next(wanted[i - 1]) !== wanted[i]) wanted[i - 1].after(wanted[i]);
  }
}
