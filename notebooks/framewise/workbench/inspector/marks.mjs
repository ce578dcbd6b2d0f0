// The reader's marks: plain lists first, then the rows in which they are edited.

import { plain } from "./timeline.mjs";
import { clamp } from "./view.mjs";

export const newMark = ({ first, last }, box = null) => {
  const id = Math.random().toString(36).slice(2, 10);
  return { id, first, last, box, reason: "", confidence: 0.5 };
};

export const has = (all, mark) => all.some((one) => JSON.stringify(one) === JSON.stringify(mark));

// A mark with one field changed to what was typed. Frames stay in the clip and in their order, and
// an empty corner takes the box away.
export function changed(mark, name, value, { size, count }) {
  const number = Number(value);
  if (name === "reason") return { ...mark, reason: value };
  if (name === "confidence") return { ...mark, confidence: number / 100 };
  if (!(name in mark)) {
    const box = mark.box ?? [0, 0, ...size];
    return { ...mark, box: value === "" ? null : box.with(name, number) };
  }
  const frame = value === "" ? mark[name] : clamp(Math.round(number), 0, count - 1);
  const { first, last } = { ...mark, [name]: frame };
  return { ...mark, first: Math.min(first, last), last: Math.max(first, last) };
}

const number = (name, label, most) =>
  `<label>${label} <input type="number" name="${name}" min="0" max="${most}"></label>`;

// A list, and no slider, because a finger that scrolls the page would move a slider.
const sure = Array.from({ length: 21 }, (_, i) => `<option value="${5 * i}">${5 * i} %</option>`);

const row = ({ size: [wide, high], count, reasonsId }, id) => `<li data-id="${plain(id)}">
  <button type="button" name="go"></button>
  <div>${number("first", "frames", count - 1)} ${number("last", "to", count - 1)}</div>
  <label>what is odd <input name="reason" list="${reasonsId}"></label>
  <label>how sure are you <select name="confidence">${sure}</select></label>
  <div>box in pixels: ${number(0, "left", wide)} ${number(1, "top", high)}
    ${number(2, "right", wide)} ${number(3, "bottom", high)}</div>
  <button type="button" name="delete">delete</button></li>`;

// Marks that wait for the kernel are kept in the tab, so that they outlive a restart.
export function waiting(model, sha256, change = (all) => all) {
  const key = `framewise ${sha256}`;
  try {
    if (model.page) return [];
    const all = change(JSON.parse(sessionStorage[key] ?? "[]"));
    sessionStorage[key] = JSON.stringify(all);
    return all;
  } catch {
    return []; // a page inside another may store nothing
  }
}

export class MarkList {
  constructor(app) {
    this.app = app;
    this.list = app.one(".notes ol");
  }

  #idOf = (node) => node.closest("li").dataset.id;

  #rowOf = (id) => [...this.list.children].find((li) => li.dataset.id === id);

  set(next) {
    const { model, info, marks: old, locked } = this.app;
    const news = next.filter((mark) => !has(old, mark));
    const same = !news.length && next.length === old.length;
    if (locked || same) return; // where nothing is new, no answer would come
    const others = (all) =>
      all.filter((mark) => has(next, mark) || old.every(({ id }) => id !== mark.id));
    waiting(model, info.sha256, (all) => [...others(all), ...news]);
    model.set("_kept", "");
    this.app.put("marks", next);
  }

  add(box = null, type = true) {
    const { app } = this;
    const mark = newMark(app.ranged ?? { first: app.cursor, last: app.cursor }, box);
    this.set([...app.marks, mark]);
    app.on.delete("boxing");
    app.setRange(null, null);
    const field = this.#rowOf(mark.id)?.querySelector("[name=reason]");
    if (!type || !field) return; // under a finger the page stays where it is
    field.focus({ preventScroll: true });
    field.scrollIntoView({ block: "nearest" }); // as much of the picture as can be stays in sight
  }

  edit(input) {
    const id = this.#idOf(input);
    const { marks, info } = this.app;
    const edited = (mark) => changed(mark, input.name, input.value, info);
    this.set(marks.map((mark) => (mark.id === id ? edited(mark) : mark)));
    this.show(input);
  }

  remove(button) {
    this.set(this.app.marks.filter(({ id }) => id !== this.#idOf(button)));
  }

  go(button) {
    this.app.go(this.app.marks.find(({ id }) => id === this.#idOf(button)).first);
  }

  #fill(li, mark, i, edited) {
    const values = { ...mark, ...mark.box?.map(Math.round) };
    values.confidence = 5 * Math.round(20 * mark.confidence);
    li.querySelector("[name=go]").textContent = `mark ${i + 1}`;
    li.querySelector("[name=go]").ariaLabel = `go to mark ${i + 1}`;
    li.querySelector("[name=delete]").ariaLabel = `delete mark ${i + 1}`;
    for (const field of li.querySelectorAll("input, select, [name=delete]")) {
      field.disabled = Boolean(this.app.locked);
      const busy = field !== edited && field.matches(":focus, button");
      if (!busy) field.value = values[field.name] ?? "";
    }
  }

  // Rows are kept, because a word may be half typed in one, or a click under way.
  show(edited) {
    const { root, marks, info } = this.app;
    const inside = root.matches(":focus-within");
    for (const li of [...this.list.children]) {
      if (!marks.some(({ id }) => id === li.dataset.id)) li.remove();
    }
    for (const [i, mark] of marks.entries()) {
      if (!this.#rowOf(mark.id)) this.list.insertAdjacentHTML("beforeend", row(info, mark.id));
      this.#fill(this.#rowOf(mark.id), mark, i, edited);
    }
    if (inside && !root.matches(":focus-within")) root.focus({ preventScroll: true });
    this.told();
  }

  told() {
    const { model, marks, info, one } = this.app;
    const kept = model.get("_kept");
    const late = "Not kept yet. Run the cell again, or save your marks as a file.";
    one(".kept").textContent = marks.length ? kept || late : "";
    if (!kept?.startsWith("Kept")) return;
    waiting(model, info.sha256, (all) => all.filter((mark) => !has(marks, mark)));
  }
}
