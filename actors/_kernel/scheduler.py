"""The loop: who runs next, on which stack, and what the loop does when nobody can.

A process at rest has no stack. The loop takes the longest waiting ready process and calls its handler
for each of its messages, on the loop's own stack. Only when that callback waits is the stack set
aside for it, and a parked one from `_spare` (or a fresh one) goes on being the loop; when the callback is resumed
and ends, its stack simply is a loop stack again. So a message costs no switch and a call costs two.

    A calls B:   A's stack is set aside --switch--> a spare stack runs the loop: B's handler, its reply
                 makes A ready --switch--> A's stack goes on

Bodies are run the same way: a body that never waits never owns a stack.

Fresh stacks are started from the root, which stands at the bottom of the C stack. Started where the
need arises, each would begin on top of the one that waits, and some thousand waiting processes would overflow it.

Source: Lauer and Needham, "On the Duality of Operating System Structures" (1978); the stack that moves to
whoever waits is that of the Mach kernel's continuations (Draves et al., 1991).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from actors import telemetry
from actors._kernel.bounds import force
from actors._kernel.cell import Body, Cell, Outcome
from actors._kernel.clock import Choice, Clock
from actors._kernel.mailbox import NOTHING, Wanted, take
from actors._kernel.relations import SPARE_MAIL, Relations
from actors._kernel.switch import (
    Stack,
    Unwind,
    context_of,
    current_stack,
    keep_for_ever,
    lower,
    switch_to,
)
from actors._kernel.timers import Timer
from actors._kernel.wakeup import Wakeup
from actors.errors import NotInProcess, WouldBlock
from actors.exits import KILLED, NORMAL, Crash, Exit, ExitsWith, reason_of
from actors.exits import Stack as Trace
from actors.isolation import Isolation, crossing
from actors.messages import Message, TimedOut
from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from actors.exits import Reason

__all__ = ["Abandoned", "Scheduler"]

P = ParamSpec("P")
R = TypeVar("R")

_CRASH = ("actors", "process", "crash")
_BATCH = 64
_LOOK_UP = 15
_STACKS = 32
_STEPS = 4
_REFUSALS = 100
_FAILURES = 8
_TIMED_OUT = TimedOut()


class Scheduler(Relations):
    """One loop on one thread, and the processes that live on it.

    Args:
        clock: Where the time comes from.
        wakeup: How the loop sleeps.
        choice: Which ready process runs next; `None` for the one that has waited longest.
        isolation: What becomes of values that cross between processes.
    """

    def __init__(
        self,
        clock: Clock,
        wakeup: Wakeup,
        choice: Choice | None = None,
        isolation: Isolation = "copy",
    ) -> None:
        super().__init__(crossing(isolation))
        self.nobody = Cell(self, Pid(0), _never, "finalizers")
        self.nobody.exiting = (NORMAL,)
        self.clock = clock
        self.wakeup = wakeup
        self.now: Callable[[], float] = clock.now
        self.choice = choice
        self.inbox: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self.carried: dict[Cell, None] = {}
        """Processes whose code runs on a thread of its own."""
        self.turns = 0
        self.resting = False
        self.closed = False
        self.ended = False
        """Whether the loop has turned for the last time, so that nobody hears what is posted."""
        self.abandoned = False
        """Whether this is a forked child's copy, which belongs to the parent."""
        self.on_idle: Callable[[], bool] = _never
        """Asked when nobody can run and no deadline is set; tells whether it changed anything."""
        self.main: Cell | None = None
        """The process whose end is that of the runtime."""
        self.on_end: Callable[[], object] = _never
        """Told when that one is dead and buried."""
        self.on_failure: Callable[[BaseException], None] = _raise
        """Told what was raised on the loop itself: by a signal handler, or by a driver."""
        self.thread = 0
        """The thread that is the loop; 0 while none is."""
        self.give_way: Callable[[], object] | None = None
        """Called every few turns by a loop that shares its thread with another."""
        self.hurry: Callable[[], object] = wakeup.wake
        """Have a turn as soon as may be; called on the loop's thread by code beside the loop."""
        self.visited = False
        """Whether code of an event loop has acted as a process, and may do so again."""
        self.abroad = 0
        """How many processes wait for work of theirs that is done elsewhere, so that time must not jump."""
        self._batch = _BATCH if choice is None else 1
        self._root: Stack = current_stack()
        self._spare: deque[Stack] = deque()
        self._given_up: list[Stack] = []
        self._failures = 0
        self._is_next_lower = True

    # -- starting processes -----------------------------------------------------------------------

    def spawn(self, body: Body, doing: str, parent: Cell | None, context: Context | None) -> Cell:
        """Make a process that runs a body at its first turn."""
        self._serial += 1
        pid = Pid(self._serial)
        cell = Cell(self, pid, body, doing)
        pid._cell = cell
        cell.context = context
        cell.parent = None if parent is None else parent.pid
        self.cells[self._serial] = cell
        return cell

    def begin(self, cell: Cell) -> None:
        """Let a process that was spawned have its first turn."""
        self.ready.append(cell)

    def inherited(self) -> Context | None:
        """Return a copy of the context of the code that runs now, `None` if it has set nothing."""
        context: Context | None = context_of(current_stack())
        return None if context is None else context.copy()

    # -- the loop ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Be the loop, on the calling thread, until `closed`."""
        self._root = current_stack()
        self.thread = get_ident()
        try:
            while not (self.closed and self.is_quiet()):
                self._turn_on()
        finally:
            self.ended = True
            self._take_down(keep=0)

    def _turn_on(self) -> None:
        # Stacks that begin at one depth of the C stack are copied away and back whenever one follows the other.
        # Half of them begin lower, so that a caller and the loop seldom share a place; `tests.bench call`.
        self._is_next_lower = not self._is_next_lower
        try:
            # Comes back whenever a fresh stack is needed, and when the loop has ended.
            lower(_STEPS if self._is_next_lower else 0, Stack(self._loop, self._root).switch)
        except Abandoned as end:
            self.on_failure(end.__cause__ or end)
        except BaseException as error:
            self.current = None
            self.resting = False
            self._failures += 1
            if self._failures > _FAILURES:
                raise
            self.on_failure(error)

    def is_quiet(self) -> bool:
        """Tell whether nothing is left to be done."""
        return not (self.ready or self.doomed or self.inbox)

    def _loop(self) -> None:
        me = current_stack()
        ready = self.ready
        inbox = self.inbox
        doomed = self.doomed
        spare = self._spare
        choice = self.choice
        while True:
            if doomed:
                self._unwind(doomed.popleft(), me)
                continue
            if inbox:
                self._take_in()
                if doomed:
                    continue
            if not ready:
                if self.closed:
                    return
                self._rest()
                continue
            self.turns = turns = self.turns + 1
            if not turns & _LOOK_UP:
                self._fire_due()
                if self.give_way is not None:
                    self.give_way()
                    if doomed or not ready:
                        # The other loop's code may have ended somebody meanwhile.
                        continue
            cell = ready.popleft() if choice is None else self._choose(choice)
            stack = cell.stack
            if stack is not None:
                # A condemned one gets here only after it was unwound, without a stack.
                spare.append(me)
                cell.stack = None
                self.current = cell
                switch_to(stack)
            elif cell.exiting is not None:
                continue
            elif cell.port is not None:
                cell.port.open()
            elif cell.body is None:
                self._serve(cell, me)
            else:
                self._begin(cell, me)

    def _choose(self, choice: Choice) -> Cell:
        index = choice.pick(len(self.ready))
        cell = self.ready[index]
        del self.ready[index]
        return cell

    def _serve(self, cell: Cell, me: Stack) -> None:
        """Have a handler's process handle its mail."""
        # The corridor of every message; `tests.bench` names: cast, call, ring.
        if cell.context is not None:
            me.gr_context = cell.context
        self.current = cell
        mail = cell.mail
        handler = cell.handler
        if mail and handler is not None:
            cell.deadline = None
            left = self._batch
            try:
                while handler is not None:
                    handler.handle(mail.popleft())
                    left -= 1
                    if not mail or not left:
                        break
                    # It may have given itself another one, as a process that is debugged does.
                    handler = cell.handler
            except BaseException as error:  # noqa: BLE001 - whatever user code raises ends its process only
                self._leave(cell, me, error)
                return
        left_behind: Context | None = context_of(me)
        if left_behind is not None:
            cell.context = left_behind
            me.gr_context = None
        self.current = None
        if cell.exiting is not None:
            self.bury(cell, None)
        elif not mail and type(mail) is deque and cell.rest_for is None:
            # One with a bound is of another type, and stays.
            cell.mail = None
            if len(self.spare_mail) < SPARE_MAIL:
                self.spare_mail.append(mail)
            cell.idle = True
        else:
            self._settle(cell)

    def _begin(self, cell: Cell, me: Stack) -> None:
        """Run a process's body; afterwards it ends, unless it has given itself a handler."""
        if cell.context is not None:
            me.gr_context = cell.context
        self.current = cell
        body, cell.body = cell.body, None
        cell.started = True
        try:
            if body is not None:
                body()
        except BaseException as error:  # noqa: BLE001 - whatever user code raises ends its process only
            self._leave(cell, me, error)
            return
        if cell.handler is None or cell.exiting is not None:
            self._leave(cell, me, None)
            return
        left_behind: Context | None = context_of(me)
        if left_behind is not None:
            cell.context = left_behind
            me.gr_context = None
        self.current = None
        self._settle(cell)

    def _leave(self, cell: Cell, me: Stack, error: BaseException | None) -> None:
        # A listener may set variables too: the stack is cleaned after everything that can run one.
        self.bury(cell, error)
        self.current = None
        me.gr_context = None

    def _settle(self, cell: Cell) -> None:
        """Let a handler's process rest until there is mail, or have another turn."""
        mail = cell.mail
        if mail:
            self.ready.append(cell)
            return
        if type(mail) is deque:
            cell.mail = None
            self.give_back(mail)
        cell.idle = True
        rest_for = cell.rest_for
        if rest_for is not None:
            if rest_for <= 0.0:
                self.deliver(cell, _TIMED_OUT)
            else:
                self.deadlines.arm(cell, self.now() + rest_for)

    def bury(self, cell: Cell, error: BaseException | None) -> None:
        """Bury a process whose code has ended, for whatever cause."""
        if self.abandoned:
            # Whoever is linked to it lives on in the parent, and must not be unwound here.
            raise Abandoned from error
        if cell.exiting is None:
            reason = NORMAL if error is None else self._reason_of(cell, error)
            # Whoever listens to the report may have ended it meanwhile.
            if cell.exiting is None:
                self.release(cell, reason)
        self.finish(cell)

    def _reason_of(self, cell: Cell, error: BaseException) -> Reason:
        try:
            reason = reason_of(error)
        except BaseException:  # noqa: BLE001 - an exception whose own attributes raise
            reason = Crash(error, Trace(()))
        try:
            if not issubclass(type(error), (Exit, ExitsWith)):
                self.report_crash(cell, reason)
        except BaseException as failure:  # noqa: BLE001 - a listener must never harm the loop
            telemetry.emit(("actors", "loop", "failed"), {}, {"error": failure})
        return reason

    def interrupted(self, error: KeyboardInterrupt) -> None:
        """Tell the runtime, once the death that goes on is complete."""
        self.post(self.on_failure, error)

    def finish(self, cell: Cell) -> None:
        """Do the second half of a death, and tell whoever brings the runtime to its end."""
        if cell.port is not None:
            self.carried.pop(cell, None)
        # What it leaves may have finalizers.
        current, self.current = self.current, self.nobody
        try:
            Relations.finish(self, cell)
        finally:
            self.current = current
        if cell is self.main:
            self.on_end()

    def hasten(self, cell: Cell) -> None:
        """Bury a process whose thread was told to end and does not, after a last short wait."""
        if cell.port is not None and cell.port.carried:
            cell.port.hurry()

    def report_crash(self, cell: Cell, reason: Reason) -> None:
        """Tell the logs of a body that raised; behaviours tell more, and do it themselves."""
        if type(reason) is Crash and telemetry.is_reported(_CRASH, "error"):
            fields = {
                "pid": cell.pid,
                "name": cell.name,
                "label": cell.label,
                "initial_call": cell.doing,
                "reason": reason,
                "parent": cell.parent,
            }
            telemetry.report(_CRASH, "error", fields)

    # -- waiting ----------------------------------------------------------------------------------

    def wait(self, cell: Cell) -> None:
        """Set the running process's stack aside until somebody makes it ready.

        Raises:
            Exit: The process was told to end; also at every later attempt to wait.
        """
        if cell.exiting is not None:
            self.refuse(cell)
        # What may find no room, on a stack that is nearly full, comes before anything has changed.
        me = current_stack()
        stack = self._next_stack()
        cell.stack = me
        try:
            switch_to(stack)
        finally:
            if cell.stack is not None:
                self._stay(cell, stack)
        if cell.exiting is not None:
            raise Exit(cell.exiting[0])

    def _stay(self, cell: Cell, stack: Stack) -> None:
        """Undo the step of a process that could not leave its stack, as for want of memory: it goes on."""
        if self.ended:
            # It is not going on: it is what is left of a loop, and is collected.
            return
        following = self.current
        if following is not None:
            following.stack = stack
            self.ready.appendleft(following)
        elif stack is not self._root:
            self._spare.append(stack)
        cell.stack = None
        self.current = cell

    def _next_stack(self) -> Stack:
        """Return where to go on when a process waits: at whoever is next, or else at the loop.

        Where the loop would do nothing but go on at the stack of the next process, that makes one switch of two;
        `tests.bench` names: ring_receive.
        """
        if (
            self.ready
            and self.turns & _LOOK_UP != _LOOK_UP
            and self.choice is None
            and not (self.doomed or self.inbox)
        ):
            following = self.ready[0]
            stack = following.stack
            if stack is not None:
                self.ready.popleft()
                self.turns += 1
                self.current = following
                following.stack = None
                return stack
        onward: Stack = self._spare.pop() if self._spare else self._root
        self.current = None
        return onward

    def refuse(self, cell: Cell) -> None:
        """Raise in a process that is dead and wants to go on living.

        Raises:
            Exit: The process was told to end.
            NotInProcess: It is a finalizer of what somebody else has left.
            WouldBlock: It is told to do something without waiting.
        """
        if cell.refusals < 0:
            message = "what a report shows is written without waiting: no receive, call or sleep"
            raise WouldBlock(message)
        if cell is self.nobody:
            message = "a finalizer cannot wait: it runs in the turn of whoever drops or collects what others left"
            raise NotInProcess(message)
        cell.refusals += 1
        if cell.refusals > _REFUSALS and cell.port is None and self.current is cell:
            self.give_up(cell)
        raise Exit(cell.exiting[0] if cell.exiting is not None else NORMAL)

    def without_waiting(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call something in the running process that may do all but wait, such as a `__repr__` in a report.

        Its turn is that of a double, which counts as dead, so that every wait looks at it more closely.
        """
        cell = self.current
        if cell is None or cell is self.nobody or cell.refusals < 0:
            return function(*args, **kwargs)
        double = Cell(self, cell.pid, cell.body or _never, cell.doing)
        double.exiting = (NORMAL,)
        double.refusals = -1
        double.name, double.dictionary, double.context = cell.name, cell.dictionary, cell.context
        double.parent, double.ancestors, double.kin = cell.parent, cell.ancestors, cell.kin
        self.current = double
        try:
            return function(*args, **kwargs)
        finally:
            self.current = cell

    def give_up(self, cell: Cell) -> None:
        """Never resume a process that swallows its end again and again.

        Its stack is kept: dropped, it would be unwound wherever the collector runs, in somebody else's turn.
        """
        self._given_up.append(current_stack())
        # Told of on the loop's stack, where there is room for it.
        self.inbox.append((self.finish, (cell,)))
        stack = self._spare.pop() if self._spare else self._root
        self.current = None
        switch_to(stack)

    def receive(self, cell: Cell, wanted: Wanted | None, timeout: float | None) -> Message:
        """Take the oldest message that is wanted, waiting for it if need be; `None` wants any."""
        if cell.exiting is not None:
            self.refuse(cell)
        seen = 0
        cell.answer = None
        if timeout is not None and timeout > 0.0:
            self.deadlines.arm(cell, self.now() + timeout)
        while True:
            mail = cell.mail
            if mail:
                if wanted is None:
                    cell.deadline = None
                    return mail.popleft()
                message, seen = take(mail, wanted, seen)
                if message is not NOTHING:
                    cell.deadline = None
                    return message
            # Its deadline may have come while it was ready, because of mail that it does not want.
            if cell.answer is not None or (
                timeout is not None and (timeout <= 0.0 or cell.deadline is None)
            ):
                cell.answer = None
                return _TIMED_OUT
            # Each wait says what it waits for and until when, whatever one that has failed has left.
            if timeout is None:
                cell.deadline = None
            cell.awaiting = None
            cell.idle = True
            try:
                self.wait(cell)
            finally:
                cell.idle = False

    def exchange(
        self, cell: Cell, target: Cell, tag: str, request: Message, timeout: float | None
    ) -> Outcome:
        """Send a request and wait for its answer, the target's death, or the end of time."""
        # `expect`, `deliver` and `await_answer`, written out, because a call is nothing but this: it
        # takes 8 % less time (`tests.bench call`, in turns with the plain form).
        if cell.exiting is not None:
            self.refuse(cell)
        stack = self._root
        try:
            cell.awaiting = ref = Ref.__new__(Ref)
            cell.calling = target
            if cell.listed is not target:
                self.enlist(cell, target)
            mail = target.mail
            if mail is None:
                spare_mail = self.spare_mail
                target.mail = mail = spare_mail.pop() if spare_mail else deque()
            mail.append((tag, (cell.pid, ref), request))
            if target.idle:
                target.idle = False
                self.ready.append(target)
            if timeout is None:
                cell.deadline = None
            else:
                deadline = self.now() + timeout
                armed = cell.armed
                if armed is None or deadline < armed:
                    self.deadlines.arm(cell, deadline)
                else:
                    cell.deadline = deadline
            me = current_stack()
            ready = self.ready
            if len(ready) > 1:
                stack = self._next_stack()
            else:
                # Most often that one is the server, which has no stack.
                spare = self._spare
                stack = spare.pop() if spare else self._root
                self.current = None
            cell.stack = me
            switch_to(stack)
        finally:
            if cell.awaiting is not None:
                # Its request is as one that was given up, if it was sent at all.
                cell.awaiting = cell.calling = cell.deadline = None
                if cell.stack is not None:
                    self._stay(cell, stack)
        if cell.exiting is not None:
            raise Exit(cell.exiting[0])
        answer, cell.answer = cell.answer, None
        return answer if answer is not None else ("timeout", None)

    def await_answer(self, cell: Cell, timeout: float | None) -> Outcome:
        """Wait for the end of the exchange that `expect` began."""
        try:
            if timeout is None:
                cell.deadline = None
            else:
                self.deadlines.arm(cell, self.now() + timeout)
            self.wait(cell)
        finally:
            if cell.awaiting is not None:
                # It could not even begin to wait.
                cell.awaiting = cell.calling = cell.deadline = None
        answer, cell.answer = cell.answer, None
        return answer if answer is not None else ("timeout", None)

    def sleep(self, cell: Cell, seconds: float | None) -> None:
        """Wait for time to pass, whatever arrives meanwhile."""
        if cell.exiting is not None:
            self.refuse(cell)
        cell.awaiting = Ref.__new__(Ref)
        self.await_answer(cell, seconds)

    # -- time -------------------------------------------------------------------------------------

    def _fire_due(self) -> None:
        deadlines = self.deadlines
        if not len(deadlines):
            return
        now = self.now()
        while (item := deadlines.due(now)) is not None:
            if isinstance(item, Timer):
                self._fire_timer(item)
            else:
                self._fire_deadline(item)

    def _fire_timer(self, timer: Timer) -> None:
        timer.live = False
        self.drop_timer(timer.ref)
        cell = self.resolve(timer.dest)
        if cell is not None:
            force(cell, timer.message)

    def _fire_deadline(self, cell: Cell) -> None:
        if cell.awaiting is not None:
            self.answer(cell, cell.awaiting, "timeout", None)
        elif cell.port is not None:
            cell.port.expire()
        elif cell.idle:
            if cell.stack is None:
                # Or else it is what a wait has left that failed, and nobody asked to be told.
                if cell.rest_for is not None:
                    self.deliver(cell, _TIMED_OUT)
            else:
                cell.idle = False
                cell.answer = ("timeout", None)
                self.ready.append(cell)

    def _rest(self) -> None:
        """Sleep until the next deadline or until somebody outside has something to say."""
        if len(self._spare) > _STACKS:
            self._take_down(keep=_STACKS)
        self._fire_due()
        if self.ready or self.inbox or self.doomed:
            return
        deadline = self.deadlines.soonest()
        # The inbox last: a thread that was busy a moment ago posts before it parks.
        if deadline is None and not self._is_busy() and not self.inbox and self.on_idle():
            return
        self.resting = True
        if not self.clock.is_virtual:
            self.wakeup.sleep(None if deadline is None else deadline - self.now())
        elif deadline is None or self._is_busy():
            self.wakeup.sleep(None)
        elif not self.inbox:
            self.clock.advance_to(deadline)
        self.resting = False

    def _is_busy(self) -> bool:
        """Tell whether the code of a process runs on another thread, so that time must not jump.

        Whoever parks has posted everything it had to say before, so after this the inbox is the truth.
        """
        return self.abroad > 0 or any(
            cell.port is not None and cell.port.is_busy() for cell in self.carried
        )

    # -- from outside -----------------------------------------------------------------------------

    def post(self, what: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Have something done on the loop's thread soon; from any thread, in order."""
        self.inbox.append((partial(what, **kwargs) if kwargs else what, args))
        self.wakeup.wake()

    def is_here(self) -> bool:
        """Tell whether the caller is on the loop's thread."""
        return self.thread == get_ident() and not self.ended

    def _take_in(self) -> None:
        """Do what was posted until now; what is posted meanwhile waits until others had a turn."""
        inbox = self.inbox
        self.current = None
        for _ in range(len(inbox)):
            what, args = inbox.popleft()
            try:
                what(*args)
            except BaseException as error:  # noqa: BLE001 - one failed post must not stop the loop
                telemetry.emit(("actors", "loop", "failed"), {}, {"error": error})
        stack = current_stack()
        if stack.gr_context is not None:
            # What a listener has set must not become the next process's context.
            stack.gr_context = None

    # -- ends -------------------------------------------------------------------------------------

    def _unwind(self, cell: Cell, me: Stack) -> None:
        """Let a condemned process run its `finally` blocks, then bury it."""
        stack, cell.stack = cell.stack, None
        if stack is not None:
            self.current = cell
            self._spare.append(me)
            switch_to(stack)
        elif cell.port is not None and cell.port.carried:
            cell.port.condemn()
        else:
            if cell.port is not None:
                cell.port.open()
            self.finish(cell)

    def _take_down(self, keep: int) -> None:
        """Unwind parked stacks that nobody will need."""
        me = current_stack()
        while len(self._spare) > keep:
            extra = self._spare.pop()
            extra.parent = me
            extra.throw(Unwind)

    def abandon(self) -> None:
        """Let nobody have another turn: this is a forked child's copy of a loop, forked in a callback."""
        self.abandoned = self.closed = True
        if self.current is not None:
            # The callback goes on; at its end it is buried, which ends the loop, and until then answers nobody.
            self.current.exiting = (KILLED,)
            if self.current.mail:
                self.current.mail.clear()
        for queue in (self.ready, self.doomed, self.inbox):
            queue.clear()
        for cell in self.cells.values():
            if cell.stack is not None:
                # Collected at the child's end, it would run its `finally` blocks a second time.
                keep_for_ever(cell.stack)

    def close(self) -> None:
        """End the loop as soon as nothing is ready."""
        self.closed = True
        self.wakeup.wake()

    def forsake(self) -> None:
        """Say that the loop will never turn again, because what turned it is gone."""
        self.closed = self.ended = True


class Abandoned(BaseException):
    """Ends the loop of a forked child, whatever its callback did."""


def _never() -> bool:
    return False


def _raise(error: BaseException) -> None:
    raise error


def own_context() -> Context | None:
    """Return a copy of the calling thread's context, `None` if it is empty."""
    context = copy_context()
    return context if len(context) else None
