// What stands on the screen for the frame under the cursor, in the picture and in words.

import { facesOf } from "./protocol.mjs";
import { OVERLAYS } from "./shapes.mjs";
import { lengthOf, short, since, wordsOf } from "./timeline.mjs";
import { settle } from "./view.mjs";

function isHere(app, frame) {
  const second = app.other && app.due(frame);
  const other = !app.other || app.other.picture(second) || app.other.error(second);
  return app.reel.picture(frame) && other;
}

function problemOf(app, frame, error) {
  if (error) return `Frame ${frame} could not be read: ${error}`;
  const late = `Waiting for frame ${frame}. If it does not come, run the cell again.`;
  return app.layers.problem(frame) || (isHere(app, frame) ? "" : late);
}

export function show(app, arrived) {
  const { info, canvas, root, one, other } = app;
  const frame = app.cursor;
  app.reel.move(frame);
  other?.move(app.due(frame));
  const error = app.reel.error(frame);
  const words = wordsOf(info, frame) + (other ? ` · compare ${app.due(frame)}` : "");
  one(".scrub").value = frame;
  one(".scrub").ariaValueText = one(".where").textContent = words;
  root.style.setProperty("--at", since(info, frame) / lengthOf(info));
  for (const [i, value] of app.values.entries()) value.textContent = short(app.curves[i][frame]);
  root.classList.toggle("waiting", !isHere(app, frame) && !error);
  one(".stage > p").textContent = problemOf(app, frame, error || other?.error(app.due(frame)));
  if (error) {
    app.shown = null; // no other picture stands under this frame's number
    canvas.width = 1;
    canvas.dataset.frame = "";
    canvas.ariaLabel = one(".stage > p").textContent;
  } else if (isHere(app, frame)) paint(app, frame);
  else if (arrived !== undefined && isHere(app, arrived)) paint(app, arrived); // on the way
}

export function paint(app, frame = app.shown) {
  const { canvas, other } = app;
  if (!app.open || !canvas.clientWidth || frame === null || !app.reel.picture(frame)) return;
  app.painter.resize();
  app.shown = frame;
  app.layers.want(frame);
  const { numbers, areas } = app.reel.find(frame) ?? {}; // its chunk may have gone meanwhile
  const faces = numbers ? facesOf(numbers, app.info) : [];
  settle(app.view, app.info.size, app.painter.pane(), faces);
  const held = app.view.zoom > 1 || app.on.has("boxing") || app.on.has("loupe");
  canvas.style.touchAction = held ? "none" : "pan-y";
  app.painter.paint(frame, faces, areas);
  canvas.dataset.frame = frame;
  if (other) canvas.dataset.other = other.picture(app.due(frame)) ? app.due(frame) : "";
  describe(app, frame, faces.filter(Boolean).length);
}

// What the picture shows, for those who cannot see it.
function describe(app, frame, count) {
  const { info, one, model } = app;
  const drawn = Object.keys(OVERLAYS).filter(
    (kind) => app.on.has(kind) && (count || kind === "areas"),
  );
  const marked = app.marks.filter(({ first, last }) => first <= frame && frame <= last).length;
  one("em").textContent = info.faces && !count ? "No face was found in this frame." : "";
  one(".zoom").textContent = `${Math.round(app.view.zoom * 100)} %`;
  const parts = [
    `${info.name}, ${wordsOf(info, frame)}`,
    app.other && `compared with ${info.other.name}, frame ${app.due(frame)}`,
    info.faces && `faces found: ${count}`,
    `drawn on it: ${drawn.map((kind) => OVERLAYS[kind][0]).join(", ") || "nothing"}`,
    model.get("layer") && `layer: ${model.get("layer")}`,
    marked && `marks: ${marked}`,
  ];
  app.canvas.ariaLabel = parts.filter(Boolean).join("; ");
  app.layers.showScale(frame);
  app.readPixel();
}
