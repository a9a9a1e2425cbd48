"""A real broker for boxes that are spoken to, and a box on which a signed bundle is installed."""

from pathlib import Path

import pytest

from tests.fixtures.signed import Site
from tests.fixtures.signed import site as site
from tests.fixtures.updated_box import UpdatedBox
from tests.peers.broker import mosquitto as mosquitto


@pytest.fixture
def box(site: Site, tmp_path: Path) -> UpdatedBox:
    """A box on which 0.2.0 is installed: the shipped models under another version."""
    (tmp_path / "state").mkdir()
    made = UpdatedBox(site, tmp_path / "state")
    made.shelf.install(site.bundle("0.2.0"))
    return made
