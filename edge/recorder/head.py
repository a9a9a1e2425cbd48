"""The head of a new session, from the configuration and the models in use.

Only what results depend on is kept, table by table: addresses, user names and files of passwords are not among it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping

from edge.bundle import Bundle
from edge.clock import Instant
from edge.config import Config
from edge.config.keys import toml
from edge.inference import runtime
from edge.recorder.facts import Facts, SensorFacts
from edge.software import software

_TABLES = ("fusion", "alarm")
"""Tables of the configuration that results depend on. All their values are scalars."""


def head(
    config: Config, bundle: Bundle, started: Instant, alarms: Mapping[str, str], sensors: tuple[SensorFacts, ...]
) -> Facts:
    """The head of a session that begins now.

    Args:
        config: of the box.
        bundle: its models.
        started: when the alarm states of an earlier run were taken up.
        alarms: those states, by condition.
        sensors: in the order of the configuration.
    """
    return Facts(
        software=software(),
        runtime=runtime_in_use(),
        bundle=bundle_in_use(bundle),
        site=config.box.site,
        bed=config.box.bed,
        validity=config.box.validity,
        start=started,
        settings="\n".join(_settings(config)) + "\n",
        sensors=sensors,
        alarms=dict(alarms),
    )


def bundle_in_use(bundle: Bundle) -> str:
    """Version and hash of a bundle's manifest, which holds the hash of every model."""
    return f"{bundle.version} {hashlib.sha256((bundle.folder / 'bundle.toml').read_bytes()).hexdigest()}"


def runtime_in_use() -> str:
    """Inference runtime and processor."""
    return f"{runtime().name} {runtime().version} {platform.machine()}"


def _settings(config: Config) -> Iterator[str]:
    values: Mapping[str, Mapping[str, object]] = config.model_dump(mode="json", include=set(_TABLES))
    for name in _TABLES:
        yield f"[{name}]"
        yield from (f"{key} = {toml(value)}" for key, value in values[name].items() if value is not None)
