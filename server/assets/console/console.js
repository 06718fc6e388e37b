// What every page of the console gets from scripts; each module does nothing where its part is not on the page.

import "./live.js";
import "./times.js";
import "./keys.js";
import "./guard.js";
import "./preview.js";
import "./check.js";
import "./import.js";
import "./training.js";

document.documentElement.classList.add("scripted");

for (const select of document.querySelectorAll("[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Whoever writes a field anew has chosen what is written.
for (const field of document.querySelectorAll("[data-picks]")) {
  field.addEventListener("input", () => { field.form.elements[`pick_${field.name}`].value = "edited"; });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const { word } = await import("./words.js");
    await navigator.clipboard.writeText(document.querySelector("[data-copy-from]").textContent);
    button.textContent = word("copied");
  });
}

// A menu closes when the reader turns elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// What the last step did is said once, not again on a reload.
const address = new URL(location.href);
for (const name of ["notice", "n", "undo", "version", "bulk", "n_bulk"]) address.searchParams.delete(name);
if (address.href !== location.href) history.replaceState(null, "", address);

document.querySelector('.rail [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
