"""Make the exercise clips: fakes of several grades, and originals among them, for blind work.

Run inside the project's .venv:  python scripts/make_fakes.py [NUMBER ...]

Every clip is called case_NN and carries the same neutral label. Fakes and originals have the same
length, size, frame rate and encoding. A seed decides their order. So only the catalogue says which
clip is a fake. Its entries hold the method, the parameters, the seed and the altered frames. The
files case_NN.changes.npz hold the changed pixels of every frame and the true blinks of the person
who performs. Because of the neutral label, this script does not use `fakes.write_fake`; it asks for
consent itself. One thread encodes the clips, so the script gives the same frames when it runs
again. Without numbers it makes all clips, which takes some minutes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

import av
import numpy as np
from framewise import DATA, autoencoder, consent, fakes, finishing, pairing, samples, swap
from framewise.clips import Clip
from framewise.workbench import convnet, encode, files, places
from tqdm import tqdm

LABEL = "EXERCISE: original or fake?"
COMMENT = "An exercise clip of Frame by Frame: original or fake? Nobody in it exists."
FRAMES = 150
SEED = 11
STEPS = 600  # of a 64-pixel network
SQUEEZE = {"crf": "36", "preset": "medium"}
FACES = {  # what the networks learn from: clips and frames [first, end)
    "Ana": [("ana_talk", 0, 200), ("ana_turn", 0, 200)],
    "Gita": [("gita_talk", 0, 200), ("gita_smile", 0, 200)],
    "Dalia": [("dalia_talk", 0, 200), ("dalia_stare", 0, 200)],
    "Imani": [("imani_talk", 0, 200), ("imani_rare", 0, 200)],
    "Ben": [("ben_talk", 0, 200), ("ben_long", 0, 200)],
    "Chen": [("chen_talk", 0, 200), ("chen_aside", 0, 200)],
    "Elsa": [("elsa_talk", 0, 200), ("elsa_reads", 0, 200)],
    "Frank": [("frank_talk", 0, 200)],
    "Hugo": [("hugo_talk", 0, 200), ("hugo_down", 0, 200)],
}
MOST_SHUT = 0.2
"""A network that is to see only open eyes gets frames whose mean lid closure is below this."""


@dataclass(frozen=True)
class Case:
    """One clip: who performs, whose face is put on, how, and in which frames [first, end).

    An original has no source.
    """

    target: str
    source: str = ""
    way: str = "original"
    recipe: swap.Recipe = field(default_factory=swap.Recipe)
    span: tuple[int, int] = (0, FRAMES)
    squeezed: bool = False


PASTE = swap.Recipe(shrink=0, feather=0, colour=0, blend="paste")
SOFT = swap.Recipe()
POISSON = swap.Recipe(blend="poisson", smooth=1.5)
NETWORK = swap.Recipe(shrink=0.04, feather=0.15)
FINISH = finishing.Finish(smooth=1, blend="pyramid", detail=0.9, mouth=True, eyes=True)

CASES = [
    *(
        Case(f"{name}_talk")
        for name in ["ana", "ben", "chen", "dalia", "elsa", "gita", "hugo", "imani"]
    ),
    Case("ben_mug"),
    Case("dalia_hand"),
    Case("hugo_talk", squeezed=True),
    Case("hugo_talk", "chen_talk", "warp", PASTE),
    Case("dalia_talk", "imani_talk", "warp", PASTE),
    Case("ana_talk", "gita_talk", "warp", SOFT),
    Case("chen_talk", "ben_talk", "warp", SOFT),
    Case("elsa_talk", "ana_talk", "warp", POISSON),
    Case("imani_talk", "dalia_talk", "warp", POISSON),
    Case("ana_talk", "gita_talk", "64 px, open eyes", NETWORK),
    Case("dalia_talk", "imani_talk", "64 px, open eyes", NETWORK),
    Case("ana_talk", "gita_talk", "64 px", NETWORK),
    Case("dalia_talk", "imani_talk", "64 px", NETWORK),
    Case("ana_talk", "gita_talk", "128 px", NETWORK),
    Case("ana_talk", "gita_talk", "finished"),
    Case("ben_mug", "chen_talk", "warp", SOFT),
    Case("dalia_hand", "imani_talk", "warp", SOFT),
    Case("gita_talk", "ana_talk", "warp", SOFT, span=(55, 110)),
    Case("hugo_talk", "ben_talk", "warp", SOFT, squeezed=True),
]
GENERATION = {"64 px, open eyes": 1, "64 px": 1, "128 px": 3, "finished": 4}
WORDS = {
    "warp": "{source}'s face is warped onto {target}'s face",
    "64 px, open eyes": "an autoencoder of 64 px, trained in a minute on frames with open eyes, "
    "makes {source}'s face from {target}'s",
    "64 px": "an autoencoder of 64 px, trained in a minute, makes {source}'s face from {target}'s",
    "128 px": "a convolutional autoencoder of 128 px makes {source}'s face from {target}'s",
    "finished": "a convolutional autoencoder of 128 px makes {source}'s face from {target}'s, and "
    "the result is sharpened, smoothed and repaired frame by frame",
}


def faces_of(person: str, *, open_eyes: bool) -> np.ndarray:
    """Return the faces that a network learns from, (N, 64, 64, 3) uint8."""
    parts = []
    for name, first, end in FACES[person]:
        clip = samples.open_clip(name)
        faces = autoencoder.collect_faces(clip, start=first, stop=end)
        closure = samples.load_truth(clip).closure[faces.frame_index].mean(1)
        parts.append(faces.images[closure < MOST_SHUT] if open_eyes else faces.images)
    return np.concatenate(parts)


def by_network(case: Case) -> Iterator[swap.Swap]:
    """Yield frames swapped by the small network of notebook 05, which is trained here."""
    target, people = samples.open_clip(case.target), people_of(case)
    faces = [faces_of(person, open_eyes="open" in case.way) for person in people]
    model = autoencoder.start(faces, seed=SEED)
    autoencoder.train(model, faces, STEPS)
    cut = autoencoder.collect_faces(target, stop=FRAMES)
    made = autoencoder.swap_faces(model, cut.images, 0, 1)
    return put_back(target, cut, made, case.recipe)


def shipped_network(case: Case, size: int) -> finishing.Draw:
    """Return the function that draws faces with a network that the course ships."""
    network = convnet.load_network(DATA / "networks" / f"ana_gita_{size}.npz")
    person, decoder = (["Ana", "Gita"].index(name) for name in people_of(case))

    return lambda images: convnet.swap_faces(network, images, person, decoder)


def by_shipped_network(case: Case, size: int) -> Iterator[swap.Swap]:
    """Yield frames swapped by the network of 64 or of 128 px that the course ships."""
    target = samples.open_clip(case.target)
    cut = autoencoder.collect_faces(target, stop=FRAMES, size=size)
    draw = shipped_network(case, size)
    made = np.concatenate([draw(image[None]) for image in cut.images])
    return put_back(target, cut, made, case.recipe)


def by_finishing(case: Case) -> Iterator[swap.Swap]:
    """Yield frames swapped by the network of 128 px and repaired as generation 4 of notebook 05."""
    target, draw = samples.open_clip(case.target), shipped_network(case, 128)
    made = finishing.finish_clip(target, draw, FINISH, size=128, frames=slice(0, FRAMES))
    for image, fake in zip(target.frames(0, FRAMES), made, strict=True):
        yield swap.Swap(fake, (fake != image).any(2))


def put_back(
    target: Clip, cut: autoencoder.Faces, made: np.ndarray, recipe: swap.Recipe
) -> Iterator[swap.Swap]:
    """Put the faces (N, S, S, 3) that a network made back into the frames that they come from."""
    points = pairing.only_track(target).points
    places_of = {int(frame): n for n, frame in enumerate(cut.frame_index)}
    for i, image in enumerate(target.frames(0, FRAMES)):
        if i in places_of:
            n = places_of[i]
            yield autoencoder.put_back(made[n], cut.matrices[n], image, points[i], recipe)
        else:
            yield swap.Swap(image, np.zeros(image.shape[:2], bool))


def swaps(case: Case) -> Iterator[swap.Swap]:
    """Yield each frame of a case, still without its label, and what was changed in it."""
    target = samples.open_clip(case.target)
    if not case.source:
        for image in target.frames(0, FRAMES):
            yield swap.Swap(image, np.zeros(image.shape[:2], bool))
        return
    if case.way == "warp":
        made = swap.swap_clip(samples.open_clip(case.source), target, case.recipe)
    elif case.way == "finished":
        made = by_finishing(case)
    elif case.way in ("64 px, long", "128 px"):
        made = by_shipped_network(case, int(case.way.split()[0]))
    else:
        made = by_network(case)
    for i, (image, result) in enumerate(zip(target.frames(0, FRAMES), made, strict=False)):
        inside = case.span[0] <= i < case.span[1]
        yield result if inside else swap.Swap(image, np.zeros(image.shape[:2], bool))


def squeeze(frames: list[np.ndarray], fps: float) -> list[np.ndarray]:
    """Return frames as a messenger app leaves them: made half as large, compressed, enlarged."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=round(fps), options=SQUEEZE)
            stream.height, stream.width = frames[0].shape[0] // 2, frames[0].shape[1] // 2
            stream.pix_fmt, stream.codec_context.thread_count = "yuv420p", 1
            for image in frames:
                picture = av.VideoFrame.from_ndarray(image, format="rgb24")
                container.mux(stream.encode(picture.reformat(stream.width, stream.height)))
            container.mux(stream.encode())
        with av.open(str(path)) as container:
            size = {"width": frames[0].shape[1], "height": frames[0].shape[0]}
            decoded = container.decode(video=0)
            return [f.reformat(**size, format="rgb24").to_ndarray() for f in decoded]


def sound_of(clip: Clip) -> list[av.AudioFrame]:
    """Return the sound that belongs to the first frames of a clip."""
    with av.open(str(clip.path)) as container:
        if not container.streams.audio:
            return []
        heard = container.decode(audio=0)
        return [piece for piece in heard if piece.time < FRAMES / clip.fps]


def people_of(case: Case) -> list[str]:
    """Return the name of the person who performs.

    For a fake, the name of the person whose face is put on comes second.
    """
    names = [name for name in (case.target, case.source) if name]
    return [samples.open_clip(name).entry["people"][0] for name in names]


def sources_of(case: Case) -> list[str]:
    """Return the ids of all clips that go into a case, with those that its network learnt from."""
    learnt = [name for who in people_of(case) for name, _, _ in FACES.get(who, ())]
    used = [case.target, case.source] + (
        learnt if " px" in case.way or case.way == "finished" else []
    )
    return list(dict.fromkeys(used))


def make(number: int, case: Case) -> consent.Entry:
    """Write one clip and its changes; return its entry."""
    target = samples.open_clip(case.target)
    for name in filter(None, sources_of(case)):
        consent.require(samples.open_clip(name), "make")
    results = list(islice(swaps(case), FRAMES))
    frames = [result.frame for result in results]
    if case.squeezed:
        frames = squeeze(frames, target.fps)
    folder, name = places.course_clips(), f"case_{number:02}"
    path = encode.write_clip(
        folder / f"{name}.mp4",
        (fakes.add_label(image, LABEL) for image in frames),
        target.fps,
        sound=sound_of(target),
        overwrite=True,
        comment=COMMENT,
        threads=1,
    )
    changed = np.stack([result.changed for result in results])
    kept = folder / f"{name}.changes.npz"
    blinks = samples.load_truth(target).blinks
    np.savez_compressed(
        kept,
        changed=np.packbits(changed, axis=2),
        size_wh=np.array(target.size_wh),
        blinks=blinks[blinks[:, 2] < FRAMES],
    )
    return entry_of(name, case, target, path, kept, changed)


def entry_of(
    name: str, case: Case, target: Clip, path: Path, kept: Path, changed: np.ndarray
) -> consent.Entry:
    """Return the catalogue entry of an exercise clip."""
    entry = {
        "id": name,
        "file": path.name,
        "sha256": files.sha256_of(path),
        "title": f"Exercise clip {name[-2:]}: original or fake?",
        "length": {"frames": FRAMES, "fps": round(target.fps), "seconds": FRAMES / target.fps},
        "sound": target.entry["sound"],
        "changes": {"file": kept.name, "sha256": files.sha256_of(kept)},
        "purpose": "blind work: original or fake?",
        "licence": target.entry["licence"],
        "source": f"Made by scripts/make_fakes.py from {case.target}; no such person exists.",
        "people": people_of(case),
        "kind": "fake" if case.source else "original",
        "consent": {"type": "synthetic"},
    }
    if case.squeezed:
        entry["squeezed"] = "half size, H.264 at CRF 36, enlarged again"
    if not case.source:
        return entry
    rows, columns = np.nonzero(changed.any(0))
    first, last = np.flatnonzero(changed.any((1, 2)))[[0, -1]].tolist()
    person, face = people_of(case)
    return entry | {
        "made_from": sources_of(case),
        "method": WORDS[case.way].format(target=person, source=face),
        "parameters": asdict(FINISH if case.way == "finished" else case.recipe),
        "seed": SEED,
        "generation": GENERATION.get(case.way, 0),
        "altered_frames": [first, last],
        "altered_box": [
            int(v) for v in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        ],
    }


def main(numbers: list[int]) -> None:
    """Make the clips of these numbers (by default all), and put them into the catalogue."""
    order = np.random.default_rng(SEED).permutation(len(CASES)).tolist()
    known = consent.catalogue(places.course_clips())
    for number, index in enumerate(tqdm(order, desc="making clips"), 1):
        if numbers and number not in numbers:
            continue
        entry = make(number, CASES[index])
        known[entry["id"]] = entry
        kept = [e for key, e in known.items() if not key.startswith("case_")]
        cases = sorted(
            (e for e in known.values() if e["id"].startswith("case_")), key=lambda e: e["id"]
        )
        text = json.dumps({"clips": [*kept, *cases]}, indent=1) + "\n"
        with files.atomic_write(places.course_clips() / "catalog.json") as partial:
            partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
