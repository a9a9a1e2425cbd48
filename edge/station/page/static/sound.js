// @ts-check
// Bursts after the pattern of IEC 60601-1-8: high 10 pulses, medium 3, low 2; the number, the pace and the pitch tell
// the priority. Each pulse has a fundamental and four harmonics, so that it can be located and is heard by old ears.

const C = 261.6;
const NOTES = { c: C, e: C * 1.26, g: C * 1.498, a: C * 1.682, h: C * 2 };

/** Pulses as [time of its start in s, frequency in Hz], length of a pulse in s, pause to the next burst in s. */
const BURSTS = {
  high: {
    pulses: [0, 0.25, 0.5, 0.9, 1.15, 1.9, 2.15, 2.4, 2.8, 3.05].map((at, i) => [
      at,
      [NOTES.c, NOTES.e, NOTES.g, NOTES.g, NOTES.h][i % 5],
    ]),
    length: 0.16,
    every: 9,
  },
  medium: { pulses: [[0, NOTES.c], [0.35, NOTES.e], [0.7, NOTES.g]], length: 0.22, every: 15 },
  low: { pulses: [[0, NOTES.e], [0.35, NOTES.c]], length: 0.22, every: 40 },
};

const HARMONICS = [1, 0.6, 0.45, 0.3, 0.2];

export class Sound {
  constructor() {
    /** @type {AudioContext|null} */
    this.context = null;
    this.wanted = false;
    this.nextAt = 0;
    this.last = "";
  }

  /** Whether alarms are really to be heard here. */
  get on() {
    return this.wanted && this.context?.state === "running";
  }

  /** Turn on; browsers allow it only when somebody has pressed something. Plays a low burst as a test. */
  async enable() {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.wanted = true;
    this.play("low", false);
  }

  /** Turn off on this screen alone. */
  disable() {
    this.wanted = false;
  }

  /**
   * Sound the most urgent priority, at its pace; call it often.
   * @param {""|"low"|"medium"|"high"} ring
   * @param {boolean} quiet
   */
  ring(ring, quiet) {
    if (!this.on || ring === "") {
      this.last = ring;
      return;
    }
    const now = performance.now() / 1000;
    const rank = ["", "low", "medium", "high"];
    const louder = rank.indexOf(ring) > rank.indexOf(this.last);
    if (louder || now >= this.nextAt) {
      this.play(ring, quiet);
      this.nextAt = now + BURSTS[ring].every;
    }
    this.last = ring;
  }

  /**
   * @param {"low"|"medium"|"high"} priority
   * @param {boolean} quiet soft, but never for high priority
   */
  play(priority, quiet) {
    const context = this.context;
    if (!context) return;
    const burst = BURSTS[priority];
    const level = quiet && priority !== "high" ? 0.05 : { low: 0.12, medium: 0.2, high: 0.28 }[priority];
    for (const [at, frequency] of burst.pulses) pulse(context, context.currentTime + 0.05 + at, frequency, burst.length, level);
  }
}

/**
 * @param {AudioContext} context
 * @param {number} at
 * @param {number} frequency
 * @param {number} length
 * @param {number} level
 */
function pulse(context, at, frequency, length, level) {
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(level, at + 0.025);
  gain.gain.setValueAtTime(level, at + length - 0.03);
  gain.gain.linearRampToValueAtTime(0, at + length);
  gain.connect(context.destination);
  HARMONICS.forEach((share, index) => {
    const tone = context.createOscillator();
    const part = context.createGain();
    tone.frequency.value = frequency * (index + 1);
    part.gain.value = share / 2.55;
    tone.connect(part).connect(gain);
    tone.start(at);
    tone.stop(at + length + 0.02);
  });
}
