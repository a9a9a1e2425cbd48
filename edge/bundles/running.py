"""What a daemon does with the pointer: choose a bundle at its start, confirm it, mark its own clean end.

A trial that was started and has not ended cleanly has crashed, was killed by its watchdog, or went down with the box:
the next start finds the mark and runs the bundle of before. The store's exclusive lock must be held: two daemons on one
state folder would take each other for a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge.bundle import Bundle
from edge.bundles.history import note
from edge.bundles.pointer import SHIPPED, Pointer, ShadowState, locked, read_pointer, write_pointer
from edge.bundles.shelf import Shelf
from edge.errors import AnodyneError, BundleError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """What a start has chosen.

    Attributes:
        name: the bundle's id, or `SHIPPED`.
        bundle: verified and loaded.
        trial_s: seconds until it is confirmed; None where it is no trial.
    """

    name: str
    bundle: Bundle
    trial_s: float | None


def begin(shelf: Shelf) -> Running:
    """Choose the bundle to run. A box that cannot read or write the folder runs what needs neither.

    Raises:
        BundleError: even the shipped bundle is refused.
    """
    if not shelf.folder.is_dir():
        return Running(SHIPPED, shelf.load(SHIPPED), None)
    try:
        with locked(shelf.folder):
            pointer = _after_an_end(shelf, read_pointer(shelf.folder))
            trial = pointer.trial
            if trial is not None and shelf.is_outdated(Pointer(active=trial.id, over=trial.over)):
                pointer = _drop_trial(shelf, pointer, "the program brings newer models")
            if pointer.trial is not None:
                running = pointer.trial.model_copy(update={"running": shelf.clock.boot_id})
                marked = pointer.model_copy(update={"trial": running})
                write_pointer(shelf.folder, marked)  # before it is touched: it might take the process with it
                try:
                    bundle = shelf.load(running.id)
                except AnodyneError as error:
                    pointer = _drop_trial(shelf, marked, f"its self-test failed: {error.message}")
                else:
                    note(shelf.folder, shelf.clock.instant(), "trial begun", running.id)
                    return Running(running.id, bundle, running.seconds)
    except BundleError as error:
        log.critical("models: no trial and no shadow run at this start: %s", error.message)
        pointer = _readable(shelf)
    return _confirmed(shelf, pointer)


def confirm(shelf: Shelf, name: str) -> Pointer:
    """The trial has stood its time: its bundle is the confirmed one.

    Returns:
        The pointer as it is now; unchanged where another step came between.

    Raises:
        BundleError: the disk refuses; the trial goes on.
    """

    def confirmed(pointer: Pointer) -> Pointer:
        if pointer.trial is None or pointer.trial.id != name:
            return pointer
        fresh = {"active": name, "previous": pointer.active, "trial": None, "over": shelf.shipped_digest()}
        return pointer.model_copy(update=fresh)

    pointer = _change(shelf, confirmed)
    if pointer.active == name and pointer.trial is None:
        note(shelf.folder, shelf.clock.instant(), "confirmed", name)
    return pointer


def fail_trial(shelf: Shelf, name: str, why: str) -> None:
    """The running trial has shown a fault: the next start runs the bundle of before.

    Raises:
        BundleError: the disk refuses.
    """
    with locked(shelf.folder):
        pointer = read_pointer(shelf.folder)
        if pointer.trial is not None and pointer.trial.id == name:
            _drop_trial(shelf, pointer, why)


def shadow_began(shelf: Shelf, name: str) -> None:
    """Mark a shadow run as under way: should the process die of it, the next start leaves it out.

    Raises:
        BundleError: the disk refuses.
    """
    _change(shelf, lambda pointer: _with_shadow(pointer, name, running=shelf.clock.boot_id))
    note(shelf.folder, shelf.clock.instant(), "shadow begun", name)


def shadow_ended(shelf: Shelf, name: str, state: ShadowState, why: str = "") -> None:
    """A shadow run is over.

    Raises:
        BundleError: the disk refuses.
    """
    _change(shelf, lambda pointer: _with_shadow(pointer, name, running=None, state=state, why=why))
    note(shelf.folder, shelf.clock.instant(), f"shadow {state}", name, why)


def ended_cleanly(shelf: Shelf) -> None:
    """The daemon stops on purpose: trial and shadow go on at the next start. A refusing disk makes that a crash."""
    try:
        _change(shelf, _at_rest)
    except BundleError as error:
        log.warning("models: the clean end cannot be noted: %s", error.message)


def _at_rest(pointer: Pointer) -> Pointer:
    trial, beside = pointer.trial, pointer.shadow
    return pointer.model_copy(
        update={
            "trial": None if trial is None else trial.model_copy(update={"running": None}),
            "shadow": None if beside is None else beside.model_copy(update={"running": None}),
        }
    )


def _change(shelf: Shelf, how: Callable[[Pointer], Pointer]) -> Pointer:
    with locked(shelf.folder):
        before = read_pointer(shelf.folder)
        after = how(before)
        if after != before:
            write_pointer(shelf.folder, after)
        return after


def _with_shadow(pointer: Pointer, name: str, **changed: str | None) -> Pointer:
    beside = pointer.shadow
    if beside is None or beside.id != name or beside.state is not ShadowState.WANTED:
        return pointer
    return pointer.model_copy(update={"shadow": beside.model_copy(update=changed)})


def _after_an_end(shelf: Shelf, pointer: Pointer) -> Pointer:
    """Drop what was running when the daemon ended without a word."""
    if pointer.trial is not None and pointer.trial.running is not None:
        pointer = _drop_trial(shelf, pointer, f"{_how(shelf, pointer.trial.running)} before it was confirmed")
    beside = pointer.shadow
    if beside is not None and beside.running is not None and beside.state is ShadowState.WANTED:
        why = f"{_how(shelf, beside.running)} while it ran beside"
        failed = beside.model_copy(update={"running": None, "state": ShadowState.FAILED, "why": why})
        pointer = pointer.model_copy(update={"shadow": failed})
        write_pointer(shelf.folder, pointer)
        note(shelf.folder, shelf.clock.instant(), "shadow failed", beside.id, why)
    return pointer


def _how(shelf: Shelf, boot_id: str) -> str:
    return "the daemon crashed" if boot_id == shelf.clock.boot_id else "the box went down without notice"


def _drop_trial(shelf: Shelf, pointer: Pointer, why: str) -> Pointer:
    assert pointer.trial is not None  # noqa: S101 - the callers have looked
    fresh = pointer.model_copy(update={"trial": None})
    write_pointer(shelf.folder, fresh)
    note(shelf.folder, shelf.clock.instant(), "rolled back", pointer.trial.id, f"to {fresh.active}: {why}")
    return fresh


def _readable(shelf: Shelf) -> Pointer:
    try:
        return read_pointer(shelf.folder).model_copy(update={"trial": None, "shadow": None})
    except BundleError as error:
        log.critical("models: %s", error.message)
        return Pointer()


def _confirmed(shelf: Shelf, pointer: Pointer) -> Running:
    """The confirmed bundle, the one before it, the shipped one: the first that passes."""
    if shelf.is_outdated(pointer):
        log.info("models: the program brings newer models than %s; they are used", pointer.active)
        return Running(SHIPPED, shelf.load(SHIPPED), None)
    for name in dict.fromkeys((pointer.active, pointer.previous)):
        if name == SHIPPED:
            break
        try:
            return Running(name, shelf.load(name, try_rooms=False), None)
        except AnodyneError as error:
            note(shelf.folder, shelf.clock.instant(), "not used", name, error.message)
    return Running(SHIPPED, shelf.load(SHIPPED), None)
