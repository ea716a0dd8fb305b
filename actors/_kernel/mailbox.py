"""Arrival order and selective receive.

A mailbox is a deque, and only while there is mail: a process at rest has none, so that a million of
them cost nothing here. Emptied deques are kept for the next process that needs one.

`take` scans from the oldest message and remembers how far it came, like the BEAM's receive marker: a
receive that is woken looks at what is new and not again at what it has skipped.

Source: https://www.erlang.org/doc/system/expressions.html#receive
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias
from typing import cast as typed

from actors.errors import BadArgument
from actors.messages import Message, reference_of
from actors.pid import Ref

if TYPE_CHECKING:
    from actors._kernel.bounds import BoundedMail

__all__ = [
    "NOTHING",
    "Mail",
    "Match",
    "Predicate",
    "Wanted",
    "check_match",
    "has_news",
    "take",
]

Mail: TypeAlias = deque[Message]
Predicate: TypeAlias = Callable[[Message], object]
Match: TypeAlias = Predicate | type | tuple[type, ...] | None
Wanted: TypeAlias = Predicate | type | tuple[type, ...] | Ref
"""What `take` looks for; a reference wants the messages that carry it."""

NOTHING = object()
"""No message matched."""

_PLAIN = (type, tuple, Ref)

# Indexing a deque is quick near its ends only; beyond so many new messages a copy is cheaper.
_NEAR = 32


def check_match(match: Match) -> None:
    """Refuse what says nothing of a message; `None` accepts every one.

    Raises:
        BadArgument: It is no match.
    """
    if isinstance(match, tuple):
        is_match = len(match) > 0 and all(isinstance(each, type) for each in match)
    else:
        # A type can be called, too.
        is_match = match is None or callable(match)
    if not is_match:
        raise BadArgument("match", match, "a predicate, a type, a tuple of types, or None")


def _fits(message: Message, wanted: Wanted) -> bool:
    if type(wanted) is Ref:
        return reference_of(message) is wanted
    return isinstance(message, typed("type", wanted))


def take(mail: Mail, wanted: Wanted, start: int) -> tuple[Message, int]:
    """Remove and return the oldest message that is wanted, beginning at index `start`.

    Returns:
        The message, or `NOTHING`, and the index at which the next scan may begin. (Of a mailbox with a
        bound, from which others may be dropped, how many messages had come.)

    Raises:
        BadArgument: The predicate has itself taken mail out of the mailbox.
    """
    # Only a predicate is called for each message.
    accepts = None if type(wanted) is Ref or isinstance(wanted, _PLAIN) else wanted
    if type(mail) is not deque:
        return _take_bounded(typed("BoundedMail", mail), wanted, accepts, start)
    size = len(mail)
    # One by one first: what is wanted is most often near, and a copy of a long mailbox is dear.
    near = min(size, start + _NEAR)
    for index in range(start, near):
        try:
            message = mail[index]
        except IndexError:
            # Emptied meanwhile: the process was killed while its thread looked.
            return NOTHING, 0
        if _fits(message, wanted) if accepts is None else accepts(message):
            return _remove(mail, index, message, wanted)
    if near < size:
        for index, message in enumerate(tuple(islice(mail, near, size)), near):
            if _fits(message, wanted) if accepts is None else accepts(message):
                return _remove(mail, index, message, wanted)
    return NOTHING, size


def _take_bounded(
    mail: BoundedMail, wanted: Wanted, accepts: Predicate | None, since: int
) -> tuple[Message, int]:
    seen, line = mail.since(since)
    for message in line:
        fits = _fits(message, wanted) if accepts is None else accepts(message)
        if fits and mail.take_out(message):
            return message, 0
    return NOTHING, seen


def has_news(mail: Mail, seen: int) -> bool:
    """Tell whether something has come since `take` returned `seen`."""
    if type(mail) is deque:
        return len(mail) > seen
    return len(mail) > 0 and typed("BoundedMail", mail).arrivals > seen


def _remove(mail: Mail, index: int, message: Message, wanted: Wanted) -> tuple[Message, int]:
    try:
        if mail[index] is message:
            del mail[index]
            return message, index
    except IndexError:
        if not mail:
            return NOTHING, 0
    raise BadArgument("match", wanted, "a predicate that only looks and takes no mail itself")
