"""Everything that `anodyne doctor` looks at, in the order in which a person would fix it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge.config import Config, load
from edge.errors import ConfigError
from edge.health import broker, bundles, devices, machine, serial_ports
from edge.health.findings import Finding, error, ok


def examine(path: Path | None) -> Iterator[Finding]:
    """Look at the machine and, where a configuration is given, at everything it names.

    Args:
        path: configuration file; None looks at the machine alone, and nothing that a bed may lack is an error.

    Yields:
        One finding per thing looked at.
    """
    config = Config()
    if path is not None:
        try:
            config = load(path)
        except ConfigError as failure:
            yield error("config", failure.message)
            path = None
        else:
            yield ok("config", f"{path}: {config.box.site}/{config.box.bed}, {len(config.sensor)} sensors")
    yield machine.python()
    yield machine.inference_runtime()
    bundle, findings = bundles.in_use(config)
    yield from findings
    if bundle is not None:
        yield from machine.models(bundle, config.models.threads)
    yield machine.vision()
    yield machine.state_folder(config.box.state_dir, configured=path is not None)
    if config.recorder.folder is not None:
        yield machine.recorder_folder(config.recorder.folder)
    yield from devices.cameras(config)
    yield from devices.recordings(config)
    yield from serial_ports.serial_ports(config)
    yield devices.bluetooth(config)
    if path is not None:
        if config.mqtt.password_file:
            yield broker.password_file(config.mqtt.password_file)
        for one in config.mqtt.brokers():
            yield broker.broker(one)
    yield machine.clock()
