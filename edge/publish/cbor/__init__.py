"""Alerts and states as CBOR (RFC 8949) for narrow links: the same content as the JSON, in about half the bytes.

One map each with small integer keys; words are numbers (their positions in the lists of `docs/schema/compact.cddl`, to
which new ones are only appended).
"""

from __future__ import annotations

from edge.publish.cbor.alert import KEYS, MAX_CBOR_BYTES, decode_alert, encode_alert
from edge.publish.cbor.cddl import cddl
from edge.publish.cbor.items import MODES
from edge.publish.cbor.state import MAX_CBOR_STATE_BYTES, STATE_KEYS, decode_state, encode_state

__all__ = [
    "KEYS",
    "MAX_CBOR_BYTES",
    "MAX_CBOR_STATE_BYTES",
    "MODES",
    "STATE_KEYS",
    "cddl",
    "decode_alert",
    "decode_state",
    "encode_alert",
    "encode_state",
]
