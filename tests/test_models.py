"""Both engines run the three networks and agree."""

import numpy as np
import pytest
from framewise.workbench import models

SIDES = {"detector": 128, "mesh": 192, "iris": 64}


@pytest.mark.parametrize("name", SIDES)
def test_both_engines_agree(name):
    if models.backend() == "opencv":
        pytest.skip("LiteRT has no wheel on this machine; only one engine is there")
    picture = np.random.default_rng(0).integers(0, 255, (SIDES[name], SIDES[name], 3), np.uint8)
    one = models.load(name, engine="litert")(picture, 1 / 127.5, -1)
    two = models.load(name, engine="opencv")(picture, 1 / 127.5, -1)
    assert one.keys() == two.keys()
    for key in one:
        assert one[key].ndim == 1 and one[key].dtype == np.float32
        np.testing.assert_allclose(one[key], two[key], atol=2e-2, rtol=1e-3)


@pytest.mark.parametrize("engine", ["litert", "opencv"])
def test_scale_and_shift_are_applied(engine):
    if engine == "litert" and models.backend() == "opencv":
        pytest.skip("LiteRT has no wheel on this machine")
    net = models.load("iris", engine=engine)
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    by_net = net(picture, 2 / 255, -0.5)
    by_hand = net((picture[None] * (2 / 255) - 0.5).astype(np.float32))
    for key in by_net:
        np.testing.assert_allclose(by_net[key], by_hand[key], atol=1e-3)


def test_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"expected a picture of \(192, 192, 3\)"):
        models.load("mesh")(np.zeros((64, 64, 3), np.uint8))


def test_unknown_network():
    with pytest.raises(KeyError, match="detector, mesh, iris"):
        models.load("cat")


def test_missing_and_damaged_files(tmp_path):
    (tmp_path / "models.json").write_bytes((models.FOLDER / "models.json").read_bytes())
    with pytest.raises(FileNotFoundError, match=r"scripts/course\.py start"):
        models._verified("mesh", tmp_path)
    (tmp_path / "face_landmark.tflite").write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"is damaged.*Delete it.*scripts/course\.py start"):
        models._verified("mesh", tmp_path)


@pytest.mark.parametrize(
    "content",
    [None, "", "no JSON", "[]", "{}", '{"files": 3}', '{"files": {"mesh": {"file": "x"}}}',
     '{"files": {"mesh": {"file": 5, "sha256": ""}}}', "[" * 100_000],
)  # fmt: skip
def test_a_list_of_files_that_cannot_be_read_is_said_in_words(tmp_path, content):
    if content is not None:
        (tmp_path / "models.json").write_text(content)
    with pytest.raises(ValueError, match=r"models\.json is missing or damaged .*Restore it"):
        models._verified("mesh", tmp_path)
