"""Training, export and evaluation of the arousal networks on Stress-Predict."""
