"""What Home Assistant's documentation says of a discovery message for a device, as checks.

After the pages "MQTT" (sections on discovery), "MQTT sensor", "MQTT binary sensor" and "MQTT button", and the lists of
device classes on "Sensor", "Binary sensor" and "Button". Its own voluptuous schemas cannot be had without the whole of
Home Assistant. Keys of components are those that the box uses and may use; a typing error in one is found here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DEVICE = {
    "identifiers", "connections", "configuration_url", "hw_version", "manufacturer", "model", "model_id", "name",
    "serial_number", "suggested_area", "sw_version", "via_device",
}  # fmt: skip
ORIGIN = {"name", "sw_version", "support_url"}
SHARED = {"availability", "availability_mode", "state_topic", "command_topic", "qos", "encoding"}
ENTITY = {
    "platform", "unique_id", "name", "icon", "entity_category", "enabled_by_default", "qos", "encoding", "availability",
    "json_attributes_topic", "json_attributes_template", "object_id", "default_entity_id", "entity_picture",
}  # fmt: skip
OWN = {
    "sensor": {
        "state_topic", "value_template", "device_class", "state_class", "unit_of_measurement", "expire_after",
        "options", "force_update", "suggested_display_precision", "last_reset_value_template",
    },
    "binary_sensor": {
        "state_topic", "value_template", "device_class", "expire_after", "force_update", "off_delay", "payload_on",
        "payload_off",
    },
    "button": {"command_topic", "command_template", "payload_press", "device_class", "retain"},
}  # fmt: skip
REQUIRED = {"sensor": "state_topic", "binary_sensor": "state_topic", "button": "command_topic"}
DEVICE_CLASSES = {
    "sensor": {"battery", "enum", "temperature", "duration", "signal_strength", "timestamp"},
    "binary_sensor": {"problem", "connectivity", "safety", "battery", "running", "occupancy"},
    "button": {"identify", "restart", "update"},
}
STATE_CLASSES = {"measurement", "measurement_angle", "total", "total_increasing"}
CATEGORIES = {"config", "diagnostic"}
TOPIC = re.compile(r"^homeassistant/device/(?:[A-Za-z0-9_-]+/)?[A-Za-z0-9_-]+/config$")


def check(topic: str, content: Mapping[str, object]) -> None:
    """Hold a device's announcement against the documentation.

    Raises:
        AssertionError: it does not say what it must, or says what nobody reads.
    """
    assert TOPIC.match(topic), topic
    assert {"device", "origin", "components"} <= set(content) <= SHARED | {"device", "origin", "components"}
    device, origin, parts = content["device"], content["origin"], content["components"]
    assert isinstance(device, dict)
    assert isinstance(origin, dict)
    assert isinstance(parts, dict)
    assert set(device) <= DEVICE
    assert device.get("identifiers") or device.get("connections")
    assert "name" in origin
    assert set(origin) <= ORIGIN
    availability = content.get("availability", [])
    assert isinstance(availability, list)
    for one in availability:
        allowed = {"topic", "value_template", "payload_available", "payload_not_available"}
        assert "topic" in one
        assert set(one) <= allowed
    assert content.get("qos", 0) in (0, 1, 2)
    identities = [part.get("unique_id") for part in parts.values() if set(part) != {"platform"}]
    assert None not in identities
    assert len(set(identities)) == len(identities)
    for key, part in parts.items():
        check_component(key, part)


def check_component(key: str, part: Mapping[str, object]) -> None:
    """Hold one component against the documentation of its platform; a bare platform takes the component away."""
    platform = part["platform"]
    assert isinstance(platform, str), key
    if set(part) == {"platform"}:
        return
    assert platform in OWN, key
    assert set(part) - ENTITY - OWN[platform] == set(), key
    assert REQUIRED[platform] in part, key
    assert part.get("device_class", "enum" if platform == "sensor" else None) in DEVICE_CLASSES[platform] | {None}, key
    assert part.get("state_class", "measurement") in STATE_CLASSES, key
    assert part.get("entity_category", "diagnostic") in CATEGORIES, key
    if part.get("device_class") == "enum":
        assert part.get("options"), key
        assert not {"state_class", "unit_of_measurement"} & set(part), key
    if part.get("device_class") == "battery":
        assert part.get("unit_of_measurement") == "%", key
