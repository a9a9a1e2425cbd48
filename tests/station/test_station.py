"""`anodyne station` as a process, with a configuration file."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import Box, load
from edge.errors import ConfigError
from edge.health.broker import broker_stages
from edge.health.findings import Grade
from edge.publish.embedded import free_port
from tests.peers.broker import Mosquitto, until
from tests.station.browser import PASSWORD, Browser, section


async def test_the_command_serves_answers_a_box_that_asks_and_ends_in_order(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    accounts, port = section(tmp_path).accounts_file, free_port()
    config = tmp_path / "station.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n[station]\nport = {port}\n'
        f'state_dir = "state"\naccounts_file = "{accounts.name}"\nbeds = "ward/bed7"\n'
    )
    code = "import sys; from edge.cli import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, "station", "--config", str(config)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    assert url == f"http://127.0.0.1:{port}"
    ruth = Browser(port)
    assert (await ruth.sign_in()).status == 200
    asked = await asyncio.to_thread(lambda: list(broker_stages(mosquitto.mqtt(), Box(site="ward", bed="bed9"))))
    assert (asked[-1].name, asked[-1].grade) == ("station", Grade.OK)
    async with ruth.watching() as screen:
        await until(lambda: screen.look("ward/bed7") == "unknown")
        assert screen.look("ward/bed9") == ""  # a box that only asks is no bed
        process.send_signal(signal.SIGTERM)
        await until(lambda: screen.ended, 10)
    _, said = await process.communicate()
    assert process.returncode == 0
    assert PASSWORD not in said.decode()
    assert "Traceback" not in said.decode()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--listen", "nowhere"], "write ADDRESS:PORT"),
        (["--listen", "0.0.0.0:0"], "nothing is encrypted"),
        (["--listen", "127.0.0.1:0"], "nobody could sign in"),
    ],
)
def test_what_cannot_be_served_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    where = ["--state-dir", str(tmp_path), "--accounts", str(tmp_path / "accounts.json")]
    assert main(["station", *where, *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('beds = "bed1"', "SITE/BED"),
        ('trusted_proxies = "everybody"', "no address or network"),
        ('trusted_proxies = "10.0.0.0/8"', "proxy_user_header belong together"),
        ('proxy_user_header = "X-Remote-User"', "proxy_user_header belong together"),
        ('certificate_file = "x.pem"', "certificate_file belong together"),
        ('public_origin = "station.ward.example/x"', "public_origin"),
    ],
)
def test_keys_that_cannot_be_used_are_told(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "station.toml"
    path.write_text(f"[station]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert told in caught.value.message


def test_every_file_of_the_page_is_text_that_names_no_other_host() -> None:
    page = Path(sys.modules["edge.station"].__path__[0]) / "page"
    files = [path for path in page.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".css", ".js", ".svg"}
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, path
