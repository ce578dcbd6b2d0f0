// Playing by a made-up clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../notebooks/framewise/workbench/inspector/play.mjs";

const times = Array.from({ length: 200 }, (_, i) => i / 25);
const rules = { times, step: 1, range: [0, 199], repeat: false, isHere: () => true };

function played(elapsed, turns, more = {}) {
  let [frame, clock] = [more.from ?? 0, (more.times ?? times)[more.from ?? 0]];
  const seen = [];
  for (let i = 0; i < turns; i++) {
    [frame, clock] = advance({ ...rules, ...more, frame, clock, elapsed });
    seen.push(frame);
  }
  return seen;
}

test("the film keeps the time of the clock, however often it ticks", () => {
  for (const elapsed of [0.1, 0.01, 0.0025]) {
    played(elapsed, Math.round(2 / elapsed)).forEach((frame, i) => {
      assert.ok(Math.abs(frame - (i + 1) * elapsed * 25) < 1.001, `${frame} after ${i + 1} ticks`);
    });
  }
});

test("uneven times are followed", () => {
  const uneven = times.map((_, i) => (i < 10 ? i / 25 : 0.4 + (i - 10) * 20));
  assert.equal(played(0.01, 45, { times: uneven }).at(-1), 10);
  assert.equal(played(0.01, 300, { times: uneven }).at(-1), 10); // the next one comes at 20.4 s
});

test("a range is repeated, and nothing outside it is shown", () => {
  const seen = played(0.03, 60, { from: 10, range: [10, 15], repeat: true });
  assert.ok(seen.every((frame) => frame >= 10 && frame <= 15));
  assert.ok(seen.filter((frame, i) => frame < seen[i - 1]).length >= 3);
});

test("the last frame of a range is shown for as long as the others", () => {
  const seen = played(0.01, 200, { from: 10, range: [10, 15], repeat: true });
  const of = (frame) => seen.filter((one) => one === frame).length;
  assert.ok(of(15) >= of(12) - 3, `${of(15)} and ${of(12)}`);
});

test("a clip of one frame can be repeated", () => {
  assert.deepEqual(played(0.1, 3, { times: [0], range: [0, 0], repeat: true }), [0, 0, 0]);
});

test("frames that are under way are waited for", () => {
  const isHere = (frame) => frame < 8;
  assert.equal(played(0.1, 50, { isHere }).at(-1), 7);
});

test("a thinned clip is played from one kept frame to the next", () => {
  const seen = played(0.04, 100, { step: 7, range: [0, 196] });
  assert.ok(seen.every((frame) => frame % 7 === 0));
  assert.ok(seen.at(-1) >= 91);
});

test("somebody who starts beyond the range comes back into it", () => {
  assert.equal(played(0.04, 1, { from: 50, range: [10, 15], repeat: true })[0], 10);
});
