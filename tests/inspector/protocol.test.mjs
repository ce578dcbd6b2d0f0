// The packet format, from this side: Python writes the packet, and says what is in it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as protocol from "../../notebooks/framewise/workbench/inspector/protocol.mjs";

const { info, message, buffers, expected } = JSON.parse(readFileSync(process.env.PACKET, "utf-8"));
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
