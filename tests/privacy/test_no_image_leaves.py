"""Rule 3 at work: a picture is shown to the running box, and is looked for in everything that the box lets out."""

from __future__ import annotations

import base64
import os
import resource
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.bundles import steps
from edge.clock import SystemClock
from edge.sensors.camera.picture import fit, to_gray
from edge.shadow import Tally
from tests.fixtures.signed import Site
from tests.fixtures.signed import site as site
from tests.peers.broker import Mosquitto
from tests.peers.broker import mosquitto as mosquitto
from tests.privacy.box import Spoils, box, ports_of, spoils
from tests.privacy.canary import NOISE_ROWS, SIZE_PX, Canary, first_picture, write_clip

pytestmark = pytest.mark.timeout(240)

LEAKY = str(Path(__file__).parent / "leaky.py")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "canary.avi")


@pytest.fixture(scope="module")
def canary(clip: Path) -> Canary:
    return Canary(first_picture(clip))


def test_each_picture_that_is_shown_can_be_found(clip: Path, canary: Canary) -> None:
    shown = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    count = 0
    while (read := shown.read())[0]:
        count += 1
        assert "raw" in canary.found_in(fit(to_gray(read[1]), *SIZE_PX).tobytes())
    shown.release()
    assert count == 120


def leaks(canary: Canary, found: Spoils) -> dict[str, set[str]]:
    """Where the picture was found, and in which forms."""
    searched = {place: canary.found_in(content) for place, content in found.places.items()}
    return {place: forms for place, forms in searched.items() if forms}


def test_the_picture_is_in_nothing_that_the_box_lets_out(
    tmp_path: Path, clip: Path, canary: Canary, mosquitto: Mosquitto
) -> None:
    found = spoils(tmp_path / "box", clip, mosquitto, 20.0)
    assert found.assessed_face, "the box has not looked at the picture"
    places = " ".join(found.places)
    for place in ("traffic", "page and metrics", "file log", "anodyne.sqlite3", "sessions/", "file run/"):
        assert place in places
    assert len(found.places["traffic"]) > 5_000
    assert found.strangers == set(), "the box speaks through sockets that nobody has listened to"
    assert b"anodyne_assessments_total" in found.places["page and metrics"]
    assert b"DEBUG" in found.places["file log"]
    assert leaks(canary, found) == {}


def beside(folder: Path, site: Site) -> str:
    """A box on which other models are to run beside those in use for an hour; what its configuration needs for that."""
    state = folder / "state"
    state.mkdir(parents=True)
    shelf = site.shelf(state, SystemClock())
    shelf.install(site.bundle("0.2.0"))
    steps.shadow(shelf, "0.2.0", 3600.0)
    return f'[models]\nkeys = "{site.keys}"\n'


def judged_beside(folder: Path) -> int:
    """Pictures that the models beside those in use have looked at, as their figures on disk say."""
    [file] = (folder / "state").rglob("shadow-0.2.0*.json")
    cost = Tally.read(file).cost
    return cost.frames - cost.skipped


def test_nor_while_other_models_run_beside_those_in_use(
    tmp_path: Path, clip: Path, canary: Canary, mosquitto: Mosquitto, site: Site
) -> None:
    more = beside(tmp_path / "box", site)
    found = spoils(tmp_path / "box", clip, mosquitto, 25.0, more=more)
    assert found.assessed_face, "the box has not looked at the picture"
    assert judged_beside(tmp_path / "box") > 20, "the models beside have not looked at the picture"
    assert any("shadow-0.2.0" in place for place in found.places)
    assert found.strangers == set()
    assert leaks(canary, found) == {}


def test_the_search_finds_a_hole_in_what_runs_beside(
    tmp_path: Path, clip: Path, canary: Canary, mosquitto: Mosquitto, site: Site
) -> None:
    more = beside(tmp_path / "box", site)
    found = leaks(canary, spoils(tmp_path / "box", clip, mosquitto, 15.0, program=(LEAKY,), more=more))
    assert "raw" in found["file tmp/beside.raw"]


def test_the_search_finds_a_box_with_holes(tmp_path: Path, clip: Path, canary: Canary, mosquitto: Mosquitto) -> None:
    found = leaks(canary, spoils(tmp_path / "box", clip, mosquitto, 15.0, program=(LEAKY,)))
    assert "raw" in found["file tmp/frame.raw"]
    assert "float32 0..1" in found["file home/input.npy"]
    assert {"base64", "decimal"} <= found["file log"]
    assert "an encoded picture" in found["traffic"]
    assert "an encoded picture in base64" in found["page and metrics"]


@pytest.mark.parametrize(
    "form", ["raw", "rgba", "float", "base64", "jpeg", "png", "png in base64", "deflate", "detector"]
)
def test_the_search_finds_the_picture_in_any_usual_form(canary: Canary, form: str) -> None:
    picture = canary.picture
    noise = picture[:NOISE_ROWS].tobytes()
    made = {
        "raw": noise,
        "rgba": cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR).tobytes(),
        "float": picture.astype(np.float32).tobytes(),
        "base64": base64.b64encode(noise),
        "jpeg": cv2.imencode(".jpg", picture)[1].tobytes(),
        "png": cv2.imencode(".png", picture)[1].tobytes(),
        "png in base64": base64.encodebytes(cv2.imencode(".png", picture)[1].tobytes()),
        "deflate": zlib.compress(noise),
        "detector": cv2.resize(picture, (256, 192), interpolation=cv2.INTER_AREA).tobytes(),
    }[form]
    assert canary.found_in(b"before" + made + b"after")


def test_the_search_finds_nothing_in_noise_of_another_kind(canary: Canary) -> None:
    other = np.random.default_rng(1).bytes(4_000_000)
    assert canary.found_in(other + b" /9j/ \xff\xd8\xff\xe0 iVBORw0KGgo " + base64.b64encode(other)) == set()


def test_a_box_that_crashes_leaves_no_core(tmp_path: Path, clip: Path, mosquitto: Mosquitto) -> None:
    folder = tmp_path / "box"
    with box(folder, clip, ports_of(mosquitto)) as process:
        while not (folder / "run/sensors.json").exists() and process.poll() is None:
            time.sleep(0.1)
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert ["Max", "core", "file", "size", "0", "0", "bytes"] in map(str.split, limits.splitlines())
        process.send_signal(signal.SIGSEGV)
        process.wait(20)
    assert process.returncode == -signal.SIGSEGV
    assert not [path for path in folder.rglob("core*") if path.is_file()]


CRASH = "import os, signal, sys\n{first}\nos.kill(os.getpid(), signal.SIGSEGV)"


def test_that_is_the_boxs_doing_and_not_the_machines(tmp_path: Path) -> None:
    if "|" in Path("/proc/sys/kernel/core_pattern").read_text():
        pytest.skip("this machine hands core dumps to a program")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("core dumps are forbidden on this machine")
    first = "from resource import *; setrlimit(RLIMIT_CORE, (getrlimit(RLIMIT_CORE)[1],) * 2)"
    later = f"{first}\nfrom edge.health.dumps import keep_out_of_dumps; assert keep_out_of_dumps()"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    left = {}
    for name, text in (("open", first), ("closed", later)):
        (tmp_path / name).mkdir()
        subprocess.run(
            [sys.executable, "-c", CRASH.format(first=text)], cwd=tmp_path / name, env=environment, check=False
        )
        left[name] = bool(list((tmp_path / name).glob("core*")))
    if not left["open"]:
        pytest.skip("this machine writes no core dumps here")
    assert not left["closed"]
