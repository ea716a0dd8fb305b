"""The task supervisor: tasks that are somebody's children, so that the end of a tree ends them too.

    caller: async_ ──> dynamic_supervisor: starts a process that waits for its errand
            <── pid ──
    caller: links to it (async_) or not (async_nolink), monitors it, sends the errand: `task.assign`

A task of `async_` ends with its caller and takes it along when it fails; one of `async_nolink` does
neither, and a failure is a result like any other. Both are temporary children: nobody would be there
to take the result of a second run.

Source: https://hexdocs.pm/elixir/Task.Supervisor.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack, cast

from actors import process
from actors.exits import NORMAL, Reason, means
from actors.naming import Address, Name
from actors.pid import Pid
from actors.task import (
    Hire,
    OnTimeout,
    Outcome,
    Rules,
    Task,
    TaskHost,
    assign,
    callers,
    check_function,
    employ,
    named,
    placed,
    placed_each,
    recruit,
    stream_of,
)
from supervisors._options import UNSET, Overseen, Unset, described
from supervisors.child_spec import ChildError, ChildSpec, Restart, Shutdown
from supervisors.dynamic_supervisor import DynamicSupervisor, id_of

if TYPE_CHECKING:
    from actors.process import Host

__all__ = ["TaskSupervisor", "TooManyTasks"]

A = TypeVar("A")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_TIMEOUT = 5.0
_SHUTDOWN = 5.0


class TooManyTasks(ChildError, RuntimeError):
    """A task supervisor has as many children as it may have.

    Wait until some have ended, or raise `max_children`.

    Args:
        supervisor: As the caller wrote it.
    """

    def __init__(self, supervisor: object) -> None:
        super().__init__("max_children")
        self.supervisor = supervisor

    def __str__(self) -> str:
        return f"{self.supervisor!r} has as many tasks as its max_children allows"


class TaskSupervisor(Overseen):
    """A process that keeps tasks as its children.

    The class keywords `id`, `restart` and `shutdown` record how a supervisor above should treat it.

    Example:
        >>> from actors import Task, run
        >>> def main():
        ...     sup = TaskSupervisor.start_link()
        ...     risky = TaskSupervisor.async_nolink(sup, process.exit, "bad luck")
        ...     sure = TaskSupervisor.async_(sup, pow, 2, 8)
        ...     return Task.yield_(risky), Task.await_(sure)
        >>> run(main)
        (('exit', 'bad luck'), 256)

    Source: https://hexdocs.pm/elixir/Task.Supervisor.html
    """

    @staticmethod
    def start_link(
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        name: Name | None = None,
    ) -> Pid:
        """Start a supervisor without tasks, linked to the caller.

        Runs in the caller. Waits until it is up.

        Args:
            max_children: How many tasks there may be at a time; `None` for no limit.
            max_restarts: How many restarts are allowed within `max_seconds`.
            max_seconds: The window in which restarts are counted, in seconds.
            name: A name to register, or a `Via`.

        Returns:
            The pid.

        Raises:
            BadOption: An option is not accepted; nothing was started.
            StartError: The name is taken.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link(max_children=2)
            ...     return TaskSupervisor.children(sup)
            >>> run(main)
            []

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#start_link/1
        """
        return DynamicSupervisor.start_link(
            max_children=max_children,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            name=name,
        )

    @classmethod
    def child_spec(
        cls,
        *,
        id: Hashable | Unset = UNSET,
        restart: Restart | None = None,
        shutdown: Shutdown | Unset = UNSET,
        **options: object,
    ) -> ChildSpec:
        """Describe this supervisor as a child of another one.

        Runs in the caller. Starts nothing.

        Args:
            id: What the supervisor above calls it; its name by default, or else the class.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None`, the default, for no limit, or `"brutal_kill"`.
            options: Passed to `start_link`, such as `name`.

        Returns:
            The specification.

        Example:
            >>> TaskSupervisor.child_spec(name="errands").id
            'errands'

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#module-name-registration
        """
        start = (cls.start_link, (), options)
        return described(cls, id_of(options.get("name"), cls), start, id, restart, shutdown)

    # -- one task ---------------------------------------------------------------------------------

    @staticmethod
    def async_(
        supervisor: Address,
        fn: Callable[[Unpack[Ts]], R],
        *args: *Ts,
        shutdown: Shutdown = _SHUTDOWN,
        host: TaskHost = None,
    ) -> Task[R]:
        """Run a function in a child of the supervisor that is linked to the caller as well.

        Runs in the caller. Waits for the supervisor to start it, not for the function. The caller
        must await it.

        Args:
            supervisor: Its pid, name or `Via`.
            fn: The function.
            args: Passed to it.
            shutdown: Seconds it gets to end when the supervisor ends, `None` for no limit, or
                `"brutal_kill"`.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            The task.

        Raises:
            TooManyTasks: The supervisor has as many children as it may have.
            CallFailed: There is no such supervisor, or it ended meanwhile.
            BadArgument: An argument is not accepted.

        Example:
            >>> from actors import Task, run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     return Task.await_(TaskSupervisor.async_(sup, pow, 2, 3))
            >>> run(main)
            8

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#async/3
        """
        check_function(fn)
        doing = named(fn)
        work, given, place = placed(fn, args, host)

        def hire() -> Pid:
            pid = _hire(supervisor, doing, shutdown, place)
            process.link(pid)
            return pid

        return assign(hire, work, given, doing)

    @staticmethod
    def async_nolink(
        supervisor: Address,
        fn: Callable[[Unpack[Ts]], R],
        *args: *Ts,
        shutdown: Shutdown = _SHUTDOWN,
        host: TaskHost = None,
    ) -> Task[R]:
        """Run a function in a child of the supervisor that is not linked to the caller.

        Runs in the caller and waits for the supervisor to start it, not for the function. A failure
        harms nobody: `Task.yield_` returns it, and `Task.await_` raises. Otherwise like `async_`.

        Args:
            supervisor: Its pid, name or `Via`.
            fn: The function.
            args: Passed to it.
            shutdown: Seconds it gets to end when the supervisor ends, `None` for no limit, or
                `"brutal_kill"`.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            The task.

        Raises:
            TooManyTasks: The supervisor has as many children as it may have.
            CallFailed: There is no such supervisor, or it ended meanwhile.
            BadArgument: An argument is not accepted.

        Example:
            >>> from actors import Task, run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     return Task.yield_(TaskSupervisor.async_nolink(sup, process.exit, "bored"))
            >>> run(main)
            ('exit', 'bored')

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#async_nolink/3
        """
        check_function(fn)
        doing = named(fn)
        work, given, place = placed(fn, args, host)
        hire = partial(_hire, supervisor, doing, shutdown, place)
        return assign(hire, work, given, doing)

    @staticmethod
    def start_child(
        supervisor: Address,
        fn: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        restart: Restart = "temporary",
        shutdown: Shutdown = _SHUTDOWN,
        host: TaskHost = None,
    ) -> Pid:
        """Run a function in a child of the supervisor; nobody waits for it.

        Runs in the caller. Waits for the supervisor to start it.

        Args:
            supervisor: Its pid, name or `Via`.
            fn: The function.
            args: Passed to it.
            restart: `"temporary"`, the default, `"transient"` to run it again when it has failed,
                or `"permanent"`.
            shutdown: Seconds it gets to end when the supervisor ends, `None` for no limit, or
                `"brutal_kill"`.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Returns:
            The pid.

        Raises:
            ChildError: `"max_children"`.
            CallFailed: There is no such supervisor, or it ended meanwhile.
            BadArgument: An argument is not accepted.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     TaskSupervisor.start_child(sup, process.send, process.self(), "hello")
            ...     return process.receive()
            >>> run(main)
            'hello'

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#start_child/3
        """
        check_function(fn)
        placed(fn, args, host)  # refused here, not in the supervisor
        asked_by = callers()
        spec = ChildSpec(
            "task",
            (employ, (asked_by, fn, args), {"link": True, "host": host}),
            restart=restart,
            shutdown=shutdown,
            modules=(named(fn),),
        )
        return cast("Pid", DynamicSupervisor.start_child(supervisor, spec))

    # -- many -------------------------------------------------------------------------------------

    @staticmethod
    def async_stream(
        supervisor: Address,
        inputs: Iterable[A],
        fn: Callable[[A, Unpack[Ts]], R],
        *args: *Ts,
        max_concurrency: int | None = None,
        ordered: bool = True,
        timeout: float | None = _TIMEOUT,
        on_timeout: OnTimeout = "exit",
        zip_input_on_exit: bool = False,
        shutdown: Shutdown = _SHUTDOWN,
        host: TaskHost = None,
    ) -> Generator[Outcome[R], None, None]:
        """Run a function for each of many inputs, in children of the supervisor.

        Runs in the caller, which waits for the next outcome. Like `Task.async_stream`; its tasks
        end with the consumer, and one that fails takes along a consumer that does not trap exits.

        Args:
            supervisor: Its pid, name or `Via`.
            inputs: What to run it for; may be lazy and without end.
            fn: Called in a task with one input and `args`.
            args: Passed on.
            max_concurrency: How many tasks run at a time; the number of cores by default.
            ordered: Whether outcomes come in the order of the inputs, and not as they are ready.
            timeout: Seconds that each task may take; `None` for no limit.
            on_timeout: `"exit"` raises in the consumer; `"kill_task"` makes it an outcome,
                `("exit", "timeout")`.
            zip_input_on_exit: Whether a failure is `("exit", (input, reason))`.
            shutdown: Seconds each task gets to end when the supervisor ends, `None` for no limit,
                or `"brutal_kill"`.
            host: `"thread"` for an OS thread of its own for each task.

        Yields:
            `("ok", value)` or `("exit", reason)`.

        Raises:
            TooManyTasks: The supervisor has as many children as it may have.
            TaskTimeout: A task took longer than `timeout`.
            BadArgument: An option is not accepted; raised at once.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     return list(TaskSupervisor.async_stream(sup, [1, 2], pow, 2))
            >>> run(main)
            [('ok', 1), ('ok', 4)]

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#async_stream/4
        """
        check_function(fn)
        rules = Rules(max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit)
        work, place = placed_each(fn, host)
        hire = _linked(_hiring(supervisor, fn, shutdown, place))
        return stream_of(inputs, work, args, rules, hire)

    @staticmethod
    def async_stream_nolink(
        supervisor: Address,
        inputs: Iterable[A],
        fn: Callable[[A, Unpack[Ts]], R],
        *args: *Ts,
        max_concurrency: int | None = None,
        ordered: bool = True,
        timeout: float | None = _TIMEOUT,
        on_timeout: OnTimeout = "exit",
        zip_input_on_exit: bool = False,
        shutdown: Shutdown = _SHUTDOWN,
        host: TaskHost = None,
    ) -> Generator[Outcome[R], None, None]:
        """Run a function for each of many inputs; failures are outcomes and harm nobody.

        Runs in the caller, which waits for the next outcome. Otherwise like `async_stream`.

        Args:
            supervisor: Its pid, name or `Via`.
            inputs: What to run it for; may be lazy and without end.
            fn: Called in a task with one input and `args`.
            args: Passed on.
            max_concurrency: How many tasks run at a time; the number of cores by default.
            ordered: Whether outcomes come in the order of the inputs, and not as they are
                ready.
            timeout: Seconds that each task may take; `None` for no limit.
            on_timeout: `"exit"` raises in the consumer; `"kill_task"` makes it an outcome,
                `("exit", "timeout")`.
            zip_input_on_exit: Whether a failure is `("exit", (input, reason))`.
            shutdown: Seconds it gets to end when the supervisor ends, `None` for no limit, or
                `"brutal_kill"`.
            host: `"thread"`, `"pool"` or `"process"`, as for `Task.async_`.

        Yields:
            `("ok", value)` or `("exit", reason)`.

        Raises:
            TooManyTasks: The supervisor has as many children as it may have.
            TaskTimeout: A task took longer than `timeout`.
            BadArgument: An option is not accepted; raised at once.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     return list(TaskSupervisor.async_stream_nolink(sup, ["bored"], process.exit))
            >>> run(main)
            [('exit', 'bored')]

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#async_stream_nolink/4
        """
        check_function(fn)
        rules = Rules(max_concurrency, ordered, timeout, on_timeout, zip_input_on_exit)
        work, place = placed_each(fn, host)
        hire = _hiring(supervisor, fn, shutdown, place)
        return stream_of(inputs, work, args, rules, hire)

    # -- the children -----------------------------------------------------------------------------

    @staticmethod
    def children(supervisor: Address) -> list[Pid]:
        """Return the pids of the tasks that run. Waits while the supervisor is busy.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.

        Returns:
            Their pids.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     task = TaskSupervisor.async_(sup, process.sleep, None)
            ...     return TaskSupervisor.children(sup) == [task.pid]
            >>> run(main)
            True

        Source: https://hexdocs.pm/elixir/Task.Supervisor.html#children/1
        """
        infos = DynamicSupervisor.which_children(supervisor)
        return [info.pid for info in infos if isinstance(info.pid, Pid)]

    terminate_child = staticmethod(DynamicSupervisor.terminate_child)
    count_children = staticmethod(DynamicSupervisor.count_children)
    which_children = staticmethod(DynamicSupervisor.which_children)

    @staticmethod
    def stop(supervisor: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Stop a supervisor, its tasks first, all at once. Waits until it is gone.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.
            reason: The exit reason of the supervisor.
            timeout: Seconds to wait; `None`, the default, for no limit.

        Raises:
            CallFailed: There is no such process, it ended with another reason, or took too
                long.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = TaskSupervisor.start_link()
            ...     TaskSupervisor.stop(sup)
            ...     return process.is_alive(sup)
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#stop/3
        """
        DynamicSupervisor.stop(supervisor, reason, timeout)


# -- helpers ---------------------------------------------------------------------------------------


def _hire(supervisor: Address, doing: str, shutdown: Shutdown, host: Host) -> Pid:
    """Have the supervisor start a process that waits for an errand of the caller.

    It watches the caller until it has its errand: the link, if there is to be one, comes later.
    """
    process.check_host(host)
    start = (recruit, (process.self(), doing), {"watch": True, "host": host})
    spec = ChildSpec("task", start, restart="temporary", shutdown=shutdown, modules=(doing,))
    try:
        return cast("Pid", DynamicSupervisor.start_child(supervisor, spec))
    except ChildError as error:
        if means(error.reason, "max_children"):
            raise TooManyTasks(supervisor) from None
        raise


def _hiring(supervisor: Address, fn: Callable[..., object], shutdown: Shutdown, host: Host) -> Hire:
    """Return how a stream's helper starts one task; its options are checked now."""
    process.check_host(host)
    ChildSpec("task", (recruit, ()), shutdown=shutdown)
    doing = named(fn)
    return lambda: _hire(supervisor, doing, shutdown, host)


def _linked(hire: Hire) -> Hire:
    def start() -> Pid:
        pid = hire()
        process.link(pid)
        return pid

    return start
