"""The line to systemd, against a real datagram socket in its place."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.health.systemd import Notifier


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens as systemd does, and how NOTIFY_SOCKET names it."""
    address = str(tmp_path / "notify") if request.param == "file" else f"@anodyne-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + address[1:] if address.startswith("@") else address)
        listener.settimeout(2.0)
        yield listener, address


def test_every_word_arrives(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.alive()
    notifier.status("face+ppg,\n score 2.1")
    notifier.stopping()
    heard = [listener.recv(1024).decode() for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "STATUS=face+ppg, score 2.1", "STOPPING=1"]


def test_without_systemd_nothing_is_sent() -> None:
    notifier = Notifier.from_environment({})
    notifier.ready()
    assert notifier == Notifier(None, None)


def test_the_watchdog_interval_is_in_seconds() -> None:
    assert Notifier.from_environment({"WATCHDOG_USEC": "30000000"}).watchdog_interval_s == 30.0


@pytest.mark.parametrize("value", ["0", "-5", "soon", "1e6", ""])
def test_an_interval_that_is_no_positive_number_is_none(value: str) -> None:
    assert Notifier.from_environment({"WATCHDOG_USEC": value}).watchdog_interval_s is None


def test_a_watchdog_for_another_process_is_not_ours() -> None:
    environment = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid() + 1)}
    assert Notifier.from_environment(environment).watchdog_interval_s is None


def test_a_manager_that_has_gone_does_not_stop_the_daemon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier.from_environment({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
    assert "cannot be told WATCHDOG" in caplog.text


def test_a_kind_of_socket_that_we_do_not_speak_is_no_manager() -> None:
    assert Notifier.from_environment({"NOTIFY_SOCKET": "vsock:2:1234"}).address is None
