"""Make the three clips of the guessing exercise in notebook 00: one of them is altered.

Run inside the project's .venv:  python scripts/guess_clips.py

The clips show three people. Two clips are plain excerpts of sample clips. In the third, one eye
stays open while the other blinks: the same rendered person's open eye, as it was in the frame
before the blink, is laid over the shut eye with a soft edge. Which frames hold a full blink is
known from the truth. All three carry the same mark, so that the mark gives nothing away. For the
same reason this script does not use `fakes.write_fake`, which would mark the altered clip as a
fake. Like `make_fakes.py`, it asks for consent itself. The entries of the three in catalog.json
are replaced, with new hashes: the encoder does not write the same bytes each time. The other
entries stay as they are.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from framewise import alignment, clips, consent, landmarks, samples, tracking
from framewise.workbench import encode, files, places

MARK = "EXERCISE: one of three is altered"
LENGTH = 100
EXCERPTS = {"guess_1": ("chen_talk", 12), "guess_2": ("ben_talk", 36), "guess_3": ("ana_talk", 0)}
"""For each clip, the sample that it is taken from and the first frame taken, a multiple of 12: the
excerpts then store a whole picture where the samples do, and no second rhythm shows in them."""

ALTERED = "guess_3"


def put_mark(image: np.ndarray) -> np.ndarray:
    """Write the mark along the lower edge of an (H, W, 3) uint8 picture."""
    marked, place = image.copy(), (14, image.shape[0] - 16)
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(marked, MARK, place, font, 0.62, colour, thick, cv2.LINE_AA)
    return marked


def patch(eye: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle and the half axes of the ellipse laid around an eye's points, pixels."""
    return eye.mean(0), np.array([0.75, 0.5]) * np.ptp(eye[:, 0])


def soft_mask(eye: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Return an ellipse around the eye's points that fades out, (H, W, 1) float32 from 0 to 1."""
    middle, axes = (np.rint(pair).astype(int).tolist() for pair in patch(eye))
    mask = np.zeros(size_wh[::-1], np.float32)
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, cv2.FILLED)
    return cv2.GaussianBlur(mask, (0, 0), 0.08 * float(np.ptp(eye[:, 0])))[..., None]


def patch_box(clip: clips.Clip, shut: range) -> list[int]:
    """Return x0, y0, x1, y1 of all that the patch covers in these frames, pixels."""
    eyes = tracking.track_face(clip).points[list(shut)][:, landmarks.GROUPS["left_eye"]]
    ends = [middle + side * axes for middle, axes in map(patch, eyes) for side in (-1, 1)]
    return [
        *np.floor(np.min(ends, 0)).astype(int).tolist(),
        *np.ceil(np.max(ends, 0)).astype(int).tolist(),
    ]


def full_blink(clip: clips.Clip, start: int) -> range:
    """Return the frames of the first full blink inside an excerpt; it touches neither end."""
    truth = samples.load_truth(clip)
    for first, _, last in truth.blinks[~truth.partial].tolist():
        if start < first and last < start + LENGTH - 1:
            return range(first, last + 1)
    raise ValueError(
        f"{clip.path.name}: expected a full blink in the {LENGTH} frames from {start} on, found "
        "none. Choose another first frame in EXCERPTS."
    )


def open_left_eye(
    clip: clips.Clip, track: tracking.FaceTrack, number: int, seen: int
) -> np.ndarray:
    """Return a frame with the subject's left eye as it is in frame `seen`."""
    steady, eye = alignment.STEADY, landmarks.GROUPS["left_eye"]
    there, here = track.points[seen], track.points[number]
    matrix = alignment.estimate_similarity(there[steady], here[steady])
    moved = cv2.warpAffine(clip[seen], matrix, clip.size_wh)
    mask = soft_mask(here[eye], clip.size_wh)
    return np.round(mask * moved + (1 - mask) * clip[number]).astype(np.uint8)


def excerpt(name: str, clip: clips.Clip, start: int) -> Iterator[np.ndarray]:
    """Yield the marked frames of one exercise clip."""
    shut = full_blink(clip, start)  # every excerpt has one: a blink gives nothing away
    track = tracking.track_face(clip) if name == ALTERED else None
    for number in range(start, start + LENGTH):
        altered = track is not None and number in shut
        image = open_left_eye(clip, track, number, shut[0] - 1) if altered else clip[number]
        yield put_mark(image)


def entry_of(name: str, path: Path, clip: clips.Clip, start: int) -> consent.Entry:
    """Return the catalogue entry of an exercise clip."""
    entry = {
        "id": name,
        "file": path.name,
        "sha256": files.sha256_of(path),
        "title": f"Exercise clip {name[-1]} of 3: {clip.entry['people'][0]} talks to the camera",
        "length": {"frames": LENGTH, "fps": round(clip.fps), "seconds": LENGTH / clip.fps},
        "purpose": "the guessing exercise of notebook 00",
        "licence": clip.entry["licence"],
        "source": f"Made by scripts/guess_clips.py from frames {start} to {start + LENGTH - 1} of "
        f"{clip.entry['id']}, with a mark burnt in; no such person exists.",
        "people": clip.entry["people"],
        "kind": "original",
        "consent": {"type": "synthetic"},
    }
    if name == ALTERED:
        shut = full_blink(clip, start)
        first, last = shut[0] - start, shut[-1] - start
        entry |= {
            "kind": "fake",
            "made_from": [clip.entry["id"]],
            "method": f"In frames {first} to {last} the left eye blinks. It is covered by "
            f"the open left eye of frame {first - 1}, aligned by a similarity, with a soft edge.",
            "altered_frames": [first, last],
            "altered_box": patch_box(clip, shut),
        }
    return entry


def make(name: str) -> consent.Entry:
    """Write one exercise clip and return its entry."""
    source, start = EXCERPTS[name]
    clip = samples.open_clip(source)
    consent.require(clip, "make")
    words = "ALTERED for an exercise" if name == ALTERED else "An excerpt, not altered"
    comment = f"{words}. Frame by Frame, notebook 00; a rendered person, nobody real."
    path = places.course_clips() / f"{name}.mp4"
    frames = excerpt(name, clip, start)
    encode.write_clip(path, frames, clip.fps, overwrite=True, comment=comment)
    return entry_of(name, path, clip, start)


if __name__ == "__main__":
    made = {name: make(name) for name in EXCERPTS}
    known = consent.catalogue(places.course_clips())
    kept = [entry for key, entry in known.items() if key not in made]
    text = json.dumps({"clips": [*kept, *made.values()]}, indent=1) + "\n"
    with files.atomic_write(places.course_clips() / "catalog.json") as partial:
        partial.write_text(text, encoding="utf-8")
    print("\n".join(f"{name}: {entry['kind']}" for name, entry in made.items()))
