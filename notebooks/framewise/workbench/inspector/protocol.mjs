// What travels between Python and the browser. The format is described in packets.py.

export const MISSING = -32768; // stands for NaN: there is no such point

export const bytesOf = (part) =>
  new Uint8Array(part.buffer ?? part, part.byteOffset ?? 0, part.byteLength);

// The frames of a chunk, in order; null where a frame could not be read.
export function framesOf({ areas }, buffers) {
  const parts = buffers.map(bytesOf);
  const numbers = new Int16Array(parts.pop().slice().buffer);
  const each = numbers.length / parts.length;
  const frame = (part, i) => ({
    jpeg: new Blob([part], { type: "image/jpeg" }),
    bytes: part.length,
    numbers: numbers.subarray(i * each, (i + 1) * each),
    areas: areas[i],
  });
  return parts.map((part, i) => (part.length ? frame(part, i) : null));
}

// The faces of one frame, each with its mesh, its lids and the box around it; null if not seen.
export function facesOf(numbers, info) {
  const each = numbers.length / info.faces;
  const point = (at) =>
    numbers[at] === MISSING ? null : [numbers[at] * info.unit, numbers[at + 1] * info.unit];
  const group = (face, from, count) =>
    Array.from({ length: count }, (_, i) => point(face * each + 2 * (from + i)));
  return Array.from({ length: info.faces }, (_, face) => {
    const mesh = group(face, 0, info.points);
    const [xs, ys] = [0, 1].map((k) => mesh.filter(Boolean).map((one) => one[k]));
    if (!xs.length) return null;
    const lids = [0, 16].map((from) => group(face, info.points + from, 16));
    return {
      mesh,
      lids: lids.filter((lid) => lid.every(Boolean)),
      box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
      number: face + 1,
    };
  });
}

// The element in which a page holds the answer to a wish.
export const elementOf = ({ chunk, reel, layer, frame }, layers) =>
  layer === undefined ? `chunk${reel}-${chunk}` : `layer${layers.indexOf(layer)}-${frame}`;

// Stands in for the kernel on a page: the answers lie in the page itself, in base64.
export function pageModel(page) {
  const read = (id) => JSON.parse(page.getElementById(id).textContent);
  const kept = "These marks stay on this page only. Save them before you close it.";
  const state = { playing: false, layer: "", _kept: kept, ...read("state") };
  const heard = {};
  const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return {
    page: true,
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value || name === "_kept") return; // nobody here keeps anything
      state[name] = value;
      heard[`change:${name}`]?.();
    },
    send(wish) {
      const { buffers, ...told } = read(elementOf(wish, Object.keys(state._info.layers)));
      setTimeout(() => heard["msg:custom"](told, buffers.map(decode)));
    },
    on: (name, listener) => {
      heard[name] = listener;
    },
    save_changes() {},
  };
}
