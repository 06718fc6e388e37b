// Before saving: what an edit would change, tried out while the form stands as it is.

import { word } from "./words.js";

const PAUSE = 1500;

for (const section of document.querySelectorAll("[data-check]")) check(section);

function check(section) {
  const button = section.querySelector("button");
  const form = button.form;
  const report = section.querySelector("[data-report]");
  let timer = 0;
  let running = null;

  async function run() {
    clearTimeout(timer);
    running?.abort();
    const turn = running = new AbortController();
    report.setAttribute("aria-busy", "true");
    if (!report.hasChildNodes()) report.textContent = word("checking");
    try {
      const response = await fetch(button.formAction, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)), signal: turn.signal });
      const reply = await response.json();
      if (!response.ok) throw new Error(reply.detail);
      report.innerHTML = reply.html;
    } catch (error) {
      if (turn === running && !turn.signal.aborted) report.textContent = `${word("failed")} ${error.message}`;
    } finally {
      if (turn === running) report.removeAttribute("aria-busy");
    }
  }

  button.addEventListener("click", (event) => {
    event.preventDefault();
    if (form.reportValidity()) run();
  });
  // Whoever pauses over a whole entry sees what it would change without asking.
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (form.checkValidity()) run(); }, PAUSE);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); running?.abort(); });
}
