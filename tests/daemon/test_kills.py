"""SIGKILL of the whole daemon at random points: nothing told is lost, and a box that forgets is caught."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(300)


def campaign(*words: str) -> tuple[int, dict[str, object], str]:
    command = [sys.executable, "-m", "tests.daemon.kills", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout), done.stderr[-2000:]


def test_killed_at_random_points_the_daemon_loses_no_alert_and_no_state() -> None:
    code, figures, errors = campaign("25", "5")
    assert (code, figures["lost"], figures["wrong"]) == (0, 0, []), errors
    assert figures["kills"] == 25
    assert int(str(figures["alerts"])) > 3


def test_a_daemon_that_forgets_alarm_states_is_caught() -> None:
    code, figures, _ = campaign("200", "2", "forgets")
    assert code == 1
    assert figures["wrong"] or figures["lost"]
