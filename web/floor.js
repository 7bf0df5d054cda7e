/** Who is speaking, from the RTVI messages of a call: one word at a time for the screen. Plain state, no DOM. */

export const WORDS = {
  connecting: "Connecting",
  listening: "Listening",
  hearing: "Hearing you",
  thinking: "Thinking",
  speaking: "Speaking",
  ended: "Call ended",
};

export class Floor {
  #caller = false;
  #reply = false;
  #thinking = false;

  /** @returns {keyof WORDS} */
  get now() {
    if (this.#caller) return "hearing";
    if (this.#reply) return "speaking";
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
        break;
      case "bot-stopped-speaking":
        this.#reply = false;
        break;
      case "bot-output":
        if (!data.will_be_spoken) this.#thinking = false;
        break;
      case "server-message":
        if (data.t === "bot-interrupted") this.#thinking = false;
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
