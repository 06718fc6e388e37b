// The keyboard: "/" searches, "j" and "k" walk the list, a button's own key presses it, Ctrl+S saves, Ctrl+Enter sends.

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  // Enter and letters belong to the input method while it composes.
  if (event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "s") {
    const save = document.querySelector("[data-save]");
    if (save) {
      event.preventDefault();
      save.form.requestSubmit(save);
    }
    return;
  }
  if (command && event.key === "Enter") {
    const form = event.target.closest("form");
    if (form?.matches("[data-say], [data-guard]")) form.requestSubmit();
    return;
  }
  if (command || event.altKey || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  } else if (event.key === "j" || event.key === "k") {
    walk(event.key === "j" ? 1 : -1);
  } else {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});

function walk(step) {
  const links = [...document.querySelectorAll("[data-rows] a")];
  const focused = links.indexOf(document.activeElement);
  const open = links.findIndex((link) => link.hasAttribute("aria-current"));
  const from = focused >= 0 ? focused : open;
  links[Math.min(Math.max(from + step, 0), links.length - 1)]?.focus();
}
