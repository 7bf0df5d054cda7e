/** From the server's `graph-activity` messages to what a drawing says of each node: pure, without the page. */

/** Messages over which figures are taken: a second. */
const WINDOW = 4;

export class Rates {
  #graph;
  #recent = [];

  /** @param graph as `GET /graphs/{name}` describes it */
  constructor(graph) {
    this.#graph = graph;
  }

  /** One message. @returns {{nodes: Map<string, {text, lit, working}>, links: boolean[]}} what is to be shown after it */
  take({ nodes, links }) {
    this.#recent = [...this.#recent, { nodes, links }].slice(-WINDOW);
    const shown = this.#graph.nodes.map(({ name }, index) => [name, this.#node(name, index, nodes[index], links)]);
    return { nodes: new Map(shown), links: links.map(([frames]) => frames > 0) };
  }

  #node(name, index, [, , working], links) {
    const seconds = (this.#recent.length * 250) / 1000;
    const spent = sum(this.#recent.map(({ nodes }) => nodes[index][0]));
    const handled = sum(this.#recent.map(({ nodes }) => nodes[index][1]));
    const frames = sum(this.#recent.map((message) => this.#passed(name, message.links)));
    const rate = frames ? `${perSecond(frames / seconds)}/s` : "";
    const time = working ? "at work" : handled ? duration(spent / handled) : "";
    return { text: [rate, time].filter(Boolean).join(" · "), lit: this.#passed(name, links) > 0, working: working > 0 };
  }

  /** Frames that came to this node; of one that nothing comes to, those that left it, each counted once however many hear it. */
  #passed(name, links) {
    const into = this.#graph.links.flatMap((link, index) => (link.target === name ? [links[index][0]] : []));
    if (into.length) return sum(into);
    const outlets = new Map();
    this.#graph.links.forEach((link, index) => {
      if (link.source === name) outlets.set(link.out, Math.max(outlets.get(link.out) ?? 0, links[index][0]));
    });
    return sum([...outlets.values()]);
  }
}

export function duration(ms) {
  if (ms < 0.1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function perSecond(rate) {
  return rate < 10 && !Number.isInteger(rate) ? rate.toFixed(1) : String(Math.round(rate));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
