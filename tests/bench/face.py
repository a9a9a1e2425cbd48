"""The face path beside YOLOv8n and MediaPipe: one run, one core, one runtime, one JSON line per figure.

`python -m tests.bench.face FOLDER [BUNDLE]`; the folder holds the peers (`make bench-face` makes it). What is not there
is skipped with a word. Per frame:

- ours: `FaceEstimator.step` on a VGA frame, from pixels to action units and an estimate;
- YOLOv8n at 640 x 640: its graph alone, without scaling the frame, decoding boxes or suppressing doubles;
- MediaPipe: the graph of its face mesh alone, and with BlazeFace, without cutting and turning the face.

Ours and the peers take turns, so that a busy moment of the machine hits all alike. What is left out makes the peers
faster than they are in use.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter as Runtime
from numpy.typing import NDArray

from edge.benchmarks import Figure
from edge.benchmarks.face import WARM_UP, as_frame, one_core, times, vga_frames
from edge.bundle import Bundle
from edge.cli.bench import json_line
from edge.errors import AnodyneError
from edge.face import FaceEstimator
from edge.face.estimator import MODEL

ROUNDS, PER_ROUND = 30, 10
"""Turns, and frames of ours in each: 300 frames, so that the 99th percentile rests on three."""

SLOW_PER_ROUND = 1
"""Runs of YOLOv8n in each turn, which takes a hundred times longer."""

WHEEL = "mediapipe-0.10.21-*.whl"
"""The last wheel of MediaPipe (Apache-2.0) that holds .tflite files."""

MESH = "mediapipe/modules/face_landmark/face_landmark.tflite"
BLAZE = "mediapipe/modules/face_detection/face_detection_short_range.tflite"


class _Native(Protocol):
    def get_input_details(self) -> list[dict[str, NDArray[np.int32]]]: ...
    def get_tensor_details(self) -> list[dict[str, NDArray[np.int32]]]: ...
    def _get_ops_details(self) -> list[dict[str, NDArray[np.int32]]]: ...


def runner(content: bytes) -> Callable[[], object]:
    """One inference of a .tflite file on one core, on random input."""
    native = Runtime(model_content=content, num_threads=1)
    native.allocate_tensors()
    rng = np.random.default_rng(1)
    for detail in native.get_input_details():
        drawn = rng.random(tuple(detail["shape"]), np.float32)
        native.set_tensor(detail["index"], (drawn * 100).astype(np.int8) if detail["dtype"] is np.int8 else drawn)
    return partial(native.invoke)


def multiply_adds(content: bytes) -> int:
    """Multiplications with addition of all convolutions of a .tflite file, from the shapes of its tensors."""
    native: _Native = Runtime(model_content=content, num_threads=1)
    shapes = {int(detail["index"]): tuple(int(n) for n in detail["shape"]) for detail in native.get_tensor_details()}
    total = 0
    for operator in native._get_ops_details():
        name, inputs, outputs = (operator[key] for key in ("op_name", "inputs", "outputs"))
        if str(name) not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            continue
        weights, made = shapes[int(inputs[1])], shapes[int(outputs[0])]
        per_output = weights[1] * weights[2] if str(name) == "DEPTHWISE_CONV_2D" else int(np.prod(weights[1:]))
        total += int(np.prod(made)) * per_output
    return total


def peers(folder: Path) -> dict[str, Callable[[], object]]:
    """What can be measured beside: name to one run of it."""
    found: dict[str, Callable[[], object]] = {}
    for kind in ("float", "int8"):
        path = folder / f"yolov8n_{kind}.tflite"
        if path.exists():
            found[f"yolov8n_640_{kind}"] = runner(path.read_bytes())
        else:
            _skip(f"YOLOv8n {kind}", f"{path} is not there")
    wheel = next(iter(sorted(folder.glob(WHEEL))), None)
    if wheel is None:
        _skip("MediaPipe", f"{folder / WHEEL} is not there")
        return found
    with zipfile.ZipFile(wheel) as packed:
        found["mediapipe_mesh"] = runner(packed.read(MESH))
        found["mediapipe_blazeface"] = runner(packed.read(BLAZE))
    return found


def _skip(what: str, why: str) -> None:
    sys.stderr.write(f"SKIPPED: {what} ({why}; `make bench-face` makes the peers)\n")


def _ours(models: Path | None) -> tuple[Callable[[int], object], bytes] | None:
    """Our path for frame `k`, and the network's file; None where the bundle does not belong to this program."""
    frames = vga_frames(PER_ROUND + WARM_UP)
    bundle = Bundle.load(models) if models else Bundle.load()
    try:
        estimator = FaceEstimator(bundle)
    except AnodyneError as error:
        sys.stderr.write(f"SKIPPED: our own path ({error})\n")
        return None
    return (lambda k: estimator.step(as_frame(k, frames[k % len(frames)]))), bundle.model(MODEL).data


def _measured(runs: dict[str, Sequence[Callable[[], object]]]) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of every run, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(ROUNDS):
        for name, calls in runs.items():
            share = len(calls) // ROUNDS
            warm = [calls[k * share]] * (WARM_UP if share > 1 or k == 0 else 0)
            mine = calls[k * share : (k + 1) * share]
            taken[name] += times([*warm, *mine]) if warm else times([*[_nothing] * WARM_UP, *mine])
    return {name: np.array(values) for name, values in taken.items()}


def _nothing() -> None:
    """Stands in for a warm-up."""


def figures(folder: Path, models: Path | None = None) -> Iterator[Figure]:
    """Medians and 99th percentiles, ours beside each peer, and the share of the runtime's int8 limit."""
    ours, beside = _ours(models), peers(folder)
    runs: dict[str, Sequence[Callable[[], object]]] = {}
    for name, run in beside.items():
        runs[name] = [run] * (ROUNDS * (SLOW_PER_ROUND if name.startswith("yolo") else PER_ROUND))
    plain = folder / "convolution_int8.tflite"
    if plain.exists():
        runs["plain"] = [runner(plain.read_bytes())] * (ROUNDS * PER_ROUND)
    if ours is not None:
        runs["ours"] = [partial(ours[0], k) for k in range(ROUNDS * PER_ROUND)]
        runs["network"] = [runner(ours[1])] * (ROUNDS * PER_ROUND)
    with one_core():
        taken = _measured(runs)
    peak = _peak(taken, plain)
    if peak is not None:
        yield Figure("int8_peak_gmacs_per_s", peak, "GMAC/s")
    yield from _beside(taken)
    if ours is not None and peak is not None:
        rate = multiply_adds(ours[1]) / 1e6 / float(np.median(taken["network"]))
        yield Figure("face_network_mmacs", multiply_adds(ours[1]) / 1e6, "MMAC")
        yield Figure("face_network_share_of_int8_peak", 100 * rate / peak, "%")


def _peak(taken: dict[str, NDArray[np.float64]], plain: Path) -> float | None:
    if "plain" not in taken:
        _skip("share of the int8 limit", f"{plain} is not there")
        return None
    return multiply_adds(plain.read_bytes()) / 1e6 / float(np.percentile(taken["plain"], 10))


def _beside(taken: dict[str, NDArray[np.float64]]) -> Iterator[Figure]:
    """Every peer, and our path beside it."""
    both = {name: values for name, values in taken.items() if name not in ("ours", "network", "plain")}
    if {"mediapipe_mesh", "mediapipe_blazeface"} <= set(both):
        both["mediapipe_mesh_and_blazeface"] = both["mediapipe_mesh"] + both["mediapipe_blazeface"]
    for what, of in (("median", 50), ("p99", 99)):
        for name, values in both.items():
            theirs = float(np.percentile(values, of))
            if "ours" in taken:
                mine = float(np.percentile(taken["ours"], of))
                yield Figure(f"face_path_ms_{what}_beside_{name}", mine, "ms", name, theirs)
            else:
                yield Figure(f"{name}_ms_{what}", theirs, "ms")
    if "network" in taken:
        yield Figure("face_network_ms_median", float(np.median(taken["network"])), "ms")


def main(folder: Path, models: Path | None = None) -> int:
    """Measure and print."""
    for figure in figures(folder, models):
        sys.stdout.write(json_line(figure) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*(Path(one) for one in sys.argv[1:3])))
