// Importing a file: tried first, taken when the reader says so. The file goes as it is, so its encoding is kept.

import { length, word } from "./words.js";

const MOST_PROBLEMS = 100;
// Programs whose tables are known; a name is the same in every language.
const OTHERS = { qna_maker: "QnA Maker", fast_gpt: "FastGPT", max_kb: "MaxKB" };

const section = document.querySelector("[data-import]");
if (section) start(section);

function start(section) {
  const file = section.querySelector("[data-file]");
  const take = section.querySelector("[data-take]");
  const outcome = section.querySelector("[data-outcome]");

  async function send(trial) {
    take.disabled = true;
    outcome.textContent = word("import_sent");
    try {
      const query = new URLSearchParams({ dry_run: trial, name: file.files[0].name, language: section.dataset.language });
      const response = await fetch(`/v1/faq/import?${query}`, {
        method: "POST",
        headers: { accept: "text/event-stream", "content-type": "application/octet-stream" },
        body: file.files[0],
      });
      if (!response.ok) throw new Error((await response.json()).detail);
      const reply = await end(response, (news) => outcome.replaceChildren(...far(news)));
      outcome.replaceChildren(...shown(reply));
      take.hidden = !trial || reply.added + reply.changed === 0;
    } catch (error) {
      outcome.replaceChildren(made("p", `${word("failed")} ${error.message}`, "problem"));
      take.hidden = true;
    } finally {
      take.disabled = false;
    }
  }

  file.addEventListener("change", () => { if (file.files.length) send(true); });
  take.addEventListener("click", () => send(false));
}

/** Reads the events of an import until its reply; `hear` is told how far it is. */
async function end(response, hear) {
  const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await stream.read();
    if (done) throw new Error(word("import_broken"));
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const [name, data] = frame.split("\n").map((line) => line.slice(line.indexOf(":") + 2));
      const said = JSON.parse(data);
      if (name === "done") return said;
      if (name === "failed") throw new Error(said.detail);
      hear(said);
    }
  }
}

/** A bar, what is being done, and how long it takes. */
function far({ step, done, of, seconds_left }) {
  const bar = document.createElement("progress");
  [bar.max, bar.value] = [of, done];
  const left = seconds_left > 2 ? ` · ${word("left", length(seconds_left))}` : "";
  return [bar, made("p", `${word(`import_${step}`)} ${done.toLocaleString()} / ${of.toLocaleString()}${left}`, "hint")];
}

function shown(reply) {
  const parts = [made("p", word(reply.dry_run ? "import_would" : reply.live ? "import_did" : "import_behind")), figures(reply)];
  const layout = OTHERS[reply.layout] ?? "";
  const origin = `${word("read_as")} ${reply.format.toUpperCase()} ${layout}`;
  const ignored = reply.ignored_columns.length ? ` · ${word("ignored_columns")} ${reply.ignored_columns.join(", ")}` : "";
  parts.push(made("p", origin.trim() + ignored, "hint"));
  if (reply.problems.length) {
    const rows = reply.problems.slice(0, MOST_PROBLEMS).map((problem) => made("li", `${problem.place}: ${problem.message}`));
    parts.push(holding("ul", rows));
  }
  if (reply.changes.length) {
    const rows = reply.changes.map(change);
    parts.push(holding("details", [made("summary", word("what_changes")), holding("ul", rows)]));
  }
  return parts;
}

function figures(reply) {
  const counts = [["added", reply.added], ["changed", reply.changed], ["unchanged", reply.unchanged], ["problems", reply.problems.length]];
  const line = holding("p", counts.map(([name, count]) => holding("span", [made("b", count), ` ${word(name)}`])));
  line.className = "figures";
  return line;
}

/** A new entry in green; a changed one with each field before and after. */
function change(entry) {
  if (entry.kind === "added") return holding("li", [made("ins", entry.question)]);
  const fields = entry.fields.map(({ field, before, after }) =>
    holding("li", [`${word(`field_${field}`)}: `, made("del", before), " ", made("ins", after)]));
  return holding("li", [entry.question, holding("ul", fields)]);
}

function holding(name, children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}

function made(name, text, kind = "") {
  const element = document.createElement(name);
  element.className = kind;
  element.textContent = text;
  return element;
}
