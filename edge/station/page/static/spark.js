// @ts-check
// The trend of a bed: highest score of each step as a line. Steps in which the bed could not be assessed have a low block,
// steps of which nothing is known a full column; no line bridges one without a score.

import { draw, make } from "./dom.js";

const HEIGHT = 40;

/**
 * @param {import("./types.js").Trend} trend
 * @param {{axis?: boolean}} [options]
 * @returns {SVGElement}
 */
export function spark(trend, options = {}) {
  const steps = trend.high.length;
  const width = 240;
  const dx = width / steps;
  const y = (/** @type {number} */ score) => HEIGHT - 1 - (score / 10) * (HEIGHT - 2);
  const parts = [
    draw("rect", { x: 0, y: 0, width, height: HEIGHT, class: "ground" }),
    draw("line", { x1: 0, x2: width, y1: y(5), y2: y(5), class: "threshold" }),
  ];
  let path = "";
  trend.high.forEach((score, index) => {
    const x = index * dx;
    const sight = trend.sights[index];
    if (sight === "") parts.push(draw("rect", { x, y: 0, width: dx + 0.2, height: HEIGHT, class: "nothing" }));
    if (sight === "cannot assess") {
      parts.push(draw("rect", { x, y: HEIGHT - 7, width: dx + 0.2, height: 7, class: "unseen-step" }));
    }
    if (score === null) {
      path += " ";
    } else {
      path += `${path === "" || path.endsWith(" ") ? "M" : "L"}${x.toFixed(1)} ${y(score).toFixed(1)}H${(x + dx).toFixed(1)}`;
      if (sight === "pain" || score >= 5) {
        parts.push(draw("rect", { x, y: y(score), width: dx + 0.2, height: HEIGHT - y(score), class: "painful" }));
      }
    }
  });
  parts.push(draw("path", { d: path.trim() || "M0 0", class: "course" }));
  const hours = (steps * trend.step_min) / 60;
  return draw(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      preserveAspectRatio: "none",
      class: options.axis ? "spark large" : "spark",
      role: "img",
      "aria-label": described(trend, hours),
    },
    ...parts,
  );
}

/**
 * The trend in a sentence.
 * @param {import("./types.js").Trend} trend
 * @param {number} hours
 */
export function described(trend, hours) {
  const known = trend.high.filter((score) => score !== null);
  const minutes = (/** @type {string} */ sight) =>
    trend.sights.filter((one) => one === sight).length * trend.step_min;
  const highest = known.length ? `highest score ${Math.max(...known).toFixed(1)}` : "no score";
  return `Last ${hours} h: ${highest}; about ${minutes("pain")} min with signs of pain, ${minutes(
    "cannot assess",
  )} min not assessable, ${minutes("")} min unknown`;
}

/**
 * The trend with its axis and its sentence.
 * @param {import("./types.js").Trend} trend
 */
export function chart(trend) {
  const hours = (trend.high.length * trend.step_min) / 60;
  return make(
    "figure",
    { class: "chart" },
    make("span", { class: "scale", "aria-hidden": "true" }, make("span", {}, "10"), make("span", {}, "5"), make("span", {}, "0")),
    spark(trend, { axis: true }),
    make("span", { class: "axis", "aria-hidden": "true" }, make("span", {}, `${hours} h ago`), make("span", {}, "now")),
    make("figcaption", {}, `${described(trend, hours)}. Low yellow blocks: cannot assess. Full grey columns: unknown.`),
  );
}
