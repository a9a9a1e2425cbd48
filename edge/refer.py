"""The commands about what is usual for the patient: the resting face of a camera, the baseline of a band."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edge.errors import CommandError, CommandReason
from edge.inputs import BandInput, CameraInput, Input
from edge.publish.commands import Done
from edge.publish.payload import ReferenceCommand


def refer(command: ReferenceCommand, inputs: Iterable[Input], forget_patient: Callable[[], None]) -> Done:
    """Set or forget the resting face of the named camera, or of all; without a name, bands forget too.

    Args:
        command: what is asked.
        inputs: every sensor of the bed.
        forget_patient: called where another patient lies here.

    Raises:
        CommandError: NOT_APPLICABLE: no camera is meant, or none could do it.
    """
    sources = list(inputs)
    cameras = [one for one in sources if isinstance(one, CameraInput) and command.camera in (None, one.driver.name)]
    bands = [one for one in sources if isinstance(one, BandInput) and command.camera is None]
    if command.do == "reset_reference" and (cameras or bands):
        forget_patient()
        told = [one.reset_reference(command.by) for one in cameras] + [one.reset_reference() for one in bands]
        return Done("; ".join(told))
    if not cameras:
        raise CommandError(CommandReason.NOT_APPLICABLE, "this bed has no such camera")
    done: list[str] = []
    refused: list[CommandError] = []
    for one in cameras:
        try:
            done.append(one.set_reference(command.by))
        except CommandError as error:
            refused.append(error)
    if not done:
        raise refused[0]
    return Done("; ".join([*done, *(error.message for error in refused)]))
