"""Keeps the process's memory, where pictures live for one inference, out of core dumps and other processes' eyes."""

from __future__ import annotations

import ctypes
import logging
import resource
import sys

log = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4
"""prctl(2): without it the kernel writes no core dump, not even to a program, and lets nobody of the same user trace
this process."""


def keep_out_of_dumps() -> bool:
    """Forbid core dumps of this process, and tracing by others of its user; children inherit the limit.

    Returns:
        Whether the kernel has agreed to both; where it has not, the log says so.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("the kernel does not forbid core dumps of this process (error %d)", ctypes.get_errno())
        return False
    return True
