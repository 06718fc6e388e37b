// A small line chart in SVG: two series over steps, a few round grid lines, a legend in words.

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [480, 220, 44, 12, 28, 24];

/** Draws series of `{name, points: [{x, y}]}`; `format` writes a value of the y axis. */
export function drawChart(place, series, format) {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return;
  const lastX = Math.max(...points.map((point) => point.x), 1);
  const ticks = roundTicks(Math.min(...points.map((point) => point.y)), Math.max(...points.map((point) => point.y)));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const x = (value) => LEFT + (value / lastX) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const chart = element("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const summary = series.filter((one) => one.points.length).map((one) => `${one.name} ${format(one.points.at(-1).y)}`).join(", ");
  chart.append(element("title", {}, summary));
  for (const tick of ticks) {
    chart.append(element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }));
    chart.append(element("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, format(tick)));
  }
  series.forEach((one, place) => {
    const kind = place === 0 ? "one" : "two";
    chart.append(element("polyline", { class: kind, points: one.points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(" ") }));
    if (kind === "two") for (const point of one.points) chart.append(element("circle", { class: "dot", cx: x(point.x), cy: y(point.y), r: 2.5 }));
    chart.append(element("rect", { class: `key-${kind}`, x: LEFT + place * 170, y: 8, width: 12, height: 3 }));
    const value = one.points.length ? ` ${format(one.points.at(-1).y)}` : "";
    chart.append(element("text", { x: LEFT + 18 + place * 170, y: 13 }, one.name + value));
  });
  chart.append(element("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, String(lastX)));
  place.replaceChildren(chart);
}

/** Round values that enclose low and high, about four of them. */
function roundTicks(low, high) {
  const span = Math.max(high - low, 1e-6);
  const rough = span / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

function element(name, attributes, text) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
