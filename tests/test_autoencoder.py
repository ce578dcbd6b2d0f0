"""Autoencoder: two people share an encoder; training is repeatable, stops and goes on unharmed."""

import errno
import itertools
import json
import signal
import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from framewise import autoencoder, clips, consent, finishing, samples, tracking
from framewise.workbench import encode, files, training

SMALL = {"hidden": 8, "code": 4}


def toy_faces(count=12, size=32):
    rng = np.random.default_rng(count)
    coarse = rng.integers(0, 255, (2, count, 4, 4, 3)).astype(np.uint8)
    return [np.stack([cv2.resize(face, (size, size)) for face in person]) for person in coarse]


def weights(model):
    return np.concatenate([array.ravel() for array in model.optimiser.arrays])


@pytest.fixture(scope="module")
def people():
    """Faces of Ana and Gita to learn from, and held-out faces of Ana."""
    ana = autoencoder.collect_faces(samples.open_clip("ana_talk")).images
    gita = autoencoder.collect_faces(samples.open_clip("gita_talk"), stop=120).images
    return [ana[:120], gita], ana[120:]


@pytest.fixture(scope="module")
def trained(people):
    model = autoencoder.start(people[0])
    autoencoder.train(model, people[0], 60)
    return model


# Faces


def test_a_cut_face_lies_where_the_mean_shape_says():
    ana = samples.open_clip("ana_talk")
    face = tracking.track_face(ana).points[60]
    small, matrix = autoencoder.cut_face(ana[60], face, size=128)
    left, top, side = autoencoder.WINDOW
    eyes = face[[33, 133, 362, 263]] @ matrix[:, :2].T + matrix[:, 2]
    goal = (autoencoder.alignment.CANONICAL[[33, 133, 362, 263]] - (left, top)) * 128 / side
    assert small.shape == (128, 128, 3) and np.abs(eyes - goal).max() < 4


def test_faces_know_their_frames():
    faces = autoencoder.collect_faces(samples.open_clip("ana_talk"), start=150, stop=153, size=48)
    assert faces.images.shape == (3, 48, 48, 3) and faces.matrices.shape == (3, 2, 3)
    assert faces.frame_index.tolist() == [150, 151, 152]


def test_found_footage_is_refused(tmp_path):
    frames = samples.open_clip("ana_talk").frames(0, 4)
    found = clips.Clip(encode.write_clip(tmp_path / "found.mp4", frames, 25))
    for make in (autoencoder.collect_faces, lambda c: finishing.finish_clip(c, None)):
        with pytest.raises(consent.ConsentError, match="found footage"):
            make(found)


def test_consent_to_analyse_alone_is_refused(tmp_path, monkeypatch):
    path = encode.write_clip(
        tmp_path / "my_face.mp4", samples.open_clip("ana_talk").frames(0, 4), 25
    )
    record = {"type": "own word", "scope": ["analyse"], "date": "2026-01-31"}
    record |= {"expires": "2099-01-31", "contact": "Nina"}
    entry = {"id": "my_face", "file": path.name, "sha256": files.sha256_of(path), "own": True}
    entry |= {"kind": "original", "title": "me", "licence": "none", "people": ["Nina"]}
    folder = tmp_path / "my_clips"
    folder.mkdir()
    path.rename(folder / path.name)
    book = {"clips": [entry | {"consent": record}]}
    (folder / "catalog.json").write_text(json.dumps(book))
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    with pytest.raises(consent.ConsentError, match="not to 'make'"):
        autoencoder.collect_faces(samples.open_clip("my_face"))


def test_two_people_are_refused():
    with pytest.raises(ValueError, match=r"one face, got 2\. Choose a clip with one person"):
        autoencoder.collect_faces(samples.open_clip("chen_gita"))


def test_a_clip_without_a_face_is_refused(tmp_path, monkeypatch):
    grey = np.full((4, 96, 96, 3), 128, np.uint8)
    clip = clips.Clip(encode.write_clip(tmp_path / "grey.mp4", grey, 25))
    monkeypatch.setattr(consent, "require", lambda clip, scope: None)
    with pytest.raises(ValueError, match="one face, got none"):
        autoencoder.collect_faces(clip)


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_face_of_very_different_size_gives_nearly_the_same_cut(factor):
    ana = samples.open_clip("ana_talk")
    image, face = ana[60], tracking.track_face(ana).points[60]
    other = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    points = (face + 0.5) * factor - 0.5
    cuts = [autoencoder.cut_face(*pair)[0] for pair in ((image, face), (other, points))]
    assert np.corrcoef(*(cut.ravel() for cut in cuts))[0, 1] > 0.97
    back = autoencoder.put_back(cuts[1], autoencoder.cut_face(other, points)[1], other, points)
    assert back.frame.shape == other.shape and back.changed.any()


# The network


def test_the_untrained_network_draws_the_mean_face(people):
    model = autoencoder.start(people[0])
    drawn = autoencoder.swap_faces(model, people[1][:2], 0, 1)
    area = autoencoder.face_area()
    assert (drawn[0] == drawn[1]).all() and not drawn[:, ~area].any()
    goal = people[0][1].mean(0)[area]
    assert np.abs(drawn[0][area] - goal).max() <= 1


def test_the_gradient_of_a_whole_step_against_finite_differences():
    faces = toy_faces()
    model = autoencoder.start(faces, **SMALL)
    rng, sizes = np.random.default_rng(3), [layer.weight.shape for layer in model.decoders[0]]
    layers = [*model.encoder, *model.decoders[0], *model.decoders[1]]
    doubled = [autoencoder.Layer(*(a.astype(float) for a in layer)) for layer in layers]
    for layer in doubled:
        layer.weight[:] = rng.normal(0, 0.1, layer.weight.shape)
    model.encoder, model.decoders = doubled[:2], (doubled[2:4], doubled[4:])
    x = [rng.normal(0, 0.3, (3, sizes[-1][1])) for _ in range(2)]
    caught = []
    model.optimiser = SimpleNamespace(step=caught.extend)

    def loss():
        autoencoder._train_step(model, x, [0 * rows for rows in x])
        return model.losses[-1]

    loss()
    gradients = list(caught)
    for layer, gradient in zip(doubled, gradients, strict=True):
        for array, slope in zip(layer, gradient, strict=True):
            at = tuple(rng.integers(n) for n in array.shape)
            before = array[at]
            array[at] = before + 1e-5
            high = loss()
            array[at] = before - 1e-5
            low = loss()
            array[at] = before
            assert slope[at] == pytest.approx((high - low) / 2e-5, rel=1e-3, abs=1e-7)


def test_the_same_seed_gives_the_same_network_and_parts_give_the_whole():
    faces = toy_faces()
    once, parts, other = (autoencoder.start(faces, seed=s, **SMALL) for s in (4, 4, 5))
    autoencoder.train(once, faces, 12)
    for steps in (5, 0, 7):
        autoencoder.train(parts, faces, steps)
    autoencoder.train(other, faces, 12)
    assert (weights(once) == weights(parts)).all() and once.losses == parts.losses
    assert once.losses != other.losses


def test_training_lowers_the_loss_and_stops_when_told():
    faces = toy_faces()
    model = autoencoder.start(faces, **SMALL)
    autoencoder.train(model, faces, 400, watch=lambda m: len(m.losses) == 150)
    assert len(model.losses) == 150
    assert np.mean(model.losses[-10:]) < 0.7 * np.mean(model.losses[:10])


def test_held_out_faces_become_gita_and_are_rebuilt(people, trained):
    faces, held_out = people
    drawn = autoencoder.swap_faces(trained, held_out, 0, 1)
    to_ana, to_gita = (autoencoder.likeness(drawn, person) for person in faces)
    assert (to_gita > to_ana).mean() >= 0.9
    area = autoencoder.face_area()
    rebuilt = autoencoder.swap_faces(trained, held_out, 0, 0)[:, area].astype(float)
    truth = held_out[:, area].astype(float)
    assert np.abs(rebuilt - truth).mean() < 0.8 * np.abs(faces[0][:, area].mean(0) - truth).mean()


def test_the_drawn_face_moves_with_the_performer(people, trained):
    mouth = np.s_[:, 40:58, 20:44]
    drawn = autoencoder.swap_faces(trained, people[1], 0, 1)[mouth].mean((1, 2, 3))
    assert np.corrcoef(drawn, people[1][mouth].mean((1, 2, 3)))[0, 1] > 0.6


# Likeness


def test_codes_of_a_face_and_of_its_drawing(people, trained):
    held_out = people[1]
    codes = autoencoder.encode_faces(trained, held_out, 0)
    assert codes.shape == (80, 64)
    rows = autoencoder.networks.forward(trained.decoders[1], codes)[-1] + trained.means[1]
    drawn = autoencoder.swap_faces(trained, held_out, 0, 1)[:, autoencoder.face_area()]
    assert np.abs(drawn.reshape(80, -1) / 255 - np.clip(rows, 0, 1)).max() < 0.5 / 255 + 1e-4


def test_likeness_ignores_brightness_contrast_and_tint(people):
    (ana, gita), held_out = people
    tinted = np.uint8(np.rint(held_out[::8] * [0.5, 0.7, 0.6] + [20, 0, 40]))
    for person in (ana, gita):
        plain = autoencoder.likeness(held_out[::8], person)
        assert autoencoder.likeness(tinted, person) == pytest.approx(plain, abs=0.01)


def test_likeness_tells_people_apart(people):
    (ana, gita), held_out = people
    assert (autoencoder.likeness(held_out, ana) > autoencoder.likeness(held_out, gita)).all()
    assert autoencoder.likeness(ana.mean(0, keepdims=True).astype(np.uint8), ana)[0] > 0.999


# Training with a bar


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """What the learner sees, newest last."""
    pages = []
    handle = SimpleNamespace(update=lambda page: pages.append(page.data))

    def display(page, display_id):
        pages.append(page.data)
        return handle

    monkeypatch.setattr(training, "display", display)
    return pages


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    return tmp_path / "my_networks"


def fresh(faces, **more):
    return autoencoder.start(faces, **(SMALL | more))


def test_the_last_page_shows_bar_pictures_and_curve(shown):
    faces = toy_faces()
    training.run(fresh(faces), faces, steps=6)
    assert "step 6 of 6" in shown[-1] and "width:100.0%" in shown[-1]
    assert shown[-1].count("<img alt=") == 2 and "6 steps in" in shown[-1]


def test_a_dead_kernel_loses_nothing_that_was_saved(own):
    faces = toy_faces()
    training.run(fresh(faces), faces, steps=7, keep="toy")
    resumed, whole = fresh(faces), fresh(faces)
    training.run(resumed, faces, steps=15, keep="toy")
    training.run(whole, faces, steps=15)
    assert resumed.losses == whole.losses and (weights(resumed) == weights(whole)).all()
    assert [path.name for path in own.iterdir()] == ["toy.npz"]


def test_a_finished_network_is_not_trained_further(own, shown):
    faces = toy_faces()
    training.run(fresh(faces), faces, steps=5, keep="toy")
    again = fresh(faces)
    training.run(again, faces, steps=5, keep="toy")
    assert len(again.losses) == 5 and "0 steps in" in shown[-1]


def test_an_older_file_does_not_set_a_network_back(own):
    faces = toy_faces()
    model = fresh(faces)
    training.run(model, faces, steps=3, keep="toy")
    autoencoder.train(model, faces, 5)
    training.run(model, faces, steps=10, keep="toy")
    assert len(model.losses) == 10


def test_an_interrupt_ends_training_after_the_step(own, monkeypatch, shown):
    faces = toy_faces()
    model, whole = fresh(faces), fresh(faces)
    step = autoencoder._train_step

    def interrupted(*arguments):
        if len(model.losses) == 4:
            signal.raise_signal(signal.SIGINT)  # in the middle of a step
        step(*arguments)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(autoencoder, "_train_step", interrupted)
    training.run(model, faces, steps=20, keep="toy")
    assert len(model.losses) == 5 and "stopped the training after step 5" in shown[-1]
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(autoencoder, "_train_step", step)
    training.run(model, faces, steps=20, keep="toy")
    autoencoder.train(whole, faces, 20)
    assert (weights(model) == weights(whole)).all()


def test_it_runs_in_other_threads_too():
    faces = toy_faces()
    model = fresh(faces)
    thread = threading.Thread(target=training.run, args=(model, faces), kwargs={"steps": 3})
    thread.start()
    thread.join()
    assert len(model.losses) == 3


def test_a_network_of_other_faces_is_not_touched(own):
    faces, others = toy_faces(), toy_faces(9)
    training.run(fresh(faces), faces, steps=2, keep="toy")
    before = (own / "toy.npz").read_bytes()
    for model, used in ((fresh(others), others), (fresh(faces, seed=1), faces)):
        with pytest.raises(ValueError, match="other faces, or that was started in another way"):
            training.run(model, used, steps=2, keep="toy")
    with pytest.raises(ValueError, match="other faces"):
        training.run(fresh(faces, hidden=9), faces, steps=2, keep="toy")
    assert (own / "toy.npz").read_bytes() == before


def test_a_damaged_file_is_named(own):
    faces = toy_faces()
    own.mkdir()
    (own / "toy.npz").write_bytes(b"half a net")
    with pytest.raises(ValueError, match=r"toy\.npz cannot be read.*Delete it"):
        training.run(fresh(faces), faces, steps=2, keep="toy")
    (own / "toy.npz").unlink()
    training.run(fresh(faces), faces, steps=2, keep="toy")
    with np.load(own / "toy.npz") as data:
        arrays = {name: data[name] for name in data.files if name != "v.0"}
    np.savez(own / "toy.npz", **arrays)
    model = fresh(faces)
    before = [array.copy() for array in model.optimiser.arrays]
    with pytest.raises(ValueError, match=r"toy\.npz cannot be read.*Delete it"):
        training.load(model, faces, own / "toy.npz")
    assert all(map(np.array_equal, before, model.optimiser.arrays)), "half loaded"


def save_at_each_step(monkeypatch):
    """Let a minute pass each time that the training looks at the clock."""
    clock = SimpleNamespace(monotonic=itertools.count(0.0, 60.0).__next__)
    monkeypatch.setattr(training, "time", clock)


def test_a_save_that_works_replaces_the_word_of_one_that_did_not(own, monkeypatch, shown):
    faces, save = toy_faces(), training.save

    def once(*arguments):
        monkeypatch.setattr(training, "save", save)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training, "save", once)
    save_at_each_step(monkeypatch)
    training.run(fresh(faces), faces, steps=4, keep="toy")
    assert "Step 4 is saved" in shown[-1] and "could not be saved" not in shown[-1]


def test_a_full_disk_does_not_end_the_training(own, monkeypatch, shown):
    faces = toy_faces()
    model = fresh(faces)

    def full(*arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training.np, "savez", full)
    save_at_each_step(monkeypatch)
    training.run(model, faces, steps=4, keep="toy")
    assert len(model.losses) == 4
    assert "No space left on device" in shown[-1] and "Training goes on" in shown[-1]
    assert not list(own.iterdir())


@pytest.mark.parametrize("name", ["../toy", "a b", "", "toy.npz", "x" * 61])
def test_bad_names_are_refused(name, own):
    with pytest.raises(ValueError, match="expected a name of 1 to 60 letters"):
        training.network_file(name)


def test_the_curve_goes_down_on_the_page_when_the_loss_falls():
    image = training.draw_curve([0.1, 0.01, 0.001], 3).astype(int)
    rows, columns = np.nonzero(image[:, :, 2] - image[:, :, 0] > 100)
    assert rows[columns.argmin()] < rows[columns.argmax()]


def test_rows_that_a_network_drew_are_marked(monkeypatch):
    faces, marked = toy_faces(), []
    monkeypatch.setattr(training.fakes, "mark", lambda row: marked.append(row) or row)
    training.draw_faces(fresh(faces), faces[0][:4])
    assert len(marked) == 2 and all(row.shape == (112, 448, 3) for row in marked)


def test_rows_hold_the_pixels_of_the_face_in_order():
    image = np.zeros((1, 64, 64, 3), np.uint8)
    first = np.argwhere(autoencoder.face_area())[0]
    image[0, first[0], first[1]] = (51, 102, 255)
    rows = autoencoder.rows_of(image)
    assert rows.shape == (1, 3 * autoencoder.face_area().sum())
    np.testing.assert_allclose(rows[0, :3], [0.2, 0.4, 1])
    assert not rows[0, 3:].any()
