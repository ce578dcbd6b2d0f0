"""Quality slider: move a slider, and see what error level analysis shows at each JPEG quality."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import ipywidgets as widgets
import numpy as np

from framewise import compression, fakes

__all__ = ["QualitySlider"]


class QualitySlider(widgets.VBox):
    """A slider for the quality, and a picture beside its error levels.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    quality : int
        Where the slider begins, 30 to 100.
    marked : bool
        Whether the picture is a fake. A fake is shown with the mark.
    """

    def __init__(self, image: np.ndarray, *, quality: int = 75, marked: bool = False) -> None:
        self._image, self._shown = image, fakes.mark(image) if marked else image
        self.quality = widgets.IntSlider(
            quality,
            min=30,
            max=100,
            description="quality of the new save",
            style={"description_width": "initial"},
            layout={"width": "420px"},
            continuous_update=False,
        )
        self.gain = widgets.IntSlider(
            40,
            min=5,
            max=100,
            step=5,
            description="brightness of the map",
            style={"description_width": "initial"},
            layout={"width": "420px"},
            continuous_update=False,
        )
        self._picture, self._said = widgets.HTML(), widgets.HTML()
        for slider in (self.quality, self.gain):
            slider.observe(lambda _: self._draw(), "value")
        super().__init__([self.quality, self.gain, self._picture, self._said])
        self._draw()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add what a page without a kernel shows: the present pictures and the words below."""
        data = super()._repr_mimebundle_(**options)
        note = "<p>The sliders work in the notebook only.</p>"
        return {**data, "text/html": self._picture.value + self._said.value + note}

    def _draw(self) -> None:
        quality, gain = self.quality.value, self.gain.value
        levels = compression.error_level(self._image, quality)
        glow = np.uint8(np.clip(gain * cv2.blur(levels, (5, 5)), 0, 255))
        both = np.hstack([self._shown, glow[..., None].repeat(3, axis=2)])
        _, data = cv2.imencode(".png", cv2.cvtColor(both, cv2.COLOR_RGB2BGR))
        source = base64.b64encode(data).decode()
        words = (
            f"Left: the picture. Right: its error levels at quality {quality}, made {gain} times "
            f"as bright. On average, a pixel changes by {levels.mean():.2f} grey levels."
        )
        self._picture.value = (
            f'<img style="max-width: 100%" alt="{words}" src="data:image/png;base64,{source}">'
        )
        self._said.value = f'<p role="status">{words}</p>'
