// The full screen, and the view for a projector: large controls, a pointer that everyone sees, and
// a vote by show of hands.

export class Screen {
  #votes = { a: 0, b: 0 };
  #wasPlaying = false;

  constructor(app) {
    this.app = app;
    const stage = app.one(".stage");
    app.listen(app.root, "fullscreenchange", () => {
      if (document.fullscreenElement !== app.root) this.leave();
    });
    app.listen(stage, "pointermove", ({ clientX, clientY }) => {
      const { left, top } = stage.getBoundingClientRect();
      app.one(".spot").style.translate = `${clientX - left}px ${clientY - top}px`;
    });
  }

  toggle(presenting) {
    const { root } = this.app;
    const same = root.classList.contains("presenting") === presenting;
    if (root.classList.contains("full") && same) return this.leave();
    root.classList.add("full"); // alone, this fills the window where there is no full screen
    root.classList.toggle("presenting", presenting);
    if (!document.fullscreenElement) root.requestFullscreen?.().catch(() => {});
    root.focus({ preventScroll: true });
    this.#label();
  }

  leave() {
    const { root } = this.app;
    root.classList.remove("full", "presenting");
    if (document.fullscreenElement === root) document.exitFullscreen();
    if (!this.app.one(".vote").hidden) root.focus({ preventScroll: true });
    this.app.one(".vote").hidden = true;
    this.#label();
  }

  #label() {
    const is = (name) => this.app.root.classList.contains(name);
    this.app.named("full").textContent = is("full") ? "leave full screen" : "full screen";
    this.app.named("present").textContent = is("presenting") ? "stop presenting" : "present";
  }

  count(name, by = 1) {
    this.#votes[name] += by;
    this.app.named(`vote-${name}`).textContent = `${name.toUpperCase()}: ${this.#votes[name]}`;
  }

  again() {
    for (const [name, hands] of Object.entries(this.#votes)) this.count(name, -hands);
  }

  freeze() {
    this.#wasPlaying = this.app.model.get("playing");
    this.app.put("playing", false);
    this.app.one(".vote").hidden = false;
    this.again();
    this.app.named("vote-a").focus({ preventScroll: true });
  }

  goOn() {
    this.app.one(".vote").hidden = true;
    this.app.root.focus({ preventScroll: true });
    if (this.#wasPlaying) this.app.put("playing", true);
  }
}
