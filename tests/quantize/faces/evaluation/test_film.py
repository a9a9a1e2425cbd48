"""A rendered course in time keeps to one person, one light and one thing worn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from quantize.faces.assets import shared_folder
from quantize.faces.evaluation.film import film
from quantize.faces.expression import draw_expression
from quantize.faces.head import load_head
from quantize.faces.kinds import Kind
from quantize.faces.person import make_person
from quantize.faces.render import Renderer

pytestmark = pytest.mark.skipif(
    not (Path(os.environ.get("ANODYNE_SHARED", "../shared")) / "assets").is_dir(), reason="no shared data folder"
)


def test_only_the_expression_changes_along_a_film(tmp_path: Path) -> None:
    renderer, rng = Renderer(load_head(shared_folder(), tmp_path)), np.random.default_rng(3)
    person = make_person(renderer.head, rng)
    course = [draw_expression(rng, kind, person=person) for kind in (Kind.NEUTRAL, Kind.PAIN)]
    made = film(renderer, person, course, 7, rng)
    assert made.crops.shape == (2, 80, 80)
    assert made.kind.tolist() == ["neutral", "pain"]
    assert all(len(set(made.rows[name].tolist())) == 1 for name in ("identity", "sculpt", "light", "worn", "trait"))
