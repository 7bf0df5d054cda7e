/**
 * A text field for graph files: CodeMirror with what the server knows of graphs.
 *
 * It lives in a shadow root, because there CodeMirror puts its styles into adopted style sheets, which the page's Content-Security-Policy lets pass; in
 * the document it would need a <style> element and with it `unsafe-inline`.
 */

import { contextAt, Grammar } from "./completion.js";
import { highlighting, theme } from "./editor-theme.js";
import * as cm from "./vendor/codemirror.js";

export class Editor extends EventTarget {
  #view;
  #grammar = null;
  #nodes = [];
  #graphs = [];
  #setting = false;

  /**
   * Events: "change" when the text did, "save" and "try" when their keys were pressed.
   * @param {HTMLElement} host gets a shadow root. @param {string} label what a screen reader calls it
   */
  constructor(host, label) {
    super();
    const root = host.attachShadow({ mode: "open", delegatesFocus: true });
    const parent = root.appendChild(document.createElement("div"));
    parent.style.height = "100%";
    host.addEventListener("keydown", (event) => event.stopPropagation()); // the space bar is no push-to-talk here
    this.#view = new cm.EditorView({ parent, root, state: this.#state("", label) });
    this.label = label;
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  /** Put another text in place. fresh: as a new file, without a way back; else as an edit that can be undone. */
  show(text, { fresh = true } = {}) {
    this.#setting = true;
    if (fresh) this.#view.setState(this.#state(text, this.label));
    else this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text }, annotations: cm.isolateHistory.of("full") });
    this.#setting = false;
  }

  /** What completion knows: the schema, the graph's nodes, and the graphs that can be extended. */
  know({ schema, nodes, graphs }) {
    if (schema) this.#grammar = new Grammar(schema);
    if (nodes) this.#nodes = nodes;
    if (graphs) this.#graphs = graphs;
  }

  /** Underline these: line, column and end as the server counts them, in characters from 1. */
  mark(mistakes) {
    const doc = this.#view.state.doc;
    const found = mistakes.filter(({ line, file }) => !file && line <= doc.lines);
    const marks = found.map(({ line, column, end, message, kind }) => {
      const row = doc.line(line);
      const from = row.from + units(row.text, column - 1);
      return { from, to: Math.max(from, row.from + units(row.text, end - 1)), severity: kind ?? "error", message };
    });
    this.#view.dispatch(cm.setDiagnostics(this.#view.state, marks));
  }

  /** Put the cursor there and bring it into sight. */
  jump(line, column) {
    const row = this.#view.state.doc.line(Math.min(line, this.#view.state.doc.lines));
    const at = row.from + units(row.text, column - 1);
    this.#view.dispatch({ selection: { anchor: at }, effects: cm.EditorView.scrollIntoView(at, { y: "center" }) });
    this.#view.focus();
  }

  focus() {
    this.#view.focus();
  }

  /** There is less room than before: who writes still wants to see where. */
  stayInSight() {
    if (this.#view.hasFocus) this.#view.dispatch({ effects: cm.EditorView.scrollIntoView(this.#view.state.selection.main.head) });
  }

  #state(doc, label) {
    const press = (type) => () => this.dispatchEvent(new Event(type)) || true;
    return cm.EditorState.create({
      doc,
      extensions: [
        cm.lineNumbers(),
        cm.lintGutter(),
        cm.highlightActiveLine(),
        cm.highlightActiveLineGutter(),
        cm.highlightSpecialChars(),
        cm.history(),
        cm.drawSelection(),
        cm.indentOnInput(),
        cm.indentUnit.of("  "),
        cm.bracketMatching(),
        cm.closeBrackets(),
        cm.highlightSelectionMatches(),
        cm.search({ top: true }),
        cm.yaml(),
        cm.autocompletion({ override: [(context) => this.#complete(context)], icons: false }),
        cm.hoverTooltip((view, at) => this.#explain(view, at)),
        cm.EditorView.lineWrapping,
        cm.EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
        cm.EditorView.updateListener.of((update) => update.docChanged && !this.#setting && this.dispatchEvent(new Event("change"))),
        theme,
        highlighting,
        cm.keymap.of([
          { key: "Mod-s", run: press("save"), preventDefault: true },
          { key: "Mod-Enter", run: press("try"), preventDefault: true },
          ...cm.closeBracketsKeymap,
          ...cm.completionKeymap,
          ...cm.lintKeymap,
          ...cm.searchKeymap,
          ...cm.historyKeymap,
          ...cm.defaultKeymap,
          cm.indentWithTab,
        ]),
      ],
    });
  }

  #complete({ state, pos, explicit }) {
    const context = this.#grammar && contextAt(state.doc.toString(), pos);
    if (!context || (!explicit && context.from === pos && context.key === null)) return null;
    const options = this.#grammar.proposals(context, this.#nodes, this.#graphs);
    return options.length ? { from: context.from, options, validFor: /^[\w./:-]*$/ } : null;
  }

  #explain(view, at) {
    const row = view.state.doc.lineAt(at);
    const column = at - row.from;
    const begin = /[\w.-]*$/.exec(row.text.slice(0, column)).index;
    const end = column + /^[\w.-]*/.exec(row.text.slice(column))[0].length;
    const word = row.text.slice(begin, end);
    const context = this.#grammar && word && contextAt(view.state.doc.toString(), row.from + end);
    const found = context && this.#grammar.explain(context, word, this.#nodes);
    if (!found?.text) return null;
    return { pos: row.from + begin, end: row.from + end, above: true, create: () => ({ dom: explanation(found) }) };
  }
}

function explanation({ title, text }) {
  const dom = Object.assign(document.createElement("div"), { className: "cm-explanation" });
  dom.append(Object.assign(document.createElement("strong"), { textContent: title }), Object.assign(document.createElement("p"), { textContent: text }));
  return dom;
}

/** The server counts characters, CodeMirror UTF-16 units: they differ from the first emoji on. */
function units(text, characters) {
  return [...text].slice(0, characters).join("").length;
}
