"""How people move: blinks, gaze, head, brows and lips, drawn from a seed. This is the truth of a
clip; the pictures follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from human import TURNS, Pose
from scipy.ndimage import gaussian_filter1d

FPS = 25
LEVEL = (0.0, 0.0, 0.0)
CLOSING, HOLDING = 0.33, 0.12
"""Shares of a blink's duration; the lids reopen in what is left."""
LID_PER_DEGREE = 0.022
"""How much the upper lids close while the eyes look down."""
RAISE_PER_DEGREE, MOST_RAISED = 0.035, 0.4
"""Weight by which the upper lids rise for each degree that the eyes look up, and its maximum."""
SACCADE_S, SACCADE_S_PER_DEGREE = 0.021, 0.0022
"""A jump of the eyes (saccade) lasts SACCADE_S seconds, and longer by the second number for each
degree."""
TINY, TINY_S = 0.18, (0.4, 1.2)
"""While the eyes rest on one place (a fixation), they make tiny jumps (microsaccades): the typical
size in degrees, and the seconds from one to the next, drawn between two."""
BREATH_PX, BREATH_S = 0.5, 3.7
MOST_SWAY = 5.0
LAG = 0.012
"""Seconds, typically, between the right eye and the left; never more than a frame."""
FOLLOWS_S, SHOULDERS_PX, SHOULDERS_TURN, SHOULDER_BREATH_PX = 0.18, 0.35, 0.12, 1.1
"""How the shoulders follow the head: smoothed over how many seconds, by how many pixels for each
degree, by which share of its roll; and by how many pixels they rise and sink with a breath."""
SWING, DAMPING, SUBSTEPS = 9.0, 0.35, 4
"""Long hair swings like a pendulum: its frequency without damping (radians a second), its damping
as a share of critical damping, and how many time steps we compute for each frame."""
SEEN = 0.1
"""A blink lasts while it closes the lids by more than this."""


@dataclass(frozen=True)
class Act:
    """What a person does. Rates a minute, angles in degrees, the rest 0 to 1."""

    gaze: str = "camera"
    blinks: float = 20.0
    smile: float = 0.0
    turn: float = 0.0
    lively: float = 1.0


@dataclass(frozen=True)
class Motion:
    """T frames of one person."""

    poses: list[Pose]
    blinks: np.ndarray
    """(B, 3) int: first, lowest and last frame."""
    partial: np.ndarray
    """(B,) bool: the lids never closed by 0.8."""
    sway: np.ndarray
    """(T, 2) px, right and down, of the whole person."""
    body: np.ndarray
    """(T, 3) of the shoulders under the head: px right and down, and a turn in radians."""


def move(
    act: Act, frames: int, mouth: dict[str, np.ndarray] | None, rng, fps=FPS, bearing=LEVEL
) -> Motion:
    """Return the motion of one person, drawn at random from `rng`.

    `mouth` are the curves (frames,) of `speech.mouth`, if the person talks. `fps` is in frames a
    second. `bearing` (yaw, pitch and roll in degrees) is how the person carries the head. It is
    left out if the person turns the head on purpose (`act.turn`).
    """
    mouth = mouth or {}
    effort = _effort(mouth.get("jaw", np.zeros(frames)), fps)
    closed, events = _blinks(act.blinks, frames, rng, fps)
    look = _GAZES[act.gaze](frames, rng, fps)
    head = _head(act, look, effort, frames, rng, fps)
    if not act.turn:
        head = head + bearing
    eyes = np.stack([look[:, 0] - head[:, 0], look[:, 1] + head[:, 1]], 1)
    lowered = np.clip(-eyes[:, 1], 0, 25) * LID_PER_DEGREE
    lids = np.clip(closed + lowered[:, None] * (1 - closed), 0, 1)
    raised = np.clip(eyes[:, 1] * RAISE_PER_DEGREE, 0, MOST_RAISED)
    smile = act.smile * (0.85 + drift(frames, 0.15, 1.2 * fps, rng))
    brow = np.clip(drift(frames, 0.12, 0.5 * fps, rng) + 0.35 * effort, 0, 0.5) * act.lively
    tracks = {
        **mouth,
        "smile": smile,
        "squint": np.clip(0.35 * smile + 0.15 * effort, 0, 1) * (1 - closed.max(1)),
        "brow_up": brow,
        "blink_right": lids[:, 0],
        "blink_left": lids[:, 1],
        "open_right": raised,
        "open_left": raised,
        "yaw": head[:, 0],
        "pitch": head[:, 1],
        "roll": head[:, 2],
        **_trailing(head, fps),
        "gaze_x": eyes[:, 0],
        "gaze_y": eyes[:, 1],
    }
    poses = [{name: float(track[i]) for name, track in tracks.items()} for i in range(frames)]
    spans, partial = _spans(closed, events)
    sway = np.stack([drift(frames, 2.0, 1.1 * fps, rng), drift(frames, 0.8, 0.8 * fps, rng)], 1)
    sway[:, 1] += BREATH_PX * np.sin(_breath(frames, fps))
    sway = np.clip(sway, -MOST_SWAY, MOST_SWAY)
    return Motion(poses, spans, partial, sway, _body(head, frames, fps))


def drift(frames: int, size: float, width: float, rng) -> np.ndarray:
    """Smooth wandering about zero, typically by `size`, over `width` frames."""
    wide = rng.normal(size=frames + int(8 * width))
    smooth = gaussian_filter1d(wide, width)[int(4 * width) :][:frames]
    return size * smooth * np.sqrt(2 * width * np.sqrt(np.pi))


def _breath(frames: int, fps: int) -> np.ndarray:
    return np.arange(frames) / fps * 2 * np.pi / BREATH_S


def _body(head: np.ndarray, frames: int, fps: int) -> np.ndarray:
    """Shoulders follow the head a little, and later; they rise with each breath."""
    yaw, pitch, roll = gaussian_filter1d(head, FOLLOWS_S * fps, axis=0).T
    right = SHOULDERS_PX * (yaw - yaw.mean())
    down = SHOULDERS_PX * (pitch - pitch.mean()) - SHOULDER_BREATH_PX * np.sin(_breath(frames, fps))
    return np.stack([right, down, np.radians(SHOULDERS_TURN * (roll - roll.mean()))], 1)


def _trailing(head: np.ndarray, fps: int) -> dict[str, np.ndarray]:
    """Where the head would be if it swung behind like a pendulum: long hair follows this."""
    swing, speed, trail = head[0].copy(), np.zeros(3), np.empty_like(head)
    for i, now in enumerate(np.repeat(head, SUBSTEPS, axis=0)):
        pull = SWING**2 * (now - swing) - 2 * DAMPING * SWING * speed
        speed = speed + pull / (fps * SUBSTEPS)
        swing = swing + speed / (fps * SUBSTEPS)
        trail[i // SUBSTEPS] = swing
    return {f"trail_{turn}": trail[:, n] for n, turn in enumerate(TURNS)}


def _effort(jaw: np.ndarray, fps: int) -> np.ndarray:
    """0 to 1: how much is being said."""
    smooth = gaussian_filter1d(jaw, 0.16 * fps)
    return smooth / max(smooth.max(), 0.1)


def _blinks(rate: float, frames: int, rng, fps: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Closure (T, 2) of the right and left eye by blinks, and of each blink alone."""
    times = np.arange(frames) / fps
    closed, events = np.zeros((frames, 2)), []
    start = rng.uniform(0.3, 1.0) * 60 / rate if rate else np.inf
    while start < times[-1] - 0.45:
        duration = np.clip(rng.normal(0.25, 0.06), 0.12, 0.4)
        depth = rng.uniform(0.45, 0.75) if rng.random() < 0.12 else rng.uniform(0.95, 1.0)
        lag = np.clip(rng.normal(0, LAG), -1 / fps, 1 / fps)
        eyes = [_closure(times - start - side * lag / 2, duration) for side in (-1, 1)]
        events.append(depth * np.stack(eyes, 1))
        closed = np.maximum(closed, events[-1])
        start += duration + 0.25 + rng.gamma(2.0, max(60 / rate - 0.5, 0.2) / 2)
    return closed, events


def _closure(since: np.ndarray, duration: float) -> np.ndarray:
    """How far a blink has closed the lids, by the time since it began: fast down, slow up."""
    held, reopened = CLOSING * duration, (CLOSING + HOLDING) * duration
    return np.interp(since, [0, held], [0, 1]) ** 1.5 * (
        1 - _ease((since - reopened) / (duration - reopened))
    )


def _ease(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _spans(closed: np.ndarray, events: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    spans = []
    for event in events:
        both = event.mean(1)
        during = np.flatnonzero(both > SEEN)
        spans.append((during[0], both.argmax(), during[-1]))
    partial = [event.mean(1).max() < 0.8 for event in events]
    return np.array(spans, int).reshape(-1, 3), np.array(partial, bool)


def _fixations(frames: int, rng, fps: int, seconds: tuple[float, float], choose) -> np.ndarray:
    """(T, 2) gaze that rests for a while on each of the places that `choose()` gives."""
    gaze, start, at = np.zeros((frames, 2)), 0, np.array(choose())
    while start < frames:
        stay = int(rng.uniform(*seconds) * fps)
        gaze[start : start + stay] = at
        target = np.array(choose())
        _jump(gaze, start + stay, target - at, rng, fps)
        start, at = start + stay, target
    return gaze + _tiny_jumps(frames, rng, fps)


def _jump(gaze: np.ndarray, frame: int, by: np.ndarray, rng, fps: int) -> None:
    """Let a jump end at the beginning of a frame: the frames before show the eyes on their way.

    The shutter opens at any moment of the jump. We show at most two frames of it. At 25 frames a
    second, jumps of more than about 27 degrees take longer; their beginning is cut off.
    """
    lasts = fps * (SACCADE_S + SACCADE_S_PER_DEGREE * np.hypot(*by))
    late = rng.random()
    for back in (1, 2):
        done = _ease(1 - (back - 1 + late) / lasts)
        if 0 < frame - back < len(gaze):
            gaze[frame - back] += done * by


def _tiny_jumps(frames: int, rng, fps: int) -> np.ndarray:
    """(T, 2): the eyes never rest exactly; they jump to about the same place again."""
    tiny, start = np.zeros((frames, 2)), 0
    while start < frames:
        stay = int(rng.uniform(*TINY_S) * fps)
        tiny[start : start + stay] = rng.normal(0, TINY, 2)
        start += stay
    return tiny


def _at_camera(frames: int, rng, fps: int) -> np.ndarray:
    def choose():
        if rng.random() < 0.75:
            return rng.normal(0, (1.0, 0.6))
        return rng.uniform((-10, -5), (10, 4))

    return _fixations(frames, rng, fps, (0.4, 1.8), choose)


def _reading(frames: int, rng, fps: int) -> np.ndarray:
    line = {"at": -7.0, "down": 0.0}

    def choose():
        line["at"] += rng.uniform(1.5, 3.2)
        if line["at"] > 7:
            line.update(at=-7 + rng.normal(0, 0.5), down=(line["down"] + 0.35) % 4)
        return line["at"], -12 - line["down"]

    return _fixations(frames, rng, fps, (0.16, 0.34), choose)


def _down(frames: int, rng, fps: int) -> np.ndarray:
    return _fixations(frames, rng, fps, (0.5, 1.5), lambda: rng.normal((0, -21), (4, 2)))


def _aside(frames: int, rng, fps: int) -> np.ndarray:
    def choose():
        side = 1 if rng.random() < 0.5 else -1
        return side * rng.uniform(16, 24), rng.normal(0, 2)

    return _fixations(frames, rng, fps, (0.6, 1.4), choose)


_GAZES = {"camera": _at_camera, "read": _reading, "down": _down, "aside": _aside}


def _head(act: Act, look, effort: np.ndarray, frames: int, rng, fps: int) -> np.ndarray:
    """(T, 3) yaw, pitch and roll in degrees; the head follows the gaze part of the way."""
    followed = gaussian_filter1d(look, 0.2 * fps, axis=0)
    beat = gaussian_filter1d(effort * rng.normal(size=frames), 0.1 * fps) * 2.6
    yaw = drift(frames, 3.2, 0.6 * fps, rng) + drift(frames, 0.7, 0.2 * fps, rng)
    pitch = drift(frames, 1.7, 0.5 * fps, rng) + beat
    roll = drift(frames, 1.3, 0.65 * fps, rng)
    own = np.stack([yaw, pitch, roll], 1) * act.lively
    own[:, 0] += 0.3 * followed[:, 0]
    own[:, 1] -= 0.35 * followed[:, 1]
    if act.turn:
        phase = np.arange(frames) / frames * 4 * np.pi
        own[:, 0] = act.turn * np.clip(1.15 * np.sin(phase), -1, 1) + 0.3 * own[:, 0]
    return own
