/* Questions offered while the customer types: a list above the field, chosen by tap or by arrow keys and Enter. */
import { node } from "./view.js";

const PAUSE = 120;
const LONGEST = 120;

const WORDS = {
  zh: { offers: "您可能想问", offered: (n) => `${n} 个问题，按上下键选择` },
  en: { offers: "Suggestions", offered: (n) => `${n} questions: use the arrow keys` },
};

const css = new CSSStyleSheet();
css.replaceSync(`
.offers { position: absolute; inset: auto 8px 100%; margin: 0 0 4px; padding: 4px; list-style: none; max-height: min(240px, 50dvh); overflow-y: auto; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 16px rgb(0 0 0 / 22%); animation: rise 120ms ease-out; z-index: 1; }
.offers li { display: flex; align-items: center; min-height: 36px; padding: 4px 8px; border-radius: 8px; cursor: pointer; overflow-wrap: anywhere; }
.offers li:hover { background: var(--soft); }
.offers li[aria-selected="true"] { background: var(--soft); box-shadow: inset 0 0 0 2px var(--ring); }
@media (pointer: coarse) { .offers li { min-height: 44px; } }
@media (prefers-reduced-motion: reduce) { .offers { animation: none; } }
@media (forced-colors: active) { .offers li[aria-selected="true"] { outline: 2px solid; } }
`);

export class Offers {
  /** Puts its list above the field of a view. */
  constructor(view) {
    this.words = WORDS[view.language];
    Object.assign(this, { input: view.input, client: view.client, choose: (text) => view.choose(text), at: -1, shown: [] });
    this.list = node("ul", { class: "offers", id: "offers", role: "listbox", "aria-label": this.words.offers, hidden: true });
    this.told = node("div", { class: "hush", role: "status" });
    view.form.prepend(this.list, this.told);
    const root = this.input.getRootNode();
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, css];
    this.input.addEventListener("input", (event) => this.typed(event.isComposing));
    this.input.addEventListener("compositionend", () => this.typed(false));
    /* A tap may take the focus away for a moment. */
    this.input.addEventListener("blur", () => setTimeout(() => this.focused || this.close(), 100));
    /* The field keeps the focus, and with it a phone its keyboard. */
    this.list.onmousedown = (event) => event.preventDefault();
  }

  /** Never while a person answers. */
  get wanted() {
    return Boolean(this.client.welcome?.suggest_while_typing) && this.client.status.status === "bot";
  }

  get focused() {
    return this.input.getRootNode().activeElement === this.input;
  }

  get open() {
    return !this.list.hidden;
  }

  /** An input method's unfinished letters are nobody's question yet. */
  typed(composing) {
    clearTimeout(this.timer);
    this.request?.abort();
    if (composing) return;
    const text = this.input.value;
    if (!this.wanted || !text.trim() || text.includes("\n") || text.length > LONGEST) return this.close();
    this.timer = setTimeout(() => this.look(text), PAUSE);
  }

  async look(text) {
    const request = new AbortController();
    this.request = request;
    const found = await this.find(text, request.signal);
    if (request.signal.aborted || this.input.value !== text) return;
    this.show(found.filter((offer) => offer.text !== text.trim()));
  }

  /** None when anything stands in the way: a suggestion is never worth a notice. */
  async find(text, signal) {
    const { client } = this;
    try {
      if (!client.conversation && !(await client.create("quietly"))) return [];
      const { id, token } = client.conversation;
      const address = `${client.origin}/v1/conversations/${id}/suggestions?${new URLSearchParams({ q: text })}`;
      const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` }, signal });
      return answer.ok ? (await answer.json()).suggestions : [];
    } catch {
      return [];
    }
  }

  show(offers) {
    if (!offers.length || !this.focused) return this.close();
    this.shown = offers;
    this.list.replaceChildren(...offers.map((offer, at) => this.option(offer, at)));
    this.list.hidden = false;
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-controls", "offers");
    this.input.setAttribute("aria-expanded", "true");
    this.told.textContent = this.words.offered(offers.length);
    this.mark(-1);
  }

  option(offer, at) {
    const option = node("li", { role: "option", id: `offer-${at}`, "aria-selected": "false" }, offer.title);
    option.onclick = () => this.pick(at);
    return option;
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const option = this.list.children[at];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  pick(at) {
    const { text } = this.shown[at];
    this.close();
    this.choose(text);
  }

  /** Says whether a key was meant for the list. */
  takes(event) {
    if (!this.open || event.isComposing || event.keyCode === 229) return false;
    const places = this.shown.length + 1;
    if (event.key === "ArrowDown") this.mark(((this.at + 2) % places) - 1);
    else if (event.key === "ArrowUp") this.mark(((this.at + places) % places) - 1);
    else if (event.key === "Enter" && !event.shiftKey && this.at >= 0) this.pick(this.at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    if (!this.open) return;
    this.list.hidden = true;
    this.shown = [];
    this.at = -1;
    this.told.textContent = "";
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
