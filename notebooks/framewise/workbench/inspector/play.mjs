// Playing by the clip's own clock: late frames are left out, and time is not stretched.

import { spoken } from "./controls.mjs";

const LONGEST = 250; // ms: a pause of the browser does not make the film jump further than this

// The next frame and clock, `elapsed` seconds later. `isHere` tells whether a frame can be painted.
export function advance({ frame, clock, elapsed, times, step, range, repeat, isHere }) {
  const [start, end] = range;
  const until = times[end] + (end ? times[end] - times[end - 1] : 0);
  let next = frame;
  let now = clock + elapsed;
  while (next < end && times[Math.min(next + step, times.length - 1)] <= now) next += step;
  for (; next > frame && !isHere(next); next -= step) now = times[next];
  if (repeat && (next > end || (next === end && now >= until))) return [start, times[start]];
  return [next, now];
}

export class Player {
  #ticking = 0;
  #clock = 0;
  #then = 0;
  #played = -1;

  constructor(app) {
    this.app = app;
  }

  get #range() {
    const { app } = this;
    const { first, last } = app.on.has("loop") ? app.range : {};
    return [first ?? 0, last ?? app.last].map(app.reel.floor);
  }

  #tick = (now) => {
    const { app } = this;
    const { times, step } = app.info;
    const frame = app.cursor;
    if (frame !== this.#played) this.#clock = times[frame]; // somebody moved the cursor
    const elapsed = (app.named("speed").value * Math.min(now - this.#then, LONGEST)) / 1000;
    const isHere = (one) => app.reel.find(one) || app.reel.error(one);
    const repeat = app.on.has("loop");
    const rules = { times, step, range: this.#range, repeat, isHere };
    [this.#played, this.#clock] = advance({ frame, clock: this.#clock, elapsed, ...rules });
    this.#then = now;
    if (this.#played !== frame) app.go(this.#played);
    if (this.#played >= app.last && !repeat) this.toggle();
    else this.#ticking = requestAnimationFrame(this.#tick);
  };

  toggle() {
    const on = !this.app.model.get("playing");
    if (on && this.app.cursor >= this.app.last) this.app.go(this.#range[0]);
    this.app.put("playing", on);
  }

  follow() {
    const on = this.app.model.get("playing");
    const label = on ? "❚❚ pause" : "▶ play";
    Object.assign(this.app.named("play"), { textContent: label, ariaLabel: spoken(label) });
    [this.#then, this.#played] = [performance.now(), -1];
    this.stop();
    if (on) this.#ticking = requestAnimationFrame(this.#tick);
  }

  stop = () => cancelAnimationFrame(this.#ticking);
}
