/** What one node of a graph is: its ports, and for the developer its settings and the last frames that went through it. */

export class Inspector {
  #place;
  #node = null;
  #leave;

  /** @param {HTMLElement} place. @param {() => void} leave called when it is to be closed */
  constructor(place, leave) {
    this.#place = place;
    this.#leave = leave;
  }

  /** Show this node of the graph, or nothing (null). */
  show(graph, name) {
    this.#node = graph?.nodes.find((node) => node.name === name) ?? null;
    this.#place.hidden = !this.#node;
    if (!this.#node) return;
    const { use, about, settings } = this.#node;
    const close = make("button", { type: "button", className: "close", ariaLabel: `Close ${name}` }, "×");
    close.addEventListener("click", this.#leave);
    const title = make("h3", {}, make("span", {}, name), use === name ? "" : make("code", {}, use), close);
    this.#place.replaceChildren(title, make("p", {}, about), ports(graph, this.#node), make("div", { className: "frames" }), make("div", { className: "settings" }));
    this.settings(name, settings);
  }

  /** The node's settings, which only a developer gets. */
  settings(name, settings) {
    if (name !== this.#node?.name || !settings) return;
    const rows = settings.map(({ name, value, written }) =>
      make("tr", { className: written ? "written" : "" }, make("th", { scope: "row" }, name), make("td", {}, said(value), written ? "" : make("small", {}, " default"))),
    );
    const none = make("p", { className: "quiet" }, "This node has none.");
    this.#place.querySelector(".settings").replaceChildren(make("h4", {}, "Settings"), rows.length ? make("table", {}, make("tbody", {}, ...rows)) : none);
  }

  /** The frames that the server still has of this node, the oldest first. Of sound only the last of each port: one is like another. */
  frames(name, frames) {
    if (name !== this.#node?.name) return;
    const last = new Map(frames.map((frame, index) => [`${frame.way} ${frame.port}`, index]));
    const shown = frames.filter((frame, index) => !("level" in frame) || last.get(`${frame.way} ${frame.port}`) === index);
    const rows = shown.sort((a, b) => a.ago_ms - b.ago_ms).map(row);
    const none = make("p", { className: "quiet" }, "Nothing has passed yet.");
    this.#place.querySelector(".frames").replaceChildren(make("h4", {}, "Last frames"), rows.length ? make("ol", {}, ...rows) : none);
  }
}

function ports(graph, node) {
  const ends = (links, end) => [...new Set(links.map((link) => link[end]))].join(", ");
  const row = (arrow, word, { name, kind }, others) =>
    make("li", { className: others ? "" : "open" }, make("span", { ariaHidden: "true" }, arrow), make("b", {}, name), ` ${kind} `, make("span", { className: "ends" }, others ? `${word} ${others}` : "not linked"));
  const inputs = node.inputs.map((port) => row("→", "from", port, ends(graph.links.filter((link) => link.target === node.name && link.into === port.name), "source")));
  const outputs = node.outputs.map((port) => row("←", "to", port, ends(graph.links.filter((link) => link.source === node.name && link.out === port.name), "target")));
  return make("ul", { className: "ports" }, ...inputs, ...outputs);
}

function row({ way, port, kind, ago_ms, ...fields }) {
  const at = new Date(Date.now() - ago_ms);
  const clock = `${at.toLocaleTimeString("en-GB")}.${Math.floor(at.getMilliseconds() / 100)}`;
  const arrow = make("span", { ariaLabel: way === "in" ? "in at" : "out at", role: "img" }, way === "in" ? "→" : "←");
  return make("li", {}, make("time", {}, clock), " ", arrow, ` ${port} `, make("b", {}, kind), " ", ...glimpse(fields));
}

/** What stands in a frame: sound as its length and level, words as they are. */
function glimpse({ text, ms, rate, level, epoch, pcm, ...rest }) {
  const parts = [];
  if (text !== undefined) parts.push(make("q", {}, text));
  if (level !== undefined) parts.push(make("meter", { min: -60, max: 0, value: level, ariaLabel: "level" }), ` ${ms} ms, ${rate / 1000} kHz, ${level} dB`);
  if (epoch !== undefined) rest = { reply: epoch, ...rest };
  const others = Object.entries(rest).map(([name, value]) => (value === true ? name : value === false ? `not ${name}` : `${name} ${value}`));
  return [...parts, make("span", { className: "fields" }, ` ${others.join(" · ")}`)];
}

function said(value) {
  if (value === null) return "–";
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, part]) => `${name} ${said(part)}`).join("; ");
  return value === true ? "yes" : value === false ? "no" : String(value);
}

function make(tag, properties, ...content) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}
