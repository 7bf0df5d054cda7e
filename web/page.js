/** The page: what the caller sees and presses. The call itself is client.js, its words transcript.js, who has the floor floor.js. */

import { VoiceCall } from "./client.js";
import { Chooser } from "./chooser.js";
import { Floor, WORDS } from "./floor.js";
import { Levels } from "./levels.js";
import { obstacle, openMicrophone } from "./microphone.js";
import { Panels } from "./panels.js";
import { TimeView } from "./time.js";
import { Transcript } from "./transcript.js";

const $ = (id) => document.getElementById(id);
const server = new URL(document.baseURI).origin;

const transcript = new Transcript($("log"));
const chooser = new Chooser($("chooser"));
const panels = new Panels($("tabs"), { time: new TimeView($("panel-time")) });
let call = null;
let floor = null;
let levels = null;
let began = 0;
let withoutMicrophone = ""; // why the call under way has no microphone

// --- what is shown -----------------------------------------------------------------------------------------------------------------

/** The phase of the page: "idle" (choosing), "connecting", "live" or "ended". Everything that comes and goes with it stands in this one place. */
function show(phase) {
  const calling = phase === "connecting" || phase === "live";
  document.body.dataset.phase = phase;
  for (const id of ["title", "lead", "chooser"]) $(id).hidden = phase !== "idle";
  for (const id of ["stage", "log"]) $(id).hidden = phase === "idle";
  for (const id of ["typing", "stop"]) $(id).hidden = !calling;
  $("mute").hidden = !calling || document.body.dataset.microphone === "none";
  for (const id of ["text", "mute"]) $(id).disabled = phase !== "live";
  $("another").hidden = phase !== "ended";
  setButton($("call"), calling ? "i-hangup" : "i-phone", calling ? "Hang up" : phase === "ended" ? "Call again" : "Call");
  showFloor(phase);
}

function showFloor(phase) {
  const now = phase === "live" ? floor.now : phase;
  $("orb").dataset.floor = now;
  $("floor").textContent = WORDS[now] ?? "";
  $("stop").disabled = now !== "speaking" && now !== "thinking";
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

/** A word for a screen reader at the turns of the call that others see. */
function announce(sentence) {
  $("announce").textContent = sentence;
}

// --- the call ----------------------------------------------------------------------------------------------------------------------

async function startCall() {
  notice("");
  transcript.clear();
  floor = new Floor();
  levels = new Levels();
  call = new VoiceCall({ url: server, graph: chooser.chosen });
  const mine = call;
  call.addEventListener("state", ({ detail }) => stateChanged(detail));
  call.addEventListener("message", ({ detail }) => heard(detail));
  call.addEventListener("track", ({ detail }) => play(detail));
  call.addEventListener("shaky", ({ detail }) => (detail ? notice("The line is interrupted. Waiting for it to come back…", "wait") : notice(withoutMicrophone)));
  panels.follow(call);
  $("line-graph").textContent = chooser.chosen ?? "";
  show("connecting");
  $("floor").textContent = "Waiting for the microphone";

  const { stream, problem } = await openMicrophone();
  if (mine !== call) {
    for (const track of stream?.getTracks() ?? []) track.stop(); // hung up while the browser was asking
    return;
  }
  document.body.dataset.microphone = stream ? "on" : "none";
  if (stream) levels.watch("caller", stream);
  notice((withoutMicrophone = problem));
  showMuted(false);
  show("connecting");
  await call.start(stream);
}

function stateChanged({ state, reason }) {
  if (state === "live") callBegan();
  if (state === "ended") callEnded(reason);
}

function callBegan() {
  began = performance.now();
  show("live");
  announce(`Connected. ${call.hasMicrophone ? "Speak now." : "Type your message."}`);
  if (!call.hasMicrophone) $("text").focus();
  requestAnimationFrame(draw);
}

function callEnded(reason) {
  $("voice").srcObject = null;
  levels.close();
  call = null;
  show("ended");
  if (reason) notice(reason);
  else announce("Call ended.");
  $("call").focus();
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
  if (call?.state !== "live") return;
  const side = $("orb").dataset.floor === "speaking" ? "reply" : "caller";
  $("orb").style.setProperty("--level", levels.of(side).toFixed(3));
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

// --- what is pressed ---------------------------------------------------------------------------------------------------------------

$("call").addEventListener("click", () => {
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

$("stop").addEventListener("click", () => call.sendMessage("interrupt"));

$("typing").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || call?.state !== "live") return;
  call.sendText(text);
  transcript.typed(text);
  floor.typed();
  showFloor("live");
  $("text").value = "";
});

$("chooser").addEventListener("submit", (event) => event.preventDefault());
addEventListener("pagehide", () => call?.hangUp());

chooser.addEventListener("loaded", ({ detail: problem }) => {
  if (problem) notice(problem);
  $("call").disabled = !chooser.chosen;
  panels.choose(chooser.chosen);
});
$("chooser").addEventListener("change", () => panels.choose(chooser.chosen));

show("idle");
notice(obstacle());
chooser.load(server);
