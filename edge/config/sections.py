"""The tables of the file: every key with its unit, range, default and meaning.

Everything else about the configuration is derived from these models: the JSON Schema, the commented example, the
reference page, and what an error message tells the reader to write instead.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from edge.config.home import Home
from edge.config.station import Station, listed
from edge.section import FilePath, Info, Section, paired
from edge.sensors.table import Sensor
from edge.types import Priority, Validity

Topic = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.-]{1,32}$",
        json_schema_extra={"wanted": "1 to 32 letters, digits, dots, dashes or underscores, in quotes"},
    ),
]
"""A topic level: 1 to 32 letters, digits, dots, dashes or underscores."""


QuietTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        json_schema_extra={"wanted": 'a time of day in quotes, "22:00"'},
    ),
]
"""A time of day, hours and minutes."""


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
    safe_mode_s: float = Field(default=600.0, ge=5.0, le=86_400.0)
    """Safe mode: a box that failed to start several times only says that it cannot assess, and tries again after this
    long, seconds."""


class Models(Section):
    """The int8 model bundle and how it is run."""

    bundle: FilePath | None = Field(default=None, examples=["/opt/anodyne/models"])
    """Folder with bundle.toml, taken unsigned and for good. Default: what `anodyne models` has put to use, else the
    bundle that came with the program."""
    threads: int = Field(default=1, ge=1, le=4)
    """Inference threads. One is fastest for networks this small."""
    keys: FilePath = Path("/etc/anodyne/keys")
    """Folder of the public keys (`*.pem`, Ed25519) that may sign bundles for this box (docs/models.md)."""
    shadow_cpu: float = Field(default=0.2, ge=0.05, le=1.0)
    """Share of one core from which on a bundle that runs in shadow judges no further picture."""


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
    pain_medium_score: float = Field(default=6.0, ge=1.0, le=10.0)
    """Score from which the pain alarm is of medium priority; from `pain_on_score` up to it, of low priority."""
    pain_high_score: float = Field(default=7.5, ge=2.0, le=10.0, validate_default=True)
    """Score from which the pain alarm is of high priority. Must be above `pain_on_score`."""
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
    signal_delay_s: float = Field(default=60.0, ge=0.0, le=600.0)
    """Condition delay of "signal poor", seconds."""
    station_delay_s: float = Field(default=60.0, ge=10.0, le=3600.0)
    """Condition delay of "station silent", seconds. The bed's own annunciator does not wait for it."""
    clock_delay_s: float = Field(default=600.0, ge=0.0, le=86_400.0)
    """Condition delay of "clock not synchronised", seconds."""
    clock_alarm: bool = True
    """Whether an unsynchronised clock is an alarm; false for a box that never sees a network."""
    hot_c: float = Field(default=80.0, ge=40.0, le=110.0)
    """Temperature from which the box is too hot, degrees Celsius; a Raspberry Pi slows down at 80."""
    flap_s: float = Field(default=120.0, ge=0.0, le=3600.0)
    """A technical condition that comes back within this long doubles `clear_s` (three times at most), seconds."""
    bed_after_s: float = Field(default=120.0, ge=10.0, le=3600.0)
    """Nobody acknowledges a medium or high alarm for this long: the bed's annunciator sounds too, seconds."""
    second_station_after_s: float = Field(default=240.0, ge=10.0, le=7200.0, validate_default=True)
    """… for this long: the second station is called too, seconds; at least `bed_after_s`."""
    pause_s: float = Field(default=120.0, ge=10.0, le=600.0)
    """Audio pause and alarm pause end after this long; a command may ask for less or more, up to 600 seconds."""
    care_s: float = Field(default=900.0, ge=60.0, le=7200.0)
    """Care mode ends after this long; a command may ask for up to 7200 seconds."""
    report_bound: float = Field(default=1.0, ge=0.0, le=2.0)
    """Reports of pain (NRS, PAINAD) move the pain threshold by this much at most; 0: not at all."""

    @field_validator("second_station_after_s")
    @classmethod
    def _bed_first(cls, second_station_after_s: float, info: Info) -> float:
        bed_after_s: float = info.data.get("bed_after_s", 0.0)
        if second_station_after_s < bed_after_s:
            raise ValueError(f"is {second_station_after_s:g}; it must be at least bed_after_s ({bed_after_s:g})")
        return second_station_after_s

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


class Annunciator(Section):
    """The bed's own light and sound: used while the station cannot be reached or does not answer."""

    home: bool = False
    """There is no station: the bed always sounds. Needs at least one of the outputs below."""
    light_pin: int | None = Field(default=None, ge=0, le=27, examples=[17])
    """BCM number of the pin that switches a light."""
    buzzer_pin: int | None = Field(default=None, ge=0, le=27, examples=[18])
    """BCM number of the pin that switches a buzzer."""
    sound_device: str | None = Field(default=None, min_length=1, max_length=64, examples=["default"])
    """ALSA device for tones, played by `aplay`."""
    command: FilePath | None = Field(default=None, examples=["/usr/local/bin/ring"])
    """A program for each burst, called with the priority or `locate`, and `full`, `soft` or `mute`; first `test`."""
    file: FilePath | None = Field(default=None, validate_default=True, examples=["/var/lib/anodyne/bursts.jsonl"])
    """Write each burst here as a line of JSON, to try things out."""
    quiet_from: QuietTime | None = Field(default=None, examples=["22:00"])
    """From this local time on low and medium alarms sound softly; high ones never do."""
    quiet_to: QuietTime | None = Field(default=None, validate_default=True, examples=["06:00"])
    """Until this local time; goes with `quiet_from`."""

    @field_validator("file")
    @classmethod
    def _home_sounds(cls, file: Path | None, info: Info) -> Path | None:
        outputs = [info.data.get(key) for key in ("light_pin", "buzzer_pin", "sound_device", "command")]
        if info.data.get("home") and file is None and all(one is None for one in outputs):
            raise ValueError("or another output is needed with home = true: give light_pin, buzzer_pin or sound_device")
        return file

    @field_validator("quiet_to")
    @classmethod
    def _both_ends(cls, quiet_to: str | None, info: Info) -> str | None:
        return paired("quiet_from", quiet_to, info)


class Button(Section):
    """A button at the bed with which a patient or a relative says that it hurts (extra `gpio`)."""

    pin: int | None = Field(default=None, ge=0, le=27, examples=[24])
    """BCM number of the pin that the button connects to ground; without it there is no button."""
    value: int = Field(default=7, ge=0, le=10)
    """What a press says on the numeric rating scale: 0 (no pain) to 10."""
    by: str = Field(default="button", min_length=1, max_length=64)
    """Who is noted as having said so."""


class CameraLight(Section):
    """A lamp at the bed that shows whether a camera may be looking (extra `gpio`)."""

    pin: int | None = Field(default=None, ge=0, le=27, examples=[25])
    """BCM number of the pin that switches the lamp; without it there is none."""
    lit_while: Literal["off", "on"] = "off"
    """"off": lit while every camera is switched off and let go of; "on": lit while one may be looking."""


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
        return paired("cert_file", key_file, info)


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
    fallbacks: str | None = Field(default=None, min_length=1, examples=["broker2:1883, broker3:1883"])
    """Further brokers, HOST:PORT, separated by commas, tried in this order; the box goes back to the first."""
    station_within_s: float = Field(default=30.0, ge=0.0, le=3600.0)
    """An alarm that no station confirms within this sounds at the bed, seconds; 0: there is no Anodyne station."""
    username: str | None = Field(default=None, min_length=1, examples=["anodyne-bed1"])
    """User name, where the broker wants one."""
    password_file: FilePath | None = Field(default=None, examples=["/etc/anodyne/mqtt-password"])
    """File whose first line is the password (mode 0600), never the password itself; goes with `username`."""
    password_credential: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.@-]{1,64}$", validate_default=True, examples=["mqtt-password"]
    )
    """Name of a systemd credential (`LoadCredential=`) with the password; it goes before `password_file`."""
    tls: Tls | None = None
    """Set this table (it may be empty) to encrypt."""
    keepalive_s: int = Field(default=15, ge=5, le=600)
    """Keep-alive; a dead broker is noticed after about twice this, seconds."""
    cbor: bool = False
    """Publish each alert in CBOR too, under `cbor/event` and `cbor/alarm/<condition>`: at most 128 bytes."""
    home_assistant: bool = False
    """Announce the bed to Home Assistant (MQTT discovery), and take a few commands from it (docs/home-assistant.md)."""
    client_id: str | None = Field(default=None, min_length=1, max_length=64, examples=["anodyne-home-bed1"])
    """MQTT client identity; default: "anodyne-<site>-<bed>"."""

    @field_validator("password_file")
    @classmethod
    def _has_user(cls, password_file: Path | None, info: Info) -> Path | None:
        if password_file is not None and info.data.get("username", "") is None:
            raise ValueError("is given without username: add username")
        return password_file

    @field_validator("password_credential")
    @classmethod
    def _credential_has_user(cls, password_credential: str | None, info: Info) -> str | None:
        if password_credential is not None and info.data.get("username", "") is None:
            raise ValueError("is given without username: add username")
        return password_credential

    @field_validator("fallbacks")
    @classmethod
    def _places(cls, fallbacks: str | None) -> str | None:
        for one in listed(fallbacks):
            host, _, port = one.rpartition(":")
            if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
                raise ValueError(f'has "{one}": write each broker as HOST:PORT, separated by commas')
        return fallbacks

    def brokers(self) -> tuple[Mqtt, ...]:
        """This broker and its fallbacks, preferred first."""
        parts = [one.rpartition(":") for one in listed(self.fallbacks)]
        return self, *(self.model_copy(update={"host": host, "port": int(port)}) for host, _, port in parts)

    def password_path(self) -> Path | None:
        """Where the password lies; None without one.

        Raises:
            ValueError: a credential is named, and the service manager has handed none over.
        """
        if self.password_credential is None:
            return self.password_file
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder is None:
            raise ValueError(f"no credential {self.password_credential}: add LoadCredential= to the unit")
        return Path(folder) / self.password_credential


class Metrics(Section):
    """Figures about the box for Prometheus, over HTTP; of the person only the bed's name (docs/metrics.md)."""

    port: int | None = Field(default=None, ge=1, le=65535, examples=[9464])
    """TCP port. Without it there is no endpoint."""
    host: str = Field(
        default="127.0.0.1",
        pattern=r"^[0-9A-Fa-f:.]+$",
        json_schema_extra={"wanted": "an address of this machine in quotes"},
    )
    """Address to listen at; the default can be reached from this machine alone. There is no password and no TLS."""


class Recorder(Section):
    """Sessions on disk, for finding out later what happened: signals and events, never pictures (docs/sessions.md)."""

    folder: FilePath | None = Field(default=None, examples=["/var/lib/anodyne/sessions"])
    """Folder of the sessions. Without it nothing is recorded: they are health data of the person in the bed."""
    site_key: FilePath | None = Field(default=None, examples=["/etc/anodyne/site.pub"])
    """The site's public key: what is recorded is sealed for it, and the box cannot read it. Real patients need it."""
    max_mb: int = Field(default=2000, ge=10, le=1_000_000)
    """Room for all sessions, megabytes; the oldest are deleted first. A day of a camera and a band takes about 500."""
    keep_days: float = Field(default=14.0, gt=0.0, le=3650.0)
    """Sessions older than this are deleted, days; only while the wall clock is synchronised."""


class Audit(Section):
    """How much of the audit log is kept; the oldest files go first, and the log says so (docs/audit.md)."""

    segment_kb: int = Field(default=512, ge=4, le=65_536)
    """A file of the log is closed and another begun from this size on, kilobytes; an entry has about 0.4."""
    keep_mb: float = Field(default=32.0, ge=0.1, le=100_000)
    """Room for all its files, megabytes."""
    keep_days: float = Field(default=1095.0, ge=1.0, le=36_500)
    """Files whose last entry is older than this are taken away, days; only while the wall clock is synchronised."""


class Config(Section):
    """One box: tables of its own, of its sensors, and of what it does with what they say."""

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
    annunciator: Annunciator = Annunciator()
    """Light and sound at the bed."""
    button: Button = Button()
    """The button for reports of pain."""
    camera_light: CameraLight = CameraLight()
    """The lamp that shows whether a camera may be looking."""
    recorder: Recorder = Recorder()
    """Sessions on disk."""
    audit: Audit = Audit()
    """The audit log."""
    mqtt: Mqtt = Mqtt()
    """The broker."""
    home: Home = Home()
    """The home page, served by the box itself."""
    metrics: Metrics = Metrics()
    """Figures for Prometheus."""
    station: Station = Station()
    """The nursing station's page."""

    @field_validator("button")
    @classmethod
    def _own_pin(cls, button: Button, info: Info) -> Button:
        annunciator: Annunciator | None = info.data.get("annunciator")
        if annunciator is not None and button.pin in {annunciator.light_pin, annunciator.buzzer_pin} - {None}:
            raise ValueError(f"has pin {button.pin}, which [annunciator] uses: connect the button to another")
        return button

    @field_validator("camera_light")
    @classmethod
    def _free_pin(cls, camera_light: CameraLight, info: Info) -> CameraLight:
        annunciator: Annunciator | None = info.data.get("annunciator")
        button: Button | None = info.data.get("button")
        used = set() if annunciator is None else {annunciator.light_pin, annunciator.buzzer_pin}
        used |= set() if button is None else {button.pin}
        if camera_light.pin in used - {None}:
            raise ValueError(f"has pin {camera_light.pin}, which something else uses: connect the lamp to another")
        return camera_light

    @field_validator("sensor")
    @classmethod
    def _distinct(cls, sensor: tuple[Sensor, ...]) -> tuple[Sensor, ...]:
        names = [stanza.name for stanza in sensor]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has the name {', '.join(twice)} twice: every sensor needs a name of its own")
        return sensor
