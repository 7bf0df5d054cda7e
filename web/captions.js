/** Captions of one line each: words that stay, then those that may still change, which stand lighter. Each message replaces the one before it of its line. */

export class Captions {
  #open;
  #lines = new Map(); // number → the paragraph of that line

  /** @param {() => HTMLElement} open begins a new line in the log and gives the paragraph for its words */
  constructor(open) {
    this.#open = open;
  }

  take({ line, settled, ahead }) {
    if (!this.#lines.has(line)) this.#lines.set(line, this.#open());
    const lighter = document.createElement("span");
    lighter.className = "partial";
    lighter.textContent = ahead;
    this.#lines.get(line).replaceChildren(settled, settled && ahead ? " " : "", ...(ahead ? [lighter] : []));
  }

  /** Another server counts its lines from the beginning. */
  settle() {
    this.#lines.clear();
  }
}
