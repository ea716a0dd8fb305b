"""How a class of processes is started, and what it tells a supervisor of itself.

    class Door(StateMachine[str, int], restart="transient", shutdown=10.0): ...
    Door.start_link(*args)                      -> _otp_make, in the new process -> its `init`
    Door.child_spec(*args, id="front door")     -> a plain mapping, read by `supervisors.child_spec`

Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias
from typing import cast as typed

from actors import process
from actors._behaviour import Given, Make, Server, StartOptions, start, start_monitor
from actors.errors import BadArgument
from actors.naming import MaybeMonitored, MaybePid, Name
from actors.pid import Pid
from actors.process import Bounded, are_shared

if TYPE_CHECKING:
    from actors.process import Host

__all__ = ["UNSET", "RestartWord", "Startable", "check_option", "overridden"]

RestartWord: TypeAlias = Literal["permanent", "transient", "temporary"]
"""When a supervisor starts a child again."""


UNSET = object()
"""An option that was not given, where `None` means something."""
_OF_THE_START = {"host", "mailbox"}
_DEMAND_IS_ITS_BOUND = "None for a stage, whose demand is its bound"


class Startable:
    """The base of classes whose `start_link` starts a process."""

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords: `restart`, `shutdown`, `id`, `host`, `mailbox`."""

    _otp_options: ClassVar[Mapping[str, object]] = {}
    _otp_takes_bound: ClassVar[bool] = True
    """Whether its mailbox may have a bound."""
    # Made once, because most starts say nothing of how; `tests.bench start_stop`.
    __usual: ClassVar[tuple[Mapping[str, object], StartOptions, StartOptions]]
    """How it is started then while these are its class keywords: alone, and linked."""
    __maker: ClassVar[tuple[Make, str]]
    """What makes the process half, and the initial call that people are shown."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        for key, value in options.items():
            check_option(key, value)
        if not cls._otp_takes_bound and options.get("mailbox") is not None:
            raise BadArgument("mailbox", options["mailbox"], _DEMAND_IS_ITS_BOUND)
        if "__init__" in vars(cls) and _wants_arguments(cls):
            accepted = (
                "one without arguments: what start_link is given goes to `init`, in the new process"
            )
            raise BadArgument(f"{cls.__name__}.__init__", vars(cls)["__init__"], accepted)
        cls._otp_options = options
        lineage = [vars(base).get("_otp_options", {}) for base in reversed(cls.__mro__)]
        cls.options = {key: value for own in lineage for key, value in own.items()}
        alone = StartOptions(False, host=cls.__host(None), mailbox=cls.__mailbox(None))
        cls.__usual = (cls.options, alone, replace(alone, link=True))
        cls.__maker = (cls._otp_make, f"{cls.__module__}.{cls.__qualname__}.init")

    @classmethod
    def _otp_make(
        cls,
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Server:
        """Make the process half, in the new process; each behaviour says how."""
        message = f"{cls.__name__} is no behaviour: derive from GenServer or StateMachine"
        raise NotImplementedError(message)

    @classmethod
    def start_link(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        mailbox: Bounded | None = None,
        **kwargs: object,
    ) -> MaybePid:
        """Start a process linked to the caller and wait until its `init` is done.

        Runs in the caller.

        Args:
            args: Passed to `init`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `init` may take; `None` for no limit.
            host: `"thread"` for an OS thread of its own; the class keyword by default.
            mailbox: `Bounded(limit, when_full)` for its mailbox; the class keyword, or no bound, by default.
            kwargs: Passed to `init`.

        Returns:
            The pid; `None` when `init` returned `Ignore()`.

        Raises:
            StartError: `init` failed, refused or took too long, or the name is taken. A caller that
                does not trap exits is ended by the link as well, unless the reason is `"normal"`.
            BadArgument: An option is not accepted; nothing was started.

        Example:
            >>> from actors import GenServer, Reply, process, run
            >>> class Box(GenServer[int]):
            ...     def init(self, first=0):
            ...         return first
            ...     def handle_call(self, request, caller, state):
            ...         return Reply(state)
            >>> run(lambda: GenServer.call(Box.start_link(7), "value"))
            7

        Source: https://hexdocs.pm/elixir/GenServer.html#start_link/3
        """
        of, _, options = cls.__usual
        if of is not cls.options or host is not None or mailbox is not None:
            options = StartOptions(True, name, timeout, cls.__host(host), cls.__mailbox(mailbox))
        elif name is not None or timeout is not None:
            options = _named(options, name, timeout)
        make, initial_call = cls.__maker
        return start(make, initial_call, options, _given(args, kwargs))

    @classmethod
    def start(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        mailbox: Bounded | None = None,
        **kwargs: object,
    ) -> MaybePid:
        """Start a process that is linked to nobody; otherwise like `start_link`.

        Runs in the caller. Waits until its `init` is done.

        Args:
            args: Passed to `init`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `init` may take; `None` for no limit.
            host: `"thread"` for an OS thread of its own; the class keyword by default.
            mailbox: `Bounded(limit, when_full)` for its mailbox; the class keyword, or no bound, by default.
            kwargs: Passed to `init`.

        Returns:
            The pid; `None` when `init` returned `Ignore()`.

        Raises:
            StartError: `init` failed, refused or took too long, or the name is taken.
            BadArgument: An option is not accepted; nothing was started.

        Example:
            >>> from actors import GenServer, Reply, process, run
            >>> class Box(GenServer[int]):
            ...     def init(self, first=0):
            ...         return first
            ...     def handle_call(self, request, caller, state):
            ...         return Reply(state)
            >>> run(lambda: GenServer.call(Box.start(7), "value"))
            7

        Source: https://hexdocs.pm/elixir/GenServer.html#start/3
        """
        of, options, _ = cls.__usual
        if of is not cls.options or host is not None or mailbox is not None:
            options = StartOptions(False, name, timeout, cls.__host(host), cls.__mailbox(mailbox))
        elif name is not None or timeout is not None:
            options = _named(options, name, timeout)
        make, initial_call = cls.__maker
        return start(make, initial_call, options, _given(args, kwargs))

    @classmethod
    def start_monitor(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        mailbox: Bounded | None = None,
        **kwargs: object,
    ) -> MaybeMonitored:
        """Start a process that the caller monitors and is not linked to; otherwise like `start`.

        Runs in the caller. The monitor is there before `init` runs. A start that fails leaves no
        `Down` behind.

        Waits until its `init` is done.

        Args:
            args: Passed to `init`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `init` may take; `None` for no limit.
            host: `"thread"` for an OS thread of its own; the class keyword by default.
            mailbox: `Bounded(limit, when_full)` for its mailbox; the class keyword, or no bound, by default.
            kwargs: Passed to `init`.

        Returns:
            The pid and the reference that its `Down` will carry; `None` when `init` returned `Ignore()`.

        Raises:
            StartError: `init` failed, refused or took too long, or the name is taken.
            BadArgument: An option is not accepted; nothing was started.

        Example:
            >>> from actors import GenServer, Reply, process, run
            >>> class Box(GenServer[int]):
            ...     def init(self, first=0):
            ...         return first
            ...     def handle_call(self, request, caller, state):
            ...         return Reply(state)
            >>> def main():
            ...     pid, ref = Box.start_monitor()
            ...     GenServer.stop(pid)
            ...     return process.receive().reason
            >>> run(main)
            'normal'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#start_monitor/3
        """
        options = StartOptions(False, name, timeout, cls.__host(host), cls.__mailbox(mailbox))
        make, initial_call = cls.__maker
        return start_monitor(make, initial_call, options, _given(args, kwargs))

    @classmethod
    def child_spec(
        cls,
        *args: object,
        id: object = UNSET,
        restart: RestartWord | None = None,
        shutdown: object = UNSET,
        **kwargs: object,
    ) -> dict[str, object]:
        """Describe a child of this class for a supervisor, as a plain mapping.

        Runs in the caller. Starts nothing.

        Args:
            args: Passed to `start_link`.
            id: What the supervisor calls it; the class by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None` for no limit, or `"brutal_kill"`.
            kwargs: Passed to `start_link`, such as `name`.

        Returns:
            What a supervisor takes for a child.

        Raises:
            BadArgument: A field is not accepted.

        Example:
            >>> from actors import GenServer
            >>> GenServer.child_spec(id="box", restart="transient")["restart"]
            'transient'

        Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
        """
        spec: dict[str, object] = {"id": cls, "start": (cls.start_link, args, kwargs)}
        spec |= {key: value for key, value in cls.options.items() if key not in _OF_THE_START}
        return overridden(spec, id, restart, shutdown)

    @classmethod
    def __host(cls, host: Host) -> Host:
        return host if host is not None else typed("Host", cls.options.get("host"))

    @classmethod
    def __mailbox(cls, mailbox: Bounded | None) -> Bounded | None:
        bound = mailbox if mailbox is not None else typed("Bounded", cls.options.get("mailbox"))
        if bound is not None and not cls._otp_takes_bound:
            raise BadArgument("mailbox", bound, _DEMAND_IS_ITS_BOUND)
        return bound


def _named(usual: StartOptions, name: Name | None, timeout: float | None) -> StartOptions:
    """Return how a process of a class is started that has a name, or a limit for its `init`."""
    return StartOptions(usual.link, name, timeout, usual.host, usual.mailbox)


def _given(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Given:
    """Return what the other side gets of the arguments."""
    # Most are numbers and names, of which there is nothing to copy; `tests.bench` names: start_stop, restart.
    if are_shared(args) and (not kwargs or (are_shared(kwargs) and are_shared(kwargs.values()))):
        return args, kwargs
    crossed = process.crossed({"args": args, "kwargs": kwargs}, "start")
    given = typed("dict[str, Any]", crossed)
    return given["args"], given["kwargs"]


def _wants_arguments(cls: type) -> bool:
    _, *others = signature(vars(cls)["__init__"]).parameters.values()
    variadic = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    return any(each.default is Parameter.empty and each.kind not in variadic for each in others)


def overridden(
    spec: dict[str, object], id: object, restart: object, shutdown: object
) -> dict[str, object]:
    """Return a child's description with the fields that were given, which are checked.

    Raises:
        BadArgument: One is not accepted.
    """
    if id is not UNSET:
        spec["id"] = id
    if restart is not None:
        check_option("restart", restart)
        spec["restart"] = restart
    if shutdown is not UNSET:
        check_option("shutdown", shutdown)
        spec["shutdown"] = shutdown
    return spec


def check_option(key: str, value: object) -> None:
    """Refuse a class keyword that means nothing.

    Raises:
        BadArgument: It is not accepted.
    """
    match key:
        case "id":
            return
        case "restart":
            accepted = "'permanent', 'transient' or 'temporary'"
            fits = isinstance(value, str) and value in {"permanent", "transient", "temporary"}
        case "host":
            accepted = "None or 'thread'"
            fits = value is None or (isinstance(value, str) and value == "thread")
        case "mailbox":
            accepted = "Bounded(limit, when_full), or None for no bound"
            fits = value is None or isinstance(value, Bounded)
        case "shutdown":
            accepted = "seconds, None or 'brutal_kill'"
            fits = value is None or _is_seconds(value) or _is_brutal(value)
        case _:
            raise BadArgument("class keyword", key, "restart, shutdown, id, host and mailbox")
    if not fits:
        raise BadArgument(key, value, accepted)


def _is_seconds(value: object) -> bool:
    # NaN and the infinities fail the comparison, too large integers pass through no conversion.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < _LONGEST  # type: ignore[operator]


def _is_brutal(value: object) -> bool:
    return isinstance(value, str) and value == "brutal_kill"


_LONGEST = 1e15
