"""placeholder"""

from edge.biosignal.stream.signs import PulseSigns


def pulse_quality(seen: PulseSigns) -> float:
    return max(0.0, seen.repeats)
