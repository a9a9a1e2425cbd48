"""`anodyne config`: check a file, print the schema, an example, or the reference page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.config import Config, load
from edge.config.pages import example, markdown


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser("config", help="check or explain the configuration file")
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    check = actions.add_parser("check", help="name every problem of a file, with line, key and remedy")
    check.add_argument("file", type=Path, help="the TOML file")
    actions.add_parser("schema", help="print the JSON Schema of the file")
    actions.add_parser("example", help="print a complete, commented file")
    actions.add_parser("docs", help="print the reference page (docs/configuration.md)")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry the action out.

    Returns:
        0; a file that cannot be used raises `ConfigError`, which ends the program with 2.
    """
    match arguments.action:
        case "check":
            config = load(arguments.file)
            sys.stdout.write("".join(f"{row}\n" for row in _verdict(arguments.file, config)))
        case "schema":
            sys.stdout.write(json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n")
        case "example":
            sys.stdout.write(example())
        case _:
            sys.stdout.write(markdown())
    return 0


def _verdict(path: Path, config: Config) -> Iterator[str]:
    sensors = ", ".join(f"{stanza.name} ({stanza.driver})" for stanza in config.sensor)
    yield f"{path} is right: {config.box.site}/{config.box.bed}, sensors: {sensors or 'none'}"
    if not config.sensor:
        yield 'note: without a [[sensor]] the box can only ever say "cannot assess"'
    if config.mqtt.username and config.mqtt.tls is None:
        yield "note: [mqtt] has a username but no [mqtt.tls]: the password crosses the network in the clear"
    if config.box.validity != "real":
        yield f'note: every message will be marked "{config.box.validity}": not for a patient'
