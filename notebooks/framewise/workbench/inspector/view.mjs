// Where the picture lies on the canvas: one zoom for all that is painted. Nothing here draws.
//
// A pane is the part of the canvas for one clip: { left, wide, tall } in pixels of the canvas. The
// view's x and y are the place of the clip, in its own pixels, that lies in the middle of the pane.

const CLOSEST = 40; // times the size at which the whole picture fits

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export const wholeView = ([width, height]) => ({
  zoom: 1,
  x: width / 2,
  y: height / 2,
  face: null, // the number of the face that is followed, counted from 1
  dx: 0,
  dy: 0,
});

export const scaleOf = (view, [width, height], pane) =>
  Math.min(pane.wide / width, pane.tall / height) * view.zoom;

export function originOf(view, size, pane) {
  const scale = scaleOf(view, size, pane);
  return [pane.left + pane.wide / 2 - view.x * scale, pane.tall / 2 - view.y * scale];
}

// The place in the clip that lies at a place of the canvas.
export function placeAt(view, size, pane, left, top) {
  const [x0, y0] = originOf(view, size, pane);
  const scale = scaleOf(view, size, pane);
  return [(left - x0) / scale, (top - y0) / scale];
}

export function move(view, x, y) {
  view.x += x;
  view.y += y;
  view.dx += x;
  view.dy += y;
}

// Zoom so that one place of the clip stays where it is.
export function zoomAt(view, factor, x = view.x, y = view.y) {
  const zoom = clamp(view.zoom * factor, 1, CLOSEST);
  const kept = 1 - view.zoom / zoom;
  move(view, (x - view.x) * kept, (y - view.y) * kept);
  view.zoom = zoom;
}

// A face that is followed stays in its place. Otherwise the picture never leaves the stage.
export function settle(view, size, pane, faces) {
  const box = faces[view.face - 1]?.box;
  if (box) {
    view.x = (box[0] + box[2]) / 2 + view.dx;
    view.y = (box[1] + box[3]) / 2 + view.dy;
  } else if (view.face === null) {
    const scale = scaleOf(view, size, pane);
    const room = [pane.wide, pane.tall].map((side) => side / scale / 2);
    const inside = (value, k) =>
      room[k] >= size[k] / 2 ? size[k] / 2 : clamp(value, room[k], size[k] - room[k]);
    view.x = inside(view.x, 0);
    view.y = inside(view.y, 1);
  }
}

export function followFace([width, height], face) {
  const view = wholeView([width, height]);
  if (!face) return view;
  const [x0, y0, x1, y1] = face.box;
  const zoom = Math.min(width / (x1 - x0), height / (y1 - y0)) / 1.5;
  return { ...view, face: face.number, zoom: clamp(zoom, 1, CLOSEST) };
}

// A picture of another shape is not bent: its scale and its margins, in pixels of the clip.
export function fitted(picture, [width, height]) {
  const fit = Math.min(width / picture.width, height / picture.height);
  return [fit, (width - picture.width * fit) / 2, (height - picture.height * fit) / 2];
}
