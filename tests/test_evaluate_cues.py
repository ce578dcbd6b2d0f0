"""The evaluation of cues: the gauntlet, the tables by hand, and a combination without leak."""

import csv

import evaluate_cues
import numpy as np
import pytest
from evaluate_cues import GAUNTLET, Platform, Subject, passed_on
from framewise import DATA, clips, cues, samples
from make_fakes import PASTE, Case


def test_every_kind_of_fake_is_made_of_nine_or_four_clips_of_different_people():
    chosen = evaluate_cues.subjects()
    for group in evaluate_cues.WAYS:
        made = [subject for subject in chosen if subject.group == group]
        shipped = group in ("generation 2", "generation 3", "generation 4")
        assert len(made) == (4 if shipped else 9)
        assert all(len(set(subject.people)) == 2 for subject in made)
    originals = [subject for subject in chosen if subject.group == "original"]
    assert {subject.people for subject in originals} >= {("Ana",), ("Chen", "Gita")}
    assert not any(subject.case.source for subject in originals)


def picture(value=100):
    return np.full((40, 60, 3), value, np.uint8)


def test_platforms_change_what_they_say():
    images = [picture(10 * n) for n in range(10)]
    same = list(passed_on(images, Platform()))
    assert len(same) == 10 and all(np.array_equal(a, b) for a, b in zip(same, images, strict=True))
    assert len(list(passed_on(images, Platform(fps=15)))) == 6
    assert next(passed_on(images, Platform(scale=0.5))).shape == (20, 30, 3)
    filmed = next(passed_on([picture(200)], Platform(screen=True)))
    assert filmed[20, 30].mean() == pytest.approx(16 + 0.85 * 200, abs=8)
    assert filmed[0, 0].mean() < 40  # beside the screen it is dark
    grain = np.random.default_rng(0).normal(120, 4, (40, 60, 3)).astype(np.uint8)
    assert next(passed_on([grain], Platform(beauty=True))).std() < grain.std() / 1.5


def test_clips_are_written_once_alike_and_with_the_same_bytes(tmp_path):
    short = {"gauntlet": {name: GAUNTLET[name] for name in ("as it is", "CRF 40")}, "frames": 4}
    subject = Subject("one", "paste", Case("ben_talk", "hugo_talk", "warp", PASTE))
    files = evaluate_cues.clips_of(subject, tmp_path, **short)
    first = {name: path.read_bytes() for name, path in files.items()}
    assert len(first["CRF 40"]) < len(first["as it is"]) / 3
    clip = clips.Clip(files["as it is"])
    assert len(clip) == 4 and clip.size_wh[0] == 640 and clip.size_wh[1] > 480  # with its label
    unmarked = samples.open_clip("ben_talk")[2]
    assert np.abs(clip[2][:480].astype(int) - unmarked).mean() < 12
    files["as it is"].unlink()
    files["CRF 40"].write_bytes(b"kept")
    evaluate_cues.clips_of(subject, tmp_path, **short)
    assert files["as it is"].read_bytes() == first["as it is"]


def rows_of(values, group="original", people="Ana", condition="as it is"):
    return [
        {"condition": condition, "clip": f"{group} {people} {n}", "group": group, "people": people}
        | dict.fromkeys(cues.CUES, value)
        | dict.fromkeys(evaluate_cues.LEARNED, value)
        for n, value in enumerate(values)
    ]


def test_the_table_of_aucs_by_hand():
    rows = rows_of([1, 2, 4]) + rows_of([3, 5], "paste") + rows_of([0, ""], "generation 1")
    table = evaluate_cues.table_of_aucs(rows)
    found = {(row["on"], row["cue"]): row for row in table if row["condition"] == "as it is"}
    paste = found["paste", "seam"]
    assert paste["auc"] == 0.833 and (paste["fakes"], paste["originals"]) == (2, 3)
    assert paste["auc_low"] <= 0.833 <= paste["auc_high"]
    assert found["generation 1", "seam"]["auc"] == 0 and found["generation 1", "seam"]["fakes"] == 1
    assert found["crude", "seam"]["auc"] == round(5 / 9, 3)
    assert found["generation 3", "seam"]["auc"] == ""


NAMES = ["Ana", "Ben", "Chen", "Dalia", "Elsa", "Frank", "Gita", "Hugo", "Imani"]


def made_up(shift, rng):
    rows = []
    for name, giver in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True):
        rows += rows_of(rng.normal(0, 1, 20).tolist(), people=name)
        rows += rows_of(rng.normal(shift, 1, 5).tolist(), "paste", f"{name} {giver}")
    return rows


def test_the_combination_finds_what_is_there_and_its_threshold_holds_for_new_people():
    rows = evaluate_cues.add_combination(made_up(4, np.random.default_rng(0)))
    alarms = evaluate_cues.table_of_alarms(rows)
    assert len(alarms) == 180
    assert sum(row["alarm"] for row in alarms) / 180 <= 0.08
    fakes = [row for row in rows if row["group"] == "paste"]
    assert np.mean([row["combination"] > row["threshold"] for row in fakes]) > 0.8


def test_where_nothing_is_to_be_found_the_combination_finds_nothing():
    rows = evaluate_cues.add_combination(made_up(0, np.random.default_rng(1)))
    table = evaluate_cues.table_of_aucs([r | {"self-blended": ""} for r in rows])
    (found,) = [
        row
        for row in table
        if (row["condition"], row["on"], row["cue"]) == ("as it is", "paste", "combination")
    ]
    assert 0.25 < found["auc"] < 0.75  # a leak of a person's own level would raise it


def test_the_detector_never_learns_from_the_people_whom_it_scores():
    rng = np.random.default_rng(3)
    shape = (4, 3, 16, 16)
    pairs = {name: (rng.normal(0, 1, shape), rng.normal(0.5, 1, shape)) for name in ("Ben", "Chen")}
    trap = rng.normal(0, 1, shape)
    pairs["Ana"] = (trap + 5, trap)  # whoever learns from Ana says the opposite
    rows = [
        {"people": people, "group": group, "features": rng.normal(level, 1, shape)}
        for people, group, level in [("Ana", "original", 0), ("Ana Dalia", "paste", 0.5)]
    ]
    rows.append({"people": "Dalia", "group": "original", "features": np.zeros((0, 3, 16, 16))})
    untouched, made, unseen = evaluate_cues.add_detector(rows, pairs)
    assert made["self-blended"] > 0 > untouched["self-blended"]
    assert unseen["self-blended"] == "" and "features" not in made


def test_the_numbers_in_the_readme_are_those_of_the_tables():
    tables = {}
    for name in ("artifacts", "false_alarms"):
        with open(DATA / "evaluation" / f"{name}.csv", newline="", encoding="utf-8") as file:
            tables[name] = list(csv.DictReader(file))
    auc = {
        row["on"]: f"{float(row['auc']):.2f}"
        for row in tables["artifacts"]
        if (row["condition"], row["cue"]) == ("as it is", "combination") and row["auc"]
    }
    scored = [row for row in tables["false_alarms"] if row["combination"]]
    alarms = sum(int(row["alarm"]) for row in scored)
    readme = " ".join((DATA.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"originals and crude fakes in order with an AUC of {auc['crude']} " in readme
    assert f"the AUC is only {auc['generation 4']}." in readme
    share, untouched = alarms / len(scored), {row["clip"] for row in scored}
    told = f"{alarms} false alarms in {len(scored)} measurements ({100 * share:.0f} %)"
    assert told in readme
    assert f"of {len(untouched)} untouched clips" in readme
