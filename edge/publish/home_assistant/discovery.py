"""The announcement of one bed, after Home Assistant's device-based MQTT discovery (docs/home-assistant.md).

One retained message on `homeassistant/device/<object id>/config` holds the device, its origin and its components; all
of them read the topics that the box publishes anyway. A score that is missing is said to be unknown ("None"), never
left as it was, and what is older than three states becomes unavailable by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from edge.publish.sensors import SENSORS_EVERY_S, SENSORS_STALE_PERIODS
from edge.publish.topics import AVAILABILITY, HOME_COMMAND, SENSORS, STATE, Topics
from edge.types import Condition, Presence, Verdict

PREFIX = "homeassistant"
"""Home Assistant's default discovery prefix."""

STATUS_TOPIC = f"{PREFIX}/status"
"""Where Home Assistant says "online" when it has started."""

EXPIRE_S = 30
"""A state that is older is shown as unavailable, seconds: three times the time between two states."""

SIGNED = "Home Assistant"
"""Who asks, in the buttons' commands."""

Component = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is published to announce a bed.

    Attributes:
        topic: of the discovery message.
        platforms: component to platform, for taking single ones back later.
        payload: JSON.
    """

    topic: str
    platforms: Mapping[str, str]
    payload: bytes


def announcement(topics: Topics, bands: Sequence[str], gone: Mapping[str, str] | None = None) -> Announcement:
    """The announcement of a bed.

    Args:
        topics: of the bed.
        bands: names of the sensors whose charge is told.
        gone: components of an earlier announcement with their platforms: those that are no more are taken back.
    """
    identity = object_id(topics)
    parts = components(topics, bands)
    platforms = {key: str(part["platform"]) for key, part in parts.items()}
    stubs: dict[str, Component] = {
        key: {"platform": platform} for key, platform in (gone or {}).items() if key not in parts
    }
    content = {
        "device": {
            "identifiers": [f"anodyne_{identity}"],
            "name": f"Anodyne {topics.site} {topics.bed}",
            "manufacturer": "Anodyne",
            "model": "Bedside box",
            "sw_version": version("anodyne"),
        },
        "origin": {"name": "anodyne", "sw_version": version("anodyne")},
        "availability": [
            {
                "topic": topics.of(AVAILABILITY),
                "value_template": "{{ 'online' if value_json.online else 'offline' }}",
            }
        ],
        "qos": 1,
        "components": {
            **{key: {**part, "unique_id": f"anodyne_{identity}_{key}"} for key, part in parts.items()},
            **stubs,
        },
    }
    payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return Announcement(config_topic(topics), platforms, payload)


def config_topic(topics: Topics) -> str:
    """Topic of the announcement."""
    return f"{PREFIX}/device/{object_id(topics)}/config"


def object_id(topics: Topics) -> str:
    """Site and bed in letters, digits, dashes and underscores, such that no two beds share one."""
    return "__".join(part.replace("_", "_5F").replace(".", "_2E") for part in (topics.site, topics.bed))


def components(topics: Topics, bands: Sequence[str]) -> dict[str, Component]:
    """The bed's entities by key, without their `unique_id`."""
    state = {"state_topic": topics.of(STATE), "expire_after": EXPIRE_S}
    parts: dict[str, Component] = {
        "score": {
            "platform": "sensor",
            "name": "Pain score",
            **state,
            "value_template": "{{ value_json.n | default(none) }}",
            "state_class": "measurement",
            "suggested_display_precision": 1,
            "json_attributes_topic": topics.of(STATE),
            "icon": "mdi:emoticon-sad-outline",
        },
        "verdict": {
            "platform": "sensor",
            "name": "Verdict",
            **state,
            "value_template": "{{ value_json.d }}",
            "device_class": "enum",
            "options": list(Verdict),
        },
        "cannot_assess": {
            "platform": "binary_sensor",
            "name": "Cannot assess",
            **state,
            "value_template": f"{{{{ 'ON' if value_json.d == '{Verdict.CANNOT_ASSESS}' else 'OFF' }}}}",
            "device_class": "problem",
        },
        "mode": {
            "platform": "sensor",
            "name": "Mode",
            **state,
            "value_template": "{{ value_json.m }}",
            "entity_category": "diagnostic",
        },
        "pain_alarm": {
            "platform": "sensor",
            "name": "Pain alarm",
            "state_topic": topics.alarm(Condition.PAIN),
            "value_template": "{{ value_json.s }}",
            "device_class": "enum",
            "options": list(Presence),
            "json_attributes_topic": topics.alarm(Condition.PAIN),
        },
        "cannot_assess_alarm": {
            "platform": "sensor",
            "name": "Cannot assess alarm",
            "state_topic": topics.alarm(Condition.CANNOT_ASSESS),
            "value_template": "{{ value_json.s }}",
            "device_class": "enum",
            "options": list(Presence),
        },
        "acknowledge_pain": _button(topics, "Acknowledge pain", "acknowledge", condition=str(Condition.PAIN)),
        "acknowledge_cannot_assess": _button(
            topics, "Acknowledge cannot assess", "acknowledge", condition=str(Condition.CANNOT_ASSESS)
        ),
        "pause_audio": _button(topics, "Pause sound", "pause_audio"),
        "resume": _button(topics, "Resume sound", "resume"),
        "locate": _button(topics, "Find the bed", "locate"),
    }
    return parts | {f"battery_{name}": _battery(topics, name) for name in bands}


def _button(topics: Topics, name: str, do: str, **further: str) -> Component:
    """A button whose command has an id of its own at each press."""
    command = {"id": "ha-{{ (as_timestamp(now()) * 1000) | int }}", "do": do, **further, "by": SIGNED}
    return {
        "platform": "button",
        "name": name,
        "command_topic": topics.of(HOME_COMMAND),
        "command_template": json.dumps(command, separators=(",", ":")),
        "retain": False,
    }


def _battery(topics: Topics, name: str) -> Component:
    return {
        "platform": "sensor",
        "name": f"Battery {name}",
        "state_topic": topics.of(SENSORS),
        "value_template": f"{{{{ value_json.sensors['{name}'].battery | default(none) }}}}",
        "device_class": "battery",
        "unit_of_measurement": "%",
        "state_class": "measurement",
        "entity_category": "diagnostic",
        "expire_after": round(SENSORS_STALE_PERIODS * SENSORS_EVERY_S),
    }
