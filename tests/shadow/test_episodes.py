"""Which episodes two bundles share."""

from __future__ import annotations

import random

import pytest

from edge.shadow.episodes import NEAR_S, Episodes
from edge.types import NS_PER_S


def settled(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Both sides second by second, "#" where pain is on; what is shared and what is alone in the end."""
    episodes = Episodes()
    both, alone = [0, 0], [0, 0]
    told = [
        episodes.step(left == "#", right == "#", second * NS_PER_S)
        for second, (left, right) in enumerate(zip(old, new, strict=True))
    ]
    for one in (*told, episodes.finish()):
        for side in (0, 1):
            both[side] += one.both[side]
            alone[side] += one.alone[side]
    return (both[0], both[1]), (alone[0], alone[1])


FAR = "." * (round(NEAR_S) + 1)
"""Longer than what lies near."""


@pytest.mark.parametrize(
    ("old", "new", "both", "alone"),
    [
        ("..##..", "..##..", (1, 1), (0, 0)),
        ("..##..", "......", (0, 0), (1, 0)),
        ("......", ".####.", (0, 0), (0, 1)),
        ("######", "..#...", (1, 1), (0, 0)),
        ("..####", ".....#", (1, 1), (0, 0)),
        ("##....", "..##..", (1, 1), (0, 0)),
        ("....##", "##....", (1, 1), (0, 0)),
        ("##" + FAR + "..", ".." + FAR + "##", (0, 0), (1, 1)),
        ("##" + FAR + "##", "##" + FAR + "##", (2, 2), (0, 0)),
        ("########", "##....##", (1, 2), (0, 0)),
        ("##" + FAR + "##", "##" + FAR + "..", (1, 1), (1, 0)),
        ("", "", (0, 0), (0, 0)),
    ],
)
def test_every_episode_is_counted_once(old: str, new: str, both: tuple[int, int], alone: tuple[int, int]) -> None:
    assert settled(old, new) == (both, alone)


@pytest.mark.parametrize("seed", range(60))
def test_of_any_course_each_side_counts_as_many_as_it_has(seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - a course, not a secret
    sides = [
        "".join(drawn.choice("#.") * drawn.randint(1, 40) for _ in range(20))[:400].ljust(400, ".") for _ in range(2)
    ]
    both, alone = settled(*sides)
    for side, course in enumerate(sides):
        assert both[side] + alone[side] == len([run for run in course.split(".") if run])
