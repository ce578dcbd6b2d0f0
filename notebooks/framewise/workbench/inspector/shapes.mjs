// What is drawn over a frame: boxes, landmarks, lids, areas.

import { clamp } from "./view.mjs";

export const OVERLAYS = {
  // label, colour of Okabe and Ito
  box: ["face box", "#e69f00"],
  points: ["landmarks", "#56b4e9"],
  parts: ["parts of the face", "#ffffff"],
  lids: ["eyelids", "#f0e442"],
  areas: ["area", "#d55e00"],
};
export const MINE = "#cc79a7";
export const TRUE = "#009e73";
const LID = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 14, 13, 12, 11, 10, 9]; // the lower lid, the upper back

const corners = ([x0, y0, x1, y1]) => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
];

function line(points, at, closed = true) {
  const steps = points.map((point, i) => `${i ? "L" : "M"}${at(...point)}`);
  return new Path2D(steps.join("") + (closed ? "Z" : ""));
}

function dotsOf(mesh, box, at, thin) {
  const wide = (at(box[2], 0)[0] - at(box[0], 0)[0]) / thin;
  const half = thin * clamp(wide / 250, 0.5, 1.2);
  const dots = new Path2D();
  for (const point of mesh.filter(Boolean)) {
    const [x, y] = at(...point);
    dots.rect(x - half, y - half, 2 * half, 2 * half);
  }
  return dots;
}

function* partsOf(mesh, groups, at) {
  for (const [name, group] of Object.entries(groups)) {
    const points = group.map((i) => mesh[i]).filter(Boolean);
    if (!points.length) continue;
    const lowest = points.reduce((low, point) => (point[1] > low[1] ? point : low));
    const path = line(points, at, name !== "nose");
    yield { kind: "parts", path, label: name.replace("_", " "), place: at(...lowest) };
  }
}

// Everything that belongs on one frame. `at` maps pixels of the clip to pixels of the canvas, and
// `thin` is the width of one pixel of the screen there.
export function* shapesOf(areas, faces, info, at, thin) {
  for (const { mesh, lids, box, number } of faces.filter(Boolean)) {
    const label = info.faces > 1 ? number : "";
    yield { kind: "box", path: line(corners(box), at), label, place: at(box[0], box[1]) };
    yield { kind: "points", path: dotsOf(mesh, box, at, thin) };
    yield* partsOf(mesh, info.groups, at);
    for (const lid of lids)
      yield {
        kind: "lids",
        path: line(
          LID.map((i) => lid[i]),
          at,
        ),
      };
  }
  for (const [i, edges] of (areas ?? []).entries()) {
    for (const edge of edges) {
      const points = edge.flatMap((x, k) => (k % 2 ? [] : [[x, edge[k + 1]]]));
      yield {
        kind: "areas",
        path: line(points, at),
        label: info.areas[i],
        place: at(...points[0]),
      };
    }
  }
}

export const boxShape = (box, at) => ({ path: line(corners(box), at), place: at(box[0], box[1]) });

// Draw a path dark, then bright, so that it can be seen on any ground; and its label.
export function trace(context, { kind, path, label = "", place }, colour, dash = []) {
  const thin = devicePixelRatio;
  context.font = `600 ${14 * thin}px system-ui, sans-serif`;
  for (const [ink, rim] of [
    ["#000a", 1.6],
    [colour, 0],
  ]) {
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = thin * (kind === "points" ? 1 : 1.5 + rim);
    context.setLineDash(dash.map((n) => n * thin));
    context[kind === "points" && !rim ? "fill" : "stroke"](path);
    context.setLineDash([]);
    const write = rim ? "strokeText" : "fillText";
    if (label !== "") context[write](label, place[0] + 3 * thin, place[1] - 4 * thin);
  }
}
