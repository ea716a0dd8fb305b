"""Reports through structlog, over the standard library's logging.

Loaded when the first report comes, or by whoever imports it. Nothing is configured globally: each report goes to the
standard logger named after the first part of its event, `actors` or `supervisors`, so levels, handlers and
propagation are those of the application. One that has configured structlog gets the reports through its own
processors.

Source: https://www.structlog.org/en/stable/standard-library.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import structlog

from actors import telemetry
from actors.exits import Crash

__all__ = ["log_report"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def log_report(event: telemetry.Event, level: str, metadata: Mapping[str, object]) -> None:
    """Write one report to the log: the event's name, its fields, and the user's traceback if there is one."""
    logger = logging.getLogger(event[0])
    if not logger.isEnabledFor(_LEVELS[level]):
        return
    fields = {key: value for key, value in metadata.items() if value is not None}
    reason = fields.get("reason")
    if isinstance(reason, Crash):
        fields["reason"] = repr(reason.exception)
        fields["stack"] = str(reason.stack)
    bound = structlog.wrap_logger(logger, processors=_processors())
    getattr(bound, level)(".".join(event), **fields)


def _processors() -> list[structlog.typing.Processor]:
    if structlog.is_configured():
        return list(structlog.get_config()["processors"])
    return [structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)]


telemetry.set_reporter(log_report)
