"""The example, the reference page and the schema follow the models."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from edge.config import Config, loads
from edge.config.keys import drivers, keys, tables
from edge.config.pages import example, markdown
from tests.cli.capture import anodyne

ROOT = Path(__file__).parents[2]


def all_switched_on() -> str:
    """The example with every "#key" turned into "key"."""
    return re.sub(r"^#(?=\S)", "", example(), flags=re.MULTILINE)


def test_the_example_passes_the_check_as_it_is() -> None:
    assert [stanza.driver for stanza in loads(example()).sensor] == ["v4l2", "ble_uart"]


def test_the_example_passes_the_check_with_everything_switched_on() -> None:
    text = all_switched_on().replace('validity = "real"', 'validity = "test"')  # recordings are among the sensors
    assert [stanza.driver for stanza in loads(text).sensor] == list(drivers())


def test_the_example_shows_every_key() -> None:
    shown = tomllib.loads(all_switched_on())
    stanzas = {stanza["driver"]: set(stanza) for stanza in shown["sensor"]}
    assert stanzas == {driver: set(keys(model)) for driver, model in drivers().items()}
    shown["mqtt"], tls = {k: v for k, v in shown["mqtt"].items() if k != "tls"}, shown["mqtt"]["tls"]
    found = {name: set(shown[name]) for name in tables() if name != "mqtt.tls"} | {"mqtt.tls": set(tls)}
    assert found == {name: set(keys(model)) for name, model in tables().items()}


def test_the_example_shows_the_defaults() -> None:
    written, defaults = loads(example()), Config()
    assert (written.fusion, written.alarm, written.mqtt, written.box) == (
        defaults.fusion,
        defaults.alarm,
        defaults.mqtt,
        defaults.box,
    )


def test_every_key_is_documented() -> None:
    models = [*tables().values(), *drivers().values()]
    assert [key.name for model in models for key in keys(model).values() if len(key.doc) < 10] == []


def test_the_reference_page_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown(), "run `make docs`"


def test_the_schema_accepts_the_example() -> None:
    schema = json.loads(anodyne("config", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(tomllib.loads(all_switched_on()), schema)


def test_the_schema_refuses_an_unknown_key() -> None:
    schema = json.loads(anodyne("config", "schema").out)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"box": {"sight": "home"}}, schema)
