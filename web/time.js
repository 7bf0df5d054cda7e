/** The view "Time": where the time of each answer went, how fast interruptions are, how the line is, and the call to take along. */

import { BargeIn } from "./bargein.js";
import { Record, save } from "./record.js";
import { shown, total, waterfall } from "./waterfall.js";

const LISTEN_MS = 20;
/** Waterfalls that stay on the page. */
const MOST = 50;

export class TimeView {
  #panel;
  #transcript;
  #record = null;
  #answers = [];
  #stops = [];
  #question = "";
  #line = null;

  /** @param {HTMLElement} panel. @param {Transcript} transcript whose text can be saved */
  constructor(panel, transcript) {
    this.#panel = panel;
    this.#transcript = transcript;
    this.#at("save-words").addEventListener("click", () => save("call.txt", "text/plain", this.#transcript.text));
    this.#at("save-events").addEventListener("click", () => save("call.jsonl", "application/jsonl", this.#record.lines));
  }

  /** A new call begins, whose two sides `levels` hears. */
  follow(call, levels) {
    this.#record = new Record(call);
    this.#answers = [];
    this.#stops = [];
    this.#question = "";
    this.#line = null;
    this.#at("turns").replaceChildren();
    this.#at("save-sound").hidden = true;
    this.#at("take-along").hidden = false;
    this.#showMedians();
    const bargeIn = new BargeIn();
    const ear = setInterval(() => this.#listen(bargeIn, levels), LISTEN_MS);
    call.addEventListener("state", ({ detail }) => detail.state === "ended" && clearInterval(ear));
    call.addEventListener("line", ({ detail }) => this.#showLine(detail));
    call.addEventListener("message", ({ detail }) => this.#take(detail, bargeIn, call));
  }

  #take({ type, data }, bargeIn, call) {
    if (type === "user-llm-text") this.#question = data.text;
    if (type !== "server-message") return;
    const { t, d } = data;
    if (t === "turn") this.#answered(d);
    else if (t === "bot-interrupted" && d.why === "interrupted") bargeIn.interrupted();
    else if (t === "recording") this.#offerRecording(call);
  }

  // --- answers and interruptions ---------------------------------------------------------------------------------------------------

  #answered(turn) {
    if (turn.speech_end_to_first_sound_ms !== undefined) this.#answers.push(total(turn));
    const turns = this.#at("turns");
    turns.prepend(waterfall(turn, this.#question, this.#onTheWay()));
    if (turns.childElementCount > MOST) turns.lastElementChild.remove();
    this.#question = "";
    this.#showMedians();
  }

  #onTheWay() {
    const { roundTrip, playout } = this.#line ?? {};
    return roundTrip == null || playout == null ? null : roundTrip / 2 + playout;
  }

  #listen(bargeIn, levels) {
    const took = bargeIn.hear(levels.decibels("caller"), levels.decibels("reply"), performance.now());
    if (took === null) return;
    this.#stops.push(took);
    this.#showMedians();
  }

  #showMedians() {
    this.#figure("answer", median(this.#answers), counted(this.#answers, "answer"));
    this.#figure("barge-in", median(this.#stops), counted(this.#stops, "interruption"));
  }

  // --- the line --------------------------------------------------------------------------------------------------------------------

  #showLine(line) {
    this.#line = line;
    this.#figure("round-trip", line.roundTrip);
    this.#figure("jitter", line.jitter);
    this.#figure("playout", line.playout);
    this.#at("loss").textContent = `${percent(line.lossIn)} / ${percent(line.lossOut)}`;
  }

  #offerRecording(call) {
    Object.assign(this.#at("save-sound"), { href: new URL("recording", call.session), hidden: false });
  }

  #figure(name, ms, note) {
    this.#at(name).textContent = shown(ms);
    if (note !== undefined) this.#at(`${name}-note`).textContent = note;
  }

  #at(name) {
    return this.#panel.querySelector(`#${name}`);
  }
}

function median(figures) {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length ? (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2 : null;
}

function counted({ length }, what) {
  return length ? `median of ${length} ${what}${length === 1 ? "" : "s"}` : `no ${what} yet`;
}

function percent(part) {
  return part === null ? "–" : `${part.toFixed(part && part < 10 ? 1 : 0)} %`;
}
