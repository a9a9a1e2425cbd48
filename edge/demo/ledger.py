"""What the box raised, what the nurse was told, and how that compares with what truly happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from edge.publish.payload import AlertMessage, StateMessage
from edge.sensors.simulated.scene import Scene
from edge.types import Alert, Presence, Verdict

GRACE_S = 3.0
"""A lost source is to be noticed within 3 s; a bed counts as blind from then on."""


@dataclass(frozen=True, slots=True)
class Report:
    """The demonstration in figures.

    Attributes:
        raised: alarm episodes that the box raised.
        delivered: those of them that reached the nurse.
        acknowledged: those that the nurse acknowledged and the box confirmed.
        lost: raised, but never seen by the nurse; must be 0.
        modes: every mode that the nurse was shown, in order of appearance.
        blind_s: seconds for which the nurse was shown "cannot assess".
        blind_reported_calm_s: seconds for which the nurse was shown "calm" although neither camera nor wristband had
            delivered anything for `GRACE_S`; must be 0.
        first_assessment_s: seconds from the daemon's start to the first assessment with a score.
    """

    raised: int
    delivered: int
    acknowledged: int
    lost: int
    modes: tuple[str, ...]
    blind_s: float
    blind_reported_calm_s: float
    first_assessment_s: float | None

    def as_dict(self) -> dict[str, object]:
        """The figures under their names, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Shown:
    """One stretch of what the nurse was shown, in seconds of the scene."""

    start_s: float
    end_s: float
    state: StateMessage


class Ledger:
    """Collects both ends of the road.

    Args:
        scene: the truth.
        start_ms: the box's monotonic milliseconds at the scene's start.
    """

    def __init__(self, scene: Scene, start_ms: int) -> None:
        """Begin with nothing raised and nothing told."""
        self._scene = scene
        self._start_ms = start_ms
        self._raised: dict[str, Alert] = {}
        self._told: dict[str, AlertMessage] = {}
        self._states: dict[str, StateMessage] = {}

    def on_alert(self, alert: Alert) -> None:
        """The box has put an alert on its disk."""
        if alert.presence is Presence.ON and alert.id == alert.episode:
            self._raised[alert.id] = alert

    def on_event(self, message: AlertMessage) -> None:
        """The nurse has received an alarm transition."""
        self._told[message.id] = message

    def on_state(self, message: StateMessage) -> None:
        """The nurse has received an assessment."""
        self._states[message.id] = message

    @property
    def outstanding(self) -> set[str]:
        """Raised alerts that the nurse has not received (yet)."""
        return self._raised.keys() - self._told.keys()

    def report(self) -> Report:
        """Compare."""
        shown = list(self._shown())
        acknowledged = {
            f"{message.boot_id}-{message.episode}"
            for message in self._told.values()
            if message.presence is Presence.ACKNOWLEDGED
        }
        lost = len(self.outstanding)
        return Report(
            raised=len(self._raised),
            delivered=len(self._raised) - lost,
            acknowledged=len(acknowledged & self._raised.keys()),
            lost=lost,
            modes=tuple(dict.fromkeys(stretch.state.mode for stretch in shown)),
            blind_s=round(_seconds(shown, Verdict.CANNOT_ASSESS), 2),
            blind_reported_calm_s=round(sum(self._blind_s(one) for one in shown if one.state.verdict == "calm"), 2),
            first_assessment_s=next((one.start_s for one in shown if one.state.score is not None), None),
        )

    def _shown(self) -> Iterator[_Shown]:
        """What the nurse's screen said, by the box's own times: each state holds until the next."""
        states = sorted(self._states.values(), key=lambda state: state.seq)
        starts = [(state.since_boot_ms - self._start_ms) / 1000 for state in states]
        ends = [*starts[1:], self._scene.duration_s]
        for state, start_s, end_s in zip(states, starts, ends, strict=False):
            yield _Shown(start_s, max(start_s, min(end_s, self._scene.duration_s)), state)

    def _blind_s(self, shown: _Shown) -> float:
        """Seconds of a stretch in which truly nothing could be assessed."""
        return sum(
            max(0.0, min(shown.end_s, end_s) - max(shown.start_s, start_s))
            for start_s, end_s in blind_spans(self._scene)
        )


def blind_spans(scene: Scene) -> Iterator[tuple[float, float]]:
    """Spans of a scene, from `GRACE_S` on, in which both the face and the wristband are gone."""
    for away in scene.face_away:
        for silent in scene.band_silent:
            start_s = max(away.start_s, silent.start_s) + GRACE_S
            end_s = min(away.end_s, silent.end_s)
            if start_s < end_s:
                yield start_s, end_s


def _seconds(shown: list[_Shown], verdict: Verdict) -> float:
    return sum(stretch.end_s - stretch.start_s for stretch in shown if stretch.state.verdict == verdict)
