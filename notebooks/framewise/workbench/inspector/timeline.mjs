// The timeline: time runs from left to right, whatever the frame rate does. Nothing here draws.

import { clamp } from "./view.mjs";

const MOST = 4000; // values that a curve is drawn through

export const plain = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
export const short = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))));
export const since = (info, frame) => info.times[clamp(frame, 0, info.count - 1)] - info.times[0];
export const lengthOf = (info) => since(info, info.count - 1) || 1;

// The frame that is nearest to a time, counted in seconds from the first frame.
export function frameAt(info, seconds) {
  const later = info.times.findIndex((time) => time - info.times[0] >= seconds);
  const at = later < 0 ? info.count - 1 : later;
  return at && seconds - since(info, at - 1) < since(info, at) - seconds ? at - 1 : at;
}

export const wordsOf = (info, frame) =>
  `frame ${frame} (0 to ${info.count - 1}) · ${since(info, frame).toFixed(3)} s`;

// The lowest and the highest value; of a curve that never changes, this value and 0.
export function limitsOf(values) {
  const known = values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!known.length) return [0, 1];
  if (low < high) return [low, high];
  return low ? [Math.min(0, low), Math.max(0, low)] : [0, 1];
}

const divisor = (a, b) => (b ? divisor(b, a % b) : a);

// The frames that were tried. A cue may be measured in every fifth frame only: then what lies
// between two of these frames is no gap.
export function triedFrames(values) {
  const all = values.map((_, frame) => frame);
  const known = all.filter((frame) => values[frame] !== null);
  const every = known.reduce((a, frame) => divisor(a, frame - known[0]), 0) || 1;
  return every > 1 ? all.filter((frame) => (frame - known[0]) % every === 0) : all;
}

// The frames that a curve is drawn through. Of a long curve these are the first gap, the lowest
// and the highest value of every few frames, so that no blink and no gap is lost.
export function drawnFrames(values, most = MOST) {
  const all = triedFrames(values);
  const every = Math.ceil((3 * all.length) / most);
  if (all.length <= most) return all;
  const some = [];
  for (let at = 0; at < all.length; at += every) {
    const group = all.slice(at, at + every);
    const known = group.filter((i) => values[i] !== null).sort((a, b) => values[a] - values[b]);
    const wanted = new Set([known[0], known.at(-1), group.find((i) => values[i] === null)]);
    some.push(...[...wanted].filter((i) => i !== undefined).sort((a, b) => a - b));
  }
  return some;
}

export function curvePath(info, values) {
  const [low, high] = limitsOf(values);
  let pen = "M";
  const steps = drawnFrames(values).map((frame) => {
    const value = values[frame];
    const step =
      value === null ? "" : `${pen}${since(info, frame)} ${(high - value) / (high - low)}h0`;
    pen = value === null ? "M" : "L";
    return step;
  });
  return steps.join("");
}

const strip = (info, kind, label, extra, [top, tall], words, drawn) => `
  <div class="lane ${kind}"><span>${plain(label)} <b></b></span><span class="extra">${extra}</span>
    <svg viewBox="0 ${top} ${lengthOf(info)} ${tall}" preserveAspectRatio="none" role="img"
      aria-label="${plain(words)}">${drawn}</svg></div>`;

// One series: gaps stay gaps, and the axis fits the data.
export function lane(info, name, values) {
  const range = limitsOf(values).map(short).join(" to ");
  const path = `<path d="${curvePath(info, values)}"/>`;
  const words = `${name} over time, from ${range}`;
  return strip(info, "series", name, range, [-0.08, 1.16], words, path);
}

// Stretches of frames, each as long as it lasts.
export function bars(info, name, spans, kind = "") {
  const half = lengthOf(info) / info.count / 2;
  const rects = spans.map(([first, last]) => {
    const from = Math.max(since(info, first) - half, 0);
    return `<rect x="${from}" width="${since(info, last) + half - from}" height="1"/>`;
  });
  const said = spans.map(([first, last]) => (first === last ? first : `${first} to ${last}`));
  const words = `${name}: ${said.length ? `frames ${said.join(", ")}` : "none"}`;
  return strip(info, `bars ${kind}`, name, spans.length, [0, 1], words, rects.join(""));
}
