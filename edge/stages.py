"""The stages of a start, in the order in which the box goes through them."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """How far a start has come."""

    CONFIG = "config"
    STORE = "store"
    MODELS = "models"
    SENSORS = "sensors"
    ROOMS = "rooms"
    FIRST = "first"
    OPENING = "opening"
    WATCHING = "watching"


STAGE_WORDS = {
    Stage.CONFIG: "reading the configuration",
    Stage.MODELS: "loading the models",
    Stage.SENSORS: "setting up the sensors",
    Stage.STORE: "opening the state file",
    Stage.ROOMS: "setting up broker, page and bedside light",
    Stage.FIRST: "reaching the first assessment",
    Stage.OPENING: "opening the sensors",
    Stage.WATCHING: "watching, shortly after its start",
}
"""What the box was doing."""

SAFE_MODE = "safe_mode"
"""Reason code of a state or an alarm that comes from safe mode; the code of the stage that failed last follows it."""


def stage_code(stage: Stage) -> str:
    """Reason code of the stage that failed ("at_models"); at most 16 characters."""
    return f"at_{stage}"
