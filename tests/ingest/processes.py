"""Workers as they run in a hospital: each a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.broker import Mosquitto
from tests.peers.postgres import PASSWORD


class WorkerProcess:
    """One worker.

    Args:
        config: its configuration file.
        name: which member.
        group: of which group.
    """

    def __init__(self, config: Path, name: str, group: str = "record") -> None:
        """Start it, and wait until it takes its share."""
        self._command = [sys.executable, "-m", "edge.cli", "ingest", "--config", str(config)]
        self._command += ["--name", name, "--group", group]
        self._log = config.parent / f"{group}-{name}.log"
        self.start()

    def start(self, *more: str) -> None:
        """Start it, and wait until it takes its share."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen([*self._command, *more], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        assert "takes its share" in self._process.stdout.readline(), self.log

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text()

    def freeze(self) -> None:
        """Stop it where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it as a power cut does, frozen or not."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it in order; its exit code."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._end(None)

    def _end(self, how: signal.Signals | None) -> int:
        if how is not None:
            self._process.send_signal(how)  # nothing where it has ended
        code = self._process.wait(60)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


def configuration(folder: Path, broker: Mosquitto, url: str) -> Path:
    """A configuration file in a folder of its own, which is made."""
    folder.mkdir()
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    path = folder / "station.toml"
    path.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n\n[station]\nhistory = "{url}"\n'
        f'history_password_file = "{secret}"\nstate_dir = "{folder / "state"}"\n'
    )
    return path


@contextmanager
def group(config: Path, *names: str, group: str = "record") -> Iterator[list[WorkerProcess]]:
    """Workers that run for the time of the block."""
    workers: list[WorkerProcess] = []
    try:
        workers += [WorkerProcess(config, name, group) for name in names]
        yield workers
    finally:
        for one in workers:
            one.kill()
