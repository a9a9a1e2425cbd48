"""Action units and episodes in the words of a nurse: "brow lowered, eyes shut tight, upper lip raised; 12 s".

Codes are what is published (an alert has 256 bytes); words are what a screen shows.

>>> sentence(("AU4", "AU43", "AU7", "for_12_s"))
'brow lowered, eyes shut tight; 12 s'
"""

from __future__ import annotations

import re
from collections.abc import Iterable

UNIT_WORDS = {
    "AU1": "inner brows raised",
    "AU2": "outer brows raised",
    "AU4": "brow lowered",
    "AU5": "eyes wide open",
    "AU6": "cheeks raised",
    "AU7": "lids tightened",
    "AU9": "nose wrinkled",
    "AU10": "upper lip raised",
    "AU12": "lip corners pulled up",
    "AU15": "lip corners pulled down",
    "AU17": "chin raised",
    "AU20": "lips stretched",
    "AU24": "lips pressed",
    "AU25": "lips parted",
    "AU26": "jaw dropped",
    "AU27": "mouth wide open",
    "AU43": "eyes shut",
}
"""Every action unit of the network, after the names of FACS."""

SHUT_TIGHT = "eyes shut tight"
"""AU43 together with AU6 or AU7: closed by force, not by sleep."""

_AGE = re.compile(r"^for_(\d+)_s$")
_NEEDED = re.compile(r"^no_reference_(\d+)$")


def age_code(seconds: float) -> str:
    """Reason code of how long an episode has run."""
    return f"for_{min(int(seconds), 99_999)}_s"


def needed_code(seconds: float) -> str:
    """Reason code of a face without a reference: so many more seconds at rest are needed."""
    return f"no_reference_{min(int(seconds), 99)}"


def code_words(code: str) -> str | None:
    """Words of one code of the face; None for a code of something else."""
    if code in UNIT_WORDS:
        return UNIT_WORDS[code]
    if age := _AGE.match(code):
        return f"{age[1]} s"
    if needed := _NEEDED.match(code):
        return f"no reference yet: {needed[1]} s of a resting face are needed"
    return None


def sentence(codes: Iterable[str]) -> str:
    """What made an episode, and how long it has run; codes of something else are left out."""
    given = list(codes)
    units = [code for code in given if code in UNIT_WORDS]
    tight = "AU43" in units and bool({"AU6", "AU7"} & set(units))
    shown = [code for code in units if not (tight and code in ("AU6", "AU7"))]
    words = [SHUT_TIGHT if tight and code == "AU43" else UNIT_WORDS[code] for code in shown]
    ages = [f"{age[1]} s" for code in given if (age := _AGE.match(code))]
    return "; ".join(part for part in (", ".join(words), *ages[:1]) if part)
