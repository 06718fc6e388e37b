/* What the customer sees: the bubble, the panel, the messages. Knows nothing of the network. */
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { say } from "./strings.js";

const LONGEST = 4000;

export class View {
  constructor(root, host, client, settings, language) {
    this.host = host;
    this.client = client;
    this.language = language;
    this.unread = 0;
    this.typing = false;
    this.unfolded = new Set();
    this.asked = new Set();
    this.frame = node("div", { class: "frame", lang: language === "zh" ? "zh-Hans" : "en", dir: "ltr" });
    if (settings.side === "left" || (!settings.side && getComputedStyle(document.documentElement).direction === "rtl")) this.frame.classList.add("left");
    if (settings.color) this.useColor(settings.color);
    this.build();
    root.append(this.frame);
    client.addEventListener("change", () => this.schedule());
    client.addEventListener("arrived", () => this.arrived());
    client.addEventListener("typing", (event) => {
      this.typing = event.detail;
      this.schedule();
    });
    this.fit = () => this.fitKeyboard();
    visualViewport?.addEventListener("resize", this.fit);
    visualViewport?.addEventListener("scroll", this.fit);
    this.schedule();
  }

  open() {
    if (!this.panel.hidden) return;
    this.panel.hidden = false;
    this.unread = 0;
    this.frame.classList.add("opened");
    this.bubble.setAttribute("aria-expanded", "true");
    this.fitKeyboard();
    this.client.begin();
    this.loading ??= import("./offers.js").then(({ Offers }) => (this.offers = new Offers(this)), () => (this.loading = null));
    this.schedule();
    this.input.focus({ preventScroll: true });
  }

  close() {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    this.frame.classList.remove("opened");
    this.bubble.setAttribute("aria-expanded", "false");
    this.bubble.focus({ preventScroll: true });
    this.schedule();
  }

  destroy() {
    visualViewport?.removeEventListener("resize", this.fit);
    visualViewport?.removeEventListener("scroll", this.fit);
  }

  words(name, values) {
    return say(this.language, name, values);
  }

  /** The site's colour, with black or white on it, whichever reads better. */
  useColor(color) {
    if (!CSS.supports("color", color)) return;
    this.frame.style.setProperty("--accent", color);
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const light = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
    this.frame.style.setProperty("--on-accent", luminance > 0.179 ? "#000" : "#fff");
  }

  build() {
    this.badge = node("span", { class: "unread", hidden: true });
    this.bubble = node("button", { class: "bubble", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" }, icon("chat"), this.badge);
    this.bubble.onclick = () => (this.panel.hidden ? this.open() : this.close());

    this.title = node("h2", { id: "title" });
    const person = node("button", { class: "tool", type: "button" }, icon("person"), this.words("person"));
    person.onclick = () => this.client.send(this.words("personText"));
    const close = node("button", { class: "tool", type: "button", "aria-label": this.words("close") }, icon("close"));
    close.onclick = () => this.close();
    this.notice = node("div", { class: "notice", role: "status", hidden: true });
    this.log = node("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": this.words("log"), tabindex: "0" });
    this.input = node("textarea", { rows: "1", "aria-label": this.words("placeholder"), placeholder: this.words("placeholder"), enterkeyhint: "send" });
    this.sendButton = node("button", { class: "send", type: "submit", "aria-label": this.words("send"), disabled: true }, icon("send"));
    this.form = node("form", {}, this.input, this.sendButton);
    this.rate = node("div", { class: "rate", hidden: true });
    this.panel = node("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
      node("header", {}, this.title, person, close), this.notice, this.log, this.form, this.rate);
    this.panel.onkeydown = (event) => this.onKey(event);
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.input.oninput = () => this.grow();
    this.input.onkeydown = (event) => {
      if (this.offers?.takes(event)) return;
      /* An input method's Enter chooses a word; it must never send. */
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    };
    this.frame.append(this.panel, this.bubble);
  }

  onKey(event) {
    if (event.key === "Escape" && !event.isComposing) return this.close();
    if (event.key !== "Tab") return;
    const stops = [...this.panel.querySelectorAll("button, textarea, a[href], [tabindex='0']")].filter((stop) => !stop.disabled && stop.offsetParent);
    const active = this.panel.getRootNode().activeElement;
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (active !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }

  submit() {
    const text = this.input.value;
    if (!text.trim()) return;
    if ([...text].length > LONGEST) return this.warn(this.words("tooLong", { limit: LONGEST }));
    this.choose(text);
  }

  choose(text) {
    this.client.send(text);
    this.input.value = "";
    this.offers?.close();
    this.warning = null;
    this.grow();
    this.input.focus();
  }

  warn(words) {
    this.warning = words;
    this.schedule();
  }

  grow() {
    this.sendButton.disabled = !this.input.value.trim();
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  arrived() {
    if (this.panel.hidden) this.unread += 1;
  }

  /** Keeps the input above a phone's keyboard. */
  fitKeyboard() {
    if (!visualViewport) return;
    this.frame.style.setProperty("--visible-height", `${visualViewport.height}px`);
    const full = matchMedia("(max-width: 519px), (max-height: 480px)").matches;
    this.panel.style.transform = full && visualViewport.offsetTop ? `translateY(${visualViewport.offsetTop}px)` : "";
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const name = this.client.welcome?.name || this.words("title");
    this.bubble.setAttribute("aria-label", this.words("open"));
    this.title.textContent = name;
    this.badge.hidden = !this.unread;
    this.badge.textContent = this.unread > 9 ? "9+" : String(this.unread);
    if (this.panel.hidden) return;
    this.drawNotice();
    this.drawLog();
    this.drawRating();
  }

  drawNotice() {
    const [words, care] = this.noticeWords();
    this.notice.hidden = !words;
    this.notice.classList.toggle("care", Boolean(care));
    if (this.notice.textContent !== words) this.notice.textContent = words;
  }

  noticeWords() {
    const { connection, retrySeconds, status, welcome } = this.client;
    if (this.warning) return [this.warning, true];
    if (connection === "offline") return [this.words("offline"), true];
    if (connection === "gone") return [this.words("gone"), true];
    if (connection === "slow") return [this.words("slowDown", { seconds: retrySeconds }), true];
    if (connection === "connecting") return [this.words("connecting")];
    if (status.status === "waiting") {
      if (welcome && welcome.open === false) return [this.words("closedHours", { hours: welcome.opening_hours })];
      return [status.ahead > 0 ? this.words("waitingPlace", { ahead: status.ahead }) : this.words("waiting")];
    }
    if (status.status === "person") return [this.words("withPerson")];
    return [""];
  }

  drawLog() {
    const stuck = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    const items = [...this.greeting(), ...[...this.client.messages.values()].filter((message) => message.text)];
    const waiting = this.client.outbox.map((entry) => ({ ...entry, role: "customer", pending: true, created_at: entry.at }));
    const all = [...items, ...waiting];
    const known = new Map([...this.log.children].map((child) => [child.dataset.key, child]));
    const wanted = all.map((message, position) => this.messageNode(message, all[position - 1], position === all.length - 1, known));
    if (this.typing) wanted.push(known.get("typing") || this.typingNode());
    for (const child of [...this.log.children]) if (!wanted.includes(child)) child.remove();
    wanted.forEach((child, position) => {
      if (this.log.children[position] !== child) this.log.insertBefore(child, this.log.children[position] || null);
    });
    if (stuck || waiting.length) this.log.scrollTop = this.log.scrollHeight;
  }

  greeting() {
    const { welcome } = this.client;
    if (!welcome?.text) return [];
    const fresh = this.client.messages.size === 0 && this.client.outbox.length === 0;
    return [{ id: "welcome", role: "bot", text: welcome.text, quick_replies: fresh ? welcome.suggestions : [], welcome: true }];
  }

  /** A node is kept while nothing about it changes, so that screen readers read it once. */
  messageNode(message, previous, last, known) {
    const first = !previous || previous.role !== message.role;
    const print = JSON.stringify([message, first, last, this.unfolded.has(message.id), this.asked.has(message.id)]);
    const old = known.get(message.id);
    if (old && old.dataset.print === print) return old;
    const said = node("div", { class: `said ${message.role}${first ? " first" : ""}` });
    said.dataset.key = message.id;
    said.dataset.print = print;
    said.append(node("span", { class: "hush" }, `${this.speaker(message)}: `));
    if (first && message.role === "person") said.append(node("span", { class: "who", "aria-hidden": "true" }, this.speaker(message)));
    const text = node("div", { class: "text", lang: message.language === "zh" ? "zh-Hans" : message.language });
    if (message.created_at) text.title = new Date(message.created_at).toLocaleString(this.language === "zh" ? "zh-CN" : "en-GB");
    text.append(message.role === "customer" ? message.text : markdown((this.unfolded.has(message.id) && message.whole) || message.text));
    said.append(text);
    this.addFold(said, text, message);
    this.addUnder(said, message);
    if (last && message.quick_replies?.length) {
      const also = message.decision?.action === "faq" ? this.words("alsoAsked") : "";
      said.append(node("div", { class: "under" }, also), this.chips(message.quick_replies));
    }
    return said;
  }

  speaker(message) {
    if (message.role === "customer") return this.words("you");
    if (message.role === "person") return message.author || this.words("staff");
    return this.words("bot");
  }

  addFold(said, text, message) {
    const lines = message.text.split("\n").length + message.text.length / 60;
    if (message.role === "customer" || (lines < 12 && !message.whole)) return;
    const open = this.unfolded.has(message.id);
    text.classList.toggle("folded", !open && !message.whole);
    const toggle = node("button", { type: "button", "aria-expanded": String(open) }, this.words(open ? "less" : "more"));
    toggle.onclick = () => {
      if (open) this.unfolded.delete(message.id);
      else this.unfolded.add(message.id);
      this.schedule();
    };
    said.append(node("div", { class: "under" }, toggle));
  }

  addUnder(said, message) {
    const under = node("div", { class: "under" });
    if (message.pending && message.state === "failed") {
      const retry = node("button", { type: "button", class: "retry" }, this.words("retry"));
      retry.onclick = () => this.client.retry(message.id);
      under.append(node("span", { class: "failed" }, `⚠ ${message.problem?.detail && message.problem.code !== "invalid" ? this.problem(message.problem) : this.words("failed")}`), retry);
    } else if (message.pending) {
      under.append(this.words(this.client.connection === "open" || this.client.connection === "idle" ? "sending" : "waitingToSend"));
    }
    const sources = message.sources ?? [];
    if (sources[0]) under.append(node("span", { class: "source" }, this.words("source") + sources.map((source) => source.question).join(" · ")));
    for (const { title, url } of sources.flatMap((source) => source.links ?? [])) {
      under.append(node("a", { class: "source link", href: url, target: "_blank", rel: "noopener noreferrer" }, title));
    }
    if (message.role === "bot" && ["template", "faq", "form"].includes(message.decision?.action)) this.addThumbs(under, message);
    if (under.childNodes.length) said.append(under);
    if (this.asked.has(message.id)) said.append(this.reasonChips(message));
  }

  problem(problem) {
    return problem.code === "message_too_long" ? this.words("tooLong", { limit: LONGEST }) : this.words("failed");
  }

  addThumbs(under, message) {
    for (const [rating, name] of [["up", "helpful"], ["down", "notHelpful"]]) {
      const pressed = message.feedback === rating;
      const thumb = node("button", { type: "button", "aria-label": this.words(name), title: this.words(name), "aria-pressed": String(pressed) }, icon(rating));
      thumb.onclick = () => {
        if (rating === "down") this.asked.add(message.id);
        else this.asked.delete(message.id);
        this.client.feedback(message.id, rating);
      };
      under.append(thumb);
    }
  }

  /** "Not helpful" asks one question. */
  reasonChips(message) {
    const chips = this.words("reasons").map((reason) => {
      const chip = node("button", { class: "chip", type: "button" }, reason);
      chip.onclick = () => {
        this.asked.delete(message.id);
        this.client.feedback(message.id, "down", reason);
      };
      return chip;
    });
    return node("div", { class: "chips", role: "group", "aria-label": this.words("why") }, ...chips);
  }

  chips(replies) {
    const chips = replies.map((reply) => {
      const chip = node("button", { class: "chip", type: "button" }, reply.title);
      chip.onclick = () => {
        this.client.send(reply.text);
        this.input.focus({ preventScroll: true });
      };
      return chip;
    });
    return node("div", { class: "chips" }, ...chips);
  }

  typingNode() {
    const dots = node("div", { class: "typing", role: "img", "aria-label": this.words("typing") }, node("i"), node("i"), node("i"));
    dots.dataset.key = "typing";
    return dots;
  }

  drawRating() {
    const closed = this.client.status.status === "closed";
    this.form.hidden = closed;
    this.rate.hidden = !closed;
    if (!closed || this.rate.childNodes.length) return;
    const again = node("button", { type: "button" }, this.words("again"));
    again.onclick = () => {
      this.rate.replaceChildren();
      this.client.startAgain();
    };
    this.rate.append(node("span", {}, this.words("closed")), again);
  }
}

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
