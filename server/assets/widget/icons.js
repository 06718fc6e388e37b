/* Our own icons: a 20 px grid, strokes of 1.5 px. */
const paths = {
  chat: "M3 5.5A2.5 2.5 0 0 1 5.5 3h9A2.5 2.5 0 0 1 17 5.5v6a2.5 2.5 0 0 1-2.5 2.5H9l-4 3v-3A2.5 2.5 0 0 1 3 11.5zM7 7.5h6M7 10h4",
  close: "M5 5l10 10M15 5L5 15",
  send: "M3.5 10h12M10.5 4.5L16 10l-5.5 5.5",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  up: "M6.5 9v7.5h-3V9zM6.5 9.5l3-6c1.3 0 2 .8 2 2V8h3.7c1 0 1.7.9 1.5 1.9l-1.1 5.2a1.7 1.7 0 0 1-1.7 1.4H6.5",
  down: "M6.5 11V3.5h-3V11zM6.5 10.5l3 6c1.3 0 2-.8 2-2V12h3.7c1 0 1.7-.9 1.5-1.9l-1.1-5.2a1.7 1.7 0 0 0-1.7-1.4H6.5",
};
const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon; the element around it carries the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
