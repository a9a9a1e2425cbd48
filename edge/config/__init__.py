r"""The one TOML file of a box: its tables as pydantic models, read and checked.

`load` and `loads` report whatever is wrong at once, each problem with line, key and what to write instead.

    >>> loads("[box]\nbed = 'room 4'", "box.toml")
    Traceback (most recent call last):
    ...
    edge.errors.ConfigError: box.toml cannot be used (1 problem):
      line 2: box.bed: ...
"""

from __future__ import annotations

from edge.config.home import Home
from edge.config.reading import load, loads
from edge.config.sections import (
    Alarm,
    Annunciator,
    Audit,
    Box,
    Button,
    CameraLight,
    Config,
    Fusion,
    Metrics,
    Models,
    Mqtt,
    Recorder,
    Tls,
)
from edge.config.station import Station

__all__ = [
    "Alarm",
    "Annunciator",
    "Audit",
    "Box",
    "Button",
    "CameraLight",
    "Config",
    "Fusion",
    "Home",
    "Metrics",
    "Models",
    "Mqtt",
    "Recorder",
    "Station",
    "Tls",
    "load",
    "loads",
]
