"""Mailboxes with a bound: what happens to a message that finds a mailbox full.

A bound is an option of a process, `Bounded(limit, when_full)`, and its sender sees the policy: it is told
(`"raise"`), it waits until there is room (`"wait"`), or something is dropped: its message
(`"drop_newest"`) or the oldest one in the mailbox (`"drop_oldest"`).

What the runtime itself has to say finds room always and drops nothing: exits, downs, timeouts, timers,
replies, system requests, and what groups, registries, event managers and stages tell those who listen.
So a full mailbox never hides a death, and a supervisor can always stop its owner.

The bound costs other processes nothing. Such a process has, from its birth to its death, a mailbox of this
class in place of a deque, so that whoever appends to a mailbox, or takes from it, does here what
the policy says, without having been asked to look (`tests.bench` names: cast, call). The alternative
refused is a look at every append, which every message of every process would pay for.

    sender: append ─> room? ────────────────────────────> in the mailbox
                      full, "wait": a line of senders, first come first served ─> its stack is set aside
    owner:  popleft, take ─> room ─> the first of the line gets in, and is resumed

A sender that waits counts as one that *calls* the owner: its death ends the wait, the message being lost
as any message to a dead process is, and a circle of such waits, through calls or full mailboxes, is
found when it would close and refused by name.

All of it runs on the loop, save that a process with a thread of its own takes its messages itself. It looks for
senders that wait *after* it has taken one; the loop looks for room once more *after* it has put a sender
into the line. Whichever comes second lets the sender in.
(`test_a_sender_is_never_left_behind_by_a_thread_that_takes`)

Source: Hewitt's actors have no bound and Erlang's neither; Akka's bounded mailboxes and Reactive Streams
    name the four policies: https://doc.akka.io/docs/akka/current/typed/mailboxes.html
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Literal, SupportsIndex, TypeAlias, final

from actors import telemetry
from actors._envelopes import CALL, REPLY, SYSTEM
from actors.errors import BadArgument, MailboxFull, SendCycle
from actors.messages import Down, Exited, Message, TimedOut
from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from actors._kernel.cell import Cell

__all__ = ["DEAD_LETTER", "Bounded", "BoundedMail", "MailboxStats", "WhenFull", "force"]

WhenFull: TypeAlias = Literal["raise", "wait", "drop_newest", "drop_oldest"]
"""What happens to a message that finds a mailbox full."""

_POLICIES = ("raise", "wait", "drop_newest", "drop_oldest")
_ANSWERED = frozenset({REPLY, SYSTEM})
_RUNTIMES = frozenset({Down, Exited, TimedOut})

DEAD_LETTER: telemetry.Event = ("actors", "mailbox", "dead_letter")
HIGH_WATER: telemetry.Event = ("actors", "mailbox", "high_water")
DROPPING: telemetry.Event = ("actors", "mailbox", "dropping")


@final
@dataclass(frozen=True, slots=True)
class Bounded:
    """A bound for the mailbox of a process. Checked when made.

    Exits, downs, timeouts, timers, replies, system requests and what servers of the library tell their
    listeners are never dropped and never wait; they count as messages that are there.

    Raises:
        BadArgument: It is no number of messages, or there is no such policy.

    Example:
        >>> Bounded(100, "drop_oldest")
        Bounded(limit=100, when_full='drop_oldest')
    """

    limit: int
    """How many messages may wait, 1 or more."""
    when_full: WhenFull = "wait"
    """`"raise"`: the sender gets `MailboxFull`; `"wait"`: it waits for room; `"drop_newest"`,
    `"drop_oldest"`: a message is lost, and counted. The caller of a call whose request is lost or
    refused gets `ServerFull` at once."""

    def __post_init__(self) -> None:
        if not isinstance(self.limit, int) or isinstance(self.limit, bool) or self.limit < 1:
            raise BadArgument("limit", self.limit, "a number of messages, 1 or more")
        if not isinstance(self.when_full, str) or self.when_full not in _POLICIES:
            raise BadArgument("when_full", self.when_full, f"one of {_POLICIES}")


@final
@dataclass(frozen=True, slots=True)
class MailboxStats:
    """How a bounded mailbox stands."""

    limit: int
    """How many messages it takes."""
    when_full: WhenFull
    """What happens to more."""
    length: int
    """How many are there."""
    high_water: int
    """How many there have been at most."""
    dropped: int
    """How many were dropped or refused since the process was started."""
    waiting: int
    """How many senders wait for room."""


_Entry: TypeAlias = "tuple[Cell, Ref, Message, bool]"
"""Who waits, with what reference, to say what, and whether it is told when it is in."""


@final
class BoundedMail(deque[Message]):
    """The mailbox of a process that has a bound.

    Args:
        cell: The process.
        bound: Its bound.
    """

    __slots__ = (
        "_dropping",
        "_kept",
        "_lock",
        "arrivals",
        "bound",
        "cell",
        "dropped",
        "high_water",
        "line",
    )

    def __init__(self, cell: Cell, bound: Bounded) -> None:
        super().__init__()
        self.cell = cell
        self.bound = bound
        self.arrivals = 0
        """How many messages have come in; tells a receive what is new, whatever was dropped."""
        self.high_water = 0
        self.dropped = 0
        self.line: deque[_Entry] = deque()
        """The senders that wait, the longest waiting first."""
        self._dropping = False
        self._kept: dict[int, int] = {}
        """How often a message is here that must not be dropped and does not look it: by its identity."""
        self._lock = Lock()
        """Held by whoever takes a message from elsewhere than the left, or drops one."""

    @property
    def stats(self) -> MailboxStats:
        """What can be seen of it."""
        return MailboxStats(
            limit=self.bound.limit,
            when_full=self.bound.when_full,
            length=len(self),
            high_water=self.high_water,
            dropped=self.dropped,
            waiting=len(self._living()),
        )

    # -- on the loop: messages come in ------------------------------------------------------------

    def append(self, message: Message) -> None:
        """Take a message in, or do what the policy says.

        Raises:
            MailboxFull: It does not fit and the sender is to know.
            SendCycle: The sender would wait, through others, for itself.
            Exit: The sender was told to end while it waited.
        """
        if (len(self) < self.bound.limit and not self.line) or _is_exempt(message):
            self.put(message)
            return
        caller = _caller_of(message)
        if caller is not None:
            self._take_call(caller, message)
            return
        sender = self.cell.scheduler.current
        match self.bound.when_full:
            case "wait" if sender is not None:
                self._hold(sender, message)
            case "raise" if sender is not None:
                self.dropped += 1
                raise MailboxFull(self.cell.pid, self.bound.limit)
            case "drop_oldest":
                self._drop_oldest(message)
            case _:
                self._lose(message)

    def offer(self, sender: Cell, ref: Ref, message: Message) -> None:
        """Do for a sender on another thread that is to be told what `append` does; answer its exchange."""
        scheduler = self.cell.scheduler
        if len(self) < self.bound.limit and not self.line:
            self._let_in(message)
            scheduler.answer(sender, ref, "reply", None)
        elif self.bound.when_full == "raise":
            self.dropped += 1
            scheduler.answer(sender, ref, "full", self.bound.limit)
        else:
            chain = self._circle(sender)
            if chain is not None:
                scheduler.answer(sender, ref, "circle", (self.bound.limit, chain))
                return
            self._queue((sender, ref, message, True))

    def put(self, message: Message) -> None:
        """Take a message in that is never refused."""
        self.arrivals += 1
        super().append(message)
        size = len(self)
        self.high_water = max(self.high_water, size)
        if size == self.bound.limit and telemetry.is_heard(HIGH_WATER):
            numbers = {"length": size, "limit": self.bound.limit}
            telemetry.emit(HIGH_WATER, numbers, self._who())

    def _hold(self, sender: Cell, message: Message) -> None:
        """Set the running sender aside until its message is in, or nobody is there to take it."""
        scheduler = self.cell.scheduler
        chain = self._circle(sender)
        if chain is not None:
            raise SendCycle(self.cell.pid, self.bound.limit, chain)
        if sender.exiting is not None:
            scheduler.refuse(sender)
        ref = Ref()
        scheduler.expect(sender, self.cell, ref)
        self._queue((sender, ref, message, True))
        if sender.awaiting is ref:
            scheduler.await_answer(sender, None)
        else:
            # A thread has made room meanwhile, and the answer is there before the wait.
            scheduler.ready.remove(sender)
        sender.answer = None

    def _circle(self, sender: Cell) -> list[Pid] | None:
        """Return who waits for whom if the owner waits, through others, for a sender that would wait."""
        if sender is self.cell:
            return [sender.pid, sender.pid]
        return self.cell.scheduler.circle(sender, self.cell)

    def _take_call(self, caller: _Entry, message: Message) -> None:
        """Have a call wait for room, which it does anyway; or tell its caller that there is none."""
        match self.bound.when_full:
            case "wait":
                self._queue(caller)
            case "drop_oldest":
                self._drop_oldest(message)
            case _:
                self._refuse_call(caller)

    def _refuse_call(self, caller: _Entry) -> None:
        cell, ref, message, _ = caller
        self._count(message)
        self.cell.scheduler.answer(cell, ref, "full", self.bound.limit)

    def _lose(self, message: Message) -> None:
        """Drop a message; the caller of a call is told."""
        caller = _caller_of(message)
        if caller is not None:
            self._refuse_call(caller)
        else:
            self._count(message)

    def _drop_oldest(self, message: Message) -> None:
        """Make room for a message by the oldest that may be dropped; if there is none, drop it."""
        with self._lock:
            index = next((i for i, each in enumerate(self) if self._may_go(each)), None)
            oldest = None if index is None else self[index]
            if index is not None:
                super().__delitem__(index)
        if index is None:
            self._lose(message)
            return
        self._lose(oldest)
        self._let_in(message)

    def _may_go(self, message: Message) -> bool:
        return id(message) not in self._kept and not _is_exempt(message)

    def keep(self, message: Message) -> None:
        """Take in what the runtime has to say that looks like any message: a timer's, a reply."""
        with self._lock:
            self._kept[id(message)] = self._kept.get(id(message), 0) + 1
            self._let_in(message)

    def _count(self, message: Message) -> None:
        """Count a message that is lost, and say so when that begins."""
        self.dropped += 1
        if not self._dropping:
            self._dropping = True
            fields = {**self._who(), "limit": self.bound.limit, "dropped": self.dropped}
            telemetry.report(DROPPING, "warning", fields)
        self.cell.scheduler.dead_letter(self.cell.pid, message, "dropped")

    def _queue(self, entry: _Entry) -> None:
        self.line.append(entry)
        if len(self) < self.bound.limit:
            # Room was made by a thread that took a message before it could see this one in the line.
            self.admit()

    def admit(self) -> None:
        """Let senders in that wait, as far as there is room."""
        scheduler = self.cell.scheduler
        while self.line and len(self) < self.bound.limit:
            sender, ref, message, is_told = self.line.popleft()
            if sender.awaiting is not ref:
                continue
            self._let_in(message)
            if is_told:
                scheduler.answer(sender, ref, "reply", None)

    def _let_in(self, message: Message) -> None:
        self.put(message)
        cell = self.cell
        if cell.idle:
            cell.idle = False
            cell.scheduler.ready.append(cell)

    # -- messages go out; for a process with a thread of its own, on that thread ------------------

    def popleft(self) -> Message:
        """Take the oldest message, and let the next sender in."""
        message = super().popleft()
        if self._kept:
            self._forget(message)
        self._make_room()
        return message

    def __delitem__(self, index: SupportsIndex) -> None:  # type: ignore[override] # never a slice
        message = self[index]
        super().__delitem__(index)
        self._forget(message)
        self._make_room()

    def since(self, count: int) -> tuple[int, tuple[Message, ...]]:
        """Return how many messages have come, and those that are here of the ones after so many."""
        # Counted before and after, since the loop may append between two lines of a thread: what came
        # meanwhile is looked at now if it can be seen, and in any case the next time.
        seen = self.arrivals
        line = tuple(self)
        return seen, line[max(len(line) - (self.arrivals - count), 0) :]

    def take_out(self, message: Message) -> bool:
        """Take a message if it is still here: others may have been dropped, so that places move."""
        with self._lock:
            index = next((i for i, each in enumerate(self) if each is message), None)
            if index is None:
                return False
            super().__delitem__(index)
            self._forget(message)
        self._make_room()
        return True

    def _forget(self, message: Message) -> None:
        """Note that a message that must not be dropped has been taken."""
        left = self._kept.get(id(message), 0) - 1
        if left > 0:
            self._kept[id(message)] = left
        else:
            self._kept.pop(id(message), None)

    def _make_room(self) -> None:
        if len(self) * 2 < self.bound.limit:
            self._dropping = False
        if not self.line:
            return
        if self.cell.port is None:
            self.admit()
        else:
            self.cell.scheduler.post(self.admit)

    def clear(self) -> None:
        """Forget everything, at the death of the process; its callers are told by that."""
        super().clear()
        self._kept.clear()
        scheduler = self.cell.scheduler
        line, self.line = self.line, deque()
        for sender, ref, message, is_told in line:
            if is_told and sender.awaiting is ref:
                scheduler.dead_letter(self.cell.pid, message, "noproc")

    def _living(self) -> list[_Entry]:
        return [entry for entry in self.line if entry[0].awaiting is entry[1]]

    def _who(self) -> dict[str, object]:
        cell = self.cell
        return {"pid": cell.pid, "name": cell.name, "when_full": self.bound.when_full}


def force(cell: Cell, message: Message) -> None:
    """Put a message into a mailbox that may have a bound, which does not hold for it."""
    mail = cell.mail
    if type(mail) is BoundedMail:
        mail.keep(message)
    else:
        cell.scheduler.deliver(cell, message)


def _is_exempt(message: Message) -> bool:
    if type(message) in _RUNTIMES:
        return True
    return type(message) is tuple and len(message) > 0 and _is_tag(message[0])


def _is_tag(tag: object) -> bool:
    return type(tag) is str and tag in _ANSWERED


def _caller_of(message: Message) -> _Entry | None:
    """Return who waits for the answer to a message, if it is a call that somebody waits in."""
    if type(message) is not tuple or len(message) != 3 or message[0] is not CALL:  # noqa: PLR2004 - a call
        return None
    match message[1]:
        case (Pid() as pid, Ref() as ref) if pid._cell is not None and pid._cell.awaiting is ref:
            return pid._cell, ref, message, False
        case _:
            return None
