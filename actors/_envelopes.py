"""What behaviours send each other: the wrappers around a call, a cast, and a system request.

They are plain tuples, as in OTP, because the corridor of a call is short: building one costs a few
nanoseconds where an object of our own would cost as much as the rest of a cast. The tags are compared by
identity, and none of them is spelled like a name: Python keeps equal names as one object, and a user's
`("system", "up")` must stay a message like any other.

    (CALL, (pid, ref), request)     answered by a reply to (pid, ref)
    (CAST, request)                 answered by nobody
    (SYSTEM, (pid, ref), request)   for the machinery itself: `("terminate", reason)` and those of `debug`

A reply is no message: it goes straight to the waiting caller and is dropped when that one has given
up, so a late reply can never be found in a mailbox. Only a request that nobody waits in, one of
`send_request`, is answered by mail: `(REPLY, ref, value)`, through its alias and once.

Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from typing import Final, TypeAlias

from actors.pid import Pid, Ref

__all__ = ["CALL", "CAST", "REPLY", "SYSTEM", "Caller"]

CALL: Final = "$gen_call"
CAST: Final = "$gen_cast"
REPLY: Final = "$gen_reply"
SYSTEM: Final = "$system"

Caller: TypeAlias = tuple[Pid, Ref]
"""Who waits for an answer, and to which request: OTP's `from`."""
