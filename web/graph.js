/** The view "Graph": the chosen graph as a drawing, and during a call what runs in it, from the server's own counters (docs/protocol.md, `watch`). */

import { Drawing } from "./drawing.js";
import { Inspector } from "./inspector.js";
import { Rates } from "./rates.js";

export class GraphView {
  #panel;
  #drawing;
  #inspector;
  #chosen = null;
  #graph = null;
  #rates = null;
  #call = null;
  #inSight = false;
  #node = null;

  /** @param {HTMLElement} panel with .graph-name, .about, .drawing, .inspector and .state. @param {string} server its address */
  constructor(panel, server) {
    this.#panel = panel;
    this.server = server;
    this.#drawing = new Drawing(panel.querySelector(".drawing"));
    this.#inspector = new Inspector(panel.querySelector(".inspector"), () => this.#leave());
    this.#drawing.addEventListener("choose", ({ detail }) => this.#look(detail === this.#node ? null : detail));
    panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#node && this.#leave());
  }

  /** This graph is chosen for the next call. */
  choose(name) {
    this.#chosen = name;
    if (this.#inSight && !this.#call) this.#load();
  }

  /** The text of the editor stands for this graph now. */
  draft(graph) {
    if (!this.#call) this.#show(graph);
  }

  /** A call begins: what it tells of its graph is shown from now on. */
  follow(call) {
    this.#call = call;
    call.addEventListener("state", ({ detail }) => call === this.#call && this.#stateChanged(detail.state));
    call.addEventListener("message", ({ detail: { type, data } }) => {
      if (call === this.#call && type === "server-message") this.#hear(data.t, data.d);
    });
  }

  /** The panel came into sight, or went: only then does the server count for us. */
  shown(on) {
    this.#inSight = on;
    if (this.#call?.state === "live") this.#watch();
    else if (on) this.#load();
  }

  #stateChanged(state) {
    if (state === "live") this.#watch();
    if (state !== "ended") return;
    this.#call = null;
    this.#drawing.rest();
    this.#say("Call to see it at work.");
  }

  #watch() {
    this.#call.sendMessage("watch", this.#inSight ? { on: true, node: this.#node } : { on: false });
  }

  #hear(t, d) {
    if (t === "graph") this.#show(d);
    if (t === "graph-node") this.#inspector.settings(d.node, d.settings);
    if (t === "graph-activity" && this.#rates) this.#act(d);
    if (t === "bot-interrupted" && this.#inSight) {
      this.#drawing.sweep();
      this.#say("Interrupted: every node has forgotten the reply, from the last to the first.");
    }
  }

  #act(activity) {
    const { nodes, links } = this.#rates.take(activity);
    this.#drawing.live(nodes, links);
    if (activity.frames) this.#inspector.frames(activity.node, activity.frames);
  }

  async #load() {
    const name = this.#chosen;
    if (!name || name === this.#graph?.name) return;
    try {
      const answer = await fetch(new URL(`/graphs/${encodeURIComponent(name)}`, this.server));
      const found = await answer.json();
      if (name !== this.#chosen || this.#call) return; // another one was chosen meanwhile
      if (answer.ok) this.#show(found);
      else this.#say(found.detail);
    } catch {
      this.#say("The server cannot be reached.");
    }
  }

  #show(graph) {
    this.#graph = graph;
    this.#rates = new Rates(graph);
    this.#panel.querySelector(".graph-name").textContent = graph.name;
    this.#panel.querySelector(".about").textContent = graph.about;
    this.#drawing.show(graph);
    this.#say(this.#call ? "What runs in this call. Times are per frame." : "Call to see it at work.");
    this.#look(graph.nodes.some((node) => node.name === this.#node) ? this.#node : null);
  }

  /** Look into a node; null for none. */
  #look(name) {
    const changed = name !== this.#node;
    this.#node = name;
    this.#drawing.mark(name);
    this.#inspector.show(this.#graph, name);
    if (changed && this.#call?.state === "live") this.#watch();
  }

  #leave() {
    const name = this.#node;
    this.#look(null);
    this.#drawing.focus(name);
  }

  #say(sentence) {
    this.#panel.querySelector(".state").textContent = sentence;
  }
}
