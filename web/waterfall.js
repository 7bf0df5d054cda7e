/** One answer's time, stage by stage: a table whose bars stand where each stage lies in the whole. */

/** What people call the stages that are not an output of a node. */
const NAMES = { "turn end": "until your turn was over", "first sample": "until the first sound left" };
const ENDED_BY = {
  silence: "your turn ended by silence",
  model: "the speech model heard that you were done",
  watchdog: "your turn ended by a long silence",
  sent: "you sent it",
};

/**
 * @param {object} turn the `d` of a `turn` message (docs/protocol.md)
 * @param {string} question what it answers, for the heading
 * @param {number | null} onTheWay milliseconds from the server to the ear, as measured at the time
 */
export function waterfall(turn, question, onTheWay) {
  const whole = total(turn);
  const figure = make("article", "waterfall");
  const heading = make("h3", "", question || "A reply that answers no words");
  const sum = make("p", "total");
  sum.append(make("strong", "", shown(whole)), ` ${notes(turn, onTheWay)}`);
  figure.append(heading, sum, table(turn, whole));
  return figure;
}

/** Milliseconds of the whole: from the end of the speech, or where there was none from when the answer was asked for. */
export function total(turn) {
  return turn.speech_end_to_first_sound_ms ?? turn.turn_end_to_first_sound_ms;
}

/** `586 ms`, or a dash for what is not known. */
export function shown(ms, unit = "ms") {
  return ms === null || ms === undefined ? "–" : `${Math.round(ms)} ${unit}`;
}

function notes({ ended_by: why, speculations }, onTheWay) {
  const parts = [ENDED_BY[why]];
  if (speculations > 1) parts.push(`begun ${speculations} times`);
  if (onTheWay !== null) parts.push(`then about ${shown(onTheWay)} to your ear`);
  return parts.filter(Boolean).join(" · ");
}

function table({ stages, unattributed_ms: rest }, whole) {
  const node = make("table");
  const caption = make("caption", "visually-hidden", "Stages, each from the end of the one before");
  const head = node.createTHead().insertRow();
  for (const name of ["Stage", "Where in the whole", "Time"]) head.append(Object.assign(make("th", "", name), { scope: "col" }));
  const body = node.createTBody();
  let at = 0;
  for (const { stage, ms } of stages) {
    body.append(row(NAMES[stage] ?? stage, at, ms, whole, stage in NAMES ? "own" : "node"));
    at += ms;
  }
  if (rest) body.append(row("not accounted for", at, rest, whole, "rest"));
  node.prepend(caption);
  return node;
}

function row(name, at, ms, whole, kind) {
  const tr = make("tr", kind);
  const bar = make("span", "bar");
  bar.style.setProperty("--from", at / (whole || 1));
  bar.style.setProperty("--part", Math.max(ms, 0) / (whole || 1));
  const place = make("td");
  place.append(bar, make("span", "visually-hidden", `from ${shown(at)} to ${shown(at + ms)}`));
  tr.append(Object.assign(make("th", "", name), { scope: "row" }), place, make("td", "ms", shown(ms)));
  return tr;
}

function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}
