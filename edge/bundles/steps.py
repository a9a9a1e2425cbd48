"""What a person does with installed bundles: shadow, commit, roll back.

Each is one lock, one rename, one line of history. A running daemon notices within `edge.updates.LOOK_EVERY_S`.
"""

from __future__ import annotations

from edge.bundles.history import note
from edge.bundles.pointer import (
    SHIPPED,
    Pointer,
    Shadowing,
    ShadowState,
    Trial,
    locked,
    report_file,
    write_pointer,
)
from edge.bundles.shelf import Shelf
from edge.errors import BundleError, BundleReason


def shadow(shelf: Shelf, word: str, seconds: float) -> str:
    """Have a bundle run beside the one in use.

    Args:
        shelf: of the box.
        word: its id or version.
        seconds: the declared time, in which the box runs.

    Returns:
        Its id.

    Raises:
        BundleError, InferenceError: it is not there or is refused; STATE: another one is beside, or it runs already.
    """
    with locked(shelf.folder):
        name, pointer = shelf.find(word), shelf.pointer()
        if name == in_use(pointer):
            raise BundleError(BundleReason.STATE, f"{name} is the bundle in use: it would only be held against itself")
        under_way = pointer.shadow
        if under_way is not None and under_way.state is ShadowState.WANTED and under_way.id != name:
            raise BundleError(BundleReason.STATE, f"{under_way.id} runs beside already: stop it first (shadow --stop)")
        shelf.check_age(name)
        shelf.load(name)
        if under_way is None or under_way.state is not ShadowState.WANTED:
            _forget_report(shelf, name)
        wanted = Shadowing(id=name, seconds=seconds, running=None if under_way is None else under_way.running)
        write_pointer(shelf.folder, pointer.model_copy(update={"shadow": wanted}))
        note(shelf.folder, shelf.clock.instant(), "shadow asked for", name, f"{seconds / 3600.0:g} hours")
        return name


def stop_shadow(shelf: Shelf) -> str:
    """End the shadow run before its time.

    Returns:
        The bundle's id.

    Raises:
        BundleError: STATE: there is none.
    """
    with locked(shelf.folder):
        pointer = shelf.pointer()
        if pointer.shadow is None or pointer.shadow.state is not ShadowState.WANTED:
            raise BundleError(BundleReason.STATE, "no bundle runs beside the one in use")
        stopped = pointer.shadow.model_copy(update={"state": ShadowState.STOPPED, "running": None})
        write_pointer(shelf.folder, pointer.model_copy(update={"shadow": stopped}))
        note(shelf.folder, shelf.clock.instant(), "shadow stopped", stopped.id)
        return stopped.id


def commit(shelf: Shelf, word: str, trial_s: float, without_shadow: str | None = None) -> str:
    """Put a bundle to use, on trial: what goes wrong before it is confirmed rolls it back.

    Args:
        shelf: of the box.
        word: its id or version.
        trial_s: it is confirmed after so long without a fault, seconds.
        without_shadow: why no shadow run is needed; None: one must be over.

    Returns:
        Its id.

    Raises:
        BundleError, InferenceError: it is not there or is refused; STATE: it has not run beside for its declared time,
            or is in use already; DOWNGRADE: it is not newer than what runs, and nobody has allowed that.
    """
    with locked(shelf.folder):
        name, pointer = shelf.find(word), shelf.pointer()
        if name == in_use(pointer):
            raise BundleError(BundleReason.STATE, f"{name} is in use already")
        shelf.check_age(name)
        shadowed = pointer.shadow is not None and pointer.shadow.id == name and pointer.shadow.state is ShadowState.DONE
        if not shadowed and not without_shadow:
            raise BundleError(
                BundleReason.STATE,
                f"{name} has not run beside the bundle in use for its declared time: `anodyne models shadow`, or "
                "--without-shadow and the reason",
            )
        shelf.load(name)
        trial = Trial(id=name, seconds=trial_s, over=shelf.shipped_digest())
        write_pointer(shelf.folder, pointer.model_copy(update={"trial": trial, "shadow": _over(pointer, name)}))
        why = f"on trial for {trial_s:g} s" + (f"; without shadow: {without_shadow}" if not shadowed else "")
        note(shelf.folder, shelf.clock.instant(), "committed", name, why)
        return name


def rollback(shelf: Shelf, why: str) -> str:
    """Go back to the bundle of before: from a trial to the confirmed one, from that to the one before it.

    Returns:
        The id of what is used now.

    Raises:
        BundleError: STATE: there is nothing to go back to.
    """
    with locked(shelf.folder):
        pointer = shelf.pointer()
        if pointer.trial is None and pointer.active == SHIPPED:
            raise BundleError(
                BundleReason.STATE, "the bundle that came with the program is in use: nothing is before it"
            )
        left = in_use(pointer)
        fresh = back(shelf, pointer)
        write_pointer(shelf.folder, fresh)
        note(shelf.folder, shelf.clock.instant(), "taken back", left, f"to {in_use(fresh)}: {why}")
        return in_use(fresh)


def back(shelf: Shelf, pointer: Pointer) -> Pointer:
    """The pointer one step back."""
    if pointer.trial is not None:
        return pointer.model_copy(update={"trial": None})
    return pointer.model_copy(update={"active": pointer.previous, "previous": SHIPPED, "over": shelf.shipped_digest()})


def in_use(pointer: Pointer) -> str:
    """The bundle that the pointer says is to run."""
    return pointer.active if pointer.trial is None else pointer.trial.id


def _over(pointer: Pointer, name: str) -> Shadowing | None:
    """A shadow run of what is put to use is over, however far it was; one of another bundle goes on."""
    if pointer.shadow is None or pointer.shadow.id != name or pointer.shadow.state is not ShadowState.WANTED:
        return pointer.shadow
    return pointer.shadow.model_copy(update={"state": ShadowState.STOPPED, "running": None})


def _forget_report(shelf: Shelf, name: str) -> None:
    """A run that is asked for anew counts from nothing.

    Raises:
        BundleError: UNREADABLE: the old figures cannot be removed.
    """
    try:
        report_file(shelf.folder, name).unlink(missing_ok=True)
    except OSError as error:
        raise BundleError(BundleReason.UNREADABLE, f"{error.filename} cannot be removed: {error.strerror}") from error
