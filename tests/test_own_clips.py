"""A clip of one's own: what is kept, what is refused and why; forgetting leaves nothing behind."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import av
import course
import cv2
import inspect_video
import my_clips
import numpy as np
import pytest
from browsing import chromium, jupyterlab, metrics, run_in_lab, wait
from framewise import clips, consent, detection, samples, tracking
from framewise.consent import ConsentError
from framewise.workbench import (
    agreement,
    cache,
    files,
    forgetting,
    headcount,
    keeping,
    marks,
    own_clips,
    places,
    records,
)
from selenium.webdriver.common.by import By
from videos import write_video

CHECK_SHOTS = headcount.check_shots
TOMORROW = date.today() + timedelta(days=1)
FORM = b"We agree."
ODD_NAMES = {
    "Zoë im Garten 🎬": "my_zoe_im_garten",
    "con": "my_con",
    "a  b.c": "my_a_b_c",
    "日本": "my_clip",
    "my_own": "my_own",
    "../../etc/passwd": "my_etc_passwd",
    "x" * 300: f"my_{'x' * 40}",
}
ANSWERS = {
    "who": ["Zoë"],
    "me": True,
    "scope": ["analyse", "make"],
    "until": str(TOMORROW),
    "contact": "Zoë, at home",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of the learner's own, empty; the course's clips stay where they are."""
    data = tmp_path / "course" / "data"
    data.mkdir(parents=True)
    monkeypatch.setenv("FRAMEWISE_OWN", str(data))
    monkeypatch.setattr(headcount, "check_shots", lambda path, named, bar: None)  # takes long
    return data / "my_clips"


@pytest.fixture(scope="module")
def ana():
    return list(samples.open_clip("ana_talk").frames(0, 24))


@pytest.fixture
def film(tmp_path, ana):
    return write_video(tmp_path / "film.mp4", frames=ana)


def own_word(**changes):
    given = {"people": ["Zoë"], "scope": ["analyse", "make"], "until": TOMORROW, "contact": "Zoë"}
    return agreement.Agreement(**given | changes)


def signed(folder, **changes):
    form = folder / "the form.PDF"
    form.write_bytes(FORM)
    return own_word(form=form, **changes)


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def change(home, **news):
    """Change the consent of the last own clip by hand, as a person could."""
    book = home / "catalog.json"
    text = json.loads(book.read_text(encoding="utf-8"))
    text["clips"][-1]["consent"] |= news
    book.write_text(json.dumps(text), encoding="utf-8")


def streams(path):
    with av.open(str(path)) as container:
        return {stream.type: stream for stream in container.streams}


# Keeping and forgetting


@pytest.mark.parametrize("name", ODD_NAMES, ids=list(ODD_NAMES.values()))
def test_kept_opened_listed_and_forgotten_without_a_trace(name, home, film, tmp_path, capsys):
    agreed = signed(tmp_path, scope=["analyse"])
    before = tree(tmp_path)
    entry = keeping.add(film, agreed, name=name)
    assert (entry["id"], entry["title"]) == (ODD_NAMES[name], name)
    assert tree(home) == sorted(
        ["catalog.json", "catalog.json.bak"]
        + [f"{entry['id']}.mp4", "forms", f"forms/{entry['id']}.pdf"]
    )
    clip = samples.open_clip(entry["id"])
    assert clip.entry == consent.catalogue()[entry["id"]] == entry
    consent.require(clip, "analyse")
    with pytest.raises(ConsentError, match="not to 'make'.*ask Zoë.*forget-clip my_"):
        consent.require(clip, "make")
    assert inspect_video.main(["--clips"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split()[:2] == [entry["id"], "own"]
    assert f"{name}: signed consent to analyse until {TOMORROW}" in line
    cache.save_arrays(cache.cache_file(clip.sha256, "track"), {"x": np.zeros(1)})
    build = tmp_path / "course" / "build"
    (build / "deep").mkdir(parents=True)
    pages = [build / file for file in ("x.inspect.html", "x.json", "deep/y.html", "other.json")]
    for page in pages:
        page.write_text(f"sha256 {'0' * 64 if page.stem == 'other' else clip.sha256}")
    deleted = forgetting.forget(name)
    assert len(deleted) == 8 and set(pages[:3]) < set(deleted)
    pages[3].unlink(), (build / "deep").rmdir()
    (home.parent / "cache").rmdir(), build.rmdir(), home.with_suffix(".lock").unlink()
    assert tree(tmp_path) == before
    assert entry["id"] not in consent.catalogue()


def test_the_same_name_in_other_words():
    assert all(keeping.slug(keeping.slug(name)) == keeping.slug(name) for name in ODD_NAMES)


def indexes(home):
    """Return what the course has kept of the frames of these clips; it is never empty."""
    kept = set((home.parent / "cache").glob("*.index-*"))
    assert kept
    return kept


def test_two_clips_of_which_one_is_forgotten(home, film):
    first = keeping.add(film, own_word(), name="one", seconds=0.4)
    keeping.add(film, own_word(), name="two", start=0.4)
    scanned = indexes(home)
    assert set(forgetting.forget("my_one")) == {home / first["file"]} | scanned
    assert tree(home) == ["catalog.json", "catalog.json.bak", "my_two.mp4"]
    assert len(samples.open_clip("my_two")) == 14


def note(home, name, **changes):
    """Write a film and its record among the own clips, without a look at it."""
    home.mkdir(exist_ok=True)
    path = write_video(home / f"{name}.mp4", count=2 + len(name))
    entry = {
        "id": name,
        "file": path.name,
        "sha256": files.sha256_of(path),
        "own": True,
        "kind": "original",
        "title": name,
        "people": ["Zoë"],
        "licence": "none",
        "consent": own_word().record(""),
    }
    keeping.write_catalogue([*records.own_records().values(), entry | changes])
    return path


def write_fake(home, name, made_from):
    fake = {"kind": "fake", "made_from": made_from, "consent": {"type": "synthetic"}}
    return note(home, name, **fake)


def listing(capsys):
    """Return the lines of `course.py clips` on own clips, by id."""
    capsys.readouterr()
    assert inspect_video.main(["--clips"]) == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    return {
        line[0]: line[2]
        for line in lines
        if line[0] not in consent.catalogue(places.course_clips())
    }


def test_what_was_made_from_a_clip_falls_with_it(home, film):
    keeping.add(film, own_word(), name="one")
    fake = write_fake(home, "my_fake", ["ana_talk", "my_one"])
    again = write_fake(home, "my_fake_of_it", ["my_fake"])
    write_fake(home, "my_other", ["ana_talk", "ben_talk"])
    clips.Clip(again)
    assert forgetting.falls_with("one") == ["my_one", "my_fake", "my_fake_of_it"]
    scanned = indexes(home)
    assert set(forgetting.forget("one")) == {home / "my_one.mp4", fake, again} | scanned
    assert tree(home) == ["catalog.json", "catalog.json.bak", "my_other.mp4"]
    samples.open_clip("my_other")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ana_talk", "it is a clip of the course, which cannot be deleted here"),
        ("nobody", "Your own clips: none"),
    ],
)
def test_only_own_clips_are_forgotten(name, words, home):
    with pytest.raises(ValueError, match=words):
        forgetting.forget(name)
    assert consent.file_of("ana_talk").is_file()


def test_forgetting_works_where_the_file_is_gone_already(home, film, tmp_path):
    keeping.add(film, signed(tmp_path))
    (home / "my_film.mp4").unlink()
    forgetting.forget("film")
    assert not home.exists()


def test_pages_and_fakes_that_show_a_clip_go_with_it(home, film, tmp_path):
    entry = keeping.add(film, own_word())
    ours, other = entry["sha256"], "0" * 64
    course_folder = home.parent.parent
    held = {
        "build/compared.html": f"{other} {ours}",
        "build/recording.inspect.html": entry["recording"]["sha256"],
        "build/recording.json": json.dumps({"sha256": entry["recording"]["sha256"]}),
        "build/deep/07.html": "open_sample(&quot;my_film&quot;)",
        "build/fake.png": f"\x89PNG tEXt {ours}",
        "notebooks/fake.mp4": f"moov udta {ours}",
    }
    stay = {
        "build/other.html": f"{other} my_film_2",
        "build/set-up.log": ours,
        "notebooks/07.ipynb": ours,
    }
    for file, text in (held | stay).items():
        (course_folder / file).parent.mkdir(parents=True, exist_ok=True)
        (course_folder / file).write_text(text, encoding="latin-1")
    held = {course_folder / file for file in held} | {home / "my_film.mp4"} | indexes(home)
    assert set(forgetting.forget("film")) == held
    assert all((course_folder / file).exists() for file in stay)


# What is written


@pytest.mark.parametrize(
    ("file", "how"),
    [
        pytest.param("a.webm", {"codec": "libvpx", "muxer": {"live": "1"}}, id="WebM"),
        pytest.param("a.webm", {"codec": "libvpx-vp9", "sound": "libopus"}, id="VP9 with sound"),
        pytest.param("a.mov", {"sound": "aac"}, id="QuickTime with sound"),
        pytest.param("a.mp4", {"pix_fmt": "yuv444p"}, id="4:4:4"),
        pytest.param("a.mkv", {"codec": "ffv1", "sound": "pcm_s16le"}, id="lossless"),
        pytest.param("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, id="Motion JPEG"),
        pytest.param(
            "a.mkv", {"pts": np.cumsum(24 * [20, 33, 90]).tolist()[:24]}, id="uneven times"
        ),
    ],
)
def test_any_video_becomes_one_that_browsers_play(file, how, home, tmp_path, ana):
    path = write_video(tmp_path / file, frames=ana, options={"cpu-used": "8"}, **how)
    entry = keeping.add(path, own_word())
    source, clip = clips.Clip(path), samples.open_clip("my_a")
    assert len(clip) == entry["length"]["frames"] == len(ana)
    np.testing.assert_allclose(clip.times, source.times, atol=1e-3)
    assert np.abs(clip[7].astype(int) - source[7]).mean() < 3
    found = streams(clip.path)
    picture = found["video"].codec_context
    assert (picture.name, picture.pix_fmt) == ("h264", "yuv420p")
    assert ("with sound" in entry["source"]) == ("sound" in how) == ("audio" in found)
    if "sound" in how:
        assert found["audio"].codec_context.name == "aac"
        sound = float(found["audio"].duration * found["audio"].time_base)
        assert sound == pytest.approx(len(ana) / 25, abs=0.1)
    assert np.diff([*clip._index.keys, len(clip)]).max() <= 12


def test_rotated_video_comes_out_upright(home, tmp_path, ana):
    lying = [np.rot90(frame[:400], -1) for frame in ana]
    path = write_video(tmp_path / "a.mov", frames=lying, matrix=(0, -1, 1, 0))
    keeping.add(path, own_word())
    clip = samples.open_clip("my_a")
    assert clip.size_wh == (640, 400)
    assert np.abs(clip[3].astype(int) - ana[3][:400]).mean() < 3
    with av.open(str(clip.path)) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_odd_sizes_are_made_even_and_large_ones_small(home, tmp_path, ana):
    odd = [frame[:471, :473] for frame in ana]
    path = write_video(tmp_path / "odd.mp4", frames=odd, pix_fmt="yuv444p")
    keeping.add(path, own_word())
    assert samples.open_clip("my_odd").size_wh == (474, 472)
    large = [cv2.resize(frame, (1600, 1600)) for frame in ana[:4]]
    entry = keeping.add(write_video(tmp_path / "large.mp4", frames=large), own_word())
    assert samples.open_clip("my_large").size_wh == (1280, 1280)
    assert "scaled down from 1600 x 1600" in entry["source"]


def test_a_part_begins_and_ends_where_asked_with_its_sound(home, tmp_path, ana):
    path = write_video(tmp_path / "a.mp4", frames=ana, sound="aac")
    entry = keeping.add(path, own_word(), start=0.2, seconds=0.4)
    clip = samples.open_clip("my_a")
    assert (entry["recording"]["first"], len(clip)) == (5, 10)
    assert np.abs(clip[0].astype(int) - ana[5]).mean() < 3
    sound = streams(clip.path)["audio"]
    assert float(sound.duration * sound.time_base) == pytest.approx(0.4, abs=0.05)


def test_where_and_with_what_it_was_filmed_is_not_kept(home, tmp_path, ana):
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w") as out:
        out.metadata.update({"location": "+52.5+13.4/", "make": "A phone", "comment": "me"})
        stream = out.add_stream("libx264", rate=25)
        stream.width = stream.height = 480
        stream.pix_fmt = "yuv420p"
        for frame in ana:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    with av.open(str(path)) as container:
        assert "+52.5+13.4/" in container.metadata.values()
    keeping.add(path, own_word())
    data = (home / "my_phone.mp4").read_bytes()
    assert b"+52.5" not in data and b"A phone" not in data


# What is refused


def write_picture(path, ana):
    path.write_bytes(cv2.imencode(".jpg", ana[0])[1].tobytes())


def write_truncated(path, ana):
    data = write_video(path, frames=ana).read_bytes()
    path.write_bytes(data[: len(data) // 2])  # its index stood at the end


def write_headless(path, ana):
    data = write_video(path.with_suffix(".ts"), frames=ana, options={"g": "99"}).read_bytes()
    path.write_bytes(data[:800])  # tables and no picture


def write_huge(path, ana):
    with open(path, "wb") as file:
        file.truncate(3_000_000_000)  # sparse: takes no room


def write_two(path, ana):
    ben = samples.open_clip("ben_talk")
    write_video(path, frames=[np.hstack([frame, ben[0]]) for frame in ana[:10]])


REFUSED = {
    "a picture": (write_picture, "this is a still picture"),
    "a text": (lambda path, ana: path.write_text("hello, this is no video"), "cannot read"),
    "nothing in it": (lambda path, ana: path.write_bytes(b""), "is empty"),
    "a truncated file": (write_truncated, "cannot read this file"),
    "no picture decodes": (write_headless, "no frame of it|cannot read|no moving picture"),
    "a huge file": (write_huge, r"up to 2 GB, but .* is 3\.0 GB.*Make the video shorter"),
    "too long": (
        lambda path, ana: write_video(path, count=70, pts=[1000 * i for i in range(70)]),
        r"is 1:10 long .* but a clip may last 60 s at most.*--start 0:10 --seconds 20",
    ),
    "far too long": (
        lambda path, ana: write_video(path, count=70, pts=[60000 * i for i in range(70)]),
        r"is \d\d:\d\d long .* but a clip may last 60 s at most",
    ),
    "no face": (lambda path, ana: write_video(path, count=20), "no face was found"),
    "two faces": (
        write_two,
        "2 faces are seen at once.*you named only 1.*Name everyone.*cover the poster",
    ),
    "a folder": (lambda path, ana: path.mkdir(), "this is a folder"),
    "not there": (lambda path, ana: None, "no such file"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_clip_is_refused_and_leaves_nothing(what, home, tmp_path, ana):
    write, words = REFUSED[what]
    path = tmp_path / "video.mp4"
    write(path, ana)
    with pytest.raises((ValueError, OSError, ConsentError), match=words):
        keeping.add(path, own_word())
    assert not home.exists()


def test_what_only_the_detector_takes_for_a_face_needs_no_name(home, film, tmp_path, monkeypatch):
    detect = detection.detect_faces

    def with_a_stain(image):
        faces = detect(image)
        return detection.Faces(
            np.vstack([faces.xyxy, [(10, 300, 110, 400)]]),
            np.append(faces.score, 0.7),
            np.vstack([faces.keypoints, faces.keypoints[:1]]),
        )

    monkeypatch.setattr(detection, "detect_faces", with_a_stain)
    assert keeping.add(film, own_word())["people"] == ["Zoë"]
    write_two(tmp_path / "two.mp4", list(clips.Clip(film)))
    with pytest.raises(ConsentError, match="2 faces are seen at once"):
        keeping.add(tmp_path / "two.mp4", own_word())


def test_several_names_in_one_and_two_ways_to_agree_are_refused(film):
    answers = {"video": str(film), "who": ["Ana"], "me": True, "scope": ["analyse"]}
    answers |= {"until": str(TOMORROW), "contact": "Ana"}
    assert agreement.read_agreement(answers).people == ["Ana"]
    with pytest.raises(ValueError, match="expected one name for each person, got .*Ana, Ben"):
        agreement.read_agreement(answers | {"who": ["Ana, Ben"]})
    with pytest.raises(ValueError, match="expected --me or --form, got both"):
        agreement.read_agreement(answers | {"form": "sheet.pdf"})


@pytest.mark.parametrize("turns", [1, 3])
def test_a_head_that_lies_on_its_side_needs_a_name(home, tmp_path, ana, turns):
    hugo = samples.open_clip("hugo_talk")[0]
    lying = np.zeros_like(ana[0])
    lying[:, :480] = np.rot90(hugo, turns)[80:560]
    path = write_video(tmp_path / "a.mp4", frames=[np.hstack([one, lying]) for one in ana[:8]])
    with pytest.raises(ConsentError, match="2 faces are seen at once"):
        keeping.add(path, own_word())


def test_a_line_break_in_a_name_stays_out_of_lists(home, film):
    odd = film.with_name("new\nline.mp4")
    film.rename(odd)
    entry = keeping.add(odd, own_word())
    assert entry["title"] == "new line" and entry["source"].startswith("new line.mp4, ")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("~talk.mp4", "~talk"),
        ("-x.mp4", "-x"),
        ("a\x1b[31mb\x07.mp4", "a [31mb"),
        (os.fsdecode(b"caf\xe9.mp4"), "caf"),
        ("ü" * 125 + ".mp4", "ü" * 125),
    ],
)
def test_odd_names_are_kept_and_listed(name, title, home, film, monkeypatch, capsys):
    try:
        film.rename(film.with_name(name))
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    monkeypatch.chdir(film.parent)
    assert my_clips.main(["add", json.dumps({"video": name, **ANSWERS})]) == 0
    (entry,) = records.own_records().values()
    assert entry["title"] == title
    assert f"Kept as {entry['id']}" in capsys.readouterr().out
    assert listing(capsys)[entry["id"]].startswith(f"{title}: consent by word to")


def test_what_is_odd_about_the_file_is_told(home, tmp_path, ana):
    path = write_video(tmp_path / "a.mp4", frames=ana[:8], options={"x264-params": "sar=4/3"})
    entry = keeping.add(path, own_word())
    assert samples.open_clip("my_a").size_wh == (854, 480)
    assert "without sound. Stored pixels are 1.33 times as wide as high" in entry["source"]


@pytest.mark.parametrize("file", ["a.mkv", "a.webm", "a.mp4"])
def test_a_video_whose_clock_starts_late_is_as_long_as_it_is(file, home, tmp_path, ana):
    codec = "libvpx" if file.endswith("webm") else "libx264"
    late = [1_000_000 + 40 * i for i in range(24)]
    write_video(tmp_path / file, frames=ana, codec=codec, pts=late)
    assert keeping.add(tmp_path / file, own_word())["length"]["seconds"] == 0.96


def test_a_recording_in_hdr_is_kept_and_its_look_is_told(home, tmp_path, ana):
    path = tmp_path / "hdr.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p10le"
        stream.codec_context.color_trc = 18
        stream.codec_context.color_primaries = 9
        for image in ana[:5]:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p10le")
            frame.color_trc, frame.color_primaries = 18, 9
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    entry = keeping.add(path, own_word())
    assert entry["source"].endswith("recorded in HDR (HLG), so darker and paler here")


@pytest.fixture
def cut_at(home, monkeypatch):
    """Check the shots, and say where the cuts of every clip are."""
    monkeypatch.setattr(headcount, "check_shots", CHECK_SHOTS)
    return lambda *frames: monkeypatch.setattr(
        tracking, "find_cuts", lambda clip, **more: np.array(frames, int)
    )


def test_a_cut_to_somebody_else_needs_a_second_name(home, tmp_path, ana, cut_at):
    hugo = list(samples.open_clip("hugo_talk").frames(0, 24))
    path = write_video(tmp_path / "cut.mp4", frames=[*ana, *hugo])
    cut_at(24)
    words = r"2 people who do not look alike .*at 0\.0 s, 1\.0 s.*you named only 1.*--seconds"
    with pytest.raises(ConsentError, match=words):
        keeping.add(path, own_word())
    assert not home.exists() and not records.unfinished().exists()
    keeping.add(path, signed(tmp_path, people=["Ana", "Hugo"]))
    cut_at()
    with pytest.warns(UserWarning, match="If everyone shown is named, all is well"):
        keeping.add(path, own_word(), name="without a cut", start=0.04)


def test_a_cut_to_the_same_person_is_no_second_one(home, tmp_path, ana, cut_at):
    later = list(samples.open_clip("ana_talk").frames(150, 162))
    cut_at(24)
    keeping.add(write_video(tmp_path / "jump.mp4", frames=[*ana, *later]), own_word())


def test_every_shot_is_looked_at_however_short(home, tmp_path, ana, cut_at):
    ben = samples.open_clip("ben_talk")[0]
    both = [np.hstack([frame[:, 160:480], ben[:, 160:480]]) for frame in ana[:5]]
    path = write_video(tmp_path / "a.mp4", frames=[*ana[:23], *both, *ana[:22]])
    cut_at(23, 28)
    with pytest.raises(ConsentError, match=r"2 faces are seen at once \(at 1\.0"):
        keeping.add(path, own_word())


def test_two_people_are_kept_when_both_are_named_and_signed(home, tmp_path, ana):
    write_two(tmp_path / "two.mp4", ana)
    entry = keeping.add(tmp_path / "two.mp4", signed(tmp_path, people=["Ana", "Ben"]))
    assert entry["people"] == ["Ana", "Ben"]
    consent.require(samples.open_clip("my_two"), "make")


def test_the_same_recording_and_a_taken_name_are_refused(home, film, tmp_path):
    keeping.add(film, own_word(), name="one")
    before = tree(home)
    with pytest.raises(ValueError, match=r"my_one is taken. Choose another name \(--id\)"):
        keeping.add(film, own_word(), name="One!")
    shutil.copy(film, tmp_path / "copy.mp4")
    with pytest.raises(ValueError, match=r"already kept as the clip my_one.*forget-clip my_one"):
        keeping.add(tmp_path / "copy.mp4", own_word())
    with pytest.raises(ValueError, match='already kept as .*"my_one"'):
        keeping.add(home / "my_one.mp4", own_word(), name="two")
    with pytest.raises(ValueError, match='already kept as .*"ana_talk"'):
        keeping.add(consent.file_of("ana_talk"), own_word(), name="three")
    assert tree(home) == before


def test_the_same_film_under_other_tags_is_refused_and_locks_nothing(home, film, tmp_path):
    with av.open(str(film)) as source, av.open(str(tmp_path / "b.mp4"), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        copy.metadata["title"] = "Holiday"
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    keeping.add(film, own_word())
    before = tree(home)
    with pytest.raises(ValueError, match=r"b\.mp4 are already kept.*my_film.*forget-clip my_film"):
        keeping.add(tmp_path / "b.mp4", own_word())
    assert tree(home) == before and not records.unfinished().exists()
    samples.open_clip("my_film")
    keeping.add(film, own_word(), name="a part", start=0.4)


@pytest.mark.parametrize(
    ("name", "start", "words"),
    [
        pytest.param("one", 0.4, "my_one is taken", id="one name"),
        pytest.param("two", 0.0, "already kept as the clip my_one", id="one film"),
        pytest.param("two", 0.4, None, id="nothing in common"),
    ],
)
def test_another_command_keeps_a_clip_meanwhile(name, start, words, home, film, monkeypatch):
    def slowly(path, named, bar):
        monkeypatch.setattr(headcount, "check_shots", lambda path, named, bar: None)
        keeping.add(film, own_word(), name="one", seconds=0.4)

    monkeypatch.setattr(headcount, "check_shots", slowly)
    second = {"name": name, "start": start, "seconds": 0.4}
    if words:
        with pytest.raises(ValueError, match=words):
            keeping.add(film, own_word(), **second)
    else:
        keeping.add(film, own_word(), **second)
    kept = ["my_one"] if words else ["my_one", "my_two"]
    assert list(records.own_records()) == kept
    assert all(len(samples.open_clip(name)) == 10 for name in kept)


def test_the_catalogue_is_replaced_under_a_lock(home, film, monkeypatch):
    write, locks = keeping.write_catalogue, []

    def watched(records):
        with pytest.raises(OSError), files.locked(home.with_suffix(".lock"), wait=False):
            pass
        locks.append(len(records))
        write(records)

    monkeypatch.setattr(keeping, "write_catalogue", watched)
    keeping.add(film, own_word(), name="one", seconds=0.4)
    keeping.add(film, own_word(), name="two", start=0.4)
    forgetting.forget("one")
    assert locks == [1, 2, 1]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"start": 5}, "start: expected 0 to 1.0 s"),
        ({"start": -1}, "start: expected"),
        ({"seconds": 0}, "seconds: expected more than 0, up to 60"),
        ({"seconds": 61}, "up to 60, got 61"),
        ({"start": 0.01, "seconds": 0.01}, "no frame begins between"),
    ],
)
def test_parts_that_are_not_there(part, words, home, film):
    with pytest.raises(ValueError, match=words):
        keeping.add(film, own_word(), **part)


@pytest.mark.parametrize(("text", "seconds"), [("12.5", 12.5), ("0:10", 10), ("1:02:03", 3723)])
def test_times_in_words(text, seconds):
    assert keeping.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "ten", "1:2:3:4", "-3", "1:"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="expected a time"):
        keeping.seconds_of(text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": []}, "who: expected the name"),
        ({"people": ["", " "]}, "who: expected the name"),
        ({"scope": []}, 'scope: expected "analyse"'),
        ({"scope": ["make"]}, 'scope: expected "analyse"'),
        ({"scope": ["analyse", "sell"]}, 'scope: expected "analyse"'),
        ({"until": date(2020, 1, 1)}, "until: expected today or a later day"),
        ({"contact": " "}, "contact: expected"),
        ({"people": ["Ana", "Ben"]}, r"2 people are shown, so each of them must sign the form"),
        ({"form": Path("nowhere.pdf")}, "is missing or empty"),
    ],
)
def test_an_agreement_that_lacks_something(changes, words, home, film):
    with pytest.raises(ValueError, match=words):
        keeping.add(film, own_word(**changes))
    assert not home.exists()


# Nothing half-written


def full_disk(*_args, **_more):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def stopped(*_args, **_more):
    raise KeyboardInterrupt


@pytest.mark.parametrize("trouble", [full_disk, stopped])
@pytest.mark.parametrize("place", ["picture", "form", "catalogue"])
def test_trouble_leaves_all_as_it_was(trouble, place, home, film, tmp_path, monkeypatch):
    keeping.add(film, own_word(), name="one", seconds=0.4)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    owner, name = {
        "picture": (clips.np, "pad"),
        "form": (keeping.shutil, "copyfile"),
        "catalogue": (keeping, "write_catalogue"),
    }[place]
    monkeypatch.setattr(owner, name, trouble)
    with pytest.raises((OSError, KeyboardInterrupt)):
        keeping.add(film, signed(tmp_path), name="two")
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_full_disk_and_a_stop_are_said_plainly(home, film, monkeypatch, capsys):
    monkeypatch.setattr(clips.np, "pad", full_disk)
    assert my_clips.main(["add", json.dumps({"video": str(film), **ANSWERS})]) == 1
    assert "error: the disk is full. Free some space" in capsys.readouterr().err
    monkeypatch.setattr(clips.np, "pad", stopped)
    assert my_clips.main(["add", json.dumps({"video": str(film), **ANSWERS})]) == 130
    assert "No file was left half written" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signal")
def test_a_closed_terminal_leaves_nothing(home, film, monkeypatch):
    hang_up = lambda *_args, **_more: os.kill(os.getpid(), signal.SIGHUP)  # noqa: E731
    monkeypatch.setattr(clips.np, "pad", hang_up)
    assert my_clips.main(["add", json.dumps({"video": str(film), **ANSWERS})]) == 130
    assert not home.exists() and not records.unfinished().exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from framewise.workbench import files
with (
    files.scratch_folder(Path(sys.argv[1])) as folder,
    files.atomic_write(folder / "my_film.mp4") as partial,
):
    partial.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
"""


@pytest.fixture
def killed(home):
    """Return what a command that was killed has left, half-written."""
    subprocess.run([sys.executable, "-c", KILLED, str(records.unfinished())])
    (left,) = records.unfinished().glob("*/my_film.*")
    return left


def test_what_a_killed_command_left_is_found_by_its_name(killed, home):
    assert forgetting.falls_with("film") == ["my_film"]
    assert forgetting.forget("film") == [killed]
    assert not records.unfinished().exists() and not home.exists()
    with pytest.raises(ValueError, match="you have no clip called 'film'"):
        forgetting.forget("film")


def test_what_a_killed_command_left_is_swept_and_what_runs_is_not(killed, home, film):
    home.mkdir()
    (home / "my_x.1.partial.mp4").write_bytes(b"half")  # as earlier versions left it
    (home / "my_y.mp4").write_bytes(b"a film whose record was not written")
    with files.scratch_folder(records.unfinished()) as running:
        (running / "my_z.mp4").write_bytes(b"half")
        keeping.add(film, own_word())
        assert not killed.exists() and (running / "my_z.mp4").exists()
        assert forgetting.forget("y") == [home / "my_y.mp4"]
    assert not records.unfinished().exists()
    assert tree(home) == ["catalog.json", "catalog.json.bak", "my_film.mp4"]


KERNEL = """
import os, signal, sys
from pathlib import Path
from framewise.workbench import headcount, own_clips, records
film = Path(sys.argv[1])
form = own_clips.form()
form.send = print
def send(message, data=b""):
    form._handle_custom_msg(message, [data])
def killed(path, named, bar):
    assert path.stat().st_size and len(list(records.unfinished().iterdir())) == 2
    print("the clip is written", flush=True)
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
headcount.check_shots = killed
send({"kind": "video", "name": "film.mp4", "at": 0}, film.read_bytes())
send({"keep": ANSWERS})
"""


def test_a_kernel_killed_while_a_clip_is_added_has_kept_nothing(home, film):
    place = {**os.environ, "PYTHONUTF8": "1"}
    program = KERNEL.replace("ANSWERS", repr(ANSWERS))
    command = [sys.executable, "-c", program, str(film)]
    run = subprocess.run(command, env=place, capture_output=True, text=True)
    assert "the clip is written" in run.stdout and run.returncode, run.stderr
    assert not home.exists() and len(list(records.unfinished().iterdir())) == 2
    keeping.sweep()
    assert not records.unfinished().exists()
    assert keeping.add(film, own_word())["id"] == "my_film"


def test_a_new_form_sweeps_what_a_killed_kernel_left(killed, form):
    send(form, "video", "My talk.mp4", b"12345")
    assert not killed.exists()
    assert forgetting.forget("My talk") == [form._files["video"]]


def test_a_file_appears_whole_under_a_name_that_nobody_can_guess(tmp_path):
    path, names = tmp_path / f"{'ü' * 123}.html", set()
    for text in ("one", "two"):
        with files.atomic_write(path) as partial:
            partial.write_text(text)
            names.add(partial.name)
        assert path.read_text() == text
    with pytest.raises(KeyboardInterrupt), files.atomic_write(path) as partial:
        stopped(partial.write_text("half"))
    assert list(tmp_path.iterdir()) == [path] and path.read_text() == "two"
    assert len(names) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_their_owner_can_read_own_clips(home, film, tmp_path, monkeypatch):
    rights = lambda path: path.stat().st_mode & 0o777  # noqa: E731
    home.mkdir(mode=0o755)
    cache.save_arrays(cache.cache_file("0" * 64, "track"), {"x": np.zeros(1)})
    marks.save_marks(home.parent / "my_marks" / "0.json", [])
    seen = []
    watched = lambda path, named, bar: seen.append(rights(path.parent))  # noqa: E731
    monkeypatch.setattr(headcount, "check_shots", watched)
    keeping.add(film, signed(tmp_path))
    for path in home.parent.rglob("*"):
        assert rights(path) == (0o700 if path.is_dir() else 0o600), path
    assert seen == [0o700]


# Consent of what is kept


@pytest.mark.parametrize(
    ("news", "words"),
    [
        ({"withdrawn": "2026-02-01"}, "withdrawn on 2026-02-01"),
        ({"expires": "2020-01-01"}, "ended on 2020-01-01"),
        ({"scope": ["make"]}, "not to 'analyse'"),
        ({"form_sha256": "0" * 64}, "missing or was changed"),
        ({"form": "forms/gone.pdf"}, "missing or was changed"),
        ({"contact": "", "type": "his word"}, "the type of consent must be"),
    ],
)
def test_consent_that_does_not_hold(news, words, home, film, tmp_path, capsys):
    keeping.add(film, signed(tmp_path))
    change(home, **news)
    with pytest.raises(ConsentError, match=f"{words}.*forget-clip my_film"):
        samples.open_clip("my_film")
    shutil.copy(home / "my_film.mp4", tmp_path / "copy.mp4")
    with pytest.raises(ConsentError, match=words):
        clips.Clip(tmp_path / "copy.mp4")
    inspect_video.main(["--clips"])
    line = capsys.readouterr().out.splitlines()[-1]
    assert "DO NOT USE" in line and "forget-clip my_film" in line
    forgetting.forget("film")


def test_a_fake_falls_when_consent_of_its_source_ends(home, film):
    keeping.add(film, own_word(), name="one")
    fake = write_fake(home, "my_fake", ["my_one"])
    clips.Clip(fake)
    text = (home / "catalog.json").read_text(encoding="utf-8")
    (home / "catalog.json").write_text(text.replace(str(TOMORROW), str(date.today())))
    clips.Clip(fake)  # consent lasts through its last day
    (home / "catalog.json").write_text(text.replace('"make"', '"analyse"'))
    with pytest.raises(ConsentError, match="my_one: .*not to 'make'"):
        clips.Clip(fake)


def test_ones_own_word_covers_nobody_else(home, film):
    keeping.add(film, own_word())
    book = home / "catalog.json"
    entries = json.loads(book.read_text(encoding="utf-8"))
    entries["clips"][0]["people"] = ["Zoë", "Ben"]
    book.write_text(json.dumps(entries))
    with pytest.raises(ConsentError, match="consent by word is for one person"):
        samples.open_clip("my_film")


def test_changed_bytes_and_strangers_are_refused(home, film):
    keeping.add(film, own_word())
    with pytest.raises(ConsentError, match="lies in data/my_clips but has no entry"):
        clips.Clip(shutil.copy(film, home / "stranger.mp4"))
    shutil.copy(film, home / "my_film.mp4")
    with pytest.raises(
        ConsentError, match="not the file that people agreed to.*forget-clip my_film"
    ):
        samples.open_clip("my_film")


BAD = {
    "hash": ({"sha256": "*"}, "64 hexadecimal digits in lower case"),
    "no hash": ({"sha256": None}, "sha256 must be a string"),
    "file elsewhere": ({"file": "../clips/ana_talk.mp4"}, "its file like my_talk.mp4"),
    "file of another": ({"file": "my_two.mp4"}, "its file like my_talk.mp4"),
    "kind": ({"kind": "copy"}, "kind must be"),
    "consent": ({"consent": None}, "consent must be a record"),
    "consent of a list": ({"consent": {"type": ["signed"]}}, "the type of consent must be"),
    "not own": ({"own": False}, "must be in each entry of data/my_clips"),
    "title": ({"title": 5}, "title must be a string"),
    "people": ({"people": None}, "people must be a list"),
    "no fake": ({"made_from": ["ana_talk"]}, "only a fake"),
    "sources": ({"kind": "fake", "made_from": [["ana_talk"]]}, "no longer in the catalogue"),
    "own source": ({"kind": "fake", "made_from": ["my_one"]}, "no longer in the catalogue"),
    "synthetic": ({"consent": {"type": "synthetic"}}, 'consent cannot be "synthetic"'),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_disables_its_own_clip_alone(what, home, tmp_path, plain_video, capsys):
    change, words = BAD[what]
    one, two = note(home, "my_one", **change), note(home, "my_two_of_us")
    cached = [cache.cache_file("5" * 64, "track"), home.parent / "my_marks" / f"{'5' * 24}.json"]
    for path in [*cached, (page := home.parent.parent / "build" / "a.html")]:
        path.parent.mkdir(exist_ok=True)
        path.write_text("5" * 64)
    clips.Clip(plain_video)
    clips.Clip(two)
    with pytest.raises(ConsentError, match=words):
        samples.open_clip("my_one")
    with pytest.raises(ConsentError, match=words):
        clips.Clip(one)
    lines = listing(capsys)
    assert "DO NOT USE" not in lines["my_two_of_us"]
    assert "DO NOT USE. my_one: " in lines["my_one"]
    assert words in lines["my_one"] and "forget-clip my_one" in lines["my_one"]
    assert forgetting.forget("my_one") == [one]
    assert list(listing(capsys)) == ["my_two_of_us"]
    assert all(path.exists() for path in [*cached, page, consent.file_of("ana_talk")])
    clips.Clip(two)


def test_networks_go_with_the_clip_because_they_can_draw_its_faces(home):
    one, network = note(home, "my_one"), home.parent / "my_networks" / "ana_me.npz"
    network.parent.mkdir()
    network.write_bytes(b"weights")
    assert set(forgetting.forget("my_one")) == {one, network}


@pytest.mark.parametrize("record", [7, [], {}, {"id": "../../clips/ana_talk"}, {"id": "my_*"}])
def test_a_record_without_an_id_goes_by_its_number(record, home, capsys):
    one = note(home, "my_one")
    keeping.write_catalogue([*records.own_records().values(), record])
    clips.Clip(one)
    assert "forget-clip record_2" in listing(capsys)["record_2"]
    assert forgetting.forget("record_2") == [] and consent.file_of("ana_talk").is_file()
    assert list(listing(capsys)) == ["my_one"]
    clips.Clip(one)


def test_a_good_record_with_the_id_of_a_bad_one_is_refused(home, capsys):
    one = note(home, "my_one")
    (good,) = records.own_records().values()
    keeping.write_catalogue([good | {"title": None}, good])
    with pytest.raises(ConsentError, match="title must be a string"):
        clips.Clip(one)
    assert "appears twice" in listing(capsys)["record_2"]


def test_one_film_under_two_names_is_mended_without_loss(home, capsys):
    one = note(home, "my_one")
    shutil.copy(one, two := note(home, "my_other"))
    written = list(records.own_records().values())
    written[1]["sha256"] = written[0]["sha256"]
    keeping.write_catalogue([*written, written[0]])
    marks = home.parent / "my_marks" / f"{written[0]['sha256'][:24]}.json"
    marks.parent.mkdir()
    marks.write_text("{}")
    clips.Clip(one)
    lines = listing(capsys)
    assert "appears twice" in lines["my_other"] and "appears twice" in lines["record_3"]
    assert forgetting.forget("record_3") == []
    assert forgetting.forget("my_other") == [two]
    assert marks.exists() and len(samples.open_clip("my_one")) == 8
    scanned = indexes(home)
    assert set(forgetting.forget("my_one")) == {one, marks} | scanned


DAMAGED = ["", "{}", '{"clips": 3}', '{"clips": [', "[" * 100_000, "\udcff"]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_catalogue_blocks_own_clips_alone(text, home, film, plain_video, capsys):
    path, book = note(home, "my_one"), home / "catalog.json"
    copy = shutil.copy(path, film.with_name("copy.mp4"))
    good = book.read_bytes()
    book.write_bytes(text.encode("utf-8", "surrogateescape"))
    clips.Clip(plain_video)
    consent.file_of("ana_talk")
    restore = "rename catalog.json.bak to catalog.json"
    for look in (clips.Clip, lambda _: samples.open_clip("my_one"), lambda _: clips.Clip(copy)):
        with pytest.raises(ConsentError, match=restore):
            look(path)
    assert restore in listing(capsys)["my_one"]
    for task in (lambda: keeping.add(film, own_word()), lambda: forgetting.forget("one")):
        with pytest.raises(ConsentError, match=restore):
            task()
    assert path.exists() and book.read_bytes() != good
    book.unlink()
    with pytest.raises(ConsentError, match=restore):
        clips.Clip(path)
    (home / "catalog.json.bak").rename(book)
    assert book.read_bytes() == good
    clips.Clip(path)


def test_without_a_good_copy_nobody_is_told_to_delete_the_others(home, capsys):
    path = note(home, "my_one")
    (home / "catalog.json").write_text("{")
    (home / "catalog.json.bak").write_text("{")
    words = listing(capsys)["my_clips"]
    assert "Correct catalog.json in a text editor" in words and "move it to another folder" in words
    (home / "catalog.json").unlink()
    with pytest.raises(ConsentError, match="has no entry.*or delete it: .*forget-clip my_one"):
        clips.Clip(path)
    assert forgetting.forget("one") == [path] and not home.exists()


def test_a_fake_of_a_clip_whose_consent_ended_is_listed_as_such(home, capsys):
    note(home, "my_one", consent=own_word().record("") | {"expires": "2020-01-01"})
    write_fake(home, "my_fake", ["my_one"])
    lines = listing(capsys)
    assert all("ended on 2020-01-01" in lines[name] for name in ("my_one", "my_fake"))


# The command line


def test_what_is_not_given_is_named_where_nobody_can_be_asked(home, film, capsys):
    given = {"video": str(film), "who": ["Zoë"], "scope": ["analyse"], "until": None}
    assert my_clips.main(["add", json.dumps(given)]) == 1
    said = capsys.readouterr().err
    assert "Still missing:" in said and "--who" not in said
    assert all(option in said for option in ("--me", "--form", "--until", "--contact"))


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal, who gives the answers of the list."""
    answers = []
    monkeypatch.setattr(my_clips.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: print(question) or answers.pop(0))
    return answers


def test_the_terminal_asks_for_the_rest_and_again_for_nonsense(home, film, terminal, capsys):
    terminal += ["", "Zoë", "perhaps", "y", "y", "n", "soon", "", "Zoë, at home"]
    assert my_clips.main(["add", json.dumps({"video": str(film)})]) == 0
    assert terminal == []
    said = capsys.readouterr().out
    assert "Please type an answer" in said and "Answer y or n" in said
    assert "expected a day such as" in said and "Kept as my_film" in said
    record = consent.catalogue()["my_film"]["consent"]
    assert record["type"] == "own word" and record["scope"] == ["analyse"]
    assert date.fromisoformat(record["expires"]) == date.today() + timedelta(days=365)


def test_the_terminal_asks_for_the_form_of_several(home, tmp_path, terminal, ana):
    write_two(tmp_path / "two.mp4", ana)
    (tmp_path / "form.jpg").write_bytes(FORM)
    terminal += ["Ana, Ben", "nowhere.jpg", str(tmp_path / "form.jpg"), "y", "y", "", "Ana"]
    assert my_clips.main(["add", json.dumps({"video": str(tmp_path / "two.mp4")})]) == 0
    assert consent.catalogue()["my_two"]["consent"]["type"] == "signed"


def test_nobody_is_asked_about_what_is_no_video(home, tmp_path, terminal, capsys):
    (tmp_path / "a.mp4").write_text("hello")
    assert my_clips.main(["add", json.dumps({"video": str(tmp_path / "a.mp4")})]) == 1
    assert "cannot read this file" in capsys.readouterr().err


def test_a_damaged_video_is_kept_and_the_damage_told(home, film, tmp_path, ana, capsys):
    path = write_video(tmp_path / "a.mp4", frames=ana, muxer={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[:-9000])
    assert my_clips.main(["add", json.dumps({"video": str(path), **ANSWERS})]) == 0
    said = capsys.readouterr().out
    assert said.count("a.mp4 is damaged") == 1 and "Kept as my_a" in said


def test_a_no_keeps_nothing(home, film, terminal, capsys):
    terminal += ["Zoë", "y", "n"]
    assert my_clips.main(["add", json.dumps({"video": str(film)})]) == 1
    assert "the clip cannot be kept" in capsys.readouterr().err and not home.exists()


def test_forgetting_asks_first(home, film, terminal, capsys):
    keeping.add(film, own_word())
    terminal += ["n", "y"]
    assert my_clips.main(["forget", '{"id": "film"}']) == 0
    assert "Nothing was deleted" in capsys.readouterr().out and (home / "my_film.mp4").exists()
    assert my_clips.main(["forget", '{"id": "film"}']) == 0
    assert "my_film.mp4" in capsys.readouterr().out and not home.exists()


def test_forgetting_without_a_terminal_needs_yes(home, film, capsys):
    keeping.add(film, own_word())
    assert my_clips.main(["forget", '{"id": "film"}']) == 1
    assert "Add --yes" in capsys.readouterr().err
    assert my_clips.main(["forget", '{"id": "film", "yes": true}']) == 0
    assert my_clips.main(["forget", '{"id": "ana_talk", "yes": true}']) == 1
    assert "which cannot be deleted here" in capsys.readouterr().err


def test_the_course_command_hands_all_answers_over(film, monkeypatch, capsys):
    handed = []
    monkeypatch.setattr(course, "set_up", lambda options: None)
    monkeypatch.setattr(course, "run", lambda *arguments: handed.append(arguments) or 0)
    line = ["add-clip", str(film), "--who", "Zoë", "--who", "Ben", "--scope", "analyse", "make"]
    for arguments in (line, ["forget-clip", "my_film", "--yes"]):
        options = course.parse(arguments)
        assert course.COMMANDS[options.command][0](options) == 0
    (_, program, task, answers), (*_, other, name) = handed
    assert (program.name, task, other) == ("my_clips.py", "add", "forget")
    answers = json.loads(answers)
    assert answers["video"] == str(film) and answers["who"] == ["Zoë", "Ben"]
    assert answers["scope"] == ["analyse", "make"] and answers["until"] is None
    assert json.loads(name) == {"id": "my_film", "yes": True}
    with pytest.raises(SystemExit, match="There is no video .*nowhere"):
        course.own_clip(course.parse(["add-clip", "nowhere.mp4"]))


# The form, without a browser


@pytest.fixture
def form():
    form = own_clips.form()
    form.said = []
    form.send = lambda content, buffers=None: form.said.append(content)
    return form


def send(form, kind, name, data, step=40_000):
    """Send a file as the browser does: each piece when the last has been answered."""
    at = 0
    while at < len(data):
        piece = {"kind": kind, "name": name, "at": at, "size": len(data)}
        form._handle_custom_msg(piece, [memoryview(data[at : at + step])])
        at = form.said[-1]["at"]


def test_the_form_keeps_what_came_in_pieces(home, form, film, monkeypatch):
    monkeypatch.setattr(headcount, "check_shots", CHECK_SHOTS)
    send(form, "video", "Ein Film ü.mp4", film.read_bytes())
    send(form, "form", "sheet.jpg", FORM)
    form._handle_custom_msg({"keep": {**ANSWERS, "id": "Ein Film ü", "me": False}}, [])
    assert form.said[-1]["kept"] == form.kept == "my_ein_film_u"
    tasks = [words["doing"] for words in form.said if "percent" in words]
    assert list(dict.fromkeys(tasks)) == [
        *("looking for faces", "writing the clip", "following faces")
    ]
    entry = consent.catalogue()["my_ein_film_u"]
    assert entry["title"] == "Ein Film ü" and entry["consent"]["type"] == "signed"
    assert tree(form._folder) == ["form", "lock", "video"]
    consent.require(samples.open_clip("my_ein_film_u"), "make")


def test_the_form_shows_the_entry_and_the_warnings_of_what_was_kept(form, home, monkeypatch):
    def add(file, agreed, *, bar, name, start, seconds):
        assert (Path(file), agreed.people, agreed.form) == (form._files["video"], ["Zoë"], None)
        assert (name, start, seconds) == ("Tea", 10, 2.5)
        list(bar(range(400), "writing the clip", 400))
        for _ in range(2):
            warnings.warn("The pictures look odd.", stacklevel=1)
        return {"id": "my_tea", "length": {"seconds": 2.5}, "source": "tea.mp4, with sound"}

    monkeypatch.setattr(keeping, "add", add)
    send(form, "video", "tea.mp4", b"12345")
    send(form, "form", "sheet.jpg", FORM)  # is not needed for one's own word
    part = {"id": "Tea", "start": "0:10", "seconds": "2.5"}
    form._handle_custom_msg({"keep": ANSWERS | part}, [])
    *progress, last = form.said[2:]
    assert progress == [{"doing": "writing the clip", "percent": p} for p in range(100)]
    assert last["kept"] == form.kept == "my_tea"
    assert last["said"].splitlines() == [
        "The pictures look odd.",
        "Kept as my_tea (2.5 s): tea.mp4, with sound.",
        'In a notebook: samples.open_clip("my_tea")',
        f"To delete it and all that was made from it: {records.FORGET} my_tea",
    ]
    assert tree(form._folder) == ["form", "lock", "video"]


def test_the_form_says_why_a_clip_is_not_kept(home, form, plain_video, film, monkeypatch):
    send(form, "video", "a.mp4", plain_video.read_bytes())
    form._handle_custom_msg({"keep": {**ANSWERS, "contact": ""}}, [])
    assert "Still missing" in form.said[-1]["error"] and "--contact" in form.said[-1]["error"]
    form._handle_custom_msg({"keep": ANSWERS}, [])
    assert form.said[-1]["error"].startswith("no face was found")
    form._handle_custom_msg({"keep": {**ANSWERS, "start": "x"}}, [])
    assert "expected a time" in form.said[-1]["error"]
    send(form, "video", "a.mp4", film.read_bytes())
    monkeypatch.setattr(clips.np, "pad", full_disk)
    form._handle_custom_msg({"keep": ANSWERS}, [])
    assert form.said[-1]["error"].startswith("the disk is full. Free some space")
    assert form.kept == "" and not home.exists()
    assert list(records.unfinished().glob("*")) == [form._folder]


def test_an_interrupted_kernel_keeps_nothing_and_says_so(home, form, film, monkeypatch):
    send(form, "video", "a.mp4", film.read_bytes())
    monkeypatch.setattr(headcount, "check_shots", stopped)
    form._handle_custom_msg({"keep": ANSWERS}, [])
    assert form.said[-1] == {"error": "it was stopped."}
    assert form.kept == "" and not home.exists()
    assert list(records.unfinished().glob("*")) == [form._folder]
    assert form._files["video"].read_bytes() == film.read_bytes()


def test_without_a_kernel_a_sentence_stands_in_its_place(form):
    data, _ = form._repr_mimebundle_()
    assert "a form for a clip appears here" in data["text/html"]


def test_pieces_that_do_not_fit_are_refused(home, form, monkeypatch):
    send(form, "video", "../../x.mp4", b"12345")
    assert form._files["video"].resolve().is_relative_to(form._folder.resolve())
    piece = {"kind": "video", "name": "x", "at": 3, "size": 9}
    form._handle_custom_msg(piece, [b"abc"])
    assert "choose it again" in form.said[-1]["error"]
    monkeypatch.setitem(own_clips.MOST, "video", 4)
    form._handle_custom_msg(piece | {"at": 0}, [b"12345"])
    assert "choose it again" in form.said[-1]["error"]


@pytest.mark.parametrize("kind", ["../../outside", "/outside", "", None, ["video"]])
def test_a_file_of_an_unknown_kind_is_refused(kind, home, form, tmp_path):
    send(form, "video", "a.mp4", b"12345")
    outside = [tmp_path / "outside", records.unfinished() / "outside"]
    for folder in outside:
        folder.mkdir()
        (folder / "x.mp4").write_bytes(b"mine")
    form._handle_custom_msg({"kind": kind, "name": "x.mp4", "at": 0, "size": 3}, [b"abc"])
    assert "error" in form.said[-1]
    assert all((folder / "x.mp4").read_bytes() == b"mine" for folder in outside)


# The form in Chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory, ana):
    """Chromium whose camera shows Ana and whose user always allows it."""
    folder = tmp_path_factory.mktemp("chromium")
    write_video(folder / "ana.y4m", frames=ana, codec="rawvideo", container="yuv4mpegpipe")
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags += [f"--use-file-for-fake-video-capture={folder / 'ana.y4m'}"]
    with chromium(folder / "profile", *flags) as browser:
        yield browser


def find(browser, selector, number=0):
    return browser.find_elements(By.CSS_SELECTOR, f".own-clip {selector}")[number]


def says(browser, line, words):
    wait(browser, lambda: words in find(browser, f"p.{line}").text)


ALONE, OTHERS, LOOK, MAKE = [
    (f"[name$=-{name}]", number) for name in ("me", "scope") for number in (0, 1)
]


@pytest.fixture
def shown(browser, home, tmp_path):
    """The form in JupyterLab."""
    cells = [
        "from framewise.workbench import own_clips",
        "own_clips.form()",
    ]
    with jupyterlab(tmp_path, cells) as port:
        metrics(browser, 1200, 1600)
        run_in_lab(browser, port)
        wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, ".own-clip"))
        yield browser


def test_a_recording_by_camera_is_kept_and_then_a_file_with_a_form(
    shown, home, tmp_path, film, ana
):
    find(shown, "[name=camera]").click()
    wait(shown, lambda: find(shown, "[name=record]").is_displayed())
    wait(shown, lambda: find(shown, "video").get_property("videoWidth") == 640)
    find(shown, "[name=record]").click()
    wait(shown, lambda: re.match("recording: [1-9]", find(shown, "p.video").text))
    find(shown, "[name=record]").click()
    says(shown, "video", "is here")
    assert not find(shown, "[name=record]").is_displayed()  # the camera is closed
    find(shown, "[name=keep]").click()
    says(shown, "keep", "Still missing: who is shown, the names, what everyone agreed to, who can")
    find(shown, "[name=who]").send_keys("Ana")
    find(shown, "[name=contact]").send_keys("Ana, in class")
    find(shown, "[name=id]").clear()
    find(shown, "[name=id]").send_keys("Ich ü")
    for one in (ALONE, MAKE):
        find(shown, *one).click()
    find(shown, "[name=agreed]").click()
    find(shown, "[name=keep]").click()
    says(shown, "keep", "Kept as my_ich_u")
    entry = consent.catalogue()["my_ich_u"]
    assert entry["consent"]["type"] == "own word" and entry["people"] == ["Ana"]
    assert entry["consent"]["scope"] == ["analyse", "make"]
    filmed = samples.open_clip("my_ich_u")[0].astype(int)  # how many frames: as the computer can
    assert min(np.abs(filmed - frame).mean() for frame in ana) < 6
    assert not find(shown, "[name=agreed]").is_selected()

    find(shown, "[name=video]").send_keys(str(film))
    says(shown, "video", "film.mp4 is here")
    for one in (OTHERS, LOOK):
        find(shown, *one).click()
    find(shown, "[name=agreed]").click()
    find(shown, "[name=keep]").click()
    says(shown, "keep", "Still missing: the signed form.")
    (tmp_path / "sheet.png").write_bytes(FORM)
    find(shown, "[name=form]").send_keys(str(tmp_path / "sheet.png"))
    says(shown, "form", "sheet.png is here")
    find(shown, "[name=keep]").click()
    says(shown, "keep", "Kept as my_film")
    assert consent.catalogue()["my_film"]["consent"]["type"] == "signed"
    find(shown, "[name=video]").send_keys(str(film))
    says(shown, "video", "is here")
    find(shown, *ALONE).click()
    find(shown, "[name=agreed]").click()
    find(shown, "[name=keep]").click()
    says(shown, "keep", "Not kept: The name my_film is taken")


BARE = """
  const [source, change, done] = arguments;
  (async () => {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const module = (await import(address)).default;
    const sent = [], heard = {};
    const model = {
      get: () => ({ most: { video: 3e6, form: 100 }, longest: 1 }),
      on: (name, call) => (heard[name] = call),
      off: (name) => delete heard[name],
      send: (content, _, buffers) => sent.push([content, buffers]),
    };
    const el = document.body.appendChild(document.createElement("div"));
    const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const until = async (holds) => { while (!holds()) await rest(10); };
    const line = (name) => el.querySelector(`p.${name}`).textContent;
    const named = (name) => el.querySelector(`[name=${name}]`);
    const choose = (kind, size, name = "a.mp4") => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(size)], name));
      named(kind).files = files.files;
      named(kind).dispatchEvent(new Event("change", { bubbles: true }));
    };
    const answer = (news) => heard["msg:custom"](news);
    const media = (value) =>
      Object.defineProperty(navigator, "mediaDevices", { value, configurable: true });
    const remove = module.render({ model, el });
    eval(`(async () => { ${change} })()`).then(done, (error) => done(String(error.stack)));
  })();
"""


def bare(browser, script):
    """Run the form on a page of its own, with a kernel made of words."""
    browser.get("about:blank")
    source = (own_clips.HERE / "own_clips.js").read_text(encoding="utf-8")
    return browser.execute_async_script(BARE, source, script)


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        ("media(undefined); globalThis.isSecureContext = false;", "pages from this computer"),
        ("deny('NotAllowedError')", "does not let this page use the camera. Click the camera icon"),
        ("deny('NotFoundError')", "No camera was found"),
        ("deny('NotReadableError')", "Another program is using the camera"),
        ("deny('StrangeError')", "The camera does not open (why)"),
        ("deny('x'); delete globalThis.MediaRecorder;", "cannot record video"),
    ],
)
def test_a_camera_that_does_not_open_is_told_with_another_way(browser, camera, words):
    said, usable = bare(
        browser,
        f"""
      const deny = (name) => media({{
        getUserMedia: async () => {{ throw new DOMException("why", name); }},
      }});
      {camera}
      named("camera").click();
      await until(() => line("video").includes("choose the file"));
      return [line("video"), !named("choose").disabled && !named("camera").disabled];
    """,
    )
    assert words in said
    assert usable


def test_pieces_wait_for_one_another(browser):
    sent, said, other = bare(
        browser,
        """
      choose("video", 2.5e6);
      await until(() => sent.length === 1);
      choose("form", 10, "b.jpg");
      const other = line("form");
      await rest(100);
      const sizes = [sent.length];
      for (const at of [1 << 20, 2 << 20, 2.5e6]) {
        answer({ at });
        await until(() => sent.length > sizes.length || line("video").includes("is here"));
        await rest(100);
        sizes.push(sent.length);
      }
      return [sizes.concat(sent.map(([piece, [data]]) => [piece.at, data.byteLength])),
        line("video"), other];
    """,
    )
    assert sent[:4] == [1, 2, 3, 3]
    assert sent[4:] == [[0, 1 << 20], [1 << 20, 1 << 20], [2 << 20, 2_500_000 - (2 << 20)]]
    assert said == "a.mp4 is here (2.5 MB)." and "Wait until the other file" in other


def test_files_that_cannot_come_and_errors_of_the_kernel_are_told(browser):
    large, empty, broken = bare(
        browser,
        """
      choose("video", 4e6);
      const large = line("video");
      choose("video", 0);
      const empty = line("video");
      choose("video", 10);
      await until(() => sent.length);
      answer({ error: "the <b>disk</b> is full" });
      return [large, empty, line("video")];
    """,
    )
    assert "at most 3.0 MB" in large and 'add-clip "a.mp4"' in large
    assert empty == "a.mp4 is empty. Choose another file."
    assert broken == "the <b>disk</b> is full"


def test_nothing_else_is_taken_while_a_clip_is_being_kept(browser):
    waits, said, sent = bare(
        browser,
        """
      choose("video", 10);
      await until(() => sent.length === 1);
      answer({ at: 10 });
      el.querySelectorAll("[name$=-me]")[0].click();
      el.querySelectorAll("[name$=-scope]")[0].click();
      for (const name of ["who", "contact"]) named(name).value = "Ana";
      named("agreed").click();
      named("keep").click();
      await until(() => sent.length === 2);
      choose("video", 20, "b.mp4");
      const waits = [line("video")];
      named("camera").click();
      waits.push(line("video"));
      await rest(100);
      answer({ error: "no face was found" });
      return [waits, line("keep"), sent.length];
    """,
    )
    assert waits == ["Wait until the clip has been kept."] * 2
    assert said == "Not kept: no face was found" and sent == 2


def test_a_recording_stops_by_itself_and_a_removed_form_closes_the_camera(browser):
    sent, live, closed = bare(
        browser,
        """
      const canvas = document.createElement("canvas"), streams = [];
      const paint = () => canvas.getContext("2d").fillRect(Math.random() * 99, 0, 9, 9);
      const draw = setInterval(paint, 30);
      media({ getUserMedia: async () => (streams.push(canvas.captureStream(25)), streams.at(-1)) });
      const ready = () => el.querySelector("video").videoWidth;
      named("camera").click();
      await until(ready);
      named("record").click();
      await until(() => sent.length);
      await until(() => !named("camera").disabled);
      const count = sent.length;
      named("camera").click();
      await until(() => streams.length === 2);
      await rest(100);
      const states = () => streams.map((stream) => stream.getTracks()[0].readyState);
      const live = states();
      remove();
      clearInterval(draw);
      return [count, live, states()];
    """,
    )
    assert sent == 1
    assert (live, closed) == (["ended", "live"], ["ended", "ended"])


def test_everything_is_in_sight_on_a_narrow_screen(browser):
    metrics(browser, 360, 900)
    outside = bare(
        browser,
        f"""
      const style = document.head.appendChild(document.createElement("style"));
      style.textContent = {json.dumps((own_clips.HERE / "own_clips.css").read_text())};
      el.querySelectorAll("[name$=-me]")[1].click();
      await rest(50);
      const wide = document.documentElement.clientWidth;
      return [...el.querySelectorAll("button, input, textarea, label, p")]
        .filter((node) => node.getClientRects().length).map((node) => node.getBoundingClientRect())
        .filter((box) => box.left < 0 || box.right > wide).length;
    """,
    )
    assert outside == 0
