"""A sentence becomes sound, timed phonemes and the motion of a mouth.

The words come from the neural voice in `synthesis`, their exact times from `align`. `vocoder` makes
nine different voices of it, and `ambience` adds breaths and the room. The network learned from a
real speaker; each of the nine voices has another pitch and other resonances (see README.md).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from ambience import Room, breath, heard_in, tone_of
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from synthesis import RATE, say
from vocoder import Change, changed

LEAD_IN, PAUSE, PAUSES = 0.3, 0.4, (0.25, 0.6)
"""Seconds of silence before the speech and between sentences: fixed, or drawn between two. Each
sentence brings another tenth of a second of its own."""
LONGER, LEAD_OUT = 0.4, 0.5
"""Seconds. If there is time left, LEAD_OUT stays free at the end, and each pause gets longer by up
to LONGER."""
LOUDNESS_DB, PEAK = -23.0, 0.7
"""Level of the speech without its pauses, in dB of full scale; the highest sample of the dry voice,
as a share of full scale."""
BREATH_DB, BREATHS, HUSH = -26.0, (0.18, 0.3), 0.05
"""Highest level of a breath, in dB compared with the speech; its duration in seconds, drawn between
two; and how many seconds before a sentence it ends."""

STEP = 0.002
BLEND, RAMP, HOLD = 0.028, 0.045, 0.044
"""Seconds: how far neighbouring sounds shape each other; how long the lips take to and from a
closure; and how long they hold it at least, so that one frame always shows it."""

UNITS = ("jaw", "part", "wide", "purse", "protrude", "compress", "upper_up", "lower_down")


@dataclass(frozen=True)
class Shape:
    """The mouth of some sounds: morph weights, how much it yields to its neighbours, how firm."""

    sounds: str
    units: dict[str, float]
    weight: float = 1.0
    grip: float = 0.0

    @property
    def opens(self) -> bool:
        """Whether these sounds are vowels."""
        return bool(self.sounds) and self.sounds[0] in VOWELS


VOWELS, SONORANTS = "aɑæʌɐəɚɜɝɛeɪiɔɒouʊ", "mnŋlɹrwj"
REST = Shape("", {}, weight=0.8)
BACK = Shape("kɡŋhxʔ", {"jaw": 0.12, "part": 0.3, "wide": 0.05}, weight=0.3)
SHAPES = (
    Shape("aɑæʌ", {"jaw": 0.3, "part": 0.4, "wide": 0.1}, weight=1.2),
    Shape("ɛeɜɝ", {"jaw": 0.21, "part": 0.4, "wide": 0.3, "upper_up": 0.1}),
    Shape("ɐə", {"jaw": 0.18, "part": 0.35, "wide": 0.1}, weight=0.7),
    Shape("iɪ", {"jaw": 0.15, "part": 0.4, "wide": 0.42, "upper_up": 0.12}),
    Shape("j", {"jaw": 0.09, "part": 0.35, "wide": 0.35, "upper_up": 0.1}, weight=0.6),
    Shape("ɔɒo", {"jaw": 0.26, "protrude": 0.25, "purse": 0.45}, weight=1.2),
    Shape("uʊ", {"jaw": 0.05, "protrude": 0.25, "purse": 0.8}, weight=1.2),
    Shape("w", {"jaw": 0.02, "protrude": 0.2, "purse": 0.8}, grip=0.7),
    Shape("ɹrɚ", {"jaw": 0.14, "part": 0.2, "protrude": 0.28, "purse": 0.15}, weight=0.8),
    Shape("pbm", {"compress": 0.4, "protrude": -0.06, "purse": 0.1}, grip=1.0),
    Shape("fv", {"jaw": 0.05, "lower_down": -0.1, "compress": 0.15, "upper_up": 0.15}, grip=1.0),
    Shape("sz", {"jaw": 0.06, "part": 0.3, "wide": 0.25, "lower_down": 0.15}, grip=0.6),
    Shape("ʃʒ", {"jaw": 0.06, "part": 0.25, "protrude": 0.35, "purse": 0.12}, grip=0.6),
    Shape("tdnlɾθð", {"jaw": 0.11, "part": 0.3, "wide": 0.12}, weight=0.7),
    BACK,
)
SHAPE_OF = {sound: shape for shape in SHAPES for sound in shape.sounds}


@dataclass(frozen=True)
class Voice:
    """How someone speaks: how their voice differs from the recorded one, how slowly, and where."""

    change: Change
    pace: float
    room: Room


@dataclass(frozen=True)
class Phoneme:
    """One sound in IPA, or "" for a pause, from `start` to `end` in seconds."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """Sound, (N,) float32 from -1 to 1 at `rate` Hz, and its phonemes, from 0 to the end."""

    samples: np.ndarray
    rate: int
    phonemes: tuple[Phoneme, ...]

    @property
    def seconds(self) -> float:
        """How long the sound lasts."""
        return len(self.samples) / self.rate


def speak(
    text: str,
    voice: Voice,
    seconds: float | None = None,
    rng: np.random.Generator | None = None,
) -> Speech:
    """Say some sentences. With `seconds`, the sound lasts exactly that long.

    The time that is left at the end is filled with the quiet noise of the room.

    Pauses between sentences are drawn from `rng`, or last PAUSE; they get longer if `seconds` leave
    time for it. The same input gives the same samples on the same machine. Raises ValueError if the
    text takes longer than `seconds`.
    """
    sentences = tuple(re.split(r"(?<=[.!?])\s+", text.strip()))
    pauses = [PAUSE if rng is None else rng.uniform(*PAUSES) for _ in sentences[1:]]
    return _spoken(sentences, voice, seconds, (LEAD_IN, *pauses))


@cache
def _spoken(
    sentences: tuple[str, ...], voice: Voice, seconds: float | None, lengths: tuple[float, ...]
) -> Speech:
    """Say sentences after pauses of these lengths; kept, because it takes some seconds."""
    said = [say(sentence, voice.pace, _seed(sentence)) for sentence in sentences]
    if seconds is not None and said[1:]:
        left = seconds - sum(lengths) - sum(len(sound) for sound, _ in said) / RATE - LEAD_OUT
        longer = np.clip(left / len(said[1:]), 0, LONGER)
        lengths = (LEAD_IN, *(pause + longer for pause in lengths[1:]))
    dry, marks, pauses = [], [("", 0.0)], []
    for pause, (sound, sounds) in zip(lengths, said, strict=True):
        before = sum(map(len, dry)) + round(pause * RATE)
        marks += [(symbol, before / RATE + start) for symbol, start in sounds]
        pauses.append((before / RATE - pause, before / RATE + sounds[1][1]))
        dry += [np.zeros(round(pause * RATE)), sound]
    samples = np.concatenate(dry)
    if seconds is not None:
        missing = round(seconds * RATE) - len(samples)
        if missing < 0:
            over = -missing / RATE
            raise ValueError(f"the text takes {over:.2f} s longer than {seconds:g} s: shorten it")
        samples = np.pad(samples, (0, missing))
    phonemes = _phonemes(marks, len(samples) / RATE)
    sung = [(p.start, p.end) for p in phonemes if p.symbol and p.symbol[0] in VOWELS + SONORANTS]
    rng = np.random.default_rng(_seed(" ".join(sentences)))
    spoken = changed(samples, RATE, voice.change, sung, rng)
    return Speech(_recorded(spoken, pauses, voice, rng), RATE, phonemes)


def _seed(text: str) -> int:
    """A number for chance that belongs to these words."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:3], "big")


def _recorded(
    spoken: np.ndarray, pauses: list[tuple[float, float]], voice: Voice, rng: np.random.Generator
) -> np.ndarray:
    """The samples (N,) as a microphone in the speaker's room records them, breaths in `pauses`."""
    sound = spoken.copy()
    level = _loudness(sound, 0.04)
    talking = np.sqrt(np.mean(level[level > 0.1 * level.max()] ** 2))
    gain = min(10 ** (LOUDNESS_DB / 20) / talking, PEAK / np.abs(sound).max())
    for start, end in pauses:
        lasts = min(rng.uniform(*BREATHS), end - start - 2 * HUSH)
        air = breath(lasts, RATE, voice.change.formants, rng)
        air *= talking * 10 ** (BREATH_DB / 20) / air.std() * rng.uniform(0.6, 1.0)
        last = round((end - HUSH) * RATE)
        sound[last - len(air) : last] += air
    sound = gain * heard_in(sound, RATE, voice.room, rng)
    return (sound + tone_of(voice.room, len(sound), RATE, rng)).astype(np.float32)


def phoneme_at(speech: Speech, fps: float, frames: int) -> list[str]:
    """The phoneme at the middle of each frame; "" in pauses and after the end."""
    starts = [p.start for p in speech.phonemes]
    times = (np.arange(frames) + 0.5) / fps
    found = np.searchsorted(starts, times, side="right") - 1
    return [
        speech.phonemes[k].symbol if time < speech.seconds else ""
        for k, time in zip(found, times, strict=True)
    ]


def mouth(speech: Speech, fps: float, frames: int) -> dict[str, np.ndarray]:
    """Morph weights at the middle of each frame, one curve (frames,) for each of UNITS.

    Sounds blend with their neighbours, before and after alike, so the mouth leads and follows the
    sound by the same; closures of lips or teeth then override the blend for as long as they last.
    """
    times = np.arange(0, max(frames / fps, speech.seconds) + STEP, STEP)
    goals, weights = np.zeros((len(UNITS), len(times))), np.full(len(times), REST.weight)
    closures = []
    gain = _gain(speech, times)
    for shape, start, end in _gestures(speech):
        span = slice(*np.searchsorted(times, (start, end)))
        goal = np.array([shape.units.get(unit, 0.0) for unit in UNITS])
        goals[:, span] = goal[:, None]
        weights[span] = shape.weight
        if shape.opens:
            goals[0, span] *= gain[span]
        if shape.grip:
            closures.append((shape.grip, goal, _hold(times, start, end)))
    blend = BLEND / STEP
    curves = gaussian_filter1d(weights * goals, blend) / gaussian_filter1d(weights, blend)
    for grip, goal, hold in sorted(closures, key=lambda closure: closure[0]):
        curves += grip * hold * (goal[:, None] - curves)
    middles = (np.arange(frames) + 0.5) / fps
    return {
        unit: np.interp(middles, times, curve) for unit, curve in zip(UNITS, curves, strict=True)
    }


def _gestures(speech: Speech):
    """Yield (shape, start, end) in seconds; a diphthong or an affricate is two shapes."""
    for p in speech.phonemes:
        shapes = [SHAPE_OF[s] for s in p.symbol if s in SHAPE_OF]
        shapes = shapes or [BACK if p.symbol else REST]
        edges = np.linspace(p.start, p.end, len(shapes) + 1)
        yield from zip(shapes, edges[:-1], edges[1:], strict=True)


def _gain(speech: Speech, times: np.ndarray) -> np.ndarray:
    """How far the jaw opens for a vowel at each time: a little more where speech is louder."""
    level = _loudness(speech.samples, 0.04)
    level = np.interp(times * speech.rate, np.arange(len(level)), level)
    usual = np.median(level[level > 0.2 * level.max()])
    return np.clip((level / usual) ** 0.4, 0.6, 1.25)


def _loudness(samples: np.ndarray, window: float) -> np.ndarray:
    """Root mean square (N,) of the samples within `window` seconds around each."""
    power = uniform_filter1d(samples.astype(float) ** 2, round(window * RATE))
    return np.sqrt(np.maximum(power, 0))  # a running mean may round to just below 0


def _hold(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """1 while lips hold a closure, falling smoothly to 0 within RAMP on both sides."""
    middle, half = (start + end) / 2, max(end - start, HOLD) / 2
    outside = np.clip((np.abs(times - middle) - half) / RAMP, 0, 1)
    return 0.5 + 0.5 * np.cos(np.pi * outside)


def _phonemes(marks: list[tuple[str, float]], seconds: float) -> tuple[Phoneme, ...]:
    """Phonemes from their starts in seconds; pauses side by side become one."""
    kept = [m for k, m in enumerate(marks) if m[0] or not k or marks[k - 1][0]]
    ends = [start for _, start in kept[1:]] + [seconds]
    return tuple(
        Phoneme(symbol, start, end)
        for (symbol, start), end in zip(kept, ends, strict=True)
        if end > start
    )
