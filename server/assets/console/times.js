// Times in the reader's own zone on hover, and ages that grow while the page is open.

import { word } from "./words.js";

const language = document.documentElement.lang;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

/** Refines every time inside a part of the page. */
export function refineTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = exact.format(moment);
    time.textContent = age(moment);
  }
}

function age(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000);
  if (seconds > -60) return word("just_now");
  if (seconds > -3600) return relative.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86400) return relative.format(Math.ceil(seconds / 3600), "hour");
  if (seconds > -30 * 86400) return relative.format(Math.ceil(seconds / 86400), "day");
  return day.format(moment);
}

refineTimes();
setInterval(refineTimes, 30_000, document);
