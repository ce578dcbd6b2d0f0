// Where the picture lies: geometry that is worked out by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as geometry from "../../notebooks/framewise/workbench/inspector/view.mjs";

const SIZE = [160, 96];
const PANE = { left: 0, wide: 320, tall: 192 };
const near = (got, expected) =>
  expected.forEach((value, i) => {
    assert.ok(Math.abs(got[i] - value) < 1e-9, `${got} is not ${expected}`);
  });

test("the whole picture fills a pane of its own shape", () => {
  const view = geometry.wholeView(SIZE);
  assert.equal(geometry.scaleOf(view, SIZE, PANE), 2);
  near(geometry.originOf(view, SIZE, PANE), [0, 0]);
  near(geometry.placeAt(view, SIZE, PANE, 201, 121), [100.5, 60.5]);
});

test("in a pane of another shape it lies in the middle and is not bent", () => {
  const view = geometry.wholeView(SIZE);
  const wide = { left: 50, wide: 520, tall: 192 };
  assert.equal(geometry.scaleOf(view, SIZE, wide), 2);
  near(geometry.originOf(view, SIZE, wide), [150, 0]);
});

test("zooming keeps the place under the pointer where it is", () => {
  for (const [x, y] of [
    [100.5, 60.5],
    [0, 0],
    [30, 90],
  ]) {
    const view = geometry.wholeView(SIZE);
    const before = geometry.originOf(view, SIZE, PANE).map((o, k) => o + [x, y][k] * 2);
    geometry.zoomAt(view, 3, x, y);
    const scale = geometry.scaleOf(view, SIZE, PANE);
    const after = geometry.originOf(view, SIZE, PANE).map((o, k) => o + [x, y][k] * scale);
    near(after, before);
    assert.equal(scale, 6);
  }
});

test("the zoom stays between the whole picture and 40 times", () => {
  const view = geometry.wholeView(SIZE);
  geometry.zoomAt(view, 1 / 9);
  assert.equal(view.zoom, 1);
  geometry.zoomAt(view, 1e9);
  assert.equal(view.zoom, 40);
});

test("the picture never leaves the stage", () => {
  const view = geometry.wholeView(SIZE);
  geometry.zoomAt(view, 2);
  geometry.move(view, 1e6, -1e6);
  geometry.settle(view, SIZE, PANE, []);
  near([view.x, view.y], [120, 24]);
});

test("a followed face stays still while it moves, also after a frame without it", () => {
  const face = (dx) => ({ number: 1, box: [60 + dx, 40, 140 + dx, 80] });
  const view = geometry.followFace(SIZE, face(0));
  near([view.zoom], [4 / 3]);
  for (const dx of [0, 7, -3]) {
    geometry.settle(view, SIZE, PANE, [face(dx)]);
    const [x0] = geometry.originOf(view, SIZE, PANE);
    near([x0 + (100 + dx) * geometry.scaleOf(view, SIZE, PANE)], [160]);
  }
  geometry.settle(view, SIZE, PANE, [null]);
  near([view.x], [97]);
  geometry.move(view, 5, 0); // the reader may look beside the face
  geometry.settle(view, SIZE, PANE, [face(0)]);
  near([view.x], [105]);
});

test("without a face there is nothing to follow", () => {
  assert.deepEqual(geometry.followFace(SIZE, undefined), geometry.wholeView(SIZE));
});

test("a second clip of another shape is fitted, not bent", () => {
  near(geometry.fitted({ width: 80, height: 48 }, SIZE), [2, 0, 0]);
  near(geometry.fitted({ width: 96, height: 96 }, SIZE), [1, 32, 0]);
});
