/**
 * A call to a voicegraph server: SmallWebRTC signalling over HTTP, RTVI 2.1 messages over the data channel "chat" (docs/protocol.md).
 *
 *     const call = new VoiceCall({ url: location.origin, graph: "local" });
 *     call.addEventListener("message", (event) => console.log(event.detail.type, event.detail.data));
 *     call.addEventListener("track", (event) => (audio.srcObject = event.detail));
 *     await call.start(microphoneStream);          // null: no microphone, typed text only
 *
 * `state` goes from "idle" over "connecting" and "live" to "ended", never back: one object is one call. Events, each with its `detail`:
 *   state    {state, reason}   reason: the sentence to show when the call ended and nobody here hung up, else ""
 *   message  {type, data}      every RTVI message
 *   track    MediaStream       the sound of the replies
 *   shaky    boolean           the line is interrupted for the moment (true) or whole again (false)
 */

const LABEL = "rtvi-ai";
const VERSION = "2.1.0";
const PING_MS = 1000;
const TRICKLE_MS = 200;
/** How long the server may take from the first request to `bot-ready`: model connections are opened meanwhile. */
const READY_MS = 15_000;
/** How long a line may stay interrupted before the call is given up. */
const SHAKY_MS = 6000;

const GONE = "The server cannot be reached. Is it still running?";

export class VoiceCall extends EventTarget {
  #url;
  #graph;
  #state = "idle";
  #muted = false;
  #peer = null;
  #peerId = null;
  #offerUrl = "";
  #channel = null;
  #microphone = null;
  #candidates = [];
  #timers = new Map();
  #goodbye = "The server ended the call.";
  #requests = new AbortController();

  constructor({ url, graph }) {
    super();
    this.#url = new URL(url);
    this.#graph = graph;
  }

  get state() {
    return this.#state;
  }

  get muted() {
    return this.#muted;
  }

  get hasMicrophone() {
    return this.#microphone !== null;
  }

  /** The RTCPeerConnection of a call under way, for its statistics. */
  get peer() {
    return this.#peer;
  }

  /** Call. Resolves once the signalling is done or the call has ended; never rejects: what goes wrong ends the call with a reason. */
  async start(microphone) {
    if (this.#state !== "idle") throw new Error("A VoiceCall is one call: make a new one.");
    this.#microphone = microphone;
    this.#become("connecting");
    this.#after("ready", READY_MS, () => this.#end("The server took the call but its graph did not start in time."));
    try {
      const session = await this.#request("POST", new URL("/start", this.#url), {
        createDailyRoom: false,
        enableDefaultIceServers: true,
        transport: "webrtc",
        body: { graph: this.#graph },
      });
      this.#offerUrl = new URL(`/sessions/${encodeURIComponent(session.sessionId)}/api/offer`, this.#url);
      await this.#negotiate(session.iceConfig ?? {});
    } catch (error) {
      this.#end(error.message);
    }
  }

  /** End the call. The server is told over HTTP, which arrives also when the page is being closed. */
  hangUp() {
    if (this.#offerUrl && this.#state !== "ended") fetch(this.#offerUrl, { method: "DELETE", keepalive: true }).catch(() => {}); // it also sees the peer go
    this.#end("");
  }

  setMuted(muted) {
    this.#muted = muted;
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = !muted;
    this.#tellTrack();
  }

  /** Typed text: it interrupts the reply and is answered aloud. */
  sendText(content) {
    this.#tell("send-text", { content, options: { run_immediately: true, audio_response: true } });
  }

  /** A request of the application that RTVI has no word for. */
  sendMessage(t, d = null) {
    this.#tell("client-message", { t, d });
  }

  async #negotiate({ iceServers = [] }) {
    const peer = (this.#peer = new RTCPeerConnection({ iceServers }));
    peer.addEventListener("track", ({ track, receiver }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0; // a conversation: no more delay than the network needs
      this.#emit("track", new MediaStream([track]));
    });
    peer.addEventListener("icecandidate", ({ candidate }) => this.#trickle(candidate));
    peer.addEventListener("connectionstatechange", () => this.#connectionChanged());
    const track = this.#microphone?.getAudioTracks()[0];
    peer.addTransceiver(track ?? "audio", { direction: track ? "sendrecv" : "recvonly" });
    this.#openChannel(peer);

    await peer.setLocalDescription();
    const { sdp, type } = peer.localDescription;
    const answer = await this.#request("POST", this.#offerUrl, { sdp, type, pc_id: this.#peerId, restart_pc: false });
    if (this.#state === "ended") return;
    this.#peerId = answer.pc_id;
    await peer.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
    this.#after("trickle", 0, () => this.#sendCandidates());
  }

  #openChannel(peer) {
    const channel = (this.#channel = peer.createDataChannel("chat", { ordered: true }));
    channel.addEventListener("open", () => {
      this.#tellTrack();
      this.#tell("client-ready", { version: VERSION, about: { library: "voicegraph-page", library_version: "1" } });
      this.#timers.set("ping", setInterval(() => this.#post(`ping: ${Date.now()}`), PING_MS));
    });
    channel.addEventListener("message", ({ data }) => this.#receive(data));
    channel.addEventListener("close", () => this.#end(this.#goodbye));
  }

  #receive(text) {
    const { label, type, data, message } = JSON.parse(text);
    if (type === "signalling") {
      if (message.type === "peerLeft") this.#end(this.#goodbye);
      return;
    }
    if (label !== LABEL) return;
    if (type === "bot-ready") this.#ready();
    if (type === "error" && data.fatal) this.#goodbye = data.error;
    if (type === "server-message" && data.t === "call-ended") this.#goodbye = data.d.reason;
    this.#emit("message", { type, data: data ?? {} });
  }

  #ready() {
    this.#cancel("ready");
    this.#become("live");
  }

  #connectionChanged() {
    const state = this.#peer.connectionState;
    if (state === "connected" && this.#timers.has("shaky")) {
      this.#cancel("shaky");
      this.#emit("shaky", false);
    } else if (state === "disconnected") {
      this.#emit("shaky", true);
      this.#after("shaky", SHAKY_MS, () => this.#end("The connection to the server was lost."));
      this.#lookForServer();
    } else if (state === "failed") {
      this.#end("No connection to the server came about: a firewall may keep the sound (UDP) from passing.");
    }
  }

  /** A line that goes silent because the server is gone need not be waited for. */
  async #lookForServer() {
    try {
      await fetch(new URL("/healthz", this.#url), { signal: this.#requests.signal });
    } catch {
      this.#end(GONE);
    }
  }

  #trickle(candidate) {
    this.#candidates.push({
      candidate: candidate?.candidate ?? "",
      sdp_mid: candidate?.sdpMid ?? null,
      sdp_mline_index: candidate?.sdpMLineIndex ?? null,
    });
    if (this.#peerId && !this.#timers.has("trickle")) this.#after("trickle", TRICKLE_MS, () => this.#sendCandidates());
  }

  async #sendCandidates() {
    if (!this.#candidates.length) return;
    const candidates = this.#candidates.splice(0);
    try {
      await this.#request("PATCH", this.#offerUrl, { pc_id: this.#peerId, candidates });
    } catch {
      // The answer's candidates may do without ours; where they do not, the connection fails and says so.
    }
  }

  #tellTrack() {
    if (!this.#microphone) return;
    this.#post(JSON.stringify({ type: "signalling", message: { type: "trackStatus", receiver_index: 0, enabled: !this.#muted } }));
  }

  #tell(type, data) {
    this.#post(JSON.stringify({ id: crypto.getRandomValues(new Uint32Array(2)).join("-"), label: LABEL, type, data }));
  }

  #post(text) {
    if (this.#channel?.readyState === "open") this.#channel.send(text);
  }

  /** @returns the JSON of the answer. Throws an Error whose message is a sentence for the caller. */
  async #request(method, url, body) {
    let answer;
    try {
      answer = await fetch(url, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: this.#requests.signal,
      });
    } catch {
      throw new Error(GONE);
    }
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(found.detail ?? found.info ?? `The server refused the call (HTTP ${answer.status}).`);
    return found;
  }

  #end(reason) {
    if (this.#state === "ended" || this.#state === "idle") return;
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    this.#requests.abort();
    this.#peer?.close();
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    this.#become("ended", reason);
  }

  #become(state, reason = "") {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("state", { state, reason });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #after(name, ms, then) {
    this.#cancel(name);
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name);
        then();
      }, ms),
    );
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name)); // clears intervals too
    this.#timers.delete(name);
  }
}
