/** The choice of a graph: which agents this server can answer with, and why it cannot with others. */

export class Chooser extends EventTarget {
  #form;
  #settings = new Map(); // name of a graph → what a caller may set there
  #dev = false;

  /** @param {HTMLFormElement} form holds #graphs for those that can be called and #unavailable for those that cannot */
  constructor(form) {
    super();
    this.#form = form;
  }

  /** The name of the chosen graph, or null. */
  get chosen() {
    return this.#form.querySelector("input:checked")?.value ?? null;
  }

  /** What a caller may set for a call of the chosen graph, as `GET /graphs` tells it. */
  get settings() {
    return this.#settings.get(this.chosen) ?? [];
  }

  /** Whether the server lets this page edit graphs. */
  get dev() {
    return this.#dev;
  }

  /** Ask the server. Then comes the event "loaded", whose detail is a sentence when nothing can be called, else "". */
  async load(server) {
    const former = this.chosen;
    let problem = "";
    try {
      const answer = await fetch(new URL("/graphs", server));
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { graphs, dev } = await answer.json();
      this.#dev = dev;
      this.#show(graphs, former);
      if (!this.chosen) problem = "No graph of this server can be called yet. Below it says why.";
    } catch {
      problem = "The server cannot be reached. Is it still running? Reload this page when it is.";
    }
    this.dispatchEvent(new CustomEvent("loaded", { detail: problem }));
  }

  #show(graphs, former) {
    this.#settings = new Map(graphs.map(({ name, settings }) => [name, settings]));
    const ready = graphs.filter((graph) => graph.ready);
    const chosen = ready.find((graph) => graph.name === former) ?? ready.find((graph) => graph.default) ?? ready[0];
    this.#form.querySelector("#graphs").replaceChildren(...ready.map((graph) => card(graph, graph === chosen)));
    this.#showMissing(graphs.filter((graph) => !graph.ready));
  }

  #showMissing(graphs) {
    const details = this.#form.querySelector("#unavailable");
    details.hidden = !graphs.length;
    details.querySelector("summary").textContent = graphs.length === 1 ? "1 more needs setting up" : `${graphs.length} more need setting up`;
    details.querySelector("ul").replaceChildren(
      ...graphs.map((graph) => {
        const item = document.createElement("li");
        const mistakes = graph.mistakes.map((mistake) => words("code", mistake));
        item.append(words("strong", graph.name), words("span", graph.problem), ...mistakes);
        return item;
      }),
    );
  }
}

function card(graph, checked) {
  const label = document.createElement("label");
  label.className = "card";
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "graph", value: graph.name, checked });
  const about = words("span", graph.about);
  about.className = "about";
  label.append(radio, words("strong", graph.name), about);
  if (graph.mistakes.length) label.append(stale(graph));
  return label;
}

/** The file was broken by an edit, and calls go on with what it was before. */
function stale({ mistakes, version }) {
  const note = words("span", `Its file has mistakes: calls still get version ${version.number}.`);
  note.className = "stale";
  note.append(...mistakes.map((mistake) => words("code", mistake)));
  return note;
}

function words(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text ?? "" });
}
