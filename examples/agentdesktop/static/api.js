// Talking to the server. Every answer to an operation is an outcome, also when
// there is no answer.

let csrf = "";
let signedOut = () => {};

export function onSignedOut(f) {
  signedOut = f;
}

export async function session() {
  const response = await fetch("api/session", { cache: "no-store" });
  if (!response.ok) throw new Error("HTTP " + response.status);
  const welcome = await response.json();
  csrf = welcome.csrf;
  return welcome;
}

// send sends a request, and once more if the server does not know this page any
// more, as after its restart: it has done nothing then.
async function send(path, body) {
  const result = await post(path, body);
  if (result.status !== 403 || result.answer.error !== "csrf") return result;
  await session();
  return post(path, body);
}

async function post(path, body) {
  const response = await fetch("api/" + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body ?? {}),
  });
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    answer = { message: "The server's answer cannot be understood (HTTP " + response.status + ")." };
  }
  if (answer.csrf) csrf = answer.csrf;
  return { status: response.status, answer };
}

export const login = (body) => send("login", body);
export const logout = (anyway) => send("logout", { anyway });

const path = (...parts) => parts.map(encodeURIComponent).join("/");

export const callPath = (id, operation) => path("calls", id, operation);
export const devicePath = (id, operation) => path("devices", id, operation);
export const statePath = (operation) => path("state", operation);
export const demoPath = (action) => path("demo", action);

// operate asks for an operation and returns its outcome.
export async function operate(where, fields) {
  let result;
  try {
    result = await send(where, fields);
  } catch {
    return {
      outcome: "unknown",
      title: "Unknown",
      message: "The desktop's server did not answer. Look at the call before you try again.",
      detail: "",
    };
  }
  const { status, answer } = result;
  if (answer.outcome) return answer;
  if (status === 401) signedOut("none");
  return { outcome: "unsent", title: "Not sent", message: answer.message ?? "HTTP " + status, detail: "" };
}
