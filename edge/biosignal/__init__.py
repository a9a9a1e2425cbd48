"""PPG and skin conductance: filters, beats, SCRs, signal quality, and the arousal estimator.

What comes out is sympathetic *arousal*, never pain: effort, fear, fever or a joke raise it too.
"""

from edge.biosignal.estimator import BiosignalEstimator

__all__ = ["BiosignalEstimator"]
