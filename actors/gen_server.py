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

`@call` and `@cast` write both halves of a protocol at once. Accessed on the class, a decorated
method is the *client half*: a function of the server's address and the arguments, which runs in
the caller. On the instance it is the *process half*, which runs in the server. For protocols of
one's own there are `handle_call`, `handle_cast` and `handle_info`, as in OTP, with `GenServer.call`
and `GenServer.cast` on the other side.

A server handles one message at a time. While a callback waits (for a call, a receive, a sleep),
others run. A callback may be `async def`: it is awaited, as `asyncio_bridge` tells.

Source: https://hexdocs.pm/elixir/GenServer.html,
    https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import CoroutineType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NoReturn,
    TypeAlias,
    TypeVar,
    final,
    overload,
)
from typing import (
    cast as typed,
)

from actors import _behaviour, debug, naming, requests, telemetry
from actors._behaviour import DEFAULT_TIMEOUT, Cell, Ended, Failure, Server, me
from actors._behaviour import call as send_call
from actors._behaviour import cast as send_cast
from actors._behaviour import stop as send_stop
from actors._coroutines import settled
from actors._envelopes import (
    CALL,
    CAST,
    SYSTEM,
    Asking,
    Caller,
    as_seen,
    request_as_seen,
    request_as_sent,
)
from actors._halves import call, cast, protocol_of
from actors._startable import Startable
from actors.errors import BadArgument, shown
from actors.exits import NORMAL, Exit, Killed, Reason, Stack, reason_of
from actors.hosting import without_waiting
from actors.isolation import SHARED
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
from actors.pid import LOCAL_NODE, Pid, Ref

if TYPE_CHECKING:
    from actors.debug import Watch

__all__ = ["Caller", "GenServer", "call", "cast"]

S = TypeVar("S")

if TYPE_CHECKING:
    _First: TypeAlias = S | Started[S] | Ignore | Stop[Any, Any]


# -- the behaviour ---------------------------------------------------------------------------------


class GenServer(Startable, Generic[S]):
    """The base of servers. The instance belongs to its process: keep the state in it or hand it on.

    Class keywords record how a supervisor should treat the children of a class:

        class Mailer(GenServer[State], restart="transient", shutdown=10.0, host="thread"): ...

    Source: https://hexdocs.pm/elixir/GenServer.html
    """

    behaviour: ClassVar[str] = "gen_server"
    """What `debug.get_status` calls it; behaviours that are built on this one say their own."""

    _otp_calls: ClassVar[Mapping[str, Callable[..., object]]] = {}
    _otp_casts: ClassVar[Mapping[str, Callable[..., object]]] = {}

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        cls._otp_calls, cls._otp_casts = protocol_of(cls)

    @property
    def caller(self) -> Caller:
        """Who waits for the answer of the `@call` method that is running.

        A method that returns `NoReply` keeps it, or hands it to whoever will `reply(caller,
        value)`.

        Raises:
            BadArgument: No `@call` method is running.
        """
        caller = me().serving
        if caller is None:
            raise BadArgument("caller", None, "asked for while a @call method runs")
        return caller

    # -- client half ------------------------------------------------------------------------------

    @staticmethod
    def call(
        server: Address | tuple[str, str] | None,
        request: Message,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> object:
        """Send a request to a server and wait for its reply.

        Runs in the calling process and blocks it, not the loop. A reply that comes too late is
        never seen; the server serves the request all the same.

        Args:
            server: A pid, a name, `(name, node)` or a `Via`; nobody has the address `None`.
            request: What `handle_call` gets.
            timeout: Seconds; `None` waits for ever.

        Returns:
            The reply.

        Raises:
            CallFailed: `NoProcess`, `CallTimeout`, `ServerExited`, `CallingSelf` or `CallCycle`.
            BadArgument: The timeout or the address is not accepted; nothing was sent.

        Example:
            >>> from actors import GenServer, Reply, run
            >>> class Echo(GenServer[None]):
            ...     def handle_call(self, request, caller, state):
            ...         return Reply(request)
            >>> run(lambda: GenServer.call(Echo.start_link(), "hello"))
            'hello'

        Source: https://hexdocs.pm/elixir/GenServer.html#call/3
        """
        return send_call(server, request, timeout)

    @staticmethod
    def cast(server: Address | tuple[str, str] | None, request: Message) -> None:
        """Send a request that is not answered; never waits, and never fails for want of a server.

        Runs in the caller.

        Args:
            server: A pid, a name, `(name, node)` or a `Via`; nobody has the address `None`.
            request: What `handle_cast` gets.

        Raises:
            BadArgument: The address is not accepted.

        Example:
            >>> GenServer.cast("nobody has this name", "hello")

        Source: https://hexdocs.pm/elixir/GenServer.html#cast/2
        """
        send_cast(server, request)

    @staticmethod
    def reply(caller: Caller, value: object) -> None:
        """Answer a call whose callback returned `NoReply`.

        Does not wait. From any process or thread, before or after the callback has returned. Only
        the first answer to a request counts, and one that comes too late is dropped.

        Args:
            caller: What `handle_call` was given, or `self.caller` of a `@call` method.
            value: What the call returns.

        Raises:
            BadArgument: It is no caller.

        Example:
            >>> from actors import GenServer, NoReply, run
            >>> class Early(GenServer[None]):
            ...     def handle_call(self, request, caller, state):
            ...         GenServer.reply(caller, "at once")
            ...         return NoReply()
            >>> run(lambda: GenServer.call(Early.start_link(), "hello"))
            'at once'

        Source: https://hexdocs.pm/elixir/GenServer.html#reply/2
        """
        match caller:
            case (Pid(), Ref()):
                _behaviour.reply(caller, value)
            case _:
                raise BadArgument("caller", caller, "what handle_call was given")

    @staticmethod
    def stop(
        server: Address | tuple[str, str] | None,
        reason: Reason = NORMAL,
        timeout: float | None = None,
    ) -> None:
        """Have a server run `terminate` and end, and wait until it has.

        Runs in the caller.

        Args:
            server: A pid, a name or a `Via`; nobody has the address `None`.
            reason: What it ends with.
            timeout: Seconds; `None` waits for ever. A server that is late is not killed and still
                ends.

        Raises:
            CallFailed: It is not there, ended with another reason, did not end in time, or waits
                for the caller.
            BadArgument: The timeout or the address is not accepted.

        Example:
            >>> from actors import GenServer, process, run
            >>> def main():
            ...     pid = GenServer.start()
            ...     GenServer.stop(pid)
            ...     return process.is_alive(pid)
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/GenServer.html#stop/3
        """
        send_stop(server, reason, timeout)

    @overload
    @staticmethod
    def whereis(server: Address) -> Pid | None: ...
    @overload
    @staticmethod
    def whereis(server: tuple[str, str]) -> Pid | tuple[str, str] | None: ...
    @staticmethod
    def whereis(server: Address | tuple[str, str]) -> Pid | tuple[str, str] | None:
        """Return who is behind an address; runs in the caller and does not wait.

        Args:
            server: A pid (returned as it is), a name, `(name, node)` or a `Via`.

        Returns:
            The pid; `None` if nobody has the address. `(name, node)` of another node is returned as
            it is.

        Example:
            >>> from actors import run
            >>> run(lambda: GenServer.whereis("nobody has this name"))

        Source: https://hexdocs.pm/elixir/GenServer.html#whereis/1
        """
        match server:
            case (str(), str() as node) if node != LOCAL_NODE:
                return server
            case _:
                return naming.whereis(server)

    @classmethod
    def enter_loop(
        cls, state: S, then: Extra | None = None, *, name: Name | None = None
    ) -> NoReturn:
        """Make the calling process a server of this class, with this state; never returns.

        For a process that had to prepare itself, such as one of `proc_lib.start_link`. `init` is not
        called. If it was started linked, the end of its starter is the end of its parent. What has
        called this stays where it is: its `finally` blocks run when the server ends.

        Args:
            state: The first state.
            then: A timeout in seconds, `Hibernate()` or `Continue(term)`, as after an `init`.
            name: The name that the process has; `None` if that does not matter.

        Raises:
            BadArgument: It has another name, is a server already, or `then` is none of these.

        Example:
            >>> from actors import GenServer, Reply, proc_lib, process, run
            >>> class Box(GenServer[int]):
            ...     def handle_call(self, request, caller, state):
            ...         return Reply(state)
            >>> def prepare():
            ...     proc_lib.init_ack(process.self())
            ...     Box.enter_loop(7)
            >>> run(lambda: GenServer.call(proc_lib.start_link(prepare), "value"))
            7

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#enter_loop/5
        """
        if not _is_extra(then):
            raise BadArgument("then", then, "seconds, Hibernate() or Continue(term)")

        def make(parent: Pid) -> Server:
            return _Server(cls(), me().doing, parent, (), {})

        _behaviour.enter_loop(make, Started(state, then), name)

    send_request = staticmethod(requests.send_request)
    receive_response = staticmethod(requests.receive_response)
    wait_response = staticmethod(requests.wait_response)
    check_response = staticmethod(requests.check_response)
    multi_call = staticmethod(requests.multi_call)
    abcast = staticmethod(requests.abcast)

    # -- process half: callbacks ------------------------------------------------------------------

    def init(
        self,
        *args: Any,  # noqa: ANN401 - each class takes its own
        **kwargs: Any,  # noqa: ANN401
    ) -> _First[S] | Coroutine[Any, Any, _First[S]]:
        """Make the first state, in the new process; the starter waits.

        Returns:
            The state itself, or `Started(state, extra)`, `Ignore()` or `Stop(reason)`.

        Raises:
            TypeError: The class has no `init` of its own, and the start arguments would be lost.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:init/1
        """
        if args or kwargs:
            given = shown(args or kwargs)
            message = f"{type(self).__name__} has no init that takes start arguments, and was started with {given}"
            raise TypeError(message)
        return typed("S", None)

    def handle_call(self, request: Message, caller: Caller, state: S, /) -> object:
        """Handle a call.

        Runs in the server.

        Returns:
            `Reply`, `NoReply` (somebody will `reply(caller, value)`) or `Stop`.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_call/3
        """
        message = f"{type(self).__name__} has no handle_call, and was called with {request!r}"
        raise NotImplementedError(message)

    # Without the `/` of the others: with it pyright 1.1.414 takes a `@cast` for a plain function.
    def handle_cast(self, request: Message, state: S) -> object:
        """Handle a cast.

        Runs in the server.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_cast/2
        """
        message = f"{type(self).__name__} has no handle_cast, and was cast {request!r}"
        raise NotImplementedError(message)

    def handle_info(self, message: Message, state: S, /) -> object:
        """Handle any other message: plain sends, `Down`, `Exited`, `TimedOut()` after a timeout.

        Runs in the server.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_info/2
        """
        cell = me()
        fields = {"pid": cell.pid, "name": cell.name, "message": message}
        telemetry.report(("actors", "gen_server", "unhandled"), "warning", fields)
        return None

    def handle_continue(self, term: object, state: S, /) -> object:
        """Go on after a callback that returned `Continue(term)`, before any waiting message.

        Runs in the server.

        Returns:
            `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_continue/2
        """
        message = f"{type(self).__name__} has no handle_continue, and was continued with {term!r}"
        raise NotImplementedError(message)

    def terminate(self, reason: Reason, state: S, /) -> object:
        """Clean up, in the server, before it ends.

        Called for `Stop`, `stop`, errors and exits in callbacks and, when the server traps exits,
        for the end of its parent. Not called for exit signals that are not trapped, nor for a
        failed `init`.

        Returns:
            Anything; nobody looks at it.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:terminate/2
        """
        return None

    def code_change(self, old_version: object, state: S, extra: object, /) -> S:
        """Turn the state into one that the present code works with, while the server is suspended.

        Runs in the server. Called for `debug.change_code`. What it raises leaves everything as it
        was.

        Args:
            old_version: What the caller says that the state was made by.
            state: The present state.
            extra: Whatever the caller passed.

        Returns:
            The new state; here the present one.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:code_change/3
        """
        return state

    def format_status(self, status: Mapping[str, object], /) -> Mapping[str, object]:
        """Say what people are to see of the server: in `debug.get_status` and in reports.

        Runs in the server. If it fails, a text stands for the state.

        Args:
            status: The `"state"`; in reports also the last `"message"` and the `"reason"`.

        Returns:
            What is to be shown instead; what is left out is shown as it is.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:format_status/1
        """
        return status

    def system_get_state(self, state: S, /) -> object:
        """Tell what `debug.get_state` tells, for a server that keeps its state elsewhere.

        Runs in the server.

        Returns:
            What is to be told.

        Source: https://www.erlang.org/doc/apps/stdlib/sys.html#c:system_get_state/1
        """
        return state

    def system_replace_state(self, function: Callable[[object], object], state: S, /) -> S:
        """Do what `debug.replace_state` asks for.

        Runs in the server.

        Returns:
            What is the state from now on.

        Source: https://www.erlang.org/doc/apps/stdlib/sys.html#c:system_replace_state/2
        """
        return typed("S", function(state))

    @classmethod
    def _otp_make(
        cls,
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Server:
        return _Server(cls(), initial_call, parent, args, kwargs)


# -- process half: the step that handles one message -----------------------------------------------


@final
class _Server(Server, Generic[S]):
    """One server's state and its way through a message."""

    __slots__ = (
        "_args",
        "_calls",
        "_casts",
        "_cell",
        "_initial_call",
        "_kwargs",
        "_scheduler",
        "callbacks",
        "parent",
        "state",
        "watch",
    )

    @property
    def module(self) -> str:
        return self.callbacks.behaviour

    def __init__(
        self,
        callbacks: GenServer[S],
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> None:
        self.callbacks = callbacks
        self._calls = callbacks._otp_calls  # noqa: SLF001 - one class in two parts
        self._casts = callbacks._otp_casts  # noqa: SLF001 - the same
        self._initial_call = initial_call
        self.parent = parent
        self.watch: Watch | None = None
        self._args = args
        self._kwargs = kwargs
        self._cell: Cell = me()
        self._scheduler = self._cell.scheduler if self._cell.port is None else None
        self.state: S = None  # type: ignore[assignment] # there is none before its init

    def init(self) -> object:
        args, kwargs, self._args, self._kwargs = self._args, self._kwargs, (), _NOTHING
        outcome: object = (
            self.callbacks.init(*args, **kwargs) if kwargs else self.callbacks.init(*args)
        )
        if type(outcome) is CoroutineType:
            outcome = settled(outcome)
        is_refused = type(outcome) is Started and not _is_extra(outcome.then)
        if is_refused or type(outcome) in _OF_NO_INIT:
            raise Exit(("bad_return_value", outcome))
        return outcome

    def begin(self, outcome: object) -> None:
        if type(outcome) is Started:
            self.state = outcome.state
            self._follow(outcome.then)
        else:
            self.state = outcome  # type: ignore[assignment] # the state itself

    def handle(self, message: Message) -> None:
        # The corridor of every message; `tests.bench` names: cast, call, ring.
        try:
            if type(message) is tuple:
                envelope = message
                tag = envelope[0] if envelope else None
                if tag is CALL:
                    self._handle_call(envelope[1], envelope[2])
                    return
                if tag is CAST:
                    self._handle_cast(envelope[1])
                    return
                if tag is SYSTEM:
                    request = envelope[2]
                    if type(request) is tuple and len(request) == 2 and request[0] == "terminate":  # noqa: PLR2004
                        self._end_as_asked(request[1], message)
                    else:
                        debug.serve(self, message)
                    return
            elif type(message) is Exited and message.pid is self.parent:
                self.end(message.reason, message)
            outcome = self.callbacks.handle_info(message, self.state)
            if outcome is not None or self._cell.rest_for is not None:
                self._take(outcome, message)
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            self._fail(error, message)

    def _handle_call(self, caller: Caller, request: Message) -> None:
        cell = self._cell
        asked = request_as_sent(request)
        method = None if asked is None else self._calls.get(asked[1])
        if asked is None or method is None:
            seen = request if asked is None else request_as_seen(request)
            outcome = self.callbacks.handle_call(seen, caller, self.state)
        else:
            cell.serving = caller
            if asked[2] or asked[3] is not None:
                outcome = self._ask(method, asked)
            else:
                outcome = method(self.callbacks, self.state)
        if type(outcome) is not Reply:
            outcome = settled(outcome)
        cell.serving = None
        if type(outcome) is Reply:
            reply = outcome
            then = reply.then
            if then is not None and not _is_extra(then):
                raise _BadReturn(outcome, _TO_A_CALL)
            if reply.state is not KEEP:
                self.state = reply.state
            if cell.exiting is None:
                # Only these lines answer a call that went well, whatever comes after them.
                pid, ref = caller
                waiting = pid._cell  # noqa: SLF001 - the corridor
                scheduler = self._scheduler
                value = reply.value
                of = type(value)
                if type(of) is not type or of not in SHARED:
                    value = cell.scheduler.cross(value, "reply")
                if (
                    waiting is not None
                    and waiting.awaiting is ref
                    and scheduler is waiting.scheduler
                ):
                    scheduler.answer(waiting, ref, "reply", value)
                else:
                    _behaviour.give(caller, value)
                if self.watch is not None:
                    self.watch.answered(caller, reply.value, self.state)
            if then is not None or cell.rest_for is not None:
                self._follow(then)
        elif type(outcome) is NoReply:
            self._take(outcome, (CALL, caller, request))
        elif type(outcome) is Stop:
            self._stop(outcome, (CALL, caller, request), caller)
        else:
            raise _BadReturn(outcome, _TO_A_CALL)

    def _handle_cast(self, request: Message) -> None:
        asked = request_as_sent(request)
        method = None if asked is None else self._casts.get(asked[1])
        if asked is None or method is None:
            seen = request if asked is None else request_as_seen(request)
            outcome = self.callbacks.handle_cast(seen, self.state)
        elif asked[2] or asked[3] is not None:
            outcome = self._ask(method, asked)
        else:
            outcome = method(self.callbacks, self.state)
        if self._cell.rest_for is None:
            if outcome is None:
                return
            if type(outcome) is NoReply:
                unanswered = outcome
                if unanswered.then is None:
                    if unanswered.state is not KEEP:
                        self.state = unanswered.state
                    return
        self._take(outcome, (CAST, request))

    def _ask(self, method: Callable[..., object], asked: Asking) -> object:
        """Run a decorated method with what its caller has passed, if that is anything.

        Passing nothing in this way costs as much as a short callback; `tests.bench` names: call, cast.
        """
        _, _, args, kwargs = asked
        if kwargs is None:
            return method(self.callbacks, self.state, *args)
        return method(self.callbacks, self.state, *args, **kwargs)

    def _take(self, outcome: object, message: Message) -> None:
        """Do what the outcome of a callback says, and what follows from that."""
        self._follow(self._accept(outcome, message))

    def _accept(self, outcome: object, message: Message) -> Extra:
        """Take over the state of an outcome that answers nobody; return what is to come next."""
        outcome = settled(outcome)
        match outcome:
            case None:
                return None
            case NoReply(then=then) if _is_extra(then):
                if outcome.state is not KEEP:
                    self.state = outcome.state
                return then
            case Stop() if outcome.reply is NO_REPLY:
                return self._stop(outcome, message)
            case _:
                raise _BadReturn(outcome, _TO_OTHERS)

    def _follow(self, extra: Extra) -> None:
        """Set the timeout, or continue at once, as often as a callback asks for it."""
        cell = self._cell
        while isinstance(extra, Continue):
            cell.rest_for = None
            if cell.exiting is not None:
                return
            message = ("continue", extra.term)
            try:
                outcome = self.callbacks.handle_continue(extra.term, self.state)
                extra = self._accept(outcome, message)
            except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
                self._fail(error, message)
        cell.rest_for = None if isinstance(extra, Hibernate) else extra

    # -- what `debug` asks for --------------------------------------------------------------------

    def get_state(self) -> object:
        return self.callbacks.system_get_state(self.state)

    def replace_state(self, function: Callable[[object], object]) -> object:
        self.state = self.callbacks.system_replace_state(function, self.state)
        return self.get_state()

    def status(self) -> object:
        return self._shown(state=self.get_state())["state"]

    def change_code(self, module: type | None, old_version: object, extra: object) -> None:
        callbacks, before = self.callbacks, type(self.callbacks)
        try:
            callbacks.__class__ = before if module is None else _server_class(module)
            self.state = callbacks.code_change(old_version, self.state, extra)
        except BaseException:
            callbacks.__class__ = before
            raise
        self._calls = callbacks._otp_calls  # noqa: SLF001 - one class in two parts
        self._casts = callbacks._otp_casts  # noqa: SLF001 - the same

    def _shown(self, **status: object) -> Mapping[str, object]:
        """Return what people are to see of the server."""
        callbacks = self.callbacks
        try:
            return {**status, **without_waiting(callbacks.format_status, status)}
        except BaseException:
            if self._cell.exiting is not None:
                raise
            text = f"{type(callbacks).__qualname__}.format_status failed"
            return {**status, "state": text}

    # -- ends -------------------------------------------------------------------------------------

    def _stop(
        self, outcome: Stop[object, S], message: Message, caller: Caller | None = None
    ) -> NoReturn:
        """End as a callback asked: `terminate` first, then the reply, then the exit."""
        if outcome.state is not KEEP:
            self.state = outcome.state
        try:
            self.end(outcome.reason, message)
        finally:
            if caller is not None and outcome.reply is not NO_REPLY and self._cell.exiting is None:
                _behaviour.reply(caller, outcome.reply)
                if self.watch is not None:
                    self.watch.answered(caller, outcome.reply, self.state)

    def _fail(self, error: BaseException, message: Message) -> NoReturn:
        """End after a callback has raised, unless the process is on its way out already."""
        if isinstance(error, _DONE) or self._cell.exiting is not None:
            raise error
        stack = Stack.of(error.__traceback__)
        accepted = error.accepted if type(error) is _BadReturn else None
        self.end(reason_of(error), message, stack, accepted)

    def end(
        self,
        reason: Reason,
        message: Message,
        stack: Stack | None = None,
        accepted: str | None = None,
    ) -> NoReturn:
        raise Ended(self._conclude(reason, message, stack, accepted)) from None

    def _end_as_asked(self, reason: Reason, message: Message) -> None:
        """End by an order from outside: without an exception, which costs more than all the rest."""
        cell, last = self._cell, reason
        if type(reason) is str and reason == NORMAL:
            # Nothing is reported of such an end, unless `terminate` fails.
            failure = self._failure_of_terminate()
            if failure is not None:
                last = self._conclude(reason, message, None, None, failure)
            elif cell.exiting is not None:
                raise Exit(cell.exiting[0])
        else:
            last = self._conclude(reason, message, None, None)
        scheduler = self._scheduler
        if scheduler is None:
            raise Ended(last)
        scheduler.release(cell, last)

    def _failure_of_terminate(self) -> BaseException | None:
        """Run `terminate` for an orderly end; return what it raises."""
        try:
            outcome = self.callbacks.terminate(NORMAL, self.state)
            if type(outcome) is CoroutineType:
                settled(outcome)
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            return error
        return None

    def _conclude(
        self,
        reason: Reason,
        message: Message,
        stack: Stack | None,
        accepted: str | None,
        failure: BaseException | None = None,
    ) -> Reason:
        """Do what comes before an end; return what the reason is after that.

        Args:
            reason: Why it ends.
            message: What it was handling.
            stack: Where its code raised, if it did.
            accepted: What its callback might have returned, if what it did return was refused.
            failure: What `terminate` has raised, if it has been run.
        """
        callbacks, state = self.callbacks, self.state

        def told(why: Reason) -> Failure:
            shown = self._shown(state=state, message=as_seen(message), reason=why)
            initial_call = self._initial_call
            return Failure(initial_call, shown["message"], shown["state"], accepted)

        def terminate(why: Reason) -> object:
            if failure is not None:
                raise failure
            return callbacks.terminate(why, state)

        return _behaviour.conclude("gen_server", reason, terminate, told, stack)


@final
class _BadReturn(Exit):
    """The end of a server whose callback returned what is none of its outcomes."""

    def __init__(self, outcome: object, accepted: str) -> None:
        super().__init__(("bad_return_value", outcome))
        self.accepted = accepted


_DONE = (Ended, Killed)
"""Raised by whoever has done all that comes before an end."""
_NOTHING: Mapping[str, object] = {}
_OF_NO_INIT = {Reply, NoReply, Continue, Hibernate}
"""Outcomes of other callbacks."""
_TO_A_CALL = "Reply(value[, state]), NoReply([state]) or Stop(reason)"
_TO_OTHERS = "NoReply([state]), Stop(reason), or nothing, which keeps the state"


def _server_class(module: object) -> type:
    if not (isinstance(module, type) and issubclass(module, GenServer)):
        raise BadArgument("module", module, "a subclass of GenServer")
    return module


def _is_extra(extra: object) -> bool:
    """Tell whether an outcome may be followed by this."""
    if extra is None or isinstance(extra, Continue | Hibernate):
        return True
    # NaN and the infinities fail the comparison, too large integers pass through no conversion.
    number = isinstance(extra, int | float) and not isinstance(extra, bool)
    return number and 0 <= extra < _LONGEST  # type: ignore[operator]


_LONGEST = 1e15
