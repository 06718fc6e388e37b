// Forms whose contents must not be lost: says when something is unsaved, and asks before leaving.

import { word } from "./words.js";

for (const form of document.querySelectorAll("form[data-guard]")) guard(form);

function guard(form) {
  const contents = () => new URLSearchParams(new FormData(form)).toString();
  const saved = "dirty" in form.dataset ? null : contents();
  const state = form.querySelector("[data-state]");
  let sending = false;
  const changed = () => contents() !== saved;
  const show = () => { if (state) state.textContent = changed() ? word("unsaved") : ""; };
  form.addEventListener("input", show);
  form.addEventListener("submit", () => { sending = true; });
  window.addEventListener("beforeunload", (event) => {
    if (sending || !changed()) return;
    event.preventDefault();
    event.returnValue = word("leave");
  });
  // A page that comes back from the browser's memory is not being sent any more.
  window.addEventListener("pageshow", () => { sending = false; show(); });
  show();
}
