"""What may be published, and how large it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from edge.publish.outbox import Outbox
from edge.publish.payload import (
    MAX_ALERT_BYTES,
    AlertMessage,
    StateMessage,
    alert_message,
    decode,
    encode_alert,
)
from edge.publish.schema import MODELS, schema
from edge.store import Store
from edge.types import (
    Absence,
    Activation,
    Alert,
    Condition,
    ConditionKind,
    Frame,
    Modality,
    Presence,
    Priority,
    Validity,
)

BOOT = "0123456789ab"
LONG_REASONS = ("end_of_recording", "wrong_device!", "a reason that is much too long")
PICTURE = np.zeros((80, 80), np.uint8)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)


def worst_alerts() -> Iterator[Alert]:
    """Every set of modalities in use, the rest missing for every reason, with the longest words beside them."""
    modalities = tuple(Modality)
    subsets = itertools.chain.from_iterable(itertools.combinations(modalities, n) for n in range(5))
    for used, absence, condition in itertools.product(subsets, Absence, Condition):
        yield Alert(
            id=f"{BOOT}-99999999",
            seq=99_999_999,
            episode=f"{BOOT}-99999998",
            condition=condition,
            kind=ConditionKind.PHYSIOLOGICAL,
            priority=Priority.MEDIUM,
            presence=Presence.ACKNOWLEDGED,
            activation=Activation.PAUSED,
            at_ns=10 * 365 * 86_400 * 10**9,
            boot_id=BOOT,
            wall_ms=4_102_444_800_000,
            synced=False,
            validity=Validity.REAL,
            mode="+".join(used) or "blind",
            missing={str(one): str(absence) for one in modalities if one not in used},
            score=10.0 if used else None,
            interval=(10.0, 10.0) if used else None,
            reasons=LONG_REASONS,
        )


def test_no_alert_is_longer_than_256_bytes() -> None:
    assert max(len(encode_alert(alert)) for alert in worst_alerts()) <= MAX_ALERT_BYTES


def test_an_alert_survives_the_wire() -> None:
    for alert in worst_alerts():
        message = alert_message(alert)
        assert decode(AlertMessage, message.encode()) == message
        assert f"{message.boot_id}-{message.seq}" == alert.id
        assert message.boot_id == alert.boot_id


def test_missing_modalities_keep_their_reasons() -> None:
    alert = next(one for one in worst_alerts() if one.mode == "face" and one.missing["gsr"] == "not_worn")
    assert alert_message(alert).missing_words() == dict.fromkeys(
        (Modality.PPG, Modality.GSR, Modality.HEART_RATE), Absence.NOT_WORN
    )


def test_head_and_validity_are_in_every_message_of_a_box() -> None:
    for name, model in MODELS.items():
        if "command" not in name and name not in ("note", "receipt"):  # those come from a station
            required = set(json.loads(schema(model))["required"])
            assert {"id", "t", "w", "y", "v", "m"} <= required


@pytest.mark.parametrize(
    "pixels",
    [PICTURE, JPEG, PICTURE.tobytes(), memoryview(JPEG)],
    ids=["array", "jpeg", "bytes", "memoryview"],
)
@pytest.mark.parametrize("field", ["id", "mode", "reasons", "missing", "score", "interval", "condition"])
def test_no_field_takes_a_picture(field: str, pixels: object) -> None:
    good = alert_message(next(worst_alerts())).model_dump()
    with pytest.raises(ValidationError):
        AlertMessage.model_validate(good | {field: pixels})


def test_no_field_can_be_added() -> None:
    good = json.loads(alert_message(next(worst_alerts())).encode())
    assert decode(AlertMessage, json.dumps(good).encode()) is not None
    assert decode(AlertMessage, json.dumps(good | {"picture": "aGVsbG8="}).encode()) is None


@pytest.mark.parametrize("name", list(MODELS))
def test_no_schema_has_room_for_bytes(name: str) -> None:
    text = schema(MODELS[name])
    assert "binary" not in text
    assert "base64" not in text
    assert '"additionalProperties": true' not in text


@pytest.mark.parametrize(
    "foreign",
    [Frame("camera", PICTURE, 0, 0), PICTURE, JPEG, {"id": "x"}],
    ids=["frame", "array", "bytes", "dict"],
)
def test_the_outbox_takes_nothing_but_messages(tmp_path: Path, foreign: object) -> None:
    store = Store.open(tmp_path / "state.db")
    outbox = Outbox(store)
    with pytest.raises(TypeError):
        outbox.put("event", foreign)  # type: ignore[arg-type]  # the type checker refuses it too; this is the second lock
    with pytest.raises(TypeError):
        outbox.hold("event", foreign)  # type: ignore[arg-type]  # likewise
    assert outbox.pending() == 0
    store.close()


def test_a_blind_state_with_a_score_is_no_state() -> None:
    head = {"id": f"{BOOT}-1", "t": 0, "w": 0, "y": True, "v": "real", "m": "blind"}
    blind = head | {"d": "cannot_assess"}
    assert decode(StateMessage, json.dumps(blind).encode()) is not None
    assert decode(StateMessage, json.dumps(blind | {"n": 0.0}).encode()) is None
