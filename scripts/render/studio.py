"""A stage for each shot: who stands where, and what they wear and hold."""

from __future__ import annotations

from human import Human
from people import PEOPLE
from shots import Shot
from stage import Stage

ALONE = ((0, 0, 0),)
ABREAST = ((-2.1, 0, 0), (2.2, 0, -1.2))
"""Decimetres to the left, up and forward: the second stands a little behind."""


def studio(shot: Shot) -> Stage:
    """Build the stage of a shot."""
    humans = [Human(PEOPLE[person]) for person in shot.people]
    places = ALONE if len(humans) == 1 else ABREAST
    stage = Stage(humans, places, shot.size, shot.zoom)
    if shot.holds:
        stage.hold(shot.holds)
    return stage
