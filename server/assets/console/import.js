// Importing a file: tried first, taken when the reader says so. The file goes as it is, so its encoding is kept.

import { word } from "./words.js";

const section = document.querySelector("[data-import]");
if (section) start(section);

function start(section) {
  const file = section.querySelector("[data-file]");
  const take = section.querySelector("[data-take]");
  const outcome = section.querySelector("[data-outcome]");

  async function send(trial) {
    take.disabled = true;
    outcome.textContent = "…";
    try {
      const response = await fetch(`/v1/faq/import?dry_run=${trial}`, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file.files[0] });
      const reply = await response.json();
      if (!response.ok) throw new Error(reply.detail);
      show(reply);
      take.hidden = !trial || reply.added + reply.changed === 0;
    } catch (error) {
      outcome.replaceChildren(paragraph(`${word("failed")} ${error.message}`, "problem"));
      take.hidden = true;
    } finally {
      take.disabled = false;
    }
  }

  function show(reply) {
    const figures = [["added", reply.added], ["changed", reply.changed], ["unchanged", reply.unchanged], ["problems", reply.problems.length]];
    const line = document.createElement("p");
    line.className = "figures";
    for (const [name, count] of figures) {
      const figure = document.createElement("span");
      const number = document.createElement("b");
      number.textContent = count;
      figure.append(number, ` ${word(name)}`);
      line.append(figure);
    }
    const problems = document.createElement("ul");
    for (const problem of reply.problems.slice(0, 100)) {
      const item = document.createElement("li");
      item.textContent = `${word("line", problem.line)}: ${problem.message}`;
      problems.append(item);
    }
    outcome.replaceChildren(paragraph(word(reply.dry_run ? "import_would" : "import_did")), line, problems);
  }

  file.addEventListener("change", () => { if (file.files.length) send(true); });
  take.addEventListener("click", () => send(false));
}

function paragraph(text, kind = "") {
  const made = document.createElement("p");
  made.className = kind;
  made.textContent = text;
  return made;
}
