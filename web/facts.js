/** What a call tells beside the words of caller and agent, as nodes and sentences. All of it is set as text, never as HTML. */

/** Who said what in a clip: a paragraph for each part, with its speaker where speakers are told apart. */
export function speakers({ text, parts }) {
  if (!parts.some(({ speaker }) => speaker)) return [paragraph("words", text)];
  return parts.map(({ speaker, text }) => {
    const label = document.createElement("b");
    label.className = "speaker";
    label.textContent = speaker ? name(speaker) : "Somebody";
    const line = paragraph("words", "");
    line.append(label, ": ", text);
    return line;
  });
}

/** Where an answer comes from: links for another tab, which learns nothing of this page. */
export function sourceList(sources) {
  const list = document.createElement("ul");
  list.className = "sources";
  list.setAttribute("aria-label", "Sources");
  for (const { url, title } of sources) {
    const item = list.appendChild(document.createElement("li"));
    if (!isWeb(url)) {
      item.textContent = title || url; // a link of another kind could run code
      continue;
    }
    const link = item.appendChild(document.createElement("a"));
    Object.assign(link, { href: url, target: "_blank", rel: "noopener noreferrer", textContent: title || new URL(url).host });
    link.title = url;
  }
  return list;
}

/** A tool has been started. */
export function toolNote(tool) {
  return tool === "web_search" ? "Searching the web…" : `Using ${words(tool)}…`;
}

/** A guard has put another sentence in the place of something. */
export function moderationNote({ side, blocked }) {
  const what = side === "caller" ? "What you said was not passed on" : "A part of the answer was withheld";
  const categories = blocked.filter((category) => category !== "guardrails").map(words);
  if (blocked.includes("unchecked")) return `${what}: it could not be checked.`;
  return categories.length ? `${what} (${categories.join(", ")}).` : `${what}.`;
}

/** A stand-in has taken over, or the node's first choice is back. */
export function failoverNote({ node, to, why }) {
  return `${node} goes on with ${to}: ${why}`;
}

/** `speaker_1` → `Speaker 1` */
function name(speaker) {
  const spaced = words(speaker);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function words(identifier) {
  return String(identifier).replaceAll("_", " ");
}

function isWeb(url) {
  return URL.canParse(url) && ["https:", "http:"].includes(new URL(url).protocol);
}

function paragraph(className, text) {
  const node = document.createElement("p");
  node.className = className;
  node.textContent = text;
  return node;
}
