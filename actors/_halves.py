"""`@call` and `@cast`: both halves of a protocol in one method.

Accessed on the class, a decorated method is the *client half*: a function of the server's address
and the arguments, which runs in the caller. On the instance it is the *process half*, which runs in
the server.

    Counter.add(pid, 2) -> Sender -> arguments checked -> (ASKED, "add", (2,), None) -> cast
    the server          -> Counter.add(state, 2) of its own class, by name

A wrong number of arguments is the caller's mistake and is refused in the caller, as a call of an
undefined client function would be in Elixir; the server never sees it.

Source: https://hexdocs.pm/elixir/GenServer.html#module-client-server-apis
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import Parameter, Signature, signature
from sys import maxsize
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Never,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    final,
    overload,
)

from actors import _behaviour
from actors._behaviour import CALLED, DEFAULT_TIMEOUT
from actors._envelopes import ASKED, CAST, Asking
from actors.errors import BadArgument
from actors.messages import Message
from actors.naming import Address
from actors.outcomes import Emit, NoReply, Reply, Stop
from actors.process import check_timeout

__all__ = ["Client", "Sender", "call", "cast", "protocol_of"]

S = TypeVar("S")
R = TypeVar("R")
P = ParamSpec("P")


class _Half:
    """What the two decorators share: the method, its name, and what may be passed to it."""

    def __init__(self, method: Callable[..., object], kind: str) -> None:
        if not callable(method):
            raise BadArgument(f"@{kind}", method, "a method of a GenServer")
        self.method = method
        self.name = getattr(method, "__name__", kind)
        self.__doc__ = method.__doc__
        self._signature = _client_signature(method, kind)
        self._least, self._most = _positions(self._signature)
        self._prepare()

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self._prepare()

    def _prepare(self) -> None:
        """Make once what is sent where nothing is passed: always the same, and nothing of it can change."""
        self.bare: Asking | None = None if self._least else (ASKED, self.name, (), None)
        self.told: Message | None = None if self._least else (CAST, self.bare)

    def ask(self, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Make the request, in the caller, whose mistake a wrong argument is.

        Raises:
            TypeError: The arguments do not fit the method.
        """
        if kwargs or not self._least <= len(args) <= self._most:
            try:
                self._signature.bind(*args, **kwargs)
            except TypeError as error:
                hint = f"; for another limit: {self.name}.within(seconds)(server)"
                is_limit = isinstance(self, call) and "timeout" in kwargs
                text = f"{self.name}(): {error}{hint if is_limit else ''}"
                raise TypeError(text) from None
        # A plain tuple, because a cast is hardly more than its message; `tests.bench` names: cast, call.
        return (ASKED, self.name, args, kwargs or None)


def _client_signature(method: Callable[..., object], kind: str) -> Signature:
    """Return the signature of a method without `self` and the state."""
    whole = signature(method)
    parameters = list(whole.parameters.values())
    if any(each.kind is Parameter.VAR_POSITIONAL for each in parameters[:2]):
        own = 0
    else:
        own = 2
        if len(parameters) < own or any(each.kind not in _POSITIONAL for each in parameters[:own]):
            accepted = "a method of self, the state and the arguments of its callers"
            raise BadArgument(f"@{kind}", method, accepted)
    return whole.replace(parameters=parameters[own:])


_POSITIONAL = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}


def _positions(of: Signature) -> tuple[int, int]:
    """Return how many arguments must and may be passed by position when none is named."""
    parameters = of.parameters.values()
    if any(
        each.kind is Parameter.KEYWORD_ONLY and each.default is Parameter.empty
        for each in parameters
    ):
        return 1, 0
    named = [each for each in parameters if each.kind in _POSITIONAL]
    least = sum(each.default is Parameter.empty for each in named)
    endless = any(each.kind is Parameter.VAR_POSITIONAL for each in parameters)
    return least, maxsize if endless else len(named)


if TYPE_CHECKING:
    Kept = TypeVar("Kept", contravariant=True)

    class _Keeps(Protocol[Kept]):
        """A class whose processes keep a state of this type: of another, a half cannot be reached."""

        def handle_cast(self, request: Never, state: Kept) -> object: ...


@final
class call(_Half, Generic[S, P, R]):  # noqa: N801 - a decorator
    """Make a method of a GenServer callable from other processes.

    The method gets the state and the caller's arguments and returns `Reply(value[, state])`,
    `NoReply` (somebody will answer `self.caller`) or `Stop`. `Server.method(address, *args)` sends
    the request, waits at most five seconds in the calling process and returns the value;
    `Server.method.within(seconds)` is the same with another limit.

    Raises (in the caller):
        CallFailed: One of its leaves; see `actors.errors`.
        TypeError: The arguments do not fit the method; nothing was sent.

    Example:
        >>> from actors import GenServer, Reply, call, run
        >>> class Greeter(GenServer[str]):
        ...     def init(self, greeting: str) -> str:
        ...         return greeting
        ...     @call
        ...     def greet(self, state: str, whom: str) -> Reply[str, str]:
        ...         return Reply(f"{state} {whom}")
        >>> def main() -> str:
        ...     greeter = Greeter.start_link("hello")
        ...     return Greeter.greet(greeter, "world")
        >>> run(main)
        'hello world'

    Source: https://hexdocs.pm/elixir/GenServer.html#call/3
    """

    def __init__(
        self,
        method: Callable[
            Concatenate[Never, S, P], Reply[R, S] | Emit[R, S] | NoReply[S] | Stop[R, S]
        ]
        | Callable[
            Concatenate[Never, S, P],
            Coroutine[Any, Any, Reply[R, S] | Emit[R, S] | NoReply[S] | Stop[R, S]],
        ],
    ) -> None:
        super().__init__(method, "call")
        self._client: Client[P, R] = Client(self, DEFAULT_TIMEOUT)

    @overload
    def __get__(self, instance: None, owner: type[_Keeps[S]]) -> Client[P, R]: ...
    @overload
    def __get__(
        self, instance: object, owner: type
    ) -> Callable[Concatenate[S, P], Reply[R, S] | Emit[R, S] | NoReply[S] | Stop[R, S]]: ...
    def __get__(self, instance: object, owner: type) -> object:
        return self._client if instance is None else self.method.__get__(instance, owner)


@final
class Client(Generic[P, R]):
    """The client half of a `@call` method."""

    def __init__(self, half: _Half, timeout: float | None) -> None:
        self.__doc__ = half.__doc__
        self._half = half
        self._timeout = timeout

    def __call__(self, server: Address | None, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask a server and wait for its reply; in the calling process, which waits."""
        bare = None if args or kwargs else self._half.bare
        if bare is not None:
            return _behaviour.call(server, bare, self._timeout, CALLED, True)  # type: ignore[return-value]
        request = self._half.ask(args, kwargs)
        return _behaviour.call(server, request, self._timeout)  # type: ignore[return-value]

    def within(self, seconds: float | None) -> Client[P, R]:
        """Return the same client half with another limit.

        Args:
            seconds: How long it waits; `None` for ever.

        Raises:
            BadArgument: It is no duration.
        """
        check_timeout("seconds", seconds)
        return Client(self._half, seconds)

    def __repr__(self) -> str:
        return f"<client half of {self._half.method.__qualname__}>"


@final
class cast(_Half, Generic[S, P]):  # noqa: N801 - a decorator
    """Make a method of a GenServer castable by other processes.

    `Server.method(address, *args)` sends the request and does not wait. The method gets the state
    and the sender's arguments and returns `NoReply(state)`, `Stop`, or nothing.

    Raises (in the sender):
        TypeError: The arguments do not fit the method; nothing was sent.

    Example:
        >>> from actors import GenServer, NoReply, Reply, call, cast, run
        >>> class Sum(GenServer[int]):
        ...     def init(self) -> int:
        ...         return 0
        ...     @cast
        ...     def add(self, state: int, number: int) -> NoReply[int]:
        ...         return NoReply(state + number)
        ...     @call
        ...     def value(self, state: int) -> Reply[int, int]:
        ...         return Reply(state)
        >>> def main() -> int:
        ...     sum = Sum.start_link()
        ...     Sum.add(sum, 2)
        ...     Sum.add(sum, number=3)
        ...     return Sum.value(sum)
        >>> run(main)
        5

    Source: https://hexdocs.pm/elixir/GenServer.html#cast/2
    """

    def __init__(
        self,
        method: Callable[
            Concatenate[Never, S, P], NoReply[S] | Emit[object, S] | Stop[object, S] | None
        ]
        | Callable[
            Concatenate[Never, S, P],
            Coroutine[Any, Any, NoReply[S] | Emit[object, S] | Stop[object, S] | None],
        ],
    ) -> None:
        super().__init__(method, "cast")
        self._sender: Sender[P] = Sender(self)

    @overload
    def __get__(self, instance: None, owner: type[_Keeps[S]]) -> Sender[P]: ...
    @overload
    def __get__(
        self, instance: object, owner: type
    ) -> Callable[Concatenate[S, P], NoReply[S] | Emit[object, S] | Stop[object, S] | None]: ...
    def __get__(self, instance: object, owner: type) -> object:
        return self._sender if instance is None else self.method.__get__(instance, owner)


@final
class Sender(Generic[P]):
    """The client half of a `@cast` method."""

    def __init__(self, half: _Half) -> None:
        self.__doc__ = half.__doc__
        self._half = half

    def __call__(self, server: Address | None, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Send the request and go on."""
        told = None if args or kwargs else self._half.told
        request = None if told is not None else self._half.ask(args, kwargs)
        _behaviour.cast(server, request, told)

    def __repr__(self) -> str:
        return f"<client half of {self._half.method.__qualname__}>"


_Calls: TypeAlias = "dict[str, Callable[..., object]]"


def protocol_of(cls: type) -> tuple[_Calls, _Calls]:
    """Return the `@call` and the `@cast` methods of a class, by name, as it inherits them.

    Raises:
        BadArgument: One is overridden by something that is not decorated, and would not be called.
    """
    calls: _Calls = {}
    casts: _Calls = {}
    for base in reversed(cls.__mro__):
        for name, each in vars(base).items():
            known = name in calls or name in casts
            calls.pop(name, None)
            casts.pop(name, None)
            if isinstance(each, call):
                calls[name] = each.method
            elif isinstance(each, cast):
                casts[name] = each.method
            elif known:
                accepted = "a method that is decorated like the one it overrides"
                raise BadArgument(f"{base.__qualname__}.{name}", each, accepted)
            if name in _CALLBACKS and isinstance(each, _Half):
                raise BadArgument(
                    f"{base.__qualname__}.{name}", each, "a name that is no callback's"
                )
    return calls, casts


_CALLBACKS = {
    "init",
    "handle_call",
    "handle_cast",
    "handle_info",
    "handle_continue",
    "terminate",
    "start",
    "start_link",
    "child_spec",
}
