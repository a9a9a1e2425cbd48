"""Writes `contract.md` and the folder `schema` below the folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.publish.contract.page import page
from edge.publish.schema import write

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m edge.publish.contract FOLDER")
    folder = Path(sys.argv[1])
    write(folder / "schema")
    (folder / "contract.md").write_text(page(), encoding="utf-8")
