"""Whether the packages of an extra are installed, said in one sentence."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence


def missing_packages(extra: str, modules: Sequence[str]) -> list[str]:
    """Modules of an extra that are not installed; a sentence on standard error says how to install them.

    Args:
        extra: name of the extra of the distribution `anodyne`.
        modules: top-level modules that the job imports.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(f"this job needs {', '.join(missing)}: pip install 'anodyne[{extra}]'\n")
    return missing
