// The frame cache: what it asks for, what it keeps, and what it drops.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Reel } from "../../notebooks/framewise/workbench/inspector/frames.mjs";

const MB = 1e6;
let decoding = { now: 0, most: 0, open: 0, mostOpen: 0 };

beforeEach(() => {
  decoding = { now: 0, most: 0, open: 0, mostOpen: 0 };
  globalThis.createImageBitmap = async (blob) => {
    decoding.most = Math.max(decoding.most, ++decoding.now);
    await new Promise(setImmediate);
    decoding.now--;
    if (blob.size === 3) throw new Error("no picture");
    decoding.mostOpen = Math.max(decoding.mostOpen, ++decoding.open);
    return { close: () => decoding.open-- };
  };
});

const settled = async () => {
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
};

// A reel of 8 frames a chunk beside a kernel that answers only when told to.
function opened({ count = 1000, step = 1, bytes = 8 } = {}) {
  const asked = [];
  const arrivals = [];
  const info = { count, step, chunk: 8, faces: 0, points: 0, unit: 0.1 };
  const reel = new Reel(
    info,
    (chunk) => asked.push(chunk),
    (frame) => arrivals.push(frame),
  );
  const answer = (chunk, { error = null, sizes = Array(8).fill(bytes / 8) } = {}) => {
    const parts = [...sizes.map((size) => new Uint8Array(size)), new Uint8Array(0)];
    answered = asked.length;
    reel.take({ chunk, error, areas: sizes.map(() => []) }, parts);
  };
  const run = (until = 1e4) => {
    for (let i = 0; i < until && answered < asked.length; i++) answer(asked.at(-1));
  };
  let answered = 0;
  return { reel, asked, arrivals, answer, run };
}

test("a drag over missing frames asks only for the newest wish", () => {
  const { reel, asked, answer } = opened();
  for (let frame = 0; frame < 1000; frame += 3) reel.move(frame);
  assert.deepEqual(asked, [0]);
  answer(0);
  assert.deepEqual(asked, [0, 124]); // not one for each chunk that was passed over
});

test("a far seek asks first for what is wanted, then onwards, then behind", () => {
  const { reel, asked, run } = opened({ count: 15000 });
  reel.move(0);
  run(3);
  const before = asked.length;
  reel.move(12345);
  run(8);
  assert.equal(asked[before], 12345 >> 3);
  assert.deepEqual(
    asked.slice(before, before + 4).map((n) => n - (12345 >> 3)),
    [0, 1, 2, -1],
  );
});

test("all frames come in the end, each once, and then nothing is asked", () => {
  const { reel, asked, run } = opened();
  reel.move(500);
  run();
  assert.deepEqual(
    [...asked].sort((a, b) => a - b),
    Array.from({ length: 125 }, (_, i) => i),
  );
  reel.move(3);
  reel.move(999);
  assert.equal(asked.length, 125);
  assert.ok(reel.find(0) && reel.find(999) && !reel.error(999));
});

test("fetching ahead stops at 24 MB until the cursor moves", () => {
  const { reel, asked, run } = opened({ bytes: 2 * MB });
  reel.move(0);
  run();
  assert.ok(asked.length >= 8 && asked.length <= 16, String(asked.length));
  const before = asked.length;
  reel.move(80);
  assert.equal(asked.length, before + 1);
});

test("memory stays bounded on a clip of ten minutes", () => {
  const { reel, asked, run } = opened({ count: 15000, bytes: 2 * MB });
  let most = 0;
  const held = () =>
    Array.from({ length: 1875 }, (_, i) => 8 * i).filter(reel.find).length * 2 * MB;
  for (let at = 0; at < 15000; at += 600) {
    reel.move(at);
    run();
    most = Math.max(most, held());
    assert.ok(reel.find(at));
  }
  assert.ok(asked.length * 2 * MB > 150 * MB); // far more came than may stay
  assert.ok(most >= 24 * MB && most <= 50 * MB, String(most));
});

test("one picture is decoded at a time, and the newest wish comes first", async () => {
  const { reel, run, arrivals } = opened();
  reel.move(0);
  run();
  for (let frame = 1; frame <= 100; frame++) reel.move(frame);
  await settled();
  assert.equal(decoding.most, 1);
  assert.ok(reel.picture(100) && reel.picture(101));
  assert.ok(arrivals.includes(100));
});

test("a handful of pictures is kept decoded, and none after the end", async () => {
  const { reel, run } = opened();
  for (const frame of [0, 300, 600, 900]) {
    reel.move(frame);
    run();
    await settled();
    reel.picture(frame);
  }
  assert.ok(decoding.mostOpen <= 7, String(decoding.mostOpen));
  reel.close();
  await settled();
  assert.equal(decoding.open, 0);
});

test("a picture that is shown stays decoded while the cursor runs away", async () => {
  const { reel, run } = opened();
  reel.move(0);
  run();
  await settled();
  assert.ok(reel.picture(0));
  reel.move(500);
  await settled();
  assert.ok(reel.picture(0));
});

test("a frame that could not be read is told, and coming back tries it again", () => {
  const { reel, asked, answer, run } = opened();
  reel.move(0);
  answer(0, { error: "it is gone", sizes: [1, 1, 1, 0, 1, 1, 1, 1] });
  assert.equal(reel.error(3), "it is gone");
  assert.equal(reel.error(2), null);
  reel.move(500);
  run();
  const before = asked.length;
  reel.move(3);
  run();
  assert.ok(asked.slice(before).includes(0));
});

test("a damaged picture is told and does not stop the others", async () => {
  const { reel, answer } = opened();
  reel.move(0);
  answer(0, { sizes: [3, 1, 1, 1, 1, 1, 1, 1] });
  await settled();
  assert.equal(reel.error(0), "the picture is damaged");
  assert.ok(reel.picture(1));
});

test("a question without an answer is asked again after ten seconds", (context) => {
  const { reel, asked } = opened();
  let now = 0;
  context.mock.method(performance, "now", () => now);
  reel.move(0);
  now = 9e3;
  reel.move(1);
  assert.deepEqual(asked, [0]);
  now = 11e3;
  reel.move(2);
  assert.deepEqual(asked, [0, 0]);
});

test("of a thinned clip only the frames that are there are found", () => {
  const { reel, run } = opened({ step: 5 });
  reel.move(0);
  run();
  assert.deepEqual([0, 4, 5, 999].map(reel.floor), [0, 0, 5, 995]);
  assert.ok(reel.find(5) && reel.find(995));
});
