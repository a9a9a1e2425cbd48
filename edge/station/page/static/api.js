// @ts-check
// Requests to our own server.

/** @typedef {import("./types.js").Session} Session @typedef {import("./types.js").Answer} Answer */

/** @type {Session} */
let session = { signed_in: false };

/** Who has signed in here, as last asked. */
export function me() {
  return session;
}

/** Whether this screen may do something, not only show. */
export function mayAct() {
  return session.signed_in && session.role === "nurse";
}

/**
 * Ask who has signed in.
 * @returns {Promise<Session>}
 */
export async function whoAmI() {
  const answer = await fetch("/api/session", { cache: "no-store" });
  if (!answer.ok) throw new Error(`the station answers ${answer.status}`);
  session = await answer.json();
  return session;
}

/**
 * Change something. What cannot be reached is an answer too, which says so.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function change(method, path, body = {}) {
  try {
    const answer = await fetch(path, {
      method,
      headers: { "content-type": "application/json", "x-anodyne-csrf": session.csrf ?? "" },
      body: method === "DELETE" ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    return { ok: answer.ok, reason: "", detail: "", ...(await answer.json()) };
  } catch (error) {
    return { ok: false, reason: "no_server", detail: `Not known whether it was done: the station does not answer (${error}).` };
  }
}

/**
 * Read something.
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function read(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (!answer.ok) throw new Error(`the station answers ${answer.status}`);
  return answer.json();
}
