// @ts-check
// Brings the parts of the page together.

import { change, me, read, whoAmI } from "./api.js";
import { Grid } from "./beds.js";
import { byId } from "./dom.js";
import { showBurden, showLog } from "./lists.js";
import { Panel } from "./panel.js";
import { Sound } from "./sound.js";
import { Stream } from "./stream.js";

/** @typedef {import("./types.js").Bed} Bed */

const sound = new Sound();
const stream = new Stream(drawSoon, showSignIn);
const grid = new Grid(byId("beds"), (place) => void panel.open(place));
const panel = new Panel(
  () => new Map(stream.shown().map((bed) => [bed.place, bed])),
  () => stream.now(),
  (place) => grid.focus(place),
);

/** @type {Record<string, import("./types.js").Trend>} */
let trends = {};
let trendMark = "";
let waiting = false;
/** @type {Set<string>|null} */
let told = null;

/** Draw at the next frame, or at once where the browser draws none (a hidden tab must still ring). */
function drawSoon() {
  if (document.hidden) draw();
  else if (!waiting) {
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  }
}

function draw() {
  const beds = stream.shown();
  drawBanner();
  grid.draw(beds, trends, trendMark + stream.live);
  grid.age(beds, stream.now());
  panel.draw();
  byId("empty").hidden = !me().signed_in || !stream.live || beds.length > 0;
  drawSummary(beds);
  announce(beds);
  ring(beds);
}

function drawBanner() {
  const banner = byId("banner");
  let text = "";
  if (!me().signed_in) text = "";
  else if (stream.started && !stream.live) text = "DISCONNECTED: this page hears nothing from the station. Every bed is unknown. Go and look; trying again …";
  else if (!stream.status.connected) text = `NO BROKER: the station has lost ${stream.status.name}. Every bed is unknown. Go and look; trying again …`;
  else if (stream.status.fault) text = `Alarms are shown, but the station keeps no record: ${stream.status.fault}`;
  else if (stream.status.clock) text = stream.status.clock;
  else if (stream.status.outside) text = stream.status.outside;
  else if (stream.outdated) text = "The station was updated: reload this page when it is quiet.";
  banner.hidden = text === "";
  if (banner.textContent !== text) banner.textContent = text;
  banner.className = stream.live && stream.status.connected ? "mild" : "";
  drawSound();
}

function drawSound() {
  const toggle = byId("sound");
  const text = sound.on ? "Sound is on" : "Sound is OFF: turn on";
  if (toggle.textContent !== text) toggle.textContent = text;
  toggle.setAttribute("aria-pressed", String(sound.on));
  toggle.className = sound.on ? "" : "warn";
}

/** @param {Bed[]} beds */
function drawSummary(beds) {
  const count = (/** @type {string[]} */ looks) => beds.filter((bed) => looks.includes(bed.look)).length;
  const parts = [
    [count(["pain-high", "pain"]), "with signs of pain"],
    [count(["blind"]), "cannot be assessed"],
    [count(["unknown"]), "unknown"],
    [count(["building", "technical", "attended"]), "other"],
    [count(["watched"]), "without signs"],
  ];
  const text = me().signed_in ? parts.filter(([number]) => number).map(([number, words]) => `${number} ${words}`).join(", ") : "";
  const summary = byId("summary");
  if (summary.textContent !== text) summary.textContent = text;
  const urgent = beds.filter((bed) => bed.rank <= 2).length;
  document.title = !me().signed_in ? "Anodyne station" : `${stream.live ? "" : "DISCONNECTED "}${urgent ? `(${urgent}) ` : ""}Anodyne station`;
}

/**
 * Say what is new to people who do not see the screen.
 * @param {Bed[]} beds
 */
function announce(beds) {
  if (!stream.live) return;
  const now = new Set();
  /** @type {string[]} */
  const news = [];
  for (const bed of beds) {
    const keys = bed.alarms.filter((one) => one.sounding).map((one) => `${bed.place} ${one.episode} ${one.priority}`);
    if (bed.look === "unknown") keys.push(`${bed.place} unknown`);
    for (const key of keys) {
      now.add(key);
      if (told && !told.has(key)) news.push(`${bed.bed}, ${bed.site}: ${bed.title}`);
    }
  }
  told = now;
  if (news.length > 5) byId("alarm-news").textContent = `${news.length} new alarms. First: ${news[0]}`;
  else if (news.length) byId("alarm-news").textContent = [...new Set(news)].join(". ");
}

/** @param {Bed[]} beds */
function ring(beds) {
  if (!me().signed_in) return;
  if (!stream.live || !stream.status.connected) {
    sound.ring("medium", false); // we hear nothing: a technical alarm of its own
    return;
  }
  const priority = /** @type {const} */ (["high", "medium", "low"]).find((one) => beds.some((bed) => bed.ring === one)) ?? "";
  sound.ring(priority, beds.filter((bed) => bed.ring === priority).every((bed) => bed.quiet));
}

async function loadTrends() {
  if (!stream.live) return;
  try {
    trends = (await read("/api/trends?hours=4&step=5")).beds;
    trendMark = String(Date.now());
    drawSoon();
  } catch (error) {
    console.warn("no trends", error); // the banner says what is wrong with the connection
  }
}

function showSignIn() {
  byId("menu").hidden = true;
  byId("sign-in").hidden = false;
  byId("beds").hidden = true;
  void whoAmI().catch(() => undefined).then(() => {
    draw();
    if (me().by_proxy) byId("sign-in-answer").textContent = "The reverse proxy has not said who you are: sign in there.";
  });
  byId("name").focus();
}

function showBeds() {
  byId("sign-in").hidden = true;
  byId("menu").hidden = false;
  byId("beds").hidden = false;
  byId("sign-out").textContent = `Sign out ${me().name ?? ""}`;
  told = null;
  stream.open();
  setTimeout(loadTrends, 500);
}

async function start() {
  try {
    if ((await whoAmI()).signed_in) showBeds();
    else showSignIn();
  } catch (error) {
    const banner = byId("banner");
    banner.hidden = false;
    banner.textContent = `DISCONNECTED: the station does not answer (${error}). Trying again …`;
    setTimeout(start, 3000);
  }
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
  byId("sign-in-answer").textContent = "…";
  const answer = await change("POST", "/api/session", { name: field("name").value, password: field("password").value });
  byId("sign-in-answer").textContent = answer.ok ? "" : answer.detail;
  field("password").value = "";
  if (answer.ok) await start();
});
byId("sign-out").addEventListener("click", async () => {
  const answer = await change("DELETE", "/api/session");
  if (answer.ok) stream.leave();
  else byId("news").textContent = answer.detail;
});
byId("sound").addEventListener("click", async () => {
  if (sound.on) sound.disable();
  else await sound.enable();
  drawSound();
  byId("news").textContent = sound.on ? "Sound is on" : "Sound is off on this screen";
});
byId("show-log").addEventListener("click", () => void showLog());
byId("show-burden").addEventListener("click", () => void showBurden());
setInterval(draw, 1000);
setInterval(() => {
  void loadTrends();
  if (panel.place) void panel.look();
}, 60000);
void start();
