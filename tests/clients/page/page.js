// The field's SDK as an application uses it, and a record of everything that it tells.
// window.sdk: { client, events: [{ name, data, t }], start(server, body) }

import { PipecatClient, RTVIEvent } from "@pipecat-ai/client-js";
import { SmallWebRTCTransport, WavMediaManager } from "@pipecat-ai/small-webrtc-transport";

const events = [];
const client = new PipecatClient({
  transport: new SmallWebRTCTransport({ mediaManager: new WavMediaManager() }), // the default one loads code from another host
  enableMic: true,
});

for (const name of Object.values(RTVIEvent)) {
  client.on(name, (data) => events.push({ name, data: plain(data), t: performance.now() }));
}

client.on(RTVIEvent.TrackStarted, (track, participant) => {
  if (track.kind === "audio" && !participant?.local) document.getElementById("voice").srcObject = new MediaStream([track]);
});

/** What survives being handed to a test. */
function plain(data) {
  if (data instanceof MediaStreamTrack) return { kind: data.kind, id: data.id };
  try {
    return JSON.parse(JSON.stringify(data ?? null));
  } catch {
    return String(data);
  }
}

/** Call. Returns what `bot-ready` says, or what went wrong, in the words that an application shows. */
async function start(server, body) {
  const requestData = { createDailyRoom: false, enableDefaultIceServers: true, transport: "webrtc", body };
  try {
    return { ready: await client.startBotAndConnect({ endpoint: `${server}/start`, requestData: body ? requestData : undefined }) };
  } catch (problem) {
    return { problem: problem.message, status: problem.status };
  }
}

window.sdk = { client, events, start };
