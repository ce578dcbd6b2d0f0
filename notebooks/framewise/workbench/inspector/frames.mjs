// The frames of one clip that are here: fetched ahead of the cursor, dropped far behind it.
//
// A frame that is here is painted without asking anyone. Of the missing ones only the newest wish
// is ever asked for, so that a fast drag does not pile up questions.

import { framesOf } from "./protocol.mjs";

const KEEP = 48e6; // bytes of JPEG that are held for a clip
const AHEAD = 24e6; // bytes that are fetched before anyone wants to see them
export const GIVEN_UP = 1e4; // ms after which a question without an answer is asked again
const NEAR = [0, 1, 2, -1, 3]; // pictures kept decoded, counted along the way the cursor moves

export class Reel {
  #chunks = new Map(); // number -> { frames, bytes, error }
  #pictures = new Map(); // frame -> ImageBitmap, or null for a damaged one
  #cursor = 0;
  #way = 1;
  #held = 0;
  #shown = null;
  #asked = null;
  #since = 0;
  #decoding = false;
  #open = true;

  // `ask` sends a wish for a chunk. `arrived` hears of news, and of the frame that was decoded.
  constructor(info, ask, arrived) {
    Object.assign(this, { info, ask, arrived });
    this.span = info.chunk * info.step;
    this.amount = Math.ceil(info.count / this.span);
  }

  floor = (frame) => frame - (frame % this.info.step);

  find = (frame) => this.#chunkOf(frame)?.frames[(frame % this.span) / this.info.step];

  #chunkOf = (frame) => this.#chunks.get(Math.floor(frame / this.span));

  // In chunks from the cursor. Those behind it count double.
  #distance(chunk) {
    const far = chunk - Math.floor(this.#cursor / this.span);
    return Math.max(far, -2 * far);
  }

  #nearestMissing() {
    const here = Math.floor(this.#cursor / this.span);
    const reach = Math.min(AHEAD / (this.#held / this.#chunks.size || 1), 2 * this.amount);
    const missing = (one) => one >= 0 && one < this.amount && !this.#chunks.has(one);
    for (let far = 0; far <= reach; far++) {
      const chunk = [here + far, far % 2 ? -1 : here - far / 2].find(missing);
      if (chunk !== undefined) return chunk;
    }
    return null;
  }

  #fetch() {
    if (this.#asked !== null && performance.now() - this.#since < GIVEN_UP) return;
    this.#asked = this.#nearestMissing();
    this.#since = performance.now();
    if (this.#asked !== null) this.ask(this.#asked);
  }

  #drop(chunk) {
    this.#held -= this.#chunks.get(chunk)?.bytes ?? 0;
    this.#chunks.delete(chunk);
  }

  take(message, buffers) {
    const { chunk, error } = message;
    const frames = framesOf(message, buffers);
    const bytes = frames.reduce((sum, frame) => sum + (frame?.bytes ?? 0), 0);
    this.#drop(chunk);
    this.#chunks.set(chunk, { frames, error, bytes });
    this.#held += bytes;
    const distance = (one) => this.#distance(one);
    for (const far of [...this.#chunks.keys()].sort((a, b) => distance(b) - distance(a))) {
      if (this.#held <= KEEP || !distance(far)) break;
      this.#drop(far);
    }
    if (chunk === this.#asked) this.#asked = null;
    this.#fetch();
    this.#decode();
    this.arrived();
  }

  #forget(frame) {
    this.#pictures.get(frame)?.close();
    this.#pictures.delete(frame);
  }

  // One picture at a time, the newest wish first.
  async #decode() {
    const near = NEAR.map((n) => this.#cursor + n * this.#way * this.info.step);
    const next = near.find((frame) => !this.#pictures.has(frame) && this.find(frame));
    if (this.#decoding || !this.#open || next === undefined) return;
    this.#decoding = true;
    const picture = await createImageBitmap(this.find(next).jpeg).catch(() => null);
    this.#decoding = false;
    if (!this.#open) return void picture?.close();
    for (const frame of [...this.#pictures.keys()]) {
      if (!near.includes(frame) && frame !== this.#shown) this.#forget(frame);
    }
    this.#pictures.set(next, picture);
    this.arrived(next === near[0] ? next : undefined);
    this.#decode();
  }

  move(frame) {
    const chunk = Math.floor(frame / this.span);
    // coming back to a chunk that failed tries it again
    if (this.#distance(chunk) && this.#chunkOf(frame)?.error) this.#drop(chunk);
    if (frame !== this.#cursor) this.#way = Math.sign(frame - this.#cursor);
    this.#cursor = frame;
    this.#fetch();
    this.#decode();
  }

  picture(frame) {
    if (this.#pictures.get(frame)) this.#shown = frame; // kept, because it is painted again
    return this.#pictures.get(frame);
  }

  error(frame) {
    if (this.#pictures.get(frame) === null) return "the picture is damaged";
    return this.find(frame) ? null : this.#chunkOf(frame)?.error;
  }

  close() {
    this.#open = false;
    for (const frame of [...this.#pictures.keys()]) this.#forget(frame);
  }
}
