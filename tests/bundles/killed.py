"""Steps with bundles, killed before each operation on a file: `python -m tests.bundles.killed STEP STATE KEYS BUNDLE`.

Every operation of the standard library that touches the state folder is announced to an audit hook (PEP 578); the
hook kills the process before the n-th, for n = 0, 1, 2, … until a step has come through alive. After each death the box
starts anew in a fresh process. One line of JSON per death: the operation, what a start chose, and what lies there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from edge.bundles import running, steps
from edge.bundles.pointer import ShadowState
from edge.bundles.shelf import Shelf
from edge.clock import SystemClock

TOUCHING = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")
"""Audit events of operations on files; `os.replace` and `Path.rename` are both "os.rename"."""


def arm(folder: str, number: int, told: int) -> None:
    """Kill this process before the `number`-th operation on the folder."""
    left = number

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event not in TOUCHING or not str(arguments[0]).startswith(folder):
            return
        if left == 0:
            os.write(told, f"{event} {Path(str(arguments[0])).name}".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    sys.addaudithook(hook)


def in_child(work: Callable[[int], None]) -> tuple[int, str]:
    """Do it in a process of its own; how that ended, and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        work(writing)
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 65536).decode()
    os.close(reading)
    return os.waitpid(child, 0)[1], said


def step_of(name: str, shelf: Shelf, bundle: Path) -> None:
    """The step that is to be killed."""
    match name:
        case "install":
            shelf.install(bundle)
        case "shadow":
            steps.shadow(shelf, shelf.ids()[-1], 60.0)
        case "commit":
            steps.commit(shelf, shelf.ids()[-1], 60.0, "a test")
        case "begin":
            running.begin(shelf)
        case "confirm":
            running.confirm(shelf, shelf.ids()[-1])
        case "clean":
            running.ended_cleanly(shelf)
        case "rollback":
            steps.rollback(shelf, "a test")
        case "shadow_ended":
            running.shadow_ended(shelf, shelf.ids()[-1], ShadowState.DONE)


def look(shelf: Shelf, told: int) -> None:
    """What a start finds, as JSON."""
    before = shelf.pointer()
    chosen = running.begin(shelf)
    said = {
        "runs": chosen.name,
        "version": chosen.bundle.version,
        "before": before.model_dump(mode="json"),
        "after": shelf.pointer().model_dump(mode="json"),
        "ids": shelf.ids(),
    }
    os.write(told, json.dumps(said).encode())


def main(step: str, state: Path, keys: Path, bundle: Path, every: int) -> None:
    """Kill the step at its first operation and every so many later, each time on a fresh copy of the state."""
    number = 0
    while True:
        copy = state.with_name(f"{state.name}-{number}")
        shutil.copytree(state, copy)
        shelf = Shelf.of(copy, keys, lambda _: None, SystemClock())  # whether rooms can use it is another test

        def work(told: int, shelf: Shelf = shelf, copy: Path = copy, number: int = number) -> None:
            arm(str(copy), number, told)
            step_of(step, shelf, bundle)

        def after(told: int, shelf: Shelf = shelf) -> None:
            look(shelf, told)

        status, operation = in_child(work)
        died = os.WIFSIGNALED(status)
        if not died and status != 0:
            raise SystemExit(f"{step} failed by itself: {status}")
        ended, found = in_child(after)
        if ended != 0:
            raise SystemExit(f"no start after a death at {operation}")
        sys.stdout.write(json.dumps({"operation": operation, "died": died, **json.loads(found)}) + "\n")
        shutil.rmtree(copy)
        if not died:
            return
        number += every


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
