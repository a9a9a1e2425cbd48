// @ts-check
// The grid: one card for each bed, most urgent first.

import { clock, draw, duration, make } from "./dom.js";
import { cell, shape } from "./shapes.js";
import { spark } from "./spark.js";

/** @typedef {import("./types.js").Bed} Bed @typedef {import("./types.js").Trend} Trend */

export const HOLDS = /** @type {Record<string, string>} */ ({
  care: "care: nurse at the bed",
  audio_paused: "sound paused",
  alarms_paused: "ALARMS PAUSED",
  quiet: "quiet",
  camera_off: "camera off",
});

export class Grid {
  /**
   * @param {HTMLElement} list
   * @param {(place: string) => void} open
   */
  constructor(list, open) {
    this.list = list;
    this.open = open;
    /** @type {Map<string, {item: HTMLElement, text: string}>} */
    this.cards = new Map();
  }

  /**
   * Draw what has changed; the keyboard's focus stays on its bed.
   * @param {Bed[]} beds
   * @param {Record<string, Trend>} trends
   * @param {string} trendMark changes with the trends
   */
  draw(beds, trends, trendMark) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.place : undefined;
    const gone = new Set(this.cards.keys());
    this.list.dataset.density = beds.length <= 1 ? "one" : beds.length <= 8 ? "few" : beds.length <= 20 ? "some" : "many";
    beds.forEach((bed, index) => {
      gone.delete(bed.place);
      const text = JSON.stringify(bed) + trendMark;
      const card = this.cards.get(bed.place) ?? { item: make("li"), text: "" };
      if (card.text !== text) {
        this.fill(card.item, bed, trends[bed.place]);
        this.cards.set(bed.place, { item: card.item, text });
      }
      if (this.list.children[index] !== card.item) this.list.insertBefore(card.item, this.list.children[index] ?? null);
    });
    for (const place of gone) {
      this.cards.get(place)?.item.remove();
      this.cards.delete(place);
    }
    if (focused && document.activeElement === document.body) this.focus(focused);
  }

  /** @param {string} place */
  focus(place) {
    this.cards.get(place)?.item.querySelector("button")?.focus();
  }

  /**
   * Times since the last message; they change every second and say so without drawing anew.
   * @param {Bed[]} beds
   * @param {number} nowMs
   */
  age(beds, nowMs) {
    for (const bed of beds) {
      const place = this.cards.get(bed.place)?.item.querySelector(".heard");
      if (place) place.textContent = heard(bed, nowMs);
    }
  }

  /**
   * @param {HTMLElement} item
   * @param {Bed} bed
   * @param {Trend|undefined} trend
   */
  fill(item, bed, trend) {
    const had = item.contains(document.activeElement);
    const card = make("button", { type: "button", class: "card", "data-place": bed.place });
    card.addEventListener("click", () => this.open(bed.place));
    card.append(
      make("span", { class: "top" }, shape(bed.look), make("span", { class: "name" }, bed.bed, make("small", {}, ` ${bed.site}`)), make("span", { class: "heard", "aria-hidden": "true" })),
      make("span", { class: "title" }, bed.title),
      make("span", { class: "score" }, ...score(bed)),
      make("span", { class: "unseen" }, spoken(bed)),
    );
    const why = whyOf(bed);
    if (why) card.append(make("span", { class: "why" }, why));
    const missing = bed.missing.join(", ");
    if (missing && !why.includes(missing)) card.append(make("span", { class: "missing" }, missing));
    const flags = flagsOf(bed);
    const marks = [...flags.map((one) => make("span", { class: "flag" }, one)), ...bed.batteries.map(battery)];
    if (marks.length) card.append(make("span", { class: "flags" }, ...marks));
    if (trend) card.append(spark(trend));
    else card.append(draw("svg", { class: "spark", viewBox: "0 0 240 40", "aria-hidden": "true" }));
    item.className = `bed look-${bed.look}${bed.ring ? ` ring-${bed.ring}` : ""}`;
    item.replaceChildren(card);
    if (had) card.focus();
  }
}

/** @param {Bed} bed */
export function score(bed) {
  if (bed.score === null) return [make("span", { class: "none" }, "no score")];
  const range = bed.low === null || bed.high === null ? "" : `${bed.low.toFixed(1)} to ${bed.high.toFixed(1)}, `;
  return [make("b", {}, bed.score.toFixed(1)), make("small", {}, ` of 10 (${range}${bed.mode})`)];
}

/** @param {import("./types.js").Battery} one */
export function battery(one) {
  return make("span", { class: one.low ? "flag battery low" : "flag battery" }, cell(one.low), ` ${one.words}`);
}

/** @param {Bed} bed */
function whyOf(bed) {
  const alarm = bed.alarms.find((one) => one.sounding);
  if (bed.look === "unknown") return alarm ? `When last heard: ${alarm.words}, not acknowledged` : "";
  return alarm?.because || bed.why.join(", ");
}

/** @param {Bed} bed */
function flagsOf(bed) {
  const low = Object.entries(bed.quality).filter(([, quality]) => quality < 0.5);
  return [
    ...(bed.validity ? [bed.validity.toUpperCase()] : []),
    ...bed.holds.map((one) => HOLDS[one] ?? one.replaceAll("_", " ")),
    ...bed.alarms.filter((one) => one.by).map((one) => `${one.words}: ${one.by}`),
    ...(bed.seen_by ? [`seen by ${bed.seen_by}`] : []),
    ...low.map(([name, quality]) => `${name} signal ${Math.round(quality * 100)} %`),
    ...(bed.clock ? [bed.clock] : []),
    ...(bed.note ? [`note ${clock(bed.note.at_ms)}`] : []),
  ];
}

/**
 * @param {Bed} bed
 * @param {number} nowMs
 */
export function heard(bed, nowMs) {
  if (bed.heard_ms !== null) return duration((nowMs - bed.heard_ms) / 1000);
  return bed.heard_wall_ms === null ? "never" : `at ${clock(bed.heard_wall_ms)}`;
}

/**
 * What only the ear needs: sighted people see it from colour, shape and border.
 * @param {Bed} bed
 */
function spoken(bed) {
  return bed.alarms.map((one) => `alarm: ${one.words}, ${one.priority} priority, ${one.presence_words};`).join(" ");
}
