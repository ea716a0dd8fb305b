"""Processes and coroutines: the runtime on an event loop, calls that are awaited, coroutines in a process.

    async def handler(request):                            # a coroutine; the loop goes on meanwhile
        return await as_process(Counter.value, "counter")

    class Fetcher(GenServer[Client]):
        async def handle_call(self, url, caller, client):  # a callback; other processes go on meanwhile
            return Reply(await client.get(url))

*Where the runtime lives.* Within `async with hosted()` it lives on the caller's own event loop, asyncio's or
uvloop's, and takes turns with it. Everywhere else coroutines use the runtime that runs in the program, on its
own thread, or one that is started in the background then.

*A coroutine stands for a process.* Each task of the loop has a process of its own, made when it is needed and
gone when the task is done. What never waits (`send`, `cast`, `spawn`, `monitor`) it just does. What
waits (`call`, `receive`, `start_link`, `stop`, `Task.await_`) it hands to its process with `as_process`
and awaits; done without `await` it would stop the loop, and is refused with `WouldBlock`.

`asyncio.create_task` and `gather`, and `wait_for` before Python 3.12, make a task of what they are given, and that
one's process is gone with it. For a call that is all the same. A server or supervisor that is started with
`start_link` has that process for its parent and may end with it: start it with a plain `await`.

*A process awaits a coroutine.* `await_` in any process, or a callback that is written as `async def`: the
coroutine runs as a real task of the loop that the runtime lives on, or of a loop in a thread beside it, and
acts as the process that awaits it. A process that ends cancels it.

Source: https://docs.python.org/3/library/asyncio-task.html
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import Context
from functools import partial
from inspect import isawaitable
from types import CoroutineType
from typing import Any, ParamSpec, TypeVar, final, overload
from typing import cast as typed

from actors import _asyncio_loops as loops
from actors import _asyncio_tasks as tasks
from actors import hosting, process
from actors.errors import BadArgument
from actors.hosting import Away
from actors.messages import Message, TimedOut
from actors.runtime import Choice, Clock, Runtime
from actors.task import Task

__all__ = [
    "allow_waiting",
    "as_process",
    "await_",
    "await_task",
    "hosted",
    "iterate",
    "messages",
    "receive",
    "run",
    "until",
]

M = TypeVar("M")
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_GRACE = 5.0
_HELD = 0.1
_END = object()


# -- coroutines outside: each stands for a process -------------------------------------------------


def as_process(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
    """Run a function as the process that stands for the calling task, and await what it returns.

    Runs in the caller's process, which waits for it like for any code of its own; the event loop goes
    on meanwhile. It sees the caller's context variables; what it sets stays its own.

    A task that is cancelled meanwhile is told at once; the function is told by CancelledError at its
    waiting point, so that nothing is left of a call, and a message that nobody took stays in the mailbox.

    Args:
        fn: A function, such as `Counter.value`, `GenServer.stop` or `Supervisor.start_link`.
        args: Passed to it.
        kwargs: The same.

    Returns:
        What it returns.

    Raises:
        Exception: Whatever it raises.
        Exit: The process was ended by an exit signal, such as that of a linked server.
        NotInProcess: The runtime has ended.

    Example:
        >>> from actors import Agent
        >>> async def main():
        ...     agent = await as_process(Agent.start_link, lambda: 41)
        ...     return await as_process(Agent.get, agent, lambda value: value + 1)
        >>> asyncio.run(main())
        42

    Source: https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread
    """
    return tasks.do(partial(fn, *args, **kwargs))


@overload
def receive(
    match: type[M] | tuple[type[M], ...], timeout: None = None
) -> Coroutine[Any, Any, M]: ...
@overload
def receive(
    match: type[M] | tuple[type[M], ...], timeout: float
) -> Coroutine[Any, Any, M | TimedOut]: ...
@overload
def receive(
    match: process.Match = None, timeout: float | None = None
) -> Coroutine[Any, Any, Message]: ...
def receive(
    match: process.Match = None, timeout: float | None = None
) -> Coroutine[Any, Any, Message]:
    """Take the oldest message that matches out of the mailbox of the calling task, awaiting it.

    Runs in the caller, which waits; the event loop goes on. Cancelled, it takes none. Awaited by another
    task, such as one of `asyncio.gather` or `asyncio.wait`, it is still the mailbox of the task that has
    called `receive`, which meanwhile may do all else.

    Args:
        match: As in `process.receive`.
        timeout: Seconds; `None` for no limit.

    Returns:
        The message, or `TimedOut()`.

    Raises:
        BadArgument: An argument is not accepted.
        Exit: The process was ended by an exit signal.

    Example:
        >>> from actors import send
        >>> async def main():
        ...     send(process.self(), "hello")
        ...     return await asyncio.wait_for(receive(), 1.0)
        >>> asyncio.run(main())
        'hello'

    Source: https://hexdocs.pm/elixir/Kernel.SpecialForms.html#receive/1
    """
    return _received(tasks.caller(), match, timeout)


async def _received(
    caller: asyncio.Task[Any] | None, match: process.Match, timeout: float | None
) -> Message:
    until: float | None = None

    def take() -> Message:
        nonlocal until
        if timeout is None:
            return process.receive(match)
        process.check_timeout("timeout", timeout)
        if until is None:
            until = process.monotonic() + timeout
        # Put off for something else that its process had to do, it goes on with what is left of its time.
        return process.receive(match, max(until - process.monotonic(), 0.0))

    return await tasks.do_as(await tasks.who(caller), take, gives_back=True)


@overload
def messages(
    match: type[M] | tuple[type[M], ...], timeout: float | None = None
) -> AsyncIterator[M]: ...
@overload
def messages(
    match: process.Match = None, timeout: float | None = None
) -> AsyncIterator[Message]: ...
def messages(match: process.Match = None, timeout: float | None = None) -> AsyncIterator[Message]:
    """Yield the messages of the calling task as they come.

    Runs in the caller, which waits for each; the event loop goes on.

    Args:
        match: As in `process.receive`; others stay in the mailbox.
        timeout: Seconds after which the iteration ends if no message has come; `None` for never.

    Yields:
        The messages.

    Example:
        >>> from actors import send
        >>> async def main():
        ...     for number in range(3):
        ...         send(process.self(), number)
        ...     return [number async for number in messages(timeout=0)]
        >>> asyncio.run(main())
        [0, 1, 2]

    Source: https://docs.python.org/3/reference/compound_stmts.html#async-for
    """
    return _messages(tasks.caller(), match, timeout)


async def _messages(
    caller: asyncio.Task[Any] | None, match: process.Match, timeout: float | None
) -> AsyncIterator[Message]:
    while True:
        message = await _received(caller, match, timeout)
        if isinstance(message, TimedOut) and message.ref is None:
            return
        yield message


async def await_task(task: Task[R], timeout: float | None = 5.0) -> R:
    """Await the result of a `Task` that a task of this loop has started.

    Runs in the caller, which waits; the event loop goes on. Cancelled, it kills the task, as awaiting a
    task of asyncio does; otherwise it is `Task.await_`. Several of one owner, as in `asyncio.gather`, are
    awaited one after the other; `Task.await_many` has one time for all.

    Args:
        task: From `Task.async_`, called in a task of the same loop that is not over.
        timeout: Seconds; `None` for no limit.

    Returns:
        The result.

    Raises:
        TaskExited: It ended without a result.
        TaskTimeout: There was none in time.
        BadArgument: No task of the loop is its owner.

    Example:
        >>> async def main():
        ...     return await await_task(Task.async_(pow, 2, 3))
        >>> asyncio.run(main())
        8

    Source: https://hexdocs.pm/elixir/Task.html#await/2
    """
    owner = await tasks.owner_of(task.owner)
    try:
        return await tasks.do_as(owner, partial(Task.await_, task, timeout))
    except asyncio.CancelledError:
        # Only now that the wait is over, and for whoever still wants to know: nobody.
        tasks.have_done(owner, partial(_abandon, task))
        raise


def _abandon(task: Task[object]) -> None:
    if task.pid is not None:
        process.unlink(task.pid)
        process.send_exit(task.pid, "kill")
    process.demonitor(task.ref, flush=True)


async def until(register: Callable[[Callable[[], None]], object]) -> None:
    """Await the call of a callback, which may come from any thread.

    Runs in the caller, which waits; the event loop goes on. For libraries that tell when something is
    done, such as `Future.add_done_callback`.

    Args:
        register: Given the callback; called at once.

    Example:
        >>> def begin(done):
        ...     threading.Thread(target=done).start()
        >>> import threading
        >>> asyncio.run(until(begin))

    Source: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_soon_threadsafe
    """
    loop = asyncio.get_running_loop()
    called: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not called.done():
            called.set_result(None)

    def callback() -> None:
        # Of a closed loop nobody awaits anything any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle)

    register(callback)
    await called


def iterate(
    fn: Callable[P, Iterable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> AsyncGenerator[T, None]:
    """Iterate over something whose steps wait, such as a stream of tasks, as the calling task's process.

    Runs in the caller, which waits for each; the event loop goes on. Left early, or cancelled, it
    closes what it iterates over, which ends the tasks of a stream.

    Args:
        fn: Returns what is iterated over, such as `Task.async_stream`.
        args: Passed to it.
        kwargs: The same.

    Yields:
        What comes out.

    Example:
        >>> async def main():
        ...     return [o async for o in iterate(Task.async_stream, [1, 2], pow, 2)]
        >>> asyncio.run(main())
        [('ok', 1), ('ok', 4)]

    Source: https://hexdocs.pm/elixir/Task.html#async_stream/3
    """
    return _steps(tasks.caller(), partial(fn, *args, **kwargs))


async def _steps(
    caller: asyncio.Task[Any] | None, fn: Callable[[], Iterable[T]]
) -> AsyncGenerator[T, None]:
    # Left half-way, asyncio finishes it in a task of its own: it is still this one's process that has to close.
    owner = await tasks.who(caller)
    found = await tasks.do_as(owner, lambda: iter(fn()))
    step = partial(next, found, typed("T", _END))
    try:
        while (value := await tasks.do_as(owner, step)) is not _END:
            yield value
    finally:
        close = getattr(found, "close", None)
        if close is not None and not owner.is_gone:
            await tasks.do_as(owner, close)


def allow_waiting() -> None:
    """Let code that the running loop calls wait without `await`, and the loop with it.

    Runs in the caller, for whose loop it holds, and does not wait. For notebooks and consoles, where the
    loop of the kernel runs each cell and has nothing else to do meanwhile. The thread then stands for
    one process, as where no loop runs, and where this changes nothing. Refused on a loop that hosts a
    runtime, which could never answer.

    Raises:
        BadArgument: The loop hosts a runtime.

    Example:
        >>> from actors import Agent
        >>> async def cell():
        ...     allow_waiting()
        ...     return Agent.get(Agent.start(lambda: 42), lambda value: value)
        >>> asyncio.run(cell())
        42

    Source: https://ipython.readthedocs.io/en/stable/interactive/autoawait.html
    """
    loops.allow()


# -- coroutines inside: a process awaits one -------------------------------------------------------


def await_(awaitable: Awaitable[R]) -> R:
    """Await something in the calling process, which waits for it; others go on.

    It runs as a task of the event loop that the runtime lives on, or else of one in a thread beside it. In it
    `process.self()` is the calling process, `as_process` lets that one do what waits, and context
    variables are those of the process. Callbacks that are `async def` are awaited like this.

    If the process is told to end, the task is cancelled.

    Args:
        awaitable: A coroutine, or a future of that loop.

    Returns:
        What comes of it.

    Raises:
        Exception: Whatever it raises.
        CancelledError: The task was cancelled by somebody else.
        Exit: The process was told to end.
        WouldBlock: The caller is a coroutine itself, and should say `await`.
        BadArgument: It cannot be awaited.

    Example:
        >>> from actors import run
        >>> run(lambda: await_(asyncio.sleep(0.01, "slept")))
        'slept'

    Source: https://docs.python.org/3/library/asyncio-task.html#awaitables
    """
    if not isawaitable(awaitable):
        raise BadArgument("awaitable", awaitable, "what can be awaited, such as a coroutine")
    work = _Work(awaitable)
    try:
        away = hosting.depart()
    except BaseException:
        work.drop()
        raise
    try:
        work.begin(away)
        away.serve()
    except BaseException:
        work.cancel()
        raise
    return typed("R", work.result())


@final
class _Work:
    """A coroutine that a process awaits, as a task."""

    def __init__(self, awaitable: Awaitable[object]) -> None:
        self._awaitable = awaitable
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._is_near = False
        """Whether the loop is that of the calling thread."""
        self._is_cancelled = False

    def begin(self, away: Away) -> None:
        loop = self._loop = loops.home_of(away.cell.scheduler)
        context = hosting.variables()
        self._is_near = loops.running() is loop
        if not self._is_near:
            loop.call_soon_threadsafe(self._start, away, context)
        elif loop.get_task_factory() is None:
            self._start(away, context)
        else:
            # Somebody's own tasks may run at once, which is not to be in the middle of a process's code.
            loop.call_soon(self._start, away, context)

    def _start(self, away: Away, context: Context) -> None:
        if self._is_cancelled:
            self.drop()
            away.end()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._whole(away), context=context)
        self._task = task
        tasks.lend(task, away)

        def finish(_: asyncio.Task[object]) -> None:
            tasks.leave(task)
            self.drop()
            if not task.cancelled():
                # Seen: whether anybody is left to whom it matters is not the loop's business.
                task.exception()
            away.end()

        task.add_done_callback(finish)

    def drop(self) -> None:
        """Leave no coroutine behind that was never awaited."""
        if isinstance(self._awaitable, CoroutineType):
            self._awaitable.close()

    def cancel(self) -> None:
        if self._is_near:
            self._cancel()
        elif self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._cancel)
            except RuntimeError:
                # The loop is closed, and its tasks with it.
                self.drop()

    def _cancel(self) -> None:
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def _whole(self, away: Away) -> object:
        task = asyncio.current_task()
        if task is not None:
            tasks.lend(task, away)
        try:
            return await self._awaitable
        except (KeyboardInterrupt, SystemExit) as error:
            return _Raised(error)

    def result(self) -> object:
        assert self._task is not None  # noqa: S101 - for the type checker: it has ended
        value = self._task.result()
        if isinstance(value, _Raised):
            raise value.error
        return value


@final
class _Raised:
    """What a task must not raise itself, or it would be raised out of the whole loop."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


# -- the runtime on the caller's loop --------------------------------------------------------------


@asynccontextmanager
async def hosted(
    *,
    clock: Clock | None = None,
    choice: Choice | None = None,
    grace: float = _GRACE,
    held: float | None = _HELD,
) -> AsyncGenerator[Runtime, None]:
    """Have a runtime live on the running event loop, and end its trees in order at the end.

    Runs in the caller, and waits for the end of all processes when the block is left; the loop goes on.
    Coroutines of this loop, and threads that are no processes, use it meanwhile. It takes turns
    with the loop: neither holds the other up for longer than one callback, or two milliseconds.

    Args:
        clock: As in `run`.
        choice: As in `run`.
        grace: Seconds that processes get to end at the end, before they are killed.
        held: Seconds after which a callback that holds the loop is reported; `None` for never.

    Yields:
        The runtime.

    Raises:
        BadArgument: An option is not accepted, or a runtime lives on this loop already.

    Example:
        >>> from actors import Agent
        >>> async def main():
        ...     async with hosted():
        ...         agent = await as_process(Agent.start, lambda: 42)
        ...         return await as_process(Agent.get, agent, lambda value: value)
        >>> asyncio.run(main())
        42

    Source: https://www.starlette.io/lifespan/
    """
    runtime, turns = loops.made(clock, choice, grace, held)
    started, ended = asyncio.Event(), asyncio.Event()
    failures: list[BaseException] = []

    def tell(_: object, error: BaseException | None) -> None:
        failures.extend([] if error is None else [error])
        started.set()
        ended.set()

    with _inhabited(runtime):
        turns.begin(partial(runtime.serve, started.set), tell)
        await started.wait()
        try:
            yield runtime
        finally:
            runtime.stop()
            await _outlast(ended.wait())
    if failures:
        raise failures[0]


async def run(
    main: Callable[P, T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | None:
    """Run a function as the first process of a runtime on the running loop; what `actors.run` is elsewhere.

    Runs in the caller, which waits until all has ended; the event loop goes on. Cancelled, it ends
    everything in order first.

    Args:
        main: The body of the first process, which may be `async def`.
        args: Passed to it.
        kwargs: The same.

    Returns:
        What `main` returned.

    Raises:
        Exception: Whatever `main` raised.
        MainExited: It was ended by an exit signal.
        BadArgument: `main` cannot be called, or a runtime lives on this loop already.

    Example:
        >>> async def main(seconds):
        ...     await asyncio.sleep(seconds)
        ...     return process.is_alive(process.self())
        >>> asyncio.run(run(main, 0.01))
        True

    Source: https://www.erlang.org/doc/apps/erts/init.html
    """
    if not callable(main):
        raise BadArgument("main", main, "a function, not called yet: run(main), not run(main())")
    loop = asyncio.get_running_loop()
    runtime, turns = loops.made(None, None, _GRACE, _HELD)
    ended: asyncio.Future[T | None] = loop.create_future()

    def tell(value: T | None, error: BaseException | None) -> None:
        if error is None:
            ended.set_result(value)
        else:
            ended.set_exception(tasks.settable(error))

    def whole() -> T:
        value = main(*args, **kwargs)
        return typed("T", await_(value)) if asyncio.iscoroutine(value) else value

    with _inhabited(runtime):
        turns.begin(partial(runtime.run, whole), tell)
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            runtime.stop()
            await _outlast(_quietly(ended))
            raise


@contextmanager
def _inhabited(runtime: Runtime) -> Iterator[None]:
    with loops.living(runtime):
        yield
    tasks.forget_runtime(runtime)


async def _quietly(ended: asyncio.Future[Any]) -> None:
    await asyncio.wait([ended])
    if not ended.cancelled():
        ended.exception()


async def _outlast(end: Awaitable[object]) -> None:
    """Await the end of a runtime, however often the caller is cancelled meanwhile."""
    waiting = asyncio.ensure_future(end)
    cancelled: asyncio.CancelledError | None = None
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
