/* How the widget looks, in both themes. Lives in the shadow root: nothing leaks in or out. */
const css = `
:host { all: initial; }
.frame {
  --accent: #2456c9; --on-accent: #fff; --ground: #fff; --soft: #f2f3f5; --line: #dcdfe4; --ink: #1b1f24; --quiet: #5b6470;
  --amber: #8a5300; --amber-ground: #fff5e0; --red: #b3261e; --ring: #2456c9;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  color: var(--ink); text-align: start; -webkit-text-size-adjust: 100%;
}
.frame:lang(zh) { line-height: 1.6; }
@media (prefers-color-scheme: dark) {
  .frame { --ground: #1a1d21; --soft: #272b31; --line: #3a4048; --ink: #e8eaed; --quiet: #a7afba; --amber: #ffc66d; --amber-ground: #3a2c10; --red: #ff8a80; --ring: #8fb1ff; }
}
@media (prefers-contrast: more) { .frame { --line: var(--ink); --quiet: var(--ink); } }
* { box-sizing: border-box; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; touch-action: manipulation; }
:focus-visible { outline: 2px solid var(--ring); outline-offset: 2px; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; flex: none; }
[hidden] { display: none !important; }

.bubble {
  position: fixed; inset-block-end: max(24px, env(safe-area-inset-bottom)); right: max(24px, env(safe-area-inset-right));
  width: 56px; height: 56px; border: 0; border-radius: 50%; background: var(--accent); color: var(--on-accent);
  display: grid; place-items: center; box-shadow: 0 4px 16px rgb(0 0 0 / 22%); transition: transform 140ms ease-out;
}
.bubble svg { width: 26px; height: 26px; }
.bubble:hover { transform: translateY(-2px); }
.left .bubble { right: auto; left: max(24px, env(safe-area-inset-left)); }
.unread { position: absolute; top: 0; right: 0; min-width: 20px; height: 20px; padding: 0 6px; border-radius: 10px; background: #b3261e; color: #fff; font-size: 12px; line-height: 20px; text-align: center; }

.panel {
  position: fixed; bottom: 88px; right: 24px; width: 384px; height: min(640px, 100dvh - 112px); max-width: calc(100vw - 32px);
  display: flex; flex-direction: column; background: var(--ground); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 4px 16px rgb(0 0 0 / 22%); overflow: hidden; animation: rise 160ms ease-out;
}
.left .panel { right: auto; left: 24px; }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }
@media (max-width: 519px), (max-height: 480px) {
  .panel { inset: 0; width: auto; max-width: none; height: var(--visible-height, 100dvh); border: 0; border-radius: 0; padding: env(safe-area-inset-top) env(safe-area-inset-right) 0 env(safe-area-inset-left); }
  .opened .bubble { display: none; }
}
header { display: flex; align-items: center; gap: 8px; padding: 12px 8px 12px 16px; border-bottom: 1px solid var(--line); }
header h2 { flex: 1; margin: 0; font-size: 16px; font-weight: 600; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tool { display: inline-flex; align-items: center; gap: 4px; min-width: 44px; min-height: 44px; padding: 0 8px; border: 0; border-radius: 8px; background: none; color: var(--quiet); font-size: 13px; justify-content: center; }
.tool:hover { background: var(--soft); color: var(--ink); }
.notice { padding: 8px 16px; font-size: 13px; background: var(--soft); color: var(--quiet); }
.notice.care { background: var(--amber-ground); color: var(--amber); }

.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex; flex-direction: column; gap: 4px; scrollbar-width: thin; }
.log::before { content: ""; margin-top: auto; }
.said { display: flex; flex-direction: column; align-items: flex-start; max-width: 86%; }
.said.first { margin-top: 8px; }
.said.customer { align-self: flex-end; align-items: flex-end; }
.who { font-size: 12px; color: var(--quiet); margin: 0 4px 2px; }
.text { padding: 8px 12px; border-radius: 14px; background: var(--soft); overflow-wrap: anywhere; }
.customer .text { background: var(--accent); color: var(--on-accent); white-space: pre-wrap; }
.person .text { box-shadow: inset 0 0 0 1.5px var(--accent); }
.said.system { align-self: center; max-width: 100%; }
.system .text { background: none; color: var(--quiet); font-size: 13px; padding: 4px; text-align: center; }
.text.folded { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 11; overflow: hidden; padding-bottom: 0; margin-bottom: 8px; }
.text p { margin: 0 0 8px; } .text p:last-child { margin: 0; }
.text ul, .text ol { margin: 0 0 8px; padding-inline-start: 20px; } .text ul:last-child, .text ol:last-child { margin: 0; }
.text a { color: inherit; text-decoration: underline; }
.text code { font: 13px ui-monospace, Consolas, monospace; }
.under { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin: 2px 4px 0; font-size: 12px; color: var(--quiet); }
.under button { border: 0; background: none; padding: 4px; border-radius: 8px; color: inherit; font-size: 12px; min-height: 28px; min-width: 28px; display: inline-grid; place-items: center; }
.under button:hover { color: var(--ink); background: var(--soft); }
.under button[aria-pressed="true"] { color: var(--accent); }
@media (prefers-color-scheme: dark) { .under button[aria-pressed="true"] { color: var(--ring); } }
@media (pointer: coarse) { .under button { min-height: 44px; min-width: 44px; } }
.under svg { width: 16px; height: 16px; }
.under .failed { color: var(--red); }
.under .retry { text-decoration: underline; }
.source { flex-basis: 100%; }
.source.link { color: inherit; text-underline-offset: 2px; overflow-wrap: anywhere; padding: 2px 0; }
@media (pointer: coarse) { .source.link { display: flex; align-items: center; min-height: 44px; } }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.chip { border: 1px solid var(--line); border-radius: 18px; background: var(--ground); padding: 6px 12px; min-height: 36px; text-align: start; }
.chip:hover { background: var(--soft); border-color: var(--quiet); }
@media (pointer: coarse) { .chip { min-height: 44px; border-radius: 22px; } }
.typing { display: flex; gap: 4px; padding: 12px; border-radius: 14px; background: var(--soft); align-self: flex-start; margin-top: 8px; }
.typing i { width: 6px; height: 6px; border-radius: 50%; background: var(--quiet); animation: breathe 1.2s infinite ease-in-out; }
.typing i:nth-child(2) { animation-delay: .15s; } .typing i:nth-child(3) { animation-delay: .3s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }

form { position: relative; display: flex; align-items: flex-end; gap: 4px; padding: 8px; border-top: 1px solid var(--line); padding-bottom: max(8px, env(safe-area-inset-bottom)); }
textarea { flex: 1; min-width: 0; resize: none; border: 0; background: none; padding: 10px 8px; max-height: 132px; min-height: 44px; line-height: 24px; outline-offset: 0; border-radius: 8px; font-size: 14px; }
@media (pointer: coarse) { textarea { font-size: 16px; } }
textarea::placeholder { color: var(--quiet); opacity: 1; }
.send { width: 44px; height: 44px; border: 0; border-radius: 8px; background: var(--accent); color: var(--on-accent); display: grid; place-items: center; }
.send:disabled { background: var(--soft); color: var(--quiet); cursor: default; }
.rate { display: flex; gap: 8px; align-items: center; padding: 12px 16px; border-top: 1px solid var(--line); }
.rate button { border: 1px solid var(--line); border-radius: 8px; background: none; min-width: 44px; min-height: 44px; padding: 0 12px; }
.hush { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) { *, ::before { animation: none !important; transition: none !important; } .typing i { opacity: .6; } }
@media (forced-colors: active) { .bubble, .send, .text, .chip { border: 1px solid; forced-color-adjust: auto; } }
`;

export const styleSheet = new CSSStyleSheet();
styleSheet.replaceSync(css);
