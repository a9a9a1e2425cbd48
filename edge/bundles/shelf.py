"""The bundles of a box, side by side in its state folder.

    <state_dir>/bundles/
        pointer.json               which one runs; replaced by one rename
        history.jsonl              what has happened
        0.2.0-1f3a…/               an installed bundle, never changed after its rename
        .incoming-…/               what an interrupted installation left; removed by the next

A bundle is copied from bytes that have been verified, synced, tried, and only then renamed to its name: at every
moment, a power cut leaves either no such bundle or the whole of it, and the pointer as it was.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.bundle import MANIFEST as TOML
from edge.bundle import Bundle, installed_folder
from edge.bundles.check import Signed, check_golden, check_machine, files, load_checked, load_named, read_signed
from edge.bundles.history import note
from edge.bundles.keys import Trust
from edge.bundles.manifest import MANIFEST_FILE, SIGNATURE_FILE, numbers
from edge.bundles.pointer import SHIPPED, Pointer, locked, read_pointer, report_file, unreadable, write_pointer
from edge.clock import Clock
from edge.durable import sync_folder, write_new
from edge.errors import AnodyneError, BundleError, BundleReason

log = logging.getLogger(__name__)

FOLDER = "bundles"
"""In the state folder."""

MOST_KEPT = 6
"""Bundles that are kept; of those that the pointer does not mention the oldest go first."""

_INCOMING = ".incoming-"

Fitness = Callable[[Bundle], None]
"""Raises an `AnodyneError` where this program cannot use a bundle."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of bundles, and what decides about them.

    Attributes:
        folder: where they lie.
        keys: folder of the site's public keys.
        fitness: whether the program's rooms can use a bundle.
        clock: dates the history.
        shipped: folder of the bundle that came with the program.
    """

    folder: Path
    keys: Path
    fitness: Fitness
    clock: Clock
    shipped: Path

    @classmethod
    def of(cls, state_dir: Path, keys: Path, fitness: Fitness, clock: Clock, shipped: Path | None = None) -> Shelf:
        """The shelf of a box."""
        return cls(state_dir / FOLDER, keys, fitness, clock, shipped or installed_folder())

    @property
    def trust(self) -> Trust:
        """The site's keys as they lie there now: one may have come or gone while the daemon runs."""
        return Trust.read(self.keys)

    def pointer(self) -> Pointer:
        """Which bundle runs: the shipped one where the program ships newer models than the confirmed ones.

        Raises:
            BundleError: as `read_pointer`.
        """
        pointer = read_pointer(self.folder)
        if self.is_outdated(pointer):
            return pointer.model_copy(update={"active": SHIPPED, "previous": SHIPPED})
        return pointer

    def is_outdated(self, pointer: Pointer) -> bool:
        """Whether the program was upgraded since the bundle was confirmed, and ships a newer one."""
        if pointer.active == SHIPPED:
            return False
        try:
            if pointer.over == self.shipped_digest():
                return False
            return numbers(self.version(SHIPPED)) > numbers(version_of(pointer.active))
        except BundleError as error:
            log.warning("models: %s", error.message)
            return False

    def ids(self) -> list[str]:
        """Every bundle that is installed, oldest version first.

        Raises:
            BundleError: UNREADABLE: the folder cannot be read.
        """
        try:
            found = [path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unreadable(self.folder, error) from error
        return sorted(found, key=lambda name: (_sortable(version_of(name)), name))

    def find(self, word: str) -> str:
        """The id of an installed bundle, from its id or its version.

        Raises:
            BundleError: MISSING: there is none; STATE: more than one has this version.
        """
        found = [name for name in self.ids() if word in (name, version_of(name))]
        if len(found) > 1:
            raise BundleError(BundleReason.STATE, f"several bundles are of version {word}: {', '.join(found)}")
        if not found:
            have = ", ".join(self.ids()) or "none"
            raise BundleError(BundleReason.MISSING, f'no bundle "{word}" is installed (there are: {have})')
        return found[0]

    def shipped_digest(self) -> str:
        """Digest of the shipped manifest: it changes with the program.

        Raises:
            BundleError: UNREADABLE: it cannot be read.
        """
        try:
            return hashlib.sha256((self.shipped / TOML).read_bytes()).hexdigest()
        except OSError as error:
            raise BundleError(BundleReason.UNREADABLE, f"{self.shipped / TOML}: {error.strerror}") from error

    def version(self, name: str) -> str:
        """The version of a bundle by its id, or of the shipped one.

        Raises:
            BundleError: the shipped bundle cannot be loaded.
        """
        return Bundle.load(self.shipped).version if name == SHIPPED else version_of(name)

    def load(self, name: str, *, try_rooms: bool = True) -> Bundle:
        """Verify a bundle from the signature to the answers, and load it. The shipped one came with the program.

        Args:
            name: its id.
            try_rooms: whether to see if the program's rooms can use it; whoever builds them at once need not.

        Raises:
            BundleError, InferenceError: it is refused.
        """
        if name == SHIPPED:
            return Bundle.load(self.shipped)
        signed, bundle = load_checked(self.folder / name, self.trust)
        if signed.id != name:
            raise BundleError(BundleReason.FORMAT, f"{self.folder / name} holds another bundle, {signed.id}")
        check_golden(bundle, signed.manifest)
        if try_rooms:
            self.fitness(bundle)
        return bundle

    def install(self, source: Path, downgrade: str | None = None) -> str:
        """Verify a bundle and put it beside the others. What runs is not touched.

        Args:
            source: folder of a signed bundle, on a USB stick for instance.
            downgrade: why an older version, or another one of the same version, is wanted; None: it is not.

        Returns:
            Its id; of what is there already only the reason is kept, unless it is damaged.

        Raises:
            BundleError, InferenceError: it is refused, with the reason; nothing is changed.
        """
        with locked(self.folder):
            self._sweep()
            try:
                signed = read_signed(source, self.trust)
                if self._is_whole(signed.id):
                    self._allow(signed.id, downgrade)
                    return signed.id
                check_machine(signed.manifest)
                self._check_age(signed.manifest.version, signed.id, downgrade)
                self._take(source, signed)
            except AnodyneError as error:
                note(self.folder, self.clock.instant(), "refused", source.name, error.message)
                raise
            note(self.folder, self.clock.instant(), "installed", signed.id, f"signed by {signed.key}")
            self._allow(signed.id, downgrade)
            self._make_room(signed.id)
            return signed.id

    def _allow(self, name: str, downgrade: str | None) -> None:
        if downgrade is None:
            return
        pointer = read_pointer(self.folder)
        allowed = {**pointer.downgrades, name: downgrade}
        write_pointer(self.folder, pointer.model_copy(update={"downgrades": allowed}))
        note(self.folder, self.clock.instant(), "downgrade allowed", name, downgrade)

    def check_age(self, name: str) -> None:
        """Whether an installed bundle may follow the one that runs now.

        Raises:
            BundleError: DOWNGRADE: it is not newer, and nobody has allowed that.
        """
        self._check_age(version_of(name), name, self.pointer().downgrades.get(name))

    def _check_age(self, version: str, name: str, downgrade: str | None) -> None:
        pointer = self.pointer()
        runs = pointer.trial.id if pointer.trial is not None else pointer.active
        now = self.version(runs)
        if name != runs and numbers(version) <= numbers(now) and not downgrade:
            raise BundleError(
                BundleReason.DOWNGRADE,
                f"version {version} is not newer than {now}, which runs: if that is meant, install it with "
                "--allow-downgrade and the reason",
            )

    def _is_whole(self, name: str) -> bool:
        """Whether a bundle is installed already; one that is damaged is removed, to be installed anew."""
        if not (self.folder / name).is_dir():
            return False
        try:
            self.load(name)
        except AnodyneError as error:
            note(self.folder, self.clock.instant(), "removed", name, error.message)
            shutil.rmtree(self.folder / name, ignore_errors=True)
            return False
        return True

    def _take(self, source: Path, signed: Signed) -> None:
        staging = self.folder / f"{_INCOMING}{signed.id}"
        try:
            staging.mkdir(mode=0o700)
            folders = {staging}
            for name, data in files(source, signed.manifest):
                place = staging / name
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folders.update(folder for folder in place.parents if folder.is_relative_to(staging))
                write_new(place, data)
            write_new(staging / MANIFEST_FILE, signed.data)
            write_new(staging / SIGNATURE_FILE, signed.signature)
            for folder in folders:
                sync_folder(folder)
            bundle = load_named(staging, signed.manifest)
            check_golden(bundle, signed.manifest)
            self.fitness(bundle)
            staging.rename(self.folder / signed.id)
            sync_folder(self.folder)
        except OSError as error:
            raise BundleError(
                BundleReason.UNREADABLE, f"{error.filename or staging} cannot be written: {error.strerror}"
            ) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what an interrupted installation left."""
        for path in self.folder.glob(f"{_INCOMING}*"):
            shutil.rmtree(path, ignore_errors=True)

    def _make_room(self, fresh: str) -> None:
        idle = [name for name in self.ids() if name not in self.pointer().names() | {fresh}]
        idle.sort(key=lambda name: (self.folder / name).stat().st_mtime)
        surplus = len(self.ids()) - MOST_KEPT
        for name in idle[: max(0, surplus)]:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            report_file(self.folder, name).unlink(missing_ok=True)
            note(self.folder, self.clock.instant(), "removed", name, f"more than {MOST_KEPT} were kept")


def version_of(name: str) -> str:
    """The version in a bundle's id."""
    return name.partition("-")[0]


def _sortable(version: str) -> tuple[int, int, int]:
    try:
        return numbers(version)
    except BundleError:
        return 0, 0, 0
