"""Notes in the audit log that somebody reads a recorded session."""

from __future__ import annotations

import getpass
import logging
from pathlib import Path

from edge.audit.chain import Kind
from edge.audit.log import FILE, AuditLog
from edge.clock import SystemClock

log = logging.getLogger(__name__)


def who() -> str:
    """The user who runs this command, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user identity without a name
        return "unknown user"


def note_read(session: Path, command: str, *, anew: bool = False) -> bool:
    """Note that a session is read; whether that is on the disk.

    It goes into the log of the box whose folder this is; or into one beside the session, on another machine.

    Args:
        session: the file, or a folder of them.
        command: that reads it.
        anew: begin a log beside the session where there is none; otherwise nothing is noted there.
    """
    near = [one for one in (session, *session.absolute().parents[:2]) if (one / FILE).exists()]
    if not near and not anew:
        return False
    place = near[0] if near else session.absolute().parent
    audit = AuditLog(place / FILE, SystemClock())
    return audit.note(Kind.RECORDING_READ, who(), {"session": session.name, "command": command})
