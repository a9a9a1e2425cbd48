"""The schema (RFC 8610) of the compact alerts and states."""

from __future__ import annotations

from edge.publish.cbor.alert import MAX_CBOR_BYTES
from edge.publish.cbor.items import MODES
from edge.publish.cbor.state import MAX_CBOR_STATE_BYTES
from edge.publish.payload import CONTRACT, MAX_REASONS, AbsenceCode, ModalityCode
from edge.publish.payload.state import MAX_STATE_REASONS
from edge.types import Condition, Hold, Presence, Priority, Validity, Verdict


def cddl() -> str:
    """Both messages; the first rule admits either."""
    last = {
        name: len(words) - 1
        for name, words in {
            "validity": Validity,
            "verdict": Verdict,
            "condition": Condition,
            "priority": Priority,
            "presence": Presence,
            "modality": ModalityCode,
            "absence": AbsenceCode,
            "hold": Hold,
        }.items()
    }
    lines = [
        f"; Contract {CONTRACT}: alerts and states in CBOR. Words are numbers, in the order of these lists:",
        f";   validity: {', '.join(Validity)}",
        f";   verdict: {', '.join(Verdict)}",
        f";   condition: {', '.join(Condition)}",
        f";   priority: {', '.join(Priority)}",
        f";   presence: {', '.join(Presence)}",
        f";   modality: {', '.join(one.name.lower() for one in ModalityCode)}",
        f";   absence: {', '.join(one.name.lower() for one in AbsenceCode)}",
        f";   hold: {', '.join(Hold)}",
        "message = alert / state",
        "",
        *(f"{name} = 0..{number}" for name, number in last.items()),
        f"mode = 0..15  ; bits: {', '.join(MODES)}; 0 blind",
        f"missing = {{ {', '.join(f'? {number}: absence' for number in range(len(ModalityCode)))} }}  ; by modality",
        "tenths = 0..100",
        "contribution = [modality, log-odds: int, quality: 0..100, age: uint]  ; tenths, percent, 0.01 s",
        "head = (",
        "  0: [boot: bytes .size 6, number: uint],",
        "  1: uint,      ; milliseconds since the boot",
        "  2: uint,      ; Unix milliseconds",
        "  3: bool,      ; synchronised",
        "  4: validity,",
        "  5: mode,",
        ")",
        f"alert = {{      ; at most {MAX_CBOR_BYTES} bytes",
        "  head,",
        "  6: uint,      ; number of the episode",
        "  7: condition,",
        "  8: priority,",
        "  9: presence,",
        "  ? 10: missing,",
        "  ? 11: tenths, ; score",
        "  ? 12: [tenths, tenths],  ; its 90 % interval",
        f"  ? 13: [1*{MAX_REASONS} tstr],",
        "  ? 14: uint,   ; sent so much later than the transition, seconds",
        "}",
        f"state = {{      ; at most {MAX_CBOR_STATE_BYTES} bytes as far as leaving out reasons can make it so",
        "  head,",
        "  6: verdict,",
        "  ? 7: missing,",
        "  8: uint,      ; the next state follows within this, tenths of a second",
        "  ? 9: 0..1000, ; score in hundredths",
        "  ? 10: [tenths, tenths],  ; its 90 % interval",
        "  ? 11: 0..100, ; probability, percent",
        "  ? 12: [1*4 contribution],",
        f"  ? 13: [1*{MAX_STATE_REASONS} tstr],",
        "  ? 14: [1*5 hold],",
        "}",
    ]
    return "\n".join(lines) + "\n"
