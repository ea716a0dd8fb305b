"""The event manager: one process, many handlers of the same events; OTP's gen_event.

    notify(manager, event) -> every handler's `handle_event`, the latest handler first
    call(manager, handler, request) -> that handler's `handle_call`

A handler is a class, or a class and an id: `Alarm`, `(Alarm, "kitchen")`. One that fails, answers
what is no answer, or asks to be removed, is taken out and the manager lives. A *supervised* handler
has an owner: its end is told to the owner by `HandlerExited`, and the owner's end is its own.

Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, final
from typing import cast as typed

from actors import _behaviour, process, requests, telemetry
from actors._coroutines import settled
from actors._envelopes import Caller
from actors.errors import ActorsError, BadArgument, shown
from actors.exits import NORMAL, SHUTDOWN, Reason, crash_in, reason_of, tells
from actors.gen_server import GenServer
from actors.hosting import without_waiting
from actors.isolation import Moved
from actors.messages import Exited, Message
from actors.naming import Address, MaybeMonitored, MaybePid
from actors.outcomes import KEEP, Hibernate, Ignore, Keep, NoReply, Reply, Started, Stop, sealed
from actors.pid import Pid
from actors.process import Host

__all__ = [
    "EventHandler",
    "EventManager",
    "HandlerError",
    "HandlerExited",
    "HandlerId",
    "RemoveHandler",
    "SwapHandler",
]

S = TypeVar("S")
D = TypeVar("D", covariant=True)


class HandlerError(ActorsError):
    """A handler could not be added, asked or removed; the manager lives.

    Args:
        reason: `"bad_module"` and `"module_not_found"` for a handler that is not there,
            `("EXIT", reason)` for one that failed, what its `init` gave to `Stop`, or what it
            answered that is no answer.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the event handler did not do it: {shown(self.reason)}"


# -- words -----------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class HandlerExited:
    """A supervised handler was taken out; sent to its owner."""

    handler: HandlerId
    """Which."""
    reason: Reason
    """`"normal"` when it was removed, `"shutdown"` when the manager has ended, `("swapped", new
    handler, pid)` when another stands in its place, or how it failed."""


@final
@dataclass(frozen=True, slots=True)
class RemoveHandler:
    """The handler wants to be taken out; its `terminate` is given `"remove_handler"`."""

    reply: object = None
    """For `handle_call`: what the call returns."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class SwapHandler(Generic[D]):
    """The handler wants another one in its place, which is given what its `terminate` returns."""

    reason: object
    """What its `terminate` is given."""
    handler: HandlerId
    """The new handler."""
    args: object = None
    """The first argument of the `init` of the new one; the second is what `terminate` returned."""
    state: D | Keep = KEEP
    """The state that `terminate` is given; left out, the present one."""
    reply: object = None
    """For `handle_call`: what the call returns."""


class EventHandler(Generic[S]):
    """The base of handlers. An instance belongs to the manager's process.

    Example:
        >>> from actors import run
        >>> class Count(EventHandler[int]):
        ...     def init(self):
        ...         return 0
        ...     def handle_event(self, event, state):
        ...         return NoReply(state + event)
        ...     def handle_call(self, request, state):
        ...         return Reply(state)
        >>> def main():
        ...     manager = EventManager.start_link()
        ...     EventManager.add_handler(manager, Count)
        ...     EventManager.notify(manager, 2)
        ...     EventManager.sync_notify(manager, 3)
        ...     return EventManager.call(manager, Count, "sum")
        >>> run(main)
        5

    Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#callback-functions
    """

    def init(self, *args: Any) -> object:  # noqa: ANN401 - each class takes its own
        """Make the first state, in the manager.

        Returns:
            The state itself, `Started(state, Hibernate())`, or `Stop(reason)` to refuse.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:init/1
        """
        return None

    def handle_event(self, event: Message, state: S, /) -> object:
        """Handle an event of `notify`.

        Runs in the manager.

        Returns:
            `NoReply(state)`, nothing, `RemoveHandler()` or `SwapHandler(…)`.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:handle_event/2
        """
        return None

    def handle_call(self, request: Message, state: S, /) -> object:
        """Handle a request that was meant for this handler.

        Runs in the manager.

        Returns:
            `Reply(value[, state])`, `RemoveHandler(value)` or `SwapHandler(…, reply=value)`.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:handle_call/2
        """
        message = f"{type(self).__name__} has no handle_call, and was called with {request!r}"
        raise NotImplementedError(message)

    def handle_info(self, message: Message, state: S, /) -> object:
        """Handle any other message that the manager gets; returns are those of `handle_event`.

        Runs in the manager.

        Returns:
            As for `handle_event`.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:handle_info/2
        """
        return None

    def terminate(self, reason: object, state: S, /) -> object:
        """Clean up when the handler is taken out.

        Runs in the manager.

        Args:
            reason: `"stop"` with the manager, `("stop", reason)` with the owner,
                `"remove_handler"`, `("error", what)` after a failure, or the argument of
                `delete_handler`.
            state: The last state.

        Returns:
            What `delete_handler` returns, and a swap hands on.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:terminate/2
        """
        return None

    def format_status(self, status: Mapping[str, object], /) -> Mapping[str, object]:
        """Say what people are to see of the handler: in `debug.get_status` and in reports.

        Runs in the manager. If it fails, a text stands for the state.

        Args:
            status: The `"state"`; in reports also the last `"message"` and the `"reason"`.

        Returns:
            What is to be shown instead; what is left out is shown as it is.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#c:format_status/1
        """
        return status


HandlerId: TypeAlias = type[EventHandler[Any]] | tuple[type[EventHandler[Any]], Hashable]
"""What a handler is known by: its class, or its class and an id."""


# -- client half -----------------------------------------------------------------------------------


class EventManager:
    """The client half of event managers.

    All that answers runs in the caller, waits without a limit unless one is given, and raises
    `CallFailed` if there is no such manager.

    Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html
    """

    @staticmethod
    def start_link(*, name: str | None = None, host: Host = None) -> MaybePid:
        """Start a manager without handlers, linked to the caller.

        Runs in the caller. Waits until it is up.

        Args:
            name: A name to register; `None`, the default, for none.
            host: `"thread"` for an OS thread of its own, for handlers that block.

        Returns:
            The pid.

        Raises:
            StartError: The name is taken.
            BadArgument: The name is not accepted, or there is no such host.

        Example:
            >>> from actors import run
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     return EventManager.which_handlers(manager)
            >>> run(main)
            []

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#start_link/2
        """
        return _Manager.start_link(name=name, host=host)

    @staticmethod
    def start(*, name: str | None = None, host: Host = None) -> MaybePid:
        """Start a manager that is linked to nobody; otherwise like `start_link`.

        Runs in the caller. Waits until it is up.

        Args:
            name: A name to register; `None`, the default, for none.
            host: `"thread"` for an OS thread of its own, for handlers that block.

        Returns:
            The pid.

        Raises:
            StartError: The name is taken.
            BadArgument: The name is not accepted, or there is no such host.

        Example:
            >>> from actors import run
            >>> def main():
            ...     manager = EventManager.start(name="events")
            ...     return EventManager.which_handlers("events")
            >>> run(main)
            []

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#start/2
        """
        return _Manager.start(name=name, host=host)

    @staticmethod
    def start_monitor(*, name: str | None = None, host: Host = None) -> MaybeMonitored:
        """Start a manager that the caller monitors and is not linked to; otherwise like `start`.

        Runs in the caller. Waits until it is up.

        Args:
            name: A name to register; `None`, the default, for none.
            host: `"thread"` for an OS thread of its own, for handlers that block.

        Returns:
            The pid, and the reference that its `Down` will carry.

        Raises:
            StartError: The name is taken.
            BadArgument: The name is not accepted, or there is no such host.

        Example:
            >>> from actors import run
            >>> def main():
            ...     manager, _ = EventManager.start_monitor()
            ...     EventManager.stop(manager)
            ...     return process.receive().reason
            >>> run(main)
            'normal'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#start_monitor/2
        """
        return _Manager.start_monitor(name=name, host=host)

    @classmethod
    def child_spec(cls, *, name: str | None = None, host: Host = None) -> dict[str, object]:
        """Describe a manager as a child of a supervisor.

        Runs in the caller. Starts nothing.

        Args:
            name: A name to register; `None`, the default, for none.
            host: `"thread"` for an OS thread of its own, for handlers that block.

        Returns:
            What a supervisor takes for a child.

        Example:
            >>> EventManager.child_spec(name="events")["modules"]
            'dynamic'

        Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
        """
        _behaviour.check_name(name)
        id = cls if name is None else (cls, name)
        process.check_host(host)
        named = {"name": name} if host is None else {"name": name, "host": host}
        return {"id": id, "start": (cls.start_link, (), named), "modules": "dynamic"}

    @staticmethod
    def add_handler(manager: Address, handler: HandlerId, *args: object) -> None:
        """Add a handler, in front of the others; one of the same id may be there already.

        Runs in the caller and waits for the manager.

        Args:
            manager: A pid, a name or a `Via`.
            handler: Its class, or its class and an id.
            args: Passed to its `init`.

        Raises:
            HandlerError: Its `init` failed or refused.
            BadArgument: It is no handler.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     EventManager.sync_notify(manager, 1)
            >>> run(main)
            told 1

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#add_handler/3
        """
        _ask(manager, "add_handler", _checked(handler), args, None)

    @staticmethod
    def add_sup_handler(manager: Address, handler: HandlerId, *args: object) -> None:
        """Add a handler whose owner is the caller: linked to the manager from now on.

        Runs in the caller and waits for the manager. When the caller ends, the handler is taken
        out; when the handler is, the caller is told.

        Args:
            manager: A pid, a name or a `Via`.
            handler: Its class, or its class and an id.
            args: Passed to its `init`.

        Raises:
            HandlerError: Its `init` failed or refused.
            BadArgument: It is no handler.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_sup_handler(manager, Show)
            ...     EventManager.sync_notify(manager, 1)
            >>> run(main)
            told 1

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#add_sup_handler/3
        """
        _ask(manager, "add_handler", _checked(handler), args, process.self())

    @staticmethod
    def delete_handler(manager: Address, handler: HandlerId, reason: object = None) -> object:
        """Take a handler out.

        Runs in the caller and waits for the manager.

        Args:
            manager: A pid, a name or a `Via`.
            handler: Its class, or its class and an id.
            reason: What its `terminate` is given.

        Returns:
            What its `terminate` returns.

        Raises:
            HandlerError: `"module_not_found"`.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     EventManager.delete_handler(manager, Show)
            ...     return EventManager.which_handlers(manager)
            >>> run(main)
            []

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#delete_handler/3
        """
        return _ask(manager, "delete_handler", _checked(handler), reason)

    @staticmethod
    def swap_handler(
        manager: Address, old: HandlerId, reason: object, new: HandlerId, args: object = None
    ) -> None:
        """Put a handler in the place of another; an owner of the old one is that of the new one.

        Runs in the caller and waits for the manager.

        Args:
            manager: A pid, a name or a `Via`.
            old: The one to be taken out; nothing happens to one that is not there.
            reason: What its `terminate` is given.
            new: The one to be added: `init(args, what terminate returned, or "error")`.
            args: The first argument of that `init`.

        Raises:
            HandlerError: The `init` of the new one failed or refused; the old one is gone.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> class Count(EventHandler[int]):
            ...     def init(self, first, before):
            ...         return first
            ...     def handle_call(self, request, state):
            ...         return Reply(state)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     EventManager.swap_handler(manager, Show, "out", (Count, "total"), 5)
            ...     return EventManager.call(manager, (Count, "total"), "sum")
            >>> run(main)
            5

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#swap_handler/3
        """
        _ask(manager, "swap_handler", _checked(old), reason, _checked(new), args, None)

    @staticmethod
    def swap_sup_handler(
        manager: Address, old: HandlerId, reason: object, new: HandlerId, args: object = None
    ) -> None:
        """Put a handler whose owner is the caller in the place of another; see `swap_handler`.

        Runs in the caller and waits for the manager.

        Args:
            manager: A pid, a name or a `Via`.
            old: The one to be taken out; nothing happens to one that is not there.
            reason: What its `terminate` is given.
            new: The one to be added: `init(args, what terminate returned, or "error")`.
            args: The first argument of that `init`.

        Raises:
            HandlerError: The `init` of the new one failed or refused; the old one is gone.

        Example:
            >>> from actors import run
            >>> class Late(EventHandler[None]):
            ...     def init(self, args, before):
            ...         return None
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.swap_sup_handler(manager, Late, "out", Late)
            ...     return EventManager.which_handlers(manager) == [Late]
            >>> run(main)
            True

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#swap_sup_handler/3
        """
        owner = process.self()
        _ask(manager, "swap_handler", _checked(old), reason, _checked(new), args, owner)

    @staticmethod
    def which_handlers(manager: Address) -> list[HandlerId]:
        """Return the handlers, the latest first.

        Runs in the caller and waits for the manager.

        Args:
            manager: A pid, a name or a `Via`.

        Returns:
            Their ids: classes, or classes with an id.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     return EventManager.which_handlers(manager) == [Show]
            >>> run(main)
            True

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#which_handlers/1
        """
        return typed("list[HandlerId]", _ask(manager, "which_handlers"))

    @staticmethod
    def notify(manager: Address, event: Message) -> None:
        """Have all handlers told of an event; never waits and never fails.

        Runs in the caller.

        Args:
            manager: A pid, a name or a `Via`.
            event: What their `handle_event` gets.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     EventManager.notify(manager, 1)
            ...     return EventManager.call(manager, Show, "done")
            >>> run(main)
            told 1
            'done'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#notify/2
        """
        _behaviour.cast(manager, (_NOTIFY, event))

    @staticmethod
    def sync_notify(manager: Address, event: Message) -> None:
        """Have all handlers told of an event, and wait until they have handled it.

        Runs in the caller.

        Args:
            manager: A pid, a name or a `Via`.
            event: What their `handle_event` gets.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     EventManager.sync_notify(manager, 1)
            >>> run(main)
            told 1

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#sync_notify/2
        """
        _ask(manager, "sync_notify", event)

    @staticmethod
    def call(
        manager: Address, handler: HandlerId, request: Message, timeout: float | None = 5.0
    ) -> object:
        """Ask one handler and wait for its answer.

        Runs in the caller.

        Args:
            manager: A pid, a name or a `Via`.
            handler: Its class, or its class and an id.
            request: What its `handle_call` gets.
            timeout: Seconds; `None` waits for ever.

        Returns:
            What its `handle_call` replies.

        Raises:
            HandlerError: `"bad_module"` if it is not there, or how it failed; it is out then.
            BadArgument: The timeout is not accepted, or the handler.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     return EventManager.call(manager, Show, "hello")
            >>> run(main)
            'hello'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#call/4
        """
        what = ("call", _checked(handler), request)
        return _value(_behaviour.call(manager, what, timeout, ("gen_event", "call")))

    @staticmethod
    def send_request(manager: Address, handler: HandlerId, request: Message) -> requests.RequestId:
        """Send a request to one handler and do not wait; see `actors.requests` for its answer.

        Runs in the caller.

        Args:
            manager: A pid, a name or a `Via`; if nobody is there, the answer will be `Failed`.
            handler: Its class, or its class and an id.
            request: What its `handle_call` gets.

        Returns:
            What to give to `receive_response`. The answer is `Answered(value)`, with a `HandlerError` as the
            value where `call` would raise it.

        Raises:
            BadArgument: The handler or the address is not accepted.

        Example:
            >>> from actors import run
            >>> class Show(EventHandler[None]):
            ...     def handle_event(self, event, state):
            ...         print("told", event)
            ...     def handle_call(self, request, state):
            ...         return Reply(request)
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.add_handler(manager, Show)
            ...     request = EventManager.send_request(manager, Show, "hello")
            ...     return EventManager.receive_response(request)
            >>> run(main)
            Answered(value='hello')

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#send_request/3
        """
        return requests.send_request(manager, ("request", _checked(handler), request))

    receive_response = staticmethod(requests.receive_response)
    wait_response = staticmethod(requests.wait_response)
    check_response = staticmethod(requests.check_response)

    @staticmethod
    def stop(manager: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """End a manager, its handlers first, and wait until it has ended.

        Runs in the caller.

        Args:
            manager: A pid, a name or a `Via`.
            reason: What it ends with.
            timeout: Seconds; `None`, the default, for no limit.

        Raises:
            CallFailed: It is not there, ended with another reason, or did not end in time.

        Example:
            >>> from actors import run
            >>> def main():
            ...     manager = EventManager.start_link()
            ...     EventManager.stop(manager)
            ...     return process.is_alive(manager)
            >>> run(main)
            False

        Source: https://www.erlang.org/doc/apps/stdlib/gen_event.html#stop/3
        """
        _behaviour.stop(manager, reason, timeout, ("gen_event", "stop"))


_NOTIFY = "$notify"


def _ask(manager: Address, what: str, *arguments: object) -> object:
    request = (what, *arguments)
    return _value(_behaviour.call(manager, request, None, ("gen_event", what)))


def _value(answer: object) -> object:
    match answer:
        case ("ok", value):
            return value
        case ("error", reason):
            crash = crash_in(reason) if tells(reason, "EXIT") else None
            raise HandlerError(reason) from None if crash is None else crash.exception
        case other:
            raise HandlerError(("bad_reply", other))


def _checked(handler: object) -> HandlerId:
    module = handler[0] if isinstance(handler, tuple) and len(handler) == 2 else handler  # noqa: PLR2004
    if not (isinstance(module, type) and issubclass(module, EventHandler)):
        raise BadArgument("handler", handler, "a subclass of EventHandler, or (subclass, id)")
    return typed("HandlerId", handler)


# -- process half ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Handler:
    """One handler in its manager."""

    id: HandlerId
    callbacks: EventHandler[Any]
    state: object
    owner: Pid | None


class _Failed(Exception):
    """A callback did not do what it is there for."""

    def __init__(self, reason: Reason, told: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
        self.told = told


@final
class _Manager(GenServer[None]):
    """The process of an event manager."""

    behaviour: ClassVar[str] = "gen_event"

    def init(self) -> None:
        process.trap_exit(True)
        self.handlers: list[_Handler] = []
        """The latest first."""
        found = process.info(process.self())
        self.kin = () if found is None else found.links
        """Whom it is linked to from its start, and stays."""

    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[object, None]:
        match request:
            case ("request", id, question):
                return Reply(self._answer_by_mail(id, question))
        try:
            return Reply(("ok", self._do(request, caller[0])))
        except _Failed as failed:
            return Reply(("error", process.seen(failed.told)))

    def handle_cast(self, request: object, state: None) -> None:
        match request:
            case (tag, event) if tag is _NOTIFY:
                self._tell_all("handle_event", event)
            case _:
                self._tell_all("handle_info", request)

    def handle_info(self, message: Message, state: None) -> None:
        if isinstance(message, Exited) and self._lose_owner(message):
            return
        self._tell_all("handle_info", message)

    def terminate(self, reason: Reason, state: None) -> None:
        for handler in list(self.handlers):
            self._take_out(handler, "stop", SHUTDOWN)

    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        shown = [
            (*_parts(each.id), _shown(each.callbacks, state=each.state)["state"])
            for each in self.handlers
        ]
        return {**status, "state": shown}

    def system_get_state(self, state: None) -> object:
        return [(*_parts(each.id), each.state) for each in self.handlers]

    def system_replace_state(self, function: Callable[[object], object], state: None) -> None:
        for handler in self.handlers:
            before = (*_parts(handler.id), handler.state)
            try:
                after = function(before)
                if isinstance(after, tuple) and after[:2] == before[:2]:
                    _, _, handler.state = after
            except BaseException:
                if _behaviour.is_ending():
                    raise

    # What is asked for

    def _do(self, request: object, asker: Pid) -> object:
        match request:
            case ("add_handler", id, tuple() as args, owner):
                handler = self._made(typed("HandlerId", id), args, typed("Pid | None", owner))
                self.handlers.insert(0, handler)
                return None
            case ("delete_handler", id, reason):
                return _given(self._take_out(self._found(id, "module_not_found"), reason, NORMAL))
            case ("swap_handler", old, reason, new, args, owner):
                swap: SwapHandler[object] = SwapHandler(reason, typed("HandlerId", new), args)
                self._swap_asked(old, swap, typed("Pid | None", owner), asker)
                return None
            case ("which_handlers",):
                return [each.id for each in self.handlers]
            case ("sync_notify", event):
                self._tell_all("handle_event", event)
                return None
            case ("call", id, question):
                return self._answer(self._found(id, "bad_module"), question)
            case _:
                raise _Failed("bad_request", "bad_request")

    def _answer_by_mail(self, id: object, question: object) -> object:
        try:
            return self._answer(self._found(id, "bad_module"), question)
        except _Failed as failed:
            return HandlerError(process.seen(failed.told))

    def _found(self, id: object, otherwise: str) -> _Handler:
        for handler in self.handlers:
            if handler.id == id:
                return handler
        raise _Failed(otherwise, otherwise)

    def _answer(self, handler: _Handler, question: object) -> object:
        try:
            outcome = _tried(lambda: handler.callbacks.handle_call(question, handler.state))
            match outcome:
                case Reply(value=value, state=state, then=None | Hibernate()):
                    if state is not KEEP:
                        handler.state = state
                    return _given(value)
                case RemoveHandler(reply=value) | SwapHandler(reply=value):
                    self._leave(handler, outcome)
                    return _given(value)
                case _:
                    raise _Failed(outcome, outcome)
        except _Failed as failed:
            self._fail(handler, failed, question)
            raise

    def _tell_all(self, what: str, message: object) -> None:
        for handler in list(self.handlers):
            if handler in self.handlers:
                self._tell(handler, what, message)

    def _tell(self, handler: _Handler, what: str, message: object) -> None:
        try:
            outcome = _tried(lambda: getattr(handler.callbacks, what)(message, handler.state))
            match outcome:
                case None:
                    pass
                case NoReply(state=state, then=None | Hibernate()):
                    if state is not KEEP:
                        handler.state = state
                case RemoveHandler() | SwapHandler():
                    self._leave(handler, outcome)
                case _:
                    raise _Failed(outcome, outcome)
        except _Failed as failed:
            self._fail(handler, failed, message)

    # How handlers come and go

    def _made(self, id: HandlerId, args: tuple[object, ...], owner: Pid | None) -> _Handler:
        callbacks = _parts(id)[0]()
        if owner is not None:
            process.link(owner)
        try:
            state = _tried(lambda: callbacks.init(*args))
            match state:
                case Started(state=state, then=None | Hibernate()):
                    pass
                case Stop(reason=reason):
                    raise _Failed(reason, reason)
                case Ignore() | Started() | Reply() | NoReply():
                    raise _Failed(state, state)
        except _Failed:
            self._part(owner)
            raise
        return _Handler(id, callbacks, state, owner)

    def _leave(self, handler: _Handler, outcome: RemoveHandler | SwapHandler[object]) -> None:
        """Let a handler go as it wished."""
        if isinstance(outcome, RemoveHandler):
            self._take_out(handler, "remove_handler", NORMAL)
            return
        if outcome.state is not KEEP:
            handler.state = outcome.state
        place, owner = self.handlers.index(handler), handler.owner
        try:
            new = self._swapped(handler, outcome, owner, owner or process.self())
        except _Failed as failed:
            self._report(outcome.handler, failed.reason, None, None)
        else:
            self.handlers.insert(place, new)

    def _swap_asked(
        self, old: object, swap: SwapHandler[object], owner: Pid | None, asker: Pid
    ) -> None:
        present = [each for each in self.handlers if each.id == old]
        if present:
            new = self._swapped(present[0], swap, owner or present[0].owner, asker)
        else:
            new = self._made(swap.handler, (swap.args, "error"), owner)
        self.handlers.insert(0, new)

    def _swapped(
        self, handler: _Handler, swap: SwapHandler[object], owner: Pid | None, by: Pid
    ) -> _Handler:
        term = self._take_out(handler, swap.reason, ("swapped", swap.handler, by))
        return self._made(swap.handler, (swap.args, term), owner)

    def _fail(self, handler: _Handler, failed: _Failed, message: object) -> None:
        state = handler.state
        self._take_out(handler, ("error", failed.reason), failed.told)
        shown = _shown(handler.callbacks, state=state, message=message, reason=failed.reason)
        self._report(handler.id, failed.reason, shown["message"], shown["state"])

    def _take_out(self, handler: _Handler, reason: object, told: Reason) -> object:
        """Remove a handler and let it clean up; return what its `terminate` returns."""
        self.handlers = [each for each in self.handlers if each is not handler]
        try:
            return _tried(lambda: handler.callbacks.terminate(reason, handler.state))
        except _Failed as failed:
            return failed.told
        finally:
            owner, handler.owner = handler.owner, None
            if owner is not None:
                process.inform(owner, process.seen(HandlerExited(handler.id, told)))
                self._part(owner)

    def _part(self, owner: Pid | None) -> None:
        """Take the link to an owner away when it owns nothing any more."""
        if owner is None or owner in self.kin:
            return
        if not any(each.owner is owner for each in self.handlers):
            process.unlink(owner)

    def _lose_owner(self, end: Exited) -> bool:
        owned = [each for each in self.handlers if each.owner is end.pid]
        for handler in owned:
            self._take_out(handler, ("stop", end.reason), end.reason)
        return bool(owned)

    def _report(self, id: HandlerId, reason: Reason, message: object, state: object) -> None:
        fields = {
            "manager": process.self(),
            "handler": id,
            "reason": reason,
            "last_message": message,
            "state": state,
        }
        telemetry.report(("actors", "event_manager", "handler_failed"), "error", fields)


def _shown(callbacks: EventHandler[Any], **status: object) -> Mapping[str, object]:
    """Return what people are to see of a handler."""
    try:
        return {**status, **without_waiting(callbacks.format_status, status)}
    except BaseException:
        if _behaviour.is_ending():
            raise
        return {**status, "state": f"{type(callbacks).__qualname__}.format_status failed"}


def _parts(id: HandlerId) -> tuple[type[EventHandler[Any]], Hashable]:
    return id if isinstance(id, tuple) else (id, None)


def _given(value: object) -> object:
    """Return what a handler answers, as it is given away: one that may not cross is that handler's failure."""
    if process.are_shared((value,)):
        return value
    return Moved(_tried(lambda: process.crossed(value, "reply")))


def _tried(what: Callable[[], object]) -> object:
    """Call a handler's code, which must not harm the manager."""
    try:
        return settled(what())
    except BaseException as error:
        if _behaviour.is_ending():
            raise
        reason = ("EXIT", reason_of(error))
        raise _Failed(reason, reason) from None
