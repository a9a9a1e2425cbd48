"""What a station may ask of the bed beside acknowledging: pauses, care, quiet, camera, reports, burden, to be found."""

from __future__ import annotations

from collections.abc import Callable

from edge.alarm.burden import Burden
from edge.alarm.manager import AlarmManager
from edge.alarm.reports import Reports, moved
from edge.alarm.standing import LONGEST_S
from edge.clock import Clock
from edge.config import Alarm
from edge.errors import CommandError, CommandReason, StoreError
from edge.publish.commands import Done
from edge.publish.payload import BurdenCommand, ControlCommand, LocateCommand, ReportCommand
from edge.types import Hold

NIGHT_S = 8 * 3600.0
"""`quiet_on` without a length: one night shift, seconds."""

LOCATE_S = 15
"""`locate` without a length: time to look around a room, seconds."""

_BEGINS = {
    "pause_audio": Hold.AUDIO_PAUSED,
    "pause_alarms": Hold.ALARMS_PAUSED,
    "care_on": Hold.CARE,
    "quiet_on": Hold.QUIET,
    "camera_off": Hold.CAMERA_OFF,
}
_ENDS = {
    "resume": (Hold.AUDIO_PAUSED, Hold.ALARMS_PAUSED),
    "care_off": (Hold.CARE,),
    "quiet_off": (Hold.QUIET,),
    "camera_on": (Hold.CAMERA_OFF,),
}
_WORDS = {
    Hold.AUDIO_PAUSED: "audio paused",
    Hold.ALARMS_PAUSED: "alarms paused",
    Hold.CARE: "care mode",
    Hold.QUIET: "quiet",
    Hold.CAMERA_OFF: "camera off",
}


def _remark(kept: bool) -> str:
    return "" if kept else "; the disk refused: a restart forgets it"


class Orders:
    """Carries them out, each as often as it comes with the same result.

    Args:
        alarms, reports, burden: of the bed.
        config: how long, and within which bounds.
        clock: time.
        switch_camera: called with True to switch the cameras off, False to switch them on.
        keep_camera: keeps that beside the state file; whether it is on the disk.
        locate: lets the bed's light flash and sound softly for so many seconds; False where it has neither.
    """

    def __init__(
        self,
        alarms: AlarmManager,
        reports: Reports,
        burden: Burden,
        config: Alarm,
        clock: Clock,
        switch_camera: Callable[[bool], None],
        locate: Callable[[float], bool] = lambda _: False,
        keep_camera: Callable[[bool], bool] = lambda _: True,
    ) -> None:
        """Take up what stands from an earlier run."""
        self._alarms = alarms
        self._reports = reports
        self._burden = burden
        self._config = config
        self._clock = clock
        self._switch_camera = switch_camera
        self._locate = locate
        self._keep_camera = keep_camera
        switch_camera(Hold.CAMERA_OFF in alarms.standing.until_ns)

    def carry_out(self, command: ControlCommand | ReportCommand | BurdenCommand | LocateCommand) -> Done:
        """Do what is asked.

        Returns:
            What was done, in a sentence.

        Raises:
            CommandError: NOT_APPLICABLE: it cannot be done now.
        """
        match command:
            case ControlCommand():
                return self._control(command)
            case ReportCommand():
                return self._report(command)
            case BurdenCommand():
                message = self._burden.publish()
                return Done(f"burden of {message.day} published")
            case LocateCommand():
                seconds = command.seconds or LOCATE_S
                if not self._locate(seconds):
                    raise CommandError(
                        CommandReason.NOT_APPLICABLE, "this bed has no light and no sound of its own ([annunciator])"
                    )
                return Done(f"flashes and sounds softly for {seconds} s, unless an alarm sounds")

    def forget_patient(self) -> None:
        """Another patient lies here: the threshold that reports have moved goes back."""
        if self._alarms.standing.offset:
            self._alarms.shift(0.0)

    def _control(self, command: ControlCommand) -> Done:
        if command.do in _ENDS:
            holds = _ENDS[command.do]
            kept = self._alarms.release(*holds)
            if Hold.CAMERA_OFF in holds:
                kept = self._keep_camera(False) and kept  # a restart between the two finds it off
            self._camera()
            return Done(", ".join(f"{_WORDS[hold]}: ended" for hold in holds) + _remark(kept))
        hold = _BEGINS[command.do]
        seconds = self._seconds(hold, command.seconds)
        apart = hold is Hold.CAMERA_OFF and self._keep_camera(True)
        kept = self._alarms.hold(hold, seconds) or apart
        self._camera()
        until = "until switched on" if seconds is None else f"for {seconds:.0f} s"
        return Done(f"{_WORDS[hold]} {until}{_remark(kept)}")

    def _seconds(self, hold: Hold, asked: int | None) -> float | None:
        if hold is Hold.CAMERA_OFF:
            return None
        usual = {Hold.CARE: self._config.care_s, Hold.QUIET: NIGHT_S}.get(hold, self._config.pause_s)
        return min(LONGEST_S[hold], usual if asked is None else float(asked))

    def _camera(self) -> None:
        self._switch_camera(Hold.CAMERA_OFF in self._alarms.standing.until_ns)

    def _report(self, command: ReportCommand) -> Done:
        assessment = self._alarms.assessment
        score = None if assessment is None else assessment.score
        before = self._alarms.standing.offset
        on_score, bound = self._config.pain_on_score, self._config.report_bound
        offset = moved(before, command.value, score, on_score, bound)
        try:
            self._reports.keep(command.scale, command.value, command.by, self._clock.instant(), assessment, offset)
        except StoreError as error:
            raise CommandError(CommandReason.NOT_APPLICABLE, f"the report was not kept: {error.message}") from error
        if offset != before:
            self._alarms.shift(offset)
        seen = "cannot assess" if score is None else f"says {score:.1f}"
        noted = f"{command.scale.upper()} {command.value} noted; the box {seen}"
        return Done(f"{noted}; pain counts from {on_score + offset:.2f} on")
