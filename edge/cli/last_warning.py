"""The log of a command that draws the whole terminal: its lines would tear the picture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class LastWarning(logging.Handler):
    """Keeps the last warning, for a line of the picture."""

    def __init__(self) -> None:
        """Nothing has been warned of."""
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.text = record.getMessage()


@contextmanager
def only_handler(handler: logging.Handler) -> Iterator[None]:
    """Send the log to one handler while the block runs."""
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers = [handler]
    try:
        yield
    finally:
        root.handlers = before
