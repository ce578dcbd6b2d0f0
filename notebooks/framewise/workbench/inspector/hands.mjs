// Keys, fingers, the mouse and the wheel.

import { BUTTONS } from "./controls.mjs";
import { frameAt, lengthOf } from "./timeline.mjs";
import { clamp, move, scaleOf, zoomAt } from "./view.mjs";

const SLIP = 8; // pixels that a finger may slip while it taps
export const PAN = { w: [0, -1], a: [-1, 0], s: [0, 1], d: [1, 0] };
const KEYS = {
  "=": "closer",
  Escape: "leave",
  ...Object.fromEntries(Object.entries(BUTTONS).map(([name, [, key]]) => [key, name])),
};

// What a key asks for: the name of an act, or null where the key belongs to somebody else.
export function actOf(event, voting) {
  const name = event.key === " " ? "Space" : event.key;
  const key = name.length > 1 ? name : name.toLowerCase();
  const typing = event.target.matches("select, input:not(.scrub)");
  const native = /^(Space|Enter|Home|End)$/.test(key) && event.target.matches("button, summary");
  if (typing || native || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (voting && (key === "a" || key === "b")) return `vote-${key}`;
  return KEYS[key] ?? (PAN[key] ? key : null);
}

export function listenToKeys(app) {
  app.listen(app.root, "keydown", (event) => {
    const name = actOf(event, !app.one(".vote").hidden);
    if (!app.acts[name]) return;
    app.act(name, event.shiftKey ? 10 * app.info.step : app.info.step);
    event.preventDefault();
    event.stopPropagation(); // the notebook has keys of its own
  });
}

// A pointer over the picture brings the keyboard there, unless somebody is typing. It gives the
// keyboard back when it leaves without having pressed anything.
export function lendKeyboard({ root, one, listen }) {
  let lender = null;
  listen(one(".stage"), "pointerenter", ({ pointerType }) => {
    const at = document.activeElement;
    const typing = at?.matches("input, textarea, select, iframe, [contenteditable=true]");
    if (pointerType !== "mouse" || typing || root.contains(at)) return;
    lender = at;
    root.focus({ preventScroll: true });
  });
  listen(one(".stage"), "pointerleave", () => {
    if (lender === document.body) root.blur();
    else lender?.focus({ preventScroll: true });
    lender = null;
  });
  listen(root, "pointerdown keydown", () => {
    lender = null;
  });
}

export class Fingers {
  #down = new Map(); // pointer -> its last event

  constructor(app) {
    this.app = app;
    app.listen(app.canvas, "pointerdown pointermove", (event) => this.#touch(event));
    app.listen(app.canvas, "pointerup pointercancel pointerleave", (event) => this.#release(event));
    app.listen(app.canvas, "wheel", (event) => this.#wheel(event));
  }

  #inPicture = () => this.app.hover.place.map((at, k) => clamp(at, 0, this.app.info.size[k]));

  #touch(event) {
    const { app } = this;
    app.hover = app.painter.locate(event);
    if (event.type === "pointerdown") {
      app.canvas.setPointerCapture(event.pointerId);
      app.root.focus({ preventScroll: true });
      this.#down.set(event.pointerId, event);
      app.drawing = app.on.has("boxing") ? [...this.#inPicture(), ...this.#inPicture()] : null;
    } else if (this.#down.has(event.pointerId)) this.#drag(event);
    if (this.#down.size || app.on.has("loupe")) app.paint();
    else app.readPixel();
  }

  #drag(event) {
    const { view, info, painter, canvas, drawing, on } = this.app;
    const before = this.#down.get(event.pointerId);
    const still = [...this.#down.values()].find((finger) => finger !== before);
    const axes = ["clientX", "clientY"];
    this.#down.set(event.pointerId, event);
    if (drawing) drawing.splice(2, 2, ...this.#inPicture());
    else if (still) {
      const [clientX, clientY] = axes.map((axis) => (event[axis] + still[axis]) / 2);
      const far = (one) => Math.hypot(...axes.map((axis) => one[axis] - still[axis])) || 1;
      zoomAt(view, far(event) / far(before), ...painter.locate({ clientX, clientY }).place);
    } else if (event.pointerType !== "touch" || !on.has("loupe")) {
      const k = canvas.width / canvas.clientWidth / scaleOf(view, info.size, painter.pane());
      move(view, ...axes.map((axis) => (before[axis] - event[axis]) * k));
    }
  }

  #release(event) {
    const { app } = this;
    const [x0, y0, x1, y1] = app.drawing ?? [0, 0, 0, 0];
    if (event.type === "pointerleave") app.hover = null;
    const lifted = this.#down.delete(event.pointerId) && event.type === "pointerup";
    if (!this.#down.size) app.drawing = null;
    const large = Math.abs(x1 - x0) > 1 && Math.abs(y1 - y0) > 1;
    const box = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
    if (lifted && large) app.list.add(box, event.pointerType === "mouse");
    app.paint();
  }

  #wheel(event) {
    const { app } = this;
    if (!event.ctrlKey && !app.root.matches(":focus-within")) return; // the page scrolls
    const turns = -event.deltaY / (event.ctrlKey ? 100 : 400);
    zoomAt(app.view, 2 ** turns, ...app.painter.locate(event).place);
    app.paint();
    event.preventDefault();
  }
}

// A press or a drag on the timeline goes there; with shift it sets a range.
export function listenToTimeline(app) {
  const lanes = app.one(".lanes");
  let began = null;
  let finger = null; // where a finger came down: it may only want to scroll the page
  app.listen(lanes, "pointerdown pointermove pointerup", (event) => {
    if (event.target.closest("summary")) return;
    const touch = event.pointerType === "touch";
    const tapped = touch && finger !== null && event.type === "pointerup";
    if (touch && event.type === "pointerdown") finger = event.clientX;
    const dragged = !touch || Math.abs(event.clientX - finger) > SLIP;
    if (!tapped && !(event.buttons && dragged)) return;
    const box = app.one(".axis").getBoundingClientRect();
    const part = clamp((event.clientX - box.left) / box.width, 0, 1);
    const frame = frameAt(app.info, part * lengthOf(app.info));
    if (event.type === "pointerdown") {
      began = event.shiftKey ? frame : null;
      lanes.setPointerCapture(event.pointerId);
    }
    if (tapped) finger = null;
    if (began !== null) app.setRange(Math.min(began, frame), Math.max(began, frame));
    app.go(frame);
  });
}
