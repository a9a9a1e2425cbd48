"""Training, export and evaluation of the models that the box runs (extra: [quantize])."""
