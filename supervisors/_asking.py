"""What the client half of a supervisor says to its process, and what it makes of the answer.

    ("start_child", spec) ──> the supervisor ──> ("ok", value)      returned
                                             ──> ("error", reason)  raised as `ChildError`

Source: https://hexdocs.pm/elixir/Supervisor.html
"""

from __future__ import annotations

from actors.gen_server import GenServer
from actors.naming import Address
from supervisors.child_spec import BadOption, ChildError

__all__ = ["ask"]


def ask(supervisor: Address, request: str | tuple[str, object], kind: str) -> object:
    """Ask a supervisor for something and wait, however long it takes.

    Raises:
        ChildError: It could not do it.
        BadOption: Whoever answers is no supervisor.
        CallFailed: It is not there, or ended before it answered.
    """
    match GenServer.call(supervisor, request, None):
        case ("ok", value):
            return value
        case ("error", reason):
            raise ChildError(reason)
        case other:
            raise BadOption("supervisor", supervisor, kind, ("bad_reply", other))
