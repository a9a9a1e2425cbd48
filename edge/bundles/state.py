"""How it stands with the bundles of a box, for those who look after it from afar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.bundles.history import Event, events, last_fault
from edge.bundles.pointer import Pointer, ShadowState
from edge.bundles.shelf import Shelf
from edge.errors import BundleError


class Use(StrEnum):
    """How a bundle is in use."""

    COMMITTED = "committed"
    TRIAL = "trial"
    CONFIGURED = "configured"
    """`[models] bundle` names its folder: unsigned, and no steps lead to another."""


class Beside(StrEnum):
    """How far a bundle beside the one in use has come."""

    WANTED = "wanted"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class BundleState:
    """The state of one moment.

    Attributes:
        bundle: id of the one in use; "shipped": that of the program.
        version: of its content.
        use: how it is in use.
        since_ms: Unix milliseconds of the step that put it to use, as the box believed them; None: no step is known.
        beside: id of the one in the shadow, or the last that was; "" for none.
        beside_state: how far that has come; None for none.
        fault: the last bundle that was given up or refused, in a sentence; "" where something has been done since.
    """

    bundle: str
    version: str
    use: Use
    since_ms: int | None = None
    beside: str = ""
    beside_state: Beside | None = None
    fault: str = ""


def bundle_state(shelf: Shelf, bundle: str, version: str, *, trial: bool) -> BundleState:
    """Read it from pointer and history. Nothing is written; what cannot be read is not known.

    Args:
        shelf: of the box.
        bundle: the one in use.
        version: of it.
        trial: whether it is on trial.
    """
    try:
        pointer = shelf.pointer()
    except BundleError:  # the daemon has said so
        pointer = Pointer()
    beside, state = pointer.shadow, None
    if beside is not None:
        running = beside.state is ShadowState.WANTED and beside.running is not None
        state = Beside.RUNNING if running else Beside(str(beside.state))
    fault = last_fault(shelf.folder)
    return BundleState(
        bundle,
        version,
        Use.TRIAL if trial else Use.COMMITTED,
        _since_ms(shelf, bundle, trial=trial),
        "" if beside is None else beside.id,
        state,
        "" if fault is None else f"{fault.bundle} {fault.what} {fault.why}",
    )


def _since_ms(shelf: Shelf, bundle: str, *, trial: bool) -> int | None:
    last: Event | None = None
    for event in events(shelf.folder):
        own = event.what == ("committed" if trial else "confirmed") and event.bundle == bundle
        if own or (not trial and event.what in ("rolled back", "taken back") and event.bundle != bundle):
            last = event
    return None if last is None else last.wall_ms
