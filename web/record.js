/** What a call has told this page, to be saved by the caller. It is kept in the page's memory only, and gone with the next call. */

/** Beyond, the oldest events are lost: hours of talk. */
const MOST = 50_000;

export class Record {
  #events = [];

  /** @param {VoiceCall} call */
  constructor(call) {
    const keep = (type) => ({ detail }) => this.#keep(type, detail);
    for (const type of ["state", "line", "shaky", "reconnecting", "resumed"]) call.addEventListener(type, keep(type));
    call.addEventListener("message", ({ detail }) => this.#keep(detail.type, detail.data));
  }

  /** JSON lines: {"at": ISO 8601, "type", "data"}; types are RTVI's (docs/protocol.md) and the client's own events (docs/client.md). */
  get lines() {
    return this.#events.map((event) => `${JSON.stringify(event)}\n`).join("");
  }

  #keep(type, data) {
    this.#events.push({ at: new Date().toISOString(), type, data });
    if (this.#events.length > MOST) this.#events.shift();
  }
}

/** Let the browser save this text as a file. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
