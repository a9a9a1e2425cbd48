"""`anodyne replay`: a recorded session once more through the true pipeline, compared bit for bit."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from edge import clock
from edge.cli.reading import note_read
from edge.config import load
from edge.publish.payload import alert_message
from edge.replay.run import Outcome, Replay
from edge.station.words import CONDITION_WORDS, presence_words
from edge.types import NS_PER_S, Alert, Presence


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "replay",
        help="play a recorded session once more and compare",
        description="Play a recorded session through the true timeline, wristband estimators, fusion and alarm "
        "conditions, and compare assessments and alerts with the recorded ones, bit for bit. With another "
        "configuration it shows what would have changed. Exit code 1 if anything differs or the file is damaged.",
    )
    parser.add_argument("session", type=Path, help="the session's file (docs/sessions.md)")
    parser.add_argument(
        "--speed",
        type=_speed,
        default=0.0,
        metavar="N|max",
        help="1 is the recorded pace; default: max, as fast as the machine can",
    )
    parser.add_argument("--config", type=Path, help="take [fusion], [alarm] and [models] from this file instead")
    parser.add_argument("--json", action="store_true", help="one JSON line with the figures")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay and say what came of it."""
    settings = None if arguments.config is None else load(arguments.config)
    note_read(arguments.session, "replay")
    replay = Replay(arguments.session, settings)
    start_ns = replay.facts.start.mono_ns
    if arguments.speed and not arguments.json:
        replay.on_alert = lambda alert: _write(_alert(alert, start_ns))
    system = clock.SystemClock()
    outcome = clock.run(system, replay.run(system, arguments.speed))
    if arguments.json:
        _write(json.dumps(_figures(outcome)))
    else:
        for line in _lines(outcome, start_ns):
            _write(line)
    return 0 if outcome.identical and not outcome.damage else 1


def _speed(text: str) -> float:
    if text == "max":
        return 0.0
    speed = float(text)
    if not 0.01 <= speed <= 10_000:
        raise ValueError(text)
    return speed


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _lines(outcome: Outcome, start_ns: int) -> Iterator[str]:
    yield from (f"note: {note}" for note in outcome.notes)
    if outcome.damage:
        yield f"damaged after {outcome.seconds:.1f} s: {outcome.damage}"
    counts = f"{outcome.assessments} assessments, {len(outcome.recorded)} alerts"
    if outcome.first is None:
        yield f"identical: {counts} in {outcome.seconds:.1f} s"
        return
    yield f"different: {outcome.differing} results; recorded were {counts} in {outcome.seconds:.1f} s"
    yield f"first at {outcome.first}"
    yield from _changes(outcome, start_ns)


def _changes(outcome: Outcome, start_ns: int) -> Iterator[str]:
    """The alerts of both, side by side in time: "-" only recorded, "+" only in the replay."""
    recorded = [_alert(alert, start_ns) for alert in outcome.recorded]
    replayed = [_alert(alert, start_ns) for alert in outcome.replayed]
    marked = [(line, " " if line in replayed else "-") for line in recorded]
    marked += [(line, "+") for line in replayed if line not in recorded]
    yield from (f"{mark} {line}" for line, mark in sorted(marked))


def _alert(alert: Alert, start_ns: int) -> str:
    message = alert_message(alert)
    said = f"ALARM, {alert.priority} priority" if alert.presence is Presence.ON else presence_words(message)
    return f"{(alert.at_ns - start_ns) / NS_PER_S:9.1f} s  {CONDITION_WORDS[alert.condition]}: {said}"


def _figures(outcome: Outcome) -> dict[str, object]:
    return {
        "identical": outcome.identical,
        "assessments": outcome.assessments,
        "estimates": outcome.estimates,
        "alerts": len(outcome.recorded),
        "alerts_replayed": len(outcome.replayed),
        "differing": outcome.differing,
        "first": None if outcome.first is None else asdict(outcome.first),
        "seconds": round(outcome.seconds, 3),
        "damage": outcome.damage,
        "notes": outcome.notes,
    }
