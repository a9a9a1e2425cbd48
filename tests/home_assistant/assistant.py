"""Home Assistant on one broker, spoken to in lines of JSON. Run with its own Python, inside the root.

usage: python -m tests.home_assistant.assistant PORT FOLDER

It prints each state that changes as `{"entity", "state", "attributes"}`, what its log warns of as `{"warning"}`, and
`{"ready": VERSION}` once it runs. `{"press": ENTITY}` on its input presses a button, the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from homeassistant import bootstrap, runner
from homeassistant.const import EVENT_STATE_CHANGED, __version__
from homeassistant.core import Event, HomeAssistant

_LONG_AGO = "2026-01-01T00:00:00+00:00"


class Warnings(logging.Handler):
    """Tells what the MQTT integration and the entities complain of."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for each."""
        if record.name.startswith(("homeassistant.components.mqtt", "homeassistant.helpers", "homeassistant.util")):
            say(warning=f"{record.name}: {record.getMessage()}")


def say(**line: object) -> None:
    """Print one line."""
    print(json.dumps(line, default=str), flush=True)


def configure(folder: Path, port: int) -> None:
    """What its set-up page would write: a house, and the MQTT integration with this broker."""
    entry: Mapping[str, object] = {
        "domain": "mqtt",
        "entry_id": "broker",
        "title": "broker",
        "data": {"broker": "127.0.0.1", "port": port, "protocol": "5"},
        "options": {},
        "version": 1,
        "minor_version": 2,
        "source": "user",
        "unique_id": None,
        "disabled_by": None,
        "discovery_keys": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "subentries": [],
        "created_at": _LONG_AGO,
        "modified_at": _LONG_AGO,
    }
    content = {"key": "core.config_entries", "version": 1, "minor_version": 5, "data": {"entries": [entry]}}
    (folder / ".storage").mkdir(parents=True, exist_ok=True)
    (folder / ".storage" / "core.config_entries").write_text(json.dumps(content))
    (folder / "configuration.yaml").write_text("homeassistant:\n  name: house\n  time_zone: UTC\n")


async def main(port: int, folder: Path) -> None:
    """Run until the input ends.

    Raises:
        SystemExit: it came up in its recovery mode, or not at all.
    """
    configure(folder, port)
    house = await bootstrap.async_setup_hass(runner.RuntimeConfig(config_dir=str(folder), skip_pip=True))
    if house is None or house.config.recovery_mode or "mqtt" not in house.config.components:
        raise SystemExit("Home Assistant did not start with its MQTT integration: its log is above")
    logging.getLogger().addHandler(Warnings(logging.WARNING))
    house.bus.async_listen(EVENT_STATE_CHANGED, _changed)
    await house.async_start()
    for one in house.states.async_all():
        say(entity=one.entity_id, state=one.state, attributes=dict(one.attributes))
    say(ready=__version__)
    ended = asyncio.Event()
    threading.Thread(target=_listen, args=(house, ended), daemon=True).start()
    await ended.wait()
    await house.async_stop(force=True)


async def _changed(event: Event) -> None:
    new = event.data["new_state"]
    if new is None:
        say(entity=event.data["entity_id"], state=None, attributes={})
    else:
        say(entity=new.entity_id, state=new.state, attributes=dict(new.attributes))


def _listen(house: HomeAssistant, ended: asyncio.Event) -> None:
    for line in sys.stdin:
        press = house.services.async_call("button", "press", {"entity_id": json.loads(line)["press"]}, blocking=True)
        asyncio.run_coroutine_threadsafe(press, house.loop).result()
    house.loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
