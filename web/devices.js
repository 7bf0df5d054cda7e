/** The choice of microphone and speaker, remembered by this browser. */

const DEFAULT = "System default";

export class Devices extends EventTarget {
  #selects;

  /**
   * Fires "microphone" and "speaker" when the caller chooses another, and "speaker" also when the chosen one is unplugged.
   * @param {HTMLElement} form holds select[name=microphone] and select[name=speaker]; a browser that cannot choose the speaker does not show it
   */
  constructor(form) {
    super();
    this.#selects = { microphone: form.querySelector("[name=microphone]"), speaker: form.querySelector("[name=speaker]") };
    this.#selects.speaker.parentElement.hidden = !("setSinkId" in HTMLMediaElement.prototype);
    for (const [kind, select] of Object.entries(this.#selects)) {
      select.addEventListener("change", () => {
        remember(kind, select.value);
        this.dispatchEvent(new Event(kind));
      });
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => this.refresh());
    this.refresh();
  }

  /** The id of the chosen microphone, "" for the system's default. */
  get microphone() {
    return recall("microphone");
  }

  /** The id of the chosen speaker that is there, "" for the system's default. */
  get speaker() {
    return this.#selects.speaker.value;
  }

  /** Look which devices there are. Their names are known only once the microphone was allowed. */
  async refresh() {
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const former = this.speaker;
    this.#fill("microphone", found, "audioinput");
    this.#fill("speaker", found, "audiooutput");
    if (former !== this.speaker) this.dispatchEvent(new Event("speaker"));
  }

  #fill(kind, devices, sort) {
    const select = this.#selects[kind];
    const usable = devices.filter(({ kind, deviceId, label }) => kind === sort && label && deviceId && deviceId !== "default");
    select.replaceChildren(new Option(DEFAULT, ""), ...usable.map(({ deviceId, label }) => new Option(label, deviceId)));
    const wanted = recall(kind);
    if (usable.some(({ deviceId }) => deviceId === wanted)) select.value = wanted;
  }
}

function recall(kind) {
  try {
    return localStorage.getItem(`voicegraph.${kind}`) ?? "";
  } catch {
    return ""; // this browser keeps nothing
  }
}

function remember(kind, id) {
  try {
    localStorage.setItem(`voicegraph.${kind}`, id);
  } catch {
    // then it holds until the page is closed
  }
}
