"""Whether a wristband is on a wrist, from its contact flag and from the signals themselves.

A band on a table goes on sending, and what it sends looks like a very calm person. The verdict here is slow and sure:
it is shown and logged, and it takes the band out of the assessment. (Within the first minute the estimators' own
signal quality does that, without saying why.)

Figures from Stress-Predict (35 people, Empatica E4, 32 h on the wrist, resting and moving; conductance medians of the
subjects 0.13 to 4.8 µS). One of them (S28) took the band off 76 s before the end: conductance 0.016-0.018 µS,
temperature falling to 22 °C; it is the one true case in the data. Verdicts of this monitor, block by block:

    channels given          called off while worn       S28 called off
    PPG + conductance + acc 0 of 35 people, 0 of 32.2 h  after 60 s
    conductance alone       0 of 35 people, 0 of 32.2 h  after 60 s
    PPG + acc               0 of 35 people, 0 of 32.2 h  no: too short
    PPG alone               0 of 35 people, 0 of 32.2 h  no: too short

One true case is too few to say how often a band on a table is missed. What holds after a minute with 0.05 µS does not
after less: with 30 s, S23 and S25 (dry skin, worn) would have been called off.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.types import NS_PER_S, Channel, SampleBlock

OPEN_CIRCUIT_US = 0.05
"""Conductance below this is an open circuit rather than skin (Kleckner et al. 2018, IEEE Trans Biomed Eng 65:1460;
the E4 off the wrist reads 0.016-0.018)."""

OPEN_S = 60.0
"""...when it lasts this long. Worn bands of the 35 people fell below 0.05 µS for up to 49 s at a time (dry skin, S23)
and below 0.03 µS for 29 s (lifted electrodes, S22)."""

NO_CONTACT_S = 3.0
"""A band's own flag must say "no contact" for three notifications of the Heart Rate Service: straps flicker."""

DEAD_PPG_S = 30.0
"""A pulse wave that is flat or saturated this long comes from no wrist. In the 35 recordings no ten seconds were."""

NO_PULSE_STILL_S, NO_PULSE_S = 300.0, 600.0
"""A pulse wave without any pulse for this long, with a motionless accelerometer and without one at all. On the wrist
the longest such stretches were 154 s and 234 s (the E4's pulse wave is poor on many wrists)."""

STILL_G = 0.03
"""Spread of acceleration below which a band lies still (`edge.biosignal.stream.skin_signs`: the wrist at rest)."""

PULSE_FROM = 0.3
"""`pulsation` from which ten seconds hold a pulse. Of 6,000 stretches of noise (white, brown, low-pass) none reached
0.4 and one in a hundred 0.26; the band that was taken off reached 0.27."""

BACK_S = 5.0
"""A band is worn again when its signals have said so for this long."""

PIECE_S = 10.0
"""Seconds of pulse wave that are judged together: six beats at the slowest heart."""

STEP_S = 5.0
"""Time between two judgements of the pulse wave."""

_ENOUGH_HZ = 64.0
"""Faster pulse waves are averaged down towards this: a heart's slope has nothing above 20 Hz."""

_LOWEST_HZ = 8.0
"""A pulse wave sampled more slowly is not judged: its slope has no shape left."""


class WearMonitor:
    """Follows the blocks of one band.

    A contact flag that says "no skin" decides. One that says "skin" does not: bands are known to feel skin, and even to
    tell a heart rate, on a table. Then conductance decides, unless a pulse proves a very dry skin; where there is no
    conductance, the pulse wave does.
    """

    def __init__(self) -> None:
        """Nothing has been heard yet; a band counts as worn until something speaks against it."""
        self.reason = ""
        """Why the band is not worn, as a sentence for people; empty while it is."""
        self._contact = _Since()
        self._open = _Since()
        self._pulse = _PulseWatch()
        self._worn_since_ns: int | None = None

    @property
    def worn(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reason

    def push(self, block: SampleBlock) -> None:
        """Take in a block and judge anew."""
        now_ns, values = block.arrived_ns, block.values
        if not len(values):
            return
        match block.channel:
            case Channel.CONTACT:
                self._contact.say(bool(values[-1] == 0.0), now_ns)
            case Channel.GSR_US:
                level = sorted(values.tolist())[len(values) // 2]  # ten times as fast as numpy for so few
                if math.isfinite(level):
                    self._open.say(level < OPEN_CIRCUIT_US, now_ns)
            case Channel.PPG | Channel.ACC_G:
                self._pulse.push(block)
            case _:
                return
        self._judge(now_ns)

    def _judge(self, now_ns: int) -> None:
        reason = self._against(now_ns)
        if reason:
            self._worn_since_ns = None
            self.reason = reason
        elif self.reason:
            if self._worn_since_ns is None:
                self._worn_since_ns = now_ns
            # A doubt that has not lasted long enough to begin with does not end the verdict either.
            if self._doubt():
                self._worn_since_ns = now_ns
            elif now_ns - self._worn_since_ns >= BACK_S * NS_PER_S:
                self.reason, self._worn_since_ns = "", None

    def _against(self, now_ns: int) -> str:
        """What speaks against a wrist now."""
        if self._contact.holds:
            return "its contact sensor feels no skin" if self._contact.lasted_s(now_ns) >= NO_CONTACT_S else ""
        if self._open.heard:
            off = self._open.lasted_s(now_ns) >= OPEN_S and not self._pulse.present
            return f"its electrodes have measured less than {OPEN_CIRCUIT_US} µS for a minute" if off else ""
        return self._pulse.against(now_ns)

    def _doubt(self) -> bool:
        if self._contact.holds:
            return True
        if self._open.heard:
            return self._open.holds and not self._pulse.present
        return self._pulse.heard and not self._pulse.present


class _Since:
    """Something that was said of the band, and since when without a break."""

    def __init__(self) -> None:
        self.heard = False
        self.holds = False
        self._since_ns = 0

    def say(self, holds: bool, now_ns: int) -> None:
        if holds and not self.holds:
            self._since_ns = now_ns
        self.heard, self.holds = True, holds

    def lasted_s(self, now_ns: int) -> float:
        return (now_ns - self._since_ns) / NS_PER_S if self.holds else 0.0


class _PulseWatch:
    """The newest seconds of pulse wave and movement, judged every few seconds."""

    def __init__(self) -> None:
        self.present = False
        self._ppg = _Piece()
        self._acc = _Piece()
        self._judged_ns: int | None = None
        self._dead = _Since()
        self._without = _Since()
        self._still = _Since()

    @property
    def heard(self) -> bool:
        return self._without.heard

    def push(self, block: SampleBlock) -> None:
        if block.rate_hz < _LOWEST_HZ:
            return
        (self._ppg if block.channel is Channel.PPG else self._acc).push(block)
        now_ns = block.arrived_ns
        if self._judged_ns is None:
            self._judged_ns = now_ns
        if block.channel is Channel.PPG and now_ns - self._judged_ns >= STEP_S * NS_PER_S:
            self._judged_ns = now_ns
            self._judge(now_ns)

    def against(self, now_ns: int) -> str:
        if self._dead.lasted_s(now_ns) >= DEAD_PPG_S:
            return "its pulse wave is flat"
        if self._still.heard:
            lasted_s = min(self._without.lasted_s(now_ns), self._still.lasted_s(now_ns))
            return "it lies still and there is no pulse in its signal" if lasted_s >= NO_PULSE_STILL_S else ""
        return "there is no pulse in its signal" if self._without.lasted_s(now_ns) >= NO_PULSE_S else ""

    def _judge(self, now_ns: int) -> None:
        values = self._ppg.values(now_ns)
        if values.size < PIECE_S / 2 * self._ppg.rate_hz:
            return
        dead = stuck(values)
        self.present = not dead and pulsation(values, self._ppg.rate_hz) >= PULSE_FROM
        self._dead.say(dead, now_ns)
        self._without.say(not self.present, now_ns)
        acc_g = self._acc.values(now_ns)
        if acc_g.ndim == 2 and len(acc_g):
            self._still.say(float(np.sqrt(acc_g.var(axis=0).sum())) < STILL_G, now_ns)


class _Piece:
    """The blocks of the newest `PIECE_S`."""

    def __init__(self) -> None:
        self.rate_hz = 0.0
        self._blocks: deque[tuple[int, NDArray[np.float32]]] = deque()

    def push(self, block: SampleBlock) -> None:
        if block.rate_hz != self.rate_hz:
            self.rate_hz = block.rate_hz
            self._blocks.clear()
        self._blocks.append((block.arrived_ns, block.values))
        self._drop(block.arrived_ns)

    def values(self, now_ns: int) -> NDArray[np.float64]:
        self._drop(now_ns)
        if not self._blocks:
            return np.empty(0)
        joined = np.concatenate([values for _, values in self._blocks]).astype(np.float64)
        finite = np.isfinite(joined) if joined.ndim == 1 else np.isfinite(joined).all(axis=1)
        return np.asarray(joined[finite], np.float64)

    def _drop(self, now_ns: int) -> None:
        while self._blocks and now_ns - self._blocks[0][0] >= PIECE_S * NS_PER_S:
            self._blocks.popleft()


def stuck(ppg: NDArray[np.float64]) -> bool:
    """Whether a pulse wave is flat, or spends half of its time at one of its limits.

    Args:
        ppg: (n,) at least a few seconds.
    """
    return bool(max((ppg == ppg.min()).mean(), (ppg == ppg.max()).mean()) >= 0.5)


def pulsation(ppg: NDArray[np.float64], rate_hz: float) -> float:
    """How regular the slope of a pulse wave is: its highest autocorrelation peak at 0.3 to 1.5 s, -1..1.

    The slope is smoothed over a twentieth of a second and clipped at three robust standard deviations, so that one
    jerk does not outweigh ten beats. Only the peak's own height counts, not the flank of the peak at lag 0.

    Args:
        ppg: (n,) about ten seconds.
        rate_hz: sampling rate, at least 8.
    """
    bundle = max(1, int(rate_hz / _ENOUGH_HZ))
    ppg = ppg[: ppg.size // bundle * bundle].reshape(-1, bundle).mean(axis=1)
    rate_hz /= bundle
    width = max(1, round(rate_hz / 20.0))
    smooth = np.convolve(ppg - ppg.mean(), np.ones(width) / width, "valid")
    rise = np.diff(smooth)
    rise -= rise.mean()
    limit = 3.0 * float(np.median(np.abs(rise))) / 0.6745
    rise = np.clip(rise, -limit, limit)
    size = 1 << int(2 * rise.size - 1).bit_length()
    spectrum = np.fft.rfft(rise, size)
    products = np.fft.irfft(spectrum * np.conj(spectrum), size)[: rise.size]
    if products[0] <= 0.0:
        return 0.0
    scores = products / products[0] * rise.size / (rise.size - np.arange(rise.size))
    scores = scores[round(0.3 * rate_hz) : min(round(1.5 * rate_hz), rise.size // 2) + 1]
    inner = scores[1:-1]
    peaks = inner[(inner >= scores[:-2]) & (inner > scores[2:])]
    return float(peaks.max()) if peaks.size else 0.0
