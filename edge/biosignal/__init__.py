"""PPG and skin conductance: filters, beats, SCRs, signal quality, and the arousal estimator."""
