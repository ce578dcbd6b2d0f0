// The timeline: from frames to places and back, curves with gaps, bars.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as timeline from "../../notebooks/framewise/workbench/inspector/timeline.mjs";

const infoOf = (times) => ({ times, count: times.length });
const even = infoOf(Array.from({ length: 200 }, (_, i) => 5 + i / 25)); // it begins at 5 s
const uneven = infoOf([0, 0.1, 0.11, 0.3]);

test("frames are counted from 0, in one way", () => {
  assert.equal(timeline.wordsOf(even, 0), "frame 0 (0 to 199) · 0.000 s");
  assert.equal(timeline.wordsOf(even, 38), "frame 38 (0 to 199) · 1.520 s");
});

test("the frame nearest to a time is found, however uneven the times are", () => {
  for (const info of [even, uneven]) {
    info.times.forEach((_, i) => {
      assert.equal(timeline.frameAt(info, timeline.since(info, i)), i);
    });
  }
  assert.equal(timeline.frameAt(uneven, 0.04), 0);
  assert.equal(timeline.frameAt(uneven, 0.06), 1);
  assert.equal(timeline.frameAt(uneven, 0.2), 2);
  assert.equal(timeline.frameAt(uneven, 99), 3);
  assert.equal(timeline.frameAt(uneven, -1), 0);
});

test("a clip of one frame has a timeline too", () => {
  const one = infoOf([3]);
  assert.equal(timeline.lengthOf(one), 1);
  assert.equal(timeline.frameAt(one, 0.7), 0);
  assert.match(timeline.lane(one, "a", [2]), /M0 0h0/);
});

test("the axis fits the data and does not begin at zero", () => {
  assert.deepEqual(timeline.limitsOf([0.3, null, 0.2, 0.25]), [0.2, 0.3]);
  assert.deepEqual(timeline.limitsOf([4, 4]), [0, 4]);
  assert.deepEqual(timeline.limitsOf([null, null]), [0, 1]);
  assert.match(timeline.lane(even, "eye", [0.2, 0.35]), /0.2 to 0.35/);
});

test("gaps stay gaps: one stroke more than there are gaps inside", () => {
  const values = Array.from({ length: 200 }, (_, i) => (i % 50 === 40 ? null : i));
  assert.equal(timeline.curvePath(even, values).split("M").length - 1, 5);
});

test("frames that were never tried are no gaps", () => {
  const fifth = even.times.map((_, i) => (i % 5 === 2 ? i : null));
  assert.deepEqual(timeline.triedFrames(fifth).slice(0, 3), [2, 7, 12]);
  assert.equal(timeline.curvePath(even, fifth).split("M").length - 1, 1);
  fifth[52] = null; // this frame was tried, and gave no number
  assert.equal(timeline.curvePath(even, fifth).split("M").length - 1, 2);
  assert.equal(timeline.triedFrames([null, null]).length, 2);
  assert.equal(timeline.triedFrames([null, 1, null]).length, 3);
});

test("the highest value lies on top", () => {
  const path = timeline.curvePath(infoOf([0, 1, 2]), [10, 20, 15]);
  assert.equal(path, "M0 1h0L1 0h0L2 0.5h0");
});

test("a long curve is thinned, but a blink and a gap of one frame are kept", () => {
  const values = Array.from({ length: 100_000 }, (_, i) => 0.3 + 0.01 * Math.sin(i));
  values[12_345] = 0.05;
  values[67_890] = null;
  const drawn = timeline.drawnFrames(values);
  assert.ok(drawn.length <= 4000 && drawn.length > 1000, String(drawn.length));
  assert.ok(drawn.includes(12_345) && drawn.includes(67_890));
  assert.deepEqual(
    drawn,
    [...new Set(drawn)].sort((a, b) => a - b),
  );
});

test("bars are as long as their frames last", () => {
  const drawn = timeline.bars(even, "blinks", [
    [20, 24],
    [90, 90],
  ]);
  const sides = [...drawn.matchAll(/x="([\d.]+)" width="([\d.]+)"/g)].map((one) =>
    one.slice(1).map(Number),
  );
  const frame = timeline.lengthOf(even) / even.count;
  assert.deepEqual(
    sides.map(([, wide]) => Math.round(wide / frame)),
    [5, 1],
  );
  assert.deepEqual(
    sides.map(([x, wide]) => Math.round((x + wide / 2) * 25)),
    [22, 90],
  );
  assert.match(drawn, /aria-label="blinks: frames 20 to 24, 90"/);
  assert.match(timeline.bars(even, "cuts", []), /aria-label="cuts: none"/);
});

test("names are text and never become elements", () => {
  assert.ok(!timeline.lane(even, "<b>x", [1, 2]).includes("<b>x"));
  assert.equal(timeline.short(null), "–");
  assert.equal(timeline.short(0.123456), "0.123");
});
