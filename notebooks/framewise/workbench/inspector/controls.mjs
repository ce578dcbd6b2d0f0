// The words and the elements of the inspector.

import { OVERLAYS } from "./shapes.mjs";
import { bars, lane, plain, since } from "./timeline.mjs";

export const BUTTONS = {
  // visible label, key
  first: ["|◀ first", "Home"],
  previous: ["◀ back", "ArrowLeft"],
  play: ["▶ play", "Space"],
  next: ["next ▶", "ArrowRight"],
  last: ["last ▶|", "End"],
  farther: ["− smaller", "-"],
  closer: ["+ larger", "+"],
  whole: ["whole picture", "0"],
  follow: ["follow the face", "f"],
  loupe: ["loupe", "l"],
  boxing: ["draw a box", "b"],
  mark: ["mark this frame", "m"],
  full: ["full screen", "u"],
  present: ["present", "p"],
  freeze: ["freeze and vote", "v"],
  from: ["range from here", "i"],
  to: ["range to here", "o"],
  loop: ["repeat the range", "r"],
  switch: ["switch the clips", "x"],
};
export const SWITCHES = ["follow", "loupe", "boxing", "loop", ...Object.keys(OVERLAYS)];

const NAMES = { ArrowLeft: "left arrow", ArrowRight: "right arrow", Space: "space bar" };
const MORE_KEYS = [
  ["shift and left or right arrow", "ten frames back or forward"],
  ["w, a, s, d", "look up, left, down, right in the enlarged picture"],
];

export const options = (pairs) =>
  pairs.map(([value, text]) => `<option value="${plain(value)}">${plain(text)}</option>`).join("");

// What is read out of a label: its words, without the signs before and after them.
export const spoken = (label) => label.replace(/[|◀▶❚+−]/g, "").trim();

const button = (name, [label, key] = BUTTONS[name]) =>
  `<button type="button" name="${name}" aria-keyshortcuts="${key}"
    ${spoken(label) === label ? "" : `aria-label="${spoken(label)}"`}
    ${SWITCHES.includes(name) ? 'aria-pressed="false"' : ""}>${label}</button>`;
const buttons = (...names) => names.map((name) => button(name)).join("");

const overlay = (info, name, [label, colour] = OVERLAYS[name]) =>
  `<button type="button" name="${name}" aria-pressed="false" style="--c: ${colour}">
    ${name === "areas" ? plain(info.areas.join(", ")) : label}</button>`;

const keyList = (info) =>
  Object.entries(BUTTONS)
    .filter(([name]) => (name !== "follow" || info.faces) && (name !== "switch" || info.other))
    .map(([, [label, key]]) => [NAMES[key] ?? key, spoken(label)])
    .concat(MORE_KEYS)
    .map(([key, label]) => `<div><dt><kbd>${key}</kbd></dt><dd>${label}</dd></div>`)
    .join("");

const speeds = [
  [1, "normal"],
  [0.5, "1/2"],
  [0.25, "1/4"],
  [0.1, "1/10"],
];
const ways = [
  ["side", "side by side"],
  ["wipe", "wipe"],
  ["flicker", "flicker"],
];

function more(info) {
  const drawn = Object.keys(OVERLAYS).filter((name) =>
    name === "areas" ? info.areas.length : info.faces,
  );
  const layers = [["", "none"], ...Object.keys(info.layers).map((name) => [name, name])];
  return `<details class="more"><summary>keys${drawn.length ? ", overlays" : ""} and more</summary>
    <div class="bar" ${drawn.length ? "" : "hidden"}>${drawn.map((one) => overlay(info, one)).join("")}
      <em></em></div>
    <div class="bar" ${layers.length > 1 ? "" : "hidden"}>
      <label>layer <select name="layer">${options(layers)}</select></label>
      <span class="scale" hidden><label>opacity
        <input type="range" name="opacity" max="100" value="70"></label><b></b><i></i><b></b></span>
      <span class="kept-frames" role="group" aria-label="frames with this layer"></span></div>
    <div class="bar">${buttons("from", "to", "loop")}<span class="range"></span></div>
    <dl class="keys" aria-label="keys">${keyList(info)}</dl></details>`;
}

const compare = (info) => `<div class="bar" ${info.other ? "" : "hidden"}>
  <label>compare <select name="way">${options(ways)}</select></label>
  <label hidden>edge <input type="range" name="edge" max="100" value="50"></label>
  ${button("switch")}</div>`;

const vote = `<div class="vote" role="group" aria-label="vote by show of hands" hidden>
  <p>Press once for each raised hand.</p>
  <button type="button" name="vote-a">A: 0</button><button type="button" name="vote-b">B: 0</button>
  <button type="button" name="again-vote">count again</button>
  <button type="button" name="go-on">go on</button></div>`;

export function markup(info) {
  const each = (all, draw, wanted = () => true) =>
    Object.entries(all)
      .filter(([name]) => wanted(name))
      .map(([name, values]) => draw(info, name, values))
      .join("");
  const folded = (name) => info.folded.includes(name);
  const rest = `<details class="curves" ${info.folded.length ? "" : "hidden"}>
    <summary>more curves</summary>${each(info.series, lane, folded)}</details>`;
  const count = Math.max(1, Object.keys(info.series).length - info.folded.length);
  const sizes = `--w: ${info.size[0]}; --h: ${info.size[1]}; --curves: ${count}`;
  return `<section class="framewise" tabindex="0" data-lm-suppress-shortcuts="true"
      aria-label="Frame inspector, ${plain(info.name)}" style="${sizes}"><div class="table">
    <div class="stage"><canvas role="img"></canvas><output class="pixel" aria-live="off"></output>
      <p role="status"></p><span class="spot"></span>${vote}</div>
    <div class="desk"><p class="hint"><span class="task" role="status"></span>
        <span class="keyboard"><b class="listening">The keyboard works here.</b>
          <span class="deaf">Press Tab or click the picture to use the keyboard.</span></span></p>
      <input type="range" class="scrub" max="${info.count - 1}" aria-label="frame">
      <div class="bar main">${buttons("first", "previous", "play", "next", "last")}
        <b class="where"></b><label>speed <select name="speed">${options(speeds)}</select></label>
        ${buttons("full", "present", "freeze")}</div>
      <div class="bar look">${buttons("boxing", "mark", "closer", "farther", "whole")}
        <span class="zoom"></span>${buttons(...(info.faces ? ["follow"] : []), "loupe")}${more(info)}</div>
      ${compare(info)}
      <div class="lanes">${each(info.series, lane, (name) => !folded(name))}${each(info.spans, bars)}
        ${rest}<div class="found"></div>
        <i></i><div class="axis"><span>0 s</span>
          <span>${since(info, info.count - 1).toFixed(3)} s</span></div></div>
      <div class="notes"><ol></ol><div class="bar keep"><button type="button" name="save">save my
        marks as a file</button><span class="kept" role="status"></span></div>
        <div class="blind"></div>
        <datalist id="${info.reasonsId}">${options(info.reasons.map((one) => [one, one]))}</datalist>
      </div></div></div></section>`;
}
