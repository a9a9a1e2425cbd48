"""The tables of the file: every key with its unit, range, default and meaning.

Everything else about the configuration is derived from these models: the JSON Schema, the commented example, the
reference page, and what an error message tells the reader to write instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from edge.types import Priority, Validity

Topic = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.-]{1,32}$",
        json_schema_extra={"wanted": "1 to 32 letters, digits, dots, dashes or underscores, in quotes"},
    ),
]
"""A topic level: 1 to 32 letters, digits, dots, dashes or underscores."""

SensorName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,23}$",
        json_schema_extra={
            "wanted": "a lower-case letter, then up to 23 lower-case letters, digits, dashes or underscores, in quotes"
        },
    ),
]
"""A sensor's name: a lower-case letter, then up to 23 lower-case letters, digits, dashes or underscores."""

BleAddress = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$",
        json_schema_extra={"wanted": "six pairs of hexadecimal digits with colons between them, in quotes"},
    ),
]
"""A Bluetooth device address, "AA:BB:CC:DD:EE:FF"."""


if TYPE_CHECKING:
    Info = ValidationInfo[Path | None]
else:
    Info = ValidationInfo  # generic from pydantic 2.12 on only; the training packages hold 2.11
"""What a validator sees: earlier values, and as context the folder of the file."""


def _from_folder(path: Path, info: Info) -> Path:
    """A relative path is meant from the folder of the file that names it."""
    if "\0" in str(path) or path == Path():
        raise ValueError("is no path: write the name of a file or folder in quotes")
    return path if info.context is None else info.context / path


FilePath = Annotated[Path, Field(strict=False), AfterValidator(_from_folder)]
"""A path; a relative one starts at the folder of the configuration file."""


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values cannot change after loading.

    Strict: a text is no number and `true` is not 1, however well it could be converted.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


class Box(Section):
    """Where the box stands and where it keeps its state."""

    site: Topic = "home"
    """First level of the MQTT topics: the ward, hospice or home."""
    bed: Topic = "bed1"
    """Second level of the MQTT topics: the bed."""
    state_dir: FilePath = Path("/var/lib/anodyne")
    """Folder for alarm state, outbox and personal baselines (numbers only). Must be writable."""
    validity: Annotated[Validity, Field(strict=False)] = Validity.REAL
    """"real" for a patient, "test" while installing, "demo" for the built-in scene; it is part of every message."""


class Models(Section):
    """The int8 model bundle and how it is run."""

    bundle: FilePath | None = Field(default=None, examples=["/opt/anodyne/models"])
    """Folder with bundle.toml. Default: the bundle that was installed with the program."""
    threads: int = Field(default=1, ge=1, le=4)
    """Inference threads. One is fastest for networks this small."""


class CameraSection(Section):
    """Keys that every camera has."""

    name: SensorName = Field(examples=["bedside"])
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
    device: str = Field(default="/dev/video0", min_length=1)
    """Device node; prefer a stable one below /dev/v4l/by-id/."""


class VideoFileCamera(CameraSection):
    """A recorded video as a camera."""

    driver: Literal["video_file"]
    """Always "video_file"."""
    path: FilePath = Field(examples=["clip.mp4"])
    """The video; any format that OpenCV reads."""
    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as frames can be processed,
    their times still those of the recording."""
    repeat: bool = False
    """Start again at the end instead of ending."""


class BleBand(Section):
    """Keys that every Bluetooth Low Energy wristband has. Give `address` or `device_name`."""

    name: SensorName = Field(examples=["wrist"])
    """Name of this band in messages and logs; unique in the file."""
    address: BleAddress | None = Field(default=None, examples=["AA:BB:CC:DD:EE:FF"])
    """Bluetooth address of the band."""
    device_name: str | None = Field(
        default=None, min_length=1, max_length=32, validate_default=True, examples=["Pulse 1234"]
    )
    """Advertised name of the band, where its address is not fixed."""
    connect_timeout_s: float = Field(default=20.0, ge=1.0, le=120.0)
    """Longest wait for finding and connecting, seconds."""

    @field_validator("device_name")
    @classmethod
    def _findable(cls, device_name: str | None, info: Info) -> str | None:
        if device_name is None and info.data.get("address", "") is None:
            raise ValueError("is missing and so is address: give one of them, or the band cannot be found")
        return device_name


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
    name: SensorName = Field(examples=["wrist"])
    """Name of this band in messages and logs; unique in the file."""
    folder: FilePath = Field(examples=["recordings/S02"])
    """The session's folder."""
    pace: Literal["recorded", "fast"] = "recorded"
    """"recorded": at the recording's own pace on the box's clock; "fast": as fast as samples can be processed."""
    start_s: float = Field(default=0.0, ge=0.0)
    """Seconds to skip at the beginning of the recording."""


class SimulatedBand(Section):
    """A seeded PPG/GSR generator that follows a scene (docs/scenes.md)."""

    driver: Literal["simulated_band"]
    """Always "simulated_band"."""
    name: SensorName = Field(examples=["wrist"])
    """Name of this band in messages and logs; unique in the file."""
    scene: FilePath | None = Field(default=None, examples=["scene.toml"])
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

    tick_s: float = Field(default=0.2, ge=0.1, le=10.0)
    """Time between assessments, seconds. It adds to the time from a frame to its alert."""
    max_age_s: float = Field(default=10.0, ge=1.0, le=120.0, validate_default=True)
    """Evidence older than this is absent, seconds; must be longer than `tick_s`."""
    min_quality: float = Field(default=0.3, ge=0.05, le=0.95)
    """Evidence of lower quality is absent (0..1)."""

    @field_validator("max_age_s")
    @classmethod
    def _outlives_a_tick(cls, max_age_s: float, info: Info) -> float:
        tick_s: float = info.data.get("tick_s", 0.0)
        if max_age_s <= tick_s:
            raise ValueError(f"is {max_age_s:g}; it must be longer than tick_s ({tick_s:g}), or no evidence is used")
        return max_age_s


class Alarm(Section):
    """Delays and thresholds of the alarm conditions (words of IEC 60601-1-8)."""

    pain_on_score: float = Field(default=5.0, ge=1.0, le=9.5)
    """Score (0..10) at which the pain condition begins; 5 is the calibrated threshold of the mode in use."""
    pain_off_score: float = Field(default=3.5, ge=0.5, le=9.0, validate_default=True)
    """Score below which it may end (hysteresis); must be lower than `pain_on_score`."""
    pain_high_score: float = Field(default=7.5, ge=2.0, le=10.0, validate_default=True)
    """Score from which the pain alarm is of high priority; below it is medium. Must be above `pain_on_score`."""
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
    blind_priority: Annotated[Priority, Field(strict=False)] = Priority.MEDIUM
    """Priority of "cannot assess"."""
    acknowledge_timeout_s: float = Field(default=300.0, ge=10.0, le=7200.0)
    """A condition that persists this long after its acknowledgement alarms again, seconds."""

    @field_validator("pain_off_score")
    @classmethod
    def _hysteresis(cls, pain_off_score: float, info: Info) -> float:
        pain_on_score: float = info.data.get("pain_on_score", 10.0)
        if pain_off_score >= pain_on_score:
            raise ValueError(f"is {pain_off_score:g}; it must be lower than pain_on_score ({pain_on_score:g})")
        return pain_off_score

    @field_validator("pain_high_score")
    @classmethod
    def _high_above_on(cls, pain_high_score: float, info: Info) -> float:
        pain_on_score: float = info.data.get("pain_on_score", 0.0)
        if pain_high_score <= pain_on_score:
            raise ValueError(f"is {pain_high_score:g}; it must be higher than pain_on_score ({pain_on_score:g})")
        return pain_high_score


class Tls(Section):
    """Encryption of the connection to the broker."""

    ca_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/ca.pem"])
    """Certificate authority; default: the system's."""
    cert_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/box.pem"])
    """Client certificate, where the broker asks for one."""
    key_file: FilePath | None = Field(default=None, validate_default=True, examples=["/etc/anodyne/box.key"])
    """Key of the client certificate; goes with `cert_file`."""

    @field_validator("key_file")
    @classmethod
    def _pair(cls, key_file: Path | None, info: Info) -> Path | None:
        if "cert_file" in info.data and (key_file is None) != (info.data["cert_file"] is None):
            raise ValueError("and cert_file belong together: give both or neither")
        return key_file


class Mqtt(Section):
    """The broker that the nursing station listens to."""

    host: str = Field(
        default="localhost",
        pattern=r"^[^\s/:\x00]{1,253}$|^[0-9A-Fa-f:.]+$",
        json_schema_extra={"wanted": "a host name or address in quotes, without port or protocol"},
    )
    """Host name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual with TLS."""
    username: str | None = Field(default=None, min_length=1, examples=["anodyne-bed1"])
    """User name, where the broker wants one."""
    password_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/mqtt-password"])
    """File whose first line is the password (mode 0600), never the password itself; goes with `username`."""
    tls: Tls | None = None
    """Set this table (it may be empty) to encrypt."""
    keepalive_s: int = Field(default=15, ge=5, le=600)
    """Keep-alive; a dead broker is noticed after about twice this, seconds."""
    client_id: str | None = Field(default=None, min_length=1, max_length=64, examples=["anodyne-home-bed1"])
    """MQTT client identity; default: "anodyne-<site>-<bed>"."""

    @field_validator("password_file")
    @classmethod
    def _has_user(cls, password_file: Path | None, info: Info) -> Path | None:
        if password_file is not None and info.data.get("username", "") is None:
            raise ValueError("is given without username: add username")
        return password_file


class Config(Section):
    """One box: `[box]`, `[models]`, `[[sensor]]`, `[fusion]`, `[alarm]`, `[mqtt]`."""

    box: Box = Box()
    """Where the box stands and where it keeps its state."""
    models: Models = Models()
    """The model bundle."""
    sensor: Annotated[tuple[Sensor, ...], Field(strict=False)] = ()
    """Cameras and wristbands; each stanza names a `driver`."""
    fusion: Fusion = Fusion()
    """From evidence to one assessment."""
    alarm: Alarm = Alarm()
    """Delays and thresholds."""
    mqtt: Mqtt = Mqtt()
    """The broker."""

    @field_validator("sensor")
    @classmethod
    def _distinct(cls, sensor: tuple[Sensor, ...]) -> tuple[Sensor, ...]:
        names = [stanza.name for stanza in sensor]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has the name {', '.join(twice)} twice: every sensor needs a name of its own")
        return sensor
