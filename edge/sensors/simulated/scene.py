"""A scene: what a simulated patient goes through, as a small TOML file (docs/scenes.md).

The simulated wristband, and the renderer of the demonstration's face clip, both follow the same scene.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.errors import ConfigError

DEMO_SCENE = Path(__file__).with_name("demo_scene.toml")
"""The three minutes of `anodyne demo`."""

RAMP_S = 3.0
"""Seconds over which latent pain rises after a span's start and falls after its end. Facial expressions of pain build
up over a few seconds (Prkachin & Solomon 2008 score whole seconds); a step would be easier to notice than life is."""

_LONGEST_S = 86_400.0
"""A day: the generator holds a whole scene in memory (about 40 MB for a day)."""


class _Part(BaseModel):
    """A table of the file: unknown keys are errors, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Span(_Part):
    """A stretch of the scene."""

    start_s: float = Field(ge=0.0)
    """Seconds from the start of the scene."""
    end_s: float
    """Seconds from the start of the scene; later than `start_s`."""

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.end_s <= self.start_s:
            raise ValueError(f"end_s = {self.end_s:g} is not later than start_s = {self.start_s:g}")
        return self

    def covers(self, t_s: float) -> bool:
        """Whether `t_s` lies in the half-open span [start_s, end_s)."""
        return self.start_s <= t_s < self.end_s


class PainSpan(Span):
    """A stretch with latent pain."""

    level: float = Field(ge=0.0, le=10.0)
    """Latent pain, 0..10."""
    rise_s: float = Field(default=RAMP_S, ge=0.5, le=7200.0)
    """Seconds from nothing to `level`: long for a slow drift."""

    def level_at(self, t_s: float) -> float:
        """This span's share of latent pain at `t_s`: linear ramps after start and end."""
        if t_s < self.end_s:
            rise = (t_s - self.start_s) / self.rise_s
            return self.level * min(max(rise, 0.0), 1.0)
        reached = self.level * min((self.end_s - self.start_s) / self.rise_s, 1.0)
        return max(0.0, reached - self.level * (t_s - self.end_s) / RAMP_S)


Activity = Literal[
    "sleep", "smile", "talk", "chew", "yawn", "squint", "visitor", "grandchild", "care", "delirium", "fright"
]
"""What a patient does or has done to her; docs/scenes.md says what each does to face and body."""

Fault = Literal[
    "face_turned",
    "face_covered",
    "mask",
    "lights_off",
    "camera_dead",
    "band_off",
    "motion",
    "radio_loss",
    "battery_low",
    "clock_step",
    "cpu_throttled",
    "broker_gone",
    "station_silent",
]
"""What goes wrong; docs/scenes.md says how each is made."""

Variant = Literal["beta_blocker", "opioid", "poor_perfusion", "palsy", "blunted", "stoic"]
"""What sets a patient apart from the others."""


class ActivitySpan(Span):
    """A stretch in which the patient does something that is not pain."""

    kind: Activity
    """What."""


class FaultSpan(Span):
    """A stretch in which something fails."""

    kind: Fault
    """What."""
    size: float = Field(default=1.0, ge=-86_400.0, le=86_400.0)
    """clock_step: by how many seconds; cpu_throttled: how late work in threads ends, seconds. Else not used."""


class Patient(_Part):
    """Whom the scene is about."""

    variants: tuple[Variant, ...] = ()
    """What sets this patient apart; several may hold. The rest of a person is drawn from the seed."""


class Life(_Part):
    """A life that is drawn from the seed instead of written down."""

    episodes_per_hour: float = Field(default=2.0, ge=0.0, le=20.0)
    """Episodes of pain: a Poisson process, at least 60 s between two."""
    level: tuple[float, float] = (3.0, 9.0)
    """Least and most latent pain of an episode, 0..10."""
    length_s: tuple[float, float] = (20.0, 240.0)
    """Least and most length of an episode; drawn evenly over the logarithm."""
    activities: dict[Activity, float] = {}
    """How often an hour each activity begins."""
    faults: dict[Fault, float] = {}
    """How often an hour each fault begins."""

    @model_validator(mode="after")
    def _ordered(self) -> Life:
        if not 0.0 <= self.level[0] <= self.level[1] <= 10.0:
            raise ValueError("life.level needs two numbers 0..10, the smaller first")
        if not 0.0 < self.length_s[0] <= self.length_s[1]:
            raise ValueError("life.length_s needs two numbers above 0, the smaller first")
        return self


class Scene(_Part):
    """A whole scene."""

    title: str = Field(min_length=1, max_length=200)
    """What the scene shows, for people."""
    duration_s: float = Field(gt=0.0, le=_LONGEST_S)
    """Length of the scene, seconds."""
    pain: tuple[PainSpan, ...] = ()
    """Stretches with pain; where they overlap the stronger counts."""
    face_away: tuple[Span, ...] = ()
    """Stretches in which nobody is in the picture."""
    band_silent: tuple[Span, ...] = ()
    """Stretches in which the wristband sends nothing."""
    activity: tuple[ActivitySpan, ...] = ()
    """What the patient does besides."""
    fault: tuple[FaultSpan, ...] = ()
    """What fails."""
    patient: Patient | None = None
    """Whom it is about. Without this table the fixed person of the demonstration plays it, without activities."""
    life: Life | None = None
    """What the seed is to add; drawn anew for each seed."""

    @model_validator(mode="after")
    def _within(self) -> Scene:
        if self.patient is None and (self.activity or self.fault or self.life is not None):
            raise ValueError("activity, fault and life need a [patient] table (it may be empty)")
        for key, spans in self._spans():
            for number, span in enumerate(spans, start=1):
                if span.end_s > self.duration_s:
                    raise ValueError(
                        f"[[{key}]] number {number} ends at {span.end_s:g} s, after the scene's duration_s ="
                        f" {self.duration_s:g}"
                    )
        return self

    def _spans(self) -> tuple[tuple[str, tuple[Span, ...]], ...]:
        return (
            ("pain", self.pain),
            ("face_away", self.face_away),
            ("band_silent", self.band_silent),
            ("activity", self.activity),
            ("fault", self.fault),
        )

    @classmethod
    def load(cls, path: Path) -> Scene:
        """Read and check a scene file.

        Raises:
            ConfigError: the file cannot be read, is not TOML, or breaks a rule; the message names file, key and why.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"scene file {path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"scene file {path} is not a text file in UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"scene file {path} is not valid TOML: {error}") from error
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_explain(path, error)) from error

    def pain_level(self, t_s: float) -> float:
        """Latent pain 0..10 at `t_s` seconds from the start."""
        return max((span.level_at(t_s) for span in self.pain), default=0.0)

    def fault_at(self, kind: Fault, t_s: float) -> bool:
        """Whether a fault of a kind lasts at `t_s`."""
        return any(span.kind == kind and span.covers(t_s) for span in self.fault)

    def face_away_at(self, t_s: float) -> bool:
        """Whether nobody is in the picture at `t_s`."""
        return any(span.covers(t_s) for span in self.face_away)

    def band_silent_at(self, t_s: float) -> bool:
        """Whether the wristband sends nothing at `t_s`."""
        return any(span.covers(t_s) for span in self.band_silent)


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"scene file {path} cannot be used:"]
    for problem in error.errors():
        place = ".".join(f"{part + 1}" if isinstance(part, int) else part for part in problem["loc"]) or "scene"
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = "there is no such key (docs/scenes.md lists them all)"
        lines.append(f"  {place}: {text}")
    return "\n".join(lines)
