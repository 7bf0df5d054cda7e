/**
 * The words of a call, both sides, as they are said.
 *
 * The caller's words stand lighter until the speech-to-text is sure of them. A reply's words appear as they are heard, and a reply that was talked over
 * ends where it was cut. Words are set as text, never as HTML.
 */

const NAMES = { caller: "You", reply: "Agent" };

export class Transcript {
  #log;
  #caller = null; // the caller's newest turn: {node, body, segments: number → {text, final}, answered}
  #answered = null; // the turn that was answered last
  #turns = new Map(); // of the caller's words: segment → its turn
  #reply = null; // the newest reply: {node, body}
  #segments = new Map(); // of all replies: segment id → its span

  constructor(log) {
    this.#log = log;
  }

  clear() {
    this.#log.replaceChildren();
    this.#caller = this.#answered = this.#reply = null;
    this.#segments.clear();
    this.#turns.clear();
  }

  /** Take one RTVI message; those that carry no words are left alone. */
  take(type, data) {
    if (type === "user-transcription") this.#words(data);
    else if (type === "user-llm-text") this.#answer(data.text);
    else if (type === "bot-llm-started") this.#reply = this.#entry("reply");
    else if (type === "bot-output") this.#output(data);
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
    const node = element("p", "event");
    node.textContent = sentence;
    this.#add(node);
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
      const piece = element("span", final ? "" : "partial");
      piece.textContent = text;
      return [piece, " "];
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
    const shown = spoken ? progress.accumulated_text : text;
    if (!shown) return; // announced, not heard yet
    span.textContent = span.previousElementSibling ? ` ${shown}` : shown;
    span.closest(".turn").hidden = false;
    this.#follow();
  }

  #fact({ t, d }) {
    if (t === "user-amended") this.#amend(d.text);
    else if (t === "bot-interrupted") this.#cut(d.heard);
    else if (t === "turn" && this.#reply) this.#latency(d);
  }

  /** The reply ended before its end. */
  #cut(heard) {
    if (!this.#reply) return;
    const { node, body } = this.#reply;
    if (heard) {
      const mark = element("span", "cut");
      mark.textContent = "interrupted here";
      body.append(" ", mark);
    } else {
      node.remove(); // nobody heard a word of it, and what it was to answer goes into the next turn
      if (this.#caller) this.#caller.answered = false;
    }
    this.#reply = null;
  }

  #latency({ speech_end_to_first_sound_ms: all, speech_end_to_turn_end_ms: waiting, turn_end_to_first_sound_ms: answering }) {
    const line = this.#reply.node.appendChild(element("p", "latency"));
    line.textContent = `answered in ${seconds(all ?? answering)}`;
    if (all !== undefined) line.title = `${seconds(waiting)} until your turn was over, ${seconds(answering)} until the first sound`;
  }

  #entry(side) {
    const node = element("article", `turn ${side}`);
    node.hidden = side === "reply"; // until its first word is heard
    const who = element("h3", "who");
    who.textContent = NAMES[side];
    const body = element("p", "words");
    node.append(who, body);
    this.#add(node);
    return { node, body };
  }

  #add(node) {
    this.#log.append(node);
    this.#follow();
  }

  /** Keep the newest words in sight, unless the reader has scrolled up to older ones. */
  #follow() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < 160) this.#log.scrollTop = scrollHeight;
  }
}

function element(tag, className) {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}
