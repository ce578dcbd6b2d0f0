// The frame inspector: an editing table for one clip.
//
// Frames come in chunks, as JPEG with the numbers measured on them. A frame that is here is
// painted without asking anyone; of the missing ones only the newest wish is ever asked for.
// One module for the notebook (anywidget calls render) and for the page that to_html writes.

const KEEP = 48e6; // bytes held; beyond it the chunks farthest from the cursor go
const AHEAD = 24e6; // bytes fetched before anyone wants to see them
const MISSING = -32768; // stands for NaN: no such point
const LID = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 14, 13, 12, 11, 10, 9]; // out on the lower lid, back
const OVERLAYS = { // label, Okabe-Ito colour, shape: two cues
  box: ["face box", "#e69f00", "M2.5 2.5h11v11h-11z"],
  points: ["landmarks", "#56b4e9", "M3 4h.1M8 3h.1M13 4h.1M5 9h.1M11 9h.1M8 13h.1"],
  lids: ["eyelids", "#f0e442", "M1 8q7-8 14 0q-7 8-14 0z"],
};
const BUTTONS = { // label, key, shape
  first: ["first frame", "Home", "M3 3h2v10H3zM13 3v10L6 8z"],
  previous: ["previous frame", "ArrowLeft", "M10.5 2.5 12 4 8 8l4 4-1.5 1.5L5 8z"],
  play: ["play", "Space", "M4 2.5v11L13.5 8z"],
  next: ["next frame", "ArrowRight", "M5.5 2.5 4 4l4 4-4 4 1.5 1.5L11 8z"],
  last: ["last frame", "End", "M11 3h2v10h-2zM3 3v10l7-5z"],
};
const PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";

const icon = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const plain = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const bytesOf = (part) => new Uint8Array(part.buffer ?? part, part.byteOffset ?? 0, part.byteLength);

// The frames that are here: fetched ahead of the cursor, dropped far from it.
function makeStore(info, ask, arrived) {
  const chunks = new Map(); // number -> { frames: [{ jpeg, numbers }], bytes, error }
  const span = info.chunk * info.step;
  const chunkOf = (frame) => Math.floor(frame / span);
  const total = () => [...chunks.values()].reduce((sum, chunk) => sum + chunk.bytes, 0);
  let cursor = 0, asked = null, since = 0;

  function distance(chunk) { // what lies behind the cursor counts double
    const ahead = chunk - chunkOf(cursor);
    return ahead < 0 ? -2 * ahead : ahead;
  }
  function fetch() { // one question at a time; one without an answer is given up after 10 s
    if (asked !== null && performance.now() - since < 1e4) return;
    const reach = AHEAD / (total() / chunks.size || 1);
    const missing = Array.from({ length: Math.ceil(info.count / span) }, (_, chunk) => chunk)
      .filter((chunk) => !chunks.has(chunk) && distance(chunk) <= reach);
    asked = missing.sort((a, b) => distance(a) - distance(b))[0] ?? null;
    since = performance.now();
    if (asked !== null) ask(asked);
  }
  function take({ chunk, error }, buffers) {
    const parts = buffers.map(bytesOf), numbers = new Int16Array(parts.pop().slice().buffer);
    const each = numbers.length / parts.length;
    const frames = parts.map((part, i) => part.length && { // an empty one could not be read
      jpeg: new Blob([part], { type: "image/jpeg" }),
      numbers: numbers.subarray(i * each, (i + 1) * each),
    });
    chunks.set(chunk, { frames, error, bytes: parts.reduce((sum, part) => sum + part.length, 0) });
    for (const far of [...chunks.keys()].sort((a, b) => distance(b) - distance(a))) {
      if (total() > KEEP && distance(far)) chunks.delete(far);
    }
    if (chunk === asked) asked = null;
    fetch();
    arrived();
  }
  function move(frame) { // coming back to a chunk that failed tries it again
    const chunk = chunkOf(frame);
    if (distance(chunk) && chunks.get(chunk)?.error) chunks.delete(chunk);
    cursor = frame;
    fetch();
  }
  const find = (frame) => chunks.get(chunkOf(frame))?.frames[(frame % span) / info.step];
  const error = (frame) => (find(frame) ? null : chunks.get(chunkOf(frame))?.error);
  return { take, move, find, error };
}

// Draw the faces of one frame, sharp at any size; return how many there are.
function drawFaces(context, numbers, info, scale, on, thin) {
  const each = numbers.length / info.faces, n = info.points;
  let found = 0;
  for (let face = 0; face < info.faces; face++) {
    const group = (from, count) => Array.from({ length: count }, (_, i) => face * each + 2 * (from + i))
      .filter((at) => numbers[at] !== MISSING)
      .map((at) => [numbers[at] * scale, numbers[at + 1] * scale]);
    const mesh = group(0, n), xs = mesh.map(([x]) => x), ys = mesh.map(([, y]) => y);
    if (!mesh.length) continue;
    found++;
    const left = Math.min(...xs), top = Math.min(...ys), width = Math.max(...xs) - left;
    const path = { box: new Path2D(), points: new Path2D(), lids: new Path2D() };
    const dot = thin * clamp(width / thin / 250, 0.5, 1.2);
    path.box.rect(left, top, width, Math.max(...ys) - top);
    for (const [x, y] of mesh) path.points.rect(x - dot, y - dot, 2 * dot, 2 * dot);
    for (const lid of [group(n, 16), group(n + 16, 16)].filter((lid) => lid.length === 16)) {
      LID.forEach((i, k) => path.lids[k ? "lineTo" : "moveTo"](...lid[i]));
      path.lids.closePath();
    }
    context.font = `600 ${13 * thin}px system-ui, sans-serif`;
    for (const kind of Object.keys(path).filter(on)) {
      for (const [colour, rim] of [["#000a", 1.6], [OVERLAYS[kind][1], 0]]) { // dark, then bright
        context.strokeStyle = context.fillStyle = colour;
        context.lineWidth = kind === "points" ? dot : thin * (1.5 + rim);
        context[kind === "points" && !rim ? "fill" : "stroke"](path[kind]);
        if (kind !== "box" || info.faces < 2) continue;
        context[rim ? "strokeText" : "fillText"](face + 1, left, top - 5 * thin);
      }
    }
  }
  return found;
}

function lane(name, values) { // one series: gaps stay gaps, and zero is in sight
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known), high = Math.max(0, ...known) || 1;
  const line = values.map((value, i) => value === null ? "" :
    `${(values[i - 1] ?? null) === null ? "M" : "L"}${i} ${(high - value) / (high - low)}h0`);
  return `<div class="lane"><span>${plain(name)} <b></b></span>
    <span>${short(low)} to ${short(high)}</span>
    <svg viewBox="0 -0.1 ${values.length - 1 || 1} 1.2" preserveAspectRatio="none" role="img"
      aria-label="${plain(name)} over time"><path d="${line.join("")}"/></svg></div>`;
}

function markup(info, last) {
  const buttons = Object.entries(BUTTONS).map(([name, [label, key, path]]) =>
    `<button type="button" name="${name}" title="${label} (${key})" aria-label="${label}"
      aria-keyshortcuts="${key}">${icon(path)}</button>`);
  const overlays = Object.entries(OVERLAYS).map(([name, [label, colour, path]]) =>
    `<label><input type="checkbox" name="${name}" checked>
      <span style="color: ${colour}">${icon(path)}</span>${label}</label>`);
  const lanes = Object.entries(info.series).map(([name, values]) => lane(name, values));
  return `<section class="framewise" tabindex="0" aria-label="Frame inspector, ${plain(info.name)}"
      data-lm-suppress-shortcuts="true" style="--w: ${info.size[0]}; --h: ${info.size[1]}">
    <div class="stage"><canvas role="img"></canvas><p role="status"></p></div>
    <input type="range" max="${last}" step="${info.step}" aria-label="frame">
    <div class="bar"><div>${buttons.join("")}</div><b class="where"></b>
      <label>speed <select><option value="1">1</option><option value="0.5">1/2</option>
        <option value="0.25">1/4</option><option value="0.1">1/10</option></select></label>
      <div ${info.faces ? "" : "hidden"}>${overlays.join("")}<em></em></div></div>
    <div class="lanes" ${lanes.length ? "" : "hidden"}>${lanes.join("")}<i></i><div class="lane">
      <span>0 s</span><span>${info.times.at(-1).toFixed(3)} s</span></div></div></section>`;
}

function render({ model, el }) {
  const info = model.get("_info"), [width, height] = info.size, step = info.step;
  const last = Math.floor((info.count - 1) / step) * step;
  el.innerHTML = markup(info, last);
  const parts = ["section", "canvas", "p", "input", ".lanes", ".where", "select", "em"];
  const [root, canvas, note, slider, lanes, where, speed, found] = parts.map((one) => el.querySelector(one));
  const context = canvas.getContext("2d"), values = lanes.querySelectorAll("b");
  const cursor = () => model.get("frame"), named = (name) => root.querySelector(`[name=${name}]`);
  const words = (frame) => `frame ${frame} of ${info.count} · ${info.times[frame].toFixed(3)} s`;
  const store = makeStore(info, (chunk) => model.send({ chunk }), show);
  let open = true, shown = null, decoding = false, resting = 0; // painting
  let ticking = 0, clock = 0, then = 0, played = -1; // playing

  function go(frame) { // other views follow at once; the kernel hears of it when the cursor rests
    model.set("frame", clamp(Math.round(frame / step) * step, 0, last));
    clearTimeout(resting);
    resting = setTimeout(() => model.save_changes(), 150);
  }
  function show() {
    const frame = cursor();
    store.move(frame);
    const here = store.find(frame), broken = shown?.frame === frame && !shown.bitmap;
    const error = broken ? "the picture is damaged" : store.error(frame);
    slider.value = frame;
    slider.ariaValueText = where.textContent = words(frame);
    root.style.setProperty("--at", frame / (info.count - 1 || 1));
    Object.values(info.series).forEach((curve, i) => (values[i].textContent = short(curve[frame])));
    root.classList.toggle("waiting", !here && !error);
    note.textContent = error ? `Frame ${frame} could not be read: ${error}` : here ? "" :
      `waiting for frame ${frame} (if it never comes, run the cell again)`;
    if (error) { // no other picture under this frame's number
      [shown, canvas.width, canvas.dataset.frame] = [null, 1, ""];
      canvas.ariaLabel = note.textContent;
    }
    if (here && !error && shown?.frame !== frame && !decoding) decode(frame, here);
  }
  async function decode(frame, { jpeg, numbers }) { // one at a time, then the newest wish
    decoding = true;
    const bitmap = await createImageBitmap(jpeg).catch(() => null);
    decoding = false;
    shown?.bitmap?.close();
    shown = { frame, bitmap, numbers };
    if (!open) return;
    paint();
    show();
  }
  function paint() {
    const thin = devicePixelRatio, wide = Math.round(canvas.clientWidth * thin);
    if (!wide || !shown?.bitmap) return;
    const tall = Math.round((wide * height) / width);
    if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
    context.drawImage(shown.bitmap, 0, 0, wide, tall);
    const on = (kind) => named(kind).checked, scale = (info.unit * wide) / width;
    const faces = drawFaces(context, shown.numbers, info, scale, on, thin);
    const drawn = Object.keys(OVERLAYS).filter((kind) => faces && on(kind))
      .map((kind) => OVERLAYS[kind][0]);
    found.textContent = faces ? "" : "no face found in this frame";
    canvas.dataset.frame = shown.frame;
    canvas.ariaLabel = `${info.name}, ${words(shown.frame)}` + (info.faces ?
      `; faces found: ${faces}; drawn on it: ${drawn.join(", ") || "nothing"}` : "");
  }
  function tick(now) { // by the clip's clock: late frames are left out, time is not stretched
    let next = cursor();
    if (next !== played) clock = info.times[next]; // somebody moved the cursor
    clock += (speed.value * Math.min(now - then, 250)) / 1000;
    while (next < last && info.times[next + step] <= clock) next += step;
    const missing = (frame) => !store.find(frame) && !store.error(frame);
    for (; next > cursor() && missing(next); next -= step) clock = info.times[next];
    [then, played] = [now, next];
    if (next !== cursor()) go(next);
    if (next === last) toggle();
    else ticking = requestAnimationFrame(tick);
  }
  function toggle() {
    if (!model.get("playing") && cursor() === last) go(0);
    model.set("playing", !model.get("playing"));
    model.save_changes();
  }
  function playing() {
    const on = model.get("playing");
    named("play").innerHTML = icon(on ? PAUSE : BUTTONS.play[2]);
    named("play").ariaLabel = on ? "pause" : "play";
    cancelAnimationFrame(ticking);
    [then, played] = [performance.now(), -1];
    if (on) ticking = requestAnimationFrame(tick);
  }
  function act(name, leap = step) {
    const to = { first: 0, previous: cursor() - leap, next: cursor() + leap, last };
    return name === "play" ? toggle() : name in to && go(to[name]);
  }
  function press(event) {
    const pressed = event.key === " " ? "Space" : event.key;
    const name = Object.keys(BUTTONS).find((name) => BUTTONS[name][1] === pressed);
    const native = pressed === "Space" ? "button, select, [type=checkbox]" : "select";
    if (!name || event.target.matches(native) || event.ctrlKey || event.metaKey || event.altKey) return;
    act(name, event.shiftKey ? 10 * step : step);
    event.preventDefault();
  }
  function point(event) {
    const box = lanes.getBoundingClientRect();
    if (event.type === "pointerdown") lanes.setPointerCapture(event.pointerId);
    if (event.buttons) go(((event.clientX - box.left) / box.width) * (info.count - 1));
  }
  root.addEventListener("click", (event) => act(event.target.closest("button")?.name));
  root.addEventListener("keydown", press);
  root.addEventListener("change", paint);
  slider.addEventListener("input", () => go(slider.valueAsNumber));
  for (const kind of ["pointerdown", "pointermove"]) lanes.addEventListener(kind, point);
  const listeners = { "change:frame": show, "change:playing": playing, "msg:custom": store.take };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  const resized = new ResizeObserver(paint);
  resized.observe(canvas);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) model.set("playing", false); // on request only
  show();
  playing();
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    resized.disconnect();
    cancelAnimationFrame(ticking);
    clearTimeout(resting);
    open = false;
  };
}

// Stands in for the kernel where there is none: the chunks lie in the page, in base64.
function pageModel(page) {
  const read = (id) => JSON.parse(page.getElementById(id).textContent);
  const state = { frame: 0, playing: false, _info: read("info") }, heard = {};
  const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const send = ({ chunk }) => {
    const { error, buffers } = read(`chunk${chunk}`);
    setTimeout(() => heard["msg:custom"]({ chunk, error }, buffers.map(decode)));
  };
  const set = (name, value) => {
    const news = state[name] !== value;
    state[name] = value;
    if (news) heard[`change:${name}`]?.();
  };
  const on = (name, listener) => (heard[name] = listener);
  return { get: (name) => state[name], set, send, on, save_changes() {} };
}

export default { render };
