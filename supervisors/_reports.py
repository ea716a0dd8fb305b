"""What supervisors tell the world: telemetry reports with the fields of OTP's supervisor reports.

| event | level | when |
|---|---|---|
| `("supervisors", "child", "started")` | info | a child has started: OTP's progress report |
| `("supervisors", "child", "terminated")` | error | a child failed, or a permanent one ended |
| `("supervisors", "child", "start_error")` | error | a start at the beginning or a restart failed |
| `("supervisors", "child", "shutdown_error")` | error | a child that was stopped ended otherwise |
| `("supervisors", "supervisor", "shutdown")` | error | too many restarts: the supervisor gives up |
| `("supervisors", "supervisor", "unexpected")` | error | a message that means nothing was dropped |

A clean end is quiet. Nothing that listens or prints can harm the supervisor.

Source: https://www.erlang.org/doc/apps/sasl/error_logging.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from actors import telemetry
from actors.exits import Reason
from actors.messages import Message
from actors.pid import Pid
from actors.telemetry import is_reported
from supervisors.child_spec import ChildSpec

__all__ = ["ErrorContext", "LastPid", "child_failed", "child_started", "unexpected"]

ErrorContext: TypeAlias = Literal["child_terminated", "start_error", "shutdown_error", "shutdown"]
LastPid: TypeAlias = Pid | tuple[Literal["restarting"], Pid | None] | None
"""A child's pid as the reports show it; while it is being restarted the last one, and that."""

_EVENTS: Mapping[ErrorContext, telemetry.Event] = {
    "child_terminated": ("supervisors", "child", "terminated"),
    "start_error": ("supervisors", "child", "start_error"),
    "shutdown_error": ("supervisors", "child", "shutdown_error"),
    "shutdown": ("supervisors", "supervisor", "shutdown"),
}
_STARTED = ("supervisors", "child", "started")


def child_started(supervisor: object, spec: ChildSpec, pid: Pid) -> None:
    """Report that a child has started."""
    if is_reported(_STARTED, "info"):
        _report(_STARTED, "info", {"supervisor": supervisor, "started": _about(spec, pid)})


def child_failed(
    supervisor: object, context: ErrorContext, reason: Reason, spec: ChildSpec, pid: LastPid
) -> None:
    """Report what went wrong with a child.

    Args:
        supervisor: The name of the supervisor, or its pid.
        context: What the supervisor was about.
        reason: Why it went wrong.
        spec: The child.
        pid: Its process, as far as it has or had one.
    """
    event = _EVENTS[context]
    if not is_reported(event, "error"):
        return
    fields = {
        "supervisor": supervisor,
        "error_context": context,
        "reason": reason,
        "offender": _about(spec, pid),
    }
    _report(event, "error", fields)


def unexpected(supervisor: object, message: Message) -> None:
    """Report a message that no supervisor understands."""
    fields = {"supervisor": supervisor, "message": message}
    _report(("supervisors", "supervisor", "unexpected"), "error", fields)


def _about(spec: ChildSpec, pid: LastPid) -> dict[str, object]:
    return {
        "pid": pid,
        "id": spec.id,
        "start": spec.start,
        "restart": spec.restart,
        "significant": spec.significant,
        "shutdown": spec.shutdown,
        "type": spec.type,
    }


def _report(event: telemetry.Event, level: str, fields: Mapping[str, object]) -> None:
    try:
        telemetry.report(event, level, fields)
    except Exception as error:  # noqa: BLE001 - a reason whose repr raises, a full disk: no reason to die
        telemetry.emit(("actors", "telemetry", "failed"), {}, {"handler": None, "error": error})
