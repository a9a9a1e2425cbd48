// @ts-check
// The page of one bed in plain words. Rule: what is not known is said to be not known, never that all is well.

import { change, me, read, whoAmI } from "./api.js";
import { byId, clock } from "./dom.js";
import { battery } from "./beds.js";
import { shape } from "./shapes.js";
import { Sound } from "./sound.js";
import { chart } from "./spark.js";
import { Stream } from "./stream.js";

/** @typedef {import("./types.js").Bed} Bed */

const PAUSE_S = 600;

/** Title and advice of each look. */
const WORDS = /** @type {Record<string, [string, string]>} */ ({
  "pain-high": ["Strong signs of pain", "Please go to the bed now."],
  pain: ["Signs of pain", "Please go and look."],
  building: ["There may be pain", "It has only just begun. The box is watching."],
  attended: ["Signs of pain, and somebody has seen it", "It will sound again if it goes on."],
  blind: ["The box cannot see", "It does not know whether there is pain. Please look yourself."],
  unknown: ["The box does not answer", "Nothing is known of the bed. Please look yourself, and see whether the box has power."],
  technical: ["The box needs help", "It watches as well as it can."],
  watched: ["No signs of pain seen", "The box is watching. It cannot notice everything."],
});

const sound = new Sound();
const stream = new Stream(draw, showSignIn);
/** @type {Bed|undefined} */
let bed;
let drawn = "";

function draw() {
  bed = stream.shown()[0];
  byId("banner").hidden = !stream.started || (stream.live && stream.status.fault === "");
  const told = stream.live ? `The page keeps no record: ${stream.status.fault}` : "This page has lost the box. Nothing is known of the bed. Please look yourself.";
  if (byId("banner").textContent !== told) byId("banner").textContent = told;
  byId("banner").className = stream.live ? "mild" : "";
  drawSound();
  ring();
  if (!stream.started) return;
  const text = JSON.stringify([{ ...bed, heard_ms: 0, heard_wall_ms: 0 }, stream.status, stream.live]);
  if (text === drawn) return;
  drawn = text;
  const look = bed?.look ?? "unknown";
  const [title, advice] = WORDS[look] ?? WORDS.unknown;
  byId("now").className = `look-${look}${bed?.ring ? ` ring-${bed.ring}` : ""}`;
  byId("shape").replaceChildren(shape(look));
  byId("title").textContent = look === "pain" && bed && onlyLatched(bed) ? "There were signs of pain" : title;
  byId("advice").textContent = look === "technical" ? `${bed?.title ?? ""}. ${advice}` : advice;
  byId("why").textContent = bed ? because(bed) : "";
  document.title = `${["watched", "building"].includes(look) ? "" : "(!) "}Anodyne: ${title}`;
  drawDeeds(look);
  byId("batteries").replaceChildren(...(bed?.batteries ?? []).map(battery));
  byId("note").textContent = bed?.note ? `${clock(bed.note.at_ms)}: ${bed.note.text}` : "";
  byId("outside").textContent = stream.status.outside;
}

/** @param {Bed} one */
function onlyLatched(one) {
  const pains = one.alarms.filter((alarm) => alarm.condition === "pain");
  return pains.length > 0 && pains.every((alarm) => alarm.presence === "latched");
}

/** @param {Bed} one */
function because(one) {
  const reasons = one.why.length ? one.why : one.alarms.slice(0, 1).map((alarm) => alarm.because);
  const why = ["watched", "unknown"].includes(one.look) ? [] : reasons;
  const missing = one.missing.length ? `Missing: ${one.missing.map(plain).join(", ")}.` : "";
  return [why.filter(Boolean).join(", "), missing].filter(Boolean).join(". ");
}

/** @param {string} missing */
function plain(missing) {
  return missing.replace(/^ppg/, "pulse").replace(/^gsr/, "skin");
}

/** @param {string} look */
function drawDeeds(look) {
  const sounding = bed?.alarms.some((alarm) => alarm.sounding) ?? false;
  const paused = bed?.holds.includes("audio_paused") ?? false;
  const seen = /** @type {HTMLButtonElement} */ (byId("seen"));
  const pause = /** @type {HTMLButtonElement} */ (byId("pause"));
  const helped = /** @type {HTMLButtonElement} */ (byId("helped"));
  seen.disabled = !stream.live || (!sounding && look !== "unknown");
  pause.disabled = helped.disabled = !stream.live;
  pause.textContent = paused ? "Sound again now" : "Quiet for 10 minutes";
  seen.classList.toggle("main", sounding);
}

function ring() {
  if (!me().signed_in || !stream.started) return;
  const paused = bed?.holds.includes("audio_paused") ?? false;
  sound.ring(!stream.live || !bed ? "medium" : paused ? "" : bed.ring, bed?.quiet ?? false);
}

function drawSound() {
  const toggle = byId("sound");
  const text = sound.on ? "Sound is on" : "Sound is OFF: turn on";
  if (toggle.textContent !== text) toggle.textContent = text;
  toggle.setAttribute("aria-pressed", String(sound.on));
  toggle.className = sound.on ? "" : "warn";
}

/**
 * @param {string} path below the bed's
 * @param {object} body
 */
function ask(path, body) {
  return change("POST", `/api/beds/${bed?.place ?? ""}/${path}`, body);
}

/** @param {import("./types.js").Answer[]} answers @param {string} done */
function say(answers, done) {
  const bad = answers.filter((one) => !one.ok);
  const answer = byId("answer");
  answer.className = bad.length ? "answer bad" : "answer good";
  answer.textContent = bad.length ? `Not done: ${bad[0].detail || bad[0].reason}` : `${clock(Date.now())}: ${done}`;
}

/** Acknowledge all that sounds. */
async function acknowledge() {
  const answers = [];
  if (bed?.look === "unknown") answers.push(await ask("seen", {}));
  for (const alarm of bed?.alarms.filter((one) => one.sounding) ?? []) {
    answers.push(await ask("command", { do: "acknowledge", episode: alarm.episode }));
  }
  return answers;
}

byId("seen").addEventListener("click", async () => say(await acknowledge(), "you have seen it."));
byId("pause").addEventListener("click", async () => {
  const paused = bed?.holds.includes("audio_paused") ?? false;
  const wish = paused ? { do: "resume" } : { do: "pause_audio", seconds: PAUSE_S };
  say([await ask("command", wish)], paused ? "it may sound again." : "quiet for 10 minutes. The box watches on.");
});
byId("helped").addEventListener("click", async () => {
  const answers = await acknowledge();
  say([...answers, await ask("note", { text: "Help was given." })], "help was given.");
});
byId("sound").addEventListener("click", async () => {
  if (sound.on) sound.disable();
  else await sound.enable();
  drawSound();
});
byId("sign-out").addEventListener("click", async () => {
  if ((await change("DELETE", "/api/session")).ok) stream.leave();
});
byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("pin"));
  byId("sign-in-answer").textContent = "…";
  const answer = await change("POST", "/api/session", { name: "home", password: field.value });
  byId("sign-in-answer").textContent = answer.ok ? "" : answer.detail.replace("Wrong name or password.", "This is not the PIN.");
  field.value = "";
  if (answer.ok) await start();
});

async function drawCourse() {
  if (!stream.live || !bed) return;
  try {
    const trend = (await read("/api/trends?hours=8&step=4")).beds[bed.place];
    byId("course").hidden = !trend;
    if (trend) byId("spark").replaceChildren(chart(trend));
  } catch (error) {
    console.warn("no trend", error); // the banner says what is wrong with the connection
  }
}

function showSignIn() {
  byId("sign-in").hidden = false;
  byId("bedside").hidden = true;
  byId("banner").hidden = true;
  byId("pin").focus();
  void whoAmI().catch(() => undefined);
}

async function start() {
  try {
    if (!(await whoAmI()).signed_in) return showSignIn();
    byId("sign-in").hidden = true;
    byId("bedside").hidden = false;
    drawn = "";
    stream.open();
    setTimeout(drawCourse, 1000);
  } catch {
    byId("banner").hidden = false;
    byId("banner").textContent = "The box does not answer. Please look at the bed yourself. Trying again …";
    setTimeout(start, 3000);
  }
}

setInterval(draw, 1000);
setInterval(() => void drawCourse(), 60000);
void start();
