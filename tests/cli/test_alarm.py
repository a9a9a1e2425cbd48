"""`anodyne alarm`, `report` and `burden` against a true daemon and a true broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge import config
from edge.cli import main
from edge.clock import SystemClock
from edge.daemon import Daemon
from edge.demo.setup import DELAYS
from edge.types import Alert, Validity
from tests.peers.broker import Mosquitto, mosquitto, until

__all__ = ["mosquitto"]

PLACE = "ward/bed7"


@asynccontextmanager
async def box(folder: Path, broker: Mosquitto) -> AsyncIterator[list[Alert]]:
    """A blind daemon whose alarms have no delay."""
    alerts: list[Alert] = []
    settings = config.Config(
        box=config.Box(site="ward", bed="bed7", state_dir=folder, validity=Validity.TEST),
        alarm=DELAYS.model_copy(update={"blind_delay_s": 0.0}),
        mqtt=broker.mqtt(),
    )
    daemon = Daemon(settings, SystemClock(), on_alert=alerts.append)
    task = asyncio.create_task(daemon.run())
    await until(lambda: alerts and daemon._publisher.connected)  # a station would see it online
    try:
        yield alerts
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ask(broker: Mosquitto, *words: str) -> int:
    where = ["--host", "127.0.0.1", "--port", str(broker.mqtt().port)]
    return await asyncio.to_thread(main, [*words, *where])


async def test_verbs_reports_and_burden_through_the_broker(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box").mkdir()
    async with box(tmp_path / "box", mosquitto) as alerts:
        assert await ask(mosquitto, "alarm", PLACE, "pause-audio", "--seconds", "60") == 0
        assert await ask(mosquitto, "alarm", PLACE, "care-on") == 0
        assert await ask(mosquitto, "alarm", PLACE, "locate", "--seconds", "5") == 1  # this bed has no light
        assert await ask(mosquitto, "alarm", PLACE, "locate", "--seconds", "90") == 1
        assert await ask(mosquitto, "alarm", PLACE, "acknowledge", "cannot_assess", "--by", "Ruth") == 0
        assert await ask(mosquitto, "alarm", PLACE, "acknowledge", "pain") == 1
        assert await ask(mosquitto, "report", PLACE, "--nrs", "6", "--by", "daughter") == 0
        said = capsys.readouterr().out
        assert "audio paused for 60 s" in said
        assert "care mode for 900 s" in said
        assert "no active alarm 'pain'" in said
        assert "NRS 6 noted; the box cannot assess" in said
        assert [alert.presence for alert in alerts] == ["on", "acknowledged"]
        assert await ask(mosquitto, "alarm", PLACE, "proof") == 0
        proofs = capsys.readouterr().out.splitlines()
        assert len(proofs) == 2
        assert "cannot_assess on: broker 0." in proofs[1]
        assert "station -" in proofs[1]
        assert "(Ruth)" in proofs[1]
        assert await ask(mosquitto, "alarm", PLACE, "proof", "pain") == 1
        assert await ask(mosquitto, "burden", PLACE, "--json") == 0
        [line] = capsys.readouterr().out.splitlines()
        counted = json.loads(line)
        assert (counted["bed"], counted["raised"], counted["acknowledged"]) == (PLACE, {"cannot_assess": 1}, 1)
        assert await ask(mosquitto, "burden") == 0
        shown = capsys.readouterr().out
        assert PLACE in shown
        assert f"{counted['day']}…" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alarm", "bed7", "care-on"], "SITE/BED"),
        (["alarm", PLACE, "acknowledge"], "acknowledge what?"),
        (["alarm", PLACE, "resume", "--seconds", "5"], "--seconds is for"),
        (["alarm", PLACE, "care-on", "pain"], "takes no 'pain'"),
        (["report", "bed7", "--nrs", "3"], "SITE/BED"),
        (["burden", "bed7"], "SITE/BED"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert said in capsys.readouterr().err
