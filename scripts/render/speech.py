"""A sentence becomes sound, timed phonemes and the motion of a mouth, with espeak-ng.

espeak-ng tells at which sample it starts each phoneme, but counts the silent closure of a stop to
the sound before it, and the first part of a vowel to a nasal or liquid before that. Both are put
right by the loudness of the sound itself (10 ms windows), so starts are true to about 10 ms: a
quarter of a frame at 25 frames a second. Within glides ("we", "you") the border is a convention.
"""

from __future__ import annotations

import _ctypes
import ctypes
import re
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

RATE = 22050
LEAD_IN, PAUSE, PAUSES = 0.3, 0.5, (0.3, 0.8)
"""Seconds of silence before the speech and between sentences: fixed, or drawn between two."""
PEAK = 0.7
QUIET = 0.03
"""Below this share of the loudest 10 ms of a sentence, a sound counts as silence."""

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


VOWELS = "aɑæʌɐəɚɜɝɛeɪiɔɒouʊ"
REST = Shape("", {}, weight=0.8)
BACK = Shape("kɡŋhxʔ", {"jaw": 0.12, "part": 0.3, "wide": 0.05}, weight=0.3)
SHAPES = (
    Shape("aɑæʌ", {"jaw": 0.36, "part": 0.4, "wide": 0.1}, weight=1.2),
    Shape("ɛeɜɝ", {"jaw": 0.24, "part": 0.4, "wide": 0.3, "upper_up": 0.1}),
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
    """An espeak-ng voice with its variant, as "en-us+f3" or "en+m3"; pitch 0-99; words a minute."""

    name: str
    pitch: int
    speed: int


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
    """Say some sentences; with `seconds`, exactly so long, filled up with silence.

    Pauses between sentences are drawn from `rng`, or last PAUSE. The same input gives the same
    samples, with the same espeak-ng. Raises ValueError if the text takes longer than `seconds`.
    """
    pieces, marks = [np.zeros(round(LEAD_IN * RATE))], [("", 0)]
    for k, sentence in enumerate(re.split(r"(?<=[.!?])\s+", text.strip())):
        if k:
            pause = PAUSE if rng is None else rng.uniform(*PAUSES)
            marks.append(("", sum(map(len, pieces))))
            pieces.append(np.zeros(round(pause * RATE)))
        sound, sounds = _say(sentence, voice)
        before = sum(map(len, pieces))
        marks += [(symbol, before + start) for symbol, start in _corrected(sound, sounds)]
        pieces.append(sound)
    samples = np.concatenate(pieces)
    if seconds is not None:
        missing = round(seconds * RATE) - len(samples)
        if missing < 0:
            over = -missing / RATE
            raise ValueError(f"the text takes {over:.2f} s longer than {seconds:g} s: shorten it")
        marks.append(("", len(samples)))
        samples = np.pad(samples, (0, missing))
    samples = (PEAK * samples / np.abs(samples).max()).astype(np.float32)
    return Speech(samples, RATE, _phonemes(marks, len(samples)))


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


def _corrected(sound: np.ndarray, marks: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The marks of one sentence with true starts of stops and vowels; see the top."""
    level = _loudness(sound, 0.01)
    quiet = QUIET * level.max()
    ends = [start for _, start in marks[1:]] + [len(sound)]
    result: list[tuple[str, int]] = []
    joined = None
    for (symbol, start), end in zip(marks, ends, strict=True):
        if not symbol and end > start and np.median(level[start:end]) > quiet:
            joined = start if joined is None else joined  # heard: it begins the next sound
            continue
        if joined is not None:
            start, joined = joined, None
        elif result and result[-1][0] and symbol:
            start = _true_start(symbol, start, *result[-1], level, quiet)
        result.append((symbol, start))
    return result


def _true_start(
    symbol: str, start: int, before: str, earliest: int, level: np.ndarray, quiet: float
) -> int:
    """Where a sound starts that was marked at `start`, after the sound `before`."""
    earliest += (start - earliest) // 4
    past = level[earliest:start]
    if symbol[0] in "ptkbdɡ":
        loud = np.flatnonzero(past > quiet)
        return earliest + int(loud[-1]) + 1 if len(loud) else earliest
    if symbol[0] in VOWELS and before[-1] in "mnŋlbdɡ":
        rise = np.sqrt(np.median(past) * level[start])
        below = np.flatnonzero(past < rise)
        return earliest + int(below[-1]) + 1 if len(below) else start
    return start


def _phonemes(marks: list[tuple[str, int]], samples: int) -> tuple[Phoneme, ...]:
    """Phonemes from their first samples; pauses side by side become one."""
    kept = [m for k, m in enumerate(marks) if m[0] or not k or marks[k - 1][0]]
    starts = np.array([start for _, start in kept] + [samples]) / RATE
    return tuple(
        Phoneme(symbol, float(a), float(b))
        for (symbol, _), a, b in zip(kept, starts[:-1], starts[1:], strict=True)
        if b > a
    )


class _Event(ctypes.Structure):
    """An espeak_EVENT of espeak-ng/speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("symbol", ctypes.c_char * 8),
    )


_LIBRARY = "libespeak-ng.so.1"
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_SYNCHRONOUS, _PHONEME_EVENTS_IPA, _PHONEME, _UTF8, _SPEED, _PITCH = 2, 3, 7, 1, 1, 3


def _say(sentence: str, voice: Voice) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """Sound (N,) and marks (phoneme, first sample) of one sentence, as espeak-ng gives them.

    The library is loaded afresh and its random numbers restarted each time: what it said before
    would otherwise change the noise and the flutter of a voice. So espeak-ng should not be in use
    elsewhere in the process.
    """
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise RuntimeError("espeak-ng is missing: apt install espeak-ng") from error
    sound, marks = [], []

    @_CALLBACK
    def collect(samples, count, events):
        if samples and count:
            sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
        k = 0
        while events[k].type:
            if events[k].type == _PHONEME:
                marks.append((events[k].symbol.decode("utf-8", "ignore"), events[k].sample))
            k += 1
        return 0

    try:
        if library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IPA) != RATE:
            raise RuntimeError("espeak-ng does not start: apt install espeak-ng espeak-ng-data")
        if library.espeak_SetVoiceByName(voice.name.encode()):
            raise ValueError(f"espeak-ng has no voice {voice.name!r}")
        library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        library.espeak_SetParameter(_SPEED, voice.speed, 0)
        library.espeak_SetSynthCallback(collect)
        ctypes.CDLL(None).srand(1)
        line = sentence.encode()
        size = ctypes.c_size_t(len(line) + 1)
        library.espeak_Synth(line, size, 0, 1, 0, _UTF8, None, None)
    finally:
        library.espeak_Terminate()
        _ctypes.dlclose(library._handle)
    return np.concatenate(sound) / 32768, marks
