"""The consumer supervisor: a consumer of events that starts a child for each of them.

    producer ──> event ──> start function(*arguments, event) ──> a child
    a child ends ──> one more event is asked for, as soon as `min_demand` have ended

So there are never more children than `max_demand` of its subscriptions, and the next event is taken when
a child is done with one. A child that is being restarted keeps its place. Children are like those of a
`DynamicSupervisor`; none is permanent, since an event is done with at some time.

Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal, cast

from actors.exits import Exit, Reason
from actors.gen_server import Caller
from actors.messages import Message
from actors.naming import Address, Name
from actors.outcomes import Ignore, Reply, Stop
from actors.pid import Pid, Ref
from actors.stage import Consumer, Manual, Stage, SubscribeTo, Subscription
from supervisors import _reports
from supervisors._asking import ask
from supervisors._children import Answer, Result, Up, enrol
from supervisors._crowd import Crowd
from supervisors._intensity import RestartWindow, check_max_restarts
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
from supervisors.dynamic_supervisor import DynamicSupervisor, check_strategy, id_of

__all__ = ["ConsumerSupervisor", "Consuming"]

_KIND = "a consumer supervisor"


@dataclass(frozen=True, slots=True, init=False)
class Consuming:
    """What a consumer supervisor starts, and for whose events. Checked when made.

    Raises:
        BadSpec: The child is not accepted, or is permanent.
        BadOption: An option is not accepted.
        BadArgument: A subscription is not accepted.

    Example:
        >>> Consuming({"id": "print", "start": (print, ()), "restart": "temporary"}).max_restarts
        3

    Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html#init/2
    """

    child: ChildSpec
    """How a child is started: its start function gets the event after its own arguments."""
    subscribe_to: tuple[Address | SubscribeTo, ...]
    """The producers."""
    strategy: Literal["one_for_one"]
    """Children do not share each other's fate; there is no other strategy."""
    max_restarts: int
    """How many restarts are allowed within `max_seconds`; with one more the supervisor gives up."""
    max_seconds: float
    """The window in which restarts are counted, in seconds; 0 counts those of one second."""

    def __init__(
        self,
        child: ChildLike,
        *,
        subscribe_to: Sequence[Address | SubscribeTo] = (),
        strategy: Literal["one_for_one"] = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
    ) -> None:
        put = object.__setattr__
        put(self, "child", _check_child(of(child)))
        put(self, "subscribe_to", tuple(Consumer(None, subscribe_to).subscribe_to))
        put(self, "strategy", check_strategy(strategy))
        put(self, "max_restarts", check_max_restarts(max_restarts))
        put(self, "max_seconds", _check_max_seconds(max_seconds))


# -- client half -----------------------------------------------------------------------------------


class ConsumerSupervisor(Overseen):
    """A process that starts a child for each event and asks for more when children have ended.

    Used as it is, or as the base of a class whose `init` says what it does:

        class Mailers(ConsumerSupervisor):
            def init(self, limit):
                letters = SubscribeTo("letters", max_demand=limit)
                return Consuming(Mailer.child_spec(restart="transient"), subscribe_to=[letters])

    It is a stage: `Stage.sync_subscribe(supervisor, producer, max_demand=10)` subscribes it later. The
    class keywords `id`, `restart` and `shutdown` record how a supervisor above should treat it.

    Example:
        >>> from actors import Task, process, run
        >>> from actors.stage import from_iterable
        >>> def main():
        ...     job = {"id": "job", "start": (Task.start_link, (print,)), "restart": "temporary"}
        ...     letters = SubscribeTo(from_iterable("abc"), max_demand=1, cancel="temporary")
        ...     ConsumerSupervisor.start_link(job, subscribe_to=[letters])
        ...     process.sleep(0.01)
        >>> run(main)
        a
        b
        c

    Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html
    """

    init: Callable[..., object]
    """Written in a subclass, says what it does; runs in the supervisor's process.

    Given what `start_link` was given, it returns `Consuming(…)`, or `Ignore()` for no supervisor.
    Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html#c:init/1
    """

    @classmethod
    def start_link(cls, *args: object, name: Name | None = None, **kwargs: object) -> Pid | None:
        """Start a supervisor without children, linked to the caller, and subscribe it.

        Runs in the caller. Waits until it is up.

        Args:
            args: `ConsumerSupervisor` itself takes the child; a subclass what its `init` takes.
            name: A name to register, or a `Via`.
            kwargs: `ConsumerSupervisor` itself takes the options of `Consuming`: `subscribe_to`,
                `strategy` ("one_for_one"), `max_restarts` (3), `max_seconds` (5.0).

        Returns:
            The pid; `None` when the `init` of a subclass returned `Ignore()`.

        Raises:
            BadSpec: The child is not accepted; nothing was started.
            BadOption: An option is not accepted; nothing was started.
            BadArgument: A subscription is not accepted; nothing was started.
            StartError: `("bad_specs", reason)` or `("bad_opts", reason)` when the `init` of a subclass
                asked for what is not accepted, `("bad_return_value", …)` when it returned anything
                else, `"noproc"` for a producer that is not there.

        Example:
            >>> from actors import run
            >>> def main():
            ...     job = {"id": "job", "start": (print, ()), "restart": "temporary"}
            ...     sup = ConsumerSupervisor.start_link(job)
            ...     return ConsumerSupervisor.which_children(sup)
            >>> run(main)
            []

        Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html#start_link/2
        """
        if not hasattr(cls, "init"):
            rules = made(Consuming, args, kwargs)
            return _Overseer.start_link(lambda: rules, name, name=name)
        return _Overseer.start_link(lambda: cls().init(*args, **kwargs), name, name=name)

    @staticmethod
    def start_child(supervisor: Address, *args: object) -> Answer:
        """Start a child beside those of the events; it counts for no demand. Waits until it is up.

        Runs in the caller.

        Args:
            supervisor: Its pid, name or `Via`.
            args: What the start function is given after the child's own arguments.

        Returns:
            What the start function returned: a pid, `(pid, info)`, or `None` for no process, of
            which nothing is kept.

        Raises:
            ChildError: Why the start failed.
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     box = {"id": "box", "start": (Agent.start_link, ()), "restart": "temporary"}
            ...     sup = ConsumerSupervisor.start_link(box)
            ...     return Agent.get(ConsumerSupervisor.start_child(sup, lambda: 1), abs)
            >>> run(main)
            1

        Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html#start_child/2
        """
        return cast("Answer", ask(supervisor, ("start_child", args), _KIND))

    terminate_child = staticmethod(DynamicSupervisor.terminate_child)
    which_children = staticmethod(DynamicSupervisor.which_children)
    count_children = staticmethod(DynamicSupervisor.count_children)
    stop = staticmethod(DynamicSupervisor.stop)

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
            >>> ConsumerSupervisor.child_spec(name="jobs").id
            'jobs'

        Source: https://hexdocs.pm/gen_stage/ConsumerSupervisor.html
        """
        start = (cls.start_link, args, kwargs)
        return described(cls, id_of(kwargs.get("name"), cls), start, id, restart, shutdown)


# -- process half ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Source:
    """One producer, and what its events have become."""

    peer: Subscription
    least: int
    most: int
    running: int = 0
    """How many children there are of its events."""
    done: int = 0
    """How many have ended since more was asked for."""


class _Overseer(Stage[None]):
    """The process of a consumer supervisor."""

    def init(
        self, describe: Callable[[], object], name: Name | None
    ) -> Consumer[None] | Stop[object, None] | Ignore:
        owner = enrol(name).owner
        self.describe = describe
        self.sources: dict[Ref, _Source] = {}
        self.origins: dict[Pid, Ref] = {}
        """Whose event a child is for; not there for those of `start_child`."""
        rules = _rules(describe)
        if not isinstance(rules, Consuming):
            return rules
        window = RestartWindow(rules.max_restarts, rules.max_seconds)
        self.crowd = Crowd(owner, window, moved=self._moved)
        self.child = rules.child
        return Consumer(None, rules.subscribe_to)

    def code_change(self, old_version: object, state: None, extra: object) -> None:
        """Ask `init` for the rules again; the children stay, and restarts that were, count on."""
        match _rules(self.describe):
            case Consuming() as rules:
                self.child = rules.child
                self.crowd.window.resize(rules.max_restarts, rules.max_seconds)
            case Stop(reason=reason):
                raise Exit(reason)
            case _:
                pass

    def handle_subscribe(
        self, kind: str, options: Mapping[str, object], peer: Subscription, state: None
    ) -> Manual[None]:
        most, least = cast("int", options["max_demand"]), cast("int", options["min_demand"])
        self.sources[peer.ref] = _Source(peer, least, most)
        Stage.ask(peer, most)
        return Manual()

    def handle_cancel(self, reason: object, peer: Subscription, state: None) -> None:
        self.sources.pop(peer.ref, None)

    def handle_events(self, events: list[object], peer: Subscription, state: None) -> None:
        for event in events:
            self._begin(event, peer)

    def _begin(self, event: object, peer: Subscription) -> None:
        """Start the child of an event; one that does not start is done with."""
        result = self.crowd.up(_spec_for(self.child, (event,)))
        source = self.sources.get(peer.ref)
        if source is not None:
            source.running += 1
            if source.running > source.most:
                _reports.unexpected(self.crowd.owner, event)
        if isinstance(result, Up) and result.pid is not None:
            self.origins[result.pid] = peer.ref
            return
        if not isinstance(result, Up):
            spec = _spec_for(self.child, (event,))
            _reports.child_failed(self.crowd.owner, "start_error", result.reason, spec, None)
        self._done(peer.ref)

    def _done(self, ref: Ref | None) -> None:
        """Count an event that is done with, and ask for more when it is time."""
        source = None if ref is None else self.sources.get(ref)
        if source is None:
            return
        source.running -= 1
        source.done += 1
        if source.done >= source.least:
            Stage.ask(source.peer, source.done)
            source.done = 0

    def handle_call(self, request: Message, caller: Caller, state: None) -> Reply[Result, None]:
        # A strange object is never asked whether it is equal to one of ours.
        if type(request) is str and request == "which_children":
            return Reply(("ok", [member.info for member in self.crowd]))
        if type(request) is str and request == "count_children":
            return Reply(("ok", replace(self.crowd.counts(), specs=1)))
        if type(request) is tuple:
            match request:
                case (str() as what, tuple() as args) if what == "start_child":
                    return Reply(self.crowd.add(_spec_for(self.child, args)))
                case (str() as what, Pid() as pid) if what == "terminate_child":
                    return Reply(self.crowd.end(pid))
        _reports.unexpected(self.crowd.owner, request)
        return Reply(("error", "unexpected"))

    def handle_cast(self, request: Message, state: None) -> None:
        _reports.unexpected(self.crowd.owner, request)

    def handle_info(self, message: Message, state: None) -> Stop[object, None] | None:
        return self.crowd.hear(message)

    def terminate(self, reason: Reason, state: None) -> None:
        self.crowd.stop([*self.crowd])

    def _moved(self, before: Pid, now: Pid | None) -> None:
        """Let the event of a child go on with whom it has become, or be done with."""
        origin = self.origins.pop(before, None)
        if now is None:
            self._done(origin)
        elif origin is not None:
            self.origins[now] = origin


# -- helpers ---------------------------------------------------------------------------------------


def _rules(describe: Callable[[], object]) -> Consuming | Ignore | Stop[object, None]:
    try:
        value = describe()
    except BadOption as error:
        return Stop(("bad_opts", error.reason))
    except BadSpec as error:
        return Stop(("bad_specs", error.reason))
    if isinstance(value, Consuming) or type(value) is Ignore:
        return value
    return Stop(("bad_return_value", value))


def _spec_for(child: ChildSpec, extra: tuple[object, ...]) -> ChildSpec:
    """Return the specification of one child: its start function gets something more at the end."""
    function, args, *named = child.start
    # Copied and not made anew: the template was checked, and there may be one for each event.
    spec = copy(child)
    object.__setattr__(spec, "start", (function, (*args, *extra), *named))
    return spec


def _check_child(child: ChildSpec) -> ChildSpec:
    if child.restart == "permanent":
        accepted = "'transient' or 'temporary': a child is done when its event is"
        raise BadSpec("restart", "permanent", accepted, ("invalid_restart_type", "permanent"))
    return child


def _check_max_seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST:
        return value
    raise BadOption("max_seconds", value, "seconds, 0 or more", ("invalid_period", value))


_LONGEST = 1e15
