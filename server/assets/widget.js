/* The one script tag: <script src="https://host/widget.js" data-key="…" async></script>
   Reads its own attributes, then loads the widget's modules from the host it came from. */
(() => {
  const script = document.currentScript;
  if (!script || window.frontdesk) return;
  const origin = new URL(script.src).origin;
  const settings = {
    origin,
    key: script.dataset.key || null,
    language: script.dataset.language || null,
    color: script.dataset.color || null,
    side: script.dataset.side || null,
    open: "open" in script.dataset,
  };
  window.frontdesk = { ready: import(`${origin}/widget/main.js`).then((module) => module.start(settings)) };
})();
