"""The catalogue holds, and the rules refuse whatever it does not cover."""

import hashlib
import json
import shutil
from datetime import date, timedelta

import cv2
import numpy as np
import pytest
from framewise import clips, consent, samples
from framewise.consent import ConsentError
from framewise.workbench import files, places
from videos import write_video

FORM = b"I agree."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty catalogue folder of our own."""
    (tmp_path / "clips").mkdir()
    monkeypatch.setenv("FRAMEWISE_CLIPS", str(tmp_path / "clips"))
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    return tmp_path / "clips"


def catalogued(folder, record, *, name="one", **more):
    """Write a clip and its catalogue entry, keeping the entries that are there."""
    path = write_video(folder / f"{name}.mp4", count=3 + len(name))
    (folder / "form.txt").write_bytes(FORM)
    entry = {"id": name, "file": path.name, "sha256": files.sha256_of(path), "consent": record}
    file = folder / "catalog.json"
    known = json.loads(file.read_text())["clips"] if file.exists() else []
    file.write_text(json.dumps({"clips": [*known, entry | {"kind": "original"} | more]}))
    return path


def signed(**changes):
    record = {
        "type": "signed",
        "scope": ["analyse", "make"],
        "date": "2026-01-31",
        "expires": str(date.today() + timedelta(days=1)),
        "contact": "the teacher",
        "form": "form.txt",
        "form_sha256": hashlib.sha256(FORM).hexdigest(),
    }
    return {key: value for key, value in (record | changes).items() if value is not None}


def test_the_course_catalogue_is_complete():
    entries = consent.catalogue(places.course_clips())
    assert entries
    for entry in entries.values():
        path = consent.file_of(entry["id"])
        assert files.sha256_of(path) == entry["sha256"], entry["id"]
        assert entry["licence"] and entry["source"] and entry["title"] and entry["people"]
        assert entry["kind"] in ("original", "fake")
        assert entry["consent"]["type"] in ("synthetic", "signed")
        if entry["kind"] == "fake":
            assert entry["made_from"] and entry["method"]
    there = places.course_clips().rglob("*")
    present = {path for path in there if path.suffix in (".mp4", ".jpg", ".png")}
    assert present == {consent.file_of(name) for name in entries}


def test_every_sample_opens_with_its_stated_length():
    for name, entry in consent.catalogue(places.course_clips()).items():
        if entry["file"].endswith(".mp4"):
            clip = samples.open_clip(name)
            assert len(clip) == entry["length"]["frames"], name
            assert clip.fps == pytest.approx(entry["length"]["fps"])
            consent.require(clip, "make")
        else:
            assert samples.open_still(name).shape == (512, 512, 3)


def test_unknown_id_lists_those_there_are():
    with pytest.raises(KeyError, match="ana_talk"):
        samples.open_clip("nobody")


def test_synthetic_people_may_be_used(folder):
    clip = clips.Clip(catalogued(folder, {"type": "synthetic"}))
    consent.require(clip, "analyse")
    consent.require(clip, "make")


def test_signed_record_covers_its_scope(folder):
    consent.require(clips.Clip(catalogued(folder, signed())), "make")


def test_looking_is_not_making(folder):
    clip = clips.Clip(catalogued(folder, signed(scope=["analyse"])))
    consent.require(clip, "analyse")
    with pytest.raises(
        ConsentError, match=r"agreed to \['analyse'\], but not to 'make'.*the teacher"
    ):
        consent.require(clip, "make")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        pytest.param(signed(expires="2020-01-01"), "ended on 2020-01-01", id="expired"),
        pytest.param(signed(withdrawn="2026-02-01"), "withdrawn on 2026-02-01", id="withdrawn"),
        pytest.param(signed(scope=["make"]), "not to 'analyse'", id="other scope"),
        pytest.param(signed(form_sha256="0" * 64), "missing or was changed", id="form changed"),
        pytest.param(signed(form="gone.pdf"), "missing or was changed", id="form gone"),
        pytest.param(signed(contact=None), "lacks contact", id="no contact"),
        pytest.param(signed(expires="soon"), "not a date", id="no date"),
        pytest.param(signed(date="2999-01-01"), "does not begin before", id="not yet"),
        pytest.param(signed(scope="analyse nothing"), "not to 'analyse'", id="scope in words"),
        pytest.param({}, "type of consent must be", id="nothing"),
        pytest.param({"type": "found"}, "type of consent must be", id="other type"),
    ],
)
def test_what_does_not_hold_is_refused(record, words, folder):
    with pytest.raises(ConsentError, match=words):
        clips.Clip(catalogued(folder, record))


def test_consent_lasts_through_its_last_day(folder):
    clips.Clip(catalogued(folder, signed(expires=str(date.today()))))


def test_changed_bytes_are_refused(folder):
    path = catalogued(folder, {"type": "synthetic"})
    write_video(path, count=9)
    with pytest.raises(ConsentError, match="not the file that people agreed to"):
        clips.Clip(path)


def test_a_stranger_in_the_folder_is_refused(folder):
    catalogued(folder, {"type": "synthetic"})
    with pytest.raises(ConsentError, match="no entry"):
        clips.Clip(write_video(folder / "stranger.mp4", count=4))


def test_a_copy_elsewhere_is_still_the_same_clip(folder, tmp_path):
    path = catalogued(folder, signed(expires="2020-01-01"))
    shutil.copy(path, tmp_path / "copy.mp4")
    with pytest.raises(ConsentError, match="ended"):
        clips.Clip(tmp_path / "copy.mp4")


def test_found_footage_is_looked_at_and_never_faked(plain_video):
    clip = clips.Clip(plain_video)
    consent.require(clip, "analyse")
    with pytest.raises(ConsentError, match="no fake may be made from it"):
        consent.require(clip, "make")


def test_a_fake_falls_with_what_it_was_made_from(folder):
    synthetic = {"type": "synthetic"}
    catalogued(folder, signed(), name="source")
    path = catalogued(folder, synthetic, name="the fake", kind="fake", made_from=["source"])
    clips.Clip(path)
    file = folder / "catalog.json"
    file.write_text(file.read_text().replace('"contact"', '"withdrawn": "2026-01-01", "contact"'))
    with pytest.raises(ConsentError, match="withdrawn"):
        clips.Clip(path)
    file.write_text(file.read_text().replace('"id": "source"', '"id": "other"'))
    with pytest.raises(ConsentError, match="no longer in the catalogue"):
        clips.Clip(path)


def test_lists_tell_what_may_not_be_used_fakes_included(folder):
    catalogued(folder, signed(expires="2020-01-01"), name="source")
    catalogued(folder, {"type": "synthetic"}, name="fake", kind="fake", made_from=["source"])
    catalogued(folder, {"type": "synthetic"}, name="other")
    problems = {name: consent.problem_of(e) for name, e in consent.catalogue().items()}
    assert "ended on 2020-01-01" in problems["source"] and "source: " in problems["fake"]
    assert problems["other"] == ""


@pytest.mark.parametrize("text", ["", "{}", '{"clips": [{}]}', '{"clips": 3}'])
def test_a_broken_catalogue_opens_nothing(text, folder, plain_video):
    (folder / "catalog.json").write_text(text)
    with pytest.raises(ConsentError, match="missing or damaged"):
        clips.Clip(plain_video)


def test_an_id_twice_opens_nothing(folder):
    catalogued(folder, {"type": "synthetic"})
    with pytest.raises(ConsentError, match="appears twice"):
        clips.Clip(catalogued(folder, {"type": "synthetic"}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"kind": "fake"}, "the list of its source clips", id="fake of nothing"),
        pytest.param({"made_from": ["one"]}, "the list of its source clips", id="no fake"),
        pytest.param(
            {"kind": "fake", "made_from": ["x"]}, "no longer in the catalogue", id="of itself"
        ),
        pytest.param({"kind": "copy"}, "kind must be", id="other kind"),
        pytest.param({"sha256": "ABC"}, "64 hexadecimal digits in lower case", id="no hash"),
        pytest.param({"file": "../x.mp4"}, "outside data/clips", id="outside"),
        pytest.param({"consent": None}, "consent must be a record", id="no record"),
        pytest.param({"consent": "yes"}, "consent must be a record", id="a word"),
    ],
)
def test_an_entry_that_contradicts_itself_opens_nothing(change, words, folder, plain_video):
    catalogued(folder, {"type": "synthetic"}, name="x", **change)
    with pytest.raises(ConsentError, match=words):
        clips.Clip(plain_video)


def test_consent_that_ends_while_the_clip_is_open(folder):
    clip = clips.Clip(catalogued(folder, {"type": "synthetic"}))
    consent.require(clip, "make")
    (folder / "catalog.json").write_text('{"clips": []}')
    with pytest.raises(ConsentError, match="no longer in the catalogue"):
        consent.require(clip, "make")


def test_pictures_are_covered_as_well(folder, tmp_path):
    picture = tmp_path / "p.png"
    cv2.imwrite(str(picture), np.zeros((4, 4, 3), np.uint8))
    catalogued(folder, signed(expires="2020-01-01"), sha256=files.sha256_of(picture))
    with pytest.raises(ConsentError, match="ended"):
        clips.read_image(picture)


def test_unknown_scope(plain_video):
    with pytest.raises(ValueError, match='"analyse" or "make"'):
        consent.require(clips.Clip(plain_video), "sell")
