"""Layers: pictures computed from a frame, to be laid over it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import matplotlib
import numpy as np

if TYPE_CHECKING:
    from framewise.clips import Clip

__all__ = ["LAYERS", "Layer", "as_layers"]


@dataclass(frozen=True)
class Layer:
    """A picture computed from a frame, to be laid over it.

    Parameters
    ----------
    name : str
    of : function (clip, frame number) -> (H, W) float
        NaN is left clear. It may have another size than the frame and is stretched over it.
    limits : (float, float), optional
        Values for the two ends of the colour scale; by default those of each picture itself.
    colours : str
        A colour map of matplotlib. For values around a meaningful zero take a diverging one.
    """

    name: str
    of: Callable[[Clip, int], np.ndarray]
    limits: tuple[float, float] | None = None
    colours: str = "magma"

    def render(
        self, clip: Clip, frame: int, longest: int | None = None
    ) -> tuple[bytes, list[float]]:
        """Return a grey PNG, 0 clear and 1 to 255 along the scale, and the ends of the scale.

        If its longer side would have more than `longest` pixels, only every n-th pixel is kept.
        """
        values = np.asarray(self.of(clip, frame), float)
        if values.ndim != 2 or not values.size:
            raise ValueError(
                f"expected an (H, W) array of numbers, got shape {values.shape}. Return one number "
                "for each pixel."
            )
        step = -(-max(values.shape) // longest) if longest else 1
        values = values[::step, ::step]
        known = np.isfinite(values)
        low, high = self.limits or (
            (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
        )
        steps = np.where(known, (values - low) / ((high - low) or 1.0), 0).clip(0, 1)
        grey = np.where(known, 1 + np.rint(254 * steps), 0).astype(np.uint8)
        return cv2.imencode(".png", grey)[1].tobytes(), [float(low), float(high)]

    def table(self) -> str:
        """Return the 255 colours of the scale, 3 bytes each, in base64."""
        colours = matplotlib.colormaps[self.colours](np.linspace(0, 1, 255))[:, :3]
        return base64.b64encode(np.rint(255 * colours).astype(np.uint8).tobytes()).decode()


def _luminance(clip: Clip, frame: int) -> np.ndarray:
    return cv2.cvtColor(clip[frame], cv2.COLOR_RGB2GRAY).astype(np.float32)


def _difference(clip: Clip, frame: int) -> np.ndarray:
    now = _luminance(clip, frame)
    return now - _luminance(clip, frame - 1) if frame else np.full_like(now, np.nan)


def _residual(clip: Clip, frame: int) -> np.ndarray:
    now = _luminance(clip, frame)
    return now - cv2.GaussianBlur(now, (0, 0), 1.5)


LAYERS = (
    Layer("luminance", _luminance, (0, 255), "gray"),
    Layer("difference from the frame before", _difference, (-40, 40), "RdBu_r"),
    Layer("high-pass residual", _residual, (-16, 16), "RdBu_r"),
)
"""What every inspector offers: brightness (ITU-R BT.601, 0 to 255), its change since the frame
before, and what a Gaussian blur of 1.5 pixels takes away from it."""


def as_layers(layers: Iterable[Layer | Callable[[np.ndarray], np.ndarray]]) -> dict[str, Layer]:
    """Return the layers that every inspector offers and these, by name.

    Parameters
    ----------
    layers : list of Layer or function frame -> (H, W)

    Raises
    ------
    TypeError, ValueError
        One is neither; two have the same name.
    """
    named: dict[str, Layer] = {}
    for layer in (*LAYERS, *layers):
        whole = layer if isinstance(layer, Layer) else _from_function(layer)
        if whole.name in named:
            raise ValueError(
                f"layers: expected different names, but two layers are called {whole.name!r}. Give "
                "one of them another name: Layer(name, of)."
            )
        named[whole.name] = whole
    return named


def _from_function(function: Callable[[np.ndarray], np.ndarray]) -> Layer:
    if not callable(function):
        raise TypeError(f"layers: expected a Layer or a function frame -> (H, W), got {function!r}")
    name = getattr(function, "__name__", type(function).__name__)
    return Layer(name, lambda clip, frame: function(clip[frame]))
