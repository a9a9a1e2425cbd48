// @ts-check
// One shape for each look, so that nobody needs to tell colours apart.

import { draw } from "./dom.js";

/** @type {Record<string, () => SVGElement[]>} */
const SHAPES = {
  // octagon, like a stop sign, with three marks: high
  "pain-high": () => [
    draw("path", { d: "M10 2h12l8 8v12l-8 8H10l-8-8V10z", class: "fill" }),
    draw("path", { d: "M9 8v10M16 8v10M23 8v10M9 22v2M16 22v2M23 22v2", class: "mark" }),
  ],
  // triangle, like a warning sign, with two marks: medium
  pain: () => [
    draw("path", { d: "M16 2l15 28H1z", class: "fill" }),
    draw("path", { d: "M13 14v7M19 14v7M13 25v1M19 25v1", class: "mark" }),
  ],
  // triangle in outline: signs, no alarm yet
  building: () => [draw("path", { d: "M16 4l13 25H3z", class: "line" })],
  // an eye, struck out
  blind: () => [
    draw("path", { d: "M2 16c7-10 21-10 28 0c-7 10-21 10-28 0z", class: "line" }),
    draw("circle", { cx: 16, cy: 16, r: 4, class: "fill" }),
    draw("path", { d: "M4 28L28 4", class: "line" }),
  ],
  // diamond with a question mark
  unknown: () => [
    draw("path", { d: "M16 1l15 15l-15 15L1 16z", class: "fill" }),
    draw("path", { d: "M12 13c0-6 8-6 8-1c0 4-4 3-4 7M16 22v2", class: "mark" }),
  ],
  // square with one mark: low
  technical: () => [
    draw("rect", { x: 3, y: 3, width: 26, height: 26, class: "fill" }),
    draw("path", { d: "M16 8v10M16 22v2", class: "mark" }),
  ],
  // triangle in outline with a tick
  attended: () => [
    draw("path", { d: "M16 3l14 26H2z", class: "line" }),
    draw("path", { d: "M11 20l4 4l6-8", class: "line" }),
  ],
  // open circle
  watched: () => [draw("circle", { cx: 16, cy: 16, r: 12, class: "line" })],
};

/**
 * A battery: nearly empty with a mark, or filled. Decoration: the words stand beside it.
 * @param {boolean} low
 */
export function cell(low) {
  const level = low
    ? [draw("rect", { x: 5, y: 12, width: 4, height: 8, class: "fill" }), draw("path", { d: "M17 11v6M17 20v2", class: "line" })]
    : [draw("rect", { x: 5, y: 12, width: 18, height: 8, class: "fill" })];
  const body = [draw("rect", { x: 2, y: 9, width: 24, height: 14, class: "line" }), draw("path", { d: "M29 13v6", class: "line" })];
  return draw("svg", { viewBox: "0 0 32 32", class: "cell", "aria-hidden": "true" }, ...body, ...level);
}

/**
 * The shape of a look. Decoration: the words stand beside it.
 * @param {string} look
 */
export function shape(look) {
  const parts = (SHAPES[look] ?? SHAPES.unknown)();
  return draw("svg", { viewBox: "0 0 32 32", class: "shape", "aria-hidden": "true" }, ...parts);
}
