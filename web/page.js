/**
 * The page: what the caller sees and presses. The call itself is client.js, its words transcript.js, who has the floor floor.js, what stands beside it
 * panels.js.
 */

import { VoiceCall } from "./client.js";
import { Chooser } from "./chooser.js";
import { Devices } from "./devices.js";
import { EditView } from "./edit.js";
import { Floor, WORDS } from "./floor.js";
import { GraphView } from "./graph.js";
import { Levels } from "./levels.js";
import { Meters } from "./meters.js";
import { obstacle, openMicrophone, stop } from "./microphone.js";
import { Panels } from "./panels.js";
import { SettingsForm } from "./settings.js";
import { pushToTalk } from "./talk.js";
import { TimeView } from "./time.js";
import { Transcript } from "./transcript.js";
import { OwnVoice } from "./voice.js";

const $ = (id) => document.getElementById(id);
const server = new URL(document.baseURI).origin;

const transcript = new Transcript($("log"));
const chooser = new Chooser($("chooser"));
const settings = new SettingsForm($("settings"));
const devices = new Devices($("devices"));
const graphView = new GraphView($("panel-graph"), server);
const editView = new EditView($("panel-edit"), server);
const panels = new Panels($("tabs"), { time: new TimeView($("panel-time"), transcript), graph: graphView, edit: editView });
const ownVoice = new OwnVoice($("own-voice"), () => devices.microphone);
const meters = new Meters({ caller: $("meter-caller"), reply: $("meter-reply") }, $("orb"));
let call = null;
let floor = null;
let levels = null;
let began = null;
let counting = null;
let withoutMicrophone = ""; // why the call under way has no microphone

// --- what is shown -----------------------------------------------------------------------------------------------------------------

/** The phase of the page: "idle" (choosing), or the state of the call. Everything that comes and goes with it stands in this one place. */
function show(phase) {
  const calling = phase !== "idle" && phase !== "ended";
  const live = phase === "live";
  document.body.dataset.phase = phase;
  document.body.classList.toggle("calling", calling);
  for (const id of ["title", "lead", "chooser"]) $(id).hidden = phase !== "idle";
  settings.show(phase === "idle");
  for (const id of ["stage", "log"]) $(id).hidden = phase === "idle";
  for (const id of ["typing", "stop", "send-now"]) $(id).hidden = !calling;
  for (const id of ["mute", "talk"]) $(id).hidden = !calling || document.body.dataset.microphone === "none";
  for (const id of ["text", "mute", "talk", "send-now"]) $(id).disabled = !live;
  $("sound").hidden = phase === "ended" || !navigator.mediaDevices;
  $("another").hidden = phase !== "ended";
  const hangUp = live || phase === "connecting" ? "Hang up" : "Cancel";
  setButton($("call"), calling ? "i-hangup" : "i-phone", calling ? hangUp : phase === "ended" ? "Call again" : "Call");
  detail("");
  showFloor(phase);
}

function showFloor(phase) {
  const now = phase === "live" ? floor.now : phase;
  $("orb").dataset.floor = now;
  $("floor").textContent = WORDS[now] ?? "";
  $("stop").disabled = !["speaking", "yielding", "thinking"].includes(now);
}

function setButton(button, icon, word) {
  button.querySelector("use").setAttribute("href", `#${icon}`);
  button.querySelector("span").textContent = word;
}

/** Words that must not be missed; "" takes them away. */
function notice(sentence, tone = "problem") {
  $("notice").dataset.tone = tone;
  $("notice").textContent = sentence;
  $("notice").hidden = !sentence;
}

/** What the state is about, under its word. */
function detail(sentence) {
  clearInterval(counting);
  $("detail").textContent = sentence;
  $("detail").hidden = !sentence;
}

/** As `detail`, with so many seconds to go. */
function countDown(sentence, seconds) {
  const until = performance.now() + seconds * 1000;
  const tick = () => ($("detail").textContent = `${sentence} ${left(until)}`);
  detail(sentence);
  tick();
  counting = setInterval(tick, 250);
}

function left(until) {
  const seconds = Math.ceil((until - performance.now()) / 1000);
  return seconds > 0 ? `Next try in ${seconds} s.` : "Trying…";
}

/** A word for a screen reader at the turns of the call that others see. */
function announce(sentence) {
  $("announce").textContent = sentence;
}

// --- the call ----------------------------------------------------------------------------------------------------------------------

/** @param {{graph, draft}} what another graph than the chosen one, or a text that is not saved yet */
async function startCall({ graph = chooser.chosen, draft = null } = {}) {
  notice("");
  transcript.clear();
  began = null;
  floor = new Floor();
  levels = new Levels();
  const mine = (call = new VoiceCall({ url: server, graph, draft, settings: draft === null ? settings.values : {}, outputLatency: () => levels.outputLatency }));
  listenTo(call);
  panels.follow(call, levels);
  ownVoice.follow(call);
  $("line-graph").textContent = draft === null ? (graph ?? "") : `${graph}, as edited`;
  show("connecting");
  $("floor").textContent = "Waiting for the microphone";

  const stream = await takeMicrophone();
  if (mine !== call) {
    stop(stream); // hung up while the browser was asking
    return;
  }
  showMuted(false);
  show("connecting");
  await call.start(stream);
}

function listenTo(call) {
  const on = (type, take) => call.addEventListener(type, ({ detail }) => take(detail));
  on("state", stateChanged);
  on("message", heard);
  on("track", play);
  on("shaky", (shaky) => (shaky ? notice("The line is interrupted. Waiting for it to come back…", "wait") : notice(withoutMicrophone)));
  on("waiting", ({ seconds, reason }) => countDown(reason, seconds));
  on("reconnecting", ({ attempt, seconds }) => countDown(`Attempt ${attempt}.`, seconds));
  on("renewed", renewed);
  on("resumed", resumed);
}

function stateChanged({ state, reason }) {
  if (state === "ended") return callEnded(reason);
  show(state);
  if (state === "live") callIsUp();
  if (state === "waiting") announce(reason);
  if (state === "reconnecting") announce("The connection was lost. Reconnecting.");
}

/** The call begins, or is back. */
function callIsUp() {
  notice(withoutMicrophone);
  announce(began === null ? `Connected. ${call.hasMicrophone ? "Speak now." : "Type your message."}` : "Connected again.");
  if (!call.hasMicrophone) $("text").focus();
  else if (document.activeElement === $("call")) $("log").focus({ preventScroll: true }); // the space bar is to talk, not to hang up
  if (began === null) requestAnimationFrame(draw);
  began ??= performance.now();
}

function callEnded(reason) {
  $("voice").srcObject = null;
  levels.close();
  transcript.settle();
  call = null;
  show("ended");
  if (reason) notice(reason);
  else announce("Call ended.");
  $("call").focus();
}

/** The server does not know the call any more: the conversation goes on in a new one, which counts from the beginning. */
function renewed() {
  floor = new Floor();
  transcript.settle();
}

function resumed({ exchanges, reason }) {
  if (exchanges) transcript.note("The conversation goes on.");
  else transcript.note(`The agent remembers nothing of what was said before. ${reason ?? ""}`.trim());
}

function heard({ type, data }) {
  transcript.take(type, data);
  floor.take(type, data);
  if (call?.state === "live") showFloor("live");
}

async function play(stream) {
  const voice = $("voice");
  voice.srcObject = stream;
  levels.watch("reply", stream);
  speakThroughChosen();
  try {
    await voice.play();
  } catch (error) {
    if (error.name !== "NotAllowedError") return; // the call ended meanwhile
    notice("The browser holds the sound back until you press a key or click.", "wait");
    addEventListener("pointerdown", () => resume(voice), { once: true });
    addEventListener("keydown", () => resume(voice), { once: true });
  }
}

function resume(voice) {
  notice(withoutMicrophone);
  if (voice.srcObject) voice.play();
}

/** One picture: how loud each side is, and how long the call has lasted. */
function draw() {
  if (!call) return;
  meters.draw(levels);
  const seconds = Math.floor((performance.now() - began) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if ($("clock").textContent !== clock) $("clock").textContent = clock;
  requestAnimationFrame(draw);
}

function showMuted(muted) {
  $("mute").setAttribute("aria-pressed", String(muted));
  $("muted-tag").hidden = !muted;
  setButton($("mute"), muted ? "i-mic-off" : "i-mic", muted ? "Unmute" : "Mute");
}

// --- microphone and speaker --------------------------------------------------------------------------------------------------------

/** The chosen microphone, or null and a notice that says why not. */
async function takeMicrophone() {
  const { stream, problem } = await openMicrophone(devices.microphone);
  devices.refresh(); // now their names are known
  document.body.dataset.microphone = stream ? "on" : "none";
  notice((withoutMicrophone = problem));
  if (stream) {
    levels.watch("caller", stream);
    stream.getAudioTracks()[0].addEventListener("ended", microphoneGone); // unplugged, or not allowed any more; not when this page stops it
  }
  return stream;
}

async function changeMicrophone() {
  const mine = call;
  if (!mine) return null;
  const stream = await takeMicrophone();
  if (mine === call) await mine.setMicrophone(stream);
  else stop(stream);
  if (call) show(call.state);
  return stream;
}

async function microphoneGone() {
  const stream = await changeMicrophone();
  if (stream) notice(`The microphone is gone. Now you are heard through: ${stream.getAudioTracks()[0].label}.`, "wait");
}

async function speakThroughChosen() {
  try {
    await $("voice").setSinkId?.(devices.speaker);
  } catch {
    notice("This speaker cannot be used. You hear the system's default.", "wait");
  }
}

devices.addEventListener("microphone", changeMicrophone);
devices.addEventListener("speaker", speakThroughChosen);

// --- what is pressed ---------------------------------------------------------------------------------------------------------------

$("call").addEventListener("click", () => {
  if (!call && !settings.fine()) return;
  if (!call) startCall();
  else if (call.state === "idle") callEnded("");
  else call.hangUp();
});

$("another").addEventListener("click", async () => {
  show("idle");
  notice(obstacle());
  await chooser.load(server);
});

$("mute").addEventListener("click", () => {
  call.setMuted(!call.muted);
  showMuted(call.muted);
  if (call.muted) floor.take("user-mute-started");
  showFloor("live");
});

pushToTalk(
  $("talk"),
  (on) => {
    call?.talk(on);
    $("talk").setAttribute("aria-pressed", String(on));
    if (call?.muted) $("muted-tag").hidden = on;
  },
  () => call?.state === "live" && call.hasMicrophone,
);

$("send-now").addEventListener("click", () => call.sendNow());
$("stop").addEventListener("click", () => call.interrupt());

// After a click the space bar is free to talk again; who came by keyboard stays where they are.
for (const id of ["mute", "talk", "send-now", "stop"]) $(id).addEventListener("click", ({ detail }) => detail && $("log").focus({ preventScroll: true }));

$("typing").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || call?.state !== "live") return;
  call.say(text);
  transcript.typed(text);
  floor.typed();
  showFloor("live");
  $("text").value = "";
});

editView.addEventListener("graph", ({ detail }) => graphView.draft(detail));
editView.addEventListener("saved", () => chooser.load(server));
editView.addEventListener("try", ({ detail }) => {
  if (call?.state === "idle") callEnded("");
  else call?.hangUp();
  if (getComputedStyle($("panel-call")).display === "none") panels.show("call"); // on a narrow screen
  startCall(detail);
});

ownVoice.addEventListener("muted", () => {
  if (call) showMuted(call.muted);
});

$("chooser").addEventListener("submit", (event) => event.preventDefault());
$("chooser").addEventListener("change", graphChosen);
$("settings").addEventListener("submit", (event) => event.preventDefault());
addEventListener("pagehide", () => call?.hangUp());

chooser.addEventListener("loaded", ({ detail: problem }) => {
  if (problem) notice(problem);
  $("call").disabled = !chooser.chosen;
  if (chooser.dev) panels.reveal("edit");
  graphChosen();
});

function graphChosen() {
  panels.choose(chooser.chosen);
  settings.choose(chooser.chosen, chooser.settings);
}

show("idle");
notice(obstacle());
chooser.load(server);
