"""Marks and their score, counted by hand and by a plain oracle on rasters."""

import json
import math
import os

import numpy as np
import pytest
from framewise.workbench import marks

NAN = math.nan


def mark(first, last, box=None, confidence=1.0):
    return {
        "id": f"{first}-{last}", "first": first, "last": last, "box": box, "reason": "",
        "confidence": confidence,
    }  # fmt: skip


def place(first, last, box=None):
    return {"first": first, "last": last, "box": box}


LEFT, RIGHT = [0, 0, 10, 10], [50, 0, 60, 10]


@pytest.mark.parametrize(
    ("made", "truth", "hits", "misses", "false_alarms"),
    [
        pytest.param([], [], 0, 0, 0, id="nothing marked, nothing altered"),
        pytest.param([], [place(3, 5)], 0, 1, 0, id="missed"),
        pytest.param([mark(3, 5)], [], 0, 0, 1, id="false alarm"),
        pytest.param([mark(5, 9)], [place(3, 5)], 1, 0, 0, id="one shared frame is enough"),
        pytest.param([mark(6, 9)], [place(3, 5)], 0, 1, 1, id="the frame after is not"),
        pytest.param([mark(0, 2)], [place(3, 5)], 0, 1, 1, id="the frame before is not"),
        pytest.param([mark(3, 5), mark(4, 4)], [place(3, 5)], 1, 0, 0, id="two marks, one place"),
        pytest.param([mark(0, 9)], [place(1, 2), place(7, 8)], 2, 0, 0, id="one mark, two places"),
        pytest.param([mark(3, 5, LEFT)], [place(3, 5, RIGHT)], 0, 1, 1, id="elsewhere"),
        pytest.param(
            [mark(3, 5, LEFT)], [place(3, 5)], 1, 0, 0, id="the whole picture was altered"
        ),
        pytest.param([mark(3, 5)], [place(3, 5, LEFT)], 1, 0, 0, id="the whole picture was marked"),
        pytest.param(
            [mark(3, 5, RIGHT)], [place(3, 5, LEFT), place(4, 4, RIGHT)], 1, 1, 0, id="one of two"
        ),
        # 10 x 10 and 10 x 1 inside it share a tenth of their union, 10 x 0.9 a little less
        pytest.param([mark(1, 1, [0, 0, 10, 1])], [place(1, 1, LEFT)], 1, 0, 0, id="a tenth"),
        pytest.param([mark(1, 1, [0, 0, 10, 0.9])], [place(1, 1, LEFT)], 0, 1, 1, id="less"),
    ],
)
def test_hits_misses_and_false_alarms(made, truth, hits, misses, false_alarms):
    score = marks.score_marks(made, truth)
    assert (score.hits, score.misses, score.false_alarms) == (hits, misses, false_alarms)


@pytest.mark.parametrize(
    ("made", "truth", "expected"),
    [
        pytest.param([], [], NAN, id="neither"),
        pytest.param([mark(0, 9)], [place(0, 9)], 1.0, id="the same"),
        pytest.param([mark(0, 9)], [place(5, 14)], 5 / 15, id="5 of 15"),
        pytest.param([mark(0, 9)], [], 0.0, id="only marks"),
        pytest.param([], [place(0, 9)], 0.0, id="only truth"),
        pytest.param([mark(0, 5), mark(3, 9)], [place(0, 9)], 1.0, id="marks that overlap"),
    ],
)
def test_overlap_of_frames(made, truth, expected):
    assert marks.score_marks(made, truth).frames == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("made", "truth", "expected"),
    [
        pytest.param([mark(1, 1, LEFT)], [place(1, 1, LEFT)], 1.0, id="the same"),
        pytest.param([mark(1, 1, [5, 0, 15, 10])], [place(1, 1, LEFT)], 50 / 150, id="half moved"),
        pytest.param([mark(1, 1)], [place(1, 1, LEFT)], NAN, id="no box drawn"),
        pytest.param([mark(1, 1, LEFT)], [place(1, 1)], NAN, id="no box in the truth"),
        pytest.param([mark(1, 1, RIGHT)], [place(1, 1, LEFT)], NAN, id="no hit"),
        pytest.param(
            [mark(1, 1, [5, 0, 15, 10]), mark(1, 1, [0, 0, 10, 8])],
            [place(1, 1, LEFT)], 0.8, id="the best of two",
        ),
        pytest.param(
            [mark(1, 1, LEFT), mark(1, 1, [55, 0, 65, 10])],
            [place(1, 1, LEFT), place(1, 1, RIGHT)], (1 + 1 / 3) / 2, id="the mean over places",
        ),
    ],
)  # fmt: skip
def test_overlap_of_boxes(made, truth, expected):
    assert marks.score_marks(made, truth).region == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("made", "truth", "expected"),
    [
        pytest.param([], [place(1, 1)], NAN, id="no marks"),
        pytest.param([mark(1, 1, None, 1.0)], [place(1, 1)], 0.0, id="sure and right"),
        pytest.param([mark(1, 1, None, 1.0)], [], 1.0, id="sure and wrong"),
        pytest.param([mark(1, 1, None, 0.5)], [place(1, 1)], 0.25, id="half right"),
        pytest.param([mark(1, 1, None, 0.5)], [], 0.25, id="half wrong"),
        pytest.param(
            [mark(1, 1, None, 0.8), mark(9, 9, None, 0.3)], [place(1, 1)],
            (0.2**2 + 0.3**2) / 2, id="one of each",
        ),
    ],
)  # fmt: skip
def test_brier_score(made, truth, expected):
    assert marks.score_marks(made, truth).brier == pytest.approx(expected, nan_ok=True)


def drawn(shape, one):
    """The frames and pixels that a mark or place covers, as a (T, H, W) bool array."""
    volume = np.zeros(shape, bool)
    x0, y0, x1, y1 = one["box"] or (0, 0, shape[2], shape[1])
    volume[one["first"] : one["last"] + 1, y0:y1, x0:x1] = True
    return volume


def share(a, b):
    return (a & b).sum() / (a | b).sum()


def random_ones(rng, count):
    for _ in range(count):
        first, last = sorted(rng.integers(0, 12, 2).tolist())
        (x0, x1), (y0, y1) = (sorted(rng.choice(17, 2, replace=False).tolist()) for _ in "xy")
        yield mark(first, last, [x0, y0, x1, y1], round(rng.random(), 2))


def counted(made, truth, shape):
    """The same score by counting pixels and frames."""
    frames_of = lambda one: drawn(shape, one).any((1, 2))  # noqa: E731
    boxes = [[share(drawn(shape, m).any(0), drawn(shape, t).any(0)) for t in truth] for m in made]
    hit = np.array(
        [[(frames_of(m) & frames_of(t)).any() for t in truth] for m in made], bool
    ).reshape(len(made), len(truth)) & (np.reshape(boxes, (len(made), len(truth))) >= 0.1)
    right = hit.any(1)
    best = [max(np.array(boxes)[hit[:, i], i]) for i in range(len(truth)) if hit[:, i].any()]
    union = [np.any([frames_of(one) for one in ones], 0) for ones in (made, truth)]
    sure = np.array([m["confidence"] for m in made])
    return (
        hit.any(0).sum(), (~hit.any(0)).sum(), (~right).sum(), share(*union),
        np.mean(best) if best else NAN, np.mean((sure - right) ** 2),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_the_score_is_what_counting_pixels_gives(seed):
    rng, shape = np.random.default_rng(seed), (12, 16, 16)
    made = list(random_ones(rng, rng.integers(1, 5)))
    truth = list(random_ones(rng, rng.integers(1, 5)))
    score = marks.score_marks(made, truth)
    ours = [score.hits, score.misses, score.false_alarms, score.frames, score.region, score.brier]
    assert ours == pytest.approx(counted(made, truth, shape), nan_ok=True)


@pytest.mark.parametrize(
    ("made", "truth", "said", "unsaid"),
    [
        pytest.param([], [], ["Nothing in this clip was altered.",
                     "You marked nothing, and that is right."],
                     ["Brier", "false alarm", "found", "nan"], id="rightly nothing"),
        pytest.param([], [place(1, 2)], ["You found 0 of 1 altered place."],
                     ["right", "Brier", "overlap", "nan"], id="missed"),
        pytest.param([mark(1, 2)], [], ["Nothing in this clip was altered.",
                     "1 mark lies where nothing was altered: false alarm.", "say a lower number",
                     "Brier score is 1.00"],
                     ["You marked nothing", "overlap", "nan"], id="false alarm"),
        pytest.param([mark(1, 2, LEFT), mark(8, 8), mark(9, 9)], [place(1, 2, LEFT), place(5, 5)],
                     ["You found 1 of 2 altered places.", "2 marks lie", "false alarms.",
                      "40% were both", "your boxes and the true ones overlap by 100%",
                      "Brier score is 0.67"], ["nan"], id="some of all"),
        pytest.param([mark(1, 2, LEFT, confidence=0.5)], [place(1, 2, LEFT)],
                     ["your marks cover exactly the altered frames", "every mark was right",
                      "you may be surer next time", "Brier score is 0.25"],
                     ["false", "nan"], id="an exact hit, half sure"),
    ],
)  # fmt: skip
def test_the_words_say_what_the_numbers_say(made, truth, said, unsaid):
    words = marks.score_marks(made, truth).words
    assert all(part in words for part in said), words
    assert not any(part in words for part in unsaid), words


def test_checked_marks_keep_their_known_keys_and_fit_the_clip():
    given = {
        "id": 7, "first": 40, "last": -3, "box": (9, 8, 1, 2), "reason": "eyes",
        "confidence": "0.5", "colour": "red",
    }  # fmt: skip
    assert marks.check_marks([given], 30) == [
        {"id": "7", "first": 0, "last": 29, "box": [1.0, 2.0, 9.0, 8.0], "reason": "eyes",
         "confidence": 0.5}
    ]  # fmt: skip
    assert given["first"] == 40 and "colour" in given  # what came in is left alone


def test_a_mark_needs_only_its_frames():
    assert marks.check_marks([{"first": 3, "last": 5}], 30) == [mark(3, 5) | {"id": "3-5"}]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({}, id="empty"),
        pytest.param({"first": 1}, id="no last"),
        pytest.param({"first": "one", "last": 2}, id="word"),
        pytest.param({"first": NAN, "last": 2}, id="NaN"),
        pytest.param({"first": 1, "last": math.inf}, id="endless"),
        pytest.param({"first": None, "last": 2}, id="None"),
        pytest.param({"first": 1, "last": 2, "box": [1, 2, 3]}, id="three corners"),
        pytest.param({"first": 1, "last": 2, "box": [1, 2, 3, NAN]}, id="NaN corner"),
        pytest.param({"first": 1, "last": 2, "box": 5}, id="a number for a box"),
        pytest.param({"first": 1, "last": 2, "confidence": 80}, id="percent"),
        pytest.param({"first": 1, "last": 2, "confidence": NAN}, id="NaN confidence"),
        pytest.param("30 to 35", id="a sentence"),
    ],
)
def test_what_is_no_mark_is_refused(bad):
    with pytest.raises(ValueError, match="expected a mark such as"):
        marks.check_marks([bad], 30)


def test_marks_are_read_as_they_were_written(tmp_path):
    made = {"marks": [mark(1, 2, LEFT, 0.25)], "committed": True, "clip": "abc"}
    path = marks.save_marks(tmp_path / "new" / "a.json", **made)
    assert marks.load_marks(path) == made
    assert [one.name for one in path.parent.iterdir()] == ["a.json"]


def test_no_file_means_no_marks(tmp_path):
    assert marks.load_marks(tmp_path / "none.json") == {"marks": [], "committed": False, "clip": ""}


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"[]", b"{}", b'{"marks": 3}', b"\xff\xfe", b'{"marks": null}']
)
def test_a_file_that_holds_something_else_is_refused_and_left(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json does not hold marks"):
        marks.load_marks(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ["deep", "folder", "fifo"])
def test_what_cannot_be_read_as_marks_is_said_at_once(tmp_path, kind):
    path = tmp_path / "a.json"
    if kind == "fifo" and os.name == "nt":
        pytest.skip("this system has no such files")
    {"deep": lambda: path.write_text("[" * 100_000), "folder": path.mkdir,
     "fifo": lambda: os.mkfifo(path)}[kind]()  # fmt: skip
    with pytest.raises(ValueError, match=r"a\.json does not hold marks"):
        marks.load_marks(path)


def test_only_its_owner_reads_a_file_of_marks(tmp_path):
    path = marks.save_marks(tmp_path / "a.json", [])
    assert path.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_mark_that_says_null_says_nothing():
    (one,) = marks.check_marks([{"id": None, "first": 1, "last": 2, "reason": None}], 9)
    assert (one["id"], one["reason"]) == ("1-2", "")


def test_marks_and_truth_are_scored_without_what_may_be_left_out():
    score = marks.score_marks([{"first": 1, "last": 2}], [{"first": 2, "last": 3}])
    assert (score.hits, score.false_alarms, score.brier) == (1, 0, 0)
    with pytest.raises(ValueError, match="expected a mark such as"):
        marks.score_marks([{"first": 1}], [])


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = marks.save_marks(tmp_path / "a.json", [mark(1, 2)])
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        marks.save_marks(path, [])
    assert json.loads(path.read_text())["marks"] == [mark(1, 2)]
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_each_clip_has_a_file_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    one, two = (marks.marks_file(letter * 64) for letter in "ab")
    assert one != two and one.parent == two.parent == tmp_path / "my_marks"


def test_only_what_changed_here_is_applied_to_the_marks_on_disk():
    p, q, r = (mark(i, i) | {"id": name} for i, name in enumerate("pqr"))
    assert marks.merge_marks([], [p], [p, q]) == [q]  # p was deleted elsewhere, and stays so
    assert marks.merge_marks([p, r], [p], []) == [r]
    sure = p | {"confidence": 0.1}
    assert marks.merge_marks([p, r], [p], [sure, q]) == [sure, r, q]


def test_marks_without_ids_are_all_kept():
    made = marks.check_marks([{"first": 3, "last": 3, "reason": reason} for reason in "abc"], 9)
    assert [one["reason"] for one in made] == ["a", "b", "c"]
    assert len({one["id"] for one in made}) == 3
