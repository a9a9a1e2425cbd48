"""The daemon keeps its audit log: starts, commands, the camera, changes of configuration; and publishes its end."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock, config
from edge.audit.chain import Anchor, Entry, Kind
from edge.audit.log import FILE, AuditLog, read
from edge.audit.verify import verify
from edge.cli import main
from edge.daemon import Daemon
from edge.publish.embedded import free_port
from edge.publish.payload import AuditMessage, ControlCommand
from edge.publish.subscriber import Received, Subscriber
from edge.types import Validity
from tests.peers.broker import Mosquitto, until
from tests.peers.broker import mosquitto as mosquitto


def settings(folder: Path, port: int, **fusion: float) -> config.Config:
    """A box without sensors."""
    return config.Config(
        box=config.Box(site="test", bed="bed1", state_dir=folder, validity=Validity.TEST),
        fusion=config.Fusion.model_validate(fusion),
        mqtt=config.Mqtt(host="127.0.0.1", port=port),
    )


def entries(folder: Path) -> list[Entry]:
    """What the log holds."""
    return [one for one in read(folder / FILE) if isinstance(one, Entry)]


def live(folder: Path, port: int, **fusion: float) -> None:
    """One life of a box on a virtual clock."""
    time = clock.VirtualClock()

    async def run() -> None:
        task = asyncio.create_task(Daemon(settings(folder, port, **fusion), time, reports=False).run())
        await time.sleep(2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, run())


def test_each_start_and_stop_is_kept_and_a_changed_configuration_is_told(tmp_path: Path) -> None:
    port = free_port()
    live(tmp_path, port)
    live(tmp_path, port)
    live(tmp_path, port, tick_s=0.5)
    kinds = [one.kind for one in entries(tmp_path)]
    assert kinds == [Kind.BOOT, Kind.STOP] * 2 + [Kind.BOOT, Kind.CONFIG_CHANGED, Kind.STOP]
    assert verify(tmp_path / FILE).sound


def test_a_camera_that_stays_off_is_kept_once_and_one_that_comes_on_with_lost_state_is_kept_too(tmp_path: Path) -> None:
    time, port = clock.VirtualClock(), free_port()

    async def switch() -> None:
        daemon = Daemon(settings(tmp_path, port), time, reports=False)
        task = asyncio.create_task(daemon.run())
        await time.sleep(1)
        daemon.on_command(ControlCommand(id="a", do="camera_off", by="Ruth"))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    clock.run(time, switch())
    live(tmp_path, port)
    for path in tmp_path.glob("anodyne.sqlite3*"):
        path.unlink()
    live(tmp_path, port)
    found = [(one.kind, one.by) for one in entries(tmp_path) if one.kind in (Kind.CAMERA_OFF, Kind.CAMERA_ON)]
    assert found == [(Kind.CAMERA_OFF, "Ruth"), (Kind.CAMERA_ON, "box")]


async def test_who_asked_for_what_is_kept_and_the_end_is_published(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[AuditMessage] = []

    def hear(received: Received) -> None:
        if isinstance(received.message, AuditMessage):
            heard.append(received.message)

    nurse = Subscriber(config.Mqtt(host="127.0.0.1", port=mosquitto.port), hear)
    listening = asyncio.create_task(nurse.run())
    await nurse.ready.wait()
    box = asyncio.create_task(Daemon(settings(tmp_path, mosquitto.port), clock.SystemClock(), reports=False).run())
    await until(lambda: bool(heard), 20)
    for number, do in enumerate(("camera_off", "camera_off", "pause_audio", "camera_on")):
        nurse.send("test", "bed1", ControlCommand.model_validate({"id": f"a{number}", "do": do, "by": "Ruth"}))
    nurse.send("test", "bed1", ControlCommand.model_validate({"id": "a1", "do": "camera_off", "by": "Ruth"}))
    await until(lambda: Kind.CAMERA_ON in {one.kind for one in entries(tmp_path)}, 10)
    await until(lambda: len(entries(tmp_path)) >= 7, 10)
    for task in (box, listening):
        task.cancel()
    await asyncio.wait({box, listening})
    found = [(one.kind, one.by, one.detail.get("do")) for one in entries(tmp_path)]
    assert found == [
        (Kind.BOOT, "box", None),
        (Kind.CAMERA_OFF, "Ruth", None),
        (Kind.COMMAND, "Ruth", "camera_off"),
        (Kind.COMMAND, "Ruth", "camera_off"),
        (Kind.COMMAND, "Ruth", "pause_audio"),
        (Kind.CAMERA_ON, "Ruth", None),
        (Kind.COMMAND, "Ruth", "camera_on"),
        (Kind.STOP, "box", None),
    ]
    anchor = Anchor(heard[0].entries, heard[0].hash)
    assert verify(tmp_path / FILE, (anchor,)).anchored == 1

    published = tmp_path / "published.jsonl"
    published.write_bytes(heard[0].encode())
    log = ["--file", str(tmp_path / FILE)]
    assert main(["audit", "verify", *log, "--anchors", str(published)]) == 0
    assert "confirmed from outside up to entry 1" in capsys.readouterr().out
    assert main(["audit", "show", *log]) == 0
    assert "camera_off" in capsys.readouterr().out
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes().replace(b"pause_audio", b"acknowledge"))
    assert main(["audit", "verify", *log, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["sound"], said["entries"]) == (False, 4)


def test_a_log_that_is_not_there_and_an_anchor_that_is_none_are_told_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", "--file", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "log").touch()
    assert main(["audit", "verify", "--file", str(tmp_path / "log"), "--anchor", "5"]) == 2
    assert "is no anchor" in capsys.readouterr().err
    for name, data in (("missing", None), ("binary", b"\xff\xfe\n")):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        log = ["--file", str(tmp_path / "log")]
        assert main(["audit", "verify", *log, "--anchors", str(tmp_path / name)]) == 2
        assert str(tmp_path / name) in capsys.readouterr().err


def test_a_name_with_a_line_feed_shows_no_entry_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditLog(tmp_path / FILE, clock.VirtualClock(start_wall_ms=2**62))
    assert audit.note(Kind.COMMAND, "Ruth\n     2 2026-01-01 00:00:00Z camera_on          Ruth: \x1b[2J")
    assert main(["audit", "show", "--file", str(audit.path)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert "\x1b" not in shown


OLD_ACL = """user box
topic readwrite anodyne/test/bed1/availability
topic readwrite anodyne/test/bed1/state
topic readwrite anodyne/test/bed1/event
topic readwrite anodyne/test/bed1/alarm/#
topic readwrite anodyne/test/bed1/command
topic readwrite anodyne/test/bed1/receipt
user nurse
topic read anodyne/#
"""


async def test_a_broker_without_the_new_topics_still_delivers_alarms(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").mkdir()
    broker = Mosquitto(tmp_path, users={"box": "secret1", "nurse": "secret2"}, acl=OLD_ACL)
    broker.start()
    (tmp_path / "password").write_text("secret1\n")
    way = broker.mqtt(username="box", password_file=tmp_path / "password", station_within_s=0.0)
    asked = settings(tmp_path / "state", broker.port).model_copy(
        update={"mqtt": way, "alarm": config.Alarm(blind_delay_s=0.0)}
    )
    daemon = Daemon(asked, clock.SystemClock(), reports=False)
    task = asyncio.create_task(daemon.run())
    await until(lambda: "check the broker's ACL" in caplog.text, 20)
    await until(lambda: daemon._publisher.pending() == 0, 20)  # no way around
    assert daemon._publisher.refused == 0
    assert not daemon._publisher.silent(clock.SystemClock().now_ns())
    task.cancel()
    await asyncio.wait({task})
    broker.stop()
