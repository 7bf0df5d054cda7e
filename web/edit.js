/**
 * The view "Edit", in developer mode: the text of a graph's file, checked as it is typed, called before it is saved, saved without losing anybody's edit.
 *
 * Events: "try", whose detail is {graph, draft} for a call; "graph", whose detail is the graph that the text stands for, as `GET /graphs/{name}` has it;
 * "saved", whose detail is the graph's name.
 */

import { Workshop } from "./workshop.js";

/** How long typing must rest before the text is checked. */
const REST_MS = 250;

export class EditView extends EventTarget {
  #workshop;
  #parts;
  #editor = null;
  #source = null;
  #wanted = null;
  #mistakes = [];
  #timer = null;
  #checks = 0;
  #inSight = false;

  /** @param {HTMLElement} panel whose parts are named by data-part. @param {string} server its address */
  constructor(panel, server) {
    super();
    this.#workshop = new Workshop(server);
    this.#parts = Object.fromEntries([...panel.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.#listen();
  }

  /** Whether the text differs from the file. */
  get dirty() {
    return this.#editor !== null && this.#source !== null && this.#editor.text !== this.#source.yaml;
  }

  /** This graph is chosen for the next call: it is the one to edit, unless another is being edited. */
  choose(name) {
    if (!name || name === this.#wanted || this.dirty) return;
    this.#wanted = name;
    if (this.#inSight) this.#open(name);
  }

  shown(on) {
    this.#inSight = on;
    if (on) this.#enter();
  }

  #listen() {
    const { graph, try: tryIt, save, saveAs, naming, cancel, theirs, mine } = this.#parts;
    graph.addEventListener("change", () => this.#switch(graph.value));
    tryIt.addEventListener("click", () => this.#try());
    save.addEventListener("click", () => this.#save());
    saveAs.addEventListener("click", () => this.#ask(true));
    cancel.addEventListener("click", () => this.#ask(false));
    naming.addEventListener("submit", (event) => event.preventDefault() || this.#saveAs());
    naming.addEventListener("keydown", ({ key }) => key === "Escape" && this.#ask(false));
    theirs.addEventListener("click", () => this.#takeTheirs());
    mine.addEventListener("click", () => this.#keepMine());
    addEventListener("beforeunload", (event) => this.dirty && event.preventDefault());
    addEventListener("focus", () => this.#inSight && this.#lookAgain());
  }

  // --- a file is opened -------------------------------------------------------------------------------------------------------------

  async #enter() {
    try {
      await this.#prepare();
      await this.#list();
      if (this.#source) await this.#lookAgain();
      else await this.#open(this.#wanted ?? this.#parts.graph.value);
    } catch (problem) {
      this.#say(problem.message, "problem");
    }
  }

  /** The editor itself is only loaded by who edits: it is the largest part of the page. */
  async #prepare() {
    if (this.#editor) return;
    const [{ Editor }, schema] = await Promise.all([import("./editor.js"), this.#workshop.schema()]);
    if (this.#editor) return;
    this.#editor = new Editor(this.#parts.text, "The graph's text");
    this.#editor.know({ schema });
    this.#editor.addEventListener("change", () => this.#changed());
    this.#editor.addEventListener("save", () => this.#save());
    this.#editor.addEventListener("try", () => this.#try());
  }

  async #list() {
    const graphs = await this.#workshop.graphs();
    this.#editor.know({ graphs });
    const { graph } = this.#parts;
    graph.replaceChildren(...graphs.map((name) => new Option(name, name, false, name === (this.#source?.name ?? this.#wanted))));
  }

  async #open(name) {
    if (!this.#editor || !name) return;
    try {
      this.#source = await this.#workshop.source(name);
    } catch (problem) {
      return this.#say(problem.message, "problem");
    }
    this.#parts.graph.value = name;
    this.#editor.show(this.#source.yaml);
    this.#conflict("");
    this.#show();
    await this.#check();
  }

  async #switch(name) {
    if (this.dirty && !confirm(`Leave '${this.#source.name}' without saving what you changed?`)) {
      this.#parts.graph.value = this.#source.name;
      return;
    }
    await this.#open(name);
  }

  /** Somebody may have changed the file meanwhile, in another editor. */
  async #lookAgain() {
    if (!this.#source) return;
    const now = await this.#workshop.source(this.#source.name).catch(() => null);
    if (!now || now.etag === this.#source.etag) return;
    if (this.dirty) this.#conflict(`${now.name} was changed in another editor since it was opened here.`);
    else await this.#adopt(now);
  }

  // --- checking ---------------------------------------------------------------------------------------------------------------------

  #changed() {
    this.#show();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), REST_MS);
  }

  /** What the server says to the text as it is now. */
  async #check() {
    clearTimeout(this.#timer);
    const check = (this.#checks += 1);
    const text = this.#editor.text;
    let found;
    try {
      found = await this.#workshop.check(this.#source.name, text);
    } catch (problem) {
      return this.#say(problem.message, "problem");
    }
    if (check !== this.#checks || text !== this.#editor.text) return; // a later one is on its way
    const notes = found.notes.map((note) => ({ ...note, kind: "info" }));
    this.#mistakes = found.mistakes;
    this.#editor.mark([...found.mistakes, ...notes]);
    this.#tell([...found.mistakes, ...notes]);
    if (found.graph) {
      this.#editor.know({ nodes: found.graph.nodes });
      this.dispatchEvent(new CustomEvent("graph", { detail: found.graph }));
    }
    this.#show(found.problem);
  }

  /** The mistakes as a list; each leads to its place. */
  #tell(places) {
    const items = places.map(({ line, column, message, file, kind }) => {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", className: kind ?? "error", disabled: file !== null });
      const at = Object.assign(document.createElement("span"), { className: "at", textContent: file ? `${file}:${line}` : `Line ${line}` });
      button.append(at, ` ${message}`);
      button.addEventListener("click", () => this.#editor.jump(line, column));
      item.append(button);
      return item;
    });
    this.#parts.mistakes.replaceChildren(...items);
    this.#editor.stayInSight();
  }

  // --- trying and saving ------------------------------------------------------------------------------------------------------------

  async #try() {
    if (!this.#source) return;
    await this.#check();
    if (this.#mistakes.length) return this.#editor.jump(this.#mistakes[0].line, this.#mistakes[0].column);
    this.dispatchEvent(new CustomEvent("try", { detail: { graph: this.#source.name, draft: this.#editor.text } }));
  }

  async #save() {
    if (!this.#source || !this.dirty) return;
    if (this.#source.locked) return this.#ask(true);
    await this.#write(this.#source.name, this.#source.etag);
  }

  async #saveAs() {
    const name = this.#parts.name.value.trim();
    if (await this.#write(name, null)) {
      this.#ask(false);
      await this.#list();
      this.#editor.focus();
    }
  }

  /** @returns {Promise<boolean>} whether it is in the file now */
  async #write(name, etag) {
    const text = this.#editor.text;
    try {
      const saved = await this.#workshop.save(name, text, etag);
      this.#source = { ...saved, yaml: text };
    } catch (problem) {
      if (problem.status === 412 && etag) this.#conflict(problem.message);
      else this.#say(problem.message, "problem");
      return false;
    }
    this.#conflict("");
    this.#show();
    this.dispatchEvent(new CustomEvent("saved", { detail: name }));
    return true;
  }

  #ask(open) {
    const { naming, name, saveAs } = this.#parts;
    naming.hidden = !open;
    if (open) {
      name.value = `${this.#source?.name ?? "my"}-2`;
      name.select();
    } else if (document.activeElement === document.body || naming.contains(document.activeElement)) saveAs.focus();
  }

  #conflict(sentence) {
    this.#parts.conflict.hidden = !sentence;
    this.#parts.conflictText.textContent = sentence;
  }

  async #takeTheirs() {
    await this.#adopt(await this.#workshop.source(this.#source.name));
    this.#editor.focus();
  }

  /** The file's text takes the place of ours, as an edit: undo brings ours back. */
  async #adopt(source) {
    this.#source = source;
    this.#editor.show(source.yaml, { fresh: false });
    this.#conflict("");
    this.#show();
    await this.#check();
  }

  async #keepMine() {
    const now = await this.#workshop.source(this.#source.name);
    await this.#write(now.name, now.etag);
    this.#editor.focus();
  }

  // --- what is shown ----------------------------------------------------------------------------------------------------------------

  #show(problem = null) {
    const { save, saveAs, try: tryIt } = this.#parts;
    const count = this.#mistakes.length;
    tryIt.disabled = saveAs.disabled = !this.#source;
    save.disabled = !this.dirty || count > 0;
    document.title = this.dirty ? "● voicegraph" : "voicegraph";
    const file = this.dirty ? "Not saved yet" : `As in ${this.#source?.file ?? "the file"}`;
    if (count) this.#say(`${count === 1 ? "1 mistake" : `${count} mistakes`} · ${file}`, "problem");
    else this.#say(problem ? `${problem} · ${file}` : this.#source?.locked && this.dirty ? this.#source.locked : file, problem ? "wait" : "");
  }

  #say(sentence, tone = "") {
    this.#parts.state.textContent = sentence;
    this.#parts.state.dataset.tone = tone;
  }
}
