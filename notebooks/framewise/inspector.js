// The frame inspector: an editing table for one clip, or for two in step.
//
// Frames come in chunks, as JPEG with the numbers measured on them. A frame that is here is
// painted without asking anyone; of the missing ones only the newest wish is ever asked for.
// One module for the notebook (anywidget calls render) and for the page that to_html writes.

const KEEP = 48e6; // bytes of JPEG held for a clip; beyond it the chunks farthest away go
const AHEAD = 24e6; // bytes fetched before anyone wants to see them
const NEAR = [0, 1, 2, -1, 3]; // pictures kept decoded, counted along the way the cursor moves
const PATIENCE = 3000; // ms without a word from the kernel: the small reel is shown meanwhile
const MISSING = -32768; // stands for NaN: no such point
const CLOSEST = 40; // times the size at which the whole picture fits
const LID = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 14, 13, 12, 11, 10, 9]; // out on the lower lid, back
const MINE = "#cc79a7", TRUE = "#009e73"; // Okabe-Ito
const OVERLAYS = { // label, Okabe-Ito colour, shape: two cues
  box: ["face box", "#e69f00", "M2.5 2.5h11v11h-11z"],
  points: ["landmarks", "#56b4e9", "M3 4h.1M8 3h.1M13 4h.1M5 9h.1M11 9h.1M8 13h.1"],
  parts: ["parts of the face", "#ffffff", "M1 5q3-3 6 0M9 5q3-3 6 0M3 11q5 4 10 0"],
  lids: ["eyelids", "#f0e442", "M1 8q7-8 14 0q-7 8-14 0z"],
  areas: ["area", "#d55e00", "M3 6l5-4 6 4-2 8H5z"],
};
const BUTTONS = { // label, key, shape
  first: ["first frame", "Home", "M3 3h2v10H3zM13 3v10L6 8z"],
  previous: ["previous frame", "ArrowLeft", "M10.5 2.5 12 4 8 8l4 4-1.5 1.5L5 8z"],
  play: ["play", "Space", "M4 2.5v11L13.5 8z"],
  next: ["next frame", "ArrowRight", "M5.5 2.5 4 4l4 4-4 4 1.5 1.5L11 8z"],
  last: ["last frame", "End", "M11 3h2v10h-2zM3 3v10l7-5z"],
  from: ["range from here", "i", "M4 2h5v2H6v8h3v2H4z"],
  to: ["range to here", "o", "M12 2H7v2h3v8H7v2h5z"],
  farther: ["zoom out", "-", "M3 7h10v2H3z"],
  closer: ["zoom in", "+", "M7 3h2v4h4v2H9v4H7V9H3V7h4z"],
  whole: ["whole picture", "0", "M2 3h12v10H2zm2 2v6h8V5z"],
  face: ["follow the face", "f", "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM5 6h2v2H5zm4 0h2v2H9zm-4 4h6q-3 3-6 0z"],
  loupe: ["loupe", "l", "M7 1a6 6 0 1 0 3.4 11l3 3 1.6-1.6-3-3A6 6 0 0 0 7 1zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z"],
  box: ["draw a box", "b", "M1 4V1h3v1.5H2.500V4zM12 1h3v3h-1.500V2.500H12zM1 12h1.500v1.500H4V15H1zM13.500 12H15v3h-3v-1.500h1.500zM4 4h8v8H4z"],
  mark: ["mark this", "m", "M4 1h9l-2 4 2 4H6v6H4z"],
};
const PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";

const icon = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const plain = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const bytesOf = (part) => new Uint8Array(part.buffer ?? part, part.byteOffset ?? 0, part.byteLength);
const options = (pairs) => pairs.map(([value, text]) => `<option value="${plain(value)}">${plain(text)}</option>`).join("");
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The frames of one clip that are here: fetched ahead of the cursor, dropped far from it.
function makeReel(info, ask, arrived) {
  const chunks = new Map(); // number -> { frames: [{ jpeg, numbers, areas }], bytes, error }
  const pictures = new Map(); // frame -> ImageBitmap, or null for a damaged one
  const span = info.chunk * info.step;
  const chunkOf = (frame) => Math.floor(frame / span);
  const total = () => [...chunks.values()].reduce((sum, chunk) => sum + chunk.bytes, 0);
  const find = (frame) => chunks.get(chunkOf(frame))?.frames[(frame % span) / info.step];
  let cursor = 0, way = 1, asked = null, since = 0, decoding = false, shown = null, open = true;

  const distance = (chunk) => Math.max(chunk - chunkOf(cursor), 2 * (chunkOf(cursor) - chunk)); // behind counts double
  function fetch() { // one question at a time; one without an answer is given up after 10 s
    if (asked !== null && performance.now() - since < 1e4) return;
    const reach = AHEAD / (total() / chunks.size || 1);
    const missing = Array.from({ length: Math.ceil(info.count / span) }, (_, chunk) => chunk)
      .filter((chunk) => !chunks.has(chunk) && distance(chunk) <= reach);
    asked = missing.sort((a, b) => distance(a) - distance(b))[0] ?? null;
    since = performance.now();
    if (asked !== null) ask(asked);
  }
  function take({ chunk, error, areas }, buffers) {
    const parts = buffers.map(bytesOf), numbers = new Int16Array(parts.pop().slice().buffer);
    const each = numbers.length / parts.length;
    const frames = parts.map((part, i) => part.length && { // an empty one could not be read
      jpeg: new Blob([part], { type: "image/jpeg" }),
      numbers: numbers.subarray(i * each, (i + 1) * each),
      areas: areas[i],
    });
    chunks.set(chunk, { frames, error, bytes: parts.reduce((sum, part) => sum + part.length, 0) });
    const farthest = [...chunks.keys()].sort((a, b) => distance(b) - distance(a));
    for (const far of farthest) if (total() > KEEP && distance(far)) chunks.delete(far);
    if (chunk === asked) asked = null;
    fetch();
    decode();
    arrived();
  }
  async function decode() { // one at a time, the newest wish first
    const near = NEAR.map((n) => cursor + n * way * info.step);
    const next = near.find((frame) => !pictures.has(frame) && find(frame));
    if (decoding || !open || next === undefined) return;
    decoding = true;
    const picture = await createImageBitmap(find(next).jpeg).catch(() => null);
    decoding = false;
    if (!open) return void picture?.close();
    [...pictures.keys()].filter((frame) => !near.includes(frame) && frame !== shown).forEach(drop);
    pictures.set(next, picture);
    arrived(next === near[0] ? next : undefined);
    decode();
  }
  const drop = (frame) => [pictures.get(frame)?.close(), pictures.delete(frame)];
  function move(frame) { // coming back to a chunk that failed tries it again
    const chunk = chunkOf(frame);
    if (distance(chunk) && chunks.get(chunk)?.error) chunks.delete(chunk);
    if (frame !== cursor) [way, cursor] = [Math.sign(frame - cursor), frame];
    fetch();
    decode();
  }
  const picture = (frame) => pictures.get(frame) && pictures.get((shown = frame)); // kept, to be painted again
  const error = (frame) => pictures.get(frame) === null ? "the picture is damaged" :
    find(frame) ? null : chunks.get(chunkOf(frame))?.error;
  const close = () => [(open = false), [...pictures.keys()].forEach(drop)];
  return { info, take, move, find, picture, error, close, floor: (i) => i - (i % info.step) };
}

// The points of one frame: for each face its mesh, and its lids.
function facesOf(numbers, info) {
  const each = numbers.length / info.faces;
  const group = (face, from, count) => Array.from({ length: count }, (_, i) => face * each + 2 * (from + i))
    .map((at) => numbers[at] === MISSING ? null : [numbers[at] * info.unit, numbers[at + 1] * info.unit]);
  return Array.from({ length: info.faces }, (_, face) => {
    const mesh = group(face, 0, info.points), [xs, ys] = [0, 1].map((k) => mesh.filter(Boolean).map((point) => point[k]));
    const lids = [0, 16].map((from) => group(face, info.points + from, 16)).filter((lid) => lid.every(Boolean));
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return xs.length ? { mesh, lids, box, number: face + 1 } : null;
  });
}

// What belongs on one frame as [kind, path, label, its place]; `at` maps pixels to the canvas.
function* shapes(frame, faces, info, at, thin) {
  const line = (points, closed) => new Path2D(points.map((point, i) => `${i ? "L" : "M"}${at(...point)}`).join("") + (closed ? "Z" : ""));
  for (const { mesh, lids, box, number } of faces.filter(Boolean)) {
    const dots = new Path2D(), wide = at(box[2], 0)[0] - at(box[0], 0)[0];
    const dot = thin * clamp(wide / thin / 250, 0.5, 1.2);
    for (const [x, y] of mesh.filter(Boolean).map((point) => at(...point))) dots.rect(x - dot, y - dot, 2 * dot, 2 * dot);
    yield ["box", line([[0, 1], [2, 1], [2, 3], [0, 3]].map(([x, y]) => [box[x], box[y]]), true), info.faces > 1 ? number : "", at(box[0], box[1])];
    yield ["points", dots];
    for (const [name, group] of Object.entries(info.groups)) {
      const points = group.map((i) => mesh[i]).filter(Boolean);
      const lowest = points.reduce((low, point) => (point[1] > low[1] ? point : low), [0, -1e9]);
      yield ["parts", line(points, name !== "nose"), name.replace("_", " "), at(lowest[0], lowest[1])];
    }
    for (const lid of lids) yield ["lids", line(LID.map((i) => lid[i]), true)];
  }
  for (const [i, edges] of (frame.areas ?? []).entries()) {
    for (const edge of edges) {
      const points = Array.from({ length: edge.length / 2 }, (_, k) => [edge[2 * k], edge[2 * k + 1]]);
      yield ["areas", line(points, true), info.areas[i], at(...points[0])];
    }
  }
}

// Draw a path dark, then bright, so that it is seen on any ground; and its label.
function trace(context, path, colour, thin, { dots = false, dash = [], label = "", place = [] } = {}) {
  context.font = `600 ${12 * thin}px system-ui, sans-serif`;
  for (const [ink, rim] of [["#000a", 1.6], [colour, 0]]) {
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = thin * (dots ? 1 : 1.5 + rim);
    context.setLineDash(dash.map((n) => n * thin));
    context[dots && !rim ? "fill" : "stroke"](path);
    context.setLineDash([]);
    if (label !== "") context[rim ? "strokeText" : "fillText"](label, place[0] + 3 * thin, place[1] - 4 * thin);
  }
}

// The timeline: time runs from left to right, whatever the frame rate does.
const since = (info, frame) => info.times[clamp(frame, 0, info.count - 1)] - info.times[0];
const length = (info) => since(info, info.count - 1) || 1;
const strip = (info, kind, name, extra, [top, tall], words, drawn) => `<div class="lane ${kind}">
  <span>${plain(name)} <b></b></span><span>${extra}</span><svg viewBox="0 ${top} ${length(info)} ${tall}"
  preserveAspectRatio="none" role="img" aria-label="${plain(words)}">${drawn}</svg></div>`;

function lane(info, name, values) { // one series: gaps stay gaps, and zero is in sight
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known), high = Math.max(0, ...known) || (low ? 0 : 1);
  const line = values.map((value, i) => value === null ? "" :
    `${(values[i - 1] ?? null) === null ? "M" : "L"}${since(info, i)} ${(high - value) / (high - low)}h0`);
  return strip(info, "series", name, `${short(low)} to ${short(high)}`, [-0.1, 1.2], `${name} over time`, `<path d="${line.join("")}"/>`);
}

function bars(info, name, spans, kind = "") { // stretches of frames, each at least a hair wide
  const half = length(info) / info.count / 2;
  const bar = ([first, last]) => [Math.max(since(info, first) - half, 0), since(info, last) + half];
  const rects = spans.map(bar).map(([a, b]) => `<rect x="${a}" width="${b - a}" height="1"/>`);
  const said = spans.map(([first, last]) => `${first} to ${last}`).join(", ");
  return strip(info, `bars ${kind}`, name, spans.length, [0, 1], `${name}: frames ${said}`, rects.join(""));
}

const button = (name, words = "", [label, key, path] = BUTTONS[name]) => `<button type="button" name="${name}"
  title="${label} (${key})" aria-label="${label}" aria-keyshortcuts="${key}">${icon(path)}${words}</button>`;
const buttons = (...names) => names.map((name) => button(name)).join("");

function markup(info, last) {
  const drawn = Object.entries(OVERLAYS).filter(([name]) => (name === "areas" ? info.areas.length : info.faces));
  const overlays = drawn.map(([name, [label, colour, path]]) =>
    `<label><input type="checkbox" name="show-${name}" ${name === "parts" ? "" : "checked"}>
      <span class="swatch" style="color: ${colour}">${icon(path)}</span>${name === "areas" ? plain(info.areas.join(", ")) : label}</label>`);
  const each = (all, draw) => Object.entries(all).map(([name, one]) => draw(info, name, one)).join("");
  const layers = [["", "none"], ...Object.keys(info.layers).map((name) => [name, name])];
  return `<section class="framewise" tabindex="0" aria-label="Frame inspector, ${plain(info.name)}"
      data-lm-suppress-shortcuts="true" style="--w: ${info.size[0]}; --h: ${info.size[1]}">
    <div class="stage"><canvas role="img"></canvas><output class="pixel" aria-live="off"></output>
      <p role="status"></p></div>
    <input type="range" class="scrub" max="${last}" aria-label="frame">
    <div class="bar"><div>${buttons("first", "previous", "play", "next", "last")}</div>
      <b class="where"></b><label>speed <select name="speed">${options([[1, "1"], [0.5, "1/2"], [0.25, "1/4"], [0.1, "1/10"]])}</select></label>
      <div class="tight">${buttons("from", "to")}<label><input type="checkbox" name="loop">loop
        <span class="range"></span></label></div></div>
    <div class="bar"><div class="tight">${buttons("farther", "closer", "whole", ...(info.faces ? ["face"] : []), "loupe")}<span class="zoom"></span></div>
      <div ${drawn.length ? "" : "hidden"}>${overlays.join("")}<em></em></div>
      <div ${info.other ? "" : "hidden"}><label>compare <select name="way">${options([["side", "side by side"], ["wipe", "wipe"], ["flicker", "flicker (x)"]])}</select></label>
        <input type="range" name="edge" max="100" value="50" aria-label="edge of the wipe, percent"></div>
      <div ${layers.length > 1 ? "" : "hidden"}><label>layer <select name="layer">${options(layers)}</select></label>
        <span class="scale" hidden><input type="range" name="opacity" max="100" value="70" aria-label="opacity of the layer, percent">
        <b></b><i></i><b></b></span></div></div>
    <div class="lanes">${each(info.series, lane)}${each(info.spans, bars)}<div class="found"></div><i></i>
      <div class="lane"><span>0 s</span><span>${since(info, info.count - 1).toFixed(3)} s</span></div></div>
    <div class="notes"><div class="bar"><div class="tight">${button("mark", "mark")}${button("box", "box")}</div>
        <button type="button" name="save">save as a file</button><span class="kept" role="status"></span></div>
      <ol></ol><div class="blind"></div>
      <datalist id="${info.reasonsId}">${options(info.reasons.map((one) => [one, one]))}</datalist></div></section>`;
}

const row = ({ size: [wide, high], count, reasonsId }, id, input = (name, label, most) =>
  `<label>${label} <input type="number" name="${name}" min="0" max="${most}"></label>`) => `<li data-id="${plain(id)}">
    <button type="button" name="go"></button>
    <div class="tight">${input("first", "frames", count - 1)}${input("last", "to", count - 1)}</div>
    <div class="tight">${input(0, "box from x", wide)}${input(1, "y", high)}${input(2, "to x", wide)}${input(3, "y", high)}</div>
    <label>why <input name="reason" list="${reasonsId}"></label>
    <label>how sure <input type="range" name="confidence" max="100" step="5"><output></output></label>
    <button type="button" name="delete">delete</button></li>`;

// A layer's picture: grey steps, looked up in the colours of its scale; step 0 is clear.
async function colourise(png, colours) {
  const picture = await createImageBitmap(new Blob([bytesOf(png)], { type: "image/png" }));
  const canvas = new OffscreenCanvas(picture.width, picture.height), context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height), data = image.data;
  const steps = new Uint8Array(data.length / 4);
  for (let i = 0, at = 0; i < steps.length; i++, at += 4) {
    const from = 3 * ((steps[i] = data[at]) - 1);
    for (let k = 0; k < 3; k++) data[at + k] = colours[from + k];
    data[at + 3] = steps[i] ? 255 : 0;
  }
  context.putImageData(image, 0, 0);
  return { canvas, steps };
}

function render({ model, el }) {
  const info = { ...model.get("_info"), reasonsId: `reasons-${Math.random()}` };
  const [width, height] = info.size, match = info.other?.match;
  el.innerHTML = markup(info, info.count - 1);
  const root = el.querySelector("section"), one = (selector) => root.querySelector(selector);
  const named = (name) => one(`[name="${name}"]`), checked = (name) => named(name)?.checked;
  const parts = [".stage canvas", ".stage p", ".pixel", ".scrub", ".lanes", ".where", "em", ".notes ol"];
  const [canvas, note, pixel, slider, lanes, where, found, list] = parts.map(one);
  const context = canvas.getContext("2d"), values = lanes.querySelectorAll(".series b");
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const cursor = () => main.floor(model.get("frame")), marks = () => model.get("marks") ?? [], locked = () => info.blind && model.get("_committed");
  const words = (frame) => `frame ${frame} · ${frame + 1} of ${info.count} · ${since(info, frame).toFixed(3)} s`;
  const put = (name, value) => [model.set(name, value), model.save_changes()];

  // ---- frames: what the cursor stands on, painted when it is here ----
  const live = makeReel(info, (chunk) => model.send({ chunk, reel: 0 }), show);
  const other = info.other && makeReel(info.other, (chunk) => model.send({ chunk, reel: 1 }), () => show());
  let main = live, open = true, shown = null, resting = 0, layerAsked = -Infinity;
  const due = (frame) => other.floor(match[frame]), last = () => main.floor(info.count - 1), step = () => main.info.step;
  const waiting = setTimeout(() => {
    const [about, ...chunks] = (live.find(live.floor(cursor())) ? null : model.get("_preview")) ?? [];
    if (!about) return;
    main = makeReel({ ...info, ...about.info }, () => {}, show);
    for (const chunk of chunks) main.take(chunk, chunk.buffers);
  }, PATIENCE);

  function hear(message, buffers) {
    if ("layer" in message) return void takeLayer(message, buffers);
    if (main !== live) [main, shown] = [(main.close(), live), null];
    (message.reel ? other : live).take(message, buffers);
  }
  function go(frame) { // other views follow at once; the kernel hears of it when the cursor rests
    model.set("frame", clamp(main.floor(Math.round(frame)), 0, last()));
    clearTimeout(resting);
    resting = setTimeout(() => model.save_changes(), 150);
  }
  const here = (frame) => main.picture(frame) && (!other || other.picture(due(frame)) || other.error(due(frame)));
  function show(arrived) {
    const frame = cursor();
    [main.move(frame), other?.move(due(frame))];
    const error = main.error(frame), lost = other?.error(due(frame));
    slider.value = frame;
    slider.ariaValueText = where.textContent = words(frame) + (other ? ` · compare ${due(frame)}` : "");
    root.style.setProperty("--at", since(info, frame) / length(info));
    Object.values(info.series).forEach((curve, i) => (values[i].textContent = short(curve[frame])));
    root.classList.toggle("waiting", !here(frame) && !error);
    note.textContent = error || lost ? `Frame ${frame} could not be read: ${error || lost}` :
      main !== live ? `No word from the kernel: one frame in ${step()}, small. Run the cell to see all.` :
      layerProblem() || (here(frame) ? "" : `waiting for frame ${frame} (if it never comes, run the cell again)`);
    if (error) { // no other picture under this frame's number
      [shown, canvas.width, canvas.dataset.frame] = [null, 1, ""];
      canvas.ariaLabel = note.textContent;
    } else if (here(frame)) paint(frame);
    else if (arrived !== undefined && here(arrived)) paint(arrived); // a fast drag shows its way
  }

  // ---- the picture: one zoom for all that is painted ----
  const view = { zoom: 1, x: width / 2, y: height / 2, follow: false, dx: 0, dy: 0 };
  const way = () => other && named("way").value;
  const pane = () => canvas.width / (way() === "side" ? 2 : 1);
  const scale = () => (pane() / width) * view.zoom;
  const origin = (left) => [left + pane() / 2 - view.x * scale(), canvas.height / 2 - view.y * scale()];
  let swapped = false, flicker = 0, hover = null, loupe = false, boxing = false, drawing = null;

  function paint(frame = shown) {
    const thin = devicePixelRatio, wide = Math.round(canvas.clientWidth * thin);
    if (!open || !wide || frame === null || !main.picture(frame)) return;
    const tall = Math.round(canvas.clientHeight * thin);
    if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
    shown = frame;
    const { numbers, areas } = main.find(frame) ?? {}; // its chunk may have gone meanwhile
    const faces = numbers ? facesOf(numbers, main.info) : [];
    settle(faces[view.face]);
    const second = other?.picture(due(frame)), picture = main.picture(frame), edge = split();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, tall);
    if (edge > 0) within(0, way() === "side" ? pane() : edge, () => paintMain(picture, { areas }, faces, thin));
    if (second && edge < wide) {
      const left = way() === "side" ? pane() : 0;
      within(Math.max(left, edge), wide - Math.max(left, edge), () => paintPicture(second, left));
    }
    if (second && 0 < edge && edge < wide) context.fillRect(edge - thin, 0, 2 * thin, tall);
    if (loupe && hover) paintLoupe(hover.right ? second : picture, thin);
    canvas.dataset.frame = frame;
    if (other) canvas.dataset.other = second ? due(frame) : "";
    describe(frame, faces);
  }
  const split = (all = canvas.width) => // where the second clip begins, in pixels of the canvas
    ({ side: all / 2, wipe: (all * named("edge").value) / 100, flicker: swapped ? 0 : all })[way()] ?? all;
  function within(left, wide, draw) {
    const part = new Path2D();
    part.rect(left, 0, wide, canvas.height);
    [context.save(), context.clip(part), draw(), context.restore()];
  }
  const fitted = ({ width: w, height: h }, fit = Math.min(width / w, height / h)) => // another shape is not bent
    [fit, (width - w * fit) / 2, (height - h * fit) / 2];
  function paintPicture(picture, left) {
    const [fit, dx, dy] = fitted(picture), s = scale(), [x, y] = origin(left);
    context.imageSmoothingEnabled = s * fit < 2; // single pixels stay sharp when they are large
    context.drawImage(picture, x + dx * s, y + dy * s, picture.width * fit * s, picture.height * fit * s);
  }
  function paintMain(picture, frame, faces, thin) {
    const s = scale(), [x0, y0] = origin(0), at = (x, y) => [x0 + x * s, y0 + y * s];
    const layer = layerOf(shown);
    paintPicture(picture, 0);
    if (layer?.canvas) {
      context.globalAlpha = named("opacity").value / 100;
      context.drawImage(layer.canvas, x0, y0, width * s, height * s);
      context.globalAlpha = 1;
    }
    for (const [kind, path, label, place] of shapes(frame, faces, info, at, thin)) {
      if (checked(`show-${kind}`)) trace(context, path, OVERLAYS[kind][1], thin, { dots: kind === "points", label, place });
    }
    const boxes = [...marks().map((mark, i) => [mark, MINE, [], i + 1]), ...truth().map((one) => [one, TRUE, [6, 4], "truth"]),
      [{ box: drawing, first: shown, last: shown }, MINE, [], ""]];
    for (const [{ first, last, box }, colour, dash, label] of boxes) {
      if (!box || shown < first || shown > last) continue;
      const [[x, y], [right, low]] = [at(box[0], box[1]), at(box[2], box[3])], path = new Path2D();
      path.rect(x, y, right - x, low - y);
      trace(context, path, colour, thin, { dash, label, place: [x, y] });
    }
  }
  function paintLoupe(picture, thin) { // 15 pixels of the clip, each 10 wide
    if (!picture) return;
    const [fit, dx, dy] = fitted(picture), side = 150 * thin, [x, y] = [Math.floor(hover.x) - dx, Math.floor(hover.y) - dy];
    const left = hover.left > canvas.width / 2 ? hover.left - side - 20 * thin : hover.left + 20 * thin;
    const top = clamp(hover.top - side / 2, 0, canvas.height - side);
    context.fillRect(left - thin, top - thin, side + 2 * thin, side + 2 * thin);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, (x - 7) / fit, (y - 7) / fit, 15 / fit, 15 / fit, left, top, side, side);
    const middle = new Path2D();
    middle.rect(left + (7 * side) / 15, top + (7 * side) / 15, side / 15, side / 15);
    trace(context, middle, "#fff", thin);
  }
  function describe(frame, faces) { // what the picture shows, in words
    const count = faces.filter(Boolean).length, layer = model.get("layer");
    const drawn = Object.keys(OVERLAYS).filter((kind) => checked(`show-${kind}`) && (count || kind === "areas"));
    const marked = marks().filter(({ first, last }) => first <= frame && frame <= last).length;
    found.textContent = info.faces && !count ? "no face found in this frame" : "";
    one(".zoom").textContent = `${Math.round(view.zoom * 100)} %`;
    canvas.ariaLabel = [`${info.name}, ${words(frame)}`, other && `compared with ${info.other.name}, frame ${due(frame)}`,
      info.faces && `faces found: ${count}`, `drawn on it: ${drawn.map((kind) => OVERLAYS[kind][0]).join(", ") || "nothing"}`,
      layer && `layer: ${layer}`, marked && `marks: ${marked}`].filter(Boolean).join("; ");
    showScale();
    readPixel();
  }

  // ---- looking closer ----
  function settle(face) { // a face that is followed stays where it is while the world moves
    if (view.follow && face) {
      [view.x, view.y] = [0, 1].map((k) => (face.box[k] + face.box[k + 2]) / 2 + [view.dx, view.dy][k]);
    } else if (!view.follow) {
      const [half, tall] = [width / 2 / view.zoom, height / 2 / view.zoom];
      [view.x, view.y] = [clamp(view.x, half, width - half), clamp(view.y, tall, height - tall)];
    }
    canvas.style.touchAction = view.zoom > 1 || boxing ? "none" : "pan-y";
  }
  const move = (x, y) => Object.assign(view, { x: view.x + x, y: view.y + y, dx: view.dx + x, dy: view.dy + y });
  function zoomBy(factor, x = view.x, y = view.y) {
    const zoom = clamp(view.zoom * factor, 1, CLOSEST), kept = view.zoom / zoom;
    move((x - view.x) * (1 - kept), (y - view.y) * (1 - kept));
    view.zoom = zoom;
    paint();
  }
  function follow(on) {
    const numbers = main.find(shown)?.numbers, face = on && info.faces && numbers && facesOf(numbers, main.info).find(Boolean);
    const [x0, y0, x1, y1] = face?.box ?? [0, 0, width, height];
    Object.assign(view, { follow: Boolean(face), face: face?.number - 1, dx: 0, dy: 0, x: width / 2, y: height / 2 });
    view.zoom = face ? clamp(Math.min(width / (x1 - x0), height / (y1 - y0)) / 1.5, 1, CLOSEST) : 1;
    if (named("face")) named("face").ariaPressed = view.follow;
    paint();
  }
  function locate(event) { // where on the canvas, and in the clip
    const box = canvas.getBoundingClientRect(), k = canvas.width / box.width;
    const [left, top] = [(event.clientX - box.left) * k, (event.clientY - box.top) * k];
    const right = Boolean(other) && (drawing ? drawing.right : left > split()), [x0, y0] = origin(right && way() === "side" ? pane() : 0);
    return { left, top, right, x: (left - x0) / scale(), y: (top - y0) / scale(), s: scale() };
  }
  function readPixel() { // JPEG leaves traces: what stands in the clip, the kernel knows
    const right = hover?.right, picture = hover && (right ? other.picture(due(shown)) : main.picture(shown));
    const [fit, dx, dy] = picture ? fitted(picture) : [], [u, v] = [(hover?.x - dx) / fit, (hover?.y - dy) / fit].map(Math.floor);
    if (!(u >= 0 && v >= 0 && u < picture.width && v < picture.height)) return void (pixel.textContent = "");
    const k = (right ? info.other : info).size[0] / picture.width, layer = !right && layers.get(`${shown} ${model.get("layer")}`);
    probe.drawImage(picture, u, v, 1, 1, 0, 0, 1, 1);
    const colour = [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3).join(" "), at = [v, u].map((n) => Math.floor(n * k));
    pixel.textContent = `${right ? "compare" : "clip"}[${right ? due(shown) : shown}][${at.join(", ")}] ≈ ${colour}`;
    if (!layer?.canvas) return;
    const { width: w, height: h } = layer.canvas, [low, high] = layer.limits;
    const grey = layer.steps[Math.floor((hover.y * h) / height) * w + Math.floor((hover.x * w) / width)];
    pixel.textContent += ` · layer ${grey ? short(low + ((grey - 1) / 254) * (high - low)) : "none"}`;
  }
  const fingers = new Map(), inPicture = () => [clamp(hover.x, 0, width), clamp(hover.y, 0, height)];
  function touch(event) {
    hover = locate(event);
    if (event.type === "pointerdown") {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      const near = way() === "wipe" && Math.abs(hover.left - split()) < 16 * devicePixelRatio;
      drawing = boxing && !locked() ? Object.assign([...inPicture(), ...inPicture()], { right: hover.right }) : null;
      root.classList.toggle("wiping", near && !drawing);
    } else if (fingers.has(event.pointerId)) drag(event);
    (loupe || fingers.size) ? paint() : readPixel();
  }
  function drag(event) {
    const before = fingers.get(event.pointerId), k = canvas.width / canvas.clientWidth;
    const still = [...fingers.values()].find((finger) => finger !== before);
    fingers.set(event.pointerId, event);
    if (drawing) [drawing[2], drawing[3]] = inPicture();
    else if (root.classList.contains("wiping")) named("edge").value = (100 * hover.left) / canvas.width;
    else if (still) {
      const far = (finger) => Math.hypot(finger.clientX - still.clientX, finger.clientY - still.clientY) || 1;
      const middle = locate({ clientX: (event.clientX + still.clientX) / 2, clientY: (event.clientY + still.clientY) / 2 });
      zoomBy(far(event) / far(before), middle.x, middle.y);
    } else move(((before.clientX - event.clientX) * k) / scale(), ((before.clientY - event.clientY) * k) / scale());
  }
  function release(event) {
    if (event.type === "pointerleave") hover = null;
    const box = fingers.delete(event.pointerId) && event.type === "pointerup" && drawing;
    if (event.type !== "pointerleave" || !fingers.size) drawing = null;
    root.classList.remove("wiping");
    if (box && Math.abs(box[2] - box[0]) > 1 && Math.abs(box[3] - box[1]) > 1) addMark(box);
    paint();
  }
  function wheel(event) { // over a picture that was not clicked on, the page scrolls
    if (!event.ctrlKey && !root.matches(":focus-within")) return;
    const { x, y } = locate(event);
    zoomBy(2 ** (-event.deltaY / (event.ctrlKey ? 100 : 400)), x, y);
    event.preventDefault();
  }

  // ---- layers: asked for one at a time, for the frame that is shown ----
  const layers = new Map(); // "frame name" -> { canvas, steps, limits } or { error }
  const tableOf = (name) => Uint8Array.from(atob(info.layers[name]), (c) => c.charCodeAt(0));
  const layerProblem = (error = layers.get(`${shown} ${model.get("layer")}`)?.error) =>
    error ? `The layer "${model.get("layer")}" failed here: ${error}` : "";
  function layerOf(frame) {
    const layer = model.get("layer");
    if (!layer || main !== live) return null;
    if (!layers.has(`${frame} ${layer}`) && performance.now() - layerAsked > 1e4) {
      layerAsked = performance.now();
      model.send({ layer, frame });
    }
    return layers.get(`${frame} ${layer}`);
  }
  async function takeLayer({ layer, frame, limits, error }, buffers) {
    const picture = error ? { error } : { limits, ...(await colourise(buffers[0], tableOf(layer))) };
    layers.set(`${frame} ${layer}`, picture);
    if (layers.size > 12) layers.delete(layers.keys().next().value);
    layerAsked = -Infinity;
    show();
  }
  function showScale() {
    const layer = model.get("layer"), ends = layers.get(`${shown} ${layer}`)?.limits ?? [];
    [named("layer").value, one(".scale").hidden] = [layer ?? "", !layer];
    const table = layer ? tableOf(layer) : [], stops = Array.from({ length: 17 }, (_, i) => 3 * Math.round((254 * i) / 16));
    one(".scale i").style.background = `linear-gradient(to right, ${stops.map((at) => `rgb(${table.slice(at, at + 3)})`)})`;
    one(".scale").querySelectorAll("b").forEach((end, i) => (end.textContent = short(ends[i] ?? null)));
  }

  // ---- playing ----
  let ticking = 0, clock = 0, then = 0, played = -1, began = null, blind = ""; // began: a range on the timeline
  const range = { first: null, last: null }; // null: not set
  const loop = () => checked("loop") ? [range.first ?? 0, range.last ?? last()].map(main.floor) : [0, last()];
  function tick(now) { // by the clip's clock: late frames are left out, time is not stretched
    const [start, end] = loop(), until = info.times[end] + (end ? info.times[end] - info.times[end - 1] : 0);
    let next = cursor();
    if (next !== played) clock = info.times[next]; // somebody moved the cursor
    clock += (named("speed").value * Math.min(now - then, 250)) / 1000;
    while (next < end && info.times[next + step()] <= clock) next += step();
    const missing = (frame) => !main.find(frame) && !main.error(frame);
    for (; next > cursor() && missing(next); next -= step()) clock = info.times[next];
    if (checked("loop") && (next > end || (next === end && clock >= until))) [next, clock] = [start, info.times[start]];
    [then, played] = [now, next];
    if (next !== cursor()) go(next);
    if (next >= last() && !checked("loop")) toggle();
    else ticking = requestAnimationFrame(tick);
  }
  const toggle = () => [!model.get("playing") && cursor() >= last() && go(loop()[0]), put("playing", !model.get("playing"))];
  function playing() {
    const on = model.get("playing");
    Object.assign(named("play"), { innerHTML: icon(on ? PAUSE : BUTTONS.play[2]), ariaLabel: on ? "pause" : "play" });
    [then, played] = [performance.now(), -1, cancelAnimationFrame(ticking)];
    if (on) ticking = requestAnimationFrame(tick);
  }
  const ranged = () => (range.first ?? range.last) === null ? [] : [{ first: range.first ?? 0, last: range.last ?? info.count - 1 }];
  function setRange(first, last) {
    Object.assign(range, first !== null && last !== null && first > last ? { first: last, last: first } : { first, last });
    one(".range").textContent = ranged().map(({ first, last }) => `${first} to ${last}`).join("");
    listMarks();
  }

  // ---- marks, and the truth once it is told ----
  const truth = () => model.get("_verdict")?.truth ?? [];
  const has = (all, mark) => all.some((one) => JSON.stringify(one) === JSON.stringify(mark));
  function unkept(change = (all) => all, key = `framewise ${info.sha256}`) { // marks that wait for the kernel outlive its restart
    try { return model.page ? [] : JSON.parse(sessionStorage[key] = JSON.stringify(change(JSON.parse(sessionStorage[key] ?? "[]")))); }
    catch { return []; } // a page inside another may store nothing
  }
  function setMarks(next) {
    const old = marks(), news = next.filter((mark) => !has(old, mark));
    if (locked() || (!news.length && next.length === old.length)) return; // nothing new: no answer would come
    unkept((all) => [...all.filter((one) => has(next, one) || old.every(({ id }) => id !== one.id)), ...news]);
    [model.set("_kept", ""), put("marks", next)];
  }
  function addMark(box = null) {
    const { first, last } = ranged()[0] ?? { first: cursor(), last: cursor() };
    const id = Math.random().toString(36).slice(2, 10);
    setMarks([...marks(), { id, first, last, box, reason: "", confidence: 0.5 }]);
    setRange(null, null);
    boxing = false;
    pressed();
    one(`li[data-id="${id}"] [name=reason]`)?.focus();
  }
  function edit(input) {
    const { name, value } = input, number = input.valueAsNumber; // an empty corner takes the box away
    const corner = (box) => value === "" ? null : (box ?? [0, 0, width, height]).with(name, number);
    const frame = (old) => value === "" ? old : clamp(Math.round(number), 0, info.count - 1);
    const change = (mark) => name === "reason" ? { reason: value } : name === "confidence" ? { confidence: number / 100 } :
      name in mark ? { [name]: frame(mark[name]) } : { box: corner(mark.box) };
    const ordered = (mark) => mark.first > mark.last ? { ...mark, first: mark.last, last: mark.first } : mark;
    setMarks(marks().map((mark) => (mark.id === idOf(input) ? ordered({ ...mark, ...change(mark) }) : mark)));
    listMarks(input);
  }
  function told() {
    const kept = model.get("_kept"), late = "not kept yet: the kernel has not answered; run the cell again, or save them as a file";
    one(".kept").textContent = kept || (marks().length ? late : "");
    if (kept?.startsWith("kept")) unkept((all) => all.filter((one) => !has(marks(), one)));
  }
  function listMarks(edited) { // rows are kept: a word may be half typed, a click under way
    const inside = root.matches(":focus-within"), rowOf = (id) => [...list.children].find((li) => li.dataset.id === id);
    [...list.children].filter((li) => !marks().some(({ id }) => id === li.dataset.id)).forEach((li) => li.remove());
    marks().forEach((mark, i) => {
      if (!rowOf(mark.id)) list.insertAdjacentHTML("beforeend", row(info, mark.id));
      const li = rowOf(mark.id), values = { ...mark, confidence: Math.round(100 * mark.confidence), ...mark.box?.map(Math.round) };
      for (const [name, words] of [["go", "go to"], ["delete", "delete"]]) li.querySelector(`[name=${name}]`).ariaLabel = `${words} mark ${i + 1}`;
      li.querySelector("output").textContent = `${values.confidence} %`;
      for (const field of li.querySelectorAll("input, [name=delete]")) {
        field.disabled = Boolean(locked());
        if (field === edited || !field.matches(":focus, button")) field.value = values[field.name] ?? "";
      }
    });
    const kinds = [["range", ranged(), "range"], ["your marks", marks(), "mine"], ["truth", truth(), "true"]];
    one(".found").innerHTML = kinds.filter(([, all]) => all.length).map(([name, all, kind]) =>
      bars(info, name, all.map(({ first, last }) => [first, last]), kind)).join("");
    told();
    const said = model.get("_verdict")?.words, asked = !info.blind ? "" : said ?
      `<p role="status"><b>The truth:</b> ${plain(said)}</p><button type="button" name="again">mark anew</button>` :
      locked() ? `<p>Your marks are committed.</p><button type="button" name="reveal">reveal the truth</button>` :
      `<p>What was altered in this clip, if anything, is known and hidden. Mark what you find, say how sure you are,
        and commit; no mark means that you found nothing.</p><button type="button" name="commit">commit my marks</button>`;
    if (asked !== blind) one(".blind").innerHTML = blind = asked;
    if (inside && !root.matches(":focus-within")) root.focus({ preventScroll: true });
    paint();
  }
  function save() {
    const text = encodeURIComponent(JSON.stringify({ clip: info.sha256, committed: Boolean(locked()), marks: marks() }, null, 1));
    Object.assign(document.createElement("a"), { href: `data:application/json,${text}`, download: `${info.name}.marks.json` }).click();
  }

  // ---- hands ----
  const idOf = (node) => node.closest("li").dataset.id;
  const acts = {
    first: () => go(0), previous: (leap) => go(cursor() - leap), play: toggle, next: (leap) => go(cursor() + leap),
    last: () => go(last()), from: () => setRange(cursor(), range.last), to: () => setRange(range.first, cursor()),
    closer: () => zoomBy(1.5), farther: () => zoomBy(1 / 1.5), whole: () => follow(false), face: () => info.faces && follow(!view.follow),
    loupe: () => (loupe = !loupe), box: () => (boxing = !boxing && !locked()), mark: () => addMark(), switch: () => (swapped = !swapped),
    save, commit: () => put("_committed", true), again: () => put("_committed", false), reveal: () => model.send({ reveal: true }),
    go: (_, button) => go(marks().find(({ id }) => id === idOf(button)).first),
    delete: (_, button) => setMarks(marks().filter(({ id }) => id !== idOf(button))),
  };
  for (const [key, x, y] of [["w", 0, -1], ["a", -1, 0], ["s", 0, 1], ["d", 1, 0]]) acts[key] = () => move((x * width) / view.zoom / 8, (y * height) / view.zoom / 8);
  const keys = { "=": "closer", x: "switch", w: "w", a: "a", s: "s", d: "d", ...Object.fromEntries(Object.entries(BUTTONS).map(([name, [, key]]) => [key, name])) };
  const act = (name, leap, button) => [acts[name]?.(leap, button), pressed()];
  function pressed() { // switches show how they stand
    [named("loupe").ariaPressed, named("box").ariaPressed] = [loupe, boxing];
    canvas.classList.toggle("boxing", boxing);
    paint();
  }
  function press(event) {
    const key = event.key === " " ? "Space" : event.key.length > 1 ? event.key : event.key.toLowerCase();
    const typing = event.target.matches("select, input:not(.scrub, [type=checkbox])");
    const native = key === "Space" && event.target.matches("button, [type=checkbox]");
    if (!(key in keys) || typing || native || event.ctrlKey || event.metaKey || event.altKey) return;
    act(keys[key], event.shiftKey ? 10 * step() : step());
    event.preventDefault();
  }
  function change({ target }) {
    if (target.closest("li")) edit(target);
    else if (target.name === "layer") put("layer", target.value);
    else if (target.name === "way") arrange();
    else paint();
  }
  function arrange() { // how two clips share the stage
    named("edge").hidden = way() !== "wipe";
    clearInterval(flicker);
    if (way() === "flicker" && !calm()) flicker = setInterval(() => act("switch"), 500);
    root.style.setProperty("--panes", way() === "side" ? 2 : 1);
    paint();
  }
  function point(event) {
    const box = lanes.getBoundingClientRect(), t = ((event.clientX - box.left) / box.width) * length(info);
    if (!event.buttons) return void (began = null);
    const later = info.times.findIndex((time) => time - info.times[0] >= t), at = later < 0 ? info.count - 1 : later;
    const frame = at && t - since(info, at - 1) < since(info, at) - t ? at - 1 : at;
    if (event.type === "pointerdown") [began] = [event.shiftKey ? frame : null, lanes.setPointerCapture(event.pointerId)];
    if (began !== null) setRange(Math.min(began, frame), Math.max(began, frame));
    go(frame);
  }
  const on = (node, kinds, call) => kinds.split(" ").forEach((kind) => node.addEventListener(kind, call, { passive: false }));
  on(root, "click", ({ target }) => target.closest("button") && act(target.closest("button").name, step(), target.closest("button")));
  on(root, "keydown", press);
  on(root, "change", change);
  on(root, "input", ({ target }) => target === slider ? go(slider.valueAsNumber) :
    target.matches("[name=reason], [name=confidence]") ? edit(target) : target.closest("li") || paint());
  on(lanes, "pointerdown pointermove", point);
  on(canvas, "pointerdown pointermove", touch);
  on(canvas, "pointerup pointercancel pointerleave", release);
  on(canvas, "wheel", wheel);
  const listeners = {
    "change:frame": () => show(), "change:playing": playing, "msg:custom": hear, "change:marks": () => listMarks(),
    "change:_committed": () => listMarks(), "change:_verdict": () => listMarks(), "change:_kept": () => told(),
    "change:layer": () => [showScale(), show()],
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  const resized = new ResizeObserver(() => paint());
  resized.observe(canvas);
  if (calm()) model.set("playing", false); // on request only
  for (const mark of unkept()) setMarks([...marks().filter(({ id }) => id !== mark.id), mark]);
  [arrange, show, showScale, listMarks, playing].forEach((begin) => begin());
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    [resized.disconnect(), cancelAnimationFrame(ticking), (open = false)];
    [flicker, resting, waiting].forEach(clearTimeout);
    [live, main, other].forEach((reel) => reel?.close());
  };
}

// A page of a very long clip holds the numbers of every n-th frame only. Times between are filled in;
// a curve keeps its value until the next frame that the page can show.
function spread({ every: n = 1, ...info }) {
  if (n === 1) return info;
  const frames = Array.from({ length: info.count }, (_, frame) => frame), kept = (values) => frames.map((frame) => values[Math.floor(frame / n)]);
  const times = frames.map((frame) => {
    const k = Math.floor(frame / n), [from, to] = [info.times[k], info.times[k + 1] ?? info.times[k]];
    return from + ((to - from) * (frame % n)) / (Math.min(n, info.count - 1 - k * n) || 1);
  });
  const series = Object.fromEntries(Object.entries(info.series).map(([name, values]) => [name, kept(values)]));
  return { ...info, times, series, other: info.other && { ...info.other, match: kept(info.other.match) } };
}

// Stands in for the kernel where there is none: the chunks lie in the page, in base64.
function pageModel(page) {
  const read = (id) => JSON.parse(page.getElementById(id).textContent);
  const state = { playing: false, layer: "", _kept: "Marks made on this page stay only in a file that you save.", ...read("state") };
  state._info = spread(state._info);
  const heard = {}, decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const send = ({ chunk, reel }) => {
    const { buffers, ...told } = read(`chunk${reel}-${chunk}`);
    setTimeout(() => heard["msg:custom"]({ ...told, reel }, buffers.map(decode)));
  };
  const set = (name, value) => {
    if (state[name] === value || name === "_kept") return; // nobody here keeps anything
    state[name] = value;
    heard[`change:${name}`]?.();
  };
  return { page: true, get: (name) => state[name], set, send, on: (name, listener) => (heard[name] = listener), save_changes() {} };
}

export default { render };
