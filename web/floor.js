/** Who is speaking, from the RTVI messages of a call: one word at a time for the screen. Plain state, no DOM. */

export const WORDS = {
  connecting: "Connecting",
  listening: "Listening",
  hearing: "Hearing you",
  thinking: "Thinking",
  speaking: "Speaking",
  yielding: "Giving way to you",
  waiting: "Waiting for a free line",
  reconnecting: "Reconnecting",
  ended: "Call ended",
};

export class Floor {
  #caller = false;
  #reply = false;
  #thinking = false;
  #gate = "open"; // how much of the reply the caller is let hear: open, ducked, paused

  /** @returns {keyof WORDS} */
  get now() {
    if (this.#reply) return this.#gate === "open" ? "speaking" : "yielding";
    if (this.#caller) return "hearing";
    return this.#thinking ? "thinking" : "listening";
  }

  take(type, data) {
    switch (type) {
      case "user-started-speaking":
        this.#caller = true;
        this.#thinking = false;
        break;
      case "user-stopped-speaking":
      case "user-mute-started":
        this.#caller = false;
        break;
      case "user-llm-text":
      case "bot-llm-started":
        this.#thinking = !this.#reply;
        break;
      case "bot-started-speaking":
        this.#reply = true;
        this.#thinking = false;
        this.#gate = "open";
        break;
      case "bot-stopped-speaking":
        this.#reply = false;
        this.#gate = "open";
        break;
      case "bot-output":
        if (!data.will_be_spoken) this.#thinking = false;
        break;
      case "server-message":
        if (data.t === "bot-interrupted") this.#thinking = false;
        if (data.t === "yielding" && data.d.step !== "over") this.#gate = data.d.step;
        break;
      case "error":
        this.#thinking = false;
        break;
    }
  }

  /** The caller typed something: an answer is due. */
  typed() {
    this.#thinking = true;
  }
}
