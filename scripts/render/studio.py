"""A stage for each shot: who stands where, and what they wear and hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from human import Human
from people import PEOPLE
from shots import Shot
from stage import Stage

ALONE = ((0, 0, 0),)
ABREAST = ((-2.1, 0, 0), (2.2, 0, -1.2))
"""Decimetres to the left, up and forward: the second stands a little behind."""
PASSING = ((4.2, 0, 0.6), (-4.2, 0, -3.4))
"""Where two people start who walk past each other; they end on the other side."""
STRIDE_S, BOB = 0.62, 0.12
"""Seconds a step takes, and how far (dm) a walking body goes up and down."""


def places(shot: Shot, seconds: float) -> np.ndarray:
    """Where each person of a shot is, (N, 3) dm."""
    if not shot.walks:
        return np.array(ALONE if len(shot.people) == 1 else ABREAST)
    share = seconds / shot.seconds
    now = np.array(PASSING) * [np.cos(np.pi * share), 1, 1]
    now[:, 1] += BOB * np.sin(np.pi * share) * np.abs(np.sin(np.pi * seconds / STRIDE_S))
    return now


def studio(shot: Shot) -> Stage:
    """Build the stage of a shot."""
    humans = [Human(PEOPLE[person]) for person in shot.people]
    stage = Stage(humans, places(shot, 0.0), shot.size, shot.zoom)
    if shot.holds:
        stage.hold(shot.holds)
    return stage


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what Blender prints. It writes to the standard output directly, not through Python."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
