/**
 * One peer connection to the server and its data channel "chat". A call has one at a time; when the network takes it away, the next one is its successor.
 *
 * Events, each with its `detail`:
 *   up        undefined       the channel is open: messages can be sent
 *   message   object          a message of the server, parsed: RTVI or signalling
 *   track     MediaStream     the sound of the replies
 *   shaky     boolean         the line is interrupted for the moment (true) or whole again (false)
 *   down      undefined       it is gone, and this side did not close it
 */

const PING_MS = 1000;
const TRICKLE_MS = 200;

export class Connection extends EventTarget {
  #signalling;
  #peer;
  #channel;
  #sender;
  #id = null;
  #candidates = [];
  #trickling = null;
  #pinging = null;
  #over = false;

  /** @param {RTCConfiguration} configuration */
  constructor(signalling, configuration) {
    super();
    this.#signalling = signalling;
    const peer = (this.#peer = new RTCPeerConnection(configuration));
    peer.addEventListener("track", ({ track, receiver }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0; // a conversation: no more delay than the network needs
      this.#emit("track", new MediaStream([track]));
    });
    peer.addEventListener("icecandidate", ({ candidate }) => this.#trickle(candidate));
    peer.addEventListener("connectionstatechange", () => this.#stateChanged());
    this.#sender = peer.addTransceiver("audio", { direction: "sendrecv" }).sender; // a microphone may also come later
    this.#openChannel();
  }

  /** The name that the server gave it: what a successor names to take its place. */
  get id() {
    return this.#id;
  }

  get peer() {
    return this.#peer;
  }

  /** Send this track from now on, null for none. */
  async send(track) {
    await this.#sender.replaceTrack(track);
  }

  /** Offer it to the server. @param {string | null} former the `id` of the connection whose place it takes. Throws RequestFailed. */
  async negotiate(former) {
    await this.#peer.setLocalDescription();
    const answer = await this.#signalling.offer(this.#peer.localDescription, former);
    if (this.#over) return;
    this.#id = answer.pc_id;
    await this.#peer.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
    this.#sendCandidates();
  }

  /** Send text over the channel; without effect while it is not open. */
  post(text) {
    if (this.#channel.readyState === "open") this.#channel.send(text);
  }

  close() {
    this.#over = true;
    clearInterval(this.#pinging);
    clearTimeout(this.#trickling);
    this.#peer.close();
  }

  #openChannel() {
    const channel = (this.#channel = this.#peer.createDataChannel("chat", { ordered: true }));
    channel.addEventListener("open", () => {
      this.#pinging = setInterval(() => this.post(`ping: ${Date.now()}`), PING_MS);
      this.#emit("up");
    });
    channel.addEventListener("message", ({ data }) => this.#emit("message", JSON.parse(data)));
    channel.addEventListener("close", () => this.#down());
  }

  #stateChanged() {
    const state = this.#peer.connectionState;
    if (state === "failed") this.#down();
    else if (state === "connected" || state === "disconnected") this.#emit("shaky", state === "disconnected");
  }

  #down() {
    if (this.#over) return;
    this.close();
    this.dispatchEvent(new CustomEvent("down"));
  }

  #trickle(candidate) {
    this.#candidates.push({
      candidate: candidate?.candidate ?? "",
      sdp_mid: candidate?.sdpMid ?? null,
      sdp_mline_index: candidate?.sdpMLineIndex ?? null,
    });
    if (this.#id && !this.#trickling) this.#trickling = setTimeout(() => this.#sendCandidates(), TRICKLE_MS);
  }

  async #sendCandidates() {
    this.#trickling = null;
    if (!this.#candidates.length) return;
    try {
      await this.#signalling.candidates(this.#id, this.#candidates.splice(0));
    } catch {
      // The answer's candidates may do without ours; where they do not, the connection fails and says so.
    }
  }

  #emit(type, detail) {
    if (!this.#over) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
