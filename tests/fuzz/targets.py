"""What is fuzzed: every reader of bytes or text from outside, what it may raise, and inputs that it takes.

A target is called with any bytes. It may return, or raise one of its declared errors; everything else is a crash.
Decoders of bands hand damage out as values: they may raise nothing.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from edge.bundle import Bundle
from edge.bundles.history import HISTORY_FILE, events
from edge.bundles.keys import Trust
from edge.bundles.manifest import read_manifest
from edge.bundles.pointer import POINTER_FILE, Pointer, Shadowing, Trial, read_pointer
from edge.config import loads
from edge.config.pages import example
from edge.errors import BundleError, CommandError, ConfigError, DecodeError, SensorError
from edge.publish.cbor.alert import decode_alert, encode_alert
from edge.publish.cbor.state import decode_state, encode_state
from edge.publish.commands import parse
from edge.publish.contract.examples import examples
from edge.publish.payload import AlertMessage, StateMessage
from edge.publish.payload.message import decode as decode_json
from edge.sensors.camera.multipart import Parts, boundary_of
from edge.sensors.camera.rtsp_describe import parse_answer as parse_rtsp
from edge.sensors.wristband.battery import parse_level
from edge.sensors.wristband.e4_csv import parse_intervals, parse_regular
from edge.sensors.wristband.emotibit.band import EmotiBit
from edge.sensors.wristband.heart_rate import HeartRate
from edge.sensors.wristband.nordic_uart import NordicUart
from edge.sensors.wristband.polar import control, frame
from edge.sensors.wristband.polar.beats import beat_blocks
from edge.sensors.wristband.profile import Notification, Profile
from edge.sensors.wristband.pulse_oximeter import PulseOximeter
from edge.sensors.wristband.pulse_oximeter_measurement import parse_features
from edge.sensors.wristband.serial import shimmer_packets
from edge.sensors.wristband.serial.line_format import encode_line
from edge.sensors.wristband.serial.lines import LineBand, Lines
from edge.sensors.wristband.serial.protocol import Chunk
from edge.sensors.wristband.serial.shimmer_calibration import USUAL_CALIBRATION, decode_calibration, encode_calibration
from edge.sensors.wristband.serial.shimmer_stream import PacketSplitter
from edge.sensors.wristband.uart_frame import BandFrame, FrameType
from edge.sensors.wristband.uart_frame import encode as encode_frame
from tests.fixtures.bundles import tiny_bundle

ARRIVED_NS = 10**12
"""When everything arrives."""

LONG_PMD = struct.Struct("<BQB")


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        read: takes any bytes.
        seeds: inputs that it takes, or that lead far into it.
        errors: what it may raise.
    """

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...] = ()
    errors: tuple[type[Exception], ...] = field(default=(DecodeError,))


def _notified(make: Callable[[], Profile], *uuids: str) -> Callable[[bytes], object]:
    """The bytes as two notifications of each characteristic, cut in the middle."""

    def read(data: bytes) -> object:
        half = len(data) // 2
        profile = make()
        return [
            list(profile.decode(Notification(uuid, part, ARRIVED_NS)))
            for uuid in uuids
            for part in (data, data[:half], data[half:])
        ]

    return read


def _lines(data: bytes) -> object:
    """The bytes as two chunks from a serial port."""
    columns = "time_ms,grove_gsr,ppg,acc_x_g,acc_y_g,acc_z_g,contact"
    lines = Lines(LineBand(driver="serial_lines", name="wrist", device="/dev/ttyUSB0", columns=columns, rate_hz=50.0))
    half = len(data) // 2
    return [list(lines.decode(Chunk(part, ARRIVED_NS))) for part in (data[:half], data[half:]) if part]


def _shimmer(data: bytes) -> object:
    layout = shimmer_packets.Layout((shimmer_packets.ChannelId.GSR,), 256)
    splitter = PacketSplitter(layout)
    half = len(data) // 2
    return [*splitter.feed(data[:half]), *splitter.feed(data[half:])]


def _polar(data: bytes) -> object:
    """A frame as every kind of measurement."""
    found = frame.parse_frame(data)
    readers: tuple[Callable[[frame.PmdFrame], object], ...] = (
        frame.optical, frame.pulse, frame.led_gains, frame.operation_mode, frame.intervals,
        lambda one: frame.acceleration(one, 1.0), lambda one: list(beat_blocks("wrist", one, ARRIVED_NS)),
    )  # fmt: skip
    for reader in readers:
        try:
            reader(found)
        except DecodeError:
            continue
    return found


def _polar_control(data: bytes) -> object:
    answer = control.parse_answer(data)
    return control.factor(control.parse_settings(answer.parameters)), control.stopped(data)


def _multipart(data: bytes) -> object:
    head, _, body = data.partition(b"\n")
    parts = Parts(boundary_of(head.decode("latin-1")) or b"frame")
    return [parts.feed(body[: len(body) // 2]), parts.feed(body[len(body) // 2 :])]


@cache
def _folder() -> Path:
    """A folder for readers of files; it goes with the process."""
    return Path(tempfile.mkdtemp(prefix="anodyne-fuzz-"))


def _from_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def reader(data: bytes) -> object:
        folder = _folder() / name
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        return read(folder)

    return reader


def _bundle(data: bytes) -> object:
    folder = _folder() / "bundle"
    if not folder.exists():
        tiny_bundle(folder)
    (folder / "bundle.toml").write_bytes(data)
    return Bundle.load(folder)


def _tiny_toml() -> bytes:
    return (tiny_bundle(Path(tempfile.mkdtemp(prefix="anodyne-fuzz-")) / "m") / "bundle.toml").read_bytes()


def _trust(folder: Path) -> object:
    trust = Trust.read(folder)
    assert bool(trust.keys) is not bool(trust.problems)
    return trust.signer(b"manifest", bytes(64))


_MANIFEST = b"""{"format": 1, "version": "0.2.0", "machines": ["aarch64"], "runtime": "ai-edge-litert", "note": "",
"files": {"bundle.toml": {"bytes": 4, "sha256": "%064d"}},
"golden": [{"model": "face_au", "inputs": ["golden/face_au-0-0.int8"], "outputs_sha256": "%064d"}]}""" % (0, 1)

_PEM = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""

_POINTER = Pointer(
    active="0.2.0-000000000000", trial=Trial(id="0.3.0-0", seconds=60.0), shadow=Shadowing(id="0.4.0-0", seconds=60.0)
)

_MESSAGES = [message for _, message in examples().values()]


TARGETS: dict[str, Target] = {
    "heart rate": Target(
        _notified(lambda: HeartRate("wrist"), "00002a37-0000-1000-8000-00805f9b34fb"),
        (b"\x16\x48\x00\x04\x10\x04", b"\x09\x48\x00\x10\x00", b"\x00\x48"),
    ),
    "pulse oximeter": Target(
        _notified(
            lambda: PulseOximeter("clip"),
            "00002a5f-0000-1000-8000-00805f9b34fb",
            "00002a5e-0000-1000-8000-00805f9b34fb",
        ),
        (b"\x1f\x61\x00\x48\x00\x61\x00\x48\x00\x61\x00\x48\x00\x20\x00\x00\x00\x00\x0a\xf0", b"\x00\x61\x00\x48\x00"),
    ),
    "oximeter's features": Target(parse_features, (b"\x02\x00\x00\x00\x01\x00\x00", b"\x00\x00")),
    "battery": Target(parse_level, (b"\x64",)),
    "nordic uart": Target(
        _notified(lambda: NordicUart("wrist"), "6e400003-b5a3-f393-e0a9-e50e24dcca9e"),
        tuple(
            encode_frame(BandFrame(kind, 7, 1000, rate, values))
            for kind, rate, values in (
                (FrameType.PPG, 64.0, np.zeros(16, np.float32)),
                (FrameType.ACC, 32.0, np.zeros((8, 3), np.float32)),
            )
        ),
    ),
    "emotibit": Target(
        _notified(lambda: EmotiBit("wrist", "infrared"), "6e400003-b5a3-f393-e0a9-e50e24dcca9e"),
        (b"1000,1,3,PI,1,100,10000,10010,10020\n", b"1000,2,2,AX,1,100,0.1,0.2\n1000,3,1,BI,1,100,800\n"),
    ),
    "polar data": Target(
        _polar,
        (
            LONG_PMD.pack(1, 10**18, 0) + bytes(24),
            LONG_PMD.pack(1, 10**18, 0x80) + bytes(12) + b"\x04\x02" + bytes(8),
            LONG_PMD.pack(2, 10**18, 1) + bytes(12),
            LONG_PMD.pack(3, 0, 0) + b"\x48\x20\x03\x05\x00\x07",
        ),
    ),
    "polar control": Target(
        _polar_control, (b"\xf0\x02\x01\x00\x00\x00\x01\x37\x00\x05\x01\x00\x00\x80\x3f", b"\xf0\x01\x01\x00\x00")
    ),
    "polar features": Target(control.parse_features, (b"\x0f\x0e\x00",)),
    "serial lines": Target(
        _lines,
        (
            b"time_ms,grove_gsr,ppg,acc_x_g,acc_y_g,acc_z_g,contact\n" + encode_line((20, 300, 5, 0, 0, 1, 1)) * 3,
            encode_line((20, 300, 5, 0, 0, 1, 1), checksum=True),
        ),
        (SensorError,),  # a header that says other columns than the configuration
    ),
    "shimmer stream": Target(_shimmer, (b"".join(b"\x00" + bytes([n, 0, 0]) + b"\x00\x05" for n in range(6)),)),
    "shimmer inquiry": Target(shimmer_packets.decode_inquiry, (b"\x00\x01\x02\x03\x04\x05\x01\x01\x1c",)),
    "shimmer firmware": Target(shimmer_packets.decode_firmware, (b"\x03\x00\x00\x00\x0b\x00",)),
    "shimmer calibration": Target(decode_calibration, (encode_calibration(USUAL_CALIBRATION),)),
    "e4 values": Target(
        lambda data: parse_regular(data.decode("utf-8", "replace"), 1), (b"1500000000.0\n4.000000\n0.1\n0.2\n",)
    ),
    "e4 acceleration": Target(
        lambda data: parse_regular(data.decode("utf-8", "replace"), 3), (b"1.0,1.0,1.0\n32.0,32.0,32.0\n1,2,3\n",)
    ),
    "e4 beats": Target(
        lambda data: parse_intervals(data.decode("utf-8", "replace")), (b"1500000000.0, IBI\n1.0,0.8\n1.8,0.8\n",)
    ),
    "camera's multipart": Target(
        _multipart,
        (b"multipart/x-mixed-replace; boundary=frame\n--frame\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9\r\n",),
    ),
    "camera's answer": Target(
        parse_rtsp, (b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n',)
    ),
    "configuration": Target(
        lambda data: loads(data.decode("utf-8", "replace")), (example().encode(), b"[box]\nbed = 'x'\n"), (ConfigError,)
    ),
    "command": Target(parse, tuple(one.encode() for one in _MESSAGES if hasattr(one, "do")), (CommandError,)),
    "alert in CBOR": Target(
        decode_alert, tuple(encode_alert(one) for one in _MESSAGES if isinstance(one, AlertMessage)), (ValueError,)
    ),
    "state in CBOR": Target(
        decode_state, tuple(encode_state(one) for one in _MESSAGES if isinstance(one, StateMessage)), (ValueError,)
    ),
    "messages in JSON": Target(
        lambda data: [decode_json(type(one), data) for one in _MESSAGES], tuple(one.encode() for one in _MESSAGES), ()
    ),
    "bundle's manifest": Target(read_manifest, (_MANIFEST,), (BundleError,)),
    "bundle.toml": Target(_bundle, (_tiny_toml(),), (BundleError,)),
    "bundle's pointer": Target(
        _from_file(POINTER_FILE, read_pointer), (_POINTER.model_dump_json().encode(),), (BundleError,)
    ),
    "bundle's history": Target(
        _from_file(HISTORY_FILE, lambda folder: list(events(folder))),
        (b'{"what": "installed", "bundle": "x", "wall_ms": 1, "synced": true, "boot_id": "0"}\n',),
        (),
    ),
    "public key": Target(_from_file("key.pem", _trust), (_PEM,), (BundleError,)),
}
"""By name."""
