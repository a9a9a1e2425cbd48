"""From whatever evidence is present to one assessment of the bed."""

from edge.fusion.evidence import Calibration, Evidence
from edge.fusion.fuse import Fusion

__all__ = ["Calibration", "Evidence", "Fusion"]
