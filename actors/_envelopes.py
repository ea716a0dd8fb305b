"""What behaviours send each other: the wrappers around a call, a cast, and a system request.

They are plain tuples, as in OTP, because the corridor of a call is short: building one costs a few
nanoseconds where an object of our own would cost as much as the rest of a cast. The tags are compared by
identity, and none of them is spelled like a name: Python keeps equal names as one object, and a user's
`("system", "up")` must stay a message like any other.

    (CALL, (pid, ref), request)     answered by a reply to (pid, ref)
    (CAST, request)                 answered by nobody
    (SYSTEM, (pid, ref), request)   for the machinery itself: `("terminate", reason)` and those of `debug`

What the client half of a decorated method requests is a tuple too: `(ASKED, name, args, kwargs)`, with `None` for
no `kwargs`. Whoever looks at a message or a request sees an `Asked` instead: a report, a trace, a server that has
no such method.

A reply is no message: it goes straight to the waiting caller and is dropped when that one has given
up, so a late reply can never be found in a mailbox. Only a request that nobody waits in, one of
`send_request`, is answered by mail: `(REPLY, ref, value)`, through its alias and once.

Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from typing import Final, TypeAlias, final

from actors.pid import Pid, Ref

__all__ = [
    "ASKED",
    "CALL",
    "CAST",
    "REPLY",
    "SYSTEM",
    "Asked",
    "Asking",
    "Caller",
    "as_seen",
    "request_as_seen",
    "request_as_sent",
]

ASKED: Final = "$asked"
CALL: Final = "$gen_call"
CAST: Final = "$gen_cast"
REPLY: Final = "$gen_reply"
SYSTEM: Final = "$system"

Asking: TypeAlias = tuple[str, str, tuple[object, ...], dict[str, object] | None]
"""What a client half sends: `(ASKED, name, args, kwargs)`."""
Caller: TypeAlias = tuple[Pid, Ref]
"""Who waits for an answer, and to which request: OTP's `from`."""


@final
class Asked(tuple[str, tuple[object, ...], dict[str, object]]):
    """What a client half has asked for, to be looked at: the method's name and its arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        name, args, kwargs = self
        shown = [repr(each) for each in args] + [f"{key}={each!r}" for key, each in kwargs.items()]
        return f"{name}({', '.join(shown)})"


def request_as_sent(request: object) -> Asking | None:
    """Return a client half's request, also one that somebody has seen and passes on; `None` for any other."""
    if type(request) is tuple:
        sent = request
        return sent if sent and sent[0] is ASKED else None
    if type(request) is Asked:
        name, args, kwargs = request
        return (ASKED, name, args, kwargs or None)
    return None


def request_as_seen(request: object) -> object:
    """Return a request as it is to be shown to people and to callbacks."""
    asked = request_as_sent(request)
    return request if asked is None else Asked((asked[1], asked[2], asked[3] or {}))


def as_seen(message: object) -> object:
    """Return a message as it is to be shown to people."""
    match message:
        case (tag, caller, request) if tag is CALL:
            return (tag, caller, request_as_seen(request))
        case (tag, request) if tag is CAST:
            return (tag, request_as_seen(request))
        case _:
            return message
