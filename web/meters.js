/** The pictures of loudness: a bar for each side, and the shape between them. */

/** Screen readers may ask for a meter's value; it need not change with every picture. */
const VALUE_MS = 500;

export class Meters {
  #bars;
  #orb;
  #valued = 0;

  /** @param {{caller: HTMLElement, reply: HTMLElement}} bars. @param {HTMLElement} orb whose data-floor says whose voice it shows */
  constructor(bars, orb) {
    this.#bars = bars;
    this.#orb = orb;
  }

  /** @param {Levels} levels of "caller" and "reply" */
  draw(levels) {
    const loud = { caller: levels.of("caller"), reply: levels.of("reply") };
    const side = ["speaking", "yielding"].includes(this.#orb.dataset.floor) ? "reply" : "caller";
    this.#orb.style.setProperty("--level", loud[side].toFixed(3));
    for (const [name, bar] of Object.entries(this.#bars)) bar.style.setProperty("--level", loud[name].toFixed(3));
    if (performance.now() - this.#valued < VALUE_MS) return;
    this.#valued = performance.now();
    for (const [name, bar] of Object.entries(this.#bars)) bar.setAttribute("aria-valuenow", String(Math.round(loud[name] * 100)));
  }
}
