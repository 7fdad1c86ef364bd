// The live connection to the server: one stream of topics, each with its whole
// value. The browser opens it again by itself.

import { setServerTime } from "./clock.js";

let source;
let heard = 0; // when the server last said something
const deaf = 45000; // it says something every 15 seconds

setInterval(() => source && Date.now() - heard > deaf && source.dispatchEvent(new Event("silence")), 5000);

// listen follows the topics. on.link tells whether the stream is open, on.end
// why it has ended for good.
export function listen(topics, on) {
  stop();
  source = new EventSource("api/events");
  const mine = source;
  const again = () => mine === source && listen(topics, on);
  heard = Date.now();
  source.addEventListener("open", () => on.link(true));
  source.addEventListener("error", () => {
    on.link(false);
    if (mine.readyState === EventSource.CLOSED) setTimeout(again, 2000);
  });
  source.addEventListener("silence", () => {
    on.link(false); // the line is dead, and nobody has told the browser
    again();
  });
  source.addEventListener("clock", (e) => {
    heard = Date.now();
    setServerTime(JSON.parse(e.data).now);
  });
  source.addEventListener("end", (e) => {
    stop();
    on.end(JSON.parse(e.data).reason);
  });
  for (const [topic, handler] of Object.entries(topics)) {
    source.addEventListener(topic, (e) => {
      heard = Date.now();
      whenFree(topic, () => handler(JSON.parse(e.data)));
    });
  }
}

export function stop() {
  source?.close();
  source = undefined;
  waiting.clear();
}

// What comes while a button is being pressed is shown when it is let go, the
// newest value of each topic: otherwise a call that rings meanwhile would push
// the button away from under the finger, and the click would go nowhere.
const waiting = new Map();
let pressed;

function whenFree(topic, change) {
  if (pressed) waiting.set(topic, change);
  else change();
}

function release() {
  clearTimeout(pressed);
  pressed = undefined;
  const changes = [...waiting.values()];
  waiting.clear();
  for (const change of changes) change();
}

const wait = (ms) => {
  clearTimeout(pressed);
  pressed = setTimeout(release, ms);
};

addEventListener("pointerdown", (e) => e.target.closest("button, summary, label") && wait(5000), true);
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => pressed && wait(80), true); // the click comes after
}
