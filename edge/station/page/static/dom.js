// @ts-check
// Elements from code; text only ever becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element of the page that must be there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page lacks #${id}`);
  return found;
}

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/**
 * @param {string} name
 * @param {Record<string, string|number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function draw(name, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/**
 * A button that does something.
 * @param {string} text
 * @param {() => void} press
 * @param {Record<string, string>} [attributes]
 */
export function button(text, press, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", press);
  return element;
}

/**
 * Local time of day; "?" where the clock that it comes from was not synchronised.
 * @param {number} ms
 * @param {boolean} [synced]
 */
export function clock(ms, synced = true) {
  const day = new Date(ms);
  const time = day.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const today = day.toDateString() === new Date().toDateString();
  const date = today ? "" : `${day.toLocaleDateString([], { day: "2-digit", month: "2-digit" })} `;
  return `${date}${time}${synced ? "" : "?"}`;
}

/**
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
