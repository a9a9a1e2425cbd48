"""The one TOML file of a box, as pydantic models: every key with its unit and default.

`load` reads and checks a file; whatever is wrong is reported at once, each with line, key and remedy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.types import Priority, Validity

Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
"""A topic level: 1 to 32 letters, digits, dots, dashes or underscores."""

SensorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,23}$")]
"""A sensor's name: a lower-case letter, then up to 23 lower-case letters, digits, dashes or underscores."""

BleAddress = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
"""A Bluetooth device address, "AA:BB:CC:DD:EE:FF"."""


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, protected_namespaces=())


class Box(Section):
    """Where the box stands and where it keeps its state."""

    site: Topic = "home"
    """First level of the MQTT topics: the ward, hospice or home."""
    bed: Topic = "bed1"
    """Second level of the MQTT topics: the bed."""
    state_dir: Path = Path("/var/lib/anodyne")
    """Folder for alarm state, outbox and personal baselines (numbers only). Must be writable."""
    validity: Validity = Validity.REAL
    """"real" for a patient, "test" while installing, "demo" for the built-in scene; it is part of every message."""


class Models(Section):
    """The int8 model bundle and how it is run."""

    bundle: Path | None = None
    """Folder with bundle.toml. Default: the bundle that was installed with the program."""
    threads: int = Field(default=1, ge=1, le=4)
    """Inference threads. One is fastest for networks this small."""


class CameraSection(Section):
    """Keys that every camera has."""

    name: SensorName
    """Name of this camera in messages and logs; unique in the file."""
    width_px: int = Field(default=640, ge=160, le=1920)
    """Requested picture width, pixels."""
    height_px: int = Field(default=480, ge=120, le=1080)
    """Requested picture height, pixels."""
    rate_hz: float = Field(default=10.0, ge=1.0, le=30.0)
    """Frames looked at per second; faster sources are thinned, newest first."""


class V4l2Camera(CameraSection):
    """A USB or CSI camera through Video4Linux2."""

    driver: Literal["v4l2"]
    """Always "v4l2"."""
    device: str = "/dev/video0"
    """Device node; prefer a stable one below /dev/v4l/by-id/."""


class VideoFileCamera(CameraSection):
    """A recorded video as a camera."""

    driver: Literal["video_file"]
    """Always "video_file"."""
    path: Path
    """The video; any format that OpenCV reads."""
    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as frames can be processed,
    their times still those of the recording."""
    repeat: bool = False
    """Start again at the end instead of ending."""


class BleBand(Section):
    """Keys that every Bluetooth Low Energy wristband has. Give `address` or `device_name`."""

    name: SensorName
    """Name of this band in messages and logs; unique in the file."""
    address: BleAddress | None = None
    """Bluetooth address of the band."""
    device_name: str | None = Field(default=None, min_length=1, max_length=32)
    """Advertised name of the band, where its address is not fixed."""
    connect_timeout_s: float = Field(default=20.0, ge=1.0, le=120.0)
    """Longest wait for finding and connecting, seconds."""


class HeartRateBand(BleBand):
    """Any band or strap with the standard Heart Rate Service (0x180D): heart rate and RR intervals, no waveform."""

    driver: Literal["ble_heart_rate"]
    """Always "ble_heart_rate"."""


class NordicUartBand(BleBand):
    """A PPG/GSR band that sends Anodyne's binary frames over the Nordic UART Service (docs/band-protocol.md)."""

    driver: Literal["ble_uart"]
    """Always "ble_uart"."""


class E4Recording(Section):
    """A recorded session of an Empatica E4 wristband: a folder with BVP.csv, EDA.csv, ACC.csv, TEMP.csv."""

    driver: Literal["e4_recording"]
    """Always "e4_recording"."""
    name: SensorName
    """Name of this band in messages and logs; unique in the file."""
    folder: Path
    """The session's folder."""
    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as samples can be processed."""
    start_s: float = Field(default=0.0, ge=0.0)
    """Seconds to skip at the beginning of the recording."""


class SimulatedBand(Section):
    """A seeded PPG/GSR generator that follows a scene (docs/scenes.md)."""

    driver: Literal["simulated_band"]
    """Always "simulated_band"."""
    name: SensorName
    """Name of this band in messages and logs; unique in the file."""
    scene: Path | None = None
    """Scene file; default: the three-minute scene of `anodyne demo`."""
    seed: int = Field(default=1, ge=0)
    """Seed of the generator: the same seed gives the same samples."""


Camera = V4l2Camera | VideoFileCamera
"""Any camera stanza."""

Band = HeartRateBand | NordicUartBand | E4Recording | SimulatedBand
"""Any wristband stanza."""

Sensor = Annotated[Camera | Band, Field(discriminator="driver")]
"""Any `[[sensor]]` stanza, told apart by its `driver`."""


class Fusion(Section):
    """From evidence to one assessment."""

    tick_s: float = Field(default=1.0, ge=0.2, le=10.0)
    """Time between assessments, seconds."""
    max_age_s: float = Field(default=10.0, ge=1.0, le=120.0)
    """Evidence older than this is absent, seconds."""
    min_quality: float = Field(default=0.3, ge=0.05, le=0.95)
    """Evidence of lower quality is absent (0..1)."""


class Alarm(Section):
    """Delays and thresholds of the alarm conditions (words of IEC 60601-1-8)."""

    pain_on_score: float = Field(default=5.0, ge=1.0, le=9.5)
    """Score (0..10) at which the pain condition begins; 5 is the calibrated threshold of the mode in use."""
    pain_off_score: float = Field(default=3.5, ge=0.5, le=9.0)
    """Score below which it may end (hysteresis); must be lower than `pain_on_score`."""
    pain_high_score: float = Field(default=7.5, ge=2.0, le=10.0)
    """Score from which the pain alarm is of high priority; below it is medium."""
    pain_delay_s: float = Field(default=10.0, ge=0.0, le=120.0)
    """Condition delay: the score must stay at or above `pain_on_score` this long, seconds."""
    pain_clear_s: float = Field(default=20.0, ge=0.0, le=600.0)
    """The score must stay below `pain_off_score` this long for the condition to end, seconds."""
    blind_delay_s: float = Field(default=15.0, ge=0.0, le=120.0)
    """Condition delay of "cannot assess", seconds."""
    sensor_delay_s: float = Field(default=20.0, ge=0.0, le=600.0)
    """Condition delay of "face lost" and "band lost" while other evidence remains, seconds."""
    clear_s: float = Field(default=5.0, ge=0.0, le=120.0)
    """A technical condition ends when its cause has been gone this long, seconds."""
    blind_priority: Priority = Priority.MEDIUM
    """Priority of "cannot assess"."""
    acknowledge_timeout_s: float = Field(default=300.0, ge=10.0, le=7200.0)
    """A condition that persists this long after its acknowledgement alarms again, seconds."""


class Tls(Section):
    """Encryption of the connection to the broker."""

    ca_file: Path | None = None
    """Certificate authority; default: the system's."""
    cert_file: Path | None = None
    """Client certificate, where the broker asks for one."""
    key_file: Path | None = None
    """Key of the client certificate."""


class Mqtt(Section):
    """The broker that the nursing station listens to."""

    host: str = "localhost"
    """Host name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual with TLS."""
    username: str | None = None
    """User name, where the broker wants one."""
    password_file: Path | None = None
    """File whose first line is the password (mode 0600), never the password itself."""
    tls: Tls | None = None
    """Set this table (it may be empty) to encrypt."""
    keepalive_s: int = Field(default=15, ge=5, le=600)
    """Keep-alive; a dead broker is noticed after about twice this, seconds."""
    client_id: str | None = Field(default=None, max_length=64)
    """MQTT client identity; default: "anodyne-<site>-<bed>"."""


class Config(Section):
    """One box: `[box]`, `[models]`, `[[sensor]]`, `[fusion]`, `[alarm]`, `[mqtt]`."""

    box: Box = Box()
    """Where the box stands and where it keeps its state."""
    models: Models = Models()
    """The model bundle."""
    sensor: tuple[Sensor, ...] = ()
    """Cameras and wristbands; each stanza names a `driver`."""
    fusion: Fusion = Fusion()
    """From evidence to one assessment."""
    alarm: Alarm = Alarm()
    """Delays and thresholds."""
    mqtt: Mqtt = Mqtt()
    """The broker."""
