"""`anodyne setup`: driven through a terminal, and by flags alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import load
from edge.publish.embedded import free_port
from edge.types import Validity
from tests.peers.band import ADDRESS, VirtualBand
from tests.peers.broker import Mosquitto
from tests.peers.broker import mosquitto as mosquitto
from tests.setup.terminal import Terminal

BAND = '# worn left\n[[sensor]]\ndriver = "simulated_band"\nname = "wrist"\n'


@pytest.fixture
def stanzas(tmp_path: Path) -> str:
    """A file with a band."""
    path = tmp_path / "stanzas.toml"
    path.write_text(BAND)
    return str(path)


def test_a_ward_is_set_up_by_answering_questions_and_the_broker_is_tested(
    tmp_path: Path, stanzas: str, mosquitto: Mosquitto
) -> None:
    file = tmp_path / "box.toml"
    with Terminal("--output", str(file), "--stanzas", stanzas, "--look", "2") as terminal:
        terminal.answer("Home or ward", "1")
        terminal.answer("Ward, hospice or home", "ward 3")
        terminal.answer("Ward, hospice or home", "ward3")
        terminal.answer("Name of the bed", "bed12")
        terminal.answer("For a patient, or a test", "")
        terminal.answer("Look again", "n")
        terminal.answer("Address of the MQTT broker", "127.0.0.1")
        terminal.answer("Encrypt the connection", "n")
        terminal.answer("TCP port", str(free_port()))
        terminal.answer("User at the broker", "")
        terminal.answer("Does a nursing station of Anodyne listen", "y")
        terminal.answer("Keep these answers all the same", "n")
        terminal.answer("Address of the MQTT broker", "127.0.0.1")
        terminal.answer("Encrypt the connection", "")
        terminal.answer("TCP port", str(mosquitto.port))
        terminal.answer("User at the broker", "bed12")
        terminal.answer("Password", "secret")
        terminal.answer("Does a nursing station of Anodyne listen", "n")
        code = terminal.end()
    assert code == 0, terminal.seen
    assert "'ward 3' does not fit: write 1 to 32 letters" in terminal.seen
    assert "wrist (simulated_band)   streaming" in terminal.seen
    assert "refuses connections: nobody listens there" in terminal.seen
    assert "broker publish" in terminal.seen
    assert "secret" not in terminal.seen
    config = load(file)
    assert (config.box.site, config.box.bed, config.box.validity) == ("ward3", "bed12", Validity.TEST)
    assert (config.mqtt.port, config.mqtt.station_within_s) == (mosquitto.port, 0.0)
    assert [one.name for one in config.sensor] == ["wrist"]
    password = tmp_path / "mqtt-password"
    assert (password.read_text(), password.stat().st_mode & 0o777) == ("secret\n", 0o600)
    text = file.read_text()
    assert ("# worn left" in text, "secret" not in text, file.stat().st_mode & 0o777) == (True, True, 0o640)
    assert "\n# Host name or address of the broker.\nhost = " in text


def test_a_terminal_that_ends_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    with Terminal("--output", str(file), "--sensors", "none") as terminal:
        terminal.answer("Home or ward", "ward")
        terminal.answer("Ward, hospice or home", "\x04")
        assert terminal.end() == 2
    assert not file.exists()


def test_a_terminal_that_ends_after_the_password_leaves_the_one_in_use(tmp_path: Path) -> None:
    (tmp_path / "mqtt-password").write_text("in use\n")
    flags = ["--kind", "ward", "--site", "w", "--bed", "b", "--validity", "test", "--sensors", "none"]
    flags += ["--host", "127.0.0.1", "--port", str(free_port()), "--no-tls", "--username", "b"]
    with Terminal("--output", str(tmp_path / "box.toml"), *flags) as terminal:
        terminal.answer("Password", "another")
        terminal.answer("Does a nursing station of Anodyne listen", "\x04")
        assert terminal.end() == 2
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("mqtt-password", "in use\n")]


def setup(file: Path, *flags: str) -> int:
    """Without a person; the exit code."""
    return main(["setup", "--yes", "--output", str(file), "--look", "0", *flags])


async def test_a_band_on_the_air_is_found_looked_at_and_written(tmp_path: Path, band: VirtualBand) -> None:
    assert band is not None
    file = tmp_path / "box.toml"
    flags = ["--kind", "home", "--sensors", "all", "--listen", "1", "--look", "3", "--output", str(file)]
    assert await asyncio.to_thread(main, ["setup", "--yes", *flags]) == 0
    assert [one.driver for one in load(file).sensor] == ["ble_heart_rate"]
    assert ADDRESS in file.read_text()


def test_a_home_needs_no_broker_and_gets_a_sound(tmp_path: Path, stanzas: str) -> None:
    file = tmp_path / "box.toml"
    assert setup(file, "--kind", "home", "--stanzas", stanzas) == 0
    config = load(file)
    assert (config.annunciator.home, config.annunciator.sound_device, config.box.site) == (True, "default", "home")
    assert "[mqtt]" not in file.read_text()


def test_a_home_without_sound_gets_a_light(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    assert setup(file, "--kind", "home", "--sensors", "none", "--sound-device", "", "--light-pin", "22") == 0
    assert load(file).annunciator.light_pin == 22


def test_a_broker_that_does_not_answer_is_kept_and_told_by_the_exit_code(tmp_path: Path) -> None:
    file, port = tmp_path / "box.toml", free_port()
    assert setup(file, "--sensors", "none", "--host", "127.0.0.1", "--port", str(port)) == 1
    assert load(file).mqtt.port == port


def test_encryption_and_a_password_file_come_from_flags(tmp_path: Path) -> None:
    file = tmp_path / "box.toml"
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "password").write_text("x")
    flags = ("--tls", "--ca-file", str(tmp_path / "ca.pem"), "--username", "bed1")
    more = ("--password-file", str(tmp_path / "password"), "--no-station", "--no-test", "--sensors", "none")
    assert setup(file, *flags, *more) == 0
    mqtt = load(file).mqtt
    assert (mqtt.port, mqtt.username, mqtt.password_file) == (8883, "bed1", tmp_path / "password")
    assert mqtt.tls is not None
    assert mqtt.tls.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--site", "ward 3"], "does not fit: write 1 to 32 letters"),
        (["--tls", "--ca-file", "/nowhere.pem"], "'/nowhere.pem' is no file"),
        (["--stanzas", "/nowhere.toml"], "cannot be read"),
        (["--port", "0"], "is no whole number from 1 to 65535"),
        (["--validity", "real", "--stanzas", "STANZAS"], "simulated"),
    ],
)
def test_a_wrong_flag_writes_nothing_and_is_explained(
    tmp_path: Path, stanzas: str, capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    file = tmp_path / "box.toml"
    given = [stanzas if flag == "STANZAS" else flag for flag in flags]
    none = [] if "--stanzas" in given else ["--sensors", "none"]
    assert setup(file, "--no-test", *none, *given) == 2
    assert told in capsys.readouterr().err
    assert not file.exists()


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced_and_is_kept_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "box.toml"
    file.write_text("# mine\n")
    assert setup(file, "--kind", "home", "--sensors", "none") == 2
    assert (file.read_text(), "stays as it is" in capsys.readouterr().err) == ("# mine\n", True)
    assert setup(file, "--kind", "home", "--sensors", "none", "--replace") == 0
    assert (tmp_path / "box.toml.before").read_text() == "# mine\n"
