"""`anodyne models install|list|verify|commit|rollback`: signed bundles on this box."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.bundles import steps
from edge.bundles.check import check_golden, check_machine, files, load_named, read_signed
from edge.bundles.history import events
from edge.bundles.keys import Trust
from edge.bundles.pointer import SHIPPED, Pointer
from edge.bundles.shelf import Shelf
from edge.cli.box import add_config, config_of, hours, moment, shelf_of
from edge.errors import AnodyneError
from edge.fitness import check_fitness

TRIAL_H = 24.0
"""Default length of a trial, hours: a whole day has a night, meals and care in it."""

SHOWN = 10
"""Steps of the history that `list` shows."""


def add_parsers(steps_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the steps and their options."""
    install = steps_of.add_parser("install", help="verify a signed bundle and put it beside the others")
    install.add_argument("folder", type=Path, help="the bundle, as `anodyne models pack` made it")
    install.add_argument("--allow-downgrade", metavar="REASON", help="take one that is not newer, for this reason")
    add_config(install)
    install.set_defaults(handler=_install)
    listing = steps_of.add_parser("list", help="every bundle of this box, and what has happened with them")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    add_config(listing)
    listing.set_defaults(handler=_list)
    verify = steps_of.add_parser("verify", help="signature, files, machine and answers of a bundle; changes nothing")
    verify.add_argument("bundle", nargs="?", help="a folder, an id or a version (default: every installed one)")
    verify.add_argument("--keys", type=Path, help="folder of trusted public keys (default: the configuration's)")
    add_config(verify)
    verify.set_defaults(handler=_verify)
    commit = steps_of.add_parser("commit", help="put a bundle to use, on trial; a fault rolls it back")
    commit.add_argument("bundle", help="its id or version")
    commit.add_argument("--trial-hours", type=hours, default=TRIAL_H, metavar="H", help="confirmed after (%(default)s)")
    commit.add_argument("--without-shadow", metavar="REASON", help="without a shadow run before, for this reason")
    add_config(commit)
    commit.set_defaults(handler=_commit)
    rollback = steps_of.add_parser("rollback", help="go back to the bundle of before")
    rollback.add_argument("--reason", default="asked for", help="why, for the history")
    add_config(rollback)
    rollback.set_defaults(handler=_rollback)


def _install(arguments: argparse.Namespace) -> int:
    name = shelf_of(arguments, change=True).install(arguments.folder, arguments.allow_downgrade or None)
    sys.stdout.write(f"{name} is installed; what runs is not touched. Next: anodyne models shadow {name}\n")
    return 0


def _commit(arguments: argparse.Namespace) -> int:
    seconds = arguments.trial_hours * 3600.0
    name = steps.commit(shelf_of(arguments, change=True), arguments.bundle, seconds, arguments.without_shadow or None)
    sys.stdout.write(f"{name} is put to use, on trial for {arguments.trial_hours:g} hours in which the box runs\n")
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    name = steps.rollback(shelf_of(arguments, change=True), arguments.reason)
    sys.stdout.write(f"back to {name}\n")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    shelf = shelf_of(arguments, change=False)
    pointer = shelf.pointer()
    rows = [{"bundle": name, "is": _roles(pointer, name)} for name in [SHIPPED, *shelf.ids()]]
    last = list(events(shelf.folder))[-SHOWN:]
    if arguments.json:
        told = {
            "in_use": steps.in_use(pointer),
            "shipped_version": shelf.version(SHIPPED),
            "bundles": rows,
            "history": [event.model_dump() for event in last],
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return 0
    for row in rows:
        name = str(row["bundle"])
        shown = f"{SHIPPED} ({shelf.version(SHIPPED)})" if name == SHIPPED else name
        sys.stdout.write(f"{shown:32}{', '.join(row['is']) or 'installed'}\n")
    for event in last:
        why = f": {event.why}" if event.why else ""
        sys.stdout.write(f"{moment(event.wall_ms)}{'' if event.synced else '?'}  {event.bundle} {event.what}{why}\n")
    return 0


def _roles(pointer: Pointer, name: str) -> list[str]:
    """What a bundle is to the box, in words."""
    roles: list[str] = []
    if steps.in_use(pointer) == name:
        roles.append("in use" if pointer.trial is None else f"in use, on trial for {pointer.trial.seconds / 3600:g} h")
    if pointer.trial is not None and pointer.active == name:
        roles.append("confirmed: a fault leads back to it")
    elif pointer.active != SHIPPED and pointer.previous == name:
        roles.append("before")
    if pointer.shadow is not None and pointer.shadow.id == name:
        why = f" ({pointer.shadow.why})" if pointer.shadow.why else ""
        roles.append(f"shadow {pointer.shadow.state}{why}")
    return roles


def _verify(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    trust = Trust.read(arguments.keys or config.models.keys)
    shelf = shelf_of(arguments, change=False)
    for problem in trust.problems:
        sys.stdout.write(f"key not used: {problem}\n")
    sound = True
    for folder in _meant(shelf, arguments.bundle):
        try:
            for row in _verified(folder, trust):
                sys.stdout.write(f"{folder.name}: {row}\n")
        except AnodyneError as error:
            sound = False
            sys.stdout.write(f"{folder.name}: refused: {error.message}\n")
    return 0 if sound else 1


def _meant(shelf: Shelf, word: str | None) -> list[Path]:
    if word is None:
        return [shelf.folder / name for name in shelf.ids()]
    if Path(word).is_dir():
        return [Path(word)]
    return [shelf.folder / shelf.find(word)]


def _verified(folder: Path, trust: Trust) -> Iterator[str]:
    signed = read_signed(folder, trust)
    yield f"{signed.id}, signed by {signed.key}"
    check_machine(signed.manifest)
    yield f"for {', '.join(signed.manifest.machines)} with {signed.manifest.runtime}"
    count = sum(1 for _ in files(folder, signed.manifest))
    yield f"{count} files as they were signed"
    bundle = load_named(folder, signed.manifest)
    yield f"{check_golden(bundle, signed.manifest)} golden answers, each exact"
    check_fitness(bundle)
    yield "the program can use it"
