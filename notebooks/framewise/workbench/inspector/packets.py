"""Packets: what Python and the browser send each other. This is the one place that says how.

The JavaScript side is `protocol.mjs`. Both sides are tested against the same packet.

**Wishes** go from the browser to Python, as JSON: `{"chunk": 3, "reel": 0}` asks for the fourth
chunk of the first clip (reel 1 is the clip that it is compared with), `{"layer": "difference",
"frame": 7}` for a picture to lay over frame 7, and `{"reveal": true}` for the truth.

**A chunk** is the answer to the first wish: a few frames that follow each other. Its JSON repeats
the wish and adds

- `error`: why a frame could not be read, or null;
- `areas`: for each frame and each area its outlines, each a list x, y, x, y ... in pixels.

Its buffers are one JPEG for each frame (empty where the frame could not be read) and, at the end,
the points of all these frames as int16, little-endian, shape (frames, faces, points + 32, 2). The
32 are the eyelids, 16 points for each eye. A number times `unit` is pixels of the clip, counted
from the corner of the picture. `MISSING` stands for a point that was not seen.

**A layer** is the answer to the second wish. Its JSON repeats the wish and adds `limits` (the
values at both ends of the scale) and `error`. Its buffer is a grey PNG: 0 is clear, and 1 to 255
run along the scale.

**A page** holds the state of the widget in a script element `state`, and each chunk in an element
`chunk{reel}-{number}`, with its buffers in base64 under the name `buffers`. Of the layers it holds
only some pictures. The state says which: `_info.kept` is null in a notebook, and on a page it gives
the frames by the name of the layer. Each picture is in an element `layer{number}-{frame}`, in the
form of the answer to the second wish. The number is the place of the layer in `_info.layers`, from
0. `element_of` returns the name of an element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from framewise.tracking import FaceTrack

__all__ = ["MISSING", "chunk_numbers", "element_of", "outline", "pack_points"]

MISSING = -32768


def pack_points(tracks: Sequence[FaceTrack], frames: Sequence[int], unit: float) -> bytes:
    """Return the points and the eyelids of each face in these frames, packed as a chunk has them.

    Parameters
    ----------
    tracks : list of FaceTrack
    frames : list of int
    unit : float
        Pixels for each count of the packed numbers.
    """
    at = list(frames)
    faces = [
        np.concatenate([t.points[at], t.eyelids[at].reshape(len(at), 32, 2)], axis=1)
        for t in tracks
    ] or [np.empty((len(at), 0, 2))]
    # our points count from the middle of the first pixel, a canvas counts from its corner
    counts = np.rint((np.stack(faces, axis=1) + 0.5) / unit).clip(-32767, 32767)
    return np.nan_to_num(counts, nan=MISSING).astype("<i2").tobytes()


def outline(mask: np.ndarray, frame: int) -> list[list[int]]:
    """Return the edges of an area in one frame: x, y, x, y ... counted from pixel corners.

    Parameters
    ----------
    mask : (H, W) or (T, H, W) bool
    frame : int
    """
    area = np.asarray(mask if mask.ndim == 2 else mask[frame], np.uint8)
    # doubled, an outline through the middles of pixels runs along their outer edges
    edges, _ = cv2.findContours(
        np.kron(area, np.ones((2, 2), np.uint8)), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    return [np.rint((edge.ravel() + 0.5) / 2).astype(int).tolist() for edge in edges]


def chunk_numbers(count: int, span: int) -> range:
    """Return the numbers of all chunks of a clip.

    Parameters
    ----------
    count : int
        How many frames the clip has.
    span : int
        How many frames a chunk holds.
    """
    return range(-(-count // span))


def element_of(answer: Mapping[str, Any], layers: Iterable[str]) -> str:
    """Return the name of the element in which a page holds a chunk, or a picture of a layer.

    Parameters
    ----------
    answer : dict
        What answers a wish; for a chunk it must name the reel.
    layers : iterable of str
        The names of all layers that the page offers, in order.
    """
    if "layer" in answer:
        return f"layer{list(layers).index(answer['layer'])}-{answer['frame']}"
    return f"chunk{answer['reel']}-{answer['chunk']}"
