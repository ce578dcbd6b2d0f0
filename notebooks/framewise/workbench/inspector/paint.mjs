// The canvas: one clip or two, what is drawn over them, and the loupe.

import { boxShape, MINE, OVERLAYS, shapesOf, TRUE, trace } from "./shapes.mjs";
import { clamp, fitted, originOf, placeAt, scaleOf } from "./view.mjs";

const LOUPE = { pixels: 15, side: 150 }; // 15 pixels of the clip, each 10 wide on the screen

export class Painter {
  #probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  constructor(app) {
    this.app = app;
    this.canvas = app.canvas;
    this.context = app.canvas.getContext("2d");
  }

  // The part of the canvas for the first clip, or for the second one.
  pane(second = false) {
    const side = this.app.way === "side";
    const wide = side ? this.canvas.width / 2 : this.canvas.width;
    return { left: second && side ? wide : 0, wide, tall: this.canvas.height };
  }

  // Where the second clip begins, in pixels of the canvas.
  get #edge() {
    const all = this.canvas.width;
    const wipe = (all * this.app.named("edge").value) / 100;
    return { side: all / 2, wipe, flicker: this.app.swapped ? 0 : all }[this.app.way] ?? all;
  }

  resize() {
    const { canvas } = this;
    const sides = [canvas.clientWidth, canvas.clientHeight];
    const [wide, tall] = sides.map((side) => Math.round(side * devicePixelRatio));
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== tall) canvas.height = tall;
  }

  paint(frame, faces, areas) {
    const { app, context, canvas } = this;
    const [first, second] = [app.reel.picture(frame), app.other?.picture(app.due(frame))];
    const [edge, wide] = [this.#edge, canvas.width];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, canvas.height);
    if (edge > 0) this.#within(0, edge, () => this.#paintMain(frame, first, areas, faces));
    if (second && edge < wide) {
      this.#within(edge, wide, () => this.#paintPicture(second, this.pane(true)));
      if (edge > 0) context.fillRect(edge - 1, 0, 2, canvas.height);
    }
    const looked = app.hover?.right ? second : first;
    if (app.on.has("loupe") && app.hover && looked) this.#paintLoupe(looked);
  }

  #within(left, right, draw) {
    const part = new Path2D();
    part.rect(left, 0, right - left, this.canvas.height);
    this.context.save();
    this.context.clip(part);
    draw();
    this.context.restore();
  }

  #paintPicture(picture, pane) {
    const { view, info } = this.app;
    const [fit, dx, dy] = fitted(picture, info.size);
    const scale = scaleOf(view, info.size, pane);
    const [x, y] = originOf(view, info.size, pane);
    const [wide, tall] = [picture.width, picture.height].map((side) => side * fit * scale);
    this.context.imageSmoothingEnabled = scale * fit < 2; // large pixels stay sharp
    this.context.drawImage(picture, x + dx * scale, y + dy * scale, wide, tall);
  }

  #paintMain(frame, picture, areas, faces) {
    const { app, context } = this;
    const { view, info } = app;
    const scale = scaleOf(view, info.size, this.pane());
    const [x0, y0] = originOf(view, info.size, this.pane());
    const at = (x, y) => [x0 + x * scale, y0 + y * scale];
    this.#paintPicture(picture, this.pane());
    const layer = app.layers.get(frame)?.canvas;
    if (layer) {
      context.globalAlpha = app.named("opacity").value / 100;
      context.drawImage(layer, x0, y0, info.size[0] * scale, info.size[1] * scale);
      context.globalAlpha = 1;
    }
    for (const shape of shapesOf(areas, faces, info, at, devicePixelRatio)) {
      if (app.on.has(shape.kind)) trace(context, shape, OVERLAYS[shape.kind][1]);
    }
    for (const [{ first, last, box }, colour, label, dash] of this.#boxes(frame)) {
      if (!box || frame < first || frame > last) continue;
      trace(context, { ...boxShape(box, at), label }, colour, dash);
    }
  }

  #boxes = (frame) => [
    ...this.app.marks.map((mark, i) => [mark, MINE, i + 1]),
    ...this.app.truth.map((place) => [place, TRUE, "truth", [6, 4]]),
    [{ box: this.app.drawing, first: frame, last: frame }, MINE, ""],
  ];

  #paintLoupe(picture) {
    const { context, canvas } = this;
    const { hover, info } = this.app;
    const [fit, ...margins] = fitted(picture, info.size);
    const across = LOUPE.pixels / fit;
    const middle = (LOUPE.pixels - 1) / 2;
    const from = hover.place.map((at, k) => (Math.floor(at) - margins[k] - middle) / fit);
    const [side, gap] = [LOUPE.side, hover.touch ? 48 : 20].map((n) => n * devicePixelRatio);
    const beside = hover.left > canvas.width / 2 ? hover.left - side - gap : hover.left + gap;
    const above = hover.touch ? side : side / 2; // a finger hides what is beside and below it
    const left = clamp(beside, 0, Math.max(0, canvas.width - side));
    const top = clamp(hover.top - above, 0, Math.max(0, canvas.height - side));
    context.fillRect(left - 1, top - 1, side + 2, side + 2);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, ...from, across, across, left, top, side, side);
    const pixel = side / LOUPE.pixels;
    const at = (x, y) => [left + x * pixel, top + y * pixel];
    trace(context, boxShape([middle, middle, middle + 1, middle + 1], at), "#fff");
  }

  // Where a pointer is: on the canvas, and in the clip that is there.
  locate({ clientX, clientY, pointerType }) {
    const { app, canvas } = this;
    const box = canvas.getBoundingClientRect();
    const left = ((clientX - box.left) * canvas.width) / box.width;
    const top = ((clientY - box.top) * canvas.height) / box.height;
    const right = Boolean(app.other) && !app.drawing && left > this.#edge;
    const place = placeAt(app.view, app.info.size, this.pane(right), left, top);
    return { left, top, right, place, touch: pointerType === "touch" };
  }

  // The pixel under the pointer, in words. JPEG leaves traces: Python knows the exact value.
  pixelWords(frame) {
    const { app } = this;
    const { right, place } = app.hover ?? {};
    const shown = right ? app.due(frame) : frame;
    const picture = place && (right ? app.other : app.reel).picture(shown);
    if (!picture) return "";
    const [fit, ...margins] = fitted(picture, app.info.size);
    const [u, v] = place.map((at, k) => Math.floor((at - margins[k]) / fit));
    if (u < 0 || v < 0 || u >= picture.width || v >= picture.height) return "";
    this.#probe.drawImage(picture, u, v, 1, 1, 0, 0, 1, 1);
    const colour = this.#probe.getImageData(0, 0, 1, 1).data.slice(0, 3).join(" ");
    const k = (right ? app.info.other : app.info).size[0] / picture.width;
    const value = right ? "" : app.layers.valueAt(frame, place);
    const pixel = [v, u].map((n) => Math.floor(n * k)).join(", ");
    return `${right ? "compare" : "clip"}[${shown}][${pixel}] ≈ ${colour}${value}`;
  }
}
