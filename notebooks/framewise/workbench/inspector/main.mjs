// One module for the notebook, where anywidget calls render, and for the page that to_html writes.

import { actsOf, listenToControls } from "./acts.mjs";
import { App, calm } from "./app.mjs";
import { Reel } from "./frames.mjs";
import { Fingers, lendKeyboard, listenToKeys, listenToTimeline } from "./hands.mjs";
import { Layers } from "./layers.mjs";
import { MarkList, waiting } from "./marks.mjs";
import { Painter } from "./paint.mjs";
import { Player } from "./play.mjs";
import { Screen } from "./present.mjs";

function assemble(model, el) {
  const app = new App(model, el);
  const { info } = app;
  const reel = (about, number, arrived) =>
    new Reel(about, (chunk) => model.send({ chunk, reel: number }), arrived);
  app.reel = reel(info, 0, app.show);
  app.other = info.other && reel(info.other, 1, () => app.show());
  app.painter = new Painter(app);
  app.layers = new Layers(app);
  app.player = new Player(app);
  app.list = new MarkList(app);
  app.screen = new Screen(app);
  app.acts = actsOf(app);
  listenToControls(app);
  listenToKeys(app);
  lendKeyboard(app);
  listenToTimeline(app);
  new Fingers(app);
  return app;
}

function hear(app, message, buffers) {
  if ("layer" in message) app.layers.take(message, buffers);
  else (message.reel ? app.other : app.reel).take(message, buffers);
}

export function render({ model, el }) {
  const app = assemble(model, el);
  const showMarks = () => app.showMarks();
  const listeners = {
    "change:frame": () => app.show(),
    "change:playing": () => app.player.follow(),
    "msg:custom": (message, buffers) => hear(app, message, buffers),
    "change:marks": showMarks,
    "change:_committed": showMarks,
    "change:_verdict": showMarks,
    "change:_kept": () => app.list.told(),
    "change:layer": () => app.show(),
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  const observer = new ResizeObserver(app.paint);
  observer.observe(app.canvas);
  if (calm()) model.set("playing", false); // on request only
  for (const mark of waiting(model, app.info.sha256)) {
    app.list.set([...app.marks.filter(({ id }) => id !== mark.id), mark]);
  }
  app.arrange();
  app.show();
  app.showMarks();
  app.player.follow();
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    observer.disconnect();
    app.stop();
    app.player.stop();
    app.reel.close();
    app.other?.close();
  };
}
