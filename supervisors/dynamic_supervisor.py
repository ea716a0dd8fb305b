"""The dynamic supervisor: children that come and go, known by their pids, independent of each other.

    start_child ──> child_spec     checked in the caller
                    _crowd         started in the supervisor, if there is room
    a child ends ─> strategy       does it come back?
                    _intensity     or has it been too often?
                    _crowd         start it again, with the same extra arguments
    the end ──────> _crowd         tell all of them at once, wait for the slowest

It begins without children, and there may be very many: whatever happens to one costs the same with
ten thousand others. Restarts are like those of a `Supervisor` with the strategy one_for_one.

Source: https://hexdocs.pm/elixir/DynamicSupervisor.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast, overload

from actors.errors import BadArgument
from actors.exits import NORMAL, Exit, Reason
from actors.gen_server import Caller, GenServer
from actors.messages import Message
from actors.naming import Address, Name, Via
from actors.outcomes import Ignore, Reply, Stop
from actors.pid import Pid
from supervisors import _reports
from supervisors._asking import ask
from supervisors._children import (
    Answer,
    ChildCounts,
    ChildInfo,
    Result,
    enrol,
)
from supervisors._crowd import Crowd
from supervisors._intensity import RestartWindow, check_max_restarts, check_max_seconds
from supervisors._options import UNSET, Overseen, Unset, described
from supervisors.child_spec import (
    BadOption,
    BadSpec,
    ChildLike,
    ChildSpec,
    Restart,
    Shutdown,
    made,
    of,
)

__all__ = ["Dynamic", "DynamicSupervisor", "id_of"]

_KIND = "a dynamic supervisor"


@dataclass(frozen=True, slots=True, init=False)
class Dynamic:
    """The rules of a dynamic supervisor. Checked when made.

    Raises:
        BadOption: An option is not accepted.

    Example:
        >>> Dynamic(max_children=100).max_restarts
        3

    Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#init/1
    """

    strategy: Literal["one_for_one"]
    """Children do not share each other's fate; there is no other strategy."""
    max_restarts: int
    """How many restarts are allowed within `max_seconds`; with one more the supervisor gives up."""
    max_seconds: float
    """The window in which restarts are counted, in seconds."""
    max_children: int | None
    """How many children there may be, those that are being restarted included; `None` for no
    limit."""
    extra_arguments: tuple[object, ...]
    """What every start function is given in front of the child's own arguments."""

    def __init__(
        self,
        *,
        strategy: Literal["one_for_one"] = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        max_children: int | None = None,
        extra_arguments: Iterable[object] = (),
    ) -> None:
        put = object.__setattr__
        put(self, "strategy", check_strategy(strategy))
        put(self, "max_restarts", check_max_restarts(max_restarts))
        put(self, "max_seconds", check_max_seconds(max_seconds))
        put(self, "max_children", _check_max_children(max_children))
        put(self, "extra_arguments", _check_extra_arguments(extra_arguments))


# -- client half -----------------------------------------------------------------------------------


class DynamicSupervisor(Overseen):
    """A process that keeps other processes running which are started while it runs.

    Used as it is, or as the base of a class whose `init` says the rules:

        class Sessions(DynamicSupervisor):
            def init(self, limit):
                return Dynamic(max_children=limit)

        Supervisor.start_link([Sessions.child_spec(100, name="sessions")])
        DynamicSupervisor.start_child("sessions", (Session, "alice"))

    The class keywords `id`, `restart` and `shutdown` record how a supervisor above should treat it.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     sup = DynamicSupervisor.start_link(max_children=2)
        ...     agent = DynamicSupervisor.start_child(sup, (Agent, lambda: 1))
        ...     DynamicSupervisor.terminate_child(sup, agent)
        ...     return DynamicSupervisor.count_children(sup)
        >>> run(main)
        ChildCounts(specs=0, active=0, supervisors=0, workers=0)

    Source: https://hexdocs.pm/elixir/DynamicSupervisor.html
    """

    init: Callable[..., object]
    """Written in a subclass, says the rules; runs in the supervisor's process.

    Given what `start_link` was given, it returns `Dynamic(…)`, or `Ignore()` for no supervisor.
    Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#c:init/1
    """

    @overload
    @classmethod
    def start_link(
        cls,
        *,
        strategy: Literal["one_for_one"] = ...,
        max_restarts: int = ...,
        max_seconds: float = ...,
        max_children: int | None = ...,
        extra_arguments: Iterable[object] = ...,
        name: Name | None = ...,
    ) -> Pid: ...
    @overload
    @classmethod
    def start_link(cls, *args: object, name: Name | None = ..., **kwargs: object) -> Pid | None: ...
    @classmethod
    def start_link(cls, *args: object, name: Name | None = None, **kwargs: object) -> Pid | None:
        """Start a supervisor without children, linked to the caller.

        Runs in the caller. Waits until it is up.

        Args:
            args: A subclass takes what its `init` takes.
            name: A name to register, or a `Via`.
            kwargs: `DynamicSupervisor` itself takes the options of `Dynamic`: `strategy`
                ("one_for_one"), `max_restarts` (3), `max_seconds` (5.0), `max_children` (no limit),
                `extra_arguments` (none).

        Returns:
            The pid; `None` when the `init` of a subclass returned `Ignore()`.

        Raises:
            BadOption: An option is not accepted; nothing was started.
            StartError: `("supervisor_data", reason)` when the `init` of a subclass asked for what
                is not accepted, `("bad_return", …)` when it returned anything else; whatever else
                a start can fail with. A caller that does not trap exits is ended by the link as
                well.

        Example:
            >>> from actors import run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link(max_children=2)
            ...     return DynamicSupervisor.which_children(sup)
            >>> run(main)
            []

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#start_link/1
        """
        if not hasattr(cls, "init"):
            rules = made(Dynamic, args, kwargs)
            return _Overseer.start_link(cls, lambda: rules, name, name=name)
        return _Overseer.start_link(cls, lambda: cls().init(*args, **kwargs), name, name=name)

    @staticmethod
    def start_child(supervisor: Address, child: ChildLike) -> Answer:
        """Start a child. Waits until it is up.

        The specification is checked in the caller; its id means nothing here.

        Args:
            supervisor: Its pid, name or `Via`.
            child: Whatever `child_spec.of` accepts.

        Returns:
            What the start function returned: a pid, `(pid, info)`, or `None` for no process, of
            which nothing is kept.

        Raises:
            BadSpec: The specification is not accepted.
            ChildError: `"max_children"` if there is no room, and the start function was not called;
                else why the start failed.
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link()
            ...     box = DynamicSupervisor.start_child(sup, (Agent, lambda: 1))
            ...     return Agent.get(box, abs)
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#start_child/2
        """
        return cast("Answer", ask(supervisor, ("start_child", _spec_of(child)), _KIND))

    @staticmethod
    def terminate_child(supervisor: Address, pid: Pid) -> None:
        """Stop a child, or give up restarting it. Waits until it is gone.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.
            pid: The child; one that is being restarted is known by the last pid it had.

        Raises:
            ChildError: `"not_found"`.
            CallFailed: There is no such process, or it ended meanwhile.
            BadArgument: `pid` is not accepted.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link()
            ...     box = DynamicSupervisor.start_child(sup, (Agent, lambda: 1))
            ...     DynamicSupervisor.terminate_child(sup, box)
            ...     return DynamicSupervisor.which_children(sup)
            >>> run(main)
            []

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#terminate_child/2
        """
        if not isinstance(pid, Pid):
            raise BadArgument("pid", pid, "the Pid of a child")
        ask(supervisor, ("terminate_child", pid), _KIND)

    @staticmethod
    def which_children(supervisor: Address) -> list[ChildInfo]:
        """Return the children, in no particular order. Waits while the supervisor is busy.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.

        Returns:
            One entry for each child; its `id` is always `None`.

        Raises:
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link()
            ...     DynamicSupervisor.start_child(sup, (Agent, lambda: 1))
            ...     return [child.id for child in DynamicSupervisor.which_children(sup)]
            >>> run(main)
            [None]

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#which_children/1
        """
        return cast("list[ChildInfo]", ask(supervisor, "which_children", _KIND))

    @staticmethod
    def count_children(supervisor: Address) -> ChildCounts:
        """Return how many children there are. Waits while the supervisor is busy.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.

        Returns:
            How many there are, by kind.

        Raises:
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link()
            ...     DynamicSupervisor.start_child(sup, (Agent, lambda: 1))
            ...     return DynamicSupervisor.count_children(sup).active
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#count_children/1
        """
        return cast("ChildCounts", ask(supervisor, "count_children", _KIND))

    @staticmethod
    def stop(supervisor: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Stop a supervisor, its children first, all at once. Waits until it is gone.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.
            reason: The exit reason of the supervisor; the children are told `"shutdown"`.
            timeout: Seconds to wait; `None`, the default, for no limit.

        Raises:
            CallFailed: There is no such process, it ended with another reason, or took too long.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     sup = DynamicSupervisor.start_link()
            ...     DynamicSupervisor.stop(sup)
            ...     return process.is_alive(sup)
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#stop/3
        """
        GenServer.stop(supervisor, reason, timeout)

    @classmethod
    def child_spec(
        cls,
        *args: object,
        id: Hashable | Unset = UNSET,
        restart: Restart | None = None,
        shutdown: Shutdown | Unset = UNSET,
        **kwargs: object,
    ) -> ChildSpec:
        """Describe this supervisor as a child of another one.

        Runs in the caller. Starts nothing.

        Args:
            args: Passed to `start_link`.
            id: What the supervisor above calls it; its name by default, or else the class.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None`, the default, for no limit, or `"brutal_kill"`.
            kwargs: Passed to `start_link`, such as `name`.

        Returns:
            The specification.

        Example:
            >>> DynamicSupervisor.child_spec(name="sessions").id
            'sessions'

        Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#child_spec/1
        """
        start = (cls.start_link, args, kwargs)
        return described(cls, id_of(kwargs.get("name"), cls), start, id, restart, shutdown)


def id_of(name: object, otherwise: object) -> object:
    """Return what a supervisor calls a child that has a name: the name, or the key of a `Via`.

    Pure.

    Args:
        name: A name, a `Via` or `None`.
        otherwise: What to call a child without a name.

    Returns:
        The id.

    Example:
        >>> id_of("sessions", 1), id_of(None, 1)
        ('sessions', 1)

    Source: https://hexdocs.pm/elixir/DynamicSupervisor.html#child_spec/1
    """
    if isinstance(name, Via):
        return name.key
    return otherwise if name is None else name


# -- process half ----------------------------------------------------------------------------------


class _Overseer(GenServer[None]):
    """The process of a dynamic supervisor."""

    def init(
        self, module: object, describe: Callable[[], object], name: Name | None
    ) -> Stop[None, None] | Ignore | None:
        owner = enrol(name).owner
        self.rules = partial(_rules, module, describe)
        rules = self.rules()
        if not isinstance(rules, Dynamic):
            return rules
        window = RestartWindow(rules.max_restarts, rules.max_seconds)
        self.crowd = Crowd(owner, window, rules.extra_arguments)
        self.max_children = rules.max_children
        return None

    def code_change(self, old_version: object, state: None, extra: object) -> None:
        """Ask `init` for the rules again; the children stay, and restarts that were, count on."""
        match self.rules():
            case Dynamic() as rules:
                self.crowd.extra = rules.extra_arguments
                self.max_children = rules.max_children
                self.crowd.window.resize(rules.max_restarts, rules.max_seconds)
            case Stop(reason=reason):
                raise Exit(reason)
            case _:
                pass

    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[Result, None]:
        # A strange object is never asked whether it is equal to one of ours.
        if type(request) is str and request == "which_children":
            return Reply(("ok", [member.info for member in self.crowd]))
        if type(request) is str and request == "count_children":
            return Reply(("ok", self.crowd.counts()))
        if type(request) is tuple:
            match request:
                case (str() as what, ChildSpec() as spec) if what == "start_child":
                    return Reply(self._add(spec))
                case (str() as what, Pid() as pid) if what == "terminate_child":
                    return Reply(self.crowd.end(pid))
        _reports.unexpected(self.crowd.owner, request)
        return Reply(("error", "unexpected"))

    def handle_cast(self, request: object, state: None) -> None:
        _reports.unexpected(self.crowd.owner, request)

    def handle_info(self, message: Message, state: None) -> Stop[None, None] | None:
        return self.crowd.hear(message)

    def terminate(self, reason: Reason, state: None) -> None:
        self.crowd.stop([*self.crowd])

    def _add(self, spec: ChildSpec) -> Result:
        if self.max_children is not None and len(self.crowd) >= self.max_children:
            return "error", "max_children"
        return self.crowd.add(spec)


# -- helpers ---------------------------------------------------------------------------------------


def _rules(module: object, describe: Callable[[], object]) -> Dynamic | Ignore | Stop[None, None]:
    try:
        value = describe()
    except BadOption as error:
        return Stop(("supervisor_data", error.reason))
    if isinstance(value, Dynamic) or type(value) is Ignore:
        return value
    return Stop(("bad_return", (module, "init", value)))


def _spec_of(child: ChildLike) -> ChildSpec:
    """Return a specification, or refuse it as this behaviour of OTP does: in one word for shape."""
    if isinstance(child, Mapping) and not ("id" in child and _is_start(child.get("start"))):
        accepted = "a mapping with an id and a start, which is (function, arguments)"
        raise BadSpec("child", child, accepted, ("invalid_child_spec", child))
    spec = of(child)
    if spec.significant:
        accepted = "False: this supervisor has no auto_shutdown"
        raise BadSpec("significant", True, accepted, ("invalid_significant", True))
    return spec


def _is_start(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) in {2, 3}


def check_strategy(value: object) -> Literal["one_for_one"]:
    if isinstance(value, str) and value == "one_for_one":
        return "one_for_one"
    raise BadOption("strategy", value, "'one_for_one'", ("invalid_strategy", value))


def _check_max_children(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    accepted = "a whole number, 0 or more, or None for no limit"
    raise BadOption("max_children", value, accepted, ("invalid_max_children", value))


def _check_extra_arguments(value: object) -> tuple[object, ...]:
    if isinstance(value, list | tuple):
        return tuple(value)
    accepted = "a list or tuple of arguments"
    raise BadOption("extra_arguments", value, accepted, ("invalid_extra_arguments", value))
