// Marks as plain lists, the keys, and the words that say what to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { taskOf } from "../../notebooks/framewise/workbench/inspector/answer.mjs";
import { actOf } from "../../notebooks/framewise/workbench/inspector/hands.mjs";
import * as marks from "../../notebooks/framewise/workbench/inspector/marks.mjs";
import { marksFile } from "../../notebooks/framewise/workbench/inspector/share.mjs";

const info = { size: [160, 96], count: 200 };
const mark = { id: "a", first: 10, last: 15, box: null, reason: "", confidence: 0.5 };
const edited = (name, value, from = mark) => marks.changed(from, name, value, info);

test("words and confidence are taken as they are typed", () => {
  assert.equal(edited("reason", "eyes").reason, "eyes");
  assert.equal(edited("confidence", "80").confidence, 0.8);
});

test("frames typed the wrong way round, outside the clip or not at all leave a mark whole", () => {
  assert.deepEqual([edited("last", "3").first, edited("last", "3").last], [3, 10]);
  assert.equal(edited("last", "9999").last, 199);
  assert.equal(edited("first", "-4").first, 0);
  assert.deepEqual(edited("last", ""), mark);
});

test("a corner makes a box, and an empty corner takes it away", () => {
  const boxed = edited("0", "30");
  assert.deepEqual(boxed.box, [30, 0, 160, 96]);
  assert.deepEqual(edited("3", "50", boxed).box, [30, 0, 160, 50]);
  assert.equal(edited("2", "", boxed).box, null);
  assert.equal(mark.box, null); // inputs are not changed
});

test("new marks have names of their own", () => {
  const ids = Array.from({ length: 100 }, () => marks.newMark({ first: 0, last: 0 }).id);
  assert.equal(new Set(ids).size, 100);
});

test("marks wait in the tab for the kernel, but a page keeps nothing there", () => {
  globalThis.sessionStorage = {};
  assert.deepEqual(
    marks.waiting({}, "hash", (all) => [...all, mark]),
    [mark],
  );
  assert.deepEqual(marks.waiting({}, "hash"), [mark]);
  assert.deepEqual(marks.waiting({ page: true }, "hash"), []);
  assert.deepEqual(marks.waiting({}, "another"), []);
});

test("the file of marks holds what Python reads", async () => {
  const model = { get: () => [mark] };
  const file = marksFile({ model, info: { sha256: "abc", name: "clip.mp4" } }, true);
  assert.equal(file.name, "clip.mp4.marks.json");
  assert.deepEqual(JSON.parse(await file.text()), { clip: "abc", committed: true, marks: [mark] });
});

const press = (key, on = "section", more = {}, voting = false) => {
  const matches = (selector) =>
    selector.split(",").some((part) => part.trim() === on) ||
    (on === "input" && selector.includes("input:not"));
  return actOf({ key, target: { matches }, ...more }, voting);
};

test("keys ask for what the list of keys says", () => {
  assert.equal(press(" "), "play");
  assert.equal(press("B"), "boxing");
  assert.equal(press("="), "closer");
  assert.equal(press("w"), "w");
  assert.equal(press("q"), null);
});

test("keys that are typed, native or combined belong to somebody else", () => {
  assert.equal(press("b", "input"), null);
  assert.equal(press("b", "select"), null);
  assert.equal(press(" ", "button"), null);
  assert.equal(press("Enter", "summary"), null);
  assert.equal(press("ArrowLeft", "button"), "previous");
  for (const held of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(press("s", "section", { [held]: true }), null);
  }
});

test("while hands are counted, a and b count them", () => {
  assert.equal(press("a", "section", {}, true), "vote-a");
  assert.equal(press("b", "section", {}, true), "vote-b");
  assert.equal(press("a"), "a");
});

test("the words beside the picture say what to do next", () => {
  const app = { on: new Set(), info: { blind: false }, locked: false, marks: [] };
  assert.match(taskOf(app), /Step through the frames/);
  assert.match(taskOf({ ...app, on: new Set(["loupe"]) }), /single pixels/);
  assert.match(taskOf({ ...app, on: new Set(["loupe", "boxing"]) }), /drag to draw a box/);
  assert.match(taskOf({ ...app, marks: [{ reason: "odd" }, { reason: "" }] }), /Mark 2 is made/);
  assert.match(taskOf({ ...app, info: { blind: true } }), /altered/);
});
