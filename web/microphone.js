/** The microphone, or plain words on why there is none. */

const WANTED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

const TYPE_INSTEAD = "Until then you can type, and hear the replies.";

const REASONS = {
  NotAllowedError: `The browser did not allow the microphone. Allow it beside the address of this page, then call again. ${TYPE_INSTEAD}`,
  NotFoundError: `No microphone was found. Connect one, then call again. ${TYPE_INSTEAD}`,
  NotReadableError: `The microphone is in use by another program. Close that one, then call again. ${TYPE_INSTEAD}`,
};

/** What a browser says of a device that was chosen once and is not there now. */
const MISSING = new Set(["OverconstrainedError", "NotFoundError"]);

const INSECURE = `A browser gives its microphone only to https:// pages and to localhost, and this page is neither: open it at one of them. ${TYPE_INSTEAD}`;

/** Let go of what `openMicrophone` gave, if it gave anything. */
export function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Why there can be no microphone whatever the caller allows, or "" when there can. */
export function obstacle() {
  return window.isSecureContext && navigator.mediaDevices ? "" : INSECURE;
}

/**
 * Ask for the microphone. Never rejects.
 * @param {string} device its id, "" for the system's default; one that is not there (any more) is replaced by the default
 * @returns {Promise<{stream: MediaStream | null, problem: string}>} one of the two is set
 */
export async function openMicrophone(device = "") {
  const problem = obstacle();
  if (problem) return { stream: null, problem };
  try {
    const audio = device ? { ...WANTED, deviceId: { exact: device } } : WANTED;
    return { stream: await navigator.mediaDevices.getUserMedia({ audio }), problem: "" };
  } catch (error) {
    if (device && MISSING.has(error.name)) return openMicrophone();
    return { stream: null, problem: REASONS[error.name] ?? `The microphone cannot be opened (${error.message || error.name}). ${TYPE_INSTEAD}` };
  }
}
