"""A real PostgreSQL server on loopback, from the distribution's programs; it wants passwords."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from edge.publish.embedded import free_port

USER, PASSWORD = "postgres", "a secret of the tests"
"""The server's owner: Debian's package makes this account, as which it runs where the tests are root."""


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda one: int(one.parts[-3]))
    on_path = shutil.which("pg_ctl")
    return found[-1].parent if found else None if on_path is None else Path(on_path).parent


class PostgresServer:
    """The server; each test makes a database of its own in it.

    Args:
        folder: empty, for its files; it belongs to who runs it.
    """

    def __init__(self, folder: Path) -> None:
        """Make the files; `start` starts it."""
        programs = _programs()
        if programs is None:
            pytest.skip("no PostgreSQL server (Debian: apt install postgresql)")
        self._programs = programs
        self._as: list[str] = []
        if os.geteuid() == 0:
            if shutil.which("runuser") is None or not _has_account():
                pytest.skip("PostgreSQL does not run as root, and there is no account postgres to run it as")
            shutil.chown(folder, USER)
            self._as = ["runuser", "-u", USER, "--"]
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)  # in a folder that only its owner enters
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-w", "-s", "-o", options, "start")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._run("pg_ctl", "-D", self._data, "-s", "-m", "immediate", "stop")

    def database(self, name: str) -> str:
        """Make an empty database; its address."""
        with psycopg.connect(self.url("postgres"), password=PASSWORD, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)

    def url(self, name: str) -> str:
        """Address of a database, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as, str(self._programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60, stdin=subprocess.DEVNULL)


def _has_account() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A running server; skips where there is none."""
    with tempfile.TemporaryDirectory(prefix="anodyne-postgres-", dir="/tmp") as name:
        server = PostgresServer(Path(name))
        server.start()
        yield server
        server.kill()
