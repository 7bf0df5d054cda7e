/** What a caller may set for one call, where the chosen graph allows something (docs/graphs.md, "What a client may set"): a field for each option. */

export class SettingsForm {
  #form;
  #graph = null;
  #offers = [];
  #wanted = new Map(); // graph → what was entered there, by the option's name

  /** @param {HTMLFormElement} form with <details> and in it .fields */
  constructor(form) {
    this.#form = form;
    form.addEventListener("change", () => this.#wanted.set(this.#graph, this.#entered()));
  }

  /** @param {string | null} graph that will be called. @param {object[]} offers its `settings` in `GET /graphs` */
  choose(graph, offers) {
    this.#graph = graph;
    this.#offers = offers;
    this.#form.querySelector(".fields").replaceChildren(...offers.map(field));
    for (const [name, entered] of this.#wanted.get(graph) ?? []) enter(this.#form.elements[name], entered);
    this.show(document.body.dataset.phase === "idle");
  }

  /** Whether the caller is choosing: with nothing to set there is nothing to see. */
  show(choosing) {
    this.#form.hidden = !choosing || !this.#offers.length;
  }

  /** Whether everything entered is within its limits; the browser says of the first that is not what it wants. */
  fine() {
    if (this.#form.hidden || this.#form.checkValidity()) return true;
    this.#form.querySelector("details").open = true; // or there is nothing to point at
    return this.#form.reportValidity();
  }

  /** What differs from the graph's own: `node.option` → value, as a file has it. */
  get values() {
    const controls = this.#offers.map((offer) => [offer, this.#form.elements[offer.name]]);
    const changed = controls.filter(([offer, control]) => raw(control) !== shown(offer.default) && !left(offer, control));
    return Object.fromEntries(changed.map(([offer, control]) => [offer.name, value(offer, control)]));
  }

  #entered() {
    return this.#offers.map(({ name }) => [name, raw(this.#form.elements[name])]);
  }
}

/** An option's label, its control and what it is about. */
function field(offer, index) {
  const row = document.createElement("p");
  const control = CONTROLS[offer.kind]?.(offer) ?? written(offer);
  const about = Object.assign(document.createElement("span"), { className: "quiet", id: `about-${index}`, textContent: offer.about.replaceAll("`", "") });
  const label = Object.assign(document.createElement("label"), { htmlFor: `setting-${index}`, textContent: offer.name });
  control.id = label.htmlFor;
  control.name = offer.name;
  control.setAttribute("aria-describedby", about.id);
  enter(control, shown(offer.default));
  row.append(label, control, about);
  return row;
}

const CONTROLS = {
  choice: ({ one_of: choices, default: own }) => {
    const select = document.createElement("select");
    const known = choices.map(shown);
    select.append(...(known.includes(shown(own)) ? known : [shown(own), ...known]).map((text) => new Option(text || "as the server has it", text)));
    return select;
  },
  number: ({ min, max }) => Object.assign(document.createElement("input"), { type: "number", step: "any", min: min ?? "", max: max ?? "" }),
  switch: () => Object.assign(document.createElement("input"), { type: "checkbox" }),
  duration: () => Object.assign(document.createElement("input"), { type: "text", placeholder: "240ms or 2s" }),
};

/** A text, or what has no control of its own. */
function written({ max_length: longest, pattern }) {
  const input = Object.assign(document.createElement("input"), { type: "text", spellcheck: false });
  if (longest) input.maxLength = longest;
  if (pattern && means(pattern)) input.pattern = pattern;
  return input;
}

/** Python's regular expressions are not quite the browser's: the server has the last word anyway. */
function means(pattern) {
  try {
    return Boolean(new RegExp(`^(?:${pattern})$`, "v"));
  } catch {
    return false;
  }
}

/** What is entered there, as text. */
function raw(control) {
  return control.type === "checkbox" ? String(control.checked) : control.value;
}

/** Emptied: no number, and no duration, is what the graph has. An empty text is a text. */
function left({ kind }, control) {
  return ["number", "duration"].includes(kind) && !control.value;
}

function enter(control, text) {
  if (!control) return; // the graph does not allow it any more
  if (control.type === "checkbox") control.checked = text === "true";
  else control.value = text;
}

/** A value of a file as text. */
function shown(own) {
  if (own === null || own === undefined) return "";
  return typeof own === "object" ? JSON.stringify(own) : String(own);
}

/** The text as a value of a file. */
function value({ kind, one_of: choices }, control) {
  if (kind === "choice") return choices.find((choice) => shown(choice) === control.value) ?? null;
  if (kind === "switch") return control.checked;
  return kind === "number" ? control.valueAsNumber : control.value;
}
