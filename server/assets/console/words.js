// The words that scripts show; the server puts them on the page in the reader's language.

const words = JSON.parse(document.body.dataset.words);

/** The word with this name, its number filled in. */
export function word(name, number) {
  return (words[name] ?? name).replace("{n}", number);
}

/** So many seconds in words. */
export function length(seconds) {
  return seconds < 90 ? word("seconds", Math.round(seconds)) : word("minutes", Math.round(seconds / 60));
}
