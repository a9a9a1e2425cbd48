// @ts-check
// The stream of beds. Rule: what is not heard in time is unknown. The server gives a sign of life every second or two;
// after `silence_s` without one this page is disconnected, whatever the browser believes of the connection.

/** @typedef {import("./types.js").Bed} Bed @typedef {import("./types.js").Message} Message */

export class Stream {
  /**
   * @param {() => void} changed called when something is to be drawn anew
   * @param {() => void} signedOut called when the sign-in has ended
   */
  constructor(changed, signedOut) {
    this.changed = changed;
    this.signedOut = signedOut;
    /** @type {Map<string, Bed>} */
    this.beds = new Map();
    /** @type {string[]} */
    this.order = [];
    /** @type {import("./types.js").Status} */
    this.status = { connected: false, fault: "", name: "", outside: "", clock: "" };
    this.live = false;
    this.started = false;
    this.version = "";
    this.outdated = false;
    this.silenceMs = 7000;
    this.heardAt = performance.now();
    this.offsetMs = 0;
    this.waitMs = 1000;
    /** @type {EventSource|null} */
    this.source = null;
    setInterval(() => this.watch(), 500);
  }

  /** Connect, and stay so. */
  open() {
    this.started = true;
    this.source?.close();
    const source = new EventSource("/stream");
    this.source = source;
    this.triedAt = performance.now();
    source.addEventListener("hello", (event) => {
      const hello = JSON.parse(event.data);
      this.silenceMs = hello.silence_s * 1000;
      this.outdated = this.version !== "" && this.version !== hello.version;
      this.version ||= hello.version;
    });
    source.addEventListener("beds", (event) => this.hear(JSON.parse(event.data)));
    source.addEventListener("signed_out", () => this.leave());
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED && source === this.source) this.retry();
    });
  }

  /** Stop; everything becomes unknown. */
  close() {
    this.started = false;
    this.source?.close();
    this.source = null;
    this.live = false;
    this.changed();
  }

  /** Milliseconds on the server's monotonic clock now. */
  now() {
    return performance.now() + this.offsetMs;
  }

  /** Beds as they are to be shown, most urgent first; all unknown where this page hears nothing. */
  shown() {
    const beds = this.order.flatMap((place) => this.beds.get(place) ?? []);
    return this.live ? beds : beds.map(unknown);
  }

  /** @param {Message} message */
  hear(message) {
    this.heardAt = performance.now();
    this.offsetMs = message.now_ms - this.heardAt;
    this.waitMs = 1000;
    this.status = message.status;
    this.order = message.order;
    for (const [place, bed] of Object.entries(message.beds)) this.beds.set(place, bed);
    this.live = true;
    this.changed();
  }

  watch() {
    const silent = performance.now() - this.heardAt;
    if (this.live && silent > this.silenceMs) {
      this.live = false;
      this.changed();
    }
    // A connection that is open and says nothing is dead as well.
    const tried = performance.now() - (this.triedAt ?? 0);
    if (this.started && !this.live && silent > this.silenceMs && tried > this.silenceMs) this.retry();
  }

  retry() {
    this.source?.close();
    this.source = null;
    this.triedAt = performance.now();
    const wait = this.waitMs;
    this.waitMs = Math.min(5000, wait * 1.5);
    setTimeout(async () => {
      if (!this.started || this.source) return;
      try {
        const answer = await fetch("/api/session", { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (answer.ok && !(await answer.json()).signed_in) this.leave();
        else this.open();
      } catch {
        this.retry(); // there is no server: the next try is as good as this one
      }
    }, wait);
  }

  leave() {
    this.close();
    this.signedOut();
  }
}

/**
 * A bed of which this page hears nothing.
 * @param {Bed} bed
 * @returns {Bed}
 */
function unknown(bed) {
  return {
    ...bed,
    look: "unknown",
    title: "Unknown: this page is disconnected",
    rank: 2,
    ring: "",
    score: null,
    low: null,
    high: null,
    mode: "unknown",
    why: [],
    missing: [],
    quality: {},
    holds: [],
    seen_by: "",
    alarms: bed.alarms.map((one) => ({ ...one, presence_words: `${one.presence_words} when last heard` })),
  };
}
