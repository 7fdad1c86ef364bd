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

// patch makes the children of a list those of items, keeping elements whose key
// stays, so that focus and what is typed stay too.
export function patch(list, items, keyOf, make, update) {
  const old = new Map([...list.children].map((el) => [el.dataset.key, el]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let el = old.get(key);
    old.delete(key);
    if (!el) {
      el = make(item);
      el.dataset.key = key;
    }
    update?.(el, item);
    if (el === place) place = place.nextElementSibling;
    else list.insertBefore(el, place);
  }
  return [...old.values()];
}
