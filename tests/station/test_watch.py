"""`anodyne watch` and `anodyne reference` as processes, with a real broker and a real publisher."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.peers.broker import Mosquitto, until
from tests.publish.box import running


async def watch(broker: Mosquitto, *arguments: str) -> tuple[int, str]:
    """Run `anodyne watch` to its end."""
    return await anodyne("watch", broker, *arguments)


async def anodyne(name: str, broker: Mosquitto, *arguments: str) -> tuple[int, str]:
    """Run a command to its end; exit code and both outputs together."""
    code = "import sys; from edge.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, name, "--host", "127.0.0.1", "--port", str(broker.port), *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_json_prints_every_message(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        box.see(8)
        await until(lambda: box.publisher.connected)
        code, output = await watch(mosquitto, "--json", "--for", "1.0")
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert code == 0
    assert {line["topic"] for line in lines} >= {"availability", "state", "alarm/pain"}
    assert all((line["site"], line["bed"], line["message"]["v"]) == ("ward", "bed7", "test") for line in lines)


async def test_ack_acknowledges_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        box.see(8)
        await until(lambda: box.publisher.connected)
        code, output = await watch(mosquitto, "--ack", "ward/bed7", "pain", "--by", "nurse")
        assert (code, "ward/bed7: acknowledged" in output) == (0, True)
        assert [one.presence for one in box.manager.active()] == ["acknowledged"]


async def test_ack_of_nothing_says_so(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        code, output = await watch(mosquitto, "--ack", "ward/bed7", "pain")
    assert (code, "no active alarm" in output) == (1, True)


async def test_ack_of_an_unknown_condition_says_what_there_is(mosquitto: Mosquitto) -> None:
    code, output = await watch(mosquitto, "--ack", "ward/bed7", "joy")
    assert (code, "pain, cannot_assess" in output) == (1, True)


@asynccontextmanager
async def table(mosquitto: Mosquitto) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, bytearray]]:
    """`anodyne watch` on a terminal: the process, the terminal's other end, and what has been drawn so far."""
    master, slave = pty.openpty()
    code = "import sys; from edge.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "watch", "--host", "127.0.0.1", "--port", str(mosquitto.port)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = await asyncio.create_subprocess_exec(*command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    screen, loop = bytearray(), asyncio.get_running_loop()
    loop.add_reader(master, lambda: screen.extend(os.read(master, 65536)))
    try:
        yield process, master, screen
    finally:
        loop.remove_reader(master)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_table_is_drawn_and_q_ends_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box, table(mosquitto) as (process, master, screen):
        box.see(8)
        await until(lambda: b"signs of pain" in screen and b"ward/bed7" in screen, 40)
        os.write(master, b"a1\n")
        await until(lambda: [one.presence for one in box.manager.active()] == ["acknowledged"], 30)
        os.write(master, b"q")
        await until(lambda: b"\x1b[?1049l" in screen, 30)
        asyncio.get_running_loop().remove_reader(master)
        assert await process.wait() == 0
        os.close(master)


async def test_without_its_terminal_the_table_ends(mosquitto: Mosquitto) -> None:
    async with table(mosquitto) as (process, master, screen):
        await until(lambda: b"\x1b[?1049h" in screen, 40)
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
        async with asyncio.timeout(30):
            await process.wait()


async def test_the_command_reference_asks_and_says_what_was_done(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with running(tmp_path, mosquitto.mqtt()) as box:
        await until(lambda: box.publisher.connected)
        code, output = await anodyne("reference", mosquitto, "ward/bed7", "reset", "--by", "nurse")
    assert (code, "ward/bed7: reset_reference for nurse" in output) == (0, True)


async def test_the_command_reference_wants_a_bed(mosquitto: Mosquitto) -> None:
    code, output = await anodyne("reference", mosquitto, "bed7", "reset")
    assert (code, "SITE/BED" in output) == (1, True)
