"""A bundle is installed whole or not at all; what is wrong with it is said, and what runs is not touched."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundles import check, steps
from edge.bundles.history import events
from edge.bundles.manifest import MANIFEST_FILE, SIGNATURE_FILE
from edge.bundles.pack import Packing, pack
from edge.bundles.pointer import Pointer, Trial, write_pointer
from edge.bundles.running import begin
from edge.bundles.shelf import MOST_KEPT, Shelf
from edge.errors import BundleError, BundleReason
from tests.fixtures.signed import Site


@pytest.fixture
def shelf(site: Site, tmp_path: Path) -> Shelf:
    """The shelf of a fresh box."""
    (tmp_path / "state").mkdir()
    return site.shelf(tmp_path / "state")


def refusal(shelf: Shelf, folder: Path) -> BundleError:
    """How a bundle is refused; afterwards nothing of it is there, and the shipped models run."""
    with pytest.raises(BundleError) as caught:
        shelf.install(folder)
    assert shelf.ids() == []
    assert list(shelf.folder.glob(".incoming*")) == []
    assert begin(shelf).name == "shipped"
    assert [event.what for event in events(shelf.folder)] == ["refused"]
    return caught.value


@pytest.mark.models
def test_a_right_bundle_lies_beside_and_runs_after_a_commit(shelf: Shelf, site: Site) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    assert (name.startswith("0.2.0-"), begin(shelf).name) == (True, "shipped")
    steps.commit(shelf, "0.2.0", 60.0, "a test")
    running = begin(shelf)
    assert (running.name, running.bundle.version, running.bundle.folder) == (name, "0.2.0", shelf.folder / name)


def test_installing_twice_changes_nothing(shelf: Shelf, site: Site) -> None:
    first = shelf.install(site.bundle("0.2.0"))
    assert (shelf.install(site.bundle("0.2.0")), shelf.ids()) == (first, [first])


def test_installing_again_mends_what_is_damaged(shelf: Shelf, site: Site) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=name))
    cut(shelf.folder / name / "face_au.tflite")
    assert begin(shelf).name == "shipped"
    assert shelf.install(site.bundle("0.2.0")) == name
    assert begin(shelf).name == name


def flipped(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    """As an interrupted copy leaves a file."""
    path.write_bytes(path.read_bytes()[:-1])


def with_a_pipe(path: Path) -> None:
    """A pipe in the place of a file: reading it would wait for ever."""
    path.unlink()
    os.mkfifo(path)


def grown(path: Path) -> None:
    """One byte more."""
    path.write_bytes(path.read_bytes() + b"\0")


FILES = ("face_au.tflite", "bundle.toml", "cards/fusion.md", "golden/face_au-0-0.int8", MANIFEST_FILE, SIGNATURE_FILE)
DAMAGES = (flipped, cut, grown, Path.unlink, with_a_pipe)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_is_damaged_is_refused(
    shelf: Shelf, site: Site, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    folder = site.copy(tmp_path / "usb")
    damage(folder / name)
    error = refusal(shelf, folder)
    expected = {
        Path.unlink: {BundleReason.MISSING},
        with_a_pipe: {BundleReason.UNREADABLE},
        grown: {BundleReason.HASH, BundleReason.SIGNATURE, BundleReason.FORMAT},
    }.get(damage, {BundleReason.HASH, BundleReason.SIGNATURE})
    assert error.reason in expected


def test_a_key_that_the_box_does_not_trust_signs_for_nothing(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    pack(site.bundle("0.2.0"), tmp_path / "usb", Ed25519PrivateKey.generate(), Packing("0.2.0"))
    assert refusal(shelf, tmp_path / "usb").reason is BundleReason.SIGNATURE


def test_a_bundle_for_another_processor_is_refused(shelf: Shelf, site: Site) -> None:
    error = refusal(shelf, site.bundle("0.2.0", machines=("riscv64",)))
    assert (error.reason, "is for riscv64, this box is" in error.message) == (BundleReason.MACHINE, True)


def test_on_another_processor_a_right_bundle_is_refused(
    shelf: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = site.bundle("0.2.0")
    monkeypatch.setattr(platform, "machine", lambda: "armv7l")
    assert refusal(shelf, bundle).reason is BundleReason.MACHINE


def test_answers_of_another_runtime_are_not_held_against_this_one(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    def renamed(text: str) -> str:
        return text.replace('"runtime": "', '"runtime": "other-')

    error = refusal(shelf, site.sign_anew(site.copy(tmp_path / "usb"), renamed))
    assert (error.reason, "ANODYNE_RUNTIME" in error.message) == (BundleReason.MACHINE, True)


@pytest.mark.models
def test_a_model_that_answers_otherwise_here_is_refused(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    def other_answer(text: str) -> str:
        said = json.loads(text)
        said["golden"][2]["outputs_sha256"] = "0" * 64
        return json.dumps(said)

    error = refusal(shelf, site.sign_anew(site.copy(tmp_path / "usb"), other_answer))
    assert (error.reason, "does not answer golden/" in error.message) == (BundleReason.GOLDEN, True)


@pytest.mark.models
def test_a_model_without_a_golden_answer_is_refused(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    def without(text: str) -> str:
        said = json.loads(text)
        said["golden"] = [row for row in said["golden"] if row["model"] != "face_find"]
        return json.dumps(said)

    error = refusal(shelf, site.sign_anew(site.copy(tmp_path / "usb"), without))
    assert (error.reason, "face_find" in error.message) == (BundleReason.GOLDEN, True)


def test_a_file_that_is_used_but_not_signed_is_refused(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    def without(text: str) -> str:
        said = json.loads(text)
        del said["files"]["cards/face_au.md"]
        return json.dumps(said)

    folder = site.sign_anew(site.copy(tmp_path / "usb"), without)
    error = refusal(shelf, folder)
    assert (error.reason, "face_au.md" in error.message) == (BundleReason.MISSING, True)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "cards/../x", ".hidden", "a//b", ""])
def test_a_signed_name_that_leads_outside_is_refused(shelf: Shelf, site: Site, tmp_path: Path, name: str) -> None:
    def outside(text: str) -> str:
        said = json.loads(text)
        said["files"][name] = {"bytes": 1, "sha256": "0" * 64}
        return json.dumps(said)

    folder = site.sign_anew(site.copy(tmp_path / "usb"), outside)
    assert refusal(shelf, folder).reason is BundleReason.FORMAT


@pytest.mark.models
def test_models_that_this_program_cannot_use_are_refused(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    source = site.copy(tmp_path / "source")
    text = (source / "bundle.toml").read_text()
    (source / "bundle.toml").write_text(text.replace("threshold_face_ppg_gsr = ", "threshold_no_mode = "))
    pack(source, tmp_path / "usb", site.key(), Packing("0.2.0"))
    error = refusal(shelf, tmp_path / "usb")
    assert (error.reason, "threshold_face_ppg_gsr" in error.message) == (BundleReason.FORMAT, True)


@pytest.mark.parametrize("version", ["0.0.9", "0.1.0"])
def test_what_is_not_newer_is_refused(shelf: Shelf, site: Site, version: str) -> None:
    error = refusal(shelf, site.bundle(version))
    assert (error.reason, "--allow-downgrade" in error.message) == (BundleReason.DOWNGRADE, True)


def test_versions_are_compared_as_numbers(shelf: Shelf, site: Site) -> None:
    steps.commit(shelf, shelf.install(site.bundle("0.10.0")), 60.0, "a test")
    with pytest.raises(BundleError) as caught:
        shelf.install(site.bundle("0.9.0"))
    assert caught.value.reason is BundleReason.DOWNGRADE


def test_a_downgrade_with_a_reason_is_taken_and_the_reason_is_kept(shelf: Shelf, site: Site) -> None:
    name = shelf.install(site.bundle("0.0.9"), "0.1.0 alarms at every meal")
    steps.commit(shelf, name, 60.0, "it ran for a year")
    assert begin(shelf).name == name
    told = [(event.what, event.why) for event in events(shelf.folder)]
    assert ("downgrade allowed", "0.1.0 alarms at every meal") in told


def test_what_became_old_since_it_was_installed_is_not_put_to_use(shelf: Shelf, site: Site) -> None:
    older = shelf.install(site.bundle("0.2.0"))
    steps.commit(shelf, shelf.install(site.bundle("0.3.0")), 60.0, "a test")
    with pytest.raises(BundleError) as caught:
        steps.commit(shelf, older, 60.0, "a test")
    assert caught.value.reason is BundleReason.DOWNGRADE
    assert shelf.install(site.bundle("0.2.0"), "0.3.0 sees pain in sleep") == older
    assert steps.commit(shelf, older, 60.0, "a test") == older


def test_a_bundle_that_is_damaged_on_the_box_gives_way_to_the_one_before(shelf: Shelf, site: Site) -> None:
    first, second = (shelf.install(site.bundle(version)) for version in ("0.2.0", "0.3.0"))
    write_pointer(shelf.folder, Pointer(active=second, previous=first))
    flipped(shelf.folder / second / "face_au.tflite")
    assert begin(shelf).name == first
    flipped(shelf.folder / first / "bundle.toml")
    assert begin(shelf).name == "shipped"
    assert [event.bundle for event in events(shelf.folder) if event.what == "not used"] == [second, second, first]


def test_a_key_that_is_taken_away_takes_its_bundles_with_it(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=name))
    assert begin(shelf).name == name
    (tmp_path / "none").mkdir()
    revoked = Shelf.of(tmp_path / "state", tmp_path / "none", lambda _: None, shelf.clock)
    assert begin(revoked).name == "shipped"


def test_a_key_that_comes_while_the_daemon_runs_counts_at_once(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    daemons = Shelf.of(tmp_path / "state", keys, shelf.fitness, shelf.clock)
    steps.commit(shelf, shelf.install(site.bundle("0.2.0")), 60.0, "a test")
    shutil.copytree(site.keys, keys)
    assert begin(daemons).bundle.version == "0.2.0"


def test_a_program_that_ships_newer_models_uses_them(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=name, over=shelf.shipped_digest()))
    assert begin(shelf).name == name
    newer = Shelf.of(tmp_path / "state", site.keys, lambda _: None, shelf.clock, site.bundle("0.3.0"))
    assert (begin(newer).name, begin(newer).bundle.version) == ("shipped", "0.3.0")
    assert begin(shelf).name == name  # the upgrade was taken back


def test_a_program_that_ships_newer_models_ends_a_trial_of_older_ones(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    steps.commit(shelf, shelf.install(site.bundle("0.2.0")), 60.0, "a test")
    newer = Shelf.of(tmp_path / "state", site.keys, shelf.fitness, shelf.clock, site.bundle("0.3.0"))
    assert (begin(newer).name, newer.pointer().trial) == ("shipped", None)
    assert [*events(shelf.folder)][-1].why == "to shipped: the program brings newer models"


def test_after_such_an_upgrade_every_step_counts_from_what_runs(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=name, over=shelf.shipped_digest()))
    newer = Shelf.of(tmp_path / "state", site.keys, shelf.fitness, shelf.clock, site.bundle("0.4.0"))
    with pytest.raises(BundleError, match=r"0\.3\.0 is not newer than 0\.4\.0, which runs"):
        newer.install(site.bundle("0.3.0"))
    with pytest.raises(BundleError, match="nothing is before it"):
        steps.rollback(newer, "a test")
    with pytest.raises(BundleError, match=r"0\.2\.0 is not newer than 0\.4\.0, which runs"):
        steps.commit(newer, name, 60.0, "a test")
    assert steps.in_use(newer.pointer()) == "shipped"
    newer.install(site.bundle("0.2.0"), "0.4.0 alarms at every meal")
    steps.commit(newer, name, 60.0, "a test")
    assert begin(newer).name == name


def test_a_pointer_that_is_damaged_leads_to_the_shipped_models(shelf: Shelf, site: Site) -> None:
    name = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(trial=Trial(id=name, seconds=60.0)))
    (shelf.folder / "pointer.json").write_bytes((shelf.folder / "pointer.json").read_bytes()[:40])
    assert begin(shelf).name == "shipped"
    with pytest.raises(BundleError, match="remove it"):
        steps.rollback(shelf, "a test")


def test_a_folder_that_is_not_for_this_user_is_said_to_be(
    shelf: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.install(site.bundle("0.2.0"))

    def refuse(path: object, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    for look in (shelf.ids, shelf.pointer):
        with pytest.raises(BundleError, match="cannot be read: Permission denied: run this as the daemon's user"):
            look()


def test_what_nobody_needs_goes_when_there_are_many(shelf: Shelf, site: Site) -> None:
    kept = shelf.install(site.bundle("0.2.0"))
    write_pointer(shelf.folder, Pointer(active=kept))
    os.utime(shelf.folder / kept, (0, 0))
    for number in range(MOST_KEPT):
        (shelf.folder / f"0.2.{number + 1}-{'0' * 12}").mkdir()
    fresh = shelf.install(site.bundle("0.3.0"))
    assert (len(shelf.ids()), {kept, fresh} <= set(shelf.ids())) == (MOST_KEPT, True)


def test_the_leftovers_of_an_interrupted_installation_are_cleared_away(shelf: Shelf, site: Site) -> None:
    shelf.folder.mkdir()
    shutil.copytree(site.bundle("0.2.0"), shelf.folder / ".incoming-0.2.0-000000000000")
    name = shelf.install(site.bundle("0.2.0"))
    assert [path.name for path in shelf.folder.iterdir() if path.is_dir()] == [name]


def test_a_full_disk_refuses_the_bundle_and_leaves_nothing(
    shelf: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device", "face_au.tflite")

    bundle = site.bundle("0.2.0")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="No space left"):
        shelf.install(bundle)
    assert (shelf.ids(), list(shelf.folder.glob(".incoming*"))) == ([], [])


def test_packing_over_what_is_there_or_from_a_damaged_source_leaves_nothing(site: Site, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is there already"):
        pack(site.bundle("0.2.0"), site.bundle("0.3.0"), site.key(), Packing("0.4.0"))
    folder = site.copy(tmp_path / "source")
    cut(folder / "face_au.tflite")
    with pytest.raises(BundleError):
        pack(folder, tmp_path / "target", site.key(), Packing("0.4.0"))
    (tmp_path / "linked").mkdir()
    linked = site.copy(tmp_path / "linked" / "source")
    (linked / "cards" / "more.md").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="no ordinary file"):
        pack(linked, tmp_path / "target", site.key(), Packing("0.4.0"))
    assert not (tmp_path / "target").exists()


def test_packing_is_the_same_every_time(site: Site, tmp_path: Path) -> None:
    pack(site.bundle("0.2.0"), tmp_path / "again", site.key(), Packing("0.2.0"))
    first, second = (folder / MANIFEST_FILE for folder in (site.bundle("0.2.0"), tmp_path / "again"))
    assert first.read_bytes() == second.read_bytes()
    assert check.machine() in json.loads(first.read_text())["machines"]


def test_every_byte_is_on_the_disk_before_the_bundle_has_its_name(
    shelf: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, rename = os.fsync, os.rename
    done: list[str] = []

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    def renamed(source: Path, target: Path) -> None:
        rename(source, target)
        done.append(f"-> {target}")

    bundle = site.bundle("0.2.0")
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    name = shelf.install(bundle)
    place, staging = shelf.folder / name, shelf.folder / f".incoming-{name}"
    named = done.index(f"-> {place}")
    written = {str(staging / path.relative_to(place)) for path in [place, *place.rglob("*")]}
    assert written == set(done[:named])
    assert str(shelf.folder) in done[named + 1 :]
