// Keeps the marked parts of a page fresh: fetches the page again and replaces the parts that changed.
// The server stays the only place that knows how a conversation looks.

import { refineTimes } from "./times.js";
import { word } from "./words.js";

const EVERY = 2_500;
const regions = () => [...document.querySelectorAll("[data-live]")];
const known = new Map(regions().map((region) => [region.dataset.live, print(region)]));
let offline = null;

/** What a part says, without the ages in it. */
function print(region) {
  const copy = region.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) time.replaceChildren();
  for (const time of copy.querySelectorAll("time")) time.removeAttribute("title");
  return copy.outerHTML;
}

async function refresh(address = location.href) {
  const response = await fetch(address, { headers: { accept: "text/html" }, cache: "no-store" });
  if (response.redirected && new URL(response.url).pathname.startsWith("/console/sign-in")) {
    location.reload();
    return;
  }
  if (!response.ok) throw new Error(response.statusText);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const region of regions()) replace(region, fresh.querySelector(`[data-live="${region.dataset.live}"]`));
}

function replace(region, fresh) {
  if (!fresh) return;
  const now = print(fresh);
  if (known.get(region.dataset.live) === now) return;
  // Nobody's half-chosen field is taken away; it is replaced on a later round.
  if (region.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return;
  known.set(region.dataset.live, now);
  const atEnd = region.scrollHeight - region.scrollTop - region.clientHeight < 80;
  const scrolled = region.scrollTop;
  const opened = [...region.querySelectorAll("details")].map((details) => details.open);
  const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  region.replaceWith(fresh);
  [...fresh.querySelectorAll("details")].forEach((details, place) => { if (opened[place]) details.open = true; });
  if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  refineTimes(fresh);
  if ("scroll" in fresh.dataset) fresh.scrollTop = atEnd ? fresh.scrollHeight : scrolled;
}

async function beat() {
  if (!document.hidden) {
    try {
      await refresh();
      offline?.remove();
      offline = null;
    } catch {
      sayOffline();
    }
  }
  setTimeout(beat, EVERY);
}

function sayOffline() {
  if (offline) return;
  offline = document.createElement("p");
  offline.className = "problem";
  offline.setAttribute("role", "status");
  offline.textContent = word("offline");
  document.querySelector("main").prepend(offline);
}

// Links that only change what is shown beside do so without leaving the page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(null, "", link.href);
  try { await refresh(); } catch { location.assign(link.href); }
});

for (const region of document.querySelectorAll("[data-scroll]")) {
  const asked = new URLSearchParams(location.search).has("message") && region.querySelector(".chosen");
  if (asked) asked.scrollIntoView({ block: "center" });
  else region.scrollTop = region.scrollHeight;
}
if (known.size > 0) setTimeout(beat, EVERY);
