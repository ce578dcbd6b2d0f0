"""Answers to the exercises of notebooks 07 and 07b: some right ones, some wrong ones."""

from itertools import pairwise

import numpy as np


def by_loop(shares):
    count, shut = 0, False
    for share in shares:
        if not shut and share < 0.65:
            count, shut = count + 1, True
        elif shut and share >= 0.82:
            shut = False
    return count


def with_arrays(shares):
    marks = np.full(len(shares), -1)
    marks[shares < 0.65], marks[shares >= 0.82] = 1, 0  # fails with a list
    marks = np.concatenate([[0], marks[marks >= 0]])
    return np.sum(np.diff(marks) == 1)


def by_index(shares):
    count, i = 0, 0
    while i < len(shares):
        if shares[i] < 0.65:
            count += 1
            while i < len(shares) and shares[i] < 0.82:
                i += 1
        i += 1
    return float(count)


def one_level(shares):
    shares = [1, *shares]
    return sum(a >= 0.65 > b for a, b in pairwise(shares))


def from_the_upper_level(shares):
    shares = [1, *shares]
    return sum(a >= 0.82 > b for a, b in pairwise(shares))


def or_equal(shares):
    return by_loop([0.64 if share == 0.65 else share for share in shares])


def above_only(shares):
    return by_loop([0.81 if share == 0.82 else share for share in shares])


def only_if_it_ends(shares):
    return by_loop(shares) - (shares[-1] < 0.82)


def only_if_it_begins(shares):
    return by_loop(shares) - (shares[0] < 0.65)


def crash(shares):
    return shares["first"] / 0


def nothing(shares):
    by_loop(shares)


RIGHT = {
    "07.1": [3, 3.0, np.int64(3), [3], np.array([3]), "3"],
    "07.2": [by_loop, with_arrays, by_index, lambda shares: [by_loop(shares)]],
    "07.3": [
        [0.75, 0.9], (9 / 12, 9 / 10), np.array([0.75, 0.9]), [75, 90],
        {"precision": 0.75, "recall": 0.9},
    ],
    "07.4": [158.0949, 158, 158.1, np.float64(158.0949), [158], np.array([159]), 160],
    "07.5": ["cannot tell", "Cannot tell.", "I cannot tell", ["cannot tell"], "can't tell"],
}  # fmt: skip

WRONG = {
    "07.1": [0, 2, 4, 3.5, -3, None, "three", [1, 2, 3], float("nan")],
    "07.2": [
        one_level, from_the_upper_level, or_equal, above_only, only_if_it_ends, only_if_it_begins,
        crash, nothing, lambda shares: ..., lambda shares: sum(s < 0.65 for s in shares),
        lambda: 1, lambda shares: "one", 2, None,
    ],
    "07.3": [
        [0.9, 0.75], [9 / 13, 9 / 13], [0.75, 0.75], [12 / 9, 0.9], [0.75, 9], 0.75, None,
        [..., ...], "0.75, 0.9", {"precision": 0.9, "recall": 0.75}, [-1, 0.9],
    ],
    "07.4": [42.9, 2.63, 49, 15.4, 21.1, 128.4, 100, 200, 0, -158, None, "long", [158, 158]],
    "07.5": [
        "lower than usual", "as usual", "higher than usual", "fake", None, 8, (2.2, 20.5), "",
        ["cannot tell", "as usual"],
    ],
}  # fmt: skip
