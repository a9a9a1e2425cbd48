"""What must hold for every course of events: random scores, blindness, lost sensors, acknowledgements, restarts."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.clock import VirtualClock
from edge.errors import CommandError
from edge.types import Alert, Condition, Modality, Presence, Priority
from tests.alarm.scenes import ALL, Bed

MODES = ((Modality.FACE,), (Modality.PPG, Modality.GSR), ALL)


class Course(RuleBasedStateMachine):
    """A bed to which anything may happen."""

    @initialize()
    def begin(self) -> None:
        """A new bed on its first boot."""
        self.folder = Path(tempfile.mkdtemp(prefix="anodyne-alarm-"))
        self.bed = Bed(self.folder)
        self.boots = 0

    def teardown(self) -> None:
        """Clear away."""
        self.bed.close()
        shutil.rmtree(self.folder)

    @rule(score=st.sampled_from([0.0, 3.4, 3.5, 4.9, 5.0, 7.4, 7.5, 10.0]), seconds=st.integers(1, 40))
    def see(self, score: float, seconds: int) -> None:
        """Everything is in sight."""
        self.bed.see(score, seconds)

    @rule(mode=st.sampled_from(MODES), seconds=st.integers(1, 40))
    def lose_a_sensor(self, mode: tuple[Modality, ...], seconds: int) -> None:
        """Some of the evidence is missing."""
        self.bed.see(1.0, seconds, mode)

    @rule(seconds=st.integers(1, 400))
    def be_blind(self, seconds: int) -> None:
        """Blind is not calm: nothing about pain gets better by not seeing it."""
        before = self._pain()
        self.bed.see(None, seconds)
        after = self._pain()
        assert (before is None) == (after is None), "blindness began or ended a pain episode"
        if before is not None and after is not None:
            assert after.priority is before.priority, "blindness changed the priority"
            assert after.presence in (before.presence, Presence.LATCHED), "blindness changed the presence"

    @rule(condition=st.sampled_from(list(Condition)))
    def acknowledge(self, condition: Condition) -> None:
        """A nurse presses a button, sensible or not."""
        active = {one.condition for one in self.bed.manager.active()}
        try:
            self.bed.acknowledge(condition)
        except CommandError:
            assert condition not in active
        else:
            assert condition in active

    @rule(other_boot=st.booleans())
    def restart(self, other_boot: bool) -> None:
        """The program ends and begins again; perhaps the box was switched off in between."""
        before = self.bed.manager.active()
        self.boots += other_boot
        clock = VirtualClock(boot_id=f"{self.boots:012x}") if other_boot else None
        self.bed.restart(clock)
        assert self.bed.manager.active() == before, "a restart changed the alarms"

    @rule(seconds=st.integers(-86_400, 86_400))
    def step_the_wall_clock(self, seconds: int) -> None:
        """A late or wrong time server."""
        self.bed.clock.step_wall(seconds)

    @invariant()
    def the_log_is_in_order(self) -> None:
        """Numbers rise, and so does monotonic time within a boot, however the wall clock was stepped."""
        log = self._log()
        assert [one.seq for one in log] == sorted({one.seq for one in log})
        for one, next_one in pairwise(log):
            assert one.boot_id != next_one.boot_id or one.at_ns <= next_one.at_ns

    @invariant()
    def there_is_one_open_episode_at_most(self) -> None:
        """An episode begins only after the one before it has ended."""
        for condition in Condition:
            open_episode: str | None = None
            for one in self._log():
                if one.condition is not condition:
                    continue
                assert one.episode == (open_episode or one.id)
                open_episode = None if one.presence is Presence.OFF else one.episode

    @invariant()
    def priority_never_falls_within_an_episode(self) -> None:
        """What was high stays high until it is over."""
        rank = list(Priority)
        highest: dict[str, int] = {}
        for one in self._log():
            now = rank.index(one.priority)
            assert now >= highest.get(one.episode, 0)
            highest[one.episode] = now

    def _log(self) -> list[Alert]:
        return self.bed.log if hasattr(self, "bed") else []

    def _pain(self) -> Alert | None:
        return next((one for one in self.bed.manager.active() if one.condition is Condition.PAIN), None)


TestCourse = Course.TestCase
TestCourse.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
