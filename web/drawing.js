/**
 * A graph as a drawing that is also a list: its nodes are buttons in file order, which the arrow keys walk through, over the curves of its links.
 * Where everything goes is the server's knowledge (docs/protocol.md, `GET /graphs/{name}`).
 *
 * Events: "choose", whose detail is the name of the node that was pressed.
 */

const SVG = "http://www.w3.org/2000/svg";
const SIDES = { caller: "the caller's side", floor: "who has the floor", reply: "the reply's side", observer: "only watches" };
/** Milliseconds from one node to the next above it, as an interruption resets them. */
const SWEEP_MS = 55;
/** How long each shows that it was. */
const SWEPT_MS = 500;

export class Drawing extends EventTarget {
  #place;
  #graph = null;
  #boxes = new Map();
  #curves = [];
  #resized;
  #swept = null;

  /** @param {HTMLElement} place where the drawing goes */
  constructor(place) {
    super();
    this.#place = place;
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(place);
    place.addEventListener("click", ({ target }) => this.#chosen(target.closest("button")));
    place.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  /** Draw this graph, as `GET /graphs/{name}` describes it. */
  show(graph) {
    this.#graph = graph;
    const { width, height, curves, boxes } = graph.drawing;
    const svg = element(SVG, "svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
    svg.append(tips(), ...curves.map(curve), ...curves.map(label));
    this.#curves = [...svg.querySelectorAll(".curve")];
    const list = Object.assign(document.createElement("ol"), { className: "boxes" });
    list.setAttribute("aria-label", `The nodes of ${graph.name}, in the order of the call`);
    list.append(...boxes.map((box, index) => this.#box(box, index)));
    this.#boxes = new Map([...list.querySelectorAll("button")].map((button) => [button.dataset.node, button]));
    const canvas = Object.assign(document.createElement("div"), { className: "canvas" });
    canvas.append(svg, list);
    this.#place.replaceChildren(canvas);
    this.#fit();
  }

  /** Mark this node as the one that is looked at; null for none. */
  mark(name) {
    for (const [each, button] of this.#boxes) button.setAttribute("aria-expanded", String(each === name));
    const related = (curve) => curve.dataset.source === name || curve.dataset.target === name;
    for (const curve of this.#curves) curve.classList.toggle("related", related(curve));
  }

  focus(name) {
    this.#boxes.get(name)?.focus();
  }

  /** What the nodes and links did in the last quarter of a second. @param {Map<string, {text, lit, working}>} nodes @param {boolean[]} links by index */
  live(nodes, links) {
    for (const [name, { text, lit, working }] of nodes) {
      const button = this.#boxes.get(name);
      button.querySelector(".rate").textContent = text;
      button.classList.toggle("lit", lit);
      button.classList.toggle("working", working);
    }
    const { curves } = this.#graph.drawing;
    this.#curves.forEach((curve, index) => curve.classList.toggle("active", this.#linksOf(curves[index]).some((link) => links[link])));
    this.#place.classList.add("live");
  }

  /** The call is over: nothing moves. */
  rest() {
    this.#place.classList.remove("live");
    for (const button of this.#boxes.values()) button.classList.remove("lit", "working");
    for (const curve of this.#curves) curve.classList.remove("active");
  }

  /** An interruption: the nodes forget the reply one after the other, from the last in the file to the first. */
  sweep() {
    const upward = [...this.#boxes.values()].reverse();
    upward.forEach((button, index) => {
      button.style.setProperty("--delay", `${index * SWEEP_MS}ms`);
      button.classList.remove("swept");
      void button.offsetWidth; // restarts the animation
      button.classList.add("swept");
    });
    clearTimeout(this.#swept);
    this.#swept = setTimeout(() => upward.forEach((button) => button.classList.remove("swept")), upward.length * SWEEP_MS + SWEPT_MS);
  }

  #linksOf({ source, target }) {
    return this.#graph.links.flatMap((link, index) => (link.source === source && link.target === target ? [index] : []));
  }

  #box({ name, use, side, x, y, width, height }, index) {
    const node = this.#graph.nodes[index];
    const button = Object.assign(document.createElement("button"), { type: "button", className: "box", tabIndex: index ? -1 : 0, title: node.about });
    Object.assign(button.dataset, { node: name, side });
    button.setAttribute("aria-expanded", "false");
    Object.assign(button.style, { left: `${x - width / 2}px`, top: `${y - height / 2}px`, width: `${width}px`, height: `${height}px` });
    button.append(words("strong", name), words("span", use, "use"), words("span", "", "rate"), words("span", this.#told(node, side), "visually-hidden"));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  /** What the curves show, in words. */
  #told({ name, about }, side) {
    const into = this.#graph.links.filter((link) => link.target === name).map(({ kind, source, feedback }) => `${kind} from ${source}${feedback ? " below" : ""}`);
    const out = this.#graph.links.filter((link) => link.source === name).map(({ kind, target, feedback }) => `${kind} to ${target}${feedback ? " above" : ""}`);
    const parts = [SIDES[side], about.replace(/[.!?]$/, ""), into.length && `Takes ${into.join(", ")}`, out.length && `Gives ${out.join(", ")}`];
    return `: ${parts.filter(Boolean).join(". ")}.`;
  }

  #chosen(button) {
    if (!button) return;
    this.#rove(button);
    this.dispatchEvent(new CustomEvent("choose", { detail: button.dataset.node }));
  }

  #keyPressed(event) {
    const all = [...this.#boxes.values()];
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    this.#rove(next);
    next.focus();
  }

  #rove(button) {
    for (const each of this.#boxes.values()) each.tabIndex = each === button ? 0 : -1;
  }

  /** As large as there is room for, but not so small that it cannot be read: then it scrolls. */
  #fit() {
    const canvas = this.#place.querySelector(".canvas");
    if (!canvas || !this.#place.clientWidth) return;
    const { width, height } = this.#graph.drawing;
    const scale = Math.min(1, Math.max(0.8, this.#place.clientWidth / width));
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px`, transform: `scale(${scale})`, marginBottom: `${height * (scale - 1)}px` });
  }
}

function curve({ source, target, feedback, path }) {
  const line = element(SVG, "path", { d: path, class: `curve${feedback ? " feedback" : ""}`, "marker-end": `url(#${feedback ? "tip-back" : "tip"})` });
  Object.assign(line.dataset, { source, target });
  return line;
}

function label({ label, x, y }) {
  const text = element(SVG, "text", { x, y: y + 4, class: "kind" });
  text.textContent = label;
  return text;
}

function tips() {
  const definitions = element(SVG, "defs", {});
  for (const id of ["tip", "tip-back"]) {
    const marker = element(SVG, "marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" });
    marker.append(element(SVG, "path", { d: "M0 .5 8 4 0 7.5z", class: id }));
    definitions.append(marker);
  }
  return definitions;
}

function element(namespace, tag, attributes) {
  const made = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function words(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}
