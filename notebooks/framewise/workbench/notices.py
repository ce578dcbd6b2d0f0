"""Notices: what a reader must know before trusting a measurement, as short plain statements.

Functions that find such facts return notices. `course.py inspect` shows them on its page and in its
JSON.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["KINDS", "Notice"]

KINDS = {
    "assumed_times": "the file's timestamps cannot be used; times follow its nominal frame rate",
    "blinks_not_counted": "blinks could not be counted at all, or only in some of the frames",
    "clock_restart": "the file's clock jumps back; the times after the jump follow on from those "
    "before it",
    "covered_eyes": "an eye cannot be seen in these frames, although a face is there",
    "cut": "a new shot begins; a face after the cut counts as the same person only if there "
    "is evidence for it",
    "damaged": "some frames cannot be decoded, or the decoder guessed parts of them",
    "interlaced": "each frame holds two moments, in alternating lines",
    "interrupted": "a flash, a cross-fade, or another picture for a moment; nobody is followed "
    "there",
    "mirrored": "the file asks for a mirrored picture, so the picture is shown mirrored",
    "orientation": "the file's display matrix (which says how to turn the picture) cannot be used; "
    "the picture is shown as stored",
    "pixel_aspect": "the stored pixels are not square; the picture is stretched to its true shape",
    "repeated_pictures": "these frames repeat the picture before them",
    "size_change": "the picture's size changes; later frames are scaled to the first one's size",
    "slow_motion": "in half of the closures or more, the eyes stay shut for longer than a blink "
    "lasts; this may be slow motion",
    "small_face": "the face is too small in these frames to measure its eyes",
}
"""Every kind of notice, and what it means."""


class Notice(NamedTuple):
    """One fact about a clip, or about one face in it."""

    kind: str
    """A key of `KINDS`."""
    first: int | None
    """The first frame concerned, counted from 0; None if the fact concerns the whole clip."""
    last: int | None
    """The last frame concerned; None if the fact concerns the whole clip."""
    statement: str
    """Full sentences for the reader: they say what was seen, and what follows for the numbers."""
