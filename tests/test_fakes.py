"""Fakes: consent comes first, every frame bears a legible label, the file names its origin."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from framewise import clips, consent, fakes
from framewise.consent import ConsentError
from framewise.workbench import encode
from PIL import Image
from test_consent import catalogued, signed
from videos import full_decode, write_video

SYNTHETIC = {"type": "synthetic"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty catalogue folder of our own."""
    (tmp_path / "clips").mkdir()
    monkeypatch.setenv("FRAMEWISE_CLIPS", str(tmp_path / "clips"))
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    return tmp_path / "clips"


def noise(width, height, seed=0):
    """A picture on which nothing drawn is easy to read, (H, W, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def legibility(image, like):
    """How well the mark in `image` correlates with the mark drawn on `like`, -1 to 1."""
    drawn = fakes.mark(like)
    rows, columns = np.nonzero((fakes.mark(255 - like) == drawn).all(-1))
    label = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.corrcoef(drawn[label].ravel(), image[label].ravel())[0, 1]


@pytest.mark.parametrize("record", [SYNTHETIC, signed()], ids=["synthetic", "signed"])
@pytest.mark.parametrize("name", ["fake.mp4", "fake.png", "fake.jpg"])
def test_with_consent_it_is_written_with_its_origin(record, name, home, tmp_path):
    clip = clips.Clip(catalogued(home, record))
    frames = list(clip)
    path = fakes.write_fake(
        tmp_path / name,
        frames if name.endswith("mp4") else frames[0],
        [clip],
        method="Ünïcode words",
    )
    assert path == tmp_path / name
    origin = [{"id": "one", "sha256": clip.sha256}]
    assert fakes.read_origin(path) == ("Ünïcode words", origin)
    assert clip.sha256.encode() in path.read_bytes()  # plain bytes: a search finds it
    made = list(clips.Clip(path)) if name.endswith("mp4") else [clips.read_image(path)]
    assert len(made) == (len(frames) if name.endswith("mp4") else 1)
    height = len(frames[0])
    label = fakes.add_label(frames[0])[height:]
    assert all(np.corrcoef(image[height:].ravel(), label.ravel())[0, 1] > 0.95 for image in made)
    if name.endswith("png"):
        assert np.array_equal(made[0][:height], frames[0])  # the label hides nothing


def test_rate_and_times_are_those_of_the_source_or_those_given(home, tmp_path):
    clip = clips.Clip(catalogued(home, SYNTHETIC))
    plain = fakes.write_fake(tmp_path / "a.mp4", clip, [clip], method="a copy")
    assert clips.Clip(plain).fps == pytest.approx(clip.fps)
    slow = fakes.write_fake(tmp_path / "b.mp4", clip, [clip], method="a slow copy", fps=5)
    assert clips.Clip(slow).fps == pytest.approx(5)
    with pytest.raises(ValueError, match=r"fps: .*got 0"):
        fakes.write_fake(tmp_path / "d.mp4", clip, [clip], method="no rate", fps=0)
    times = np.arange(len(clip)) ** 2 / 10
    uneven = fakes.write_fake(tmp_path / "c.mp4", clip, [clip], method="uneven", times=times)
    np.testing.assert_allclose(clips.Clip(uneven).times, times, atol=1e-4)


@pytest.mark.parametrize("size", [fakes.SMALLEST, (97, 51), (128, 96), (480, 640), (1280, 720)])
@pytest.mark.parametrize("background", ["noise", 0, 128, 255])
def test_the_mark_is_legible_in_every_frame_after_strong_compression(size, background, tmp_path):
    width, height = size[0] + size[0] % 2, size[1] + size[1] % 2  # H.264 takes even sizes
    frames = [noise(width, height, i) for i in range(3)]
    if background != "noise":
        frames = [np.full_like(frame, background) for frame in frames]
    path = tmp_path / "strong.mp4"
    write_video(path, frames=[fakes.mark(frame) for frame in frames], options={"crf": "28"})
    for image in full_decode(path):
        assert legibility(image, noise(width, height)) > 0.9


def test_the_mark_is_at_the_lower_edge_and_changes_nothing_else():
    image = noise(640, 480)
    before = image.copy()
    marked = fakes.mark(image)
    assert np.array_equal(image, before)
    changed = np.argwhere((marked != image).any(-1))
    assert changed.min(0)[0] > 440 and changed.max(0)[0] == 479
    black = fakes.mark(np.zeros_like(image))[..., 0]
    assert 16 <= np.count_nonzero((black > 127).any(1)) <= 20  # 1/40 of the width, and the stroke


@pytest.mark.parametrize("size", [fakes.SMALLEST, (97, 51), (480, 640), (640, 480), (1280, 720)])
@pytest.mark.parametrize("words", [fakes.MARK, "EXERCISE: fake?"])
def test_a_label_stands_under_the_picture_and_can_be_read_at_half_size(size, words, tmp_path):
    image = noise(*size)
    with pytest.raises(ValueError, match="words: expected words that fit under"):
        fakes.add_label(image, "x" * 300)
    labelled = fakes.add_label(image, words)
    band = labelled[size[1] :]
    assert np.array_equal(labelled[: size[1]], image)
    assert labelled.shape[1] == size[0] and len(band) % 2 == 0
    rows, columns = np.nonzero((band > 127).any(-1))
    assert columns.min() > 0 and columns.max() < size[0] - 1, "no letter is cut off"
    if words == fakes.MARK and size[0] >= 640:
        assert 24 <= np.ptp(rows) + 1 <= size[0] / 20  # 12 px and more at half size
    path = tmp_path / "strong.mp4"
    even = [labelled[:, : size[0] - size[0] % 2][: len(labelled) // 2 * 2]] * 3
    write_video(path, frames=even, options={"crf": "35"})
    for frame in full_decode(path):
        shown = np.s_[size[1] : len(even[0])]
        assert np.corrcoef(frame[shown].ravel(), even[0][shown].ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((480, 95, 3), np.uint8), "at least 96 x 48 pixels.*got 95 x 480"),
        (np.zeros((47, 640, 3), np.uint8), "at least 96 x 48 pixels"),
        (np.zeros((480, 640), np.uint8), "expected an .H, W, 3. uint8"),
        (np.zeros((480, 640, 3)), "expected an .H, W, 3. uint8"),
    ],
)
def test_what_cannot_be_marked_is_not_written(image, words, home, tmp_path):
    for draw in (fakes.mark, fakes.add_label):
        with pytest.raises(ValueError, match=words):
            draw(image)
    clip = clips.Clip(catalogued(home, SYNTHETIC))
    for name, frames in (("a.png", image), ("a.mp4", [clip[0], image])):
        with pytest.raises(ValueError):
            fakes.write_fake(tmp_path / name, frames, [clip], method="a copy")
    assert not list(tmp_path.glob("a*"))


REFUSED = [
    pytest.param(
        signed(scope=["analyse"]), "agreed to .'analyse'., but not to 'make'", id="analyse"
    ),
    pytest.param(None, "found footage", id="found footage"),
    pytest.param(signed(expires="2020-01-01"), "ended on 2020-01-01", id="expired"),
    pytest.param(signed(withdrawn="2026-02-01"), "withdrawn on 2026-02-01", id="withdrawn"),
    pytest.param(signed(form_sha256="0" * 64), "missing or was changed", id="form changed"),
    pytest.param(None, "no longer in the catalogue", id="forgotten"),
]


@pytest.mark.parametrize("name", ["fake.mp4", "fake.png"])
@pytest.mark.parametrize(("record", "words"), REFUSED)
def test_without_consent_of_everyone_nothing_is_written(
    name,
    record,
    words,
    home,
    tmp_path,
):
    willing = clips.Clip(catalogued(home, SYNTHETIC, name="willing"))
    if words == "found footage":
        other = clips.Clip(write_video(tmp_path / "found.mp4", count=9))
    else:  # the clip opens today; then its record changes, or goes
        other = clips.Clip(catalogued(home, signed()))
        first, second = json.loads((home / "catalog.json").read_text())["clips"]
        kept = [first, {**second, "consent": record}] if record else [first]
        (home / "catalog.json").write_text(json.dumps({"clips": kept}))
    frames = iter(willing)
    with pytest.raises(ConsentError, match=words):
        fakes.write_fake(
            tmp_path / name,
            frames if name.endswith("mp4") else willing[0],
            [willing, other],
            method="a mix",
        )
    assert len(list(frames)) == len(willing)  # no frame was taken
    assert not list(tmp_path.glob("fake*"))


def test_a_fake_is_found_footage_for_the_next_fake(home, tmp_path):
    clip = clips.Clip(catalogued(home, SYNTHETIC))
    fake = clips.Clip(fakes.write_fake(tmp_path / "a.mp4", clip, [clip], method="a copy"))
    consent.require(fake, "analyse")
    with pytest.raises(ConsentError, match="found footage"):
        fakes.write_fake(tmp_path / "b.mp4", fake, [fake], method="a copy of a copy")


@pytest.mark.parametrize("made_from", [[], (), ["ana_talk"], None])
def test_a_fake_of_nobody_is_refused(made_from, tmp_path):
    with pytest.raises(ValueError, match="made_from: expected a list of every clip"):
        fakes.write_fake(tmp_path / "a.png", noise(128, 96), made_from, method="a picture")
    assert not list(tmp_path.iterdir())


def test_a_clip_is_no_list_of_clips_and_words_are_needed(home, tmp_path):
    clip = clips.Clip(catalogued(home, SYNTHETIC))
    with pytest.raises(ValueError, match=r"such as \[clip\], got Clip"):
        fakes.write_fake(tmp_path / "a.mp4", clip, clip, method="a copy")
    with pytest.raises(ValueError, match="method: expected words"):
        fakes.write_fake(tmp_path / "a.mp4", clip, [clip], method=" ")
    with pytest.raises(ValueError, match=r"\.mp4, \.png, \.jpg, \.jpeg, got 'a\.gif'"):
        fakes.write_fake(tmp_path / "a.gif", clip, [clip], method="a copy")


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg"])
def test_a_file_that_is_there_stays(name, home, tmp_path):
    clip = clips.Clip(catalogued(home, SYNTHETIC))
    (tmp_path / name).write_text("mine")
    frames = clip if name.endswith("mp4") else clip[0]
    with pytest.raises(FileExistsError, match="overwrite=True"):
        fakes.write_fake(tmp_path / name, frames, [clip], method="a copy")
    assert (tmp_path / name).read_text() == "mine"
    fakes.write_fake(tmp_path / name, frames, [clip], method="a copy", overwrite=True)
    assert fakes.read_origin(tmp_path / name).method == "a copy"


def test_files_of_others_have_no_origin(tmp_path, plain_video):
    assert fakes.read_origin(plain_video) is None
    words = encode.write_clip(tmp_path / "w.mp4", [noise(96, 48)], 25, comment='{"method": "none"}')
    assert fakes.read_origin(words) is None
    cv2.imwrite(str(tmp_path / "p.png"), noise(96, 48))
    Image.new("RGB", (9, 9)).save(tmp_path / "p.jpg", comment="a holiday")
    assert fakes.read_origin(tmp_path / "p.png") is fakes.read_origin(tmp_path / "p.jpg") is None


NO_FAKES = {"pledge-held", "gap-card", "squeeze-save", "clip-noise"}
"""Cells that write frames in which nobody's face was made: excerpts, a grey card, a re-encoding,
noise."""


def test_notebooks_write_fakes_in_one_way_alone():
    folder = Path(fakes.__file__).parents[1]
    for path in folder.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            writes = r"write_clip\(|imwrite\(|imsave\(|VideoWriter|av\.open\([^)]*\"w\"|\.save\("
            if cell["cell_type"] == "code" and re.search(writes, source):
                assert cell["id"] in NO_FAKES, f"{path.name}, {cell['id']}"
