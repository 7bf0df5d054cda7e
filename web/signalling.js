/** SmallWebRTC signalling over HTTP (docs/protocol.md): the requests of one call, and what a failure of one means. */

const GONE = "The server cannot be reached. Is it still running?";

/** How long a full server is left alone when it does not say. */
const RETRY_AFTER_S = 5;

/** Statuses that say: this server does not know the call (any more), but it may begin another. A proxy in front says 502 and 504. */
const UNKNOWN = new Set([404, 410, 502, 504]);

/** A request that failed. Its message is a sentence for the caller. */
export class RequestFailed extends Error {
  /** @param {number} status the HTTP status; 0: nobody answered. @param {number | null} retryAfter seconds after which another try may help */
  constructor(sentence, status, retryAfter = null) {
    super(sentence);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  get unreachable() {
    return this.status === 0;
  }

  /** The server takes no call at the moment. */
  get busy() {
    return this.status === 503;
  }

  /** The server has no such call. */
  get unknown() {
    return UNKNOWN.has(this.status);
  }

  /** Whether the same request may succeed later. */
  get passing() {
    return this.unreachable || this.status === 429 || this.status >= 500;
  }
}

export class Signalling {
  #url;
  #offerUrl = null;
  #requests = new AbortController();

  /** @param {URL} url of the server */
  constructor(url) {
    this.#url = url;
  }

  /** Whether there is a session, so that `offer` may be called. */
  get begun() {
    return this.#offerUrl !== null;
  }

  /** The session's own folder on the server: its id is known to nobody else, so what is under it is this caller's. null before `start`. */
  get session() {
    return this.#offerUrl && new URL("..", this.#offerUrl);
  }

  /** Begin a session. @param {object} body what the application chooses: {graph, settings, draft, resume}. @returns {Promise<RTCConfiguration>} */
  async start(body) {
    const wanted = { createDailyRoom: false, enableDefaultIceServers: true, transport: "webrtc", body };
    const session = await this.#request("POST", new URL("start", this.#url), wanted);
    this.#offerUrl = new URL(`sessions/${encodeURIComponent(session.sessionId)}/api/offer`, this.#url);
    return session.iceConfig ?? {};
  }

  /** @param {string | null} pcId the peer connection whose place the offered one takes. @returns {Promise<{sdp, type, pc_id}>} */
  offer({ sdp, type }, pcId) {
    return this.#request("POST", this.#offerUrl, { sdp, type, pc_id: pcId, restart_pc: pcId !== null });
  }

  candidates(pcId, candidates) {
    return this.#request("PATCH", this.#offerUrl, { pc_id: pcId, candidates });
  }

  /** Nothing is asked any more; the server is told over HTTP, which arrives also when the page is being closed. */
  hangUp() {
    if (this.begun) fetch(this.#offerUrl, { method: "DELETE", keepalive: true }).catch(() => {}); // it also sees the peer go
    this.abort();
  }

  /** Nothing is asked any more. */
  abort() {
    this.#requests.abort();
  }

  /** @returns the JSON of the answer. Throws RequestFailed. */
  async #request(method, url, body) {
    let answer;
    try {
      const headers = { "content-type": "application/json" };
      answer = await fetch(url, { method, headers, body: JSON.stringify(body), signal: this.#requests.signal });
    } catch {
      throw new RequestFailed(GONE, 0);
    }
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    const after = Number.parseFloat(answer.headers.get("retry-after") ?? "");
    const sentence = found.detail ?? found.info ?? `The server refused the call (HTTP ${answer.status}).`;
    throw new RequestFailed(sentence, answer.status, Number.isFinite(after) ? after : RETRY_AFTER_S);
  }
}
