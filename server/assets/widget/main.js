/* Starts the widget: one element on the page, everything else inside its shadow root. */
import { Client } from "./client.js";
import { pickLanguage } from "./strings.js";
import { styleSheet } from "./style.js";
import { View } from "./view.js";

/** Puts the chat bubble on the page and gives the page a handle: open(), close(), send(text), destroy(). */
export function start(settings) {
  const language = pickLanguage(settings.language || document.documentElement.lang || navigator.language);
  const host = document.createElement("frontdesk-chat");
  host.style.cssText = "position:fixed;inset:auto 0 0 auto;width:0;height:0;z-index:2147483000";
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styleSheet];
  const client = new Client(settings, language);
  const view = new View(root, host, client, settings, language);
  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place, { once: true });
  if (settings.open) view.open();
  return {
    open: () => view.open(),
    close: () => view.close(),
    send: (text) => client.send(text),
    destroy() {
      client.stop();
      view.destroy();
      host.remove();
      delete window.frontdesk;
    },
  };
}
