// Times on the page tick by themselves. They are the server's; its clock may
// differ from this computer's.

let offset = 0;

export function setServerTime(now) {
  offset = now - Date.now();
}

export const serverNow = () => Date.now() + offset;

export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return (hours ? hours + ":" + two(Math.floor((s % 3600) / 60)) : Math.floor(s / 60)) + ":" + two(s % 60);
}

export function timeOfDay(ms, short) {
  return new Date(ms - offset).toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: short ? undefined : "2-digit" });
}

// since makes an element that shows how long something has lasted.
export function since(el, start) {
  el.dataset.since = start;
  tick(el);
  return el;
}

function tick(el) {
  const text = span(serverNow() - Number(el.dataset.since));
  if (el.textContent !== text) el.textContent = text;
}

setInterval(() => document.querySelectorAll("[data-since]").forEach(tick), 250);
