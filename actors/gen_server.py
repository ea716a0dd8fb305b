"""`GenServer`: a process that answers calls, takes casts and keeps a state.

    class Counter(GenServer[int]):
        def init(self, start: int = 0) -> int:
            return start

        @call                                        # Counter.value(pid) -> int
        def value(self, state: int) -> Reply[int, int]:
            return Reply(state, state)

        @cast                                        # Counter.add(pid, 2) -> None
        def add(self, state: int, by: int = 1) -> NoReply[int]:
            return NoReply(state + by)

`@call` and `@cast` write both halves of a protocol at once. Accessed on the class, a decorated method is the
*client half*: a function of the server's address and the arguments, which runs in the caller. On the instance it is the
*process half*, which runs in the server. For protocols of one's own there are `handle_call`, `handle_cast` and
`handle_info`, as in OTP, with `GenServer.call` and `GenServer.cast` on the other side.

A server handles one message at a time. While a callback waits (for a call, a receive, a sleep), others run.

Source: https://hexdocs.pm/elixir/GenServer.html, https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import (
    Any,
    TYPE_CHECKING,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    cast as typed,
    final,
    overload,
)

from actors import _behaviour, naming, telemetry
from actors._behaviour import Failure, StartOptions
from actors._envelopes import CALL, CAST, SYSTEM, Caller
from actors._kernel.current import me
from actors.errors import BadArgument
from actors.exits import NORMAL, Crash, Exit, Reason, Stack, reason_of
from actors.messages import Exited, Message
from actors.naming import Address, Name
from actors.outcomes import (
    KEEP,
    NO_REPLY,
    Continue,
    Extra,
    Hibernate,
    Ignore,
    NoReply,
    Reply,
    Started,
    Stop,
)
from actors.pid import Pid

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors.process import Host

__all__ = ["Caller", "GenServer", "call", "cast"]

S = TypeVar("S")
R = TypeVar("R")
P = ParamSpec("P")
Self_ = TypeVar("Self_")

DEFAULT_TIMEOUT = 5.0
"""Seconds that a call waits unless told otherwise, as in OTP."""

_UNSET = object()


# -- the two halves of a protocol ------------------------------------------------------------------


@final
class Asked(tuple[str, tuple[object, ...], dict[str, object]]):
    """The request that a client half sends: the method's name and its arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        name, args, kwargs = self
        shown = [repr(each) for each in args] + [f"{key}={each!r}" for key, each in kwargs.items()]
        return f"{name}({', '.join(shown)})"


@final
class call(Generic[Self_, S, P, R]):  # noqa: N801 - a decorator
    """Make a method of a GenServer callable from other processes.

    The method gets the state and the caller's arguments and returns `Reply(value[, state])`, `NoReply` or `Stop`.
    `Server.method(address, *args)` sends the request, waits at most five seconds in the calling process and returns
    the value; `Server.method.within(seconds)` is the same with another limit.

    Raises (in the caller):
        CallFailed: One of its leaves; see `actors.errors`.

    Source: https://hexdocs.pm/elixir/GenServer.html#call/3
    """

    def __init__(
        self,
        method: Callable[Concatenate[Self_, S, P], Reply[R, S] | NoReply[S] | Stop[R, S]],
    ) -> None:
        self.method = method
        self.name = method.__name__
        self.__doc__ = method.__doc__
        self._client: Client[P, R] = Client(self.name, DEFAULT_TIMEOUT)

    @overload
    def __get__(self, instance: None, owner: type) -> Client[P, R]: ...
    @overload
    def __get__(
        self, instance: Self_, owner: type
    ) -> Callable[Concatenate[S, P], Reply[R, S] | NoReply[S] | Stop[R, S]]: ...
    def __get__(self, instance: Self_ | None, owner: type) -> object:
        if instance is None:
            return self._client
        return self.method.__get__(instance, owner)


@final
class Client(Generic[P, R]):
    """The client half of a `@call` method."""

    __slots__ = ("_name", "_timeout")

    def __init__(self, name: str, timeout: float | None) -> None:
        self._name = name
        self._timeout = timeout

    def __call__(self, server: Address, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask a server and wait for its reply."""
        request = Asked((self._name, args, kwargs))
        return typed("R", _behaviour.call(server, request, self._timeout))

    def within(self, seconds: float | None) -> Client[P, R]:
        """Return the same client half with another limit; `None` waits for ever."""
        return Client(self._name, seconds)


@final
class cast(Generic[Self_, S, P]):  # noqa: N801 - a decorator
    """Make a method of a GenServer castable: `Server.method(address, *args)` sends and does not wait.

    The method gets the state and the sender's arguments and returns `NoReply(state)`, `Stop`, or nothing.

    Source: https://hexdocs.pm/elixir/GenServer.html#cast/2
    """

    def __init__(
        self, method: Callable[Concatenate[Self_, S, P], NoReply[S] | Stop[object, S] | None]
    ) -> None:
        self.method = method
        self.name = method.__name__
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[Address, P], None]: ...
    @overload
    def __get__(
        self, instance: Self_, owner: type
    ) -> Callable[Concatenate[S, P], NoReply[S] | Stop[object, S] | None]: ...
    def __get__(self, instance: Self_ | None, owner: type) -> object:
        return self._send if instance is None else self.method.__get__(instance, owner)

    def _send(self, server: Address, /, *args: P.args, **kwargs: P.kwargs) -> None:
        _behaviour.cast(server, Asked((self.name, args, kwargs)))


# -- the behaviour ---------------------------------------------------------------------------------


class GenServer(Generic[S]):
    """The base of servers. The instance belongs to its process: keep the state in it or hand it on.

    Class keywords record how a supervisor should treat the children of a class:

        class Mailer(GenServer[State], restart="transient", shutdown=10.0, host="thread"): ...

    Source: https://hexdocs.pm/elixir/GenServer.html
    """

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords: `restart`, `shutdown`, `id`, `host`."""

    _calls: ClassVar[Mapping[str, Callable[..., object]]] = {}
    _casts: ClassVar[Mapping[str, Callable[..., object]]] = {}

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = options.keys() - {"restart", "shutdown", "id", "host"}
        if unknown:
            raise BadArgument("class keywords", sorted(unknown), "restart, shutdown, id and host")
        cls.options = {**cls.options, **options}
        own = vars(cls).items()
        cls._calls = {**cls._calls, **{n: m.method for n, m in own if isinstance(m, call)}}
        cls._casts = {**cls._casts, **{n: m.method for n, m in own if isinstance(m, cast)}}

    # -- client half ------------------------------------------------------------------------------

    @classmethod
    def start_link(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        **kwargs: object,
    ) -> Pid | None:
        """Start a server linked to the caller and wait until its `init` is done.

        Args:
            args: Passed to `init`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `init` may take; `None` for no limit.
            host: `"thread"` for an OS thread of its own; the class keyword by default.
            kwargs: Passed to `init`.

        Returns:
            The pid; `None` when `init` returned `Ignore()`.

        Raises:
            StartError: `init` failed, refused or took too long, or the name is taken. A caller that does not trap
                exits is ended by the link as well, unless the reason is `"normal"`.
            BadArgument: An option is none; nothing was started.

        Source: https://hexdocs.pm/elixir/GenServer.html#start_link/3
        """
        return cls._start(StartOptions(True, name, timeout, cls._host(host)), args, kwargs)

    @classmethod
    def start(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        **kwargs: object,
    ) -> Pid | None:
        """Start a server that is linked to nobody; otherwise like `start_link`.

        Source: https://hexdocs.pm/elixir/GenServer.html#start/3
        """
        return cls._start(StartOptions(False, name, timeout, cls._host(host)), args, kwargs)

    @classmethod
    def _host(cls, host: Host) -> Host:
        return host if host is not None else typed("Host", cls.options.get("host"))

    @classmethod
    def _start(
        cls, options: StartOptions, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Pid | None:
        def make(parent: Pid) -> _Server[S]:
            return _Server(cls(), parent, args, kwargs)

        return _behaviour.start(make, f"{cls.__module__}.{cls.__qualname__}.init", options)

    @classmethod
    def child_spec(
        cls,
        *args: object,
        id: object = _UNSET,  # noqa: A002 - OTP's word
        restart: str | None = None,
        shutdown: object = _UNSET,
        **kwargs: object,
    ) -> dict[str, object]:
        """Describe a child of this class for a supervisor, as a plain mapping.

        Args:
            args: Passed to `start_link`.
            id: What the supervisor calls it; the class by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None` for no limit, or `"brutal_kill"`.
            kwargs: Passed to `start_link`, such as `name`.

        Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
        """
        spec: dict[str, object] = {"id": cls, "start": (cls.start_link, args, kwargs)}
        spec |= {key: value for key, value in cls.options.items() if key != "host"}
        if id is not _UNSET:
            spec["id"] = id
        if restart is not None:
            spec["restart"] = restart
        if shutdown is not _UNSET:
            spec["shutdown"] = shutdown
        return spec

    @staticmethod
    def call(server: Address, request: Message, timeout: float | None = DEFAULT_TIMEOUT) -> object:
        """Send a request to a server and wait for its reply.

        Runs in the calling process and blocks it, not the loop. A reply that comes too late is never seen.

        Args:
            server: A pid, a name or a `Via`.
            request: What `handle_call` gets.
            timeout: Seconds; `None` waits for ever.

        Returns:
            The reply.

        Raises:
            CallFailed: `NoProcess`, `CallTimeout`, `ServerExited`, `CallingSelf` or `CallCycle`.
            BadArgument: The timeout is none.

        Source: https://hexdocs.pm/elixir/GenServer.html#call/3
        """
        return _behaviour.call(server, request, timeout)

    @staticmethod
    def cast(server: Address | tuple[str, str], request: Message) -> None:
        """Send a request that is not answered; never waits and never fails.

        Source: https://hexdocs.pm/elixir/GenServer.html#cast/2
        """
        _behaviour.cast(server, request)

    @staticmethod
    def reply(caller: Caller, value: object) -> None:
        """Answer a call whose callback returned `NoReply`; from any process, at any time.

        Source: https://hexdocs.pm/elixir/GenServer.html#reply/2
        """
        _behaviour.reply(caller, value)

    @staticmethod
    def stop(server: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Have a server run `terminate` and end, and wait until it has.

        Raises:
            CallFailed: It is not there, ended with another reason, or did not end in time.

        Source: https://hexdocs.pm/elixir/GenServer.html#stop/3
        """
        _behaviour.stop(server, reason, timeout)

    @staticmethod
    def whereis(server: Address | tuple[str, str]) -> Pid | None:
        """Return the pid behind an address.

        Source: https://hexdocs.pm/elixir/GenServer.html#whereis/1
        """
        return naming.whereis(server)

    # -- process half: callbacks ------------------------------------------------------------------

    def init(self, *args: Any, **kwargs: Any) -> object:
        """Make the first state, in the new process; the starter waits.

        Returns:
            The state itself, or `Started(state, extra)`, `Ignore()` or `Stop(reason)`.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:init/1
        """
        return None

    def handle_call(self, request: Message, caller: Caller, state: S) -> object:
        """Handle a call.

        Returns:
            `Reply`, `NoReply` (somebody will `reply(caller, value)`) or `Stop`.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_call/3
        """
        message = f"{type(self).__name__} has no handle_call, and was called with {request!r}"
        raise NotImplementedError(message)

    def handle_cast(self, request: Message, state: S) -> object:
        """Handle a cast.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_cast/2
        """
        message = f"{type(self).__name__} has no handle_cast, and was cast {request!r}"
        raise NotImplementedError(message)

    def handle_info(self, message: Message, state: S) -> object:
        """Handle any other message: plain sends, `Down`, `Exited`, and `TimedOut()` after a timeout.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_info/2
        """
        cell = me()
        fields = {"pid": cell.pid, "name": cell.name, "message": message}
        telemetry.report(("actors", "gen_server", "unhandled"), "warning", fields)
        return None

    def handle_continue(self, term: object, state: S) -> object:
        """Go on after a callback that returned `Continue(term)`, before any waiting message.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_continue/2
        """
        message = f"{type(self).__name__} has no handle_continue, and was continued with {term!r}"
        raise NotImplementedError(message)

    def terminate(self, reason: Reason, state: S) -> object:
        """Clean up, in the server, before it ends.

        Called for `Stop`, `stop`, errors and exits in callbacks and, when the server traps exits, for the end of its
        parent. Not called for exit signals that are not trapped, nor for a failed `init`.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:terminate/2
        """
        return None


# -- process half: the step that handles one message -----------------------------------------------


@final
class _Server(Generic[S]):
    """One server's state and its way through a message."""

    __slots__ = (
        "_args",
        "_cell",
        "_kwargs",
        "_parent",
        "_scheduler",
        "callbacks",
        "initial_call",
        "state",
    )

    def __init__(
        self,
        callbacks: GenServer[S],
        parent: Pid,
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> None:
        self.callbacks = callbacks
        self.initial_call = f"{type(callbacks).__module__}.{type(callbacks).__qualname__}.init"
        self._parent = parent
        self._args = args
        self._kwargs = kwargs
        self._cell: Cell = me()
        self._scheduler = self._cell.scheduler if self._cell.port is None else None
        self.state: S = typed("S", None)

    def init(self) -> object:
        args, kwargs, self._args, self._kwargs = self._args, self._kwargs, (), {}
        outcome = self.callbacks.init(*args, **kwargs)
        match outcome:
            case Started(then=then) if not _is_extra(then):
                raise Exit(("bad_return_value", outcome))
            case Reply() | NoReply() | Continue() | Hibernate():
                raise Exit(("bad_return_value", outcome))
            case _:
                return outcome

    def begin(self, outcome: object) -> None:
        if isinstance(outcome, Started):
            self.state = outcome.state
            self._guard(lambda: self._follow(outcome.then), ("init",))
        else:
            self.state = typed("S", outcome)

    def handle(self, message: Message) -> None:
        # The corridor of every message; `tests.bench` names: cast, call, ring.
        try:
            if type(message) is tuple and message:
                tag = message[0]
                if tag is CALL:
                    self._handle_call(message[1], message[2])
                    return
                if tag is CAST:
                    self._handle_cast(message[1])
                    return
                if tag is SYSTEM:
                    self._handle_system(message[2])
                    return
            elif type(message) is Exited and message.pid is self._parent:
                self._end(message.reason, message)
            self._take(self.callbacks.handle_info(message, self.state), message)
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            self._fail(error, message)

    def _handle_call(self, caller: Caller, request: Message) -> None:
        callbacks = self.callbacks
        if type(request) is Asked:
            name, args, kwargs = request
            outcome = callbacks._calls[name](callbacks, self.state, *args, **kwargs)
        else:
            outcome = callbacks.handle_call(request, caller, self.state)
        if type(outcome) is Reply:
            if outcome.state is not KEEP:
                self.state = outcome.state
            # Only these lines answer a call that went well, whatever comes after them.
            pid, ref = caller
            waiting = pid._cell
            if (
                waiting is not None
                and waiting.awaiting is ref
                and self._scheduler is waiting.scheduler
            ):
                self._scheduler.answer(waiting, ref, "reply", outcome.value)
            else:
                _behaviour.reply(caller, outcome.value)
            if outcome.then is not None or self._cell.rest_for is not None:
                self._follow(outcome.then)
        elif outcome is None:
            self._refuse(outcome)
        elif type(outcome) is Stop:
            self._stop(outcome, (CALL, caller, request), caller)
        else:
            self._take(outcome, (CALL, caller, request))

    def _handle_cast(self, request: Message) -> None:
        callbacks = self.callbacks
        if type(request) is Asked:
            name, args, kwargs = request
            outcome = callbacks._casts[name](callbacks, self.state, *args, **kwargs)
        else:
            outcome = callbacks.handle_cast(request, self.state)
        if type(outcome) is NoReply and outcome.then is None and self._cell.rest_for is None:
            if outcome.state is not KEEP:
                self.state = outcome.state
        else:
            self._take(outcome, (CAST, request))

    def _handle_system(self, request: Message) -> None:
        match request:
            case ("terminate", reason):
                self._end(reason, (SYSTEM, request))
            case _:
                raise BadArgument("system request", request, '("terminate", reason)')

    def _take(self, outcome: object, message: Message) -> None:
        """Do what a callback's outcome says, and what follows from that."""
        match outcome:
            case None:
                self._follow(None)
            case NoReply():
                if outcome.state is not KEEP:
                    self.state = outcome.state
                self._follow(outcome.then)
            case Stop():
                self._stop(outcome, message)
            case _:
                self._refuse(outcome)

    def _follow(self, extra: Extra) -> None:
        """Set the timeout, or continue at once, as often as a callback asks for it."""
        cell = self._cell
        while isinstance(extra, Continue):
            cell.rest_for = None
            outcome = self.callbacks.handle_continue(extra.term, self.state)
            if not isinstance(outcome, NoReply):
                self._take_last(outcome, ("continue", extra.term))
                return
            if outcome.state is not KEEP:
                self.state = outcome.state
            extra = outcome.then
        if not _is_extra(extra):
            self._refuse(extra)
        cell.rest_for = None if extra is None or isinstance(extra, Hibernate) else extra

    def _take_last(self, outcome: object, message: Message) -> None:
        """Do what `handle_continue` says when it does not go on."""
        match outcome:
            case None:
                self._cell.rest_for = None
            case Stop():
                self._stop(outcome, message)
            case _:
                self._refuse(outcome)

    def _refuse(self, outcome: object) -> None:
        raise Exit(("bad_return_value", outcome))

    # -- ends -------------------------------------------------------------------------------------

    def _guard(self, what: Callable[[], None], message: Message) -> None:
        try:
            what()
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            self._fail(error, message)

    def _stop(
        self, outcome: Stop[object, S], message: Message, caller: Caller | None = None
    ) -> None:
        """End as a callback asked: `terminate` first, then the reply, then the exit."""
        if outcome.state is not KEEP:
            self.state = outcome.state
        try:
            self._end(outcome.reason, message)
        finally:
            if caller is not None and outcome.reply is not NO_REPLY and self._cell.exiting is None:
                _behaviour.reply(caller, outcome.reply)

    def _end(self, reason: Reason, message: Message) -> None:
        callbacks = self.callbacks
        failure = Failure("gen_server", self.initial_call, message, self.state)
        try:
            _behaviour.end(reason, lambda why: callbacks.terminate(why, self.state), failure)
        except Exit as end:
            raise _Ended(end.reason) from None

    def _fail(self, error: BaseException, message: Message) -> None:
        """End after a callback has raised, unless the process is on its way out already."""
        if isinstance(error, _Ended):
            raise Exit(error.reason) from None
        if self._cell.exiting is not None:
            raise error
        try:
            self._end(reason_of(error), message)
        except _Ended as end:
            raise Exit(end.reason) from None


class _Ended(Exit):
    """The end that `terminate` and the reports have been run for."""


def _is_extra(extra: object) -> bool:
    if extra is None or isinstance(extra, Continue | Hibernate):
        return True
    number = isinstance(extra, int | float) and not isinstance(extra, bool)
    return number and isfinite(extra) and extra >= 0  # type: ignore[arg-type,operator]
