// The live connection to the server: one stream of topics, each with its whole
// value. The browser opens it again by itself.

import { setServerTime } from "./clock.js";

let source;

// listen follows the topics. on.link tells whether the stream is open, on.end
// why it has ended for good.
export function listen(topics, on) {
  stop();
  source = new EventSource("api/events");
  const mine = source;
  source.addEventListener("open", () => on.link(true));
  source.addEventListener("error", () => {
    on.link(false);
    if (mine.readyState === EventSource.CLOSED && mine === source) setTimeout(() => mine === source && listen(topics, on), 2000);
  });
  source.addEventListener("clock", (e) => setServerTime(JSON.parse(e.data).now));
  source.addEventListener("end", (e) => {
    stop();
    on.end(JSON.parse(e.data).reason);
  });
  for (const [topic, handler] of Object.entries(topics)) {
    source.addEventListener(topic, (e) => handler(JSON.parse(e.data)));
  }
}

export function stop() {
  source?.close();
  source = undefined;
}
