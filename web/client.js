/**
 * A call to a voicegraph server. Any page may import it, also one of another site that the server lets call (`--allow-origin`):
 *
 *     import { VoiceCall } from "https://voice.example.org/client.js";
 *     const call = new VoiceCall({ url: "https://voice.example.org", graph: "local" });
 *     call.addEventListener("track", ({ detail }) => (audio.srcObject = detail));
 *     call.addEventListener("message", ({ detail }) => console.log(detail.type, detail.data));
 *     await call.start(await navigator.mediaDevices.getUserMedia({ audio: true })); // null: no microphone, typed text only
 *     call.say("Hello"); // typed, answered aloud
 *
 * docs/client.md has every event and method with an example page. One object is one call; `state` is
 *
 *     idle → connecting ⇄ waiting (the server is full) → live ⇄ reconnecting → ended
 */

import { Connection } from "./connection.js";
import { figures, PlayoutReport } from "./line.js";
import { RequestFailed, Signalling } from "./signalling.js";

const LABEL = "rtvi-ai";
const VERSION = "2.1.0";
/** How long the server may take from the answer to `bot-ready`: model connections are opened meanwhile. */
const READY_MS = 15_000;
/** How long an interrupted line may take to heal by itself. */
const SHAKY_MS = 1000;
/** Seconds before each attempt to reconnect, the last one for all that follow; and when to give up. */
const PAUSES = [0, 1, 2, 4, 8];
const PATIENCE_MS = 120_000;
const STATISTICS_MS = 1000;

const NO_WAY = "No connection to the server came about: a firewall may keep the sound (UDP) from passing.";
const TOO_SLOW = "The server took the call but its graph did not start in time.";
const LOST = "The connection to the server was lost.";

export class VoiceCall extends EventTarget {
  #url;
  #graph;
  #draft;
  #settings;
  #outputLatency;
  #state = "idle";
  #microphone = null;
  #muted = false;
  #talking = false;
  #signalling = null;
  #configuration = {};
  #connection = null;
  #abandoned = []; // connections whose place another takes: the server must not see one close before, or it takes the caller for gone
  #establishing = null; // {resolve, reject} while a connection is waited for
  #token = null; // what another server needs to go on with this conversation
  #stopping = false; // the server has said that it is about to stop
  #goodbye = "The server ended the call.";
  #shaky = null;
  #hurry = () => {};
  #watching = null;
  #reading = null;
  #playout = new PlayoutReport();
  #online = () => this.#hurry();

  /**
   * @param {string | URL} url of the server. @param {string} [graph] who answers; without it the server's default.
   * @param {string} [draft] the text to take for the graph's file, for a server in developer mode.
   * @param {Record<string, unknown>} [settings] of this call, `node.option` → value, as far as the graph allows any.
   * @param {string} [resume] a token of a former call, whose conversation goes on.
   * @param {() => number} [outputLatency] seconds to the loudspeaker, for browsers that do not tell (AudioContext.outputLatency).
   */
  constructor({ url, graph, draft = null, settings = {}, resume = null, outputLatency = () => 0 }) {
    super();
    this.#url = new URL(url);
    if (!this.#url.pathname.endsWith("/")) this.#url.pathname += "/";
    this.#graph = graph;
    this.#draft = draft;
    this.#settings = settings;
    this.#token = resume;
    this.#outputLatency = outputLatency;
  }

  get state() {
    return this.#state;
  }

  get muted() {
    return this.#muted;
  }

  /** The caller holds the floor by hand (`talk`). */
  get talking() {
    return this.#talking;
  }

  get hasMicrophone() {
    return this.#microphone !== null;
  }

  /** The RTCPeerConnection of the moment, or null. */
  get peer() {
    return this.#connection?.peer ?? null;
  }

  /** Where the server keeps what belongs to this call, such as its recording: a URL, or null before there is a session. */
  get session() {
    return this.#signalling?.session ?? null;
  }

  // --- what an application does ----------------------------------------------------------------------------------------------------

  /** Call. Resolves once the call is live or has ended; never rejects: what goes wrong ends the call with a reason. */
  async start(microphone) {
    if (this.#state !== "idle") throw new Error("A VoiceCall is one call: make a new one.");
    this.#microphone = microphone;
    addEventListener("online", this.#online);
    while (this.#state !== "live" && this.#state !== "ended") await this.#attempt();
  }

  /** End the call, or stop trying. */
  hangUp() {
    if (this.#state === "ended" || this.#state === "idle") return;
    this.#signalling?.hangUp();
    this.#end("");
  }

  /** Typed text: it interrupts the reply and is answered aloud. */
  say(text) {
    this.#tell("send-text", { content: text, options: { run_immediately: true, audio_response: true } });
  }

  /** Stop the reply. */
  interrupt() {
    this.sendMessage("interrupt");
  }

  setMuted(muted) {
    this.#muted = muted;
    this.#switchMicrophone();
  }

  /** Push to talk: take the floor (`true`), with the microphone on even when it is muted, or give it. */
  talk(on) {
    if (on === this.#talking) return;
    this.#talking = on;
    if (on) this.#switchMicrophone();
    this.sendMessage("talk", { on });
    if (!on) this.#switchMicrophone();
  }

  /** End the turn now, without waiting for silence. */
  sendNow() {
    if (this.#talking) this.talk(false);
    else this.sendMessage("talk", { on: false });
  }

  /** Go on with another microphone, null for none. The former one is stopped. */
  async setMicrophone(microphone) {
    this.#stopMicrophone();
    this.#microphone = microphone;
    this.#switchMicrophone();
    await this.#connection?.send(this.#track);
  }

  /** A request of the application that RTVI has no word for (docs/protocol.md). */
  sendMessage(t, d = null) {
    this.#tell("client-message", { t, d });
  }

  // --- beginning -------------------------------------------------------------------------------------------------------------------

  async #attempt() {
    this.#become("connecting");
    try {
      await this.#begin();
      this.#live();
    } catch (problem) {
      if (problem.busy && this.#state !== "ended") await this.#waitForRoom(problem);
      else this.#end(problem.message);
    }
  }

  /** The server is full: wait as long as it says, or until the caller hangs up. */
  async #waitForRoom({ message, retryAfter }) {
    this.#become("waiting", message);
    this.#emit("waiting", { seconds: retryAfter, reason: message });
    await this.#pause(retryAfter);
  }

  /** A session of its own, and the first connection of it. Throws. */
  async #begin() {
    const resume = this.#token;
    this.#stopping = false;
    this.#signalling = new Signalling(this.#url);
    const draft = this.#draft !== null && { draft: this.#draft };
    this.#configuration = await this.#signalling.start({ graph: this.#graph, settings: this.#settings, ...draft, ...(resume && { resume }) });
    await this.#connect(null);
  }

  /** A connection to the session: live when this returns. Throws. */
  async #connect(former) {
    if (this.#connection) this.#abandoned.push(this.#connection);
    const connection = (this.#connection = new Connection(this.#signalling, this.#configuration));
    const mine = (handle) => ({ detail }) => connection === this.#connection && handle(detail);
    const ready = new Promise((resolve, reject) => (this.#establishing = { resolve, reject }));
    ready.catch(() => {}); // it may fail before anybody waits for it
    connection.addEventListener("up", mine(() => this.#greet()));
    connection.addEventListener("message", mine((message) => this.#receive(message)));
    connection.addEventListener("track", mine((stream) => this.#emit("track", stream)));
    connection.addEventListener("shaky", mine((shaky) => this.#shake(shaky)));
    connection.addEventListener("down", mine(() => this.#lost(NO_WAY)));
    const limit = setTimeout(() => this.#establishing?.reject(new Error(TOO_SLOW)), READY_MS);
    try {
      await connection.send(this.#track);
      await connection.negotiate(former);
      await ready;
    } finally {
      this.#establishing = null;
      clearTimeout(limit);
    }
    this.#closeAbandoned();
  }

  #greet() {
    this.#tellTrack();
    this.#tell("client-ready", { version: VERSION, about: { library: "voicegraph-page", library_version: "1" } });
    if (this.#talking) this.sendMessage("talk", { on: true });
  }

  #live() {
    this.#become("live");
    this.#reading = null;
    clearInterval(this.#watching);
    this.#watching = setInterval(() => this.#watch(), STATISTICS_MS);
  }

  // --- reconnecting ----------------------------------------------------------------------------------------------------------------

  #shake(shaky) {
    clearTimeout(this.#shaky);
    if (this.#state !== "live") return;
    this.#emit("shaky", shaky);
    if (shaky) this.#shaky = setTimeout(() => this.#reconnect(), SHAKY_MS);
  }

  /** The connection is gone. */
  #lost(sentence) {
    if (this.#establishing) this.#establishing.reject(new Error(sentence));
    else if (this.#state === "live") this.#reconnect();
  }

  /** Go on with the same call over a new connection, or, where the server does not know it any more, with the same conversation in a new call. */
  async #reconnect() {
    this.#become("reconnecting");
    clearInterval(this.#watching);
    clearTimeout(this.#shaky);
    const former = this.#connection.id;
    const deadline = performance.now() + PATIENCE_MS;
    let retryAfter = 0;
    for (let attempt = 1; performance.now() < deadline; attempt++) {
      const seconds = Math.max(PAUSES.at(Math.min(attempt, PAUSES.length) - 1), retryAfter);
      this.#emit("reconnecting", { attempt, seconds });
      await this.#pause(seconds);
      if (this.#state === "ended") return;
      try {
        await this.#again(former);
        this.#live();
        return;
      } catch (problem) {
        if (this.#state === "ended") return;
        if (problem instanceof RequestFailed && !problem.passing) return this.#end(problem.message);
        retryAfter = problem.retryAfter ?? 0;
      }
    }
    this.#end(LOST);
  }

  async #again(former) {
    if (this.#signalling.begun && !this.#stopping) {
      try {
        return await this.#connect(this.#connection.id ?? former);
      } catch (problem) {
        if (!problem.unknown) throw problem;
      }
    }
    const kept = this.#token !== null;
    this.#emit("renewed");
    await this.#begin();
    if (!kept) this.#emit("resumed", { exchanges: 0, reason: "The server that it was held with is gone." });
  }

  /** Wait so many seconds, or until the network comes back or the caller hangs up. */
  #pause(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // --- messages --------------------------------------------------------------------------------------------------------------------

  #receive({ label, type, data, message }) {
    if (type === "signalling" && message.type === "peerLeft") this.#left();
    if (label !== LABEL) return;
    if (type === "server-message" && data.t === "resume") {
      this.#token = data.d.token; // a key to the conversation: nobody else is told
      return;
    }
    if (type === "bot-ready") this.#establishing?.resolve();
    if (type === "error" && data.fatal) this.#goodbye = data.error;
    if (type === "server-message") this.#take(data);
    this.#emit("message", { type, data: data ?? {} });
  }

  #take({ t, d }) {
    if (t === "call-ended") this.#goodbye = d.reason;
    else if (t === "server-stopping") this.#stopping = true;
    else if (t === "resumed") this.#resumed(d);
  }

  /** Told first in a call that goes on from another one, also where the server itself has begun it in the place of one that it lost. */
  #resumed(d) {
    this.#emit("renewed");
    this.#emit("resumed", d);
  }

  /** The server has left the call. */
  #left() {
    if (this.#stopping) this.#lost(this.#goodbye);
    else this.#end(this.#goodbye);
  }

  #switchMicrophone() {
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = this.#open;
    this.#tellTrack();
  }

  #tellTrack() {
    if (!this.#microphone) return;
    this.#connection?.post(JSON.stringify({ type: "signalling", message: { type: "trackStatus", receiver_index: 0, enabled: this.#open } }));
  }

  get #open() {
    return !this.#muted || this.#talking;
  }

  get #track() {
    return this.#microphone?.getAudioTracks()[0] ?? null;
  }

  #tell(type, data) {
    this.#connection?.post(JSON.stringify({ id: crypto.getRandomValues(new Uint32Array(2)).join("-"), label: LABEL, type, data }));
  }

  // --- how the line is -------------------------------------------------------------------------------------------------------------

  async #watch() {
    const peer = this.peer;
    const reading = await peer.getStats();
    if (peer !== this.peer || this.#state !== "live") return;
    const line = figures(this.#reading, reading, this.#outputLatency());
    this.#reading = reading;
    this.#emit("line", line);
    if (this.#playout.due(line.playout)) this.sendMessage("playout-delay", { ms: Math.round(line.playout) }); // so that words keep step with the ear
  }

  // --- the end ---------------------------------------------------------------------------------------------------------------------

  #end(reason) {
    if (this.#state === "ended") return;
    this.#become("ended", reason);
    removeEventListener("online", this.#online);
    clearInterval(this.#watching);
    clearTimeout(this.#shaky);
    this.#hurry();
    this.#establishing?.reject(new Error(reason));
    this.#signalling?.abort();
    this.#connection?.close();
    this.#closeAbandoned();
    this.#stopMicrophone();
  }

  #closeAbandoned() {
    for (const connection of this.#abandoned.splice(0)) connection.close();
  }

  #stopMicrophone() {
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
  }

  #become(state, reason = "") {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("state", { state, reason });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
