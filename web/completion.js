/** What may stand at a place in a graph file, from its JSON Schema (`GET /schema`): pure, without an editor. */

const INDENT = /^ */;
const KEY = /^( *)(?:- +)?("[^"]*"|'[^']*'|[A-Za-z_][\w.-]*) *:(?: +(.*))?$/;
/** What a word of a graph file is made of; of processors also the path and the class. */
const WORD = /[\w./:-]*$/;
const STRUCTURE = ["use", "from", "after", "before", "otherwise"];

/**
 * Where the cursor is.
 * @param {string} text of the whole file. @param {number} offset of the cursor, in UTF-16 units
 * @returns {{path: string[], key: string | null, beside: string[], from: number, use: string | null, otherUse: (name: string) => string | null} | null}
 *   path: the keys of the mappings around it, the outermost first; key: whose value is being written, null where a key is; beside: the keys that the
 *   mapping has already; from: where the word begins that the cursor ends; use: the processor of the node around it. Null inside comments and long texts.
 */
export function contextAt(text, offset) {
  const lines = text.slice(0, offset).split("\n");
  const line = lines.length - 1;
  const here = lines[line];
  const all = text.split("\n");
  if (inComment(here)) return null;
  const word = WORD.exec(here)[0];
  const from = offset - word.length;
  const start = flowStart(lines);
  const context = start ? flowContext(text.slice(start.offset, from), blockPath(all, start.line, start.column)) : blockContext(all, line, here.slice(0, here.length - word.length));
  if (!context) return null;
  const node = context.path[0] === "nodes" ? (context.path[1] ?? null) : null;
  const use = context.path.length > 2 && context.path[2] === "otherwise" ? null : (context.uses ?? (node ? useOf(all, node) : null));
  return { ...context, from, use };
}

function inComment(before) {
  return /(^|\s)#/.test(before.replace(/"[^"]*"|'[^']*'/g, ""));
}

/** The first { or [ that is open at the end of these lines, with its line and offset. */
function flowStart(lines) {
  const open = [];
  let offset = 0;
  lines.forEach((text, line) => {
    const bare = text.replace(/"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:^|\s)#.*$/g, (found) => " ".repeat(found.length));
    const nested = open.length > 0;
    if (KEY.test(bare) && !nested) open.length = 0;
    [...bare.matchAll(/[{}[\]]/g)].forEach(({ 0: sign, index }) => {
      if ("}]".includes(sign)) open.pop();
      else if (bare[index - 1] !== "$") open.push({ line, column: index, offset: offset + index });
    });
    offset += text.length + 1;
  });
  return open[0] ?? null;
}

/** Inside { }: `before` begins with the opening brace. */
function flowContext(before, outer) {
  const levels = [];
  for (const [token] of before.matchAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?|[{}[\],]|:(?=\s|$)|[^\s{}[\],:"']+(?::(?=\S)[^\s{}[\],]*)*/g)) {
    const level = levels.at(-1);
    if (/^["']/.test(token) && (token.length === 1 || token.at(-1) !== token[0])) return null; // in the middle of a text
    if (token === "{" || token === "[") {
      levels.push({ list: token === "[", keys: [], key: null, value: null, values: {} });
    } else if (token === "}" || token === "]") levels.pop();
    else if (!level) return null;
    else if (token === ",") level.key = level.list ? level.key : null;
    else if (token === ":") {
      level.key = level.word;
      level.keys.push(level.word);
    } else {
      level.word = token.replace(/^["']|["']$/g, "");
      if (level.key) level.values[level.key] = level.word;
    }
  }
  const level = levels.at(-1);
  if (!level) return null;
  const inner = levels.slice(0, -1).map((each) => each.key).filter(Boolean);
  const path = [...outer, ...inner];
  if (level.list) {
    const key = path.pop() ?? null;
    return { path, key, beside: [], uses: levels[0].values.use ?? null };
  }
  return { path, key: level.key, beside: level.keys, uses: levels[0].values.use ?? null };
}

/** On a line of its own: `before` is what stands before the word. */
function blockContext(all, line, before) {
  if (/^ *$/.test(before) || /^ *- +$/.test(before)) {
    const indent = before.length;
    const path = blockPath(all, line, indent);
    if (path === null) return null;
    return { path, key: null, beside: siblings(all, line, indent) };
  }
  const found = KEY.exec(before.trimEnd());
  if (!found || found[3]) return null; // in the middle of a text
  const path = blockPath(all, line, found[1].length);
  return path && { path, key: unquoted(found[2]), beside: [] };
}

/** The keys of the mappings around a line that is indented this far. Null inside a text of several lines. */
function blockPath(all, line, column) {
  const path = [];
  let indent = Math.min(column, INDENT.exec(all[line])[0].length || column);
  const own = KEY.exec(all[line]);
  if (own && column > own[1].length) path.unshift(unquoted(own[2]));
  for (let at = line - 1; at >= 0 && indent > 0; at -= 1) {
    const found = KEY.exec(all[at].replace(/\s+#.*$/, "").trimEnd());
    if (!found || found[1].length >= indent) continue;
    if (/^[|>][+-]?\d?$/.test(found[3] ?? "")) return null;
    if (found[3]) return path.length ? path : null;
    path.unshift(unquoted(found[2]));
    indent = found[1].length;
  }
  return path;
}

/** The keys of the mapping that this line is in. */
function siblings(all, line, indent) {
  const keys = [];
  for (const step of [-1, 1]) {
    for (let at = line + step; at >= 0 && at < all.length; at += step) {
      const depth = INDENT.exec(all[at])[0].length;
      if (!all[at].trim() || all[at].trim().startsWith("#") || depth > indent) continue;
      if (depth < indent) break;
      const found = KEY.exec(all[at]);
      if (found) keys.push(unquoted(found[2]));
    }
  }
  return keys;
}

/** The processor of a node, as the file has it; null when it does not say. */
function useOf(all, node) {
  const at = all.findIndex((text) => new RegExp(`^ +["']?${node}["']? *:`).test(text));
  if (at < 0) return null;
  const found = KEY.exec(all[at].replace(/\s+#.*$/, ""));
  const value = found?.[3]?.trim() ?? "";
  if (value.startsWith("{")) return /[{,] *use *: *([^\s,}]+)/.exec(value)?.[1] ?? null;
  if (value) return value;
  for (let line = at + 1; line < all.length; line += 1) {
    const depth = INDENT.exec(all[line])[0].length;
    if (all[line].trim() && depth <= found[1].length) break;
    const use = /^ +use *: *(\S+)/.exec(all[line]);
    if (use) return use[1];
  }
  return null;
}

function unquoted(key) {
  return key.replace(/^["']|["']$/g, "");
}

export class Grammar {
  #schema;
  #processors = new Map();

  /** @param schema as `GET /schema` gives it */
  constructor(schema) {
    this.#schema = schema;
    for (const { if: condition, then } of this.#resolve(schema.properties.nodes.additionalProperties).flatMap((each) => each.allOf ?? [])) {
      this.#processors.set(condition.properties.use.const, then);
    }
  }

  /**
   * @param context of contextAt. @param {{name, use}[]} nodes of the graph as it was last known. @param {string[]} graphs that can be extended
   * @returns {{label, detail, info, apply?}[]}
   */
  proposals({ path, key, beside, use }, nodes, graphs) {
    const known = use ?? nodes.find((node) => node.name === path[1])?.use;
    if (key === null) return this.#keys(path, beside, known, nodes);
    if (!path.length) return key === "extends" ? graphs.map((name) => ({ label: name, detail: "graph" })) : [];
    if (path[0] === "allow") return [{ label: "any", detail: "whatever the option takes" }];
    if (path[0] !== "nodes") return [];
    if (path.length === 1 || (key === "use" && (path.length === 2 || path.at(-1) === "otherwise"))) return this.#uses();
    if (path.length === 2 && ["from", "after", "before"].includes(key)) return this.#places(key, path[1], nodes);
    return this.#values(this.#option([...path.slice(2), key], known));
  }

  /** What stands at a place, in words: for who points at it. */
  explain({ path, key, use }, word, nodes) {
    const known = use ?? nodes.find((node) => node.name === path[1])?.use;
    if (this.#processors.has(word)) return { title: word, text: this.#processors.get(word).description };
    if (path[0] === "nodes" && path.length >= 2) {
      const option = this.#option([...path.slice(2), key ?? word], known);
      if (option) return { title: key ?? word, text: [option.description, shownDefault(option)].filter(Boolean).join(" ") };
      return STRUCTURE.includes(word) ? { title: word, text: this.#structure(word) } : null;
    }
    const top = path.length ? null : this.#schema.properties[key ?? word];
    return top?.description ? { title: key ?? word, text: top.description } : null;
  }

  #keys(path, beside, use, nodes) {
    if (!path.length) return this.#fresh(Object.entries(this.#schema.properties), beside);
    if (path[0] === "allow" && path.length === 1) return nodes.flatMap(({ name, use }) => this.#fresh(Object.entries(this.#options(use)), [], `${name}.`));
    if (path[0] !== "nodes") return [];
    if (path.length === 1) return nodes.filter(({ name }) => !beside.includes(name)).map(({ name, use }) => ({ label: name, detail: use, apply: `${name}: ` }));
    if (path.length === 2) {
      const structure = STRUCTURE.map((name) => [name, { description: this.#structure(name) }]);
      return [...this.#fresh(Object.entries(this.#options(use)), beside), ...this.#fresh(structure, beside).map((each) => ({ ...each, boost: -1 }))];
    }
    return this.#fresh(Object.entries(this.#properties(this.#option(path.slice(2), use))), beside);
  }

  #fresh(entries, beside, prefix = "") {
    return entries
      .filter(([name, option]) => !beside.includes(name) && typeof option === "object")
      .map(([name, option]) => ({ label: prefix + name, detail: shownDefault(option), info: option.description, apply: `${prefix}${name}: ` }));
  }

  #uses() {
    return [...this.#processors].map(([name, { description }]) => ({ label: name, detail: "processor", info: description }));
  }

  #places(key, node, nodes) {
    const at = nodes.findIndex(({ name }) => name === node);
    const there = key === "from" && at >= 0 ? nodes.slice(0, at) : nodes.filter(({ name }) => name !== node);
    return [...there].reverse().map(({ name, use }, index) => ({ label: name, detail: use, boost: -index }));
  }

  #values(option) {
    const found = new Map();
    for (const each of this.#resolve(option ?? {})) {
      for (const value of each.enum ?? ("const" in each ? [each.const] : [])) found.set(String(value), "value");
      if (each.type === "boolean") for (const value of ["true", "false"]) found.set(value, "value");
      for (const value of each.examples ?? []) found.set(String(value), "for example");
    }
    const fallback = option?.default;
    if (["string", "number", "boolean"].includes(typeof fallback)) found.set(String(fallback), "default");
    return [...found].map(([label, detail]) => ({ label, detail }));
  }

  #structure(name) {
    const mapping = this.#resolve(this.#schema.properties.nodes.additionalProperties).find((each) => each.properties);
    return mapping.properties[name].description;
  }

  #options(use) {
    const { use: _u, from: _f, after: _a, before: _b, otherwise: _o, ...options } = this.#processors.get(use)?.properties ?? {};
    return options;
  }

  /** The schema of an option by its path inside the node. */
  #option([name, ...inner], use) {
    const option = this.#options(use)[name];
    return inner.reduce((outer, key) => outer && this.#properties(outer)[key], option) || null;
  }

  #properties(option) {
    return Object.assign({}, ...this.#resolve(option ?? {}).map((each) => each.properties ?? {}));
  }

  /** Every alternative of a schema, references followed. */
  #resolve(schema) {
    if (schema.$ref) {
      const name = schema.$ref.replace("#/$defs/", "");
      return this.#resolve(this.#schema.$defs[name]);
    }
    return [schema, ...(schema.anyOf ?? []).flatMap((each) => this.#resolve(each))];
  }
}

function shownDefault({ default: value }) {
  return ["string", "number", "boolean"].includes(typeof value) ? `default ${value}` : undefined;
}
