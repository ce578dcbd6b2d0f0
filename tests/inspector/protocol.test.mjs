// The packet format, from this side: Python writes the packet, and says what is in it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as protocol from "../../notebooks/framewise/workbench/inspector/protocol.mjs";

const packet = JSON.parse(readFileSync(process.env.PACKET, "utf-8"));
const { info, message, buffers, expected, elements } = packet;
const parts = buffers.map(
  (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer),
);
const frames = protocol.framesOf(message, parts);

test("a chunk holds its frames in order, and null where one could not be read", async () => {
  assert.equal(frames.length, expected.length);
  for (const [i, frame] of frames.entries()) {
    assert.equal(frame === null, expected[i] === null);
    if (frame) assert.equal(frame.bytes, (await frame.jpeg.arrayBuffer()).byteLength);
  }
});

test("points, lids and areas are those that Python has", () => {
  frames.forEach((frame, i) => {
    if (!frame) return;
    const faces = protocol.facesOf(frame.numbers, info);
    assert.deepEqual(frame.areas, expected[i].areas);
    expected[i].faces.forEach((face, k) => {
      assert.equal(faces[k] === null, face === null);
      if (!face) return;
      face.points.forEach((point, at) => {
        assert.equal(faces[k].mesh[at] === null, point === null);
        point?.forEach((value, axis) => {
          // Python counts from the middle of the first pixel, the canvas from its corner
          assert.ok(Math.abs(faces[k].mesh[at][axis] - (value + 0.5)) <= 0.51 * info.unit);
        });
      });
      assert.equal(faces[k].lids.length, face.lids);
      const known = face.points.filter(Boolean).map(([x]) => x + 0.5);
      assert.ok(Math.abs(faces[k].box[0] - Math.min(...known)) <= 0.51 * info.unit);
    });
  });
});

test("the elements of a page have the names that Python gives them", () => {
  assert.ok(elements.some(([{ layer }]) => layer) && elements.some(([{ reel }]) => reel));
  for (const [wish, layers, name] of elements) assert.equal(protocol.elementOf(wish, layers), name);
});

test("a page answers wishes for frames and for layers from its own elements", async () => {
  const answer = { layer: "b", frame: 7, limits: [0, 1], error: null };
  const chunk = { ...message, reel: 0, chunk: 0 };
  const page = {
    state: { _info: { layers: { a: "", b: "" } }, frame: 3 },
    "layer1-7": { ...answer, buffers: [btoa("png")] },
    "chunk0-0": { ...chunk, buffers },
  };
  const getElementById = (id) => ({ textContent: JSON.stringify(page[id]) });
  const model = protocol.pageModel({ getElementById });
  assert.equal(model.get("frame"), 3);
  const ask = (wish) =>
    new Promise((done) => {
      model.on("msg:custom", (told, parts) => done([told, parts]));
      model.send(wish);
    });
  const [told, [png]] = await ask({ layer: "b", frame: 7 });
  assert.deepEqual(told, answer);
  assert.equal(String.fromCharCode(...png), "png");
  const [frames, given] = await ask({ chunk: 0, reel: 0 });
  assert.deepEqual(frames, chunk);
  assert.equal(given.length, buffers.length);
});
