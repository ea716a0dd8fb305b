"""Assemble and run: a clock, a choice, a way to sleep, and the loop they make.

`run(main)` is how a program starts. Code that runs in no process at all, in a REPL or a web handler, is served by
the runtime that is running in the program, or else by one that is started in the background then.

Source: https://hexdocs.pm/elixir/System.html#stop/1 for how an end is brought about: trees first, then the rest.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, TypeVarTuple, Unpack, final
from typing import cast as typed

from actors import process
from actors._kernel import current
from actors._kernel.cell import Cell
from actors._kernel.clock import Choice, Clock, MonotonicClock
from actors._kernel.press import is_open, press
from actors._kernel.scheduler import Scheduler, own_context
from actors._kernel.turns import Turns
from actors._kernel.wakeup import LOOK, LockWakeup, Wakeup
from actors._kernel.watchdog import Watchdog
from actors.errors import ActorsError, BadArgument, NotInProcess, explained, shown, told
from actors.exits import (
    KILL,
    KILLED,
    NORMAL,
    SHUTDOWN,
    Crash,
    Exit,
    ExitsWith,
    Reason,
    Stack,
    crash_in,
    is_clean,
    means,
    tells,
)
from actors.isolation import Isolation
from actors.messages import Down, Exited, TimedOut
from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Choice", "Clock", "Deadlock", "MainExited", "Runtime", "run"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_GRACE = 5.0
_HELD = 0.1
_LOOKS = 4
"""How often, within its grace, the end looks who keeps whom from hearing of it."""
_LOOK = 0.01
_SignalHandler: TypeAlias = "Callable[[int, FrameType | None], object] | int"
_SIGNALS: dict[signal.Signals, _SignalHandler] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""What asks a program to end, and the handler that stands for "nobody has said what to do"."""


class MainExited(ActorsError):
    """The main process was ended by an exit signal, or ended itself with a reason that is not clean.

    If a crash is behind it, the message ends with the lines that raised.

    Args:
        reason: Its exit reason.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        if isinstance(self.reason, Crash):
            return told(f"a linked process raised {shown(self.reason.exception)}", self.reason)
        if is_clean(self.reason):
            by = "by a linked process, such as a supervisor that gave up: the log tells more"
            return f"the main process was ended with {shown(self.reason)} {by}"
        return told(f"the main process was ended: {explained(self.reason)}", self.reason)


class Deadlock(ActorsError):
    """On a virtual clock, everybody waits and nothing can ever happen any more."""


@final
class _Main(Generic[T]):
    """The main process: what it returned, or how it failed."""

    def __init__(self, body: Callable[[], T]) -> None:
        self._body = body
        self.value: list[T] = []
        self.error: BaseException | None = None
        self.cell: Cell | None = None
        self.has_left = False
        """Whether it ended itself, with an exit of its own."""

    def __call__(self) -> None:
        try:
            self.value.append(self._body())
        except Exit:
            self.has_left = self.cell is not None and self.cell.exiting is None
            raise
        except BaseException as error:  # noqa: BLE001 - raised again, by `run`
            # Kept with its traceback: to whoever calls `run` this is an ordinary exception.
            self.error = error
            if isinstance(error, ExitsWith):
                raise Exit(error.reason) from None
            raise Exit(Crash(error, Stack.of(error.__traceback__))) from None


@final
class Runtime:
    """One loop with its drivers.

    Args:
        clock: Where time comes from; the machine's monotonic clock by default.
        choice: Which ready process runs next; the longest waiting by default.
        wakeup: How the loop sleeps; on a lock by default, or by letting another loop go on.
        grace: Seconds that processes get to end at the end, before they are killed.
        held: Seconds after which a callback that holds the loop is reported; `None` for never.
        isolation: What becomes of values that cross between processes: `"copy"` copies what can change,
            `"check"` only refuses what may not cross, `"trust"` hands everything over as it is.

    Raises:
        BadArgument: A driver lacks what a driver needs, a duration is not accepted, or there is no such isolation.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        choice: Choice | None = None,
        wakeup: Wakeup | None = None,
        grace: float = _GRACE,
        held: float | None = _HELD,
        isolation: Isolation = "copy",
    ) -> None:
        self._check(clock, choice, wakeup)
        process.check_timeout("held", held)
        process.check_timeout("grace", grace)
        if grace is None:
            raise BadArgument("grace", grace, "seconds, 0 or more and finite")
        self._clock = clock if clock is not None else MonotonicClock()
        self._choice = choice
        self._wakeup = wakeup if wakeup is not None else LockWakeup()
        self._grace = grace
        self._held = None if self._clock.is_virtual else held
        self._scheduler = Scheduler(self._clock, self._wakeup, choice, isolation)
        if isinstance(self._wakeup, Turns):
            self._scheduler.give_way = self._wakeup.give_way
            self._scheduler.hurry = self._wakeup.hurry
            self._wakeup.on_lost = self._scheduler.forsake
        self._main: Cell | None = None
        self._closer: Cell | None = None
        self._signals: list[int] = []
        """The signals that have asked for the end, in order."""
        self._is_stopped = False
        self._failure: BaseException | None = None

    @staticmethod
    def _check(clock: object, choice: object, wakeup: object) -> None:
        is_class = isinstance(clock, type)  # such as VirtualClock, where VirtualClock() is meant
        if clock is not None and (is_class or not callable(getattr(clock, "now", None))):
            raise BadArgument("clock", clock, "an object with now, advance_to and is_virtual")
        if choice is not None and not callable(getattr(choice, "pick", None)):
            raise BadArgument("choice", choice, "an object with pick(ready)")
        if wakeup is not None and not callable(getattr(wakeup, "wake", None)):
            raise BadArgument("wakeup", wakeup, "an object with sleep and wake")

    def run(self, main: Callable[[Unpack[Ts]], T], *args: *Ts) -> T | None:
        """Run a function as the first process, in the calling thread, and end everything after it.

        When `main` returns, its links are told; supervisors linked to it stop their children in
        order. What is left is asked to shut down and, after `grace` seconds, killed.

        The first Ctrl-C asks `main` to shut down and `run` raises KeyboardInterrupt when all has
        ended in order; the second one ends at once, and is raised as an exit in a process that holds
        the loop; the third leaves a process behind that swallows even that. SIGTERM does the same, and
        `run` raises SystemExit with its code, 143. A program's own handlers of either are left alone.

        A runtime runs once. What a signal handler of the program raises while everybody waits ends
        `main` in order too and is raised when all has ended.

        Returns:
            What `main` returned; `None` if it ended itself with a clean reason, or `stop` did.

        Raises:
            Exception: Whatever `main` raised.
            MainExited: It was ended by an exit signal, such as that of a linked supervisor which
                could not start its children or gave up.
            KeyboardInterrupt: It was interrupted.
            SystemExit: It was told to terminate.
            NotInProcess: The calling thread is a process or a loop already.
            BadArgument: `main` cannot be called, or is a coroutine function.
            ActorsError: This runtime has been used before.
        """
        if current.here.scheduler is not None or current.here.carried is not None:
            message = "run was called inside a process; start processes with spawn or start_link"
            raise NotInProcess(message)
        scheduler = self._scheduler
        if not callable(main) or iscoroutinefunction(main):
            accepted = "a plain function, not called yet: run(main), not run(main())"
            if callable(main):
                accepted = "a plain function, without async: actors.asyncio_bridge runs those"
            raise BadArgument("main", main, accepted)
        self._refuse_second_use()
        job: _Main[T] = _Main(lambda: main(*args))
        name = f"{getattr(main, '__module__', '?')}.{getattr(main, '__qualname__', 'main')}"
        cell = job.cell = self._main = scheduler.spawn(job, name, None, own_context())
        scheduler.begin(cell)
        self._loop()
        return self._result(job, cell)

    def _refuse_second_use(self) -> None:
        if self._main is not None or self._scheduler.closed:
            message = "this runtime has been used; a runtime runs once, so make another"
            raise ActorsError(message)

    def _result(self, job: _Main[T], cell: Cell) -> T | None:
        if self._scheduler.abandoned:
            raise current.no_forked_process() from self._failure
        if job.error is not None:
            raise job.error
        if self._failure is not None:
            raise self._failure
        match self._signals:
            case [signal.SIGTERM, *_]:
                raise SystemExit(128 + signal.SIGTERM)
            case [_, *_]:
                raise KeyboardInterrupt
        if job.value:
            return job.value[0]
        reason = None if cell.exiting is None else cell.exiting[0]
        if tells(reason, "deadlock"):
            message = f"everybody waits and no timer is set: {reason[1]}"
            raise Deadlock(message)
        # Ended by a link, such as a supervisor that could not start or gave up, it has not done its
        # work, however orderly that end was: a program must not seem to have succeeded.
        if is_clean(reason) and (job.has_left or self._is_stopped or means(reason, NORMAL)):
            return None
        crash = crash_in(reason)
        raise MainExited(reason) from None if crash is None else crash.exception

    def serve(self, started: Callable[[], None]) -> None:
        """Be the loop of the calling thread, without a main process, until `stop`."""
        self._refuse_second_use()
        self._scheduler.post(started)
        self._loop()

    def stop(self) -> None:
        """End all trees in order, then the loop; from any thread, without waiting."""
        self._scheduler.post(self._begin_closing)

    @property
    def scheduler(self) -> Scheduler:
        """The loop itself; for the kernel's doors."""
        return self._scheduler

    # -- the loop's surroundings ------------------------------------------------------------------

    def _loop(self) -> None:
        scheduler = self._scheduler
        scheduler.on_idle = self._find_deadlock
        scheduler.main = self._main
        scheduler.on_end = self._on_end
        scheduler.on_failure = self._on_failure
        watchdog = None if self._held is None else Watchdog(scheduler, self._held)
        has_taken = self._take_signals()
        current.enter(scheduler)
        current.use_default(scheduler, on=True)
        try:
            scheduler.run()
        finally:
            current.use_default(scheduler, on=False)
            current.enter(None)
            if has_taken:
                _give_signals_back()
            if watchdog is not None:
                watchdog.stop()

    def _take_signals(self) -> bool:
        """Take over what nobody else handles; tell whether it was for this runtime to do so."""
        if isinstance(self._wakeup, Turns):
            # Whoever runs the other loop decides what a signal does.
            return False
        if threading.current_thread() is not threading.main_thread():
            return False
        for number, default in _SIGNALS.items():
            if signal.getsignal(number) is default:
                _taken[number] = typed("_SignalHandler", signal.signal(number, self._interrupt))
        if isinstance(self._wakeup, LockWakeup):
            self._wakeup.longest = LOOK
        return True

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        # Runs between two lines of whichever callback has its turn: it must not raise there at once.
        self._signals.append(number)
        if len(self._signals) == 1:
            self._scheduler.post(self._interrupt_main)
            return
        self._scheduler.post(self._kill_everybody)
        holder = self._scheduler.current
        if holder is None or holder in {self._closer, self._scheduler.nobody}:
            return
        if not is_open(frame):
            # It is about to have its turn, or to wait: raised between two lines of the loop, the exit would end
            # the loop's turn and drop the stack of a process that nobody could unwind afterwards.
            press(holder)
            return
        # It may never wait, so that nobody would hear of the post: it ends where it stands.
        was_told = holder.exiting is not None
        self._scheduler.doom(holder, KILLED)
        if len(self._signals) == 2 or not was_told:  # noqa: PLR2004 - the second one
            raise Exit(KILLED)
        self._scheduler.give_up(self._scheduler.cells.get(holder.pid.serial, holder))

    def _interrupt_main(self) -> None:
        main = self._main
        if main is not None and main.exiting is None:
            self._scheduler.signal(main, main.pid, SHUTDOWN, linked=False)

    def _kill_everybody(self) -> None:
        if self._main is not None:
            self._scheduler.kill_all(self._main.pid, self._closer)

    def _on_failure(self, error: BaseException) -> None:
        # The first is what `run` will raise; those that follow come while all are on their way.
        self._failure = self._failure or error
        if self._scheduler.abandoned:
            return
        if self._main is None:
            self._begin_closing()
        else:
            self._interrupt_main()

    def _find_deadlock(self) -> bool:
        """End `main` when time is virtual and nothing can ever happen; tell whether that was so."""
        scheduler = self._scheduler
        main = self._main
        if not self._clock.is_virtual or main is None or main.exiting is not None:
            return False
        cells = scheduler.cells.values()
        if scheduler.visited or isinstance(self._wakeup, Turns):
            return False
        if any(cell.port is not None and not cell.port.carried for cell in cells):
            return False
        scheduler.doom(main, ("deadlock", [cell.pid for cell in cells]))
        return True

    # -- the end ----------------------------------------------------------------------------------

    def _on_end(self) -> None:
        self._is_stopped = self._closer is not None
        self._begin_closing()

    def _begin_closing(self) -> None:
        if self._closer is None:
            scheduler = self._scheduler
            name = "actors.runtime.end"
            self._closer = scheduler.spawn(self._end_everything, name, None, None)
            scheduler.begin(self._closer)

    def _end_everything(self) -> None:
        """Ask whoever has no living parent to shut down, again and again, until nobody is left.

        Children of a living parent are that one's business: a supervisor stops its own, in order and within its
        own limits. Whoever has nobody to wait for and does not end within `grace` is killed; and who keeps a
        supervisor for so long from even hearing that it is to end, such as a child that hangs in its start.
        """
        scheduler = self._scheduler
        now = self._clock.now
        asked: set[Pid] = set()
        deaf: dict[Pid, float] = {}
        until = now() + self._grace
        while others := self._others():
            orphans = _orphans(others)
            for cell in orphans:
                if cell.pid not in asked:
                    asked.add(cell.pid)
                    self._ask_to_end(cell)
            parents = {cell.parent for cell in others}
            is_slow = any(cell.pid in parents and _is_at_work(cell) for cell in orphans)
            wait = (
                min(until - now(), max(self._grace / _LOOKS, _LOOK)) if is_slow else until - now()
            )
            if not isinstance(process.receive(Down, max(wait, 0.0)), TimedOut):
                until = now() + self._grace
            elif now() >= until:
                self._insist(orphans, parents)
                until = now() + max(self._grace, _LOOK)
            self._free(others, deaf)
            # All that have ended by now at once: looking for orphans after each would be quadratic.
            while not isinstance(process.receive(Down, 0.0), TimedOut):
                pass
        for cell in list(scheduler.cells.values()):
            if cell.port is not None and not cell.port.carried:
                scheduler.doom(cell, SHUTDOWN)
        scheduler.close()

    def _others(self) -> list[Cell]:
        """Return who has to end before the runtime does: not guests, whose threads are not ours."""
        return [
            cell
            for cell in self._scheduler.cells.values()
            if cell is not self._closer
            and (cell.exiting is None if cell.port is None else cell.port.carried)
        ]

    def _ask_to_end(self, cell: Cell) -> None:
        scheduler = self._scheduler
        scheduler.watch(current.me(), cell, Ref())
        sender = cell.parent if cell.kin and cell.parent is not None else cell.pid
        scheduler.signal(cell, sender, SHUTDOWN, linked=True)
        if cell.port is not None and (cell.exiting is not None or self._clock.is_virtual):
            # Virtual time stands still while a thread works, so it cannot limit that.
            cell.port.hurry(self._grace)

    def _insist(self, orphans: list[Cell], parents: set[Pid | None]) -> None:
        for cell in orphans:
            if cell.pid not in parents or not _is_at_work(cell):
                self._scheduler.signal(cell, process.self(), KILL, linked=False)

    def _free(self, others: list[Cell], deaf: dict[Pid, float]) -> None:
        """Kill what has kept a parent from hearing for `grace` that it is to end, or else that one itself."""
        now = self._clock.now()
        living = {cell.pid: cell for cell in others}
        for cell in others:
            above = None if cell.parent is None else living.get(cell.parent)
            is_limited = above is not None and above.deadline is not None
            if is_limited or not _is_deaf(cell, is_orphan=above is None):
                # It has heard, or its own supervisor will not wait for it any longer.
                deaf.pop(cell.pid, None)
            elif now - deaf.setdefault(cell.pid, now) >= self._grace:
                # A child, if it waits for one: then it can still stop its other children, in order.
                self._scheduler.signal(_innermost(cell), process.self(), KILL, linked=False)
                del deaf[cell.pid]


_taken: dict[signal.Signals, _SignalHandler] = {}
"""The handlers that the runtime of the main thread has replaced."""


def _give_signals_back() -> None:
    while _taken:
        signal.signal(*_taken.popitem())


def _hold_signals() -> None:
    """Before a fork: let no signal come to the child while it still has the handlers of its parent."""
    if _taken:
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _let_signals_go() -> None:
    mask, _forking.mask = _forking.mask, None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class _Forking(threading.local):
    mask: set[int | signal.Signals] | None = None
    """The signals that the thread had blocked before it began to fork."""


_forking = _Forking()


def _orphans(cells: list[Cell]) -> list[Cell]:
    """Return those whose parent is dead, or a guest, which nobody can ask to stop its children."""
    living = {cell.pid for cell in cells if cell.exiting is None}
    return [cell for cell in cells if cell.parent is None or cell.parent not in living]


def _is_at_work(cell: Cell) -> bool:
    """Tell whether a server is in the middle of a callback, such as stopping its children.

    One that rests has heard the request to end and does not care, so it need not be waited for.
    """
    if cell.handler is None:
        return False
    return cell.stack is not None if cell.port is None else not cell.idle


def _is_deaf(cell: Cell, *, is_orphan: bool) -> bool:
    """Tell whether a server that has started others was told to end and is still at what it did before."""
    if cell.lineage is None or not cell.mail or not _is_at_work(cell):
        return False
    # One that was linked to a parent that is dead was told so twice, and has ended its work at the first time.
    told = 1 + (is_orphan and cell.kin and cell.parent is not None)
    return told <= sum(
        type(each) is Exited and (each.pid is cell.parent or each.pid is cell.pid)
        for each in tuple(cell.mail)
    )


def _innermost(cell: Cell) -> Cell:
    """Return the child that a process waits for to start, or the child that this one waits for, and so on."""
    while (child := cell.calling) is not None and child.parent is cell.pid:
        cell = child
    return cell


def run(
    main: Callable[[Unpack[Ts]], T],
    *args: *Ts,
    clock: Clock | None = None,
    choice: Choice | None = None,
    grace: float = _GRACE,
    held: float | None = _HELD,
    isolation: Isolation = "copy",
) -> T | None:
    """Run `main` as the first process, in the calling thread, and end everything when it returns.

    Runs in the calling thread, which waits until all has ended.

    Args:
        main: The body of the first process.
        args: Passed to `main`.
        clock: Where time comes from; `actors.testing.VirtualClock()` makes it jump instead of pass.
        choice: Which ready process runs next; `actors.testing.SeededChoice(seed)` draws lots.
        grace: Seconds that processes get to end at the end, before they are killed.
        held: Seconds after which a callback that holds the loop is reported; `None` for never.
        isolation: What becomes of values that cross between processes: `"copy"`, `"check"` or `"trust"`; see
            `actors.isolation`.

    Returns:
        What `main` returned; `None` if it ended itself with a clean reason.

    Raises:
        Exception: Whatever `main` raised.
        MainExited: `main` was ended by an exit signal, such as that of a linked supervisor which
            could not start its children or gave up.
        NotInProcess: The caller is a process already.
        BadArgument: `main` cannot be called, or is a coroutine function.

    Example:
        >>> run(lambda name: f"hello {name}", "world")
        'hello world'

    Source: https://www.erlang.org/doc/apps/erts/init.html
    """
    runtime = Runtime(clock=clock, choice=choice, grace=grace, held=held, isolation=isolation)
    return runtime.run(main, *args)


@final
class _Background:
    """The runtime that serves threads which have none: one in the program, started when needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._thread: threading.Thread | None = None

    def forget(self) -> None:
        """Begin anew in a forked child, which has no other thread."""
        self._lock = threading.Lock()
        self._runtime = self._thread = None
        current.forget_other_threads()
        # A handler would ask for the end of trees that are the parent's, and the child would live for ever.
        _give_signals_back()
        _let_signals_go()

    def __call__(self) -> Scheduler:
        with self._lock:
            if self._runtime is None or self._runtime.scheduler.closed:
                self._runtime = self._start()
            return self._runtime.scheduler

    def _start(self) -> Runtime:
        started = threading.Event()
        made: list[Runtime] = []

        def serve() -> None:
            runtime = Runtime()
            made.append(runtime)
            runtime.serve(started.set)

        self._thread = threading.Thread(target=serve, name="actors-background", daemon=True)
        self._thread.start()
        started.wait()
        atexit.register(self.stop)
        return made[0]

    def stop(self) -> None:
        """End the background runtime in order; at the interpreter's exit."""
        if self._runtime is not None and self._thread is not None:
            self._runtime.stop()
            self._thread.join(2 * _GRACE)
            atexit.unregister(self.stop)


_background = _Background()
current.background.append(_background)
if hasattr(os, "register_at_fork"):
    # A child that waited for a loop which it does not have would wait for ever.
    os.register_at_fork(
        before=_hold_signals,
        after_in_parent=_let_signals_go,
        after_in_child=_background.forget,
    )
