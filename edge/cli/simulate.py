"""`anodyne simulate`: a simulated patient's hours through the true daemon, compared with what truly happened."""

from __future__ import annotations

import argparse
import json
import sys
from typing import get_args

from edge.errors import ConfigError
from edge.sensors.simulated.scene import Scene
from edge.simulate import library
from edge.simulate.run import ALL, TICK_S, Simulation, simulate
from edge.simulate.score import Score, score
from edge.simulate.suite import HELD_OUT_SEEDS, SUBSETS, run_suite, table
from edge.simulate.truth import Sensor
from edge.station.words import CONDITION_WORDS

DEFAULT_SCENARIO = "mixed_day"
"""What is played where nothing is named."""

_SUITE_SEEDS = tuple(HELD_OUT_SEEDS)[:2]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "simulate",
        help="play a simulated patient through the true daemon and compare with the truth",
        description="Play hours of a simulated patient (face as action units, pulse, skin, faults) through the true "
        "daemon on a virtual clock. docs/scenes.md has every key of a scenario. A simulated patient is not a patient.",
    )
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO, metavar="NAME|FILE", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (default: %(default)s)")
    parser.add_argument("--hours", type=float, help="length, at most 24 (default: as the scenario says)")
    parser.add_argument("--watched", type=_watched, default=ALL, metavar="face+ppg+gsr", help="what watches the bed")
    parser.add_argument("--tick-s", type=float, default=TICK_S, help="between assessments (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="list the shipped scenarios")
    parser.add_argument("--suite", action="store_true", help="the table of targets, over every subset of sensors")
    parser.add_argument("--seeds", type=_seeds, default=_SUITE_SEEDS, help="of the suite, as 1,2,3 (default: held out)")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Play, and say what came of it. Exit code 1 where a suite misses a target, or blind was called calm."""
    if arguments.list:
        return _list(as_json=arguments.json)
    if arguments.suite:
        return _suite(arguments)
    if not 0.1 <= arguments.tick_s <= 5.0 or arguments.seed < 0:
        raise ConfigError("--tick-s is 0.1 to 5 seconds, --seed 0 or more")
    scene = library.lasting(library.find(arguments.scenario), arguments.hours)
    played = simulate(scene, arguments.seed, arguments.watched, arguments.tick_s)
    result = score(played)
    _write(json.dumps(_figures(played, result)) if arguments.json else _text(played, result))
    return 0 if result.blind_calm_s == 0 and result.undelivered == 0 else 1


def _suite(arguments: argparse.Namespace) -> int:
    def progress(name: str, seed: int) -> None:
        sys.stderr.write(f"{name}, seed {seed}: done\n")

    rows = run_suite(arguments.seeds, arguments.hours, on_life=progress)
    if arguments.json:
        _write(json.dumps({"seeds": list(arguments.seeds), "rows": [row.figures() for row in rows]}))
    else:
        _write(table(rows))
    return 0 if all(row.meets for row in rows) else 1


def _list(*, as_json: bool) -> int:
    scenes: dict[str, Scene] = {name: library.find(name) for name in library.names()}
    if as_json:
        _write(json.dumps({name: scene.title for name, scene in scenes.items()}))
        return 0
    width = max(map(len, scenes))
    for name, scene in scenes.items():
        _write(f"{name:<{width}}  {scene.duration_s / 60:6.0f} min  {scene.title}")
    return 0


def _figures(played: Simulation, result: Score) -> dict[str, object]:
    truth = played.truth
    return {
        "title": played.course.scene.title,
        "seed": played.course.seed,
        "watched": "+".join(truth.watched),
        **result.figures(),
        "truth": {
            "episodes": [[start, end] for start, end in truth.episodes()],
            "pain_s": int((truth.pain > 0).sum()),
            "face_lost_s": int(truth.face_lost.sum()),
            "band_lost_s": int(truth.band_lost.sum()),
        },
        "alarms": [
            {"at_s": round(one.at_s, 1), "condition": one.alert.condition, "presence": one.alert.presence}
            for one in played.raised
        ],
        "warnings": {str(name): round(at_s, 1) for name, at_s in played.warnings.items()},
        "missed": [f"{one.what} at {one.at_s:.0f} s: {one.why}" for one in result.missed],
        "outbox_waiting": played.waiting,
        "wall_s": played.wall_s,
    }


def _text(played: Simulation, result: Score) -> str:
    lines = [
        f"{played.course.scene.title}: {result.hours:.2f} h, seed {played.course.seed}, "
        f"watched by {'+'.join(played.truth.watched)}"
    ]
    for one in played.raised:
        minutes, seconds = divmod(one.at_s, 60)
        what = f"{CONDITION_WORDS[one.alert.condition]} {one.alert.presence}"
        lines.append(f"  {minutes:4.0f}:{seconds:04.1f}  {what:<32} {', '.join(one.alert.reasons)}")
    lines += [
        f"Episodes raised within 30 s: {result.raised} of {result.episodes}. False pain alarms: {result.false_alarms} "
        f"({result.false_per_hour:.2f} per hour).",
        f"Blind for {result.blind_s:.0f} s, called calm meanwhile for {result.blind_calm_s:.1f} s. "
        f"Losses told in time: {result.told} of {result.losses}.",
        *(f"  missed: {one.what} at {one.at_s:.0f} s: {one.why}" for one in result.missed),
        f"Took {played.wall_s:.0f} s.",
    ]
    return "\n".join(lines)


def _watched(text: str) -> tuple[Sensor, ...]:
    found: tuple[Sensor, ...] = tuple(one for one in get_args(Sensor) if one in text.split("+"))
    if found not in SUBSETS or len(text.split("+")) != len(found):
        raise argparse.ArgumentTypeError(f"one of {', '.join('+'.join(one) for one in SUBSETS)}")
    return found


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(one) for one in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: numbers with commas between, as 1,2,3") from None


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
