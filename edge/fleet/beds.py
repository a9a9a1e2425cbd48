"""Beds that speak as boxes do: availability, a state every ten seconds, and alerts on both of their topics."""

from __future__ import annotations

import os
import random
from dataclasses import replace

from edge.clock import Clock
from edge.fleet.client import Access, Client
from edge.publish.payload import AlertMessage, AvailabilityMessage, HeadValues, StateMessage, head
from edge.publish.states import STATE_EVERY_S
from edge.publish.topics import AVAILABILITY, EVENT, STATE, Topics, alarm_leaf
from edge.types import Condition, Modality, Presence, Priority, Validity, Verdict

REASONS = ["AU4", "AU43", "AU7"]
"""Why a simulated bed alarms: as many reasons as an alert holds."""


class SimulatedBed:
    """One bed; everything it says is marked `test`.

    Args:
        access: the broker.
        site: first level of its topics.
        number: which bed.
        clock: time.
    """

    def __init__(self, access: Access, site: str, number: int, clock: Clock) -> None:
        """Nothing is said yet."""
        name = f"bed{number:05d}"
        self._topics = Topics(site, name)
        self._clock = clock
        # Each box counts within its own boot.
        self._boot = os.urandom(6).hex()
        self._number = 0
        self.client = Client(access, f"anodyne-{site}-{name}", node=number)

    def greet(self) -> None:
        """Say that the box is there."""
        message = AvailabilityMessage.model_validate({**self._head(), "online": True, "reason": "started"})
        self.client.publish(self._topics.of(AVAILABILITY), message.encode(), retain=True)

    def state(self) -> None:
        """Publish an assessment."""
        score = round(random.uniform(0.0, 4.0), 2)  # noqa: S311 - a made-up score
        message = StateMessage.model_validate(
            {
                **self._head(),
                "verdict": Verdict.CALM,
                "missing": {},
                "every_s": STATE_EVERY_S,
                "score": score,
                "interval": (max(0.0, score - 1), score + 1),
                "contributions": [
                    {"modality": Modality.FACE, "log_odds": -1.2, "quality": 0.8, "age_s": 0.2},
                    {"modality": Modality.PPG, "log_odds": -0.4, "quality": 0.7, "age_s": 1.0},
                ],
            }
        )
        self.client.publish(self._topics.of(STATE), message.encode(), retain=True)

    def alert(self) -> str:
        """Raise pain, as a box does: the event, and the condition's retained state.

        Returns:
            The alert's id.
        """
        values = self._head()
        message = AlertMessage.model_validate(
            {
                **values,
                "episode": self._number,
                "condition": Condition.PAIN,
                "priority": Priority.MEDIUM,
                "presence": Presence.ON,
                "score": 6.4,
                "interval": (5.5, 7.3),
                "reasons": REASONS,
            },
        )
        payload = message.encode()
        self.client.publish(self._topics.of(EVENT), payload)
        self.client.publish(self._topics.of(alarm_leaf(Condition.PAIN)), payload, retain=True)
        return message.id

    def clear(self) -> None:
        """Take what the broker retains of this bed away."""
        for leaf in (AVAILABILITY, STATE, alarm_leaf(Condition.PAIN)):
            self.client.publish(self._topics.of(leaf), b"", retain=True)

    def _head(self) -> HeadValues:
        self._number += 1
        instant = replace(self._clock.instant(), boot_id=self._boot)
        return head(instant, self._number, Validity.TEST, "face+ppg")
