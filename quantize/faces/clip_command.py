"""`python -m quantize demo-clip`: renders the face of `anodyne demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.sensors.simulated.scene import DEMO_SCENE, Scene
from quantize.extras import missing_packages

DEMO_CLIP = DEMO_SCENE.with_name("demo_face.webm")
"""The committed clip, beside the scene that it follows."""

QUALITY = 36
"""VP9's constant rate factor for the committed clip: a quarter of a megabyte, the face 37 dB from the rendering."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the job and its options."""
    parser = subparsers.add_parser("demo-clip", help="render the face clip of the demonstration")
    parser.add_argument("--seed", type=int, default=2, help="of the patient and of every movement (%(default)s)")
    parser.add_argument("--scene", type=Path, default=DEMO_SCENE, help="what the patient goes through (%(default)s)")
    parser.add_argument("--quality", type=int, default=QUALITY, help="rate factor of VP9, 0 best to 63 (%(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".cache/quantize"), help="of the head (%(default)s)")
    parser.add_argument("--out", type=Path, default=DEMO_CLIP, help="file to write (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Render the clip."""
    if missing_packages("quantize", ("numba", "tqdm", "av")):
        return 1
    from quantize.faces.assets import shared_folder
    from quantize.faces.clip import write_clip
    from quantize.faces.head import load_head

    head = load_head(shared_folder(), arguments.cache)
    scene = Scene.load(arguments.scene)
    count = write_clip(head, scene, arguments.out, seed=arguments.seed, quality=arguments.quality)
    sys.stderr.write(f"wrote {count} frames, {arguments.out.stat().st_size} bytes, to {arguments.out}\n")
    return 0
