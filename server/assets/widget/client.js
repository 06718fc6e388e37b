/* Talks to the service: one conversation, kept across reloads; each message is sent once. */
const RETRY_FIRST = 500;
const RETRY_LAST = 15000;
const ANSWER_TIMEOUT = 20000;

/** A conversation. Fires `change` when messages, status or connection change, `typing` while an answer is on its way. */
export class Client extends EventTarget {
  constructor(settings, language) {
    super();
    this.origin = settings.origin;
    this.key = settings.key || "";
    this.language = language;
    this.storageKey = `frontdesk:${settings.origin}:${this.key}`;
    this.messages = new Map();
    this.outbox = [];
    this.status = { status: "bot" };
    this.connection = "idle";
    this.welcome = null;
    this.retryAfter = RETRY_FIRST;
    this.restore();
    this.online = () => this.connect();
    addEventListener("online", this.online);
    addEventListener("offline", this.online);
  }

  get visit() {
    return { language: this.language, visitor: this.visitor, page: location.href.split("#")[0], key: this.key };
  }

  /** Reads the greeting, and a history if there is one. */
  async begin() {
    if (!this.welcome) await this.loadWelcome();
    if (this.conversation) this.connect();
  }

  /** Takes a text to send; it is kept on this device until the service has it. */
  send(text) {
    const trimmed = text.trim();
    if (!trimmed) return;
    this.outbox.push({ id: newId(), text: trimmed, at: Date.now(), state: "sending" });
    this.save();
    this.changed();
    this.flush();
  }

  retry(id) {
    const entry = this.outbox.find((candidate) => candidate.id === id);
    if (!entry) return;
    entry.state = "sending";
    this.changed();
    this.flush();
  }

  /** Says whether an answer helped; a reason can follow. */
  async feedback(messageId, rating, reason) {
    const message = this.messages.get(messageId);
    if (message) message.feedback = rating;
    this.changed();
    await this.request(`/v1/messages/${messageId}/feedback`, { rating, reason });
  }

  /** Forgets this conversation; the next message begins a new one. */
  startAgain() {
    this.closeSocket();
    this.conversation = null;
    this.messages.clear();
    this.status = { status: "bot" };
    this.connection = "idle";
    localStorage.removeItem(this.storageKey);
    this.changed();
  }

  stop() {
    removeEventListener("online", this.online);
    removeEventListener("offline", this.online);
    clearTimeout(this.timer);
    this.closeSocket();
  }

  async loadWelcome() {
    const query = new URLSearchParams(this.visit);
    try {
      const answer = await fetch(`${this.origin}/v1/widget?${query}`);
      if (answer.ok) this.welcome = await answer.json();
      this.setConnection(answer.ok ? "idle" : "gone");
    } catch {
      this.setConnection(navigator.onLine ? "gone" : "offline");
    }
    this.changed();
  }

  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    try {
      if (!this.conversation) await this.create();
      if (this.conversation) this.connect();
      while (this.conversation && this.outbox.some((entry) => entry.state === "sending")) {
        const entry = this.outbox.find((candidate) => candidate.state === "sending");
        if (!(await this.deliver(entry))) break;
      }
    } finally {
      this.flushing = false;
    }
  }

  /** Begins the conversation, once. */
  async create(quietly) {
    const body = { ...this.visit, channel: "widget", offer: this.welcome?.offer };
    this.creating ??= this.request("/v1/conversations", body).finally(() => (this.creating = null));
    const answer = await this.creating;
    if (!answer.ok) return quietly ? false : this.refused(answer);
    this.conversation ??= { id: answer.body.conversation_id, token: answer.body.token };
    this.save();
    return true;
  }

  /** Sends one message by POST: it answers with the reply, and sending it twice is harmless. */
  async deliver(entry) {
    this.dispatchEvent(new CustomEvent("typing", { detail: true }));
    const path = `/v1/conversations/${this.conversation.id}/messages`;
    const answer = await this.request(path, { text: entry.text, client_message_id: entry.id });
    this.dispatchEvent(new CustomEvent("typing", { detail: false }));
    if (!answer.ok) return this.refused(answer, entry);
    this.retryAfter = RETRY_FIRST;
    this.take(answer.body.customer);
    for (const message of answer.body.messages) this.take(message);
    if (answer.body.status) this.status = answer.body.status;
    this.setConnection("open");
    this.changed();
    return true;
  }

  refused(answer, entry) {
    if (answer.status === 401 || answer.status === 404) {
      this.closeSocket();
      this.conversation = null;
      this.save();
      this.retryLater("connecting");
    } else if (answer.status === 429) {
      this.retryLater("slow", (answer.retrySeconds || 5) * 1000);
    } else if (answer.status >= 400 && answer.status < 500 && entry) {
      entry.state = "failed";
      entry.problem = answer.body;
      this.save();
    } else {
      this.retryLater(navigator.onLine ? "gone" : "offline");
    }
    this.changed();
    return answer.status >= 400 && answer.status < 500 && answer.status !== 401 && answer.status !== 404 && answer.status !== 429;
  }

  retryLater(connection, wait = this.retryAfter) {
    this.setConnection(connection, Math.ceil(wait / 1000));
    this.retryAfter = Math.min(this.retryAfter * 2, RETRY_LAST);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Opens the live line; what was missed meanwhile comes first. */
  connect() {
    if (!navigator.onLine) return this.setConnection("offline");
    if (!this.conversation) return this.outbox.length ? this.flush() : this.setConnection("idle");
    if (this.socket) return;
    if (this.connection !== "open") this.setConnection("connecting");
    const query = new URLSearchParams({ token: this.conversation.token });
    const last = [...this.messages.keys()].at(-1);
    if (last) query.set("after", last);
    const address = `${this.origin.replace(/^http/, "ws")}/v1/conversations/${this.conversation.id}/ws?${query}`;
    const socket = new WebSocket(address);
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.retryAfter = RETRY_FIRST;
      this.setConnection("open");
      this.flush();
    };
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (!opened) this.checkConversation();
      clearTimeout(this.socketTimer);
      this.socketTimer = setTimeout(() => this.connect(), this.retryAfter);
      this.retryAfter = Math.min(this.retryAfter * 2, RETRY_LAST);
      this.setConnection(navigator.onLine ? "gone" : "offline");
    };
  }

  /** A line that does not open may mean that the service no longer knows the conversation. */
  async checkConversation() {
    const conversation = this.conversation;
    const answer = await this.request(`/v1/conversations/${conversation.id}/messages?limit=1`);
    if ((answer.status === 401 || answer.status === 404) && this.conversation === conversation) this.startAgain();
  }

  closeSocket() {
    clearTimeout(this.socketTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  hear(frame) {
    if (frame.type === "message") this.take(frame.message);
    else if (frame.type === "status") this.status = frame;
    else if (frame.type === "typing") this.dispatchEvent(new CustomEvent("typing", { detail: frame.typing }));
    this.changed();
  }

  take(message) {
    if (message.client_message_id) {
      this.outbox = this.outbox.filter((entry) => entry.id !== message.client_message_id);
      this.save();
    }
    const fresh = !this.messages.has(message.id);
    this.messages.set(message.id, message);
    if (fresh && message.role !== "customer" && message.text) this.dispatchEvent(new CustomEvent("arrived", { detail: message }));
  }

  async request(path, body) {
    const headers = this.conversation ? { authorization: `Bearer ${this.conversation.token}` } : {};
    if (body) headers["content-type"] = "application/json";
    try {
      const options = { method: body ? "POST" : "GET", headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT) };
      if (body) options.body = JSON.stringify(body);
      const answer = await fetch(this.origin + path, options);
      const text = await answer.text();
      return { ok: answer.ok, status: answer.status, retrySeconds: Number(answer.headers.get("retry-after")), body: text ? JSON.parse(text) : null };
    } catch {
      return { ok: false, status: 0, body: null };
    }
  }

  setConnection(connection, seconds) {
    this.connection = connection;
    this.retrySeconds = seconds;
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  save() {
    try {
      localStorage.setItem(this.storageKey, JSON.stringify({ conversation: this.conversation, visitor: this.visitor, outbox: this.outbox }));
    } catch {
      /* Private windows may refuse storage: the conversation then lasts as long as the page. */
    }
  }

  restore() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(this.storageKey)) || {};
    } catch {
      kept = {};
    }
    this.conversation = kept.conversation || null;
    this.visitor = kept.visitor || newId();
    this.outbox = kept.outbox || [];
  }
}

/** A random id, also on pages without HTTPS, where `crypto.randomUUID` does not exist. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
