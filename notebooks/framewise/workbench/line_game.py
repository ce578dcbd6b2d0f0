"""Line game: train a generator and a discriminator on single numbers, some steps at each click."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np

from framewise import adversary, adversary_plots

__all__ = ["DATA", "LineGame", "open_game"]

DATA = {"one peak": (2.0, 2.0), "two peaks": (-2.0, 2.0)}
"""For each choice of data, the places of the two peaks. Two peaks at one place look like one."""

RATES = (0.0003, 0.001, 0.003, 0.01)
"""The learning rates that a learner can choose."""


class LineGame(widgets.VBox):
    """Menus for the data and the learning rates, buttons to go on, and a picture of the game."""

    def __init__(self) -> None:
        wide = {"style": {"description_width": "initial"}}
        self.peaks = widgets.Dropdown(options=list(DATA), description="data", **wide)
        self.rates = [
            widgets.SelectionSlider(options=RATES, value=0.001, description=words, **wide)
            for words in ("learning rate of the generator", "learning rate of the discriminator")
        ]
        self._picture, self._said = widgets.HTML(), widgets.HTML()
        go_on = widgets.Button(description="Train 50 more steps", button_style="primary")
        far = widgets.Button(description="Train 500 more steps")
        again = widgets.Button(description="Start again")
        go_on.on_click(lambda _: self.go_on(50))
        far.on_click(lambda _: self.go_on(500))
        again.on_click(lambda _: self.start_again())
        for choice in (self.peaks, *self.rates):
            choice.observe(lambda _: self.start_again(), "value")
        buttons = widgets.HBox([go_on, far, again])
        super().__init__([self.peaks, *self.rates, buttons, self._picture, self._said])
        self.start_again()

    def start_again(self) -> None:
        """Make untrained networks for the data and the learning rates that are set."""
        rng = np.random.default_rng(0)
        places = rng.choice(DATA[self.peaks.value], (5000, 1))
        self.data = rng.normal(places, 0.4 if len(set(DATA[self.peaks.value])) > 1 else 0.7)
        self.gan = adversary.start(1, rates=[slider.value for slider in self.rates])
        self._draw()

    def go_on(self, steps: int) -> None:
        """Train both networks for some more steps."""
        adversary.train(self.gan, self.data, steps)
        self._draw()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add what a page without a kernel shows: the present picture and the words below it."""
        data = super()._repr_mimebundle_(**options)
        note = "<p>The buttons work in the notebook only.</p>"
        return {**data, "text/html": self._picture.value + self._said.value + note}

    def _draw(self) -> None:
        self._picture.value = adversary_plots.draw_line_game(self.gan, self.data)
        words = f"Step {len(self.gan.steps)}. Blue bars: data. Orange line: samples. Black line: D."
        words += " Dashed line: D = 0.5."
        if self.gan.steps:
            means = np.mean(self.gan.steps[-50:], axis=0)
            words += (
                f" Mean of the last 50 steps: loss of the discriminator {means[0]:.2f}, loss of"
                f" the generator {means[1]:.2f}, accuracy {means[2]:.2f}."
            )
        self._said.value = f'<p role="status">{words}</p>'


def open_game() -> LineGame:
    """Return the game. A cell shows it if this call is its last line."""
    return LineGame()
