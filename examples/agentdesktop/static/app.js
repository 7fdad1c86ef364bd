// The page: signing in, and then everything that the stream of topics shows.

import { $, fill, h, icon, initials, setClass, setText } from "./dom.js";
import * as api from "./api.js";
import { listen, stop } from "./stream.js";
import { serverNow, span, timeOfDay } from "./clock.js";
import { clearComplaints, complain, press } from "./forms.js";
import { say, show, toast } from "./outcomes.js";
import { setAgent, startDial } from "./agent.js";
import { clearCalls, refreshEmpty, setCalls } from "./calls.js";
import { setResults } from "./panels.js";
import { clearHistory, setActivity, setHistory } from "./history.js";
import { setTeam, showTeam } from "./team.js";
import { startKeys } from "./keys.js";
import { startTheme } from "./theme.js";

let simulated = false;
let streaming = false;
let gws = { state: "up" };

const reasons = {
  expired: "Your session has expired. Please sign in again.",
  lost: "GWS has ended your session. Please sign in again.",
  stopped: "The desktop's server was stopped. Sign in again when it is back.",
  replaced: "You have signed in again in another window of this browser.",
  none: "You are not signed in any more. Please sign in again.",
};

async function start() {
  startTheme();
  startKeys();
  startDial();
  startTabs();
  $("login-form").addEventListener("submit", signIn);
  $("logout").addEventListener("click", signOut);
  startDemo();
  api.onSignedOut((reason) => leave(reasons[reason]));
  let welcome;
  try {
    welcome = await api.session();
  } catch {
    fill(document.body, h("p", { class: "center" }, "The desktop's server cannot be reached. Please load the page again later."));
    return;
  }
  setResults(welcome.dispositions);
  greet(welcome);
  if (welcome.signedIn) work();
  else showLogin();
}

function greet(welcome) {
  simulated = welcome.people.length > 0;
  $("login-demo").hidden = !simulated;
  $("demo").hidden = !simulated;
  setText($("login-server"), simulated ? "Or with a user name and password of the simulation, such as ada and secret." : "With your user name and password of " + welcome.server);
  $("login-user").value = welcome.user;
  fill(
    $("login-people"),
    welcome.people.map((p) =>
      h("li", {}, h("button", { type: "button", dataset: { user: p.user }, onclick: (e) => signInAs(e.currentTarget, p) },
        h("span", { class: "avatar", "aria-hidden": true }, initials(p.name)),
        h("span", {}, h("b", {}, p.name), h("small", {}, `${p.role}, phone ${p.dn}`))))),
  );
}

function showLogin(message) {
  document.body.dataset.view = "login";
  $("desk").hidden = true;
  $("login").hidden = false;
  showLoginError(message);
  document.title = "Agent desktop";
  if (!simulated) (($("login-user").value ? $("login-password") : $("login-user"))).focus();
}

function showLoginError(message) {
  const error = $("login-form").querySelector(".form-error");
  error.hidden = !message;
  setText(error, message ?? "");
  if (message) error.scrollIntoView({ block: "center" }); // on a phone the form is below the people
}

async function signIn(event) {
  event.preventDefault();
  const form = $("login-form");
  const button = form.querySelector("[type=submit]");
  await enter(button, {
    user: form.elements.user.value, password: form.elements.password.value,
    place: form.elements.place.value, begin: form.elements.begin.value,
  });
}

const signInAs = (button, p) => enter(button, { user: p.user, password: p.password, begin: "Ready" });

async function enter(button, body) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const form = $("login-form");
  clearComplaints(form);
  showLoginError();
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    const { status, answer } = await api.login(body);
    if (status === 200) {
      form.elements.password.value = "";
      work();
      return;
    }
    if (!complain(form, answer.field, answer.message)) showLoginError(answer.message);
  } catch {
    showLoginError("The desktop's server cannot be reached.");
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

function work() {
  document.body.dataset.view = "desk";
  $("login").hidden = true;
  $("desk").hidden = false;
  listen(
    {
      agent: (value) => {
        setAgent(value);
        showTeam();
        refreshEmpty();
      },
      calls: (value) => {
        setCalls(value);
        showTeam();
      },
      history: setHistory,
      activity: setActivity,
      team: setTeam,
      link: setLink,
    },
    {
      link: (open) => {
        streaming = open;
        showLink();
      },
      end: (reason) => leave(reasons[reason] ?? ""),
    },
  );
}

function leave(message) {
  stop();
  clearCalls();
  clearHistory();
  $("toasts").replaceChildren();
  hideBanner();
  showLogin(message);
  api.session().catch(() => {}); // the token for the next login
}

async function signOut(event) {
  const button = event.currentTarget;
  button.setAttribute("aria-disabled", "true");
  try {
    let { status, answer } = await api.logout(Boolean(button.dataset.sure));
    if (status === 409) {
      button.dataset.sure = "yes";
      setText(button.querySelector("span"), "Sign out anyway");
      toast({ outcome: "refused", title: "Still on a call", message: answer.message });
      return;
    }
    leave("");
  } catch {
    toast({ outcome: "unsent", title: "Not signed out", message: "The desktop's server cannot be reached." });
  } finally {
    button.removeAttribute("aria-disabled");
  }
  delete button.dataset.sure;
  setText(button.querySelector("span"), "Sign out");
}

let wasLost = false;
let hiding;

function setLink(value) {
  const restored = gws.state === "lost" || (value.lost && value.since !== gws.since);
  gws = value;
  showLink(value.state === "up" && value.lost && restored && serverNow() - value.since < 15000);
}

function showLink(restored) {
  const lost = !streaming ? "page" : gws.state === "lost" ? "gws" : "";
  $("link").classList.toggle("lost", Boolean(lost));
  setText($("link").firstElementChild, lost ? "Connection lost" : "Connected");
  if (lost) {
    wasLost = true;
    const what = lost === "page" ? "The connection to the desktop's server is lost." : "The connection to GWS is lost.";
    showBanner("lost", lost, "failed", what + " Your calls go on at your phone; what you see here may be out of date.");
  } else if (gws.voice === "down") {
    showBanner("warn", "voice", "refused", "The telephone switch is not available. Calls cannot be controlled until it is back.");
  } else if (restored || wasLost) {
    wasLost = false;
    const how = restored ? ` It was gone for ${span(gws.lost)}.${gws.gap ? " Calls were read again." : ""}` : "";
    showBanner("restored", "restored", "check", `Connected again at ${timeOfDay(restored ? gws.since : serverNow())}.${how}`);
    hiding = setTimeout(hideBanner, 10000);
  } else if ($("banner").dataset.link !== "restored") {
    hideBanner();
  }
}

function showBanner(look, what, symbol, text) {
  clearTimeout(hiding);
  const banner = $("banner");
  setClass(banner, "banner " + look);
  banner.dataset.link = what;
  banner.hidden = false;
  if (banner.textContent !== text) fill(banner, icon(symbol), h("span", {}, text));
}

function hideBanner() {
  clearTimeout(hiding);
  $("banner").hidden = true;
  $("banner").replaceChildren();
  delete $("banner").dataset.link;
}

function startTabs() {
  document.body.dataset.tab = "calls";
  for (const tab of document.querySelectorAll(".tabs [data-tab]")) {
    tab.addEventListener("click", () => {
      document.body.dataset.tab = tab.dataset.tab;
      document.querySelectorAll(".tabs [data-tab]").forEach((t) => t.setAttribute("aria-current", String(t === tab)));
      scrollTo(0, 0);
    });
  }
}

function startDemo() {
  const actions = [
    ["ring", "A customer calls me"], ["colleague", "A colleague calls me"], ["hangup", "The customer hangs up"],
    ["refuse", "Refuse my next action"], ["fail", "Fail my next action"], ["silence", "Ignore my next action"],
    ["cut", "Cut the connection"], ["outage", "Switch outage"],
  ];
  const place = $("demo").querySelector(".outcome");
  let timer;
  fill(
    $("demo").querySelector(".demo-actions"),
    actions.map(([action, label]) =>
      h("button", { type: "button", class: "btn small", dataset: { demo: action }, onclick: async (e) => {
        const o = await press(e.currentTarget, api.demoPath(action));
        if (!o) return;
        show(place, o);
        say(o.message);
        clearTimeout(timer);
        timer = setTimeout(() => show(place, null), 8000);
      } }, label)),
  );
}

start();
