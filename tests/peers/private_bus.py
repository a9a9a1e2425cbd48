"""A message bus of its own for tests."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """A message bus of its own; the value is its address."""
    config = folder / "bus.conf"
    config.write_text(BUS_CONFIG.format(socket=folder / "socket"))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stdout is not None
        ready, _, _ = select.select([daemon.stdout], [], [], 10.0)
        assert ready, "dbus-daemon did not start"
        yield daemon.stdout.readline().strip()
    finally:
        os.kill(daemon.pid, signal.SIGTERM)
        daemon.wait(10)
        if daemon.stdout is not None:
            daemon.stdout.close()
