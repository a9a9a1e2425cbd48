"""Figures of the wristband's signals: unseen subjects, events, agreement with other tools, other data sets."""
