"""A process that acts for code which must not wait, such as a coroutine.

The coroutine runs on an event loop, its process on ours. What does not wait it does itself, as the process,
through a *shadow*: a record with the pid of the process and a port to it. What waits it hands over as a *job*,
and awaits the job's end; the process does its jobs one by one on a stack of its own. Only one that waits for a
message steps back for others, so that a coroutine that races its mail against a socket can still call.

    coroutine: ask(job) ---------> process: answered, runs the job, which may wait
    coroutine: goes on <---------- done(value, error)

There are two of them: a task of the event loop that came from elsewhere, for which a process is made, and a
coroutine that a process awaits, and which acts as that one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, final

from actors._kernel.bounds import force
from actors._kernel.cell import Cell
from actors._kernel.outside import Port
from actors._kernel.switch import Stack
from actors.errors import NotInProcess
from actors.exits import NORMAL, Exit
from actors.messages import Message, TimedOut
from actors.pid import Ref

if TYPE_CHECKING:
    from actors._kernel.scheduler import Scheduler

__all__ = ["Away", "Job"]


@final
class Job:
    """Something that a process does for a coroutine.

    Args:
        fn: Called on the process's stack; it may wait.
        context: The context variables that it sees.
        done: Told the value or the exception, on the thread of the process; `None` while nobody waits
            for that, as long as the loop of the process's runtime has this very thread.
        gives_back: Whether its value is a message, which goes back into the mailbox if nobody wants it. As
            long as it waits for one it may be put off, and then begins anew.
    """

    __slots__ = ("brought", "context", "done", "fn", "gives_back", "is_interrupted", "outcome")

    def __init__(
        self,
        fn: Callable[[], object],
        context: Context,
        done: Callable[[object, BaseException | None], object] | None,
        gives_back: bool,
    ) -> None:
        self.fn = fn
        self.context = context
        self.done = done
        self.gives_back = gives_back
        self.brought: object = _nothing
        self.is_interrupted = False
        self.outcome: tuple[object, BaseException | None] | None = None
        """What came of it before anybody has waited."""

    def end(self, value: object, error: BaseException | None) -> None:
        """Say what came of it."""
        if self.done is None:
            self.outcome = (value, error)
        else:
            self.done(value, error)


@final
class Away:
    """One process that acts for a coroutine.

    Args:
        cell: The process. Its code calls `serve`.
    """

    __slots__ = (
        "__weakref__",
        "_doing",
        "_is_abroad",
        "_jobs",
        "_receives",
        "_ref",
        "_was_told",
        "cell",
        "is_inmate",
        "is_over",
        "shadow",
    )

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.shadow = Cell(cell.scheduler, cell.pid, _nothing, cell.doing)
        """What the coroutine is to the functions of `process`."""
        self.shadow.port = Port(cell, carried=False)
        self.is_inmate = False
        """Whether the coroutine is the process's own, so that there is no other who could act for it."""
        self.is_over = False
        """Whether the coroutine has ended."""
        self._jobs: deque[Job] = deque()
        self._receives: deque[Job] = deque()
        """Those jobs that wait for a message."""
        self._doing: Job | None = None
        self._ref = Ref()
        """What the process waits for while it has nothing to do."""
        self._was_told = False
        self._is_abroad = False

    @classmethod
    def appear(cls, scheduler: Scheduler, doing: str) -> Away:
        """Make a process for code that came from elsewhere; on the loop's thread."""
        cell = scheduler.spawn(_nothing, doing, None, None)
        away = cls(cell)
        cell.body = away.serve
        scheduler.visited = True
        scheduler.begin(cell)
        return away

    # -- the coroutine's side ---------------------------------------------------------------------

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended, or its runtime has."""
        return self.cell.exiting is not None or self.cell.scheduler.ended

    def check(self) -> None:
        """Tell the coroutine once that its process was ended by an exit signal.

        Raises:
            Exit: It was.
        """
        exiting = self.cell.exiting
        if exiting is not None and (self.is_inmate or not self._was_told):
            self._was_told = True
            raise Exit(exiting[0])

    def ask(self, job: Job) -> None:
        """Have the process do a job after those that it has.

        Raises:
            NotInProcess: The runtime has ended.
        """
        scheduler = self.cell.scheduler
        if scheduler.ended:
            message = "the runtime has ended"
            raise NotInProcess(message)
        if job.done is None:
            self._add(job)
            scheduler.hurry()
        else:
            scheduler.post(self._add, job)

    def interrupt(self, job: Job, error: BaseException) -> None:
        """Raise something at the waiting point of a job that nobody awaits any more, or take back its message."""
        self._on_loop(self._interrupt, job, error)

    def end(self) -> None:
        """Say that the coroutine has ended."""
        self._on_loop(self._end)

    def _on_loop(self, what: Callable[..., object], *args: object) -> None:
        scheduler = self.cell.scheduler
        if scheduler.is_here():
            what(*args)
            scheduler.wakeup.wake()
        else:
            scheduler.post(what, *args)

    # -- on the loop ------------------------------------------------------------------------------

    def _add(self, job: Job) -> None:
        exiting = self.cell.exiting
        if exiting is not None:
            self._was_told = True
            job.end(None, Exit(exiting[0]))
            return
        self._queue_of(job).append(job)
        if self._doing is not None:
            self._put_off()
        self._call()

    def _queue_of(self, job: Job) -> deque[Job]:
        return self._receives if job.gives_back else self._jobs

    def _put_off(self) -> None:
        """Have a job that waits for a message step back, so that the coroutine may do all else meanwhile."""
        doing, stack = self._doing, self.cell.stack
        if doing is None or not doing.gives_back or doing.is_interrupted or stack is None:
            return
        if self.is_over or self._jobs:
            doing.is_interrupted = True
            self._raise_there(self.cell, stack, _StepBack())

    def _next(self) -> Job | None:
        """Take the job that is next: those that wait for a message come last, and not when all is over."""
        if self._jobs:
            return self._jobs.popleft()
        if self._receives and not self.is_over:
            return self._receives.popleft()
        return None

    def _end(self) -> None:
        self.is_over = True
        if self._is_abroad:
            self._is_abroad = False
            self.cell.scheduler.abroad -= 1
        self._put_off()
        self._call()

    def _call(self) -> None:
        """Have the process look at its jobs, if it waits for some."""
        self.cell.scheduler.answer(self.cell, self._ref, "job", None)

    def _interrupt(self, job: Job, error: BaseException) -> None:
        if job in (queue := self._queue_of(job)):
            queue.remove(job)
        elif job is self._doing and self.cell.stack is not None and self.cell.exiting is None:
            job.is_interrupted = True
            self._raise_there(self.cell, self.cell.stack, error)
        elif job.brought is not _nothing and self.cell.exiting is None:
            # In front of all that came later, and before the next job looks.
            _put_back(self.cell, job.brought)

    def _raise_there(self, cell: Cell, stack: Stack, error: BaseException) -> None:
        scheduler = cell.scheduler
        if cell.awaiting is not None:
            # Of an exchange nothing is left: the server need not tell of its end, a reply is too late.
            scheduler.answer(cell, cell.awaiting, "cancelled", None)
        elif cell.idle:
            cell.idle = False
            scheduler.ready.append(cell)
        cell.deadline = None
        cell.answer = None
        # Whatever a stack ends with is raised in its parent: an exception that waits to be resumed.
        cell.stack = Stack(partial(_raise, error), stack)

    # -- the process's side -----------------------------------------------------------------------

    def depart(self) -> None:
        """Say that the process's own work goes on elsewhere, so that virtual time must not jump."""
        self.is_inmate = True
        port = self.cell.port
        if port is None:
            self._leave(self.cell.scheduler, self.cell)
        else:
            port.ask(self._leave)

    def _leave(self, scheduler: Scheduler, _: Cell) -> None:
        self._is_abroad = True
        scheduler.abroad += 1

    def serve(self) -> None:
        """Do jobs until the coroutine has ended; runs in the process and waits.

        Raises:
            Exit: The process was told to end.
        """
        cell = self.cell
        try:
            while True:
                if (job := self._next()) is not None:
                    self._do(job)
                elif self.is_over:
                    return
                else:
                    self._wait(cell)
        finally:
            reason = NORMAL if cell.exiting is None else cell.exiting[0]
            for queue in (self._jobs, self._receives):
                while queue:
                    self._was_told = True
                    queue.popleft().end(None, Exit(reason))

    def _wait(self, cell: Cell) -> None:
        port = cell.port
        if port is None:
            cell.awaiting = self._ref
            cell.scheduler.wait(cell)
            cell.answer = None
        else:
            port.ask(self._expect)
            port.await_answer(None)

    def _expect(self, _: Scheduler, cell: Cell) -> None:
        cell.awaiting = self._ref
        cell.answer = None
        if self._jobs or self._receives or self.is_over:
            self._call()

    def _do(self, job: Job) -> None:
        cell = self.cell
        self._doing = job
        try:
            value = job.context.run(job.fn)
        except _StepBack:
            self._doing = None
            job.is_interrupted = False
            self._receives.appendleft(job)
        except BaseException as error:
            self._doing = None
            if isinstance(error, Exit):
                # Its process's end: the coroutine hears of it by this job, and finds it dead then.
                self._was_told = True
                if cell.exiting is None and cell.port is None:
                    cell.scheduler.release(cell, error.reason)
            job.end(None, error)
            if cell.exiting is not None:
                raise Exit(cell.exiting[0]) from None
            if isinstance(error, Exit):
                raise
        else:
            self._doing = None
            if job.gives_back:
                job.brought = value
            job.end(value, None)


class _StepBack(BaseException):
    """Raised at the waiting point of a job that is put off."""


def _put_back(cell: Cell, message: Message) -> None:
    if isinstance(message, TimedOut) and message.ref is None:
        return
    # It had a place in there a moment ago, whatever bound the mailbox has.
    force(cell, message)
    if cell.mail is not None:
        cell.mail.rotate()


def _raise(error: BaseException) -> None:
    raise error


def _nothing() -> None:
    return None
