// What all parts share: the model, the elements, and where the view stands.

import { answerPanel, taskOf } from "./answer.mjs";
import { markup, SWITCHES } from "./controls.mjs";
import { paint, show } from "./show.mjs";
import { bars } from "./timeline.mjs";
import { clamp, wholeView } from "./view.mjs";

const REST = 150; // ms without a step, after which the kernel hears of the frame
const FLICKER = 500; // ms

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class App {
  acts = {}; // what each control does, by its name
  range = { first: null, last: null }; // null: not set
  hover = null; // where the pointer is
  drawing = null; // the box that is being drawn
  swapped = false; // whether a flicker shows the second clip
  shown = null; // the frame that is painted
  open = true;
  #resting = 0;
  #flicker = 0;
  #panel = "";

  constructor(model, el) {
    this.model = model;
    this.info = { ...model.get("_info"), reasonsId: `reasons-${Math.random()}` };
    el.innerHTML = markup(this.info);
    this.root = el.querySelector("section");
    this.canvas = this.one(".stage canvas");
    this.values = this.root.querySelectorAll(".series b");
    this.curves = Object.values(this.info.series);
    this.view = wholeView(this.info.size);
    this.on = new Set(this.info.blind ? [] : ["box"]); // the switches that are on
  }

  one = (selector) => this.root.querySelector(selector);
  named = (name) => this.one(`[name="${name}"]`);
  show = (arrived) => show(this, arrived);
  paint = () => paint(this);
  due = (frame) => this.other.floor(this.info.other.match[frame]);

  get marks() {
    return this.model.get("marks") ?? [];
  }
  get locked() {
    return this.info.blind && this.model.get("_committed");
  }
  get truth() {
    return this.model.get("_verdict")?.truth ?? [];
  }
  get way() {
    return this.info.other && this.named("way").value;
  }
  get cursor() {
    return this.reel.floor(this.model.get("frame"));
  }
  get last() {
    return this.reel.floor(this.info.count - 1);
  }
  get ranged() {
    const { first, last } = this.range;
    if ((first ?? last) === null) return null;
    return { first: first ?? 0, last: last ?? this.info.count - 1 };
  }

  listen = (node, kinds, call) => {
    for (const kind of kinds.split(" ")) node.addEventListener(kind, call, { passive: false });
  };

  put(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // Other views follow at once. The kernel hears of it when the cursor rests.
  go(frame) {
    this.model.set("frame", clamp(this.reel.floor(Math.round(frame)), 0, this.last));
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.model.save_changes(), REST);
  }

  act(name, leap, button) {
    this.acts[name]?.(leap, button);
    this.pressed();
  }

  // Switches show how they stand, and the sentence says what can be done now.
  pressed() {
    for (const name of SWITCHES) {
      if (this.named(name)) this.named(name).ariaPressed = this.on.has(name);
    }
    this.canvas.classList.toggle("boxing", this.on.has("boxing"));
    this.one(".task").textContent = taskOf(this);
    this.paint();
  }

  setRange(first, last) {
    const turned = first !== null && last !== null && first > last;
    this.range = turned ? { first: last, last: first } : { first, last };
    const { ranged } = this;
    this.one(".range").textContent = ranged ? `${ranged.first} to ${ranged.last}` : "";
    this.showMarks();
  }

  showMarks() {
    const range = this.ranged ? [this.ranged] : [];
    const kinds = [
      ["range", "range", range],
      ["mine", "your marks", this.marks],
      ["true", "truth", this.truth],
    ];
    const lanes = kinds.map(([kind, name, all]) => {
      const spans = all.map(({ first, last }) => [first, last]);
      return all.length ? bars(this.info, name, spans, kind) : "";
    });
    this.one(".found").innerHTML = lanes.join("");
    const panel = answerPanel(this);
    if (panel !== this.#panel) this.one(".blind").innerHTML = panel;
    this.#panel = panel;
    this.list.show();
    this.pressed();
  }

  readPixel() {
    const words = this.shown === null ? "" : this.painter.pixelWords(this.shown);
    this.one(".pixel").textContent = words;
  }

  // How two clips share the stage.
  arrange() {
    this.named("edge").parentElement.hidden = this.way !== "wipe";
    clearInterval(this.#flicker);
    if (this.way === "flicker" && !calm()) {
      this.#flicker = setInterval(() => this.act("switch"), FLICKER);
    }
    this.root.style.setProperty("--panes", this.way === "side" ? 2 : 1);
    this.paint();
  }

  stop() {
    this.open = false;
    clearTimeout(this.#resting);
    clearInterval(this.#flicker);
  }
}
