"""The recorder beside the running daemon: whatever happens to it, the bed is watched as before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge import clock, config
from edge.daemon import Daemon
from edge.types import Alert, Condition
from tests.replay.box import settings

pytestmark = pytest.mark.models


def test_a_box_that_cannot_record_alarms_as_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    box = settings(tmp_path)
    broken = box.model_copy(update={"recorder": config.Recorder(folder=tmp_path / "file" / "sessions")})
    heard: list[Alert] = []
    time = clock.VirtualClock()

    async def live() -> None:
        task = asyncio.create_task(Daemon(broken, time, on_alert=heard.append).run())
        await time.sleep(8.0)
        task.cancel()
        await asyncio.wait({task})

    clock.run(time, live())
    assert [alert.condition for alert in heard] == [Condition.CANNOT_ASSESS]
    [told] = [one.getMessage() for one in caplog.records if one.name == "edge.recorder.recorder"]
    assert "the recording of this session ends here" in told
    assert "The bed is watched as before" in told
