// Elements. Text from a run is only ever set as text, never parsed as HTML.

/** An element with properties, attributes (aria-*, data-*, role) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);

/** Resolves when the element is within the root. */
export function appears(selector, root) {
  return new Promise((resolve) => {
    const found = () => $(selector, root) && (watcher.disconnect(), resolve($(selector, root)));
    const watcher = new MutationObserver(found);
    watcher.observe(root, { childList: true, subtree: true });
    found();
  });
}

const PATHS = {
  first: "M4 3v10M13 3 6 8l7 5z",
  previous: "M11 3 4 8l7 5z",
  play: "M4 2.5v11L13 8z",
  pause: "M4.5 3h2.5v10H4.5zM9 3h2.5v10H9z",
  next: "M5 3l7 5-7 5z",
  last: "M12 3v10M3 3l7 5-7 5z",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  keys: "M1.5 4h13v8h-13zM4 6.5h1M7.5 6.5h1M11 6.5h1M4.5 9.5h7",
  link: "M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 3.7 3.7L10.7 8.7M9 11l-1.5 1.5a2.5 2.5 0 0 1-3.7-3.7L5.3 7.3",
  open: "M9 2.5h4.5V7M13.5 2.5 8.5 7.5M11 9v4.5H2.5V5H7",
  menu: "M2 4h12M2 8h12M2 12h12",
  note: "M3 13V2.5h10V10l-3 3zM10 13v-3h3M5.5 5.5h5M5.5 8h3",
  take: "M8 2v8M4.5 6.5 8 10l3.5-3.5M2.5 11v2.5h11V11",
  close: "M4 4l8 8M12 4l-8 8",
  more: "M8 3v10M3 8h10",
  less: "M3 8h10",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
};

/** A small drawing; the button around it carries the words. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function button(name, words, onclick, properties = {}) {
  return el("button", {
    type: "button", title: words, "aria-label": words, className: "tool", onclick, ...properties,
  }, icon(name));
}

/** A row of choices of which one counts: `choices` holds each one's words and help by its value. */
export function radios(name, choices, choose, ...before) {
  return el("fieldset", {}, ...before,
    ...Object.entries(choices).map(([value, [words, help = ""]]) => el("label", { title: help },
      el("input", { type: "radio", name, value, onchange: () => choose(value) }), words)));
}

/** Show which of the choices counts. */
export function check(fieldset, value) {
  for (const radio of fieldset.querySelectorAll("input")) radio.checked = radio.value === value;
}

/** A canvas of so many CSS pixels, sharp on any screen; its context counts in CSS pixels. */
export function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** A colour of the style sheet, as it is in this theme. */
export const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What the user chose last, on this machine. */
export const kept = {
  get(name, otherwise) {
    try { return localStorage.getItem(`vizframe-${name}`) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem(`vizframe-${name}`, value); } catch { /* storage is switched off */ }
  },
};
