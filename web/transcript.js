/**
 * The words of a call, both sides, as they are said, and what is told beside them (facts.js, captions.js).
 *
 * The caller's words stand lighter until the speech-to-text is sure of them. A reply appears sentence by sentence as its voice reaches them: the words that
 * were heard, the one that is being heard marked, the rest of the sentence lighter. Where a reply was talked over, the rest is struck off. Words are set
 * as text, never as HTML.
 */

import { Captions } from "./captions.js";
import { failoverNote, moderationNote, sourceList, speakers, toolNote } from "./facts.js";

const NAMES = { caller: "You", reply: "Agent" };

export class Transcript {
  #log;
  #caller = null; // the caller's newest turn: {node, body, segments: number → {text, final}, answered}
  #answered = null; // the turn that was answered last
  #turns = new Map(); // of the caller's words: segment → its turn
  #reply = null; // the newest reply: {node, body}
  #segments = new Map(); // of all replies: segment id → its span
  #captions = new Captions(() => this.#entry("caller").body);
  #tools = new Map(); // that run: id of the call → {node, what}

  constructor(log) {
    this.#log = log;
  }

  clear() {
    this.#log.replaceChildren();
    this.settle();
  }

  /** All of it as plain text: a line for each turn. */
  get text() {
    return [...this.#log.children].filter((node) => !node.hidden).map((node) => `${plain(node)}\n`).join("");
  }

  /** No more comes of what is on the screen: the call is over, or goes on at another server, which counts from the beginning. */
  settle() {
    this.#stopMarking();
    this.#caller = this.#answered = this.#reply = null;
    this.#segments.clear();
    this.#turns.clear();
    this.#captions.settle();
    for (const id of [...this.#tools.keys()]) this.#toolOver({ tool_call_id: id, cancelled: true });
  }

  /** Take one RTVI message; those that carry no words are left alone. */
  take(type, data) {
    if (type === "user-transcription") this.#words(data);
    else if (type === "user-llm-text") this.#answer(data.text);
    else if (type === "bot-llm-started") this.#reply = this.#entry("reply");
    else if (type === "bot-output") this.#output(data);
    else if (type === "bot-stopped-speaking") this.#stopMarking();
    else if (type === "llm-function-call-in-progress") this.#tool(data);
    else if (type === "llm-function-call-stopped") this.#toolOver(data);
    else if (type === "server-message") this.#fact(data);
    else if (type === "error" && !data.fatal) this.note(data.error);
  }

  /** Text that the caller typed. */
  typed(text) {
    this.#openCaller();
    this.#caller.node.dataset.typed = "";
    this.#answer(text);
  }

  /** Something that happened and is nobody's words. */
  note(sentence) {
    return this.#add(element("p", "event", sentence));
  }

  // --- what the agent does besides talking -----------------------------------------------------------------------------------------

  #tool({ tool_call_id: id, function_name: name, arguments: given = {} }) {
    const values = Object.values(given).map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
    const what = values.length ? `${name} (${values.join(", ")})` : name;
    this.#tools.set(id, { node: this.note(short(`${what} …`)), what });
  }

  #toolOver({ tool_call_id: id, cancelled, result = "" }) {
    const tool = this.#tools.get(id);
    if (!tool) return;
    this.#tools.delete(id);
    tool.node.textContent = short(cancelled ? `${tool.what}: interrupted` : `${tool.what}: ${result}`);
    this.#follow();
  }

  // --- the caller ------------------------------------------------------------------------------------------------------------------

  #openCaller() {
    this.#caller = { ...this.#entry("caller"), segments: new Map(), answered: false };
  }

  #words({ segment, text, final }) {
    const before = this.#turns.get(segment);
    if (before?.answered) return; // late words of an answered turn: user-amended mends it
    if (!before && (!this.#caller || this.#caller.answered)) this.#openCaller();
    const turn = before ?? this.#caller;
    this.#turns.set(segment, turn);
    turn.segments.set(segment, { text, final });
    this.#showCaller(turn);
  }

  /** The turn is over and this is what will be answered. */
  #answer(text) {
    if (!this.#caller || this.#caller.answered) return;
    this.#caller.answered = true;
    this.#answered = this.#caller;
    this.#amend(text);
  }

  #amend(text) {
    this.#answered?.body.replaceChildren(text);
    this.#follow();
  }

  #showCaller({ segments, body }) {
    const pieces = [...segments].sort(([one], [other]) => one - other).flatMap(([, { text, final }]) => {
      return [element("span", final ? "" : "partial", text), " "];
    });
    body.replaceChildren(...pieces);
    this.#follow();
  }

  // --- the reply -------------------------------------------------------------------------------------------------------------------

  #output({ segment_id: id, text, will_be_spoken: spoken, spoken_progress: progress }) {
    let span = this.#segments.get(id);
    if (!span) {
      this.#reply ??= this.#entry("reply");
      span = this.#reply.body.appendChild(element("span", "sentence"));
      this.#segments.set(id, span);
    }
    const heard = spoken ? progress.accumulated_text : text;
    if (!heard) return; // announced, not heard yet
    this.#showSentence(span, heard, spoken ? progress.remaining_text : "", spoken);
    span.closest(".turn").hidden = false;
    this.#follow();
  }

  /** What was heard of a sentence, its last word marked while the voice is at it, and the rest. */
  #showSentence(span, heard, rest, spoken) {
    this.#stopMarking();
    const [before, word] = spoken ? lastWord(heard) : [heard, ""];
    span.replaceChildren(span.previousElementSibling ? " " : "", before);
    if (word) span.append(element("mark", "now", word));
    if (rest) span.append(element("span", "rest", rest));
  }

  /** The voice is silent. */
  #stopMarking() {
    for (const old of this.#log.querySelectorAll(".now")) old.replaceWith(old.textContent);
  }

  #fact({ t, d }) {
    if (t === "user-amended") this.#amend(d.text);
    else if (t === "caption") this.#caption(d);
    else if (t === "utterance") this.#utterance(d);
    else if (t === "sources" && d.sources.length) this.#sources(d.sources);
    else if (t === "tool") this.note(toolNote(d.name));
    else if (t === "moderation") this.note(moderationNote(d));
    else if (t === "failover") this.note(failoverNote(d));
    else if (t === "bot-interrupted") this.#cut(d.heard);
    else if (t === "turn" && this.#reply) this.#latency(d);
  }

  #caption(caption) {
    this.#captions.take(caption);
    this.#follow();
  }

  /** A clip was transcribed: a turn of its own, answered as it stands. */
  #utterance(utterance) {
    const { node, body } = this.#entry("caller");
    body.replaceWith(...speakers(utterance));
    node.classList.add("utterance");
    this.#caller = this.#answered = null;
    this.#follow();
  }

  /** They may come before the reply's first word is heard, and after its last. */
  #sources(sources) {
    this.#reply ??= this.#entry("reply");
    this.#reply.node.append(sourceList(sources));
    this.#follow();
  }

  /** The reply ended before its end. */
  #cut(heard) {
    if (!this.#reply) return;
    const { node, body } = this.#reply;
    if (heard) {
      for (const rest of body.querySelectorAll(".rest")) rest.replaceWith(element("del", "", rest.textContent));
      body.append(" ", element("span", "cut", "interrupted here"));
    } else {
      node.remove(); // nobody heard a word of it, and what it was to answer goes into the next turn
      if (this.#caller) this.#caller.answered = false;
    }
    this.#reply = null;
  }

  #latency({ speech_end_to_first_sound_ms: all, speech_end_to_turn_end_ms: waiting, turn_end_to_first_sound_ms: answering }) {
    const line = this.#reply.node.appendChild(element("p", "latency", `answered in ${seconds(all ?? answering)}`));
    if (all !== undefined) line.title = `${seconds(waiting)} until your turn was over, ${seconds(answering)} until the first sound`;
  }

  #entry(side) {
    const node = element("article", `turn ${side}`);
    node.hidden = side === "reply"; // until its first word is heard
    const body = element("p", "words");
    node.append(element("h2", "who", NAMES[side]), body);
    this.#add(node);
    return { node, body };
  }

  #add(node) {
    this.#log.append(node);
    this.#follow();
    return node;
  }

  /** Keep the newest words in sight, unless the reader has scrolled up to older ones. */
  #follow() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < 160) this.#log.scrollTop = scrollHeight;
  }
}

function element(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** `["so many ", "words"]` */
function lastWord(text) {
  const at = text.trimEnd().search(/\S+$/);
  return [text.slice(0, at), text.slice(at)];
}

/** Enough of a tool's result to see what came of it. */
function short(text) {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

function plain(node) {
  if (!node.matches(".turn")) return `(${node.textContent})`;
  const words = element("div", "");
  for (const line of node.querySelectorAll(".words")) words.append(line.cloneNode(true), " ");
  for (const unheard of words.querySelectorAll("del, .rest")) unheard.remove();
  for (const cut of words.querySelectorAll(".cut")) cut.textContent = "[interrupted]";
  const sources = [...node.querySelectorAll(".sources a")].map(({ href }) => ` <${href}>`).join("");
  return `${node.querySelector(".who").textContent}: ${words.textContent.replace(/\s+/g, " ").trim()}${sources}`;
}
