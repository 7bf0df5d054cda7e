/**
 * The caller's own voice for the replies: agreed to, recorded or uploaded, and taken back. Shown where the graph of the call wants one.
 *
 * It is recorded here and not through the call: with all that the microphone has, and without the agent taking it for a question. Meanwhile the call's
 * own microphone is off. The recording stays in this page's memory until the call is over, for a server that takes over from one that died.
 *
 * Events: `muted`, when the call's microphone has been switched.
 */

import { openMicrophone, stop } from "./microphone.js";

/** Seconds before the longest that is taken, so that a recording which ends by itself is not too long. */
const SPARE_S = 1;
const TICK_MS = 250;
const LOST = "The recording did not reach the server. Please try again.";

export class OwnVoice extends EventTarget {
  #root;
  #part = {};
  #device;
  #call = null;
  #wanted = null; // {consent, shortest_s, longest_s} of the call's graph
  #recorder = null;
  #lent = null; // the recording that the call speaks with, or is about to

  /** @param {HTMLDetailsElement} root @param {() => string} device the id of the chosen microphone */
  constructor(root, device) {
    super();
    this.#root = root;
    this.#device = device;
    for (const node of root.querySelectorAll("[data-voice]")) this.#part[node.dataset.voice] = node;
    const { agreed, record, upload, forget, file } = this.#part;
    agreed.addEventListener("change", () => this.#show());
    record.addEventListener("click", () => (this.#recorder ? this.#recorder.stop() : this.#record()));
    upload.addEventListener("click", () => file.click());
    file.addEventListener("change", () => this.#upload());
    forget.addEventListener("click", () => this.#forget());
  }

  /** @param {VoiceCall} call the one whose replies are meant from now on */
  follow(call) {
    this.#call = call;
    this.#leave();
    call.addEventListener("message", ({ detail }) => {
      if (call === this.#call && detail.type === "server-message") this.#take(detail.data);
    });
    call.addEventListener("state", ({ detail }) => {
      if (call === this.#call && detail.state === "ended") this.#leave();
    });
  }

  #take({ t, d }) {
    if (t === "voice-wanted") this.#want(d);
    else if (t === "voice-forgotten") this.#forgotten();
  }

  #want(wanted) {
    this.#wanted = wanted;
    this.#part.consent.textContent = wanted.consent;
    this.#part.hint.textContent =
      `Then read aloud for 10 to 20 seconds, in a quiet room: the sentence above will do. At least ${wanted.shortest_s} and at most ${wanted.longest_s} seconds are taken.`;
    this.#root.hidden = false;
    this.#show();
    if (this.#lent) this.#lend(this.#lent); // the call goes on at another server, which does not have it
  }

  /** Nothing of it outlives the call. */
  #leave() {
    this.#recorder?.stop();
    this.#wanted = this.#lent = null;
    this.#part.agreed.checked = this.#root.open = false;
    this.#root.hidden = true;
    this.#say("");
    this.#show();
  }

  #show() {
    const { agreed, record, upload, forget } = this.#part;
    record.textContent = this.#recorder ? "Done" : "Record";
    record.disabled = !agreed.checked || !window.MediaRecorder;
    upload.disabled = !agreed.checked || this.#recorder !== null;
    agreed.disabled = this.#recorder !== null;
    forget.hidden = this.#lent === null;
  }

  #say(sentence, tone = "") {
    this.#part.state.textContent = sentence;
    this.#part.state.dataset.tone = tone;
  }

  // --- recording -------------------------------------------------------------------------------------------------------------------

  async #record() {
    const call = this.#call;
    const { stream, problem } = await openMicrophone(this.#device());
    if (!stream) return this.#say(problem, "problem");
    if (call !== this.#call || !this.#wanted) return stop(stream);
    const wasMuted = call.muted;
    this.#mute(call, true);
    call.interrupt(); // or its voice would be in the recording
    const recorder = (this.#recorder = new MediaRecorder(stream));
    const ticking = this.#count(recorder);
    recorder.addEventListener("dataavailable", ({ data }) => {
      clearInterval(ticking);
      stop(stream);
      this.#recorder = null;
      this.#mute(call, wasMuted);
      this.#show();
      if (call === this.#call && this.#wanted) this.#lend(data);
    });
    recorder.start();
    this.#show();
  }

  /** Show how long it is, and end it before it is too long. */
  #count(recorder) {
    const began = performance.now();
    const { shortest_s: shortest, longest_s: longest } = this.#wanted;
    const tick = () => {
      const seconds = Math.floor((performance.now() - began) / 1000);
      this.#say(`Recording, ${seconds} s. ${seconds < shortest ? "Read on." : "Press Done when you have read enough."}`);
      if (seconds >= longest - SPARE_S && recorder.state === "recording") recorder.stop();
    };
    tick();
    return setInterval(tick, TICK_MS);
  }

  #mute(call, on) {
    call.setMuted(on);
    this.dispatchEvent(new Event("muted"));
  }

  // --- the server ------------------------------------------------------------------------------------------------------------------

  async #upload() {
    const [file] = this.#part.file.files;
    if (file) await this.#lend(file);
    this.#part.file.value = ""; // the same file may be chosen again
  }

  async #lend(recording) {
    this.#say("Listening to the recording…");
    const found = await this.#ask("POST", recording);
    if (!found) return;
    this.#lent = recording;
    this.#say(`From the next answer on it speaks with this voice (${found.seconds} s were taken).`);
    this.#show();
  }

  async #forget() {
    if (await this.#ask("DELETE")) this.#forgotten();
  }

  #forgotten() {
    this.#lent = null;
    this.#say("Your voice is forgotten. It speaks with its own again.");
    this.#show();
  }

  /** The answer's JSON, or null when the call is over or a sentence says what is wrong. */
  async #ask(method, body) {
    const call = this.#call;
    let found = { detail: LOST };
    let fine = false;
    try {
      const answer = await fetch(new URL("voice", call.session), { method, body });
      fine = answer.ok;
      found = await answer.json();
    } catch {
      fine = false;
    }
    if (call !== this.#call || !this.#wanted) return null;
    if (!fine) this.#say(found.detail ?? LOST, "problem");
    return fine ? found : null;
  }
}
