// "A customer asks …": answers while it is typed, with why.

import { refineTimes } from "./times.js";
import { word } from "./words.js";

const PAUSE = 350;

for (const section of document.querySelectorAll("[data-try]")) preview(section);

function preview(section) {
  const form = section.querySelector("form");
  const input = form.elements.try;
  const answer = section.querySelector("[data-answer]");
  let timer = 0;
  let latest = 0;

  async function ask() {
    clearTimeout(timer);
    const text = input.value.trim();
    const turn = ++latest;
    if (!text) { answer.replaceChildren(); return; }
    answer.setAttribute("aria-busy", "true");
    if (!answer.hasChildNodes()) answer.textContent = word("asking");
    const request = { text, language: section.dataset.language || null, faq_id: section.dataset.faq || null };
    try {
      const response = await fetch("/console/preview", { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(request) });
      const reply = await response.json();
      if (turn !== latest) return;
      if (!response.ok) throw new Error(reply.detail);
      answer.innerHTML = reply.html;
      refineTimes(answer);
    } catch (error) {
      if (turn === latest) answer.textContent = `${word("failed")} ${error.message}`;
    } finally {
      if (turn === latest) answer.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  // An entry that is open shows at once what its own question gets.
  const question = document.querySelector("[data-question]");
  if (section.dataset.faq && !input.value && question) input.value = question.value;
  if (input.value) ask();
}
