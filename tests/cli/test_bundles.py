"""`anodyne models …`: a site makes a key, signs, installs, shadows, commits and rolls back, by commands alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from edge.bundle import installed_folder
from edge.bundles.pointer import POINTER_FILE, Pointer, Shadowing, ShadowState, read_pointer, report_file, write_pointer
from edge.cli import main
from edge.durable import replace
from edge.shadow import Tally
from tests.cli.capture import Outcome, anodyne
from tests.fixtures.signed import Site
from tests.fixtures.signed import site as site
from tests.fixtures.updated_box import Manager

SENSORS = """
[[sensor]]
driver = "simulated_face"
name = "face"

[[sensor]]
driver = "simulated_band"
name = "band"
"""


class Models(Protocol):
    """`anodyne models STEP … --config FILE`."""

    def __call__(self, step: str, *arguments: str) -> Outcome:
        """Run it."""
        ...


@pytest.fixture
def file(site: Site, tmp_path: Path) -> Path:
    """The configuration of a box that trusts the site."""
    (tmp_path / "state").mkdir()
    path = tmp_path / "box.toml"
    path.write_text(
        f'[box]\nstate_dir = "state"\nvalidity = "test"\n[models]\nkeys = "{site.keys}"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = 9\n{SENSORS}'
    )
    return path


@pytest.fixture
def models(file: Path) -> Models:
    """The commands on this box."""

    def run(step: str, *arguments: str) -> Outcome:
        return anodyne("models", step, *arguments, "--config", str(file))

    return run


def folder(file: Path) -> Path:
    """Where the bundles of the box lie."""
    return file.parent / "state" / "bundles"


def shadowed(file: Path, name: str) -> None:
    """As a box leaves it after a whole run."""
    beside = Shadowing(id=name, seconds=60.0, state=ShadowState.DONE)
    write_pointer(folder(file), read_pointer(folder(file)).model_copy(update={"shadow": beside}))
    tally = Tally(old="shipped", new=name, seconds=60.0, ticks=1, verdicts={"calm/calm": 1})
    replace(report_file(folder(file), name), tally.model_dump_json().encode())


def test_a_site_makes_a_key_and_signs_the_models_with_it(tmp_path: Path) -> None:
    made = anodyne("models", "keygen", str(tmp_path / "ward.key"))
    assert (made.code, "keep it off the boxes" in made.out) == (0, True)
    (tmp_path / "keys").mkdir()
    (tmp_path / "ward.pem").rename(tmp_path / "keys" / "ward.pem")
    target = tmp_path / "usb"
    packed = anodyne(
        "models",
        "pack",
        str(installed_folder()),
        str(target),
        "--key",
        str(tmp_path / "ward.key"),
        "--version",
        "0.2.0",
    )
    assert (packed.code, "version 0.2.0" in packed.out) == (0, True)
    verified = anodyne("models", "verify", str(target), "--keys", str(tmp_path / "keys"))
    told = ["signed by ward", "files as they were signed", "golden answers, each exact", "the program can use it"]
    assert (verified.code, [words for words in told if words not in verified.out]) == (0, [])


def test_a_passphrase_is_taken_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("long and secret\n")
    key, secret = str(tmp_path / "ward.key"), str(tmp_path / "secret")
    assert anodyne("models", "keygen", key, "--passphrase-file", secret).code == 0
    arguments = ["models", "pack", str(installed_folder()), str(tmp_path / "usb"), "--key", key, "--version", "0.2.0"]
    assert main(arguments) == 2
    assert main([*arguments, "--passphrase-file", secret]) == 0


def test_a_passphrase_that_is_empty_makes_no_open_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("\n")
    assert main(["models", "keygen", str(tmp_path / "a.key"), "--passphrase-file", str(tmp_path / "secret")]) == 2
    assert "the passphrase is empty" in capsys.readouterr().err
    assert not (tmp_path / "a.key").exists()


def test_a_passphrase_is_typed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["long and secret", "long and secert"]
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop(0))
    assert main(["models", "keygen", str(tmp_path / "a.key"), "--passphrase"]) == 2
    assert "two different passphrases" in capsys.readouterr().err


def test_the_whole_way_of_a_bundle(models: Models, site: Site, file: Path) -> None:
    installed = models("install", str(site.bundle("0.2.0")))
    name = installed.out.split()[0]
    assert (installed.code, "is not touched" in installed.out) == (0, True)
    assert f"{name} is to run beside shipped for 2 hours" in models("shadow", "0.2.0", "--hours", "2").out
    assert "shadow wanted" in models("list").out
    shadowed(file, name)
    report = json.loads(models("shadow", "--report", "--json").out)
    assert (report["state"], report["same_verdict"], report["watched_s"]) == ("done", 1.0, 60.0)
    assert "the same at 100.00 %" in models("shadow", "--report").out
    assert "on trial for 24 hours" in models("commit", "0.2.0").out
    told = json.loads(models("list", "--json").out)
    assert (told["in_use"], told["history"][-1]["what"]) == (name, "committed")
    assert models("rollback", "--reason", "too many alarms").out == "back to shipped\n"
    assert "taken back: to shipped: too many alarms" in models("list").out


def test_a_commit_without_a_shadow_run_wants_a_reason(models: Models, site: Site, file: Path) -> None:
    models("install", str(site.bundle("0.2.0")))
    arguments = ["models", "commit", "0.2.0", "--config", str(file)]
    assert main(arguments) == 2
    assert main([*arguments, "--without-shadow", "the old one cannot see in the dark"]) == 0
    assert "without shadow: the old one cannot see" in models("list").out


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (["commit", "0.9.0"], 'no bundle "0.9.0" is installed'),
        (["shadow", "0.9.0"], 'no bundle "0.9.0" is installed'),
        (["shadow"], "which bundle?"),
        (["shadow", "--stop"], "no bundle runs beside"),
        (["shadow", "--report"], "no bundle has run beside"),
        (["rollback"], "nothing is before it"),
        (["install", "nowhere"], "is missing"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_the_reason(
    file: Path, step: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", *step, "--config", str(file)]) == 2
    assert why in capsys.readouterr().err


def test_another_user_may_not_change_the_bundles_but_look_at_them(
    models: Models, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert main(["models", "rollback", "--config", str(file)]) == 2
    assert "sudo -u anodyne" in capsys.readouterr().err
    assert models("list").code == 0


def test_a_bundle_that_the_configuration_names_is_not_overruled(
    file: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text().replace("[models]\n", f'[models]\nbundle = "{installed_folder()}"\n'))
    assert main(["models", "install", str(site.bundle("0.2.0")), "--config", str(file)]) == 2
    assert "take it out first" in capsys.readouterr().err


def test_verify_tells_what_is_wrong_and_ends_with_1(models: Models, site: Site, file: Path) -> None:
    name = models("install", str(site.bundle("0.2.0"))).out.split()[0]
    assert models("verify").code == 0
    (folder(file) / name / "face_au.tflite").write_bytes(b"")
    outcome = models("verify", "0.2.0")
    assert (outcome.code, "refused" in outcome.out) == (1, True)


def findings(file: Path) -> dict[str, tuple[str, str]]:
    """What the doctor says, by name."""
    told = json.loads(anodyne("doctor", "--config", str(file), "--json").out)["findings"]
    return {row["name"]: (row["grade"], row["text"]) for row in told}


def test_the_doctor_knows_every_step(models: Models, site: Site, file: Path) -> None:
    assert findings(file)["bundle"][1].endswith("came with the program")
    name = models("install", str(site.bundle("0.2.0"))).out.split()[0]
    models("shadow", "0.2.0")
    assert "0 of 72 hours" in findings(file)["bundle shadow"][1]
    models("commit", "0.2.0", "--without-shadow", "a test")
    told = findings(file)
    assert told["bundle keys"][1] == "trusted: site"
    assert (told["bundle"][0], "signature right" in told["bundle"][1]) == ("ok", True)
    assert name in told["bundle trial"][1]
    (folder(file) / name / "face_au.tflite").write_bytes(b"")
    assert findings(file)["bundle"][0] == "error"
    assert "bundle fault" not in told


def test_the_doctor_warns_of_keys_that_others_can_add(file: Path, tmp_path: Path) -> None:
    keys = tmp_path / "open"
    keys.mkdir()
    keys.chmod(0o777)
    file.write_text(re.sub(r'keys = ".*"', f'keys = "{keys}"', file.read_text()))
    rows = json.loads(anodyne("doctor", "--config", str(file), "--json").out)["findings"]
    assert ("bundle keys", "warning") in [(row["name"], row["grade"]) for row in rows]


def test_the_doctor_warns_of_unsigned_models_and_of_a_damaged_pointer(file: Path, site: Site) -> None:
    folder(file).mkdir()
    (folder(file) / POINTER_FILE).write_text("{")
    grade, told = findings(file)["bundle"]
    assert (grade, told.endswith("is damaged, so the models that came with the program run: remove it")) == (
        "error",
        True,
    )
    file.write_text(file.read_text().replace("[models]\n", f'[models]\nbundle = "{site.bundle("0.2.0")}"\n'))
    assert findings(file)["bundle"][0] == "warning"


@contextmanager
def daemon(file: Path, end: signal.Signals) -> Iterator[None]:
    """The true daemon in a process of its own, ready; it ends by the given signal. Its log is `log` beside the file."""
    manager = Manager(file.parent)
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(file)]
    environment = {**os.environ, "NOTIFY_SOCKET": str(file.parent / "notify")}
    with (file.parent / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log, env=environment)
        try:
            deadline = time.monotonic() + 60.0
            while "READY=1" not in manager.heard:
                assert process.poll() is None, (file.parent / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
            process.send_signal(end)
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            manager.close()
            (file.parent / "notify").unlink()


def test_a_daemon_that_is_killed_on_trial_comes_back_with_the_bundle_of_before(
    models: Models, site: Site, file: Path
) -> None:
    models("install", str(site.bundle("0.2.0")))
    models("commit", "0.2.0", "--without-shadow", "a test")
    with daemon(file, signal.SIGTERM):
        trial = read_pointer(folder(file)).trial
        assert trial is not None
        assert trial.running is not None
    trial = read_pointer(folder(file)).trial
    assert trial is not None
    assert trial.running is None
    with daemon(file, signal.SIGKILL):
        assert read_pointer(folder(file)).trial is not None
    with daemon(file, signal.SIGTERM):
        assert read_pointer(folder(file)).trial is None
    assert "rolled back: to shipped: the daemon crashed before it was confirmed" in (file.parent / "log").read_text()
    assert read_pointer(folder(file)) == Pointer()
