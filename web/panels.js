/**
 * The views of the page: a tab list with a panel for each (WAI-ARIA Authoring Practices, "Tabs": the arrow keys move, Home and End too).
 *
 * A view is a module of its own. It gets its panel and may have three methods that the page calls:
 *   choose(graph)         this graph (its name, or null) is chosen for the next call
 *   follow(call, levels)  a new call begins: listen to its events (client.js); levels.js hears both sides
 *   shown(on)             its panel comes into sight, or goes
 * The view in sight is body[data-view], and the address's #fragment, so that a reload comes back to it.
 */

export class Panels {
  #tabs;
  #views;
  #asked = location.hash.slice(1);

  /** @param {HTMLElement} tablist whose tabs have data-view and aria-controls. @param {Record<string, object>} views the modules, by the same names */
  constructor(tablist, views) {
    this.#tabs = [...tablist.querySelectorAll("[role=tab]")];
    this.#views = views;
    tablist.addEventListener("click", ({ target }) => this.#names.includes(target.dataset.view) && this.show(target.dataset.view));
    tablist.addEventListener("keydown", (event) => this.#keyPressed(event));
    addEventListener("hashchange", () => this.#followAddress());
    this.#followAddress();
  }

  /** The name of the view in sight. */
  get current() {
    return document.body.dataset.view;
  }

  get #names() {
    return this.#tabs.filter((tab) => !tab.hidden).map((tab) => tab.dataset.view);
  }

  show(name) {
    const former = this.current;
    document.body.dataset.view = name;
    for (const tab of this.#tabs) {
      const chosen = tab.dataset.view === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen && tab.dataset.view !== "call"; // the call may stay beside: panels.css
    }
    history.replaceState(null, "", name === "call" ? location.pathname + location.search : `#${name}`);
    if (former !== name) this.#views[former]?.shown?.(false);
    this.#views[name]?.shown?.(true);
  }

  /** This view is there after all: its tab was hidden until the server said so. */
  reveal(name) {
    const tab = this.#tabs.find((tab) => tab.dataset.view === name);
    if (!tab.hidden) return;
    tab.hidden = false;
    if (this.#asked === name && this.current === "call") this.show(name);
  }

  /** Every view is told which graph is chosen. */
  choose(graph) {
    for (const view of Object.values(this.#views)) view.choose?.(graph);
  }

  /** Every view is told of the call that begins. */
  follow(call, levels) {
    for (const view of Object.values(this.#views)) view.follow?.(call, levels);
  }

  #followAddress() {
    const name = location.hash.slice(1);
    this.show(this.#names.includes(name) ? name : "call");
  }

  #keyPressed(event) {
    const names = this.#names;
    const at = names.indexOf(this.current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(names.at(to % names.length));
    this.#tabs.find((tab) => tab.dataset.view === this.current).focus();
  }
}
