/** The view "Time": where the time of each answer went, and how the line is. */

export class TimeView {
  #panel;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#panel = panel;
  }
}
