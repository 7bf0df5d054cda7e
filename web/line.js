/** How the line is: figures of a call from two readings of getStats (W3C, "Identifiers for WebRTC's Statistics API"). Pure. */

/**
 * @param {RTCStatsReport | null} before the reading before, null for the first
 * @param {RTCStatsReport} now
 * @param {number} output seconds from the browser's mixer to the loudspeaker, where the statistics do not have it
 * @returns {{roundTrip, jitter, playout, lossIn, lossOut}} milliseconds and percent, each null where it is not known:
 *   playout  how long a sample takes from its arrival to the ear: the browser's jitter buffer and the output device
 *   lossIn   of the packets on their way to this page since the reading before, lossOut of those on their way to the server
 */
export function figures(before, now, output = 0) {
  const incoming = pair(before, now, (each) => each.type === "inbound-rtp" && each.kind === "audio");
  const device = pair(before, now, (each) => each.type === "media-playout");
  const path = find(now, (each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
  const reported = find(now, (each) => each.type === "remote-inbound-rtp" && each.kind === "audio");
  const roundTrip = path?.currentRoundTripTime ?? reported?.roundTripTime;
  const buffered = ratio(incoming, "jitterBufferDelay", "jitterBufferEmittedCount");
  const played = ratio(device, "totalPlayoutDelay", "totalSamplesCount") ?? output;
  return {
    roundTrip: milliseconds(roundTrip),
    jitter: milliseconds(incoming.now?.jitter),
    playout: buffered === null ? null : milliseconds(buffered + played),
    lossIn: lost(incoming),
    lossOut: reported?.fractionLost === undefined ? null : reported.fractionLost * 100,
  };
}

/** Every so many readings the server is told the playout delay, and at once when it has changed by more than so many milliseconds. */
const EVERY = 2;
const CHANGE_MS = 20;

export class PlayoutReport {
  #readings = 0;
  #told = null;

  /** @param {number | null} playout of a new reading, in milliseconds. @returns {boolean} whether the server is to be told */
  due(playout) {
    if (playout === null) return false;
    this.#readings += 1;
    if (this.#told !== null && this.#readings < EVERY && Math.abs(playout - this.#told) <= CHANGE_MS) return false;
    this.#readings = 0;
    this.#told = playout;
    return true;
  }
}

function find(report, fits) {
  return [...report.values()].find(fits);
}

function pair(before, now, fits) {
  const found = find(now, fits);
  return { now: found, before: found && before?.get(found.id) };
}

/** By how much a counter rose since the reading before. */
function rise({ before, now }, name) {
  return (now?.[name] ?? 0) - (before?.[name] ?? 0);
}

function ratio(both, sum, count) {
  const n = rise(both, count);
  return n > 0 ? rise(both, sum) / n : null;
}

function lost(incoming) {
  const gone = Math.max(rise(incoming, "packetsLost"), 0); // late packets are taken off again
  const all = gone + rise(incoming, "packetsReceived");
  return all > 0 ? (gone / all) * 100 : null;
}

function milliseconds(seconds) {
  return seconds === undefined ? null : seconds * 1000;
}
