"""Network cameras that send JPEG over HTTP, against a real server in a process of its own, through its faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.errors import SensorReason
from edge.sensors.camera.mjpeg import Mjpeg
from edge.sensors.camera.network import MjpegCamera
from edge.types import SensorState
from tests.peers.mjpeg import make_certificate, start_mjpeg
from tests.peers.process import PeerProcess
from tests.peers.rtsp import PASSWORD, USER
from tests.sensors.camera.side_by_side import SideBySide
from tests.sensors.camera.watching import BUSY_MS, NOTICED_S, Watch, look, password, refusal, rising, served, watched

_shared: list[PeerProcess] = []


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[PeerProcess]:
    """The cameras that are not harmed."""
    made = start_mjpeg()
    _shared.append(made)
    yield made
    made.kill()
    _shared.clear()


waiting = SideBySide()


def camera(server: PeerProcess, path: str, **keys: object) -> Mjpeg:
    """A driver of one of its cameras."""
    stanza = {"driver": "mjpeg", "name": "cam", "url": f"http://127.0.0.1:{server.ports[0]}{path}"} | keys
    return Mjpeg(MjpegCamera.model_validate(stanza), SystemClock())


@pytest.mark.parametrize("path", ["/bar", "/bare", "/chunked", "/stamped", "/colour"])
async def test_pictures_come_however_they_are_framed(server: PeerProcess, path: str) -> None:
    """With a length and without, in chunks, with the camera's own time stamps, in colour."""
    found = await look(camera(server, path), 5)
    assert {frame.pixels.shape for frame, _ in found} == {(240, 320)}
    assert rising([frame.index for frame, _ in found])
    steps_ms = [(b.measured_ns - a.measured_ns) / 1e6 for (a, _), (b, _) in pairwise(found)]
    assert sum(steps_ms) > 290  # 10 Hz of the camera's 30: a picture may come late, but not five in three periods
    assert sorted(age_ms for _, age_ms in found)[2] < BUSY_MS


async def test_a_hundred_times_the_rate_is_thinned(server: PeerProcess) -> None:
    found = await look(camera(server, "/fast"), 11)
    span_s = (found[-1][0].measured_ns - found[0][0].measured_ns) / 1e9
    assert span_s == pytest.approx(1.0, abs=0.3)


@waiting
async def test_a_slow_consumer_gets_young_pictures() -> None:
    """What waits in the network's buffers is passed over."""
    (server,) = _shared
    ages_ms = []
    stream = camera(server, "/stamped").stream()
    async with aclosing(stream):  # type: ignore[type-var]  # every driver's stream is a generator
        async for frame in stream:
            ages_ms.append((time.monotonic_ns() - frame.measured_ns) / 1e6)
            await asyncio.sleep(0.4)
            if len(ages_ms) == 4:
                break
    assert max(ages_ms) < BUSY_MS


@waiting
async def test_truncated_pictures_are_passed_over() -> None:
    """Every third one is cut off in the middle; a decoder would fill up the rest with gray."""
    (server,) = _shared
    found = await look(camera(server, "/cut", rate_hz=30.0), 20)
    assert all((frame.pixels[-10:] > 150).any() for frame, _ in found)


@waiting
async def test_a_picture_that_changes_its_size_goes_on() -> None:
    (server,) = _shared
    found = await look(camera(server, "/sizes"), 14)
    assert {frame.pixels.shape for frame, _ in found} == {(240, 320), (121, 163), (480, 640)}


async def test_a_covered_lens_is_not_taken_for_a_frozen_camera(server: PeerProcess) -> None:
    found = await look(camera(server, "/black"), 5)
    assert rising([frame.index for frame, _ in found])


async def seconds_to_notice(server: PeerProcess, path: str) -> tuple[float, Watch]:
    """How long after its last new picture a camera that freezes by itself is noticed."""
    async with watched(camera(server, path)) as watch:
        await watch.pictures(1)
        await watch.until_noticed()
        return (time.monotonic_ns() - watch.frames[-1].measured_ns) / 1e9, watch


@waiting
async def test_what_freezes_behind_a_living_server_is_noticed() -> None:
    """The same picture for ever, and time stamps that stand still."""
    (server,) = _shared
    seen = await asyncio.gather(*(seconds_to_notice(server, path) for path in ("/freezes", "/standing")))
    assert max(seconds for seconds, _ in seen) < NOTICED_S
    assert all(watch.reasons(SensorState.STALLED) == [SensorReason.NO_DATA] for _, watch in seen)


@waiting
async def test_a_frozen_server_is_noticed_and_found_again() -> None:
    with served(start_mjpeg) as frail:
        async with watched(camera(frail, "/bar")) as watch:
            await watch.pictures(3)
            frail.freeze()
            assert await watch.until_noticed() < NOTICED_S
            await watch.until(lambda: watch.state is SensorState.LOST)
            assert watch.states[-1].reason is SensorReason.TIMED_OUT
            count = len(watch.frames)
            frail.thaw()
            await watch.until(lambda: watch.state is SensorState.STREAMING)
            assert max(watch.ages_s[count:]) < 1.0


@waiting
async def test_a_dead_server_is_noticed_and_found_again() -> None:
    with served(start_mjpeg) as frail:
        async with watched(camera(frail, "/bar")) as watch:
            await watch.pictures(3)
            frail.kill()
            assert await watch.until_noticed() < NOTICED_S
            await watch.until(lambda: SensorReason.NOT_FOUND in watch.reasons(SensorState.LOST))
            frail.start()
            await watch.until(lambda: watch.state is SensorState.STREAMING)


@pytest.mark.parametrize("path", ["/secret", "/basic"])
async def test_the_password_opens_the_camera(server: PeerProcess, tmp_path: Path, path: str) -> None:
    """Digest and Basic."""
    driver = camera(server, path, username=USER, password_file=password(tmp_path, PASSWORD))
    assert len(await look(driver, 1)) == 1


@pytest.mark.parametrize("path", ["/secret", "/basic"])
async def test_a_wrong_password_is_told_and_never_shown(
    server: PeerProcess,
    tmp_path: Path,
    path: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = camera(server, path, username=USER, password_file=password(tmp_path, "swordfish"))
    error = await refusal(driver)
    assert error.reason is SensorReason.UNREADABLE
    assert "correct `username` and the password file" in error.message
    assert "swordfish" not in "".join(capfd.readouterr()) + caplog.text + error.message + repr(error.__context__)


async def test_a_missing_password_file_is_told(server: PeerProcess, tmp_path: Path) -> None:
    error = await refusal(camera(server, "/basic", username=USER, password_file=tmp_path / "nowhere"))
    assert error.reason is SensorReason.UNREADABLE
    assert "write the password into its first line" in error.message


@pytest.mark.parametrize(
    ("path", "reason", "said"),
    [
        ("/nowhere", SensorReason.NOT_FOUND, "no stream at /nowhere: correct the path"),
        ("/page", SensorReason.WRONG_DEVICE, "no stream but text/html"),
        ("/single", SensorReason.WRONG_DEVICE, "it is a single picture"),
        ("/basic", SensorReason.UNREADABLE, "it wants `username` and `password_file`"),
        ("/hostile", SensorReason.WRONG_DEVICE, "no stream of pictures"),
        ("/short", SensorReason.DISCONNECTED, "has ended the stream"),
    ],
)
async def test_what_is_wrong_with_an_address_is_told(
    server: PeerProcess, path: str, reason: SensorReason, said: str
) -> None:
    error = await refusal(camera(server, path))
    assert error.reason is reason
    assert said in error.message
    assert error.retryable


@waiting
async def test_nothing_but_damaged_pictures_is_told() -> None:
    (server,) = _shared
    error = await refusal(camera(server, "/broken"))
    assert error.reason is SensorReason.NO_DATA
    assert "damaged" in error.message


async def test_nobody_at_the_address_is_told() -> None:
    stanza = MjpegCamera(driver="mjpeg", name="cam", url="http://127.0.0.1:1/x")
    error = await refusal(Mjpeg(stanza, SystemClock()))
    assert error.reason is SensorReason.NOT_FOUND
    assert "there is no camera at 127.0.0.1:1" in error.message


async def test_a_server_of_another_kind_is_no_camera() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/x"
        error = await refusal(Mjpeg(MjpegCamera(driver="mjpeg", name="cam", url=url), SystemClock()))
    assert error.reason is SensorReason.WRONG_DEVICE
    assert "does not speak HTTP" in error.message


async def test_an_encrypted_stream_needs_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    peer = start_mjpeg(certificate)
    url = f"https://127.0.0.1:{peer.ports[0]}/bar"
    try:
        error = await refusal(camera(peer, "/bar", url=url))
        assert error.reason is SensorReason.UNREADABLE
        assert "give it as `ca_file`" in error.message
        assert len(await look(camera(peer, "/bar", url=url, ca_file=certificate), 2)) == 2
    finally:
        peer.kill()


async def test_a_missing_certificate_is_told(server: PeerProcess, tmp_path: Path) -> None:
    error = await refusal(camera(server, "/bar", ca_file=tmp_path / "nowhere.pem"))
    assert "correct `ca_file`" in error.message
