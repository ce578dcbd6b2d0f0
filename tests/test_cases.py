"""The exercise clips for blind work: alike from outside, and true inside."""

import shutil

import av
import numpy as np
import pytest
from framewise import consent, fakes, samples
from framewise.consent import ConsentError
from framewise.workbench import places

CASES = {key: e for key, e in consent.catalogue(places.course_clips()).items() if "changes" in e}
FAKES = {key: entry for key, entry in CASES.items() if entry["kind"] == "fake"}
HEIGHT = 480


def performance(entry):
    """The untouched clip that a case is made from."""
    name = entry["source"].partition("from ")[2].partition(";")[0]
    return samples.open_clip(name)


def test_the_set_is_graded():
    assert len(FAKES) >= 14 and len(CASES) - len(FAKES) >= 10
    assert len({tuple(sorted(entry["people"])) for entry in FAKES.values()}) >= 4
    assert {0, 1, 3, 4} <= {entry["generation"] for entry in FAKES.values()}
    assert any("open eyes" in entry["method"] for entry in FAKES.values())
    ways = {entry["parameters"]["blend"] for entry in FAKES.values()}
    assert {"paste", "feather", "poisson"} <= ways
    assert any(first > 0 for first, _ in (e["altered_frames"] for e in FAKES.values()))
    assert {entry["kind"] for entry in CASES.values() if "squeezed" in entry} == {
        "fake",
        "original",
    }
    size = sum((places.course_clips() / entry["file"]).stat().st_size for entry in CASES.values())
    assert size < 40e6


def test_nothing_but_the_catalogue_tells_fakes_from_originals():
    looks, comments = set(), set()
    for number, (key, entry) in enumerate(CASES.items(), 1):
        assert key == f"case_{number:02}" and entry["file"] == f"{key}.mp4"
        assert entry["title"] == f"Exercise clip {number:02}: original or fake?"
        with av.open(str(consent.file_of(key))) as container:
            video = container.streams.video[0]
            codec = video.codec_context
            looks.add((codec.name, codec.pix_fmt, codec.width, codec.height, video.frames))
            comments.add(container.metadata["comment"])
    assert len(looks) == len(comments) == 1
    kinds = [entry["kind"] for entry in CASES.values()]
    assert kinds != sorted(kinds) and kinds != sorted(kinds, reverse=True)


@pytest.mark.parametrize("key", CASES)
def test_only_the_changed_pixels_differ_from_the_performance(key):
    clip, entry = samples.open_clip(key), CASES[key]
    changes, untouched = samples.load_changes(clip), performance(entry)
    assert changes.changed.shape == (len(clip), HEIGHT, clip.size_wh[0])
    altered = np.flatnonzero(changes.changed.any((1, 2)))
    if entry["kind"] == "original":
        assert not len(altered)
        frames = [0, len(clip) - 1]
    else:
        assert [altered[0], altered[-1]] == entry["altered_frames"]
        x0, y0, x1, y1 = entry["altered_box"]
        rows, columns = np.nonzero(changes.changed.any(0))
        box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert box == (x0, y0, x1, y1)
        frames = [altered[0], altered[len(altered) // 2]]
    for i in map(int, frames):
        picture, inside = clip[i][:HEIGHT].astype(int), changes.changed[i]
        off = np.abs(picture - untouched[i]).mean(2)
        assert off[~inside].mean() < (6 if "squeezed" in entry else 2)  # encoded once more
        if inside.any():
            assert off[inside].mean() > 1.5 * off[~inside].mean()


@pytest.mark.parametrize("key", CASES)
def test_every_case_carries_the_same_label_and_the_performers_blinks(key):
    clip = samples.open_clip(key)
    label = fakes.add_label(np.zeros((HEIGHT, 640, 3), np.uint8), "EXERCISE: original or fake?")
    shown = clip[len(clip) // 2][HEIGHT:]
    assert np.corrcoef(shown.ravel(), label[HEIGHT:].ravel())[0, 1] > 0.97
    true = samples.load_truth(performance(CASES[key])).blinks
    np.testing.assert_array_equal(samples.load_changes(clip).blinks, true[true[:, 2] < len(clip)])


def test_changes_of_other_clips_are_not_known_and_changed_ones_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="only for the exercise clips case_01"):
        samples.load_changes(samples.open_clip("ana_talk"))
    home = tmp_path / "clips"
    home.mkdir()
    for name in ("catalog.json", "case_01.mp4"):
        shutil.copy(places.course_clips() / name, home)
    (home / "case_01.changes.npz").write_bytes(b"other")
    monkeypatch.setenv("FRAMEWISE_CLIPS", str(home))
    with pytest.raises(ConsentError, match="missing or was changed"):
        samples.load_changes(samples.open_clip("case_01"))
