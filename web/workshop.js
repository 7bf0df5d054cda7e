/** Developer mode over HTTP (docs/protocol.md). Everything rejects with an Error whose message is a sentence; `status` has the number. */

export class Workshop {
  #server;

  /** @param {string} server its address */
  constructor(server) {
    this.#server = server;
  }

  /** The names of all graphs, those with mistakes too. */
  async graphs() {
    return (await this.#ask("GET", "/graphs")).graphs.map(({ name }) => name);
  }

  /** The JSON Schema of graph files. */
  schema() {
    return this.#ask("GET", "/schema");
  }

  /** @returns {Promise<{name, file, yaml, etag, locked}>} */
  source(name) {
    return this.#ask("GET", path(name));
  }

  /** @returns {Promise<{mistakes, notes, graph, problem}>} */
  check(name, yaml) {
    return this.#ask("POST", "/check", { name, yaml });
  }

  /** @param {string | null} etag of the version that was edited; null for a new graph. @returns {Promise<{name, file, yaml, etag, locked}>} */
  save(name, yaml, etag) {
    return this.#ask("PUT", path(name), { yaml }, etag ? { "if-match": etag } : { "if-none-match": "*" });
  }

  async #ask(method, path, body, headers = {}) {
    let answer;
    try {
      const content = body && { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
      answer = await fetch(new URL(path, this.#server), { method, ...content });
    } catch {
      throw new Error("The server cannot be reached. Is it still running?");
    }
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(found.detail ?? `The server refused (HTTP ${answer.status}).`), { status: answer.status });
    return found;
  }
}

function path(name) {
  return `/graphs/${encodeURIComponent(name)}/source`;
}
