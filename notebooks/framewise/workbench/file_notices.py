"""File notices: facts about a file that a reader must know before trusting the measurements."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from framewise.workbench.looks import (
    COLUMNS,
    ROWS,
    TRANSPOSED,
    UNUSABLE,
    is_possible_pixel,
    square_size,
)
from framewise.workbench.notices import Notice
from framewise.workbench.video import Index

__all__ = ["damage", "file_notices"]


def damage(index: Index) -> str:
    """Say in full sentences which frames are missing or doubtful; empty if none."""
    told, count = [], len(index.pts)
    if len(index.lost):
        missing = int(index.lost[:, 1].sum())
        places = [
            f"{n} after frame {after}" if after >= 0 else f"{n} before frame 0"
            for after, n in index.lost.tolist()
        ]
        told.append(
            f"{count} of {count + missing} frames can be decoded. "
            f"The others are missing or cut off: {_list(places)}."
        )
    if len(index.doubtful):
        runs = [f"{a} to {b}" if b > a else f"{a}" for a, b in index.doubtful.tolist()]
        told.append(
            f"The decoder guessed parts of these frames, or built on guessed ones: {_list(runs)}."
        )
    return " ".join(told)


def _list(places: list[str]) -> str:
    return ", ".join(places[:6]) + f" and {len(places) - 6} more places" * (len(places) > 6)


def file_notices(index: Index) -> list[Notice]:
    """Return the notices about the file: facts to know before you trust the measurements."""
    whole = [
        *_orientation_facts(index.shapes[:, 3]),
        *_pixel_facts(index),
        *_interlacing_facts(index),
    ]
    return [
        *_damage_notices(index),
        *_size_notices(index),
        *_clock_notices(index),
        *(Notice(kind, None, None, statement) for kind, statement in whole),
    ]


def _damage_notices(index: Index) -> Iterator[Notice]:
    if damage(index):
        at = [*index.doubtful.ravel(), *np.clip(index.lost[:, 0], 0, None)]
        yield Notice("damaged", int(min(at)), int(max(at)), f"The file is damaged. {damage(index)}")


def _size_notices(index: Index) -> Iterator[Notice]:
    sizes = [_shown_size(shape, float(index.pixel)) for shape in index.shapes]
    begins = index.shapes[:, 0].tolist()
    stops = [*begins[1:], len(index.pts)]
    other = [i for i, size in enumerate(sizes) if size != sizes[0]]
    if other:
        width, height = sizes[0]
        places = [f"{sizes[i][0]} x {sizes[i][1]} from frame {begins[i]} on" for i in other]
        yield Notice(
            "size_change",
            begins[other[0]],
            stops[other[-1]] - 1,
            f"The picture begins with {width} x {height} pixels and changes its size "
            f"({_list(places)}). Frames of another size are scaled to the size of frame 0.",
        )


def _shown_size(shape: np.ndarray, pixel: float) -> tuple[int, int]:
    _, width, height, way = shape.tolist()
    size = square_size(width, height, pixel)
    return size[::-1] if way & TRANSPOSED else size


def _clock_notices(index: Index) -> Iterator[Notice]:
    if index.assumed:
        yield Notice(
            "assumed_times",
            None,
            None,
            "The file has no timestamps that can be used. Times and rates assume that "
            f"{index.fps:.3g} frames are shown per second.",
        )
    if len(index.restarts):
        frames = index.restarts.tolist()
        yield Notice(
            "clock_restart",
            frames[0],
            frames[-1],
            f"The file's clock jumps back at {_list([f'frame {i}' for i in frames])}. This happens "
            "when recordings are joined. From there on, we continue the times with the usual step "
            "from frame to frame.",
        )


def _orientation_facts(ways: np.ndarray) -> Iterator[tuple[str, str]]:
    flips = [bin(way & (TRANSPOSED | ROWS | COLUMNS)).count("1") for way in ways.tolist()]
    if any(count % 2 for count in flips):
        yield (
            "mirrored",
            "The file asks players to mirror its picture, so the picture is shown mirrored. "
            '"Left" and "right" refer to the picture as it is shown here.',
        )
    if UNUSABLE in ways:
        yield (
            "orientation",
            "The file asks for a turn that is no multiple of 90 degrees, or its display matrix is "
            "not valid. This is ignored, so the picture may not be upright.",
        )


def _pixel_facts(index: Index) -> Iterator[tuple[str, str]]:
    pixel, (width, height) = float(index.pixel), index.shapes[0, 1:3].tolist()
    shown = square_size(width, height, pixel)
    if not is_possible_pixel(pixel):
        yield (
            "pixel_aspect",
            f"The file says that its pixels are {pixel:.3g} times as wide as high. "
            "No camera records such pixels, so this is ignored.",
        )
    elif shown != (width, height):
        yield (
            "pixel_aspect",
            f"Stored pixels are {pixel:.3g} times as wide as high. The picture is stretched from "
            f"{width} x {height} to {shown[0]} x {shown[1]}. This changes fine traces such as "
            "noise. Do not look for such traces in the stretched picture.",
        )


def _interlacing_facts(index: Index) -> Iterator[tuple[str, str]]:
    if index.interlaced > len(index.pts) / 2:
        yield (
            "interlaced",
            "Each frame holds two moments in alternating lines (interlacing). So moving things "
            "have edges like the teeth of a comb. These edges are no trace of a fake.",
        )
