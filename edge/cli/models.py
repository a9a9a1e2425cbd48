"""`anodyne models`: what the model bundle holds, whether this machine runs it right, and the steps with others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.bundle import Bundle, Model, TensorSpec
from edge.cli import bundles, shadow, signing
from edge.errors import AnodyneError, InferenceError, InferenceReason
from edge.golden import TOLERANCE_STEPS, deviation
from edge.inference import Interpreter


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "models",
        help="list the model bundle; install, try and change signed ones",
        description="Without a step: what the bundle that came with the program holds. See docs/models.md.",
    )
    parser.add_argument("--bundle", type=Path, help="folder with bundle.toml (default: the installed bundle)")
    parser.add_argument(
        "--verify", action="store_true", help="run every model once and compare with the answers measured at export"
    )
    parser.set_defaults(handler=run)
    commands = parser.add_subparsers(metavar="STEP")
    bundles.add_parsers(commands)
    shadow.add_parser(commands)
    signing.add_parsers(commands)


def run(arguments: argparse.Namespace) -> int:
    """List the bundle.

    Returns:
        0; 1 where this machine refuses a model or, with --verify, computes other answers.

    Raises:
        BundleError: the bundle is refused as a whole.
    """
    bundle = Bundle.load(arguments.bundle)
    sys.stdout.write(f"bundle {bundle.version} in {bundle.folder}: hashes right\n")
    sound = True
    for model in bundle.models.values():
        try:
            rows = list(_rows(model, verify=arguments.verify))
        except AnodyneError as error:
            rows, sound = [f"refused   {error.message}"], False
        sys.stdout.write(f"\n{model.name}\n" + "".join(f"  {row}\n" for row in rows))
    for name, calibration in bundle.calibrations.items():
        sys.stdout.write(f"\ncalibration {name}: {', '.join(calibration)}\n")
    return 0 if sound else 1


def _rows(model: Model, *, verify: bool) -> Iterator[str]:
    interpreter = Interpreter(model)
    runtime = interpreter.runtime
    yield f"file      {model.path.name}, {len(model.data)} bytes"
    yield f"sha256    {model.sha256}"
    yield from (f"input     {_tensor(spec)}" for spec in model.inputs)
    yield from (f"output    {_tensor(spec)}" for spec in model.outputs)
    yield f"card      {model.card}"
    yield f"runtime   {runtime.name} {runtime.version}, {delegation(interpreter)}"
    if verify:
        yield f"golden    {verify_golden(interpreter)}"


def delegation(interpreter: Interpreter) -> str:
    """Whether XNNPACK runs the whole graph, in words."""
    match interpreter.delegated:
        case None:
            return "which does not tell what XNNPACK runs"
        case True:
            return "XNNPACK runs the whole graph"
        case _:
            return "XNNPACK does not run the whole graph: slow"


def verify_golden(interpreter: Interpreter) -> str:
    """Compare the model's answers with those measured at export.

    Raises:
        InferenceError: they differ by more than this runtime may (REJECTED).
    """
    found, allowed = deviation(interpreter), TOLERANCE_STEPS[interpreter.runtime.name]
    if found is None:
        return "the bundle holds no answers to compare with"
    if found > allowed:
        raise InferenceError(
            InferenceReason.REJECTED,
            f'{interpreter.runtime.name} {interpreter.runtime.version} computes model "{interpreter.model.name}" '
            f"wrong: up to {found} steps from the answers measured at export, {allowed} allowed",
        )
    return f"answers as measured at export (largest difference {found} of {allowed} allowed steps)"


def _tensor(spec: TensorSpec) -> str:
    shape = "x".join(map(str, spec.shape))
    return f"{spec.name} {shape} int8, {spec.scale:.6g} per step, zero at {spec.zero_point}"
