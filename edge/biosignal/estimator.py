"""The arousal estimator of one wristband: windows in once a second, estimates out."""

from __future__ import annotations

from collections.abc import Mapping

from edge.biosignal.heart_rate import HeartRateSense
from edge.biosignal.senses import PulseSense, Seconds, SkinSense, off_the_skin
from edge.biosignal.stream.band import BandStreams
from edge.bundle import Bundle
from edge.types import Absence, Channel, Estimate, Modality, Window


class BiosignalEstimator:
    """Sympathetic arousal (not pain) from whatever a wristband sends.

    It holds what it has learned of the person: one estimator per band, which forgets when another wears it.

    Args:
        bundle: holds `arousal_ppg`, `arousal_gsr` and the calibration `hr`.
        threads: inference threads.

    Raises:
        BundleError: the bundle lacks one of them.
        InferenceError: the runtime refuses a network.
    """

    window_s = 60.0
    """Seconds of samples that `step` wants per channel."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load the networks; nothing is known of the person yet."""
        self._pulse = PulseSense(bundle, threads)
        self._skin = SkinSense(bundle, threads)
        self._heart_rate = HeartRateSense(bundle.calibration("hr"))
        self._seconds = Seconds()
        self._streams = BandStreams()
        self._asked_to_forget = False

    def forget(self) -> None:
        """Ask for a new beginning at the next step: another patient wears the band, or rest has become another.

        It may be called while a step runs in another thread.
        """
        self._asked_to_forget = True

    def step(self, now_ns: int, windows: Mapping[Channel, Window], *, worn: bool = True) -> tuple[Estimate, ...]:
        """Take in what has arrived since the last step and judge the present.

        Meant for once a second; late or rarer steps are made good from the windows, more frequent ones only judge.

        Args:
            now_ns: monotonic time of the step.
            windows: the newest `window_s` of each channel that has ever arrived.
            worn: False where the band is known to lie on a table (`edge.sensors.wear`), whatever its signals look like.

        Returns:
            One estimate per modality that the band can give: PPG, GSR, and HEART_RATE where there is no PPG.

        Raises:
            InferenceError: a network failed.
        """
        if self._asked_to_forget:
            self._begin_anew(now_ns)
        seconds = self._seconds.passed(now_ns)
        fresh = self._streams.step(now_ns, windows)
        self._pulse.take(fresh.pulse)
        self._skin.take(fresh.skin)
        estimates = tuple(self._judge(now_ns, seconds, windows))
        contact, gsr = windows.get(Channel.CONTACT), windows.get(Channel.GSR_US)
        if worn and not off_the_skin(contact, gsr, self._pulse.usable(now_ns)):
            return estimates
        return tuple(_not_worn(estimate) for estimate in estimates)

    def _begin_anew(self, now_ns: int) -> None:
        """Forget the person; the signal streams only forget what is the person's too."""
        self._asked_to_forget = False
        for sense in (self._pulse, self._skin, self._heart_rate):
            sense.forget(now_ns)
        self._streams.forget()

    def _judge(self, now_ns: int, seconds: range, windows: Mapping[Channel, Window]) -> list[Estimate]:
        ppg, gsr = windows.get(Channel.PPG), windows.get(Channel.GSR_US)
        rate_bpm, ibi_s = windows.get(Channel.HEART_RATE_BPM), windows.get(Channel.IBI_S)
        estimates: list[Estimate] = []
        if ppg is not None:
            estimates.append(self._pulse.judge(now_ns, ppg))
        if gsr is not None:
            estimates.append(self._skin.judge(now_ns, gsr))
        if ppg is None and (rate_bpm is not None or ibi_s is not None):
            estimates.append(self._heart_rate.step(now_ns, seconds, rate_bpm, ibi_s))
        return estimates


def _not_worn(estimate: Estimate) -> Estimate:
    """The same moment, said of a band that lies on the table; what is stale stays stale."""
    if estimate.absence is Absence.STALE:
        return estimate
    return Estimate.absent(Modality(estimate.modality), Absence.NOT_WORN, estimate.measured_ns)
