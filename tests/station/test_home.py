"""The home page: served by the real daemon, without a broker, and never at the cost of the watching."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import util
from itertools import pairwise
from pathlib import Path

import pytest

from edge import config
from edge.clock import SystemClock
from edge.daemon import Daemon
from edge.errors import StationError, StationReason
from edge.publish.embedded import free_port
from edge.publish.payload import AlertMessage
from edge.publish.subscriber import Overheard, Received, Subscriber
from edge.station.accounts import HOME, Accounts, Role
from edge.station.near import near
from edge.types import Assessment, Validity
from tests.peers.broker import Mosquitto, until
from tests.station.browser import PIN, Browser

PLACE = "home/bed1"


def pin_file(folder: Path) -> Path:
    """A file with the PIN of the tests."""
    path = folder / "pin.json"
    if not path.exists():
        Accounts(path).put(HOME, PIN, "Anna", Role.NURSE)
    return path


def home_config(folder: Path, port: int, broker: int, **home: object) -> config.Config:
    """A box without sensors: blind from the first tick, and it says so at once."""
    return config.Config(
        box=config.Box(state_dir=folder / "state", validity=Validity.TEST),
        alarm=config.Alarm(blind_delay_s=0.0),
        mqtt=config.Mqtt(host="127.0.0.1", port=broker),
        home=config.Home.model_validate({"pin_file": pin_file(folder), "host": "127.0.0.1", "port": port} | home),
    )


def box_toml(folder: Path, port: int, broker: int) -> Path:
    """The same as a file."""
    path = folder / "box.toml"
    path.write_text(
        f'[box]\nstate_dir = "state"\nvalidity = "test"\n[alarm]\nblind_delay_s = 0.0\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker}\n'
        f'[home]\npin_file = "{pin_file(folder).name}"\nhost = "127.0.0.1"\nport = {port}\n'
    )
    (folder / "state").mkdir()
    return path


async def signed_in(port: int) -> Browser:
    """A browser that has given the PIN, as soon as the page answers."""
    anna = Browser(port)
    async with asyncio.timeout(30):
        while True:
            with suppress(OSError):
                assert (await anna.sign_in(HOME, PIN)).status == 200
                return anna
            await asyncio.sleep(0.1)


@asynccontextmanager
async def process(path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`anodyne run` for the time of the block."""
    box = await asyncio.create_subprocess_exec(sys.executable, "-m", "edge.cli", "run", "--config", str(path))
    try:
        yield box
    finally:
        if box.returncode is None:
            box.send_signal(signal.SIGTERM)
            await asyncio.wait_for(box.wait(), 20)


@asynccontextmanager
async def daemon(settings: config.Config, seen: list[Assessment] | None = None) -> AsyncIterator[Daemon]:
    """The daemon in this process."""
    settings.box.state_dir.mkdir(exist_ok=True)
    box = Daemon(settings, SystemClock(), on_assessment=None if seen is None else seen.append, reports=False)
    task = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def daemon_elsewhere(settings: config.Config) -> Iterator[asyncio.AbstractEventLoop]:
    """The daemon on a loop of its own, which a test may block."""
    settings.box.state_dir.mkdir(exist_ok=True)
    box = Daemon(settings, SystemClock(), reports=False)
    loop = asyncio.new_event_loop()
    task = loop.create_task(box.run())

    def live() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)


@pytest.mark.timeout(120)
async def test_what_a_family_does_without_a_broker_reaches_the_hospital_later(tmp_path: Path) -> None:
    port = free_port()
    broker = Mosquitto(tmp_path)
    async with process(box_toml(tmp_path, port, broker.port)) as box:
        anna = await signed_in(port)
        async with anna.watching() as screen:
            await until(lambda: screen.look(PLACE) == "blind" and bool(screen.alarms(PLACE)), 20)
            alarm = screen.alarms(PLACE)[0]
            assert (alarm["condition"], alarm["presence"]) == ("cannot_assess", "on")
            assert "will be sent later" in str(screen.status["outside"])
            done = await anna.command(PLACE, do="acknowledge", episode=alarm["episode"])
            assert (done.status, done.json["ok"]) == (200, True)
            await until(lambda: [one["by"] for one in screen.alarms(PLACE)] == ["Anna"], 10)
            note = await anna.ask("POST", f"/api/beds/{PLACE}/note", {"text": "Help was given."})
            assert note.status == 200

            heard: list[AlertMessage] = []
            notes: list[Overheard] = []

            def hear(received: Received) -> None:
                if isinstance(received.message, AlertMessage) and received.address.leaf == "event":
                    heard.append(received.message)

            broker.start()
            subscriber = Subscriber(broker.mqtt(), hear, on_station=notes.append)
            task = asyncio.create_task(subscriber.run())
            try:
                await until(lambda: [str(one.presence) for one in heard] == ["on", "acknowledged"], 60)
                await until(lambda: b"Help was given." in b"".join(one.payload for one in notes), 10)
                await until(lambda: screen.status["outside"] == "", 20)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                broker.stop()
        box.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(box.wait(), 20) == 0


@pytest.mark.timeout(90)
async def test_a_page_that_hangs_delays_no_tick_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    seen: list[Assessment] = []
    async with daemon(home_config(tmp_path, port, free_port()), seen) as box:
        anna = await signed_in(port)
        async with anna.watching() as screen:
            await until(lambda: screen.look(PLACE) == "blind", 20)
            assert box.home is not None
            loop = box.home.loop
            assert loop is not None
            loop.call_soon_threadsafe(time.sleep, 4)
            before = len(seen)
            await asyncio.sleep(4)
            times = [one.assessed_ns / 1e9 for one in seen[before:]]
            gaps = [after - first for first, after in pairwise(times)]
            assert len(times) >= 15  # of 20 in four seconds; the machine may be busy
            assert max(gaps) < 1.0
            events = len(screen.events)
            await until(lambda: len(screen.events) > events + 1, 10)
            assert (await anna.command(PLACE, do="pause_audio", seconds=600)).status == 200
            await until(lambda: screen.beds[PLACE]["holds"] == ["audio_paused"], 10)


@pytest.mark.timeout(90)
async def test_a_box_that_hangs_is_unknown_on_its_page(tmp_path: Path) -> None:
    port = free_port()
    with daemon_elsewhere(home_config(tmp_path, port, free_port())) as loop:
        anna = await signed_in(port)
        async with anna.watching() as screen:
            await until(lambda: screen.look(PLACE) == "blind", 20)
            loop.call_soon_threadsafe(time.sleep, 12)
            await until(lambda: screen.look(PLACE) == "unknown", 10)
            assert screen.beds[PLACE]["score"] is None
            await until(lambda: screen.look(PLACE) == "blind", 20)


@pytest.mark.timeout(60)
async def test_a_wrong_pin_must_wait_and_other_sites_can_do_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with daemon(home_config(tmp_path, port, free_port())):
        anna = await signed_in(port)
        thief = Browser(port)
        tries = [(await thief.sign_in(HOME, f"{number:06}")).status for number in range(111110, 111117)]
        assert tries[:5] == [401] * 5
        assert tries[-1] == 429
        assert (await thief.ask("POST", f"/api/beds/{PLACE}/command", {"do": "resume"})).status == 401
        anna.origin = "http://elsewhere.example"
        assert (await anna.command(PLACE, do="resume")).status == 403
        anna.origin, anna.csrf = f"http://127.0.0.1:{port}", "guessed"
        assert (await anna.command(PLACE, do="resume")).status == 403
        html = await Browser(port).ask("GET", "/")
        assert b"Help was given" in html.body
        assert html.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.timeout(60)
async def test_a_page_that_cannot_be_served_is_logged_and_the_box_watches_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Assessment] = []
    absent = tmp_path / "nowhere.json"
    with caplog.at_level(logging.WARNING):
        async with daemon(home_config(tmp_path, free_port(), free_port(), pin_file=absent), seen):
            await until(lambda: "the home page cannot be served" in caplog.text, 20)
            count = len(seen)
            await until(lambda: len(seen) > count + 3, 10)
    assert str(absent) in caplog.text
    assert "anodyne accounts pin" in caplog.text


def test_without_its_packages_the_box_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr("edge.station.home.find_spec", lambda name: None if name == "uvicorn" else find(name))
    (tmp_path / "state").mkdir()
    with pytest.raises(StationError) as caught:
        Daemon(home_config(tmp_path, free_port(), free_port()), SystemClock())
    assert caught.value.reason is StationReason.NOT_INSTALLED
    assert "pip install 'anodyne[station]'" in caught.value.message


@pytest.mark.parametrize(
    ("address", "answered"),
    [
        ("127.0.0.1", True),
        ("192.168.1.20", True),
        ("fe80::1%wlan0", True),
        ("fd00::5", True),
        ("::ffff:192.168.1.20", True),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that nobody has
        ("", False),
    ],
)
def test_only_the_home_network_is_answered(address: str, answered: bool) -> None:
    assert near(address) is answered
