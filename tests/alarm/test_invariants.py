"""The invariants over random courses (hypothesis, and kept seeds), and that breaking one is noticed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from edge.types import Condition, Hold, Modality
from tests.alarm.invariants import CheckedBed, Law
from tests.alarm.long import HOT, MODES, SCORES, play
from tests.alarm.mutants import MUTANTS, SHORT, Mutant, caught

KEPT_SEEDS = (0, 3, 7, 11)
"""The first found a fault in the bookkeeping of escalation; the others are there for breadth."""


class AnyCourse(RuleBasedStateMachine):
    """A bed to which anything may happen; `CheckedBed` raises where a law is broken."""

    @initialize(tick_s=st.sampled_from([0.5, 1.0, 3.0]))
    def begin(self, tick_s: float) -> None:
        """A new bed."""
        self.folder = Path(tempfile.mkdtemp(prefix="anodyne-alarm-"))
        self.bed = CheckedBed(self.folder, tick_s=tick_s)

    def teardown(self) -> None:
        """Clear away."""
        if hasattr(self, "bed"):
            self.bed.close()
            shutil.rmtree(self.folder)

    @rule(score=st.sampled_from(SCORES), seconds=st.integers(1, 60))
    def see(self, score: float, seconds: int) -> None:
        """Everything is in sight."""
        self.bed.see(score, seconds)

    @rule(mode=st.sampled_from(MODES), score=st.sampled_from(SCORES), seconds=st.integers(1, 60))
    def lose_a_sensor(self, mode: tuple[Modality, ...], score: float, seconds: int) -> None:
        """Some of the evidence is missing."""
        self.bed.see(score, seconds, mode)

    @rule(seconds=st.integers(1, 150))
    def be_blind(self, seconds: int) -> None:
        """Nothing is in sight."""
        self.bed.see(None, seconds)

    @rule(seconds=st.integers(1, 60))
    def be_hot(self, seconds: int) -> None:
        """The box itself is in trouble."""
        self.bed.see(1.0, seconds, facts=HOT)

    @rule(condition=st.sampled_from(list(Condition)))
    def acknowledge(self, condition: Condition) -> None:
        """Somebody presses a button."""
        self.bed.acknowledge(condition)

    @rule(hold=st.sampled_from([Hold.CARE, Hold.AUDIO_PAUSED, Hold.ALARMS_PAUSED]), seconds=st.integers(1, 200))
    def hold(self, hold: Hold, seconds: int) -> None:
        """Somebody pauses."""
        self.bed.hold(hold, seconds)

    @rule(offset=st.sampled_from([-1.0, -0.25, 0.0, 1.0]))
    def report(self, offset: float) -> None:
        """Reports move the threshold."""
        self.bed.shift(offset)

    @rule(boot=st.booleans())
    def restart(self, boot: bool) -> None:
        """The program or the box begins anew."""
        self.bed.restart(boot=boot)

    @rule(seconds=st.integers(-86_400, 86_400))
    def step_the_wall_clock(self, seconds: int) -> None:
        """A time server."""
        self.bed.step_wall(seconds)


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("seed", KEPT_SEEDS)
def test_a_kept_seed_breaks_nothing(seed: int, tmp_path: Path) -> None:
    assert play(seed, 2.0, tmp_path) > 0


@pytest.mark.parametrize("mutant", SHORT, ids=[one.name for one in SHORT])
def test_a_broken_law_is_noticed(mutant: Mutant) -> None:
    broken = caught(mutant)
    assert broken is not None, f"{mutant.name} goes unnoticed"
    assert broken.law in mutant.laws


def test_every_law_is_broken_by_some_mutant() -> None:
    assert {law for mutant in MUTANTS for law in mutant.laws} == set(Law)
