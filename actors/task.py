"""`Task`: run a function in a process of its own, and await what comes out.

    task = Task.async_(fetch, url)       # runs from now on, linked to the caller
    ...                                  # the caller does something else
    page = Task.await_(task)             # ... and waits at most five seconds

`async_` and the functions that take a task belong together and to one process, the *owner*: it gets
exactly one result or failure. A task that fails takes its owner with it through the link; an owner
that traps exits, or a task of a `TaskSupervisor` that is not linked, lets `await_` and `yield_`
report the failure instead. `start` and `start_link` are for what nobody waits for.

On the wire a result is the message `(task.ref, value)`, followed by the `Down` of `task.ref`. The
reference is an alias that ends with the interest in the result, so nothing is ever left over:

    _errand: recruit --> waits for the errand --> runs it --(ref, value)--> here: await_

Source: https://hexdocs.pm/elixir/Task.html
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    TypeVarTuple,
    Unpack,
    overload,
)
from typing import (
    cast as typed,
)

from actors import process
from actors._errand import Errand, callers, engage, named, packed, recruit, send_off
from actors._outcome import Awaited, Circle, end, forget, next_of
from actors._startable import UNSET, RestartWord, overridden
from actors._task_stream import Hire, OnTimeout, Rules, Work, stream
from actors.errors import BadArgument, CallCycle, CallFailed, TaskExited, TaskTimeout
from actors.exits import NOCONNECTION, TIMEOUT, Crash, Reason, means
from actors.pid import Pid, Ref
from actors.process import self as myself

if TYPE_CHECKING:
    from actors.process import Host

__all__ = [
    "Failed",
    "Hire",
    "OnTimeout",
    "OnYieldTimeout",
    "Outcome",
    "Rules",
    "Succeeded",
    "Task",
    "TaskHost",
    "assign",
    "callers",
    "check_function",
    "employ",
    "named",
    "placed",
    "placed_each",
    "recruit",
    "stream_of",
]

R = TypeVar("R")
A = TypeVar("A")
F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T", covariant=True)
Ts = TypeVarTuple("Ts")

Succeeded: TypeAlias = tuple[Literal["ok"], R]
"""A task's result, as `("ok", value)`."""
Failed: TypeAlias = tuple[Literal["exit"], Reason]
"""A task's failure, as `("exit", reason)`."""
Outcome: TypeAlias = Succeeded[R] | Failed
"""What became of a task: `("ok", value)` or `("exit", reason)`."""
TaskHost: TypeAlias = "Host | Literal['process']"
"""Where a task runs: as any process, or with its function in an interpreter of its own (`"process"`)."""
OnYieldTimeout: TypeAlias = Literal["nothing", "ignore", "kill_task"]
"""What `yield_many` does with tasks that are not done: leave them, forget them or kill them."""

_TIMEOUT = 5.0
_OPTIONS = ("id", "restart", "shutdown")


@dataclass(frozen=True, init=False)
class Task(Generic[T]):
    """A function that runs in a process of its own, and the right to its result.

    The class keywords `id`, `restart` and `shutdown` of a subclass record how a supervisor should
    treat it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     tasks = [Task.async_(pow, 2, n) for n in range(4)]
        ...     return Task.await_many(tasks)
        >>> run(main)
        [1, 2, 4, 8]

    Source: https://hexdocs.pm/elixir/Task.html
    """

    pid: Pid | None
    """The process; `None` for a task of `completed`."""
    ref: Ref
    """Its monitor, and what the result is sent with."""
    owner: Pid
    """Who may await it."""
    function: str
    """What it runs, for people to read."""

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords."""

    def __init__(self, pid: Pid | None, ref: Ref, owner: Pid, function: str) -> None:
        # What `dataclass` would write takes twice as long; `tests.bench task`.
        own = self.__dict__
        own["pid"] = pid
        own["ref"] = ref
        own["owner"] = owner
        own["function"] = function

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = options.keys() - set(_OPTIONS)
        if unknown:
            raise BadArgument("class keywords", sorted(unknown), "id, restart and shutdown")
        cls.options = {**cls.options, **options}

    # -- starting ---------------------------------------------------------------------------------

    @overload
    @staticmethod
    def async_(
        fn: Callable[[Unpack[Ts]], Coroutine[Any, Any, R]], *args: *Ts, host: TaskHost = None
    ) -> Task[R]: ...
    @overload
    @staticmethod
    def async_(fn: Callable[[Unpack[Ts]], R], *args: *Ts, host: TaskHost = None) -> Task[R]: ...
    @staticmethod
    def async_(fn: Callable[..., object], *args: object, host: TaskHost = None) -> Task[Any]:
        """Run a function in a new process, linked to the caller, who must await it.

        Does not wait.

        Args:
            fn: The function; one that is `async def` is awaited.
            args: Passed to it.
            host: `"thread"` for an OS thread of its own, for work that blocks, or `"pool"` for one
                that is kept for the next such work; `"process"` for
                an interpreter of its own, for work that may have to be killed or may crash: what
                crosses is pickled, and its death has the reason `("signal", number)` or
                `("exit_status", code)`. It imports the main module, which must start nothing when
                imported: what a script does belongs below `if __name__ == "__main__":`. That takes some
                tenths of a second; to be killed, less than one millisecond.

        Returns:
            The task.

        Raises:
            BadArgument: `fn` is no function, or there is no such host.

        Example:
            >>> from actors import run
            >>> run(lambda: Task.await_(Task.async_(pow, 2, 3)))
            8

        Source: https://hexdocs.pm/elixir/Task.html#async/1
        """
        check_function(fn)
        doing = named(fn)
        work, given, place = placed(fn, args, host)
        pid, ref = engage(work, given, doing, place)
        return Task(pid, ref, myself(), doing)

    @staticmethod
    def start(fn: Callable[[Unpack[Ts]], object], *args: *Ts, host: TaskHost = None) -> Pid:
        """Run a function in a new process that is linked to nobody and tells nobody.

        Does not wait.

        Args:
            fn: The function.
            args: Passed to it.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            The pid.

        Raises:
            BadArgument: `fn` is no function, or there is no such host.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     Task.start(process.send, process.self(), "hello")
            ...     return process.receive()
            >>> run(main)
            'hello'

        Source: https://hexdocs.pm/elixir/Task.html#start/1
        """
        return employ(callers(), fn, args, link=False, host=host)

    @staticmethod
    def start_link(fn: Callable[[Unpack[Ts]], object], *args: *Ts, host: TaskHost = None) -> Pid:
        """Run a function in a new process that is linked to the caller and tells nobody.

        Does not wait.

        Args:
            fn: The function.
            args: Passed to it.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            The pid.

        Raises:
            BadArgument: `fn` is no function, or there is no such host.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     Task.start_link(process.send, process.self(), "hello")
            ...     return process.receive()
            >>> run(main)
            'hello'

        Source: https://hexdocs.pm/elixir/Task.html#start_link/1
        """
        return employ(callers(), fn, args, link=True, host=host)

    @classmethod
    def child_spec(
        cls,
        fn: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        id: object = UNSET,
        restart: RestartWord | None = None,
        shutdown: object = UNSET,
        host: TaskHost = None,
    ) -> dict[str, object]:
        """Describe a task for a supervisor, as a plain mapping.

        Runs in the caller. Starts nothing.

        Args:
            fn: The function.
            args: Passed to it.
            id: What the supervisor calls it; the class by default.
            restart: `"temporary"`, the default, `"transient"` or `"permanent"`.
            shutdown: Seconds it gets to end, `None` for no limit, or `"brutal_kill"`.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            What a supervisor takes for a child.

        Raises:
            BadArgument: `fn` cannot be called, or a field is not accepted.

        Example:
            >>> Task.child_spec(print, "hello")["restart"]
            'temporary'

        Source: https://hexdocs.pm/elixir/Task.html#module-statically-supervised-tasks
        """
        check_function(fn)
        process.check_host(host)
        named_args = {} if host is None else {"host": host}
        start = (cls.start_link, (fn, *args), named_args)
        spec: dict[str, object] = {"id": cls, "start": start, "restart": "temporary"}
        spec |= cls.options
        return overridden(spec, id, restart, shutdown)

    @staticmethod
    def completed(value: R) -> Task[R]:
        """Return a task that is done already, without a process.

        Runs in the caller, which owns it, and does not wait.

        Args:
            value: Its result.

        Returns:
            The task, to be awaited like any other.

        Example:
            >>> from actors import run
            >>> run(lambda: Task.await_(Task.completed(1)))
            1

        Source: https://hexdocs.pm/elixir/Task.html#completed/1
        """
        task: Task[R] = Task(None, Ref(), process.self(), "actors.task.Task.completed")
        process.inform(task.owner, (task.ref, value))
        return task

    # -- getting the result -----------------------------------------------------------------------

    @staticmethod
    def await_(task: Task[R], timeout: float | None = _TIMEOUT) -> R:
        """Wait for a task's result.

        Runs in the owner and blocks it, not the loop. A result that comes too late is never seen; a
        task can be awaited once.

        Args:
            task: One of the caller's.
            timeout: Seconds; `None` for no limit.

        Returns:
            What the function returned.

        Raises:
            TaskExited: It ended without a result; `why` is its exit reason.
            TaskTimeout: There was no result in time. Uncaught it ends the owner, and by the link
                the task; caught, the task goes on.
            CallCycle: The task waits for the caller, which could never answer it; the task is not
                forgotten.
            BadArgument: The caller is not the owner, or the timeout is not accepted.

        Example:
            >>> from actors import run
            >>> run(lambda: Task.await_(Task.async_(pow, 2, 3)))
            8

        Source: https://hexdocs.pm/elixir/Task.html#await/2
        """
        _check_owner(task)
        try:
            outcome = next_of(task.ref, timeout, task.pid)
        except Circle as circle:
            raise _cycle(circle, task, timeout, "await", [task, timeout]) from None
        if outcome is None:
            forget(task.ref)
            raise TaskTimeout(TIMEOUT, task, None, timeout, *_call("await", [task, timeout]))
        if outcome[0] == "exit":
            raise _exited(outcome[1], task, "await", [task, timeout])
        return outcome[1]  # type: ignore[return-value]

    @staticmethod
    def await_many(tasks: Sequence[Task[R]], timeout: float | None = _TIMEOUT) -> list[R]:
        """Wait for the results of several tasks; fail as soon as one of them fails.

        Runs in the owner and blocks it, not the loop.

        Args:
            tasks: The caller's.
            timeout: Seconds for all of them together; `None` for no limit.

        Returns:
            The results, in the order of `tasks`.

        Raises:
            TaskExited: One ended without a result.
            TaskTimeout: Not all were done in time.
            CallCycle: One of them waits for the caller, which could never answer it.
            BadArgument: The caller is not the owner, or the timeout is not accepted.

        Example:
            >>> from actors import run
            >>> run(lambda: Task.await_many([Task.async_(pow, 2, n) for n in (1, 2)]))
            [2, 4]

        Source: https://hexdocs.pm/elixir/Task.html#await_many/2
        """
        results, waiting = Awaited(_owned(tasks), timeout), [*tasks]
        while (ended := _next_end(results, waiting, timeout)) is not None:
            task, outcome = ended
            if outcome[0] == "exit":
                results.forget()
                raise _exited(outcome[1], task, "await_many", [waiting, timeout])
        if results.pending:
            results.forget()
            where = _call("await_many", [waiting, timeout])
            raise TaskTimeout(TIMEOUT, waiting, None, timeout, *where)
        return [typed("R", results.done[task.ref][1]) for task in waiting]

    @staticmethod
    def yield_(task: Task[R], timeout: float | None = _TIMEOUT) -> Outcome[R] | None:
        """Wait for a task's result for a while; may be repeated until there is one.

        Runs in the owner and blocks it, not the loop.

        Args:
            task: One of the caller's.
            timeout: Seconds; `None` for no limit, 0 to look and not wait.

        Returns:
            `("ok", value)`, `("exit", reason)`, or `None` when the time is over.

        Raises:
            BadArgument: The caller is not the owner, or the timeout is not accepted.

        Example:
            >>> from actors import run
            >>> run(lambda: Task.yield_(Task.async_(pow, 2, 3)))
            ('ok', 8)

        Source: https://hexdocs.pm/elixir/Task.html#yield/2
        """
        _check_owner(task)
        return _connected(next_of(task.ref, timeout), task, "yield", [task, timeout])

    @staticmethod
    def yield_many(
        tasks: Sequence[Task[R]],
        timeout: float | None = _TIMEOUT,
        *,
        limit: int | None = None,
        on_timeout: OnYieldTimeout = "nothing",
    ) -> list[tuple[Task[R], Outcome[R] | None]]:
        """Wait for the results of several tasks for a while.

        Runs in the owner and blocks it, not the loop.

        Args:
            tasks: The caller's.
            timeout: Seconds for all of them together; `None` for no limit.
            limit: Return as soon as so many are done; `None` for all of them.
            on_timeout: What to do with those that are not done when the time is over: `"nothing"`,
                `"ignore"` (forget and unlink them) or `"kill_task"`.

        Returns:
            Each task with its outcome, or `None` if it is not done, in the order of `tasks`.

        Raises:
            BadArgument: The caller is not the owner, or an option is not accepted.

        Example:
            >>> from actors import run
            >>> def main():
            ...     tasks = [Task.async_(pow, 2, n) for n in (1, 2)]
            ...     return [outcome for _, outcome in Task.yield_many(tasks)]
            >>> run(main)
            [('ok', 2), ('ok', 4)]

        Source: https://hexdocs.pm/elixir/Task.html#yield_many/2
        """
        _check_yield_options(limit, on_timeout)
        results = Awaited(_owned(tasks), timeout)
        wanted = len(results.pending) if limit is None else min(limit, len(results.pending))
        while len(results.done) < wanted and (ended := results.wait()) is not None:
            task, outcome = ended
            _connected(outcome, task, "yield_many", [[*tasks], timeout])
        late: Callable[[Task[object]], Outcome[object] | None] = _leave
        if len(results.done) < wanted:
            late = _LATE[on_timeout]
        outcomes = {ref: late(task) for ref, task in results.pending.items()} | results.done
        return [(task, typed("Outcome[R] | None", outcomes[task.ref])) for task in tasks]

    # -- giving up --------------------------------------------------------------------------------

    @staticmethod
    def shutdown(
        task: Task[R], timeout: float | Literal["brutal_kill"] | None = _TIMEOUT
    ) -> Outcome[R] | None:
        """Unlink a task, end it, and wait until it is gone.

        Runs in the owner and blocks it, not the loop.

        Args:
            task: One of the caller's.
            timeout: Seconds it gets to end before it is killed; `None` for no limit, or
                `"brutal_kill"` to kill it at once.

        Returns:
            `("ok", value)` if it had a result or still gave one; `None` if it ended as it was told;
            `("exit", reason)` if it ended otherwise: `"killed"` when it did not end in time,
            `"noproc"` when its result had been taken before.

        Raises:
            BadArgument: The caller is not the owner, or the timeout is not accepted.

        Example:
            >>> from actors import process, run
            >>> run(lambda: Task.shutdown(Task.async_(process.sleep, None)))

        Source: https://hexdocs.pm/elixir/Task.html#shutdown/2
        """
        _check_owner(task)
        if timeout != "brutal_kill":
            process.check_timeout("timeout", timeout)
        ref, pid = task.ref, task.pid
        outcome = next_of(ref, 0) if pid is None else end(ref, pid, timeout)
        return _connected(outcome, task, "shutdown", [task, timeout])

    @staticmethod
    def ignore(task: Task[R]) -> Outcome[R] | None:
        """Unlink a task and forget it; it goes on, and what comes out is thrown away.

        Runs in the owner and does not wait.

        Args:
            task: One of the caller's.

        Returns:
            `("ok", value)` or `("exit", reason)` if it was done already, else `None`.

        Raises:
            BadArgument: The caller is not the owner.

        Example:
            >>> from actors import process, run
            >>> run(lambda: Task.ignore(Task.async_(process.sleep, None)))

        Source: https://hexdocs.pm/elixir/Task.html#ignore/1
        """
        _check_owner(task)
        outcome = next_of(task.ref, 0)
        if outcome is None or outcome[0] == "ok":
            if task.pid is not None:
                process.unlink(task.pid)
            forget(task.ref)
        return _connected(outcome, task, "ignore", [task])

    # -- many -------------------------------------------------------------------------------------

    @staticmethod
    def async_stream(
        inputs: Iterable[A],
        fn: Callable[[A, Unpack[Ts]], R],
        *args: *Ts,
        max_concurrency: int | None = None,
        ordered: bool = True,
        timeout: float | None = _TIMEOUT,
        on_timeout: OnTimeout = "exit",
        zip_input_on_exit: bool = False,
        host: TaskHost = None,
    ) -> Generator[Outcome[R], None, None]:
        """Run a function for each of many inputs, so many at a time, and yield the outcomes.

        Runs in the caller. Nothing starts before the first outcome is asked for, and inputs are
        taken as there is room. The outcomes belong to the process that asks for the first; it waits
        for each. Closing the generator, as leaving a `for` loop does, kills what runs. A generator
        given as `inputs` is closed with it.

        A task that fails takes the consumer with it, unless the consumer traps exits.

        Args:
            inputs: What to run it for; may be lazy and without end.
            fn: Called in a task with one input and `args`.
            args: Passed on.
            max_concurrency: How many tasks run at a time; the number of cores by default.
            ordered: Whether outcomes come in the order of the inputs, and not as they are ready.
            timeout: Seconds that each task may take; `None` for no limit.
            on_timeout: `"exit"` raises in the consumer; `"kill_task"` makes it an outcome,
                `("exit", "timeout")`.
            zip_input_on_exit: Whether a failure is `("exit", (input, reason))`.
            host: `"thread"` for an OS thread of its own for each task.

        Yields:
            `("ok", value)` or `("exit", reason)`.

        Raises:
            TaskTimeout: A task took longer than `timeout`.
            BadArgument: An option is not accepted; raised at once.

        Example:
            >>> from actors import run
            >>> run(lambda: list(Task.async_stream([1, 2, 3], lambda n: n * n)))
            [('ok', 1), ('ok', 4), ('ok', 9)]

        Source: https://hexdocs.pm/elixir/Task.html#async_stream/3
        """
        check_function(fn)
        rules = Rules(max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit)
        doing = named(fn)
        work, place = placed_each(fn, host)
        return stream_of(
            inputs,
            work,
            args,
            rules,
            lambda: recruit(process.self(), doing, watch=False, host=place),
        )


# -- for those who start tasks elsewhere -----------------------------------------------------------


def check_function(fn: object) -> None:
    """Refuse what cannot be run.

    Pure.

    Args:
        fn: What was passed.

    Raises:
        BadArgument: It is no function.

    Example:
        >>> check_function(print)

    Source: https://hexdocs.pm/elixir/Task.html#async/1
    """
    if not callable(fn):
        raise BadArgument(
            "fn", fn, "a function, not called yet: async_(work, 1), not async_(work(1))"
        )


def assign(
    hire: Hire, fn: Callable[[Unpack[Ts]], R], args: tuple[*Ts], doing: str | None = None
) -> Task[R]:
    """Have a process started that waits for an errand of the caller, and give it its work.

    Runs in the caller. Does not wait, unless starting the process does.

    Args:
        hire: Starts it, as `recruit` does for the caller.
        fn: The function.
        args: What it is given.
        doing: What people are told that it runs; the function's name by default.

    Returns:
        The task, which the caller owns.

    Raises:
        NotSendable: The function or what it is given may not cross; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     hire = lambda: recruit(process.self(), "power", watch=False)
        ...     return Task.await_(assign(hire, pow, (2, 3)))
        >>> run(main)
        8

    Source: https://hexdocs.pm/elixir/Task.html#async/3
    """
    owner, job = process.self(), packed(fn, args, callers())
    pid = hire()
    ref = process.monitor(pid, alias="demonitor")
    process.deliver(pid, Errand(owner, ref, ref, job))
    return Task(pid, ref, owner, named(fn) if doing is None else doing)


def placed(
    fn: Callable[..., object], args: tuple[Any, ...], host: TaskHost
) -> tuple[Callable[..., Any], tuple[Any, ...], Host]:
    """Return what a task runs where: for an interpreter of its own, what keeps that.

    Pure.

    Args:
        fn: The function.
        args: What it is given.
        host: Where it is to run.

    Returns:
        The function and arguments of the process, and the host of the process.

    Raises:
        BadArgument: There is no such host, or the function cannot be sent to another interpreter.

    Example:
        >>> placed(pow, (2, 3), None)
        (<built-in function pow>, (2, 3), None)

    Source: https://docs.python.org/3/library/multiprocessing.html
    """
    if host is None:
        return fn, args, None
    if not (isinstance(host, str) and host == "process"):
        process.check_host(host, "process")
        return fn, args, host
    prepare = importlib.import_module("actors._interpreter").prepare
    return prepare(fn, args), (), None


def placed_each(fn: F, host: TaskHost) -> tuple[F, Host]:
    """Return what the tasks of a stream run where, of which each has its own arguments.

    Pure.

    Args:
        fn: The function.
        host: Where it is to run.

    Returns:
        The function of the processes, and their host.

    Raises:
        BadArgument: There is no such host.

    Example:
        >>> placed_each(pow, None)
        (<built-in function pow>, None)

    Source: https://docs.python.org/3/library/multiprocessing.html
    """
    if not (isinstance(host, str) and host == "process"):
        process.check_host(host, "process")
        return fn, host
    run_apart = importlib.import_module("actors._interpreter").run_apart
    return typed("F", partial(run_apart, fn)), None


def employ(
    asked_by: tuple[Pid, ...],
    fn: Callable[[Unpack[Ts]], object],
    args: tuple[*Ts],
    *,
    link: bool,
    host: TaskHost = None,
) -> Pid:
    """Start a process that runs a function for others and tells nobody.

    Runs in the caller. Does not wait.

    Args:
        asked_by: On whose behalf, the nearest first.
        fn: The function.
        args: What it is given.
        link: Whether it is linked to the calling process.
        host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

    Returns:
        Its pid.

    Raises:
        BadArgument: `fn` is no function, or there is no such host.

    Example:
        >>> from actors import run
        >>> def main():
        ...     employ(callers(), process.send, (process.self(), "hello"), link=True)
        ...     return process.receive()
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/elixir/Task.html#start_link/3
    """
    check_function(fn)
    doing = named(fn)
    work, given, place = placed(fn, args, host)
    return send_off(packed(work, given, asked_by), doing, link=link, host=place)


def stream_of(
    inputs: Iterable[A],
    fn: Callable[[A, Unpack[Ts]], R],
    args: tuple[*Ts],
    rules: Rules,
    hire: Hire,
) -> Generator[Outcome[R], None, None]:
    """Return the outcomes of a stream whose tasks are started in a way of the caller's.

    Runs in whoever asks for the outcomes, which waits for each.

    Args:
        inputs: What to run it for; may be lazy and without end.
        fn: Called in a task with one input and `args`.
        args: Passed on.
        rules: How many at a time, in which order, for how long.
        hire: Starts a process that waits for an errand of the caller.

    Returns:
        A generator of `("ok", value)` and `("exit", reason)`.

    Raises:
        BadArgument: The inputs are not accepted.

    Example:
        >>> from actors import run
        >>> def main():
        ...     hire = lambda: recruit(process.self(), "power", watch=False)
        ...     rules = Rules(2, True, None, "exit", False)
        ...     return list(stream_of([1, 2], pow, (2,), rules, hire))
        >>> run(main)
        [('ok', 1), ('ok', 4)]

    Source: https://hexdocs.pm/elixir/Task.html#async_stream/5
    """
    if not isinstance(inputs, Iterable):
        raise BadArgument("inputs", inputs, "something to iterate over")
    outcomes = stream(inputs, Work(fn, args, hire), rules)
    return typed("Generator[Outcome[R], None, None]", outcomes)


# -- helpers ---------------------------------------------------------------------------------------


def _check_owner(task: Task[object]) -> None:
    if not isinstance(task, Task):
        raise BadArgument("task", task, "a Task")
    here = myself()
    if task.owner is not here:
        raise BadArgument("task", task, f"one that {here!r}, the calling process, has started")


def _owned(tasks: Sequence[Task[object]]) -> dict[Ref, Task[object]]:
    if not isinstance(tasks, Sequence):
        raise BadArgument("tasks", tasks, "a list or a tuple of tasks")
    for task in tasks:
        _check_owner(task)
    return {task.ref: task for task in tasks}


def _check_yield_options(limit: object, on_timeout: object) -> None:
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise BadArgument("limit", limit, "a whole number above 0, or None for all")
    if not isinstance(on_timeout, str) or on_timeout not in _LATE:
        raise BadArgument("on_timeout", on_timeout, f"one of {[*_LATE]}")


def _call(function: str, arguments: list[object]) -> tuple[tuple[str, str], list[object]]:
    return ("Task", function), arguments


def _exited(
    reason: Reason, task: Task[object], function: str, arguments: list[object]
) -> CallFailed:
    if means(reason, NOCONNECTION):
        reason = ("nodedown", None if task.pid is None else task.pid.node)
    failure = TaskExited(reason, task, None, None, *_call(function, arguments))
    if type(reason) is Crash:
        failure.__cause__ = reason.exception
    return failure


def _cycle(
    circle: Circle, server: object, timeout: float | None, function: str, arguments: list[object]
) -> CallCycle:
    return CallCycle(
        ("call_cycle", circle.chain), server, None, timeout, *_call(function, arguments)
    )


def _next_end(
    results: Awaited[Task[object]], waiting: Sequence[object], timeout: float | None
) -> tuple[Task[object], Outcome[object]] | None:
    pids = [task.pid for task in results.pending.values() if task.pid is not None]
    try:
        return results.wait(pids)
    except Circle as circle:
        results.forget()
        raise _cycle(circle, waiting, timeout, "await_many", [waiting, timeout]) from None


def _connected(
    outcome: Outcome[object] | None, task: Task[R], function: str, arguments: list[object]
) -> Outcome[R] | None:
    """Return an outcome, unless it is that of a node which went away: that is the owner's end."""
    if outcome is not None and outcome[0] == "exit" and means(outcome[1], NOCONNECTION):
        raise _exited(outcome[1], task, function, arguments)
    return typed("Outcome[R] | None", outcome)


def _leave(_: Task[object]) -> None:
    return None


def _kill(task: Task[object]) -> Outcome[object] | None:
    return Task.shutdown(task, "brutal_kill")


_LATE: Mapping[str, Callable[[Task[object]], Outcome[object] | None]] = {
    "nothing": _leave,
    "ignore": Task.ignore,
    "kill_task": _kill,
}
