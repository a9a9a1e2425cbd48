"""What the nurse would see, line by line in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from edge.publish.payload import AlertMessage, StateMessage
from edge.station.words import CONDITION_WORDS, PRIORITY_STYLE, presence_words, reason_words, words
from edge.types import Presence, Verdict

_VERDICT_STYLE = {Verdict.CALM: "green", Verdict.PAIN: "bold red", Verdict.CANNOT_ASSESS: "bold magenta"}


class Screen:
    """Prints states when they change and alarms when they come.

    Args:
        console: where to.
        start_ms: the box's monotonic milliseconds at the scene's start; times are shown from there.
    """

    def __init__(self, console: Console, start_ms: int) -> None:
        """Nothing is shown yet."""
        self._console = console
        self._start_ms = start_ms
        self._last: tuple[Verdict, str] | None = None
        self._last_ms = 0

    def on_state(self, message: StateMessage) -> None:
        """Show an assessment: at once where verdict or mode changed, else every five seconds."""
        now = (message.verdict, message.mode)
        if now == self._last and message.since_boot_ms - self._last_ms < 5_000:
            return
        self._last, self._last_ms = now, message.since_boot_ms
        self._line(message.since_boot_ms, state_text(message))

    def on_event(self, message: AlertMessage) -> None:
        """Show an alarm transition."""
        self._line(message.since_boot_ms, alert_text(message))

    def _line(self, at_ms: int, text: Text) -> None:
        seconds = max(0, at_ms - self._start_ms) // 1000
        self._console.print(Text.assemble((f"{seconds // 60}:{seconds % 60:02d}  ", "dim"), text))


def state_text(message: StateMessage) -> Text:
    """One line for an assessment: score, mode, what is missing and why."""
    style = _VERDICT_STYLE[message.verdict]
    if message.score is None or message.interval is None:
        text = Text.assemble(("cannot assess", style))
    else:
        low, high = message.interval
        number = (f"{message.verdict:<5} {message.score:4.1f} of 10", style)
        text = Text.assemble(number, f" ({low:.1f} to {high:.1f})  {message.mode}")
    missing = ", ".join(f"{modality}: {words(absence)}" for modality, absence in message.missing.items())
    return text.append(f"  missing {missing}", style="dim") if missing else text


def alert_text(message: AlertMessage) -> Text:
    """One line for an alarm transition: what, how urgent, and the strongest reasons."""
    name = CONDITION_WORDS[message.condition]
    if message.presence is not Presence.ON:
        return Text.assemble("  ", (f"{presence_words(message)}: {name}", "bold"))
    because = f"  ({', '.join(reason_words(message))})" if message.reasons else ""
    return Text.assemble(
        "  ", (f" ALARM: {name} ", PRIORITY_STYLE[message.priority]), f" {message.priority} priority{because}"
    )
