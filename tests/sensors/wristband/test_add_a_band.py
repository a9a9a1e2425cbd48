"""docs/add-a-band.md: its example is taken from the page, added to a copy of the program, and streamed from the air."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from bumble.gatt import Characteristic, Descriptor, Service
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from edge.clock import SystemClock
from edge.errors import DecodeError, SensorError, SensorReason
from edge.sensors.care import supervise
from edge.sensors.table import Band
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.profile import Notification
from edge.timeline import Timeline
from edge.types import Channel, SampleBlock
from tests.peers.band import ADDRESS, VirtualBand
from tests.peers.ble_radio import Air

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/add-a-band.md").read_text()
MODULE = "edge.sensors.wristband.skin_conductance"
SERVICE = "7e1c0001-5d0a-4b8e-9f0e-3b6a52d0c0de"


def blocks_of(language: str) -> list[str]:
    """The page's code blocks."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


FILE, IMPORT, LINE, TEST = blocks_of("python")
(STANZA,) = blocks_of("toml")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's file as the module that it will be."""
    file = tmp_path / "skin_conductance.py"
    file.write_text(FILE)
    spec = importlib.util.spec_from_file_location(MODULE, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, MODULE, module)
    spec.loader.exec_module(module)
    return module


def stanza(module: ModuleType) -> BleBand:
    """The page's stanza, validated by the band's own model."""
    model: type[BleBand] = module.SkinConductanceBand
    return TypeAdapter(model).validate_python(
        {"driver": "ble_skin_conductance", "name": "skin", "address": ADDRESS, "connect_timeout_s": 5.0}
    )


def test_one_file_and_one_line_are_enough(tmp_path: Path) -> None:
    """A copy of the program with both knows the stanza, and writes the band into its reference page."""
    shutil.copytree(ROOT / "edge", tmp_path / "edge", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "edge/sensors/wristband/skin_conductance.py").write_text(FILE)
    table = tmp_path / "edge/sensors/table.py"
    head, tail = table.read_text().split("    | NordicUartBand", 1)
    table.write_text(head.replace("\nCamera = ", f"\n{IMPORT}\nCamera = ", 1) + LINE + "    | NordicUartBand" + tail)
    (tmp_path / "box.toml").write_text(f'[box]\nsite = "home"\nbed = "one"\n\n{STANZA}\n[mqtt]\nhost = "localhost"\n')

    program = "from edge.cli import main; assert not main(['config', 'check', 'box.toml']); main(['config', 'docs'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ble_skin_conductance" in done.stdout


def test_the_program_itself_does_not_know_the_example() -> None:
    assert "ble_skin_conductance" not in str(TypeAdapter(Band).json_schema())


@pytest.mark.usefixtures("bluez")
async def test_the_pages_own_test_passes(air: Air, example: ModuleType) -> None:
    names: dict[str, object] = {"__name__": example.__name__ + "_test"}
    exec(compile(TEST, "docs/add-a-band.md", "exec"), names)  # noqa: S102  # the page's text is ours
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    assert asyncio.iscoroutinefunction(test)
    await test(air)


def described(presentation: str) -> Characteristic[bytes]:
    return Characteristic(
        "7e1c0002-5d0a-4b8e-9f0e-3b6a52d0c0de",
        Characteristic.Properties.NOTIFY,
        Characteristic.Permissions.READABLE,
        b"",
        [Descriptor("2904", Descriptor.READABLE, bytes.fromhex(presentation))],
    )


@pytest.mark.usefixtures("bluez")
async def test_from_the_air_to_the_timeline_under_care(air: Air, example: ModuleType) -> None:
    sending = described("10F72B27010000")
    band = VirtualBand(air, more=[Service(SERVICE, [sending])])
    await band.start()
    timeline = Timeline()
    enough = asyncio.Event()

    def on_item(block: SampleBlock) -> None:
        timeline.push(block)
        window = timeline.window("skin", Channel.GSR_US, clock.now_ns(), 60.0)
        if window is not None and len(window.values) == 20:
            enough.set()

    clock = SystemClock()
    care = asyncio.ensure_future(supervise(stanza(example).open(clock), clock, on_item, lambda _status: None))
    await band.listened(sending)
    for first in range(0, 20, 4):
        values = [2000 + first + index for index in range(4)]
        await band.notify(sending, b"".join(number.to_bytes(4, "little") for number in (first, *values)))
    async with asyncio.timeout(10):
        await enough.wait()
    care.cancel()
    await asyncio.wait((care,))
    newest_ns = timeline.newest_ns("skin", Channel.GSR_US)
    assert newest_ns is not None
    window = timeline.window("skin", Channel.GSR_US, newest_ns + 1, 5.0)
    assert window is not None
    assert window.values.tolist() == pytest.approx([2.0 + number / 1000 for number in range(20)])
    await band.stop()


@pytest.mark.parametrize(
    ("presentation", "sentence"),
    [("10F72F27010000", "sends unit 0x272f, not siemens"), ("10F7", "does not tell its unit")],
)
@pytest.mark.usefixtures("bluez")
async def test_a_band_that_sends_something_else_is_refused(
    air: Air, example: ModuleType, presentation: str, sentence: str
) -> None:
    band = VirtualBand(air, more=[Service(SERVICE, [described(presentation)])])
    await band.start()
    with pytest.raises(SensorError, match=sentence) as raised:
        await anext(aiter(stanza(example).open(SystemClock()).stream()))
    assert raised.value.reason is SensorReason.WRONG_DEVICE
    await band.stop()


@given(data=st.binary(max_size=64))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_possible_samples_or_errors(example: ModuleType, data: bytes) -> None:
    for found in stanza(example).profile().decode(Notification("", data, 5)):
        assert isinstance(found, SampleBlock | DecodeError)
        if isinstance(found, SampleBlock):
            assert (abs(found.values) <= 200.0).all()
