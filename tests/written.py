"""What the logs write, kept for tests that read it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

__all__ = ["Kept", "kept"]


class Kept(logging.Handler):
    """Keeps what is written: as text, the names of the events, and all that the records hold."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.events: list[str] = []
        self.fields: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))
        self.events.append(str(getattr(record, "event", record.getMessage())))
        self.fields.append(repr(vars(record)))


@contextmanager
def kept(level: int = logging.NOTSET) -> Iterator[Kept]:
    """Keep what our loggers write from a level on, and write it nowhere else; leave structlog as it comes."""
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("actors", "supervisors")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(level)
    try:
        yield handler
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
            logger.setLevel(logging.NOTSET)
        structlog.reset_defaults()
