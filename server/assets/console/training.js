// Follows a training job: its curves, its progress and time left, until it ends.

import { drawChart } from "./chart.js";
import { length, word } from "./words.js";

const section = document.querySelector("[data-job]");
if (section) follow(section);

function follow(section) {
  const progress = section.querySelector("[data-progress]");
  const left = section.querySelector("[data-left]");
  const charts = section.querySelector("[data-charts]");
  const epochs = section.querySelector("[data-epochs]");
  const following = section.dataset.following === "true";
  const series = { loss: [[], []], accuracy: [[], []] };
  const listed = new Set([...epochs.rows].map((row) => row.cells[0].textContent));
  const status = section.querySelector("[data-status]");
  let drawing = false;
  let lastStep = 0;
  // The last pass over all rows begins its steps anew and has nothing held out to compare with.
  let lastPass = false;

  function draw() {
    drawing = false;
    charts.hidden = series.loss[0].length === 0;
    const names = [word("training"), word("validation")];
    const pair = (kind) => series[kind].map((points, place) => ({ name: names[place], points }));
    drawChart(charts.querySelector('[data-chart="loss"]'), pair("loss"), (value) => value.toFixed(2));
    drawChart(charts.querySelector('[data-chart="accuracy"]'), pair("accuracy"), (value) => `${(value * 100).toFixed(0)}%`);
  }

  const stream = new EventSource(`/v1/jobs/${encodeURIComponent(section.dataset.job)}/events`);
  stream.addEventListener("progress", (event) => {
    const report = JSON.parse(event.data);
    lastPass ||= report.step < lastStep;
    lastStep = report.step;
    if (!lastPass) {
      push(series.loss[0], report.step, report.loss);
      push(series.accuracy[0], report.step, report.train_accuracy);
    }
    if (report.validation) {
      push(series.loss[1], report.step, report.validation.loss);
      push(series.accuracy[1], report.step, report.validation.accuracy);
      listEpoch(epochs, listed, report);
    }
    if (progress) progress.value = (report.step / report.steps) * 100;
    if (left) left.textContent = [lastPass ? word("last_pass") : "", word("left", length(report.seconds_left))].join(" ");
    if (following) {
      status.textContent = word("running");
      status.className = "tag is-running";
    }
    if (!drawing) { drawing = true; requestAnimationFrame(draw); }
  });
  // A training that goes on after a crash tells its last epochs again, or all where it had to begin anew.
  let before = null;
  stream.addEventListener("data", () => {
    before = { loss: series.loss, accuracy: series.accuracy };
    Object.assign(series, { loss: [[], []], accuracy: [[], []] });
    [lastStep, lastPass] = [0, false];
  });
  stream.addEventListener("continued", (event) => {
    if (!before) return;
    const { reports, fit } = JSON.parse(event.data);
    lastPass = fit > 1;
    for (const kind of ["loss", "accuracy"]) {
      const [training, validation] = before[kind];
      const stands = validation.slice(0, reports);
      const last = stands.at(-1)?.x ?? 0;
      series[kind] = [training.filter((point) => point.x <= last), stands];
    }
  });
  stream.addEventListener("end", () => {
    stream.close();
    // What became of it (errors, the new model) is on the page the server makes.
    if (following) location.reload();
  });
  stream.addEventListener("error", () => { if (!following) stream.close(); });
}

function push(points, x, y) {
  if (Number.isFinite(x) && Number.isFinite(y)) points.push({ x, y });
}

function listEpoch(table, listed, report) {
  const epoch = String(report.epoch);
  if (listed.has(epoch)) return;
  listed.add(epoch);
  const share = (value) => `${(value * 100).toFixed(1)}%`;
  const row = table.insertRow();
  for (const text of [epoch, report.loss.toFixed(3), share(report.train_accuracy), report.validation.loss.toFixed(3), share(report.validation.accuracy)]) {
    const cell = row.insertCell();
    cell.className = "num";
    cell.textContent = text;
  }
}
