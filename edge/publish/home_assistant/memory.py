"""What has been announced to Home Assistant: kept, so that it can be taken back when it is switched off."""

from __future__ import annotations

import logging

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import StoreError
from edge.store import Store

logger = logging.getLogger(__name__)

NAME = "home_assistant"
"""Row of the table `setting`."""


class Announced(BaseModel):
    """The last announcement.

    Attributes:
        topic: of the discovery message.
        sensors_topic: of the retained message about the sensors.
        platforms: component to platform.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str
    sensors_topic: str
    platforms: dict[str, str]


def load(store: Store) -> Announced | None:
    """The last announcement, or None where there is none that can be read."""
    try:
        with store.reading() as cursor:
            row = cursor.execute("SELECT state FROM setting WHERE name = ?", (NAME,)).fetchone()
        return None if row is None else Announced.model_validate_json(str(row[0]))
    except (StoreError, ValidationError) as error:
        logger.warning("what was announced to Home Assistant is not known any more: %s", error)
        return None


def save(store: Store, announced: Announced | None) -> None:
    """Keep it, or forget it; a full disk is only logged."""
    try:
        with store.transaction() as cursor:
            if announced is None:
                cursor.execute("DELETE FROM setting WHERE name = ?", (NAME,))
            else:
                cursor.execute("REPLACE INTO setting (name, state) VALUES (?, ?)", (NAME, announced.model_dump_json()))
    except StoreError as error:
        logger.warning("what was announced to Home Assistant is not kept: %s", error)
