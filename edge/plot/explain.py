"""Why an alarm was raised: the alert of a recorded session in sentences, and the minute around it as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge import config
from edge.errors import ConfigError, SessionError, SessionReason
from edge.fusion.evidence import Calibration, logit, sigmoid
from edge.plot.draw import Caption, write
from edge.plot.series import Story, tell
from edge.recorder.events import Alerted
from edge.recorder.session import Session
from edge.recorder.shelf import LAST_MS, Shelf
from edge.station import words
from edge.types import NS_PER_S, Alert, Assessment, Condition, Contribution, Modality, Presence

BEFORE_S, AFTER_S = 45.0, 15.0
"""The minute that is drawn: an episode builds up before its alarm, whose delay is ten seconds."""

LAST = "last"
"""Names the newest alarm that was raised."""

MODALITY_WORDS = {
    Modality.FACE: "the face",
    Modality.PPG: "the pulse",
    Modality.GSR: "the skin",
    Modality.HEART_RATE: "the heart rate",
}
"""Modalities as the subject of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """An alert and what was known when it came.

    Attributes:
        alert: the transition.
        at_s: when, seconds since the session's start.
        lines: sentences, the most important first.
        story: the minute around it.
    """

    alert: Alert
    at_s: float
    lines: tuple[str, ...]
    story: Story

    def write(self, path: Path) -> None:
        """Draw the minute with the sentences above it into a .png, .svg or .html file.

        Raises:
            PlotError: see `edge.plot.draw.write`.
        """
        write(self.story, path, Caption(self.lines, self.at_s))


def find(place: Path, event: str) -> tuple[Path, Alert]:
    """The alert that is meant, and the session that holds it.

    Args:
        place: a session's file, or a folder of sessions.
        event: an alert's id, a condition ("pain": its newest rise), or `LAST`.

    Raises:
        SessionError: NOT_FOUND: no such alert is kept there; others: a session cannot be read.
    """
    for path in _newest_first(place):
        with Session.open(path) as session:
            alerts = [one.alert for _, one in session.events(["alert"]) if isinstance(one, Alerted)]
        for alert in reversed(alerts):
            if _meant(alert, event):
                return path, alert
    conditions = ", ".join(Condition)
    raise SessionError(
        SessionReason.NOT_FOUND,
        f"{place} holds no alert {event!r}: give the id of an alert, {LAST!r}, or a condition ({conditions})",
    )


def _newest_first(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return [kept.path for kept in reversed(Shelf(place).sessions())]


def _meant(alert: Alert, event: str) -> bool:
    if alert.id == event:
        return True
    return alert.presence is Presence.ON and event in (LAST, alert.condition)


def explain(path: Path, alert: Alert, calibration: Calibration | None = None) -> Explanation:
    """Explain one alert of a session.

    Args:
        path: the session's file.
        alert: one of its alerts.
        calibration: thresholds of the bundle that judged; None where that bundle is not at hand. With it the
            explanation says what the alarm hangs on.

    Raises:
        SessionError: the session cannot be read.
    """
    with Session.open(path) as session:
        start_ns, _ = session.span_ns()
    at_s = (alert.at_ns - start_ns) / NS_PER_S
    story = tell(path, max(0.0, at_s - BEFORE_S), at_s + AFTER_S)
    known = [one for second, one in story.assessments if second <= at_s + 1e-6]
    lines = [_what(story, alert), *_why(alert)]
    if known:
        lines += _state(known[-1], _alarm(story), calibration)
    return Explanation(alert, at_s, tuple(lines), story)


def _what(story: Story, alert: Alert) -> str:
    moment = datetime.fromtimestamp(min(max(alert.wall_ms, 0), LAST_MS) / 1000, UTC)
    unsure = "" if alert.synced else " (clock not synchronised)"
    state = {Presence.ON: "raised", Presence.OFF: "ended"}.get(alert.presence, str(alert.presence))
    bed = f"{story.facts.site}/{story.facts.bed}"
    name = words.CONDITION_WORDS[alert.condition]
    return f"{bed}, {moment:%Y-%m-%d %H:%M:%S} UTC{unsure}: {name}, {state}, {alert.priority} priority"


def _why(alert: Alert) -> Iterator[str]:
    if alert.reasons:
        yield f"Because: {', '.join(words.explain(alert.reasons))} (codes: {', '.join(alert.reasons)})"


def _alarm(story: Story) -> config.Alarm:
    """The alarm settings of the recording box; the defaults where its head is damaged."""
    try:
        return config.loads(story.facts.settings).alarm
    except ConfigError:
        return config.Config().alarm


def _state(assessment: Assessment, alarm: config.Alarm, calibration: Calibration | None) -> Iterator[str]:
    score, interval = assessment.score, assessment.interval
    if score is None or interval is None:
        yield "Nothing could be judged: there is no score, and that is not calm."
    else:
        low, high = interval
        yield (
            f"Score {score:.1f} of 10, with 90 % between {low:.1f} and {high:.1f}; pain from "
            f"{alarm.pain_on_score:g} on, held for {alarm.pain_delay_s:g} s; judged by {_names(assessment.mode)}"
        )
        yield "Evidence for pain, log-odds: " + "; ".join(map(_contribution, assessment.contributions))
        yield from _hinges(assessment, alarm, calibration)
        yield from _more(score, alarm)
    for modality, absence in assessment.missing.items():
        yield f"Not in use: {MODALITY_WORDS[modality]}: {words.absence_words(absence)}"


def _names(mode: Sequence[Modality]) -> str:
    *most, last = (MODALITY_WORDS[modality] for modality in mode)
    return f"{', '.join(most)} and {last}" if most else last


def _contribution(row: Contribution) -> str:
    name = MODALITY_WORDS[row.modality].removeprefix("the ")
    return f"{name} {row.log_odds:+.1f} (signal quality {row.quality:.1f}, {row.age_s:.1f} s old)"


def _hinges(assessment: Assessment, alarm: config.Alarm, calibration: Calibration | None) -> Iterator[str]:
    """What the score would be without each modality: those without which it would be no pain are named."""
    if calibration is None or len(assessment.mode) < 2:
        return
    for row in assessment.contributions:
        mode = tuple(modality for modality in assessment.mode if modality is not row.modality)
        rest = sum(other.log_odds for other in assessment.contributions if other is not row)
        score = 10.0 * sigmoid(rest - calibration.threshold(mode))
        held = "still pain" if score >= alarm.pain_on_score else "no pain"
        yield f"Without {MODALITY_WORDS[row.modality]}: {score:.1f}, {held}"


def _more(score: float, alarm: config.Alarm) -> Iterator[str]:
    """How much more evidence the next step would take."""
    steps = (
        (alarm.pain_on_score, "for pain"),
        (alarm.pain_medium_score, "for medium priority"),
        (alarm.pain_high_score, "for high priority"),
    )
    for level, what in steps:
        if score < level:
            yield f"{logit(level / 10.0) - logit(score / 10.0):.1f} more log-odds of evidence would be enough {what}"
            return
