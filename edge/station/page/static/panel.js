// @ts-check
// One bed, near: reasons, trend, alarms to acknowledge, what a nurse can ask of the box, notes and the log.

import { change, mayAct, read } from "./api.js";
import { HOLDS, battery, heard, score } from "./beds.js";
import { button, byId, clock, make } from "./dom.js";
import { logTable } from "./lists.js";
import { shape } from "./shapes.js";
import { chart } from "./spark.js";

/** @typedef {import("./types.js").Bed} Bed @typedef {import("./types.js").Alarm} Alarm */

/** What can be asked, by hold: how to begin, for how long, and how to end. */
const REQUESTS = [
  { hold: "audio_paused", text: "Pause sound 2 min", wish: { do: "pause_audio", seconds: 120 }, end: "resume", sure: "" },
  { hold: "alarms_paused", text: "Pause alarms 5 min", wish: { do: "pause_alarms", seconds: 300 }, end: "resume", sure: "For five minutes this bed will raise no alarm at all. Pause its alarms?" },
  { hold: "care", text: "I am at the bed (care)", wish: { do: "care_on" }, end: "care_off", sure: "" },
  { hold: "quiet", text: "Quiet", wish: { do: "quiet_on" }, end: "quiet_off", sure: "" },
  { hold: "camera_off", text: "Camera off", wish: { do: "camera_off" }, end: "camera_on", sure: "Without its camera the bed is watched by the wristband alone. Switch the camera off?" },
];

const ENDS = /** @type {Record<string, string>} */ ({ resume: "Resume", care_off: "End care", quiet_off: "End quiet", camera_on: "Camera on" });

export class Panel {
  /**
   * @param {() => Map<string, Bed>} beds
   * @param {() => number} nowMs
   * @param {(place: string) => void} closed
   */
  constructor(beds, nowMs, closed) {
    this.beds = beds;
    this.nowMs = nowMs;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("panel"));
    this.place = "";
    this.text = "";
    this.head = make("header");
    this.facts = make("div", { class: "facts" });
    this.alarms = make("ul", { class: "alarms", "aria-label": "Alarms" });
    this.actions = make("div", { class: "actions" });
    this.answer = make("p", { class: "answer", role: "status" });
    this.trend = make("div");
    this.log = make("div", { class: "log" });
    this.note = /** @type {HTMLTextAreaElement} */ (make("textarea", { id: "note", maxlength: "280", rows: "2" }));
    this.dialog.addEventListener("close", () => {
      const place = this.place;
      this.place = "";
      closed(place);
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside it
    });
  }

  /** @param {string} place */
  async open(place) {
    this.place = place;
    this.text = "";
    this.answer.textContent = "";
    this.answer.className = "answer";
    this.note.value = "";
    this.trend.replaceChildren();
    this.log.replaceChildren();
    this.dialog.replaceChildren(
      make("div", { class: "bar" }, this.head, button("Close", () => this.dialog.close(), { class: "close" })),
      this.answer,
      this.alarms,
      this.facts,
      this.trend,
      this.actions,
      ...(mayAct() ? [this.report(), this.notes()] : [make("p", {}, "This screen only shows. Sign in with your own name to do something.")]),
      make("h3", {}, "Log"),
      this.log,
    );
    this.draw();
    this.dialog.showModal();
    await this.look();
  }

  /** Fetch trend and log. */
  async look() {
    const place = this.place;
    const query = `place=${encodeURIComponent(place)}`;
    try {
      const [trends, log] = await Promise.all([read(`/api/trends?hours=8&step=4&${query}`), read(`/api/log?${query}`)]);
      if (place !== this.place) return;
      const trend = trends.beds[place];
      this.trend.replaceChildren(trend ? chart(trend) : make("p", {}, "No trend yet."));
      this.log.replaceChildren(logTable(log.lines, false));
    } catch (error) {
      this.trend.replaceChildren(make("p", {}, `The trend cannot be had: ${error}`));
    }
  }

  /** Draw what has changed of the open bed. */
  draw() {
    const bed = this.beds().get(this.place);
    if (!bed) return;
    const text = JSON.stringify({ ...bed, heard_ms: 0, heard_wall_ms: 0 });
    const age = this.facts.querySelector(".heard");
    if (age) age.textContent = `${heard(bed, this.nowMs())}${bed.heard_ms === null ? "" : " ago"}`;
    if (text === this.text) return;
    const news = this.text !== "";
    this.text = text;
    this.dialog.className = `look-${bed.look}`;
    this.head.replaceChildren(
      shape(bed.look),
      make("h2", { id: "panel-name" }, `${bed.bed} `, make("small", {}, bed.site)),
      make("p", { class: "title" }, bed.title),
      make("p", { class: "score" }, ...score(bed)),
    );
    this.facts.replaceChildren(...this.factsOf(bed));
    const keep = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.alarms.replaceChildren(...this.alarmsOf(bed));
    this.actions.replaceChildren(...this.actionsOf(bed));
    if (keep) {
      const again = this.dialog.querySelector(`[data-key="${keep}"]`) ?? this.dialog.querySelector(".close");
      if (again instanceof HTMLElement) again.focus();
    }
    if (news) void this.look();
  }

  /** @param {Bed} bed */
  factsOf(bed) {
    const rows = [
      ["Last message", make("span", { class: "heard" }, `${heard(bed, this.nowMs())}${bed.heard_ms === null ? "" : " ago"}`)],
      ["In use", bed.mode],
      ...(bed.why.length ? [["Because", bed.why.join(", ")]] : []),
      ...(bed.missing.length ? [["Missing", bed.missing.join(", ")]] : []),
      ...Object.entries(bed.quality).map(([name, value]) => [`Signal, ${name}`, meter(value)]),
      ...(bed.batteries.length ? [["Battery", make("span", {}, ...bed.batteries.map(battery))]] : []),
      ...(bed.clock ? [["Clock", `${bed.clock}; the times here are this station's`]] : []),
      ...(bed.holds.length ? [["Held back", bed.holds.map((one) => HOLDS[one] ?? one).join(", ")]] : []),
      ...(bed.note ? [["Note", `${bed.note.text} (${bed.note.by}, ${clock(bed.note.at_ms)})`]] : []),
    ];
    return [make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))];
  }

  /** @param {Bed} bed */
  alarmsOf(bed) {
    const items = bed.alarms.map((alarm) => {
      const words = `${alarm.words}: ${alarm.presence_words}${alarm.by ? ` by ${alarm.by}` : ""}`;
      const line = make(
        "span",
        {},
        make("b", {}, words),
        ` ${alarm.priority} priority, since ${clock(alarm.since_ms, alarm.synced)}${alarm.because ? `; ${alarm.because}` : ""}`,
      );
      const item = make("li", { class: alarm.sounding ? `ring-${alarm.priority}` : "" }, line);
      if (alarm.sounding && mayAct()) {
        const wish = { do: "acknowledge", episode: alarm.episode };
        const told = { "aria-label": `Acknowledge: ${alarm.words}`, "data-key": `ack-${alarm.episode}` }; // of several, which
        item.append(button("Acknowledge", () => this.ask(wish), { class: "main", ...told }));
      }
      return item;
    });
    if (bed.look === "unknown" && !bed.seen_by && mayAct()) {
      const seen = button("I have seen that it is unknown", () => this.post("seen", {}), { class: "main", "data-key": "seen" });
      items.push(make("li", {}, make("span", {}, "Nobody is watching this bed by machine: go and look."), seen));
    }
    return items;
  }

  /** @param {Bed} bed */
  actionsOf(bed) {
    if (!mayAct()) return [];
    return REQUESTS.map((one) => {
      const held = bed.holds.includes(one.hold);
      const wish = held ? { do: one.end } : one.wish;
      const text = held ? ENDS[one.end] : one.text;
      const press = () => {
        if (held || !one.sure || window.confirm(one.sure)) void this.ask(wish);
      };
      return button(text, press, { "data-key": one.hold, "aria-pressed": String(held) });
    });
  }

  report() {
    const scale = make("select", { id: "scale" }, make("option", { value: "nrs" }, "NRS, patient says"), make("option", { value: "painad" }, "PAINAD, nurse observes"));
    const value = make("input", { id: "value", type: "number", min: "0", max: "10", step: "1", inputmode: "numeric", required: "" });
    const form = make(
      "form",
      { class: "report" },
      make("h3", {}, "Pain as a person reports it"),
      make("label", { for: "scale" }, "Scale"),
      scale,
      make("label", { for: "value" }, "0 to 10"),
      value,
      make("button", { type: "submit" }, "Record"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = Number(/** @type {HTMLInputElement} */ (value).value);
      void this.ask({ do: "report", scale: /** @type {HTMLSelectElement} */ (scale).value, value: given });
    });
    return form;
  }

  notes() {
    const form = make("form", { class: "note" }, make("label", { for: "note" }, "Note for all stations"), this.note, make("button", { type: "submit" }, "Write"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = this.note.value.trim();
      if (text && (await this.post("note", { text })).ok) this.note.value = "";
    });
    return form;
  }

  /** @param {{do: string, episode?: number, seconds?: number, scale?: string, value?: number}} wish */
  ask(wish) {
    return this.post("command", wish);
  }

  /**
   * @param {string} what
   * @param {object} body
   */
  async post(what, body) {
    const [site, bed] = this.place.split("/");
    this.say(what === "command" ? "Asking the box …" : "…", "");
    const answer = await change("POST", `/api/beds/${encodeURIComponent(site)}/${encodeURIComponent(bed)}/${what}`, body);
    const why = answer.detail || answer.reason.replaceAll("_", " ");
    if (answer.ok) this.say(answer.detail ? `Done: ${answer.detail}` : "Done.", "good");
    else this.say(answer.reason === "unknown" ? `The box does not know this command: ${why}` : `Not done. ${why}`, "bad");
    return answer;
  }

  /**
   * @param {string} text
   * @param {string} kind
   */
  say(text, kind) {
    this.answer.textContent = text;
    this.answer.className = `answer ${kind}`;
  }
}

/** @param {number} value */
function meter(value) {
  const bar = make("meter", { min: "0", max: "1", low: "0.3", high: "0.6", optimum: "1", value: String(value) });
  return make("span", {}, bar, ` ${Math.round(value * 100)} %`);
}
