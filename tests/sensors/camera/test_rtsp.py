"""Network cameras over RTSP: OpenCV's FFmpeg against a real RTSP server, through its faults."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.network import RtspCamera
from edge.sensors.camera.rtsp import OPTIONS, Rtsp
from edge.sensors.camera.sieve import Held
from edge.sensors.camera.source import Source
from edge.types import SensorState
from tests.peers.process import PeerProcess
from tests.peers.rtsp import PASSWORD, USER, start_rtsp
from tests.sensors.camera.side_by_side import SideBySide
from tests.sensors.camera.watching import BUSY_MS, NOTICED_S, look, password, refusal, rising, served, watched

_shared: list[PeerProcess] = []


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[PeerProcess]:
    """The cameras that are not harmed."""
    made = start_rtsp()
    _shared.append(made)
    yield made
    made.kill()
    _shared.clear()


waiting = SideBySide()


def camera(server: PeerProcess, path: str, **keys: object) -> Rtsp:
    """A driver of one of its cameras."""
    port = server.ports[1 if path == "/secret" else 0]
    stanza = {"driver": "rtsp", "name": "cam", "url": f"rtsp://127.0.0.1:{port}{path}"} | keys
    return Rtsp(RtspCamera.model_validate(stanza), SystemClock())


async def test_pictures_come_gray_thinned_and_young(server: PeerProcess) -> None:
    """Thirty pictures a second of 640x480 in H.264; FFmpeg's buffer of the opening is passed over."""
    found = await look(camera(server, "/ball"), 12)
    assert {frame.pixels.shape for frame, _ in found} == {(480, 640)}
    assert rising([frame.index for frame, _ in found])
    steps_ms = [(b.measured_ns - a.measured_ns) / 1e6 for (a, _), (b, _) in pairwise(found)]
    assert sum(steps_ms) / len(steps_ms) > 90  # thinned to 10 Hz; a busy machine may miss some
    assert sorted(age_ms for _, age_ms in found)[6] < BUSY_MS


async def test_udp_and_tcp_serve_two_cameras_at_once(server: PeerProcess) -> None:
    """Each has its own transport, though OpenCV takes it from the environment, where nothing stays behind."""
    found = await asyncio.gather(*(look(camera(server, "/small", transport=kind), 3) for kind in ("udp", "tcp")))
    assert [len(frames) for frames in found] == [3, 3]
    assert OPTIONS not in os.environ


async def test_ten_times_the_rate_is_thinned(server: PeerProcess) -> None:
    found = await look(camera(server, "/fast"), 11)
    span_s = (found[-1][0].measured_ns - found[0][0].measured_ns) / 1e9
    assert span_s == pytest.approx(1.0, abs=0.3)


@waiting
async def test_odd_sizes_come_whole_or_shrunk() -> None:
    (server,) = _shared
    whole, small = await asyncio.gather(
        look(camera(server, "/odd"), 2), look(camera(server, "/odd", width_px=160, height_px=120), 2)
    )
    assert whole[0][0].pixels.shape == (182, 322)
    assert small[0][0].pixels.shape == (90, 160)


@waiting
async def test_a_covered_lens_is_not_taken_for_a_frozen_camera() -> None:
    (server,) = _shared
    found = await look(camera(server, "/black"), 8)
    assert rising([frame.index for frame, _ in found])
    assert found[-1][0].pixels.max() < 32


@waiting
async def test_a_still_picture_is_taken_for_a_frozen_camera() -> None:
    """A camera whose sensor has died while its encoder goes on, with good time stamps."""
    (server,) = _shared
    async with watched(camera(server, "/still")) as watch:
        await watch.pictures(1)
        assert await watch.until_noticed() < NOTICED_S


@waiting
async def test_the_end_of_a_stream_is_a_loss() -> None:
    (server,) = _shared
    error = await refusal(camera(server, "/short"))
    assert error.reason is SensorReason.DISCONNECTED
    assert error.retryable


class SlowBox(Rtsp):
    """A box that takes 60 ms for each of the camera's thirty pictures a second."""

    def open_source(self) -> Source:
        """The stream, read slowly."""
        source = super().open_source()
        grab = source.grab

        def slowly() -> bool:
            time.sleep(0.06)
            return grab()

        source.grab = slowly  # type: ignore[method-assign]  # the box is slow, not the stream
        return source


@waiting
async def test_a_box_that_cannot_keep_up_shows_no_old_pictures() -> None:
    """What it has not read waits in the network's buffers, and becomes older and older."""
    (server,) = _shared
    port = server.ports[0]
    driver = SlowBox(RtspCamera(driver="rtsp", name="cam", url=f"rtsp://127.0.0.1:{port}/small"), SystemClock())
    async with watched(driver) as watch:
        await watch.pictures(3)
        await watch.until(lambda: watch.state is SensorState.LOST, 15)
        assert watch.states[-1].detail == Held.LATE.value
        assert max(watch.ages_s) < 1.2


@waiting
async def test_a_frozen_server_is_noticed_and_found_again() -> None:
    """Frozen with all its connections open; reads go on to succeed at first, with pictures of then."""
    with served(start_rtsp) as frail:
        async with watched(camera(frail, "/ball")) as watch:
            await watch.pictures(3)
            frail.freeze()
            assert await watch.until_noticed() < NOTICED_S
            count = len(watch.frames)
            await watch.until(lambda: watch.state is SensorState.LOST)
            assert watch.states[-1].reason is SensorReason.TIMED_OUT
            assert len(watch.frames) == count
            frail.thaw()
            await watch.until(lambda: watch.state is SensorState.STREAMING, 20)
            assert max(watch.ages_s[count:]) < 1.0


@waiting
async def test_a_dead_server_is_noticed_and_found_again() -> None:
    with served(start_rtsp) as frail:
        async with watched(camera(frail, "/small")) as watch:
            await watch.pictures(3)
            frail.kill()
            assert await watch.until_noticed() < NOTICED_S
            await watch.until(lambda: SensorReason.NOT_FOUND in watch.reasons(SensorState.LOST))
            frail.start()
            await watch.until(lambda: watch.state is SensorState.STREAMING)


async def test_the_password_opens_the_camera(server: PeerProcess, tmp_path: Path) -> None:
    driver = camera(server, "/secret", username=USER, password_file=password(tmp_path, PASSWORD))
    assert len(await look(driver, 2)) == 2


async def test_a_wrong_password_is_told_and_never_shown(
    server: PeerProcess, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    driver = camera(server, "/secret", username=USER, password_file=password(tmp_path, "swordfish"))
    error = await refusal(driver)
    assert error.reason is SensorReason.UNREADABLE
    assert "correct `username` and the password file" in error.message
    shown = "".join(capfd.readouterr()) + caplog.text + error.message + repr(driver) + repr(error.__context__)
    assert "swordfish" not in shown


async def test_a_camera_that_wants_a_login_says_so(server: PeerProcess) -> None:
    error = await refusal(camera(server, "/secret"))
    assert "it wants `username` and `password_file`" in error.message


@pytest.mark.parametrize(
    ("path", "reason", "said"),
    [
        ("/nowhere", SensorReason.NOT_FOUND, "no stream at /nowhere: correct the path"),
        ("/voice", SensorReason.WRONG_DEVICE, "its stream is no video"),
    ],
)
async def test_what_is_wrong_with_an_address_is_told(
    server: PeerProcess, path: str, reason: SensorReason, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = await refusal(camera(server, path))
    assert error.reason is reason
    assert said in error.message
    assert capfd.readouterr().err == ""  # the libraries' own complaints would fill the journal


async def refusal_at(url: str) -> SensorError:
    """The error of this address."""
    return await refusal(Rtsp(RtspCamera(driver="rtsp", name="cam", url=url), SystemClock()))


async def test_nobody_at_the_address_is_told() -> None:
    error = await refusal_at("rtsp://127.0.0.1:1/x")
    assert error.reason is SensorReason.NOT_FOUND
    assert "there is no camera at 127.0.0.1:1" in error.message


async def test_a_server_of_another_kind_is_no_camera() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        error = await refusal_at(f"rtsp://127.0.0.1:{port}/x")
    assert error.reason is SensorReason.WRONG_DEVICE
    assert "does not speak RTSP" in error.message
