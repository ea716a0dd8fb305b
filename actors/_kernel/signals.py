"""What an exit signal does to whom: OTP's table, as a pure function.

| reason | by a link or `send_exit` | the process traps | it does not |
|---|---|---|---|
| `"kill"` | `send_exit` | dies, `"killed"` | dies, `"killed"` |
| `"kill"` | link | message | dies, `"kill"` |
| `"normal"` | from another | message | ignored |
| `"normal"` | `send_exit` to oneself | message | dies, `"normal"` |
| any other | both | message | dies with it |

Source: https://www.erlang.org/doc/system/ref_man_processes.html#sending-exit-signals
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from actors.exits import KILL, KILLED, NORMAL, Reason, means

if TYPE_CHECKING:
    from actors._kernel.cell import Cell

__all__ = ["Verdict", "link", "unlink", "verdict"]


class Verdict(Enum):
    """What becomes of a process that gets an exit signal."""

    IGNORED = "ignored"
    MESSAGE = "message"
    DEATH = "death"


_IGNORED, _MESSAGE, _DEATH = Verdict.IGNORED, Verdict.MESSAGE, Verdict.DEATH


def verdict(reason: Reason, linked: bool, traps: bool, to_oneself: bool) -> tuple[Verdict, Reason]:
    """Decide what an exit signal does.

    Args:
        reason: The reason it carries.
        linked: Whether it comes through a link and not from `send_exit`.
        traps: Whether the process traps exits at this moment.
        to_oneself: Whether the process sent it to itself.

    Returns:
        The verdict, and the reason that the process dies with or is told.
    """
    is_word = type(reason) is str
    if not linked and (reason == KILL if is_word else means(reason, KILL)):
        return _DEATH, KILLED
    if traps:
        return _MESSAGE, reason
    if not to_oneself and (reason == NORMAL if is_word else means(reason, NORMAL)):
        return _IGNORED, reason
    return _DEATH, reason


def link(one: Cell, other: Cell) -> None:
    """Link two processes; linking twice makes one link."""
    if one.links is None:
        one.links = {}
    if other.links is None:
        other.links = {}
    one.links[other.pid] = other
    other.links[one.pid] = one


def unlink(one: Cell, other: Cell) -> None:
    """Take a link away from both sides."""
    if one.links is not None:
        one.links.pop(other.pid, None)
    if other.links is not None:
        other.links.pop(one.pid, None)
