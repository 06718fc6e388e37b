/* A safe subset of Markdown: bold, italics, code, links, lists, line breaks. Builds nodes, never HTML. */
const INLINE = /(\*\*|__)(?=\S)([^\n]*?\S)\1|(\*|_)(?=\S)([^*_\n]*\S)\3|`([^`\n]+)`|\[([^\]\n]{1,200})\]\(([^)\s]{1,2000})\)|(https?:\/\/[^\s<>"'，。！？；（）]{1,2000}[^\s<>"'，。！？；（）.,!?;:)])/g;
const SAFE_LINK = /^(https?:\/\/|mailto:|tel:)/i;

/** Text as a document fragment. */
export function markdown(text) {
  const fragment = document.createDocumentFragment();
  let list = null;
  let paragraph = null;
  for (const line of text.split(/\r?\n/)) {
    const item = /^\s*(?:[-*•]|(\d{1,3})[.)、])\s+(.+)$/.exec(line);
    if (item) {
      const kind = item[1] ? "ol" : "ul";
      if (!list || list.localName !== kind) {
        list = document.createElement(kind);
        if (item[1] && item[1] !== "1") list.start = Number(item[1]);
        fragment.append(list);
      }
      const entry = document.createElement("li");
      inline(entry, item[2]);
      list.append(entry);
      paragraph = null;
      continue;
    }
    list = null;
    if (!line.trim()) {
      paragraph = null;
      continue;
    }
    if (paragraph) paragraph.append(document.createElement("br"));
    else fragment.append((paragraph = document.createElement("p")));
    inline(paragraph, line.replace(/^#{1,6}\s+/, ""));
  }
  return fragment;
}

function inline(parent, text) {
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    parent.append(text.slice(last, match.index));
    parent.append(element(match));
    last = match.index + match[0].length;
  }
  parent.append(text.slice(last));
}

function element(match) {
  const [whole, , bold, , italic, code, label, target, bare] = match;
  if (bold !== undefined) return nested("strong", bold);
  if (italic !== undefined) return nested("em", italic);
  if (code !== undefined) return plain("code", code);
  const href = target ?? bare;
  if (!SAFE_LINK.test(href)) return document.createTextNode(whole);
  const link = plain("a", label ?? bare);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  return link;
}

function nested(tag, text) {
  const node = document.createElement(tag);
  inline(node, text);
  return node;
}

function plain(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}
