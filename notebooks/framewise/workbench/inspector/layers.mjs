// Layers: pictures that Python computes from a frame, laid over it.

import { GIVEN_UP } from "./frames.mjs";
import { bytesOf } from "./protocol.mjs";
import { short } from "./timeline.mjs";

const KEPT = 12; // pictures of layers

// The grey steps of a layer, looked up in the colours of its scale; step 0 is clear.
async function colourise(png, colours) {
  const picture = await createImageBitmap(new Blob([bytesOf(png)], { type: "image/png" }));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const steps = image.data.filter((_, i) => i % 4 === 0);
  for (const [i, step] of steps.entries()) {
    if (step) image.data.set(colours.subarray(3 * step - 3, 3 * step), 4 * i);
    else image.data[4 * i + 3] = 0;
  }
  context.putImageData(image, 0, 0);
  return { canvas, steps };
}

// One picture is asked for at a time, for the frame that is shown.
export class Layers {
  #pictures = new Map(); // "frame name" -> { canvas, steps, limits } or { error }
  #since = -GIVEN_UP;

  constructor(app) {
    this.app = app;
  }

  get name() {
    return this.app.model.get("layer");
  }

  // The frames in which a page holds this layer; null where a kernel can draw it in every frame.
  get kept() {
    return (this.name && this.app.info.kept?.[this.name]) || null;
  }

  get = (frame) => this.#pictures.get(`${frame} ${this.name}`);

  #coloursOf = (name) => Uint8Array.from(atob(this.app.info.layers[name]), (c) => c.charCodeAt(0));

  want(frame) {
    const missing = !this.name || this.kept?.includes(frame) === false;
    if (missing || this.get(frame) || performance.now() - this.#since < GIVEN_UP) return;
    this.#since = performance.now();
    this.app.model.send({ layer: this.name, frame });
  }

  async take({ layer, frame, limits, error }, buffers) {
    const drawn = error ? { error } : await colourise(buffers[0], this.#coloursOf(layer));
    this.#pictures.set(`${frame} ${layer}`, { limits, ...drawn });
    if (this.#pictures.size > KEPT) this.#pictures.delete(this.#pictures.keys().next().value);
    this.#since = -GIVEN_UP;
    this.app.show();
  }

  problem(frame) {
    const error = this.get(frame)?.error;
    if (this.kept?.includes(frame) === false) {
      const frames = new Intl.ListFormat("en").format(this.kept.map(String));
      const noun = this.kept.length > 1 ? "frames" : "frame";
      return `This page keeps this layer only for ${noun} ${frames}. Press a button below to go there.`;
    }
    return error ? `The layer "${this.name}" failed here: ${error}` : "";
  }

  // Buttons that go to the frames in which a page holds this layer.
  #showKept() {
    const list = this.app.one(".kept-frames");
    if (list.dataset.layer === this.name) return;
    list.dataset.layer = this.name;
    const button = (frame) =>
      `<button type="button" name="kept-frame" value="${frame}">frame ${frame}</button>`;
    list.innerHTML = (this.kept ?? []).map(button).join("");
  }

  showScale(frame) {
    const scale = this.app.one(".scale");
    this.app.named("layer").value = this.name;
    scale.hidden = !this.name;
    this.#showKept();
    if (!this.name) return;
    const colours = this.#coloursOf(this.name);
    const stops = Array.from({ length: 17 }, (_, i) => 3 * Math.round((254 * i) / 16));
    const inks = stops.map((at) => `rgb(${colours.subarray(at, at + 3)})`);
    scale.querySelector("i").style.background = `linear-gradient(to right, ${inks})`;
    for (const [i, end] of scale.querySelectorAll("b").entries()) {
      end.textContent = short(this.get(frame)?.limits?.[i] ?? null);
    }
  }

  // The value of the layer at a place of the clip, in words.
  valueAt(frame, place) {
    const { canvas, steps, limits } = this.get(frame) ?? {};
    if (!canvas) return "";
    const size = [canvas.width, canvas.height];
    const [column, row] = place.map((at, k) => Math.floor((at * size[k]) / this.app.info.size[k]));
    const grey = steps[row * canvas.width + column];
    const value = limits[0] + ((grey - 1) / 254) * (limits[1] - limits[0]);
    return ` · layer ${grey ? short(value) : "none"}`;
  }
}
