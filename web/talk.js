/** Push to talk: holding the space bar, or a button with finger, mouse or key. */

/** Where the space bar has a meaning of its own. */
const FIELDS = "input, textarea, select, button, summary, a, [contenteditable], [role=tab], [role=textbox]";

/**
 * @param {HTMLButtonElement} button
 * @param {(on: boolean) => void} talk is told when the caller takes and gives the floor
 * @param {() => boolean} ready whether there is somebody to talk to
 */
export function pushToTalk(button, talk, ready) {
  let held = false;
  const hold = (on) => {
    if (on === held || (on && !ready())) return;
    held = on;
    talk(on);
  };
  addEventListener("keydown", (event) => {
    if (event.code !== "Space" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target !== button && event.target.closest?.(FIELDS)) return;
    if (!ready()) return;
    event.preventDefault();
    if (!event.repeat) hold(true);
  });
  addEventListener("keyup", ({ code }) => code === "Space" && hold(false));
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, () => hold(false));
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  button.addEventListener("click", ({ detail }) => detail === 0 && hold(!held)); // Enter, or a screen reader's click, which cannot hold: once on, once off
  addEventListener("blur", () => hold(false)); // the key will be released elsewhere
}
