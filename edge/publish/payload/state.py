"""States: the newest assessment, in at most 200 bytes of JSON wherever reasons can be spared.

A state repeats every ten seconds from every bed, so its keys are as short as an alert's. What equals its default is
left out. Where a state would be longer than `MAX_STATE_BYTES`, the probability goes first, then the weakest reasons,
then the weakest contributions; what is missing and why, holds, score and interval always stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Self, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from edge.clock import Instant
from edge.publish.payload.alert import code
from edge.publish.payload.codes import AbsenceCode, HoldCode, ModalityCode
from edge.publish.payload.message import BLIND_MODE, Code, Head, Message, Score, message_id, within
from edge.types import Absence, Assessment, Contribution, Hold, Modality, Validity, Verdict

MAX_STATE_BYTES = 200
"""Longest state, bytes of JSON, as far as leaving out reasons and contributions can make it so."""

EVERY_S = 10.0
"""`every_s` where it is not said."""

MAX_STATE_REASONS = 5
"""Reasons in a state, strongest first."""

_T = TypeVar("_T")


class StateContribution(Message):
    """How much one modality moved the score; three integers on the wire."""

    modality: Modality
    """Whose evidence."""
    log_odds: float
    """Its share of the evidence, log-odds."""
    quality: float
    """0..1."""
    age_s: float
    """Age of the evidence, seconds."""


def _missing_in(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {_word(ModalityCode, Modality, key): _word(AbsenceCode, Absence, why) for key, why in value.items()}


def _missing_out(missing: Mapping[Modality, Absence]) -> dict[str, str]:
    return {
        str(ModalityCode[modality.name]): str(AbsenceCode[absence.name])
        for modality, absence in missing.items()
        if absence is not Absence.NOT_CONFIGURED
    }


def _shares_in(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    found: list[StateContribution] = []
    for key, figures in value.items():
        if not isinstance(figures, Sequence) or len(figures) != 3 or not all(type(one) is int for one in figures):
            raise ValueError(
                "a contribution is three integers: log-odds in tenths, percent of quality, tenths of a second"
            )
        modality = Modality[ModalityCode(key).name]
        log_odds, quality, age_s = figures[0] / 10, figures[1] / 100, figures[2] / 100
        found.append(StateContribution(modality=modality, log_odds=log_odds, quality=quality, age_s=age_s))
    return found


def _shares_out(shares: Sequence[StateContribution]) -> dict[str, list[int]]:
    return {
        str(ModalityCode[one.modality.name]): [
            round(10 * one.log_odds),
            round(100 * one.quality),
            round(100 * one.age_s),
        ]
        for one in shares
    }


def _holds_in(value: object) -> object:
    return [_word(HoldCode, Hold, one) for one in value] if isinstance(value, list) else value


def _holds_out(holds: Sequence[Hold]) -> list[str]:
    return [str(HoldCode[hold.name]) for hold in holds]


def _word(codes: type[ModalityCode | AbsenceCode | HoldCode], words: type[_T], said: object) -> _T:
    """The word for a code of the wire, or for the word itself.

    Raises:
        ValueError: it is neither.
    """
    by_name: Mapping[str, _T] = getattr(words, "__members__", {})
    for short in codes:
        if said in (short.value, by_name[short.name]):
            return by_name[short.name]
    raise ValueError(f"{said!r:.20} is none of {', '.join(codes)}")


Missing = Annotated[
    dict[Modality, Absence],
    BeforeValidator(_missing_in),
    PlainSerializer(_missing_out, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"enum": list(AbsenceCode)},
            "propertyNames": {"enum": list(ModalityCode)},
        }
    ),
]
Shares = Annotated[
    list[StateContribution],
    BeforeValidator(_shares_in),
    PlainSerializer(_shares_out, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "prefixItems": [
                    {"type": "integer"},
                    {"type": "integer", "minimum": 0, "maximum": 100},
                    {"type": "integer", "minimum": 0},
                ],
                "minItems": 3,
                "maxItems": 3,
            },
            "propertyNames": {"enum": list(ModalityCode)},
        }
    ),
]
Holds = Annotated[
    list[Hold],
    BeforeValidator(_holds_in),
    PlainSerializer(_holds_out, when_used="json"),
    WithJsonSchema({"type": "array", "items": {"enum": list(HoldCode)}}),
]


class StateMessage(Head):
    """The newest assessment (topic `state`, retained)."""

    verdict: Verdict = Field(alias="d")
    """"calm", "pain" or "cannot_assess"."""
    missing: Missing = Field(alias="x", default_factory=dict)
    """Modalities not in use, each with its reason; what is neither here nor in `m` is not configured."""
    every_s: float = Field(alias="e", default=EVERY_S, gt=0)
    """The next state follows within this time; a receiver that waits three times as long must call the bed stale."""
    score: Score | None = Field(alias="n", default=None)
    """Evidence score; absent exactly when the verdict is cannot_assess."""
    interval: tuple[Score, Score] | None = Field(alias="i", default=None)
    """90 % interval of the score."""
    probability: Annotated[float, Field(ge=0, le=1)] | None = Field(alias="b", default=None)
    """Calibrated probability of a pain episode."""
    contributions: Shares = Field(alias="k", default_factory=list)
    """By modality, strongest first: [log-odds in tenths, quality in percent, age in hundredths of a second]."""
    reasons: list[Code] = Field(alias="r", default_factory=list, max_length=MAX_STATE_REASONS)
    """Codes behind the score, strongest first."""
    holds: Holds = Field(alias="h", default_factory=list)
    """What a person at the bed has asked of the alarms: a station does not sound while they are paused."""

    @model_validator(mode="after")
    def _blind_has_no_number(self) -> Self:
        blind = self.verdict is Verdict.CANNOT_ASSESS
        if blind != (self.score is None) or blind != (self.mode == BLIND_MODE):
            raise ValueError("a state has no score and the mode blind exactly when it cannot assess")
        return self

    def encode(self) -> bytes:
        """Compact JSON, UTF-8, without what equals its default."""
        empty = {key for key in ("missing", "contributions", "reasons", "holds") if not self._told(key)}
        if self.every_s == EVERY_S:
            empty.add("every_s")
        return self.model_dump_json(by_alias=True, exclude_none=True, exclude=empty).encode()

    def _told(self, key: str) -> bool:
        return bool(_missing_out(self.missing)) if key == "missing" else bool(getattr(self, key))


def state_message(
    assessment: Assessment,
    instant: Instant,
    number: int,
    validity: Validity,
    every_s: float,
    holds: Iterable[Hold] = (),
) -> StateMessage:
    """The wire form of an assessment, taken at `instant`, with as many reasons as fit into `MAX_STATE_BYTES`."""
    shares = [_share(one) for one in assessment.contributions]
    reasons = [code(reason) for reason in assessment.reasons[:MAX_STATE_REASONS]]
    interval = assessment.interval
    message = StateMessage(
        id=message_id(instant.boot_id, number),
        since_boot_ms=assessment.assessed_ns // 1_000_000,
        wall_ms=max(0, instant.wall_ms),
        synced=instant.synced,
        validity=validity,
        mode=assessment.mode_text,
        verdict=assessment.verdict,
        missing={key: why for key, why in assessment.missing.items() if why is not Absence.NOT_CONFIGURED},
        every_s=every_s,
        score=None if assessment.score is None else within(assessment.score, 2),
        interval=None if interval is None else (within(interval[0], 1), within(interval[1], 1)),
        probability=None if assessment.probability is None else round(assessment.probability, 2),
        contributions=shares,
        reasons=reasons,
        holds=list(holds),
    )
    while len(message.encode()) > MAX_STATE_BYTES and (less := _shorter(message)) is not None:
        message = message.model_copy(update=less)
    return message


def _shorter(message: StateMessage) -> dict[str, object] | None:
    """What a state can best do without; None where nothing is left to spare."""
    if message.probability is not None:
        return {"probability": None}  # the score says the same on another scale
    if message.reasons:
        return {"reasons": message.reasons[:-1]}
    if message.contributions:
        return {"contributions": message.contributions[:-1]}
    return None


def _share(one: Contribution) -> StateContribution:
    return StateContribution(
        modality=one.modality,
        log_odds=round(one.log_odds, 1),
        quality=round(min(1.0, max(0.0, one.quality)), 2),
        age_s=round(max(0.0, one.age_s), 2),
    )
