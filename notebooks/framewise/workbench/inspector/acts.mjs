// What the controls do, whether a key, a finger or the mouse asks for it.

import { SWITCHES } from "./controls.mjs";
import { PAN } from "./hands.mjs";
import { facesOf } from "./protocol.mjs";
import { saveMarks } from "./share.mjs";
import { followFace, move, wholeView, zoomAt } from "./view.mjs";

const toggle = (on, name) => (on.has(name) ? on.delete(name) : on.add(name));

function look(app, face) {
  app.view = face ? followFace(app.info.size, face) : wholeView(app.info.size);
  if (app.view.face === null) app.on.delete("follow");
  else app.on.add("follow");
}

function faceShown(app) {
  const { numbers } = app.reel.find(app.shown) ?? {};
  return numbers && facesOf(numbers, app.info).find(Boolean);
}

const looking = (app) => ({
  closer: () => zoomAt(app.view, 1.5),
  farther: () => zoomAt(app.view, 1 / 1.5),
  whole: () => look(app, null),
  follow: () => look(app, app.on.has("follow") ? null : faceShown(app)),
  switch: () => {
    app.swapped = !app.swapped;
  },
  full: () => app.screen.toggle(app.root.classList.contains("presenting")),
  present: () => app.screen.toggle(true),
  leave: () => app.on.delete("boxing") || app.screen.leave(),
  freeze: () => app.screen.freeze(),
  "vote-a": () => app.screen.count("a"),
  "vote-b": () => app.screen.count("b"),
  "again-vote": () => app.screen.again(),
  "go-on": () => app.screen.goOn(),
});

const stepping = (app) => ({
  first: () => app.go(0),
  previous: (leap) => app.go(app.cursor - leap),
  play: () => app.player.toggle(),
  next: (leap) => app.go(app.cursor + leap),
  last: () => app.go(app.last),
  from: () => app.setRange(app.cursor, app.range.last),
  to: () => app.setRange(app.range.first, app.cursor),
  "kept-frame": (_, button) => app.go(Number(button.value)),
});

const marking = (app) => ({
  boxing: () => app.locked || toggle(app.on, "boxing"),
  mark: () => app.list.add(),
  go: (_, button) => app.list.go(button),
  delete: (_, button) => app.list.remove(button),
  save: () => saveMarks(app, Boolean(app.locked)),
  commit: () => app.put("_committed", true),
  again: () => app.put("_committed", false),
  reveal: () => app.model.send({ reveal: true }),
});

export function actsOf(app) {
  const switches = SWITCHES.map((name) => [name, () => toggle(app.on, name)]);
  const pans = Object.entries(PAN).map(([key, way]) => {
    const by = (k) => (way[k] * app.info.size[k]) / app.view.zoom / 8;
    return [key, () => move(app.view, by(0), by(1))];
  });
  const plain = Object.fromEntries([...switches, ...pans]);
  return { ...plain, ...looking(app), ...stepping(app), ...marking(app) };
}

export function listenToControls(app) {
  const { root, listen, list } = app;
  listen(root, "click", ({ target }) => {
    const button = target.closest("button");
    if (button) app.act(button.name, app.info.step, button);
  });
  listen(root, "change", ({ target }) => {
    if (target.closest("li")) list.edit(target);
    else if (target.name === "layer") app.put("layer", target.value);
    else if (target.name === "way") app.arrange();
  });
  listen(root, "input", ({ target }) => {
    if (target.matches(".scrub")) app.go(target.valueAsNumber);
    else if (target.matches("[name=reason], [name=confidence]")) list.edit(target);
    else if (!target.closest("li")) app.paint();
  });
}
