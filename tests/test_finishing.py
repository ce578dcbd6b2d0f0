"""Finishing: clips made of drawn faces, their repairs, and the measures of a fake."""

import numpy as np
import pytest
from framewise import autoencoder, clips, finishing, pairing, samples, swap, tracking
from framewise.finishing import Finish
from framewise.workbench import encode

HERE = slice(28, 38)  # Ana blinks; her lids are lowest in frame 32


@pytest.fixture(scope="module")
def ana():
    return samples.open_clip("ana_talk")


@pytest.fixture(scope="module")
def points(ana):
    return tracking.track_face(ana).points


def grey(images):
    return np.full_like(images, 90)


def staring(ana):
    """Return a network that draws Ana's face of frame 25 whatever it sees: eyes open."""
    face = autoencoder.collect_faces(ana, start=25, stop=26, size=128).images

    def draw(images):
        return np.repeat(face, len(images), axis=0)

    return draw


def test_detail_by_hand():
    image = np.zeros((200, 200, 3), np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 100  # a chessboard: 4 neighbours are 100 away
    points = autoencoder.alignment.CANONICAL * 160 + 20
    assert finishing.detail(image, points) == pytest.approx(100)
    assert finishing.detail(np.full_like(image, 7), points) == 0


def test_detail_looks_only_inside(ana, points):
    image = ana[60]
    inside = swap.face_mask(points[60], ana.size_wh) > 0
    inside[1:-1, 1:-1] |= (
        inside[2:, 1:-1] | inside[:-2, 1:-1] | inside[1:-1, 2:] | inside[1:-1, :-2]
    )
    other = np.where(inside[..., None], image, 255 - image)
    assert finishing.detail(other, points[60]) == finishing.detail(image, points[60])


def test_only_the_face_changes_and_only_in_these_frames(ana, points):
    frames = list(finishing.finish_clip(ana, grey, frames=HERE))
    assert len(frames) == 10
    for frame, image, face in zip(frames, ana.frames(28, 38), points[HERE], strict=True):
        outside = swap.face_mask(face, ana.size_wh) == 0
        assert (frame[outside] == image[outside]).all() and (frame != image).any()


def test_frames_without_a_face_stay(ana, monkeypatch):
    track = tracking.track_face(ana)
    track.points[30] = np.nan
    track.points[100:103] = np.nan
    monkeypatch.setattr(pairing, "only_track", lambda clip: track)
    frames = list(finishing.finish_clip(ana, grey, frames=HERE))
    assert (frames[2] == ana[30]).all() and (frames[3] != ana[31]).any()
    gap = finishing.finish_clip(ana, grey, Finish(detail=1), frames=slice(100, 103))
    assert all(
        (frame == image).all() for frame, image in zip(gap, ana.frames(100, 103), strict=True)
    )


def test_sharpening_reaches_the_detail_that_is_asked_for(ana, points):
    draw = staring(ana)
    for goal in (0.8, 1.0):
        frames = finishing.finish_clip(ana, draw, Finish(detail=goal), size=128, frames=HERE)
        pairs = zip(frames, ana.frames(28, 38), points[HERE], strict=True)
        shares = [finishing.detail(f, p) / finishing.detail(i, p) for f, i, p in pairs]
        assert np.mean(shares) == pytest.approx(goal, abs=0.08)


def test_own_eyes_bring_the_blink_back(ana, tmp_path):
    faces = autoencoder.collect_faces(ana, stop=60).images
    follows = {}
    for eyes in (False, True):
        made = finishing.finish_clip(
            ana, staring(ana), Finish(eyes=eyes), size=128, frames=slice(15, 50)
        )
        fake = clips.Clip(encode.write_clip(tmp_path / f"{eyes}.mp4", made, ana.fps))
        follows[eyes] = finishing.measure_fake(fake, ana, faces, faces, first=15)
    assert follows[True].eyes > 0.9 > follows[False].eyes
    assert follows[True].blinks == 1 and follows[False].blinks == 0


def test_the_untouched_clip_measures_as_itself(ana, tmp_path):
    ana_faces = autoencoder.collect_faces(ana, stop=60).images
    gita = autoencoder.collect_faces(samples.open_clip("gita_talk"), stop=60).images
    same = clips.Clip(encode.write_clip(tmp_path / "same.mp4", ana.frames(20, 60), ana.fps))
    quality = finishing.measure_fake(same, ana, ana_faces, gita, first=20)
    assert quality.detail == pytest.approx(1, abs=0.05) and quality.nearer == 0
    assert quality.mouth > 0.99 and quality.eyes > 0.97 and quality.blinks == 1
    with pytest.raises(ValueError, match=r"at most 39 frames.*from frame 161 on, got 40\. Pass"):
        finishing.measure_fake(same, ana, ana_faces, gita, first=161)


def test_tremble_by_hand():
    points = np.zeros((5, 468, 2))
    points[:, :, 0] = np.array([0, 1, 2, 3, 4])[:, None]
    assert finishing._tremble(points) == 0
    points[:, :, 0] = np.array([0, 2, 0, 2, 0])[:, None]
    assert finishing._tremble(points) == 4


def test_blinks_that_cannot_be_counted_are_not_zero(ana):
    track = tracking.track_face(ana)
    still = tracking.FaceTrack(
        *(getattr(track, name)[:1] for name in ("points", "eyelids", "iris", "score", "times"))
    )
    assert finishing.count_blinks(still) == -1


@pytest.mark.parametrize("step", [2, -1])
def test_frames_that_do_not_follow_each_other_are_refused(ana, step):
    with pytest.raises(ValueError, match=f"frames: expected frames .*got a step of {step}"):
        finishing.finish_clip(ana, grey, frames=slice(0, 10, step))
