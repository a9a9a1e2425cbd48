"""Workers share the beds of a hospital, and one of them is killed: nothing is missing, nothing is there twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from tests.ingest.processes import configuration, group
from tests.ingest.ward import Ward, counts, own_record, record, say, speaking
from tests.peers.broker import Mosquitto, until
from tests.peers.postgres import PostgresServer

BEDS = 200
_NUMBERS = count(1)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.database(f"shared{next(_NUMBERS)}")


async def test_three_workers_of_which_one_is_killed_record_what_one_alone_does(
    mosquitto: Mosquitto, postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    alone_url = postgres.database(f"alone{next(_NUMBERS)}")
    alone_config = configuration(tmp_path / "alone", mosquitto, alone_url)
    config = configuration(tmp_path / "three", mosquitto, url)
    ward = Ward(BEDS)
    with group(alone_config, "0", group="alone"), group(config, "1", "2", "3") as workers:
        async with speaking(mosquitto) as beds:
            await say(beds, ward.act(0))
            workers[1].freeze()  # what the broker gives it now is in flight
            await say(beds, ward.act(1))
            workers[1].kill()
            await say(beds, ward.act(2))
            workers[1].start()  # as the service manager does
            whole = (3 * BEDS, BEDS, BEDS)
            await until(lambda: counts(record(alone_url)) == whole and counts(record(url)) == whole, 60)
            newest = {bed.topics.bed: bed.said for bed in ward.beds}
            await until(lambda: _newest(url) == _newest(alone_url) == newest, 90)
        assert record(url) == record(alone_url)
        shares = [_taken(tmp_path / "three" / "state" / f"ingest-{name}") for name in "123"]
    assert min(shares) > BEDS / 2  # each has had a part
    assert all("ERROR" not in one.log for one in workers)


def _newest(url: str) -> dict[str, int]:
    """The highest number that a state of each bed had."""
    found: dict[str, int] = {}
    for place, _, _, _, _, _, seq in record(url)["trend"]:
        bed = str(place).partition("/")[2]
        found[bed] = max(found.get(bed, 0), int(str(seq)))
    return found


def _taken(folder: Path) -> int:
    return len(own_record(folder)["event"])


async def test_a_worker_that_leaves_takes_what_is_kept_for_it_and_gets_nothing_more(
    mosquitto: Mosquitto, url: str, tmp_path: Path
) -> None:
    config = configuration(tmp_path / "here", mosquitto, url)
    ward = Ward(30)
    with group(config, "1", "2") as workers:
        async with speaking(mosquitto) as beds:
            assert workers[1].stop() == 0
            await say(beds, ward.act(0))  # half of it is kept for the worker that is away
            workers[1].start("--leave")
            assert await asyncio.to_thread(workers[1].wait) == 0
            await say(beds, ward.act(2))  # nothing of it is
            await until(lambda: len(record(url)["event"]) == 60, 30)


async def test_another_machine_takes_the_place_of_one_that_does_not_come_back(
    mosquitto: Mosquitto, url: str, tmp_path: Path
) -> None:
    first = configuration(tmp_path / "first", mosquitto, url)
    second = configuration(tmp_path / "second", mosquitto, url)
    ward = Ward(30)
    with group(first, "1", "2") as workers:
        async with speaking(mosquitto) as beds:
            workers[1].freeze()
            await say(beds, ward.night())
            workers[1].kill()
        with group(second, "2"):
            await until(lambda: counts(record(url)) == (90, 30, 30), 30)


def test_a_worker_does_not_need_what_a_page_needs() -> None:
    heavy = {"uvicorn", "starlette", "torch", "cv2"}
    code = f"import sys, edge.ingest.worker, edge.station.hospital; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
