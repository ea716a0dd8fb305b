"""The supervisor: starts its children in order, starts again what ends, and stops all at the end.

    a request ────────────────> here       look, add, terminate, restart, forget: one child
    a child ends ──> Exited ──> _fates     start it again, and who shares its fate
    told to end ──────────────> _shutdown  stop all, newest first

Children are started inside the supervisor's own process, one after the other, so it answers nobody
until the last one is up. A restart that fails is tried again through a message to itself, so that
requests get through between the attempts. It ends when its parent ends, when it is stopped, when
restarts come too often, or when a significant child has ended (`auto_shutdown`); it always stops
its children first, one at a time, the newest first.

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html, https://hexdocs.pm/elixir/Supervisor.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, cast, overload

from actors.exits import NORMAL, SHUTDOWN, Exit, Reason
from actors.gen_server import Caller, GenServer
from actors.messages import Message
from actors.naming import Address, MaybePid, Name
from actors.outcomes import Ignore, Reply, Stop
from actors.pid import Pid
from supervisors import _reports
from supervisors._asking import ask
from supervisors._children import (
    Answer,
    Child,
    ChildCounts,
    ChildInfo,
    Children,
    Result,
    Up,
    boot,
    enrol,
    launch,
)
from supervisors._fates import Fates
from supervisors._intensity import check_max_restarts, check_max_seconds
from supervisors._options import UNSET, Overseen, Unset, described
from supervisors._shutdown import stop_all, stop_each
from supervisors.child_spec import (
    AutoShutdown,
    BadOption,
    BadSpec,
    ChildLike,
    ChildSpec,
    Restart,
    Shutdown,
    all_of,
    check_significant,
    made,
    of,
)
from supervisors.strategy import Strategy, check_auto_shutdown, check_strategy

__all__ = [
    "ChildCounts",
    "ChildInfo",
    "Supervised",
    "Supervisor",
    "count_children",
    "delete_child",
    "get_childspec",
    "restart_child",
    "start_child",
    "stop",
    "terminate_child",
    "which_children",
]

_KIND = "a supervisor"


@dataclass(frozen=True, slots=True, init=False)
class Supervised:
    """What a supervisor is to run: its children and the rules for them. Checked when made.

    The options are checked in the order strategy, max_restarts, max_seconds, auto_shutdown, and
    then the children.

    Raises:
        BadSpec: An option or a child is not accepted (`BadOption` for an option).

    Example:
        >>> Supervised([{"id": "a", "start": (print, ())}]).max_restarts
        3

    Source: https://hexdocs.pm/elixir/Supervisor.html#init/2
    """

    children: tuple[ChildSpec, ...]
    """The first children, in the order of their start."""
    strategy: Strategy
    """Who is restarted along with a child: `"one_for_one"`, `"one_for_all"` or `"rest_for_one"`."""
    max_restarts: int
    """How many restarts are allowed within `max_seconds`; with one more the supervisor gives up."""
    max_seconds: float
    """The window in which restarts are counted, in seconds."""
    auto_shutdown: AutoShutdown
    """Whether the end of significant children ends the supervisor: `"never"`, `"any_significant"`
    or `"all_significant"`."""

    def __init__(
        self,
        children: Iterable[ChildLike],
        *,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        auto_shutdown: AutoShutdown = "never",
    ) -> None:
        put = object.__setattr__
        put(self, "strategy", check_strategy(strategy))
        put(self, "max_restarts", check_max_restarts(max_restarts))
        put(self, "max_seconds", check_max_seconds(max_seconds))
        put(self, "auto_shutdown", check_auto_shutdown(auto_shutdown))
        put(self, "children", all_of(children, self.auto_shutdown))


# -- client half -----------------------------------------------------------------------------------


def which_children(supervisor: Address) -> list[ChildInfo]:
    """Return the children of a supervisor, the newest first. Waits while the supervisor is busy.

    Runs in the caller.

    Args:
        supervisor: Its pid, name or `Via`.

    Returns:
        One entry for each child.

    Raises:
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     return [child.id for child in which_children(top)]
        >>> run(main)
        ['box']

    Source: https://hexdocs.pm/elixir/Supervisor.html#which_children/1
    """
    return cast("list[ChildInfo]", ask(supervisor, "which_children", _KIND))


def count_children(supervisor: Address) -> ChildCounts:
    """Return how many children a supervisor has. Waits while the supervisor is busy.

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
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     return count_children(top).workers
        >>> run(main)
        1

    Source: https://hexdocs.pm/elixir/Supervisor.html#count_children/1
    """
    return cast("ChildCounts", ask(supervisor, "count_children", _KIND))


def start_child(supervisor: Address, child: ChildLike) -> Answer:
    """Add a child to a supervisor, as its last one, and start it. Waits until the child is up.

    Runs in the caller.

    Args:
        supervisor: Its pid, name or `Via`.
        child: Whatever `child_spec.of` accepts.

    Returns:
        What the start function returned: a pid, `(pid, info)`, or `None` for no process. The
        specification is kept, except that of a temporary child without a process.

    Raises:
        BadSpec: The specification is not accepted.
        ChildError: `("already_started", pid)` or `"already_present"` if the id is in use;
            `(reason, specification)` if the start failed; nothing is kept then. It is
            `("bad_combination", …)` for a significant child that `auto_shutdown` has no use for.
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([])
        ...     box = start_child(top, (Agent, lambda: 1))
        ...     return Agent.get(box, abs)
        >>> run(main)
        1

    Source: https://hexdocs.pm/elixir/Supervisor.html#start_child/2
    """
    return cast("Answer", ask(supervisor, ("start_child", of(child)), _KIND))


def terminate_child(supervisor: Address, id: Hashable) -> None:
    """Stop a child, or give up restarting it. Waits until it is gone.

    Runs in the caller. The specification stays, for `restart_child`; that of a temporary child
    goes.

    Args:
        supervisor: Its pid, name or `Via`.
        id: The id of the child, not its pid.

    Raises:
        ChildError: `"not_found"`.
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     terminate_child(top, "box")
        ...     return count_children(top).active
        >>> run(main)
        0

    Source: https://hexdocs.pm/elixir/Supervisor.html#terminate_child/2
    """
    ask(supervisor, ("terminate_child", id), _KIND)


def restart_child(supervisor: Address, id: Hashable) -> Answer:
    """Start a child that is stopped. Waits until it is up; does not count as a restart.

    Runs in the caller.

    Args:
        supervisor: Its pid, name or `Via`.
        id: The id of the child, not its pid.

    Returns:
        What the start function returned: a pid, `(pid, info)`, or `None` for no process.

    Raises:
        ChildError: `"not_found"`, `"running"`, `"restarting"`, or why the start failed.
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     terminate_child(top, "box")
        ...     return Agent.get(restart_child(top, "box"), abs)
        >>> run(main)
        1

    Source: https://hexdocs.pm/elixir/Supervisor.html#restart_child/2
    """
    return cast("Answer", ask(supervisor, ("restart_child", id), _KIND))


def delete_child(supervisor: Address, id: Hashable) -> None:
    """Forget the specification of a child that is stopped.

    Runs in the caller and waits until it is done.

    Args:
        supervisor: Its pid, name or `Via`.
        id: The id of the child, not its pid.

    Raises:
        ChildError: `"not_found"`, `"running"` or `"restarting"`.
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     terminate_child(top, "box")
        ...     delete_child(top, "box")
        ...     return which_children(top)
        >>> run(main)
        []

    Source: https://hexdocs.pm/elixir/Supervisor.html#delete_child/2
    """
    ask(supervisor, ("delete_child", id), _KIND)


def get_childspec(supervisor: Address, id: Hashable) -> ChildSpec:
    """Return the specification of a child.

    Runs in the caller and waits for the supervisor to answer.

    Args:
        supervisor: Its pid, name or `Via`.
        id: The id of the child, not its pid.

    Returns:
        The specification, checked and completed.

    Raises:
        ChildError: `"not_found"`.
        CallFailed: There is no such process, or it ended meanwhile.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     top = Supervisor.start_link([Agent.child_spec(lambda: 1, id="box")])
        ...     return get_childspec(top, "box").restart
        >>> run(main)
        'permanent'

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#get_childspec/2
    """
    return cast("ChildSpec", ask(supervisor, ("get_childspec", id), _KIND))


def stop(supervisor: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
    """Stop a supervisor, its children first. Waits until it is gone.

    Runs in the caller. The children are told `"shutdown"` whatever the reason is.

    Args:
        supervisor: Its pid, name or `Via`.
        reason: The exit reason of the supervisor.
        timeout: Seconds to wait; `None`, the default, for no limit. It goes on ending after that.

    Raises:
        CallFailed: There is no such process, it ended with another reason, or took too long.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     top = Supervisor.start_link([])
        ...     stop(top)
        ...     return process.is_alive(top)
        >>> run(main)
        False

    Source: https://hexdocs.pm/elixir/Supervisor.html#stop/3
    """
    GenServer.stop(supervisor, reason, timeout)


class Supervisor(Overseen):
    """A process that keeps other processes running.

    Used as it is, with a list of children, or as the base of a class whose `init` says what to run:

        class Tree(Supervisor):
            def init(self, port):
                return Supervised([(Listener, port), Log], strategy="rest_for_one")

        Supervisor.start_link([Tree.child_spec(8080)])

    The class keywords `id`, `restart` and `shutdown` record how a supervisor above should treat it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     top = Supervisor.start_link([], strategy="one_for_all")
        ...     return count_children(top)
        >>> run(main)
        ChildCounts(specs=0, active=0, supervisors=0, workers=0)

    Source: https://hexdocs.pm/elixir/Supervisor.html
    """

    init: Callable[..., object]
    """Written in a subclass, says what to run; in the supervisor's process, before anything starts.

    Given what `start_link` was given, it returns `Supervised(children, …)`, or `Ignore()` for no
    supervisor. Source: https://hexdocs.pm/elixir/Supervisor.html#c:init/1
    """

    @overload
    @classmethod
    def start_link(
        cls,
        children: Iterable[ChildLike],
        /,
        *,
        strategy: Strategy = ...,
        max_restarts: int = ...,
        max_seconds: float = ...,
        auto_shutdown: AutoShutdown = ...,
        name: Name | None = ...,
    ) -> Pid: ...
    @overload
    @classmethod
    def start_link(cls, *args: object, name: Name | None = ..., **kwargs: object) -> MaybePid: ...
    @classmethod
    def start_link(cls, *args: object, name: Name | None = None, **kwargs: object) -> MaybePid:
        """Start a supervisor linked to the caller and wait until all its children are up.

        Runs in the caller.

        Args:
            args: `Supervisor` itself takes the children; a subclass takes what its `init` takes.
            name: A name to register, or a `Via`.
            kwargs: `Supervisor` itself takes the options of `Supervised`: `strategy`
                ("one_for_one"), `max_restarts` (3), `max_seconds` (5.0), `auto_shutdown` ("never").

        Returns:
            The pid.

        Raises:
            BadSpec: An option or a child is not accepted; nothing was started.
            StartError: `("shutdown", ("failed_to_start_child", id, reason))` when a child did not
                start, and those before it were stopped again; `("start_spec", reason)` or
                `("supervisor_data", reason)` when the `init` of a subclass asked for what is not
                accepted; whatever else a start can fail with. A caller that does not trap exits is
                ended by the link as well.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = Supervisor.start_link([(Agent, lambda: 1)], strategy="rest_for_one")
            ...     return count_children(top).active
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Supervisor.html#start_link/2
        """
        if not hasattr(cls, "init"):
            rules = made(Supervised, args, kwargs)
            return _Tree.start_link(cls, lambda: rules, name, name=name)
        return _Tree.start_link(cls, lambda: cls().init(*args, **kwargs), name, name=name)

    which_children = staticmethod(which_children)
    count_children = staticmethod(count_children)
    start_child = staticmethod(start_child)
    terminate_child = staticmethod(terminate_child)
    restart_child = staticmethod(restart_child)
    delete_child = staticmethod(delete_child)
    get_childspec = staticmethod(get_childspec)
    stop = staticmethod(stop)

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
            id: What the supervisor above calls it; the class by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None`, the default, for no limit, or `"brutal_kill"`.
            kwargs: Passed to `start_link`, such as `name`.

        Returns:
            The specification.

        Example:
            >>> Supervisor.child_spec([], id="inner").type
            'supervisor'

        Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
        """
        start = (cls.start_link, args, kwargs)
        return described(cls, cls, start, id, restart, shutdown)


# -- process half ----------------------------------------------------------------------------------


class _Tree(GenServer[None]):
    """The process of a supervisor."""

    def init(
        self, module: object, describe: Callable[[], object], name: Name | None
    ) -> Stop[None, None] | Ignore | None:
        self.children = enrol(name)
        self.described = partial(_rules, module, describe)
        rules = self.described()
        if not isinstance(rules, Supervised):
            return rules
        self.fates = Fates(self.children, *_rules_of(rules))
        for spec in rules.children:
            failed = boot(self.children, self.children.add(spec))
            if failed is not None:
                stop_all(self.children)
                return Stop((SHUTDOWN, ("failed_to_start_child", spec.id, failed.reason)))
        return None

    def code_change(self, old_version: object, state: None, extra: object) -> None:
        """Ask `init` again: options and specifications are new, processes and past restarts stay."""
        match self.described():
            case Supervised() as rules:
                self.children.respecify(rules.children)
                self.fates.follow(*_rules_of(rules))
            case Stop(reason=reason):
                raise Exit(reason)
            case _:
                pass

    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[Result, None]:
        match _words(request):
            case ("which_children",):
                return Reply(("ok", self.children.infos()))
            case ("count_children",):
                return Reply(("ok", self.children.counts()))
            case ("start_child", ChildSpec() as spec):
                return Reply(self._add(spec))
            case (what, id) if what in _CHANGES:
                child = self.children.get(id)
                if child is None:
                    return Reply(("error", "not_found"))
                return Reply(_CHANGES[what](self.children, child))
            case _:
                _reports.unexpected(self.children.owner, request)
                return Reply(("error", "unexpected"))

    def handle_cast(self, request: object, state: None) -> None:
        _reports.unexpected(self.children.owner, request)

    def handle_info(self, message: Message, state: None) -> Stop[None, None] | None:
        return self.fates.hear(message)

    def terminate(self, reason: Reason, state: None) -> None:
        stop_all(self.children)

    def _add(self, spec: ChildSpec) -> Result:
        present = self.children.get(spec.id)
        if present is not None:
            running = isinstance(present.status, Pid)
            return "error", ("already_started", present.pid) if running else "already_present"
        try:
            check_significant(spec, self.fates.auto_shutdown)
        except BadSpec as error:
            return "error", error.reason
        try:
            child = self.children.add(spec)
        except Exception:  # noqa: BLE001 - what cannot be compared to other ids can be nobody's
            return "error", ("invalid_id", spec.id)
        result = launch(self.children, child)
        if isinstance(result, Up):
            return "ok", result.answer
        self.children.forget(child)
        return "error", (result.reason, spec)


# -- helpers ---------------------------------------------------------------------------------------


def _terminate(children: Children, child: Child) -> Result:
    stop_each(children, [child])
    children.over(child)
    return "ok", None


def _revive(children: Children, child: Child) -> Result:
    if child.status is not None:
        return _busy(child)
    result = launch(children, child)
    return ("ok", result.answer) if isinstance(result, Up) else ("error", result.reason)


def _delete(children: Children, child: Child) -> Result:
    if child.status is not None:
        return _busy(child)
    children.forget(child)
    return "ok", None


def _show(_: Children, child: Child) -> Result:
    return "ok", child.spec


def _busy(child: Child) -> Result:
    return "error", "running" if child.attempt is None else "restarting"


_CHANGES: Final[Mapping[str, Callable[[Children, Child], Result]]] = {
    "terminate_child": _terminate,
    "restart_child": _revive,
    "delete_child": _delete,
    "get_childspec": _show,
}


def _words(request: object) -> tuple[str] | tuple[str, object] | None:
    """Return a request if it may be one of ours; never ask a strange object whether it is equal."""
    if type(request) is str:
        return (request,)
    if type(request) is tuple:
        match request:
            case (what, argument) if type(what) is str:
                return (what, argument)
    return None


def _rules_of(supervised: Supervised) -> tuple[Strategy, int, float, AutoShutdown]:
    return (
        supervised.strategy,
        supervised.max_restarts,
        supervised.max_seconds,
        supervised.auto_shutdown,
    )


def _rules(
    module: object, describe: Callable[[], object]
) -> Supervised | Ignore | Stop[None, None]:
    try:
        value = describe()
    except BadOption as error:
        return Stop(("supervisor_data", error.reason))
    except BadSpec as error:
        return Stop(("start_spec", error.reason))
    if isinstance(value, Supervised) or type(value) is Ignore:
        return value
    return Stop(("bad_return", (module, "init", value)))
