"""Which models the box runs, whether they are signed and whole, and what is under way with others."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from edge.bundle import Bundle
from edge.bundles import steps
from edge.bundles.history import last_fault
from edge.bundles.pointer import SHIPPED, Pointer, ShadowState, report_file
from edge.bundles.shelf import Shelf
from edge.bundles.state import Beside, BundleState
from edge.clock import SystemClock
from edge.config import Config
from edge.errors import AnodyneError, BundleError
from edge.health.findings import Finding, error, ok, warning
from edge.shadow.tally import Tally


def shelf(config: Config) -> Shelf:
    """The bundles of the box. Nothing is written: the doctor runs beside the daemon."""
    return Shelf.of(config.box.state_dir, config.models.keys, _no_rooms, SystemClock())


def _no_rooms(_bundle: Bundle) -> None:
    """The daemon finds out by building them."""


def in_use(config: Config) -> tuple[Bundle | None, list[Finding]]:
    """The bundle that runs or would run, verified, and the findings about it and those beside it."""
    if config.models.bundle is not None:
        return _configured(config)
    box = shelf(config)
    findings: list[Finding] = []
    try:
        pointer = box.pointer()
    except BundleError as failure:
        findings.append(error("bundle", failure.message))
        pointer, bundle = Pointer(), _shipped(box, findings)
    else:
        name = steps.in_use(pointer)
        try:
            bundle = box.load(name)
        except AnodyneError as failure:
            findings.append(error("bundle", f"{failure.message}; the one before it runs. Install a newer one"))
            pointer, bundle = Pointer(), _shipped(box, findings)
        else:
            signed = "came with the program" if name == SHIPPED else "signature right"
            hashes = f"{len(bundle.models)} models, hashes right, {signed}"
            findings.append(ok("bundle", f"version {bundle.version} in {bundle.folder}, {hashes}"))
    findings += [*_keys(box), *_under_way(box, pointer), *_last_fault(box)]
    return bundle, findings


def _shipped(box: Shelf, findings: list[Finding]) -> Bundle | None:
    """The bundle of the program, where no other can be used."""
    try:
        return box.load(SHIPPED)
    except BundleError as failure:
        findings.append(error("bundle", failure.message))
        return None


def _configured(config: Config) -> tuple[Bundle | None, list[Finding]]:
    try:
        bundle = Bundle.load(config.models.bundle)
    except AnodyneError as failure:
        return None, [error("bundle", failure.message)]
    text = f"version {bundle.version} in {bundle.folder}, {len(bundle.models)} models, hashes right, but unsigned"
    return bundle, [warning("bundle", f"{text}: take [models] bundle out to run signed ones (docs/models.md)")]


def _keys(box: Shelf) -> Iterator[Finding]:
    trust = box.trust
    for problem in trust.problems:
        yield warning("bundle keys", f"{problem}: it signs for nothing here")
    if _open_to_others(box):
        yield warning("bundle keys", f"{box.keys} can be written by others than root: chown root, chmod 755")
    names = ", ".join(one.name for one in trust.keys)
    yield ok("bundle keys", f"trusted: {names}" if names else f"none in {box.keys}: no bundle can be installed")


def _open_to_others(box: Shelf) -> bool:
    """Whether somebody who is not root, the daemon's user above all, could put a key of their own there."""
    try:
        found = box.keys.stat()
    except OSError:
        return False
    return found.st_uid != 0 or bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _under_way(box: Shelf, pointer: Pointer) -> Iterator[Finding]:
    if pointer.trial is not None:
        hours = pointer.trial.seconds / 3600.0
        yield ok(
            "bundle trial", f"{pointer.trial.id}, confirmed after {hours:g} hours; a fault leads to {pointer.active}"
        )
    beside = pointer.shadow
    if beside is None:
        return
    if beside.state is ShadowState.FAILED:
        yield warning("bundle shadow", f"{beside.id} failed: {beside.why}. Do not commit it")
        return
    try:
        watched = f"{Tally.read(report_file(box.folder, beside.id)).seconds / 3600.0:.1f}"
    except BundleError:
        watched = "0"
    yield ok(
        "bundle shadow",
        f"{beside.id} {beside.state}, {watched} of {beside.seconds / 3600.0:g} hours: anodyne models shadow --report",
    )


def _last_fault(box: Shelf) -> Iterator[Finding]:
    """The last bundle that was given up or refused, unless something has been done since."""
    last = last_fault(box.folder)
    if last is not None:
        yield warning("bundle fault", f"{last.bundle} {last.what} {last.why}. See `anodyne models list`")


def faults(state: BundleState | None) -> Iterator[Finding]:
    """What of the state of the bundles a person should look at."""
    if state is None:
        return
    if state.fault:
        yield warning("bundle fault", state.fault)
    if state.beside_state is Beside.FAILED:
        yield warning("bundle shadow", f"{state.beside} failed beside the bundle in use")
