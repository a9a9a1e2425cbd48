"""Everything that `anodyne doctor` looks at, in the order in which a person would fix it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge.config import Config, load
from edge.errors import ConfigError
from edge.health import broker, bundles, devices, hardware, machine, running, serial_ports
from edge.health.findings import Finding, Grade, error, ok, warning


def examine(path: Path | None, board: hardware.Board | None = None) -> Iterator[Finding]:
    """Look at the machine and, where a configuration is given, at everything it names.

    Args:
        path: configuration file; None looks at the machine alone, and nothing that a bed may lack is an error.
        board: where the board is looked at; the kernel's own files by default.

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
    yield running.versions()
    if path is not None:  # early: what kills the daemon may kill whoever looks at it
        yield running.daemon(config)
        yield from running.sensors(config)
        yield from running.camera_state(config.box.state_dir)
    yield machine.inference_runtime()
    bundle, findings = bundles.in_use(config)
    yield from findings
    if bundle is not None:
        yield from machine.models(bundle, config.models.threads)
    yield machine.vision()
    yield machine.state_folder(config.box.state_dir, configured=path is not None)
    yield from running.permissions(config, path)
    if config.recorder.folder is not None:
        yield machine.recorder_folder(config.recorder.folder)
    yield from devices.cameras(config)
    yield from devices.recordings(config)
    yield from serial_ports.serial_ports(config)
    yield devices.bluetooth(config)
    yield from hardware.board(board or hardware.Board(), config.alarm.hot_c)
    yield machine.clock()
    if path is not None:
        yield from _way_out(config)


def _way_out(config: Config) -> Iterator[Finding]:
    """Every broker. A home box alarms at the bed, and needs none."""
    if config.mqtt.password_file:
        yield broker.password_file(config.mqtt.password_file)
    for one in config.mqtt.brokers():
        for finding in broker.broker_stages(one, config.box):
            if config.annunciator.home and finding.grade is Grade.ERROR:
                text = f"{finding.text} (a home box works without)"
                yield warning(finding.name, text, finding.remedy)
            else:
                yield finding
