"""A process whose code runs on another thread: its gate, and how it asks the loop.

Such a process is a record like any other, owned by the loop: its mail, links and monitors live there. Only
its code runs elsewhere. What it does to the world it *posts* to the loop, in order; what it wants to know it
*asks* for and waits; what it receives it takes out of its own mailbox, into which the loop
only ever appends. To wait, it marks itself idle, looks once more, and stops at its gate.

There are two of them: threads that a process was given (`host="thread"`), and guests: threads that came
from elsewhere, such as a REPL, a test or a web handler, and act as a process.

A loop that takes turns with another one has the code of that one on its own thread. What such code does to the
world is done at once, since our loop rests meanwhile; to wait there would be to wait for ever.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, TypeVar, final

from actors import telemetry
from actors._kernel.bounds import BoundedMail
from actors._kernel.frames import uncollected
from actors._kernel.mailbox import NOTHING, Wanted, has_news, take
from actors._kernel.press import press_thread
from actors.errors import NotInProcess
from actors.exits import KILLED, NOPROC, Exit, Killed, means
from actors.messages import Message, TimedOut
from actors.pid import Ref

if TYPE_CHECKING:
    from types import FrameType

    from actors._kernel.cell import Cell, Outcome
    from actors._kernel.scheduler import Scheduler

__all__ = ["Port", "guards", "place"]

_OURS = str(Path(__file__).parent.parent)
_PATIENCE = 1.0
"""Seconds that a killed thread gets to reach a waiting point before its process is buried without it."""
_REFUSALS = 100
_LOOK_UP = 0.25
_SLACK = 0.1
"""Seconds after which a thread ends its wait itself, because the loop is held and does not."""

P = ParamSpec("P")
R = TypeVar("R")

guards: list[Callable[[], object]] = []
"""Asked before a thread that is not the loop's waits; bridges to other loops raise what forbids that."""


@final
class _Question(Generic[R]):
    __slots__ = ("_done", "_error", "_value")

    def __init__(self) -> None:
        self._done = threading.Lock()
        self._done.acquire()
        self._value: list[R] = []
        self._error: BaseException | None = None

    def settle(self, what: Callable[[], R]) -> None:
        try:
            self._value.append(what())
        except BaseException as error:  # noqa: BLE001 - it belongs to the asker, not to the loop
            self._error = error
        self._done.release()

    def answer(self, scheduler: Scheduler) -> R:
        while not self._done.acquire(timeout=_LOOK_UP):
            if scheduler.ended and not self._value and self._error is None:
                message = "the runtime has ended"
                raise NotInProcess(message)
        if self._error is not None:
            raise self._error
        return self._value[0]


class Port:
    """How a thread that is not the loop's acts as one process.

    Args:
        cell: The process.
        carried: Whether the thread was made for this process.
    """

    __slots__ = (
        "_begun",
        "_expired",
        "_gate",
        "_is_told",
        "_looks_at_mail",
        "_seen",
        "_token",
        "carried",
        "cell",
        "in_body",
        "running",
        "thread",
    )

    def __init__(self, cell: Cell, *, carried: bool) -> None:
        self.cell = cell
        self.carried = carried
        self.running = True
        """Cleared by the thread before its last look, set by the loop before it opens the gate."""
        self.thread: int | None = None
        self.in_body = False
        """Whether the thread stands somewhere in the process's code, and an exception would unwind that."""
        self._begun: Ref | None = None
        """The exchange that the loop has begun last; an answer that is there belongs to it."""
        self._token: Ref | None = None
        self._expired: Ref | None = None
        self._is_told = False
        """Whether the thread has heard that its process is to end."""
        self._looks_at_mail = False
        self._seen = 0
        """How many messages of the mailbox a waiting receive has looked at and left."""
        self._gate = threading.Lock()
        self._gate.acquire()

    # -- on the loop ------------------------------------------------------------------------------

    def open(self) -> None:
        """Let the thread look again."""
        self.running = True
        try:
            self._gate.release()
        except RuntimeError:
            # The gate is open already: the thread has not passed it since the last time.
            return

    def expire(self) -> None:
        """Tell the thread that the time of its receive is over."""
        self._expired = self._token
        self.open()

    def condemn(self) -> None:
        """Let the thread unwind; bury a process that was killed soon, thread or no thread."""
        self.open()
        if self.thread is None:
            # It waits for a thread of the pool, or for its own to begin: there is nothing to unwind.
            self.cell.scheduler.post(self.cell.scheduler.bury, self.cell, None)
            return
        reason = None if self.cell.exiting is None else self.cell.exiting[0]
        if means(reason, KILLED):
            self.hurry()

    def hurry(self, seconds: float = _PATIENCE) -> None:
        """Kill the process in so many seconds; if it is on its way out already, bury it then.

        Real seconds, whatever the runtime's clock: they are for a thread that computes or blocks.
        """
        post = self.cell.scheduler.post
        patience = threading.Timer(seconds, post, (self._insist,))
        patience.daemon = True
        try:
            patience.start()
        except RuntimeError:
            # The interpreter is ending and starts no more threads: nobody has that much time left.
            post(self._insist)

    def _insist(self) -> None:
        cell = self.cell
        if self.is_buried():
            return
        if cell.exiting is None:
            cell.scheduler.doom(cell, KILLED)
            return
        with uncollected():
            frame = None if self.thread is None else sys._current_frames().get(self.thread)
        fields = {
            "pid": cell.pid,
            "initial_call": cell.doing,
            "where": place(frame),
            "limit": _PATIENCE,
        }
        telemetry.report(("actors", "process", "stuck"), "error", fields)
        cell.scheduler.bury(cell, None)
        press_thread(self)

    def is_buried(self) -> bool:
        """Tell whether everybody has been told of the process's death."""
        return self.cell.pid.serial not in self.cell.scheduler.cells

    def is_busy(self) -> bool:
        """Tell whether the thread may still post something.

        Not only while it runs: on its way to the gate it is about to look once more.
        """
        cell = self.cell
        if self.running or cell.exiting is not None or cell.answer is not None:
            return True
        if self._expired is not None and self._expired is self._token:
            return True
        mail = cell.mail
        return self._looks_at_mail and mail is not None and has_news(mail, self._seen)

    # -- on the thread ----------------------------------------------------------------------------

    def check(self) -> None:
        """Raise if the process was told to end.

        Raises:
            Exit: It was.
        """
        cell = self.cell
        if cell.exiting is None:
            return
        self._is_told = True
        cell.refusals += 1
        if cell.refusals > _REFUSALS and self.carried:
            self._give_up()
        raise Exit(cell.exiting[0])

    def _give_up(self) -> None:
        """Stand still for ever with code that swallows its end again and again."""
        self.in_body = False
        self.cell.scheduler.post(self._insist)
        while True:
            self._gate.acquire()

    def _check_once(self) -> None:
        """Raise if the process was told to end and does not know yet: it may act then, not wait.

        Raises:
            Exit: It was, or all is over.
        """
        if self.cell.exiting is not None and (not self._is_told or self.is_buried()):
            self.check()

    def check_wait(self) -> None:
        """Refuse to wait where that would hold up another loop.

        Raises:
            WouldBlock: An event loop runs in the calling thread.
        """
        for guard in guards:
            guard()

    def post(self, what: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Have something done on the loop."""
        self._check_once()
        scheduler = self.cell.scheduler
        if scheduler.is_here():
            what(*args, **kwargs)
            scheduler.wakeup.wake()
        else:
            scheduler.post(what, *args, **kwargs)

    def ask(
        self,
        what: Callable[Concatenate[Scheduler, Cell, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Have something done on the loop and return its result."""
        self._check_once()
        cell = self.cell
        if cell.scheduler.is_here():
            try:
                return what(cell.scheduler, cell, *args, **kwargs)
            finally:
                cell.scheduler.wakeup.wake()
        question: _Question[R] = _Question()
        cell.scheduler.post(question.settle, lambda: what(cell.scheduler, cell, *args, **kwargs))
        return question.answer(cell.scheduler)

    def receive(self, wanted: Wanted | None, timeout: float | None) -> Message:
        """Take the oldest message that is wanted, waiting for it if need be; `None` wants any."""
        cell = self.cell
        if timeout is None or timeout > 0.0:
            self.check_wait()
        seen = 0
        token = None
        until = self._until(timeout)
        while True:
            self.check()
            mail = cell.mail
            if mail:
                message, seen = take(mail, object if wanted is None else wanted, seen)
                if message is not NOTHING:
                    if token is not None:
                        self.post(self._forget, token)
                    return message
            if timeout is not None and (timeout <= 0.0 or self._expired is token is not None):
                self._expired = None
                return TimedOut()
            if token is not None and self._is_late(until):
                self.post(self._forget, token)
                return TimedOut()
            if timeout is not None and token is None:
                token = Ref()
                self.post(self._remember, token, cell.scheduler.clock.now() + timeout)
            self._park(seen, token, until)

    def _park(self, seen: int, token: Ref | None, until: float | None) -> None:
        """Wait at the gate unless there is something new since the last look."""
        cell = self.cell
        cell.idle = True
        self._seen = seen
        self._looks_at_mail = True
        self.running = False
        try:
            mail = cell.mail
            if (mail is None or not has_news(mail, seen)) and cell.exiting is None:
                self._stand(token, until)
        finally:
            # Also when Ctrl-C ends the wait of a thread that came from elsewhere.
            self.running = True
            self._looks_at_mail = False
            cell.idle = False

    def _stand(self, token: Ref | None, until: float | None) -> None:
        if token is not None and self._expired is token:
            return
        scheduler = self.cell.scheduler
        if scheduler.clock.is_virtual:
            # The loop may be waiting for exactly this before it lets time jump.
            scheduler.wakeup.wake()
        if until is None:
            self._gate.acquire()
        else:
            left = until - scheduler.clock.now()
            self._gate.acquire(timeout=min(max(left, 0.0), threading.TIMEOUT_MAX))

    def _until(self, timeout: float | None) -> float | None:
        """Return when a wait ends at the latest, whether or not the loop turns; `None` for never.

        A callback may hold the loop for as long as it likes, and with it everybody's deadlines. A thread of
        its own need not wait for that. Virtual time is the loop's alone.
        """
        clock = self.cell.scheduler.clock
        if timeout is None or timeout <= 0.0 or clock.is_virtual:
            return None
        return clock.now() + timeout + _SLACK

    def _is_late(self, until: float | None) -> bool:
        return until is not None and self.cell.scheduler.clock.now() >= until

    def _remember(self, token: Ref, deadline: float) -> None:
        self._token = token
        self.cell.scheduler.deadlines.arm(self.cell, deadline)

    def _forget(self, token: Ref) -> None:
        if self._token is token:
            self._token = None
            self.cell.deadline = None

    def exchange(self, target: Cell, tag: str, request: Message, timeout: float | None) -> Outcome:
        """Send a request and wait for its answer, the target's death, or the end of time."""
        self.check_wait()
        self.check()
        if target.scheduler is not self.cell.scheduler:
            self.cell.scheduler.own(target)
        self.cell.answer = None
        ref = Ref()
        self.post(self._begin_exchange, ref, target, tag, request, timeout)
        return self._await(ref, timeout)

    def await_answer(self, timeout: float | None) -> Outcome:
        """Wait for the end of the exchange that was begun on the loop, where its time is set."""
        self.check_wait()
        return self._await(self._begun, timeout)

    def _await(self, ref: Ref | None, timeout: float | None) -> Outcome:
        cell = self.cell
        until = self._until(timeout)
        while True:
            self.check()
            # In this order: an answer to a call that was given up may still be there until the next is begun.
            answer = cell.answer if self._begun is ref else None
            if answer is not None:
                cell.answer = None
                return answer
            if self._is_late(until):
                self.post(self._give_up_exchange)
                return ("timeout", None)
            self.running = False
            if (cell.answer is None or self._begun is not ref) and cell.exiting is None:
                self._stand(None, until)
            self.running = True

    def _begin_exchange(
        self, ref: Ref, target: Cell, tag: str, request: Message, timeout: float | None
    ) -> None:
        cell = self.cell
        scheduler = cell.scheduler
        if cell.exiting is not None:
            return
        cell.answer = None
        self._begun = ref
        scheduler.expect(cell, target, ref)
        if target.exiting is not None:
            scheduler.answer(cell, ref, "down", NOPROC)
            return
        # Two threads that call each other at once see the circle only here, where their calls are in order.
        chain = scheduler.circle(cell, target)
        if chain is not None:
            scheduler.answer(cell, ref, "circle", ("call_cycle", chain))
            return
        scheduler.deliver(target, (tag, (cell.pid, ref), request))
        if timeout is not None and cell.awaiting is ref:
            scheduler.deadlines.arm(cell, scheduler.clock.now() + timeout)

    def send(self, target: Cell, message: Message) -> Outcome:
        """Send to a process that may have its senders wait, or told that its mailbox is full."""
        self.check()
        self.cell.answer = None
        ref = Ref()
        self.post(self._begin_send, ref, target, message)
        return self._await(ref, None)

    def _begin_send(self, ref: Ref, target: Cell, message: Message) -> None:
        cell = self.cell
        scheduler = cell.scheduler
        if cell.exiting is not None:
            return
        cell.answer = None
        self._begun = ref
        scheduler.expect(cell, target, ref)
        if isinstance(target.mail, BoundedMail) and target.exiting is None:
            target.mail.offer(cell, ref, message)
        else:
            scheduler.dead_letter(target.pid, message, NOPROC)
            scheduler.answer(cell, ref, "down", NOPROC)

    def _give_up_exchange(self) -> None:
        cell = self.cell
        if cell.awaiting is not None:
            cell.scheduler.answer(cell, cell.awaiting, "timeout", None)
        cell.answer = None

    def sleep(self, seconds: float | None) -> None:
        """Wait for time to pass, whatever arrives meanwhile."""
        self.receive(_nothing, seconds)

    def carry(self) -> None:
        """Run the process's code, on the thread that was made for it, until it ends."""
        cell = self.cell
        self.running = True
        self.thread = threading.get_ident()
        error: BaseException | None = None
        try:
            body, cell.body = cell.body, None
            cell.started = True
            self.in_body = True
            self.check()
            if body is not None:
                body()
            while (handler := cell.handler) is not None:
                handler.handle(self.receive(None, cell.rest_for))
        except BaseException as failure:  # noqa: BLE001 - whatever user code raises ends its process only
            error = failure
        self.in_body = False
        try:
            self._be_buried(error)
        except Killed:
            # It was set just before the line above, and is raised at the first call after it.
            self._be_buried(error)

    def _be_buried(self, error: BaseException | None) -> None:
        cell = self.cell
        cell.scheduler.post(cell.scheduler.bury, cell, error)


def place(frame: FrameType | None) -> str:
    """Return file, line and function of the innermost line of user code that a thread stands on."""
    innermost = frame
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OURS):
            return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return (
        "unknown" if innermost is None else f"{innermost.f_code.co_filename}:{innermost.f_lineno}"
    )


def _nothing(_: Message) -> bool:
    return False
