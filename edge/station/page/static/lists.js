// @ts-check
// The alarm log and the burden.

import { read } from "./api.js";
import { button, byId, clock, duration, make } from "./dom.js";

/**
 * @param {{at_ms: number, place: string, kind: string, what: string, who: string, detail: string}[]} lines
 * @param {boolean} places
 */
export function logTable(lines, places) {
  if (!lines.length) return make("p", {}, "Nothing yet.");
  const heads = ["When", ...(places ? ["Bed"] : []), "What", "Who", "Detail"];
  const rows = lines.map((one) =>
    make(
      "tr",
      { class: one.kind },
      ...[clock(one.at_ms), ...(places ? [one.place] : []), one.what, one.who, one.detail].map((text) => make("td", {}, text)),
    ),
  );
  return table(heads, rows);
}

/**
 * @param {string[]} heads
 * @param {HTMLElement[]} rows
 */
function table(heads, rows) {
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...rows),
  );
}

/**
 * @param {string} title
 * @param {() => Promise<HTMLElement[]>} content
 */
async function show(title, content) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("records"));
  const body = make("div", { role: "region", "aria-label": title, tabindex: "0" }, "…");
  const close = button("Close", () => dialog.close(), { class: "close" });
  dialog.replaceChildren(make("div", { class: "bar" }, make("header", {}, make("h2", { id: "records-name" }, title)), close), body);
  dialog.showModal();
  try {
    body.replaceChildren(...(await content()));
  } catch (error) {
    body.replaceChildren(`It cannot be had: ${error}`);
  }
}

/** The log of all beds. */
export function showLog() {
  return show("Alarm log", async () => [logTable((await read("/api/log")).lines, true)]);
}

/** Episodes and times to acknowledgement of the last 24 hours. */
export function showBurden() {
  return show("Burden, last 24 hours", async () => {
    const { beds, days } = await read("/api/burden?hours=24");
    const boxes = boxDays(days);
    if (!beds.length) return [make("p", {}, "No alarm in the last 24 hours."), ...boxes];
    const heads = ["Bed", "Alarms", "Signs of pain", "Technical", "Acknowledged", "Median time", "Longest time"];
    const rows = beds.map((/** @type {any} */ one) =>
      make(
        "tr",
        { title: Object.entries(one.by_condition).map(([name, count]) => `${name}: ${count}`).join(", ") },
        ...[
          one.place || "all",
          String(one.episodes),
          String(one.physiological),
          String(one.technical),
          `${one.acknowledged} of ${one.episodes}`,
          one.median_s === null ? "–" : duration(one.median_s),
          one.longest_s === null ? "–" : duration(one.longest_s),
        ].map((text) => make("td", {}, text)),
      ),
    );
    return [table(heads, rows), make("p", {}, "Counted by this station, from the alarms that it heard; times run on each box's own clock."), ...boxes];
  });
}

/**
 * What the boxes have counted themselves, day by day; it stands even for days on which no station ran.
 * @param {{place: string, day: string, complete: boolean, physiological: number, technical: number, acknowledged: number,
 *   median_s: number|null, repeated: number, escalated: number, minutes_blind: number, minutes_watched: number}[]} days
 */
function boxDays(days) {
  if (!days.length) return [];
  const heads = ["Day", "Bed", "Signs of pain", "Technical", "Acknowledged", "Median time", "Again", "Escalated", "Blind", "Watched"];
  const rows = days.map((one) =>
    make(
      "tr",
      {},
      ...[
        one.complete ? one.day : `${one.day}, so far`,
        one.place,
        String(one.physiological),
        String(one.technical),
        `${one.acknowledged} of ${one.physiological + one.technical}`,
        one.median_s === null ? "–" : duration(one.median_s),
        String(one.repeated),
        String(one.escalated),
        duration(one.minutes_blind * 60),
        duration(one.minutes_watched * 60),
      ].map((text) => make("td", {}, text)),
    ),
  );
  return [make("h3", {}, "Counted by the boxes"), table(heads, rows)];
}
