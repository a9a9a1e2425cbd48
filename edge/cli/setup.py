"""`anodyne setup`: a few questions, and the configuration of a box is written."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.cli import sensors
from edge.cli.run import DEFAULT_CONFIG
from edge.cli.scan import LISTEN_S
from edge.config import Box, Mqtt, load, loads
from edge.config.keys import keys
from edge.durable import write_new
from edge.errors import ConfigError
from edge.health.broker import broker_stages
from edge.health.findings import Grade, row
from edge.scan.scan import Chapter, scan
from edge.section import Section
from edge.setup.asker import Asker, Check
from edge.setup.writer import configuration, write
from edge.types import Validity

LOOK_S = 15.0
"""How long sensors are looked at, seconds: a band is found and connected within five, a rate measured over ten."""

PASSWORD_FILE = "mqtt-password"  # noqa: S105  # a file's name
"""Beside the configuration."""

Tables = dict[str, dict[str, object]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "setup",
        help="write a box's first configuration",
        description="Ask for what a box needs: home or ward, the bed's name, camera and bands (found and looked at), "
        "the broker (tested stage by stage), and write a commented configuration. Each question has an option; "
        "with --yes nothing is asked. Exit code: 0 written, 1 written although the broker's test failed, 2 nothing "
        "is written.",
    )
    parser.add_argument("--output", type=Path, default=DEFAULT_CONFIG, help="the file to write (%(default)s)")
    parser.add_argument("--yes", action="store_true", help="ask nothing: options, else defaults")
    parser.add_argument(
        "--replace", action="store_true", default=None, help="replace a file that is there (it is kept)"
    )
    parser.add_argument("--kind", choices=("ward", "home"), help="a nursing station listens, or the bed alarms itself")
    parser.add_argument("--site", help="ward, hospice or home")
    parser.add_argument("--bed", help="name of the bed")
    parser.add_argument("--validity", choices=("real", "test"), help="for a patient, or a test")
    parser.add_argument("--state-dir", type=Path, help="folder of alarm states (default: as installed)")
    parser.add_argument("--sensors", metavar="CHOICE", help="of what is found: all, none, numbers, or part of a title")
    parser.add_argument("--stanzas", type=Path, help="take the [[sensor]] tables of this file; nothing is looked for")
    parser.add_argument(
        "--listen", type=float, default=LISTEN_S, metavar="N", help="seconds to find bands (%(default)g)"
    )
    parser.add_argument("--look", type=float, default=LOOK_S, metavar="N", help="seconds to look at sensors; 0: do not")
    parser.add_argument(
        "--broker", action=argparse.BooleanOptionalAction, default=None, help="whether there is one (home)"
    )
    parser.add_argument("--host", help="address of the MQTT broker")
    parser.add_argument("--port", type=int, help="its TCP port")
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction, default=None, help="encrypt the connection")
    parser.add_argument("--ca-file", help="certificate of the broker's authority (default: the system's)")
    parser.add_argument("--username", help='user at the broker, "" for none')
    parser.add_argument("--password-file", type=Path, help="file with its password (default: it is asked for)")
    parser.add_argument(
        "--station", action=argparse.BooleanOptionalAction, default=None, help="`anodyne station` listens"
    )
    parser.add_argument("--test", action=argparse.BooleanOptionalAction, default=True, help="test the broker")
    parser.add_argument("--sound-device", help='ALSA device for tones at the bed, "" for none')
    parser.add_argument("--light-pin", type=int, help="BCM number of a light's pin")
    parser.add_argument("--buzzer-pin", type=int, help="BCM number of a buzzer's pin")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask, look, test, write.

    Returns:
        0, or 1 where the broker's test failed and the file was written all the same.

    Raises:
        ConfigError: an answer is wrong, or nothing is to be written.
    """
    return _Wizard(arguments).run()


class _Wizard:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self._given = arguments
        self._ask = Asker(unattended=arguments.yes)
        self._tables: Tables = {}
        self._secret = ""  # until everything is answered, the password that a running box uses stays

    def run(self) -> int:
        self._may_write()
        home = self._place()
        stanzas = self._sensors()
        fine = True
        if not home or self._ask.yes("Is there a broker to report to", default=False, given=self._given.broker):
            fine = self._broker()
        if home:
            self._bedside()
        self._write(stanzas)
        return 0 if fine else 1

    def _may_write(self) -> None:
        path: Path = self._given.output
        if path.exists() and not self._ask.yes(
            f"{path} is there. Replace it", default=False, given=self._given.replace
        ):
            raise ConfigError(f"{path} stays as it is: nothing is written (--replace)")

    def _place(self) -> bool:
        kinds = (("ward", "a nursing station listens over MQTT"), ("home", "no station: the bed alarms by itself"))
        home = self._ask.choose("Home or ward", kinds, self._given.kind) == "home"
        site = self._ask.text(
            "Ward, hospice or home", "home" if home else "ward1", self._given.site, _fits(Box, "site")
        )
        bed = self._ask.text("Name of the bed", "bed1", self._given.bed, _fits(Box, "bed"))
        uses = (("test", "while installing: every message says so"), ("real", "a patient is watched"))
        validity = self._ask.choose("For a patient, or a test", uses, self._given.validity)
        box: dict[str, object] = {"site": site, "bed": bed, "validity": validity}
        if self._given.state_dir is not None:
            box["state_dir"] = str(self._given.state_dir.absolute())
        self._tables["box"] = box
        return home

    def _sensors(self) -> list[str]:
        file: Path | None = self._given.stanzas
        stanzas = self._found() if file is None else [_stanzas_of(file)]
        if stanzas and self._given.look > 0:
            self._look(stanzas)
        return stanzas

    def _found(self) -> list[str]:
        if self._given.sensors == "none":
            return []
        self._ask.tell(f"Looking for cameras and bands, {self._given.listen:g} s: wear the band, switch it on ...")
        offers = list(_offers(asyncio.run(scan(self._given.listen))))
        if not offers:
            self._ask.tell(
                "None is found (`anodyne scan` says why). The file is written without sensors; add them later."
            )
            return []
        chosen = self._ask.pick("Which of them", [title for title, _ in offers], self._given.sensors)
        return [offers[one][1] for one in chosen]

    def _look(self, stanzas: list[str]) -> None:
        """Show what the sensors deliver, as often as is wanted."""
        while True:
            self._ask.tell(f"Looking at the sensors for {self._given.look:g} s ...")
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "look.toml"
                file.write_text(configuration({"box": {**self._tables["box"], "state_dir": folder}}, stanzas))
                sensors.run(argparse.Namespace(config=file, once=True, json=False, seconds=self._given.look))
            if self._ask.unattended or not self._ask.yes("Look again (move camera or band first)", default=False):
                return

    def _broker(self) -> bool:
        while True:
            mqtt = self._connection()
            if not self._given.test or self._test(mqtt):
                return True
            if self._ask.unattended or self._ask.yes("Keep these answers all the same", default=False):
                self._ask.tell("Kept. `anodyne doctor` tests the broker again.")
                return False

    def _connection(self) -> Mqtt:
        given = self._given
        mqtt: dict[str, object] = {}
        self._secret = ""
        mqtt["host"] = self._ask.text("Address of the MQTT broker", "localhost", given.host, _fits(Mqtt, "host"))
        tls = self._ask.yes("Encrypt the connection (TLS)", default=given.ca_file is not None, given=given.tls)
        mqtt["port"] = self._ask.number("TCP port", 8883 if tls else 1883, given.port, 1, 65535)
        username = self._ask.text("User at the broker (empty: none)", "", given.username)
        if username:
            mqtt["username"] = username
            mqtt["password_file"] = str(self._password())
        if not self._ask.yes("Does a nursing station of Anodyne listen", default=True, given=given.station):
            mqtt["station_within_s"] = 0.0
        self._tables["mqtt"] = mqtt
        self._tables.pop("mqtt.tls", None)
        if tls:
            ca_file = self._ask.text(
                "File of the broker's authority (empty: the system's)", "", given.ca_file, _is_file
            )
            self._tables["mqtt.tls"] = {"ca_file": str(Path(ca_file).absolute())} if ca_file else {}
        return loads(configuration(self._tables, []), "answers").mqtt

    def _password(self) -> Path:
        if self._given.password_file is not None:
            return Path(self._given.password_file).absolute()
        path = Path(self._given.output).absolute().with_name(PASSWORD_FILE)
        self._secret = self._ask.secret("Password (kept in a file of its own)")
        return path

    def _test(self, mqtt: Mqtt) -> bool:
        self._ask.tell("Testing the way to the nurse ...")
        box = Box.model_validate({**self._tables["box"], "validity": Validity(str(self._tables["box"]["validity"]))})
        worst = Grade.OK
        with tempfile.TemporaryDirectory() as folder:
            if self._secret:
                file = Path(folder) / PASSWORD_FILE
                write_new(file, f"{self._secret}\n".encode())
                mqtt = mqtt.model_copy(update={"password_file": file})
            for finding in broker_stages(mqtt, box):
                self._ask.tell(row(finding))
                worst = finding.grade if finding.grade is Grade.ERROR else worst
        return worst is not Grade.ERROR

    def _bedside(self) -> None:
        """What alarms at home."""
        given = self._given
        bedside: dict[str, object] = {"home": True}
        sound = self._ask.text("Sound device for the alarm (empty: none)", "default", given.sound_device)
        if sound:
            bedside["sound_device"] = sound
        pins = {"light_pin": given.light_pin, "buzzer_pin": given.buzzer_pin}
        bedside |= {key: pin for key, pin in pins.items() if pin is not None}
        while len(bedside) == 1:
            bedside["light_pin"] = self._ask.number(
                "Without sound a light is needed: its pin, BCM number", 17, None, 0, 27
            )
        self._tables["annunciator"] = bedside

    def _write(self, stanzas: list[str]) -> None:
        path: Path = self._given.output
        text = configuration(self._tables, stanzas)
        try:
            if self._secret:
                write(path.absolute().with_name(PASSWORD_FILE), f"{self._secret}\n", 0o600)
            kept = write(path, text, 0o640)
        except OSError as failure:
            raise ConfigError(
                f"{path} cannot be written: {failure.strerror}. Run it as root, or name another --output"
            ) from failure
        load(path)
        self._ask.tell(f"Written: {path}{f'; the one before is {kept}' if kept else ''}")
        self._ask.tell("Next: anodyne doctor --config FILE; then sudo systemctl enable --now anodyne (or restart)")


def _offers(chapters: tuple[Chapter, ...]) -> Iterator[tuple[str, str]]:
    """Title and stanza of every find with a driver."""
    for chapter in chapters:
        for offer in chapter.offers:
            if offer.stanza is not None:
                yield f"{chapter.kind}: {offer.found.title}", offer.stanza


def _stanzas_of(file: Path) -> str:
    try:
        text = file.read_text()
    except OSError as failure:
        raise ConfigError(f"{file} cannot be read: {failure.strerror}") from failure
    loads(f'[box]\nvalidity = "test"\n{text}', str(file))
    return text


def _fits(section: type[Section], key: str) -> Check:
    """What the configuration's own check says of a value."""
    check: Callable[[dict[str, object]], object] = section.model_validate

    def wrong(answer: str) -> str:
        try:
            check({key: answer})
        except ValueError:
            return f"does not fit: write {keys(section)[key].wanted.removesuffix(', in quotes')}"
        return ""

    return wrong


def _is_file(answer: str) -> str:
    return "" if not answer or Path(answer).is_file() else "is no file"
