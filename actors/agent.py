"""`Agent`: a process that keeps a value, and does with it what functions from outside say.

    Agent.update(agent, fn)  --("update", fn)-->  the agent's process: state = fn(state)
                             <------ None ------

The functions run in the agent's process, in the order in which they arrive; one that takes long
holds up all others, and one that fails ends the agent and its caller. What does not need the state
is better done before or after.

The type of the state is said once, where it is wanted, by a class of one's own:

    class Counter(Agent[int]):
        pass

    Counter.start_link(lambda: 0, name="hits")
    Counter.update("hits", lambda hits: hits + 1)

`Agent[int].get(pid, fn)` says it on the spot, and plain `Agent.get(pid, fn)` takes what `fn` says.

Source: https://hexdocs.pm/elixir/Agent.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Generic,
    TypeVar,
    TypeVarTuple,
    Unpack,
    final,
)
from typing import (
    cast as typed,
)

from actors._coroutines import settled
from actors._startable import UNSET, RestartWord, overridden
from actors.errors import BadArgument
from actors.exits import NORMAL, Exit, Reason
from actors.gen_server import Caller, GenServer
from actors.messages import Message
from actors.naming import Address, Name
from actors.outcomes import KEEP, NoReply, Reply, Started
from actors.pid import Pid

if TYPE_CHECKING:
    from actors.process import Host

__all__ = ["Agent"]

S = TypeVar("S")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_TIMEOUT = 5.0
_OPTIONS = ("id", "restart", "shutdown")


class Agent(Generic[S]):
    """A process around a value. There are no instances: an agent is known by its pid or name.

    The class keywords `id`, `restart` and `shutdown` record how a supervisor should treat it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     agent = Agent.start_link(lambda: 0)
        ...     Agent.update(agent, lambda n: n + 1)
        ...     return Agent.get(agent, lambda n: n)
        >>> run(main)
        1

    Source: https://hexdocs.pm/elixir/Agent.html
    """

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = options.keys() - set(_OPTIONS)
        if unknown:
            raise BadArgument("class keywords", sorted(unknown), "id, restart and shutdown")
        cls.options = {**cls.options, **options}

    # -- client half ------------------------------------------------------------------------------

    @classmethod
    def start_link(
        cls,
        fn: Callable[[Unpack[Ts]], S],
        *args: *Ts,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
    ) -> Pid:
        """Start an agent linked to the caller and wait until it has its first state.

        Runs in the caller.

        Args:
            fn: Makes the first state, in the new process.
            args: Passed to `fn`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `fn` may take; `None`, the default, for no limit.
            host: `"thread"` for an OS thread of its own.

        Returns:
            The pid.

        Raises:
            StartError: `fn` failed or took too long, or the name is taken. A caller that does not
                trap exits is ended by the link as well.
            BadArgument: An argument is not accepted; nothing was started.

        Example:
            >>> from actors import run
            >>> def main():
            ...     box = Agent.start_link(pow, 2, 3, name="box")
            ...     return Agent.get("box", abs)
            >>> run(main)
            8

        Source: https://hexdocs.pm/elixir/Agent.html#start_link/2
        """
        keeper = _Keeper.start_link(_function(fn), args, name=name, timeout=timeout, host=host)
        # Never None: any value is a state, so no agent's init says Ignore.
        return typed("Pid", keeper)

    @classmethod
    def start(
        cls,
        fn: Callable[[Unpack[Ts]], S],
        *args: *Ts,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
    ) -> Pid:
        """Start an agent that is linked to nobody; otherwise like `start_link`.

        Runs in the caller. Waits until it has its first state.

        Args:
            fn: Makes the first state, in the new process.
            args: Passed to `fn`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `fn` may take; `None`, the default, for no limit.
            host: `"thread"` for an OS thread of its own.

        Returns:
            The pid.

        Raises:
            StartError: `fn` failed or took too long, or the name is taken.
            BadArgument: An argument is not accepted; nothing was started.

        Example:
            >>> from actors import run
            >>> run(lambda: Agent.get(Agent.start(lambda: 1), abs))
            1

        Source: https://hexdocs.pm/elixir/Agent.html#start/2
        """
        keeper = _Keeper.start(_function(fn), args, name=name, timeout=timeout, host=host)
        return typed("Pid", keeper)

    @classmethod
    def get(
        cls,
        agent: Address,
        fn: Callable[[S, Unpack[Ts]], R],
        *args: *Ts,
        timeout: float | None = _TIMEOUT,
    ) -> R:
        """Have the agent apply a function to its state, and return what comes out.

        Runs in the caller. Waits for the agent, not for longer than `timeout`.

        Args:
            agent: Its pid, name or `Via`.
            fn: Called in the agent with the state and `args`.
            args: Passed on.
            timeout: Seconds; 5.0 by default, `None` for no limit.

        Returns:
            What `fn` returned.

        Raises:
            CallFailed: The agent is not there, did not answer in time, or ended, for instance by
                an exception in `fn`.
            BadArgument: `fn` is no function, or the timeout is not accepted.

        Example:
            >>> from actors import run
            >>> run(lambda: Agent.get(Agent.start_link(lambda: 2), pow, 3))
            8

        Source: https://hexdocs.pm/elixir/Agent.html#get/3
        """
        return typed("R", _ask(agent, "get", fn, args, timeout))

    @classmethod
    def update(
        cls,
        agent: Address,
        fn: Callable[[S, Unpack[Ts]], S],
        *args: *Ts,
        timeout: float | None = _TIMEOUT,
    ) -> None:
        """Have the agent replace its state by what a function makes of it; otherwise like `get`.

        Runs in the caller and waits for the agent.

        Args:
            agent: Its pid, name or `Via`.
            fn: Called in the agent with the state and `args`.
            args: Passed on.
            timeout: Seconds; 5.0 by default, `None` for no limit.

        Example:
            >>> from actors import run
            >>> def main():
            ...     box = Agent.start_link(lambda: 2)
            ...     Agent.update(box, pow, 3)
            ...     return Agent.get(box, abs)
            >>> run(main)
            8

        Source: https://hexdocs.pm/elixir/Agent.html#update/3
        """
        _ask(agent, "update", fn, args, timeout)

    @classmethod
    def get_and_update(
        cls,
        agent: Address,
        fn: Callable[[S, Unpack[Ts]], tuple[R, S]],
        *args: *Ts,
        timeout: float | None = _TIMEOUT,
    ) -> R:
        """Have the agent apply a function that returns an answer and the next state.

        Runs in the caller and waits for the agent. Otherwise like `get`. A function that returns no
        pair ends the agent, with `("bad_return_value", value)`.

        Args:
            agent: Its pid, name or `Via`.
            fn: Called in the agent with the state and `args`.
            args: Passed on.
            timeout: Seconds; 5.0 by default, `None` for no limit.

        Returns:
            The answer.

        Example:
            >>> from actors import run
            >>> def main():
            ...     stack = Agent.start_link(lambda: ["a", "b"])
            ...     return Agent.get_and_update(stack, lambda items: (items[-1], items[:-1]))
            >>> run(main)
            'b'

        Source: https://hexdocs.pm/elixir/Agent.html#get_and_update/3
        """
        return typed("R", _ask(agent, "get_and_update", fn, args, timeout))

    @classmethod
    def cast(cls, agent: Address, fn: Callable[[S, Unpack[Ts]], S], *args: *Ts) -> None:
        """Have the agent replace its state some time; never waits, and nobody there is no error.

        Runs in the caller.

        Args:
            agent: Its pid, name or `Via`.
            fn: Called in the agent with the state and `args`.
            args: Passed on.

        Raises:
            BadArgument: `fn` is no function.

        Example:
            >>> from actors import run
            >>> def main():
            ...     box = Agent.start_link(lambda: 2)
            ...     Agent.cast(box, pow, 3)
            ...     return Agent.get(box, abs)
            >>> run(main)
            8

        Source: https://hexdocs.pm/elixir/Agent.html#cast/2
        """
        GenServer.cast(agent, _request("cast", fn, args))

    @classmethod
    def stop(cls, agent: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """End an agent and wait until it is gone.

        Runs in the caller.

        Args:
            agent: Its pid, name or `Via`.
            reason: Its exit reason.
            timeout: Seconds; `None`, the default, for no limit.

        Raises:
            CallFailed: It is not there, ended with another reason, or did not end in time.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     box = Agent.start_link(lambda: 1)
            ...     Agent.stop(box)
            ...     return process.is_alive(box)
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/Agent.html#stop/3
        """
        GenServer.stop(agent, reason, timeout)

    @classmethod
    def child_spec(
        cls,
        fn: Callable[[Unpack[Ts]], S],
        *args: *Ts,
        id: object = UNSET,
        restart: RestartWord | None = None,
        shutdown: object = UNSET,
        **options: object,
    ) -> dict[str, object]:
        """Describe an agent for a supervisor, as a plain mapping.

        Runs in the caller. Starts nothing.

        Args:
            fn: Makes the first state.
            args: Passed to `fn`.
            id: What the supervisor calls it; the class by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None` for no limit, or `"brutal_kill"`.
            options: Those of `start_link`, such as `name`.

        Returns:
            What a supervisor takes for a child.

        Raises:
            BadArgument: `fn` cannot be called, or a field is not accepted.

        Example:
            >>> Agent.child_spec(int, id="box", restart="transient")["restart"]
            'transient'

        Source: https://hexdocs.pm/elixir/Agent.html#module-how-to-supervise
        """
        _function(fn)
        start = (cls.start_link, (fn, *args), options)
        spec: dict[str, object] = {"id": cls, "start": start, **cls.options}
        return overridden(spec, id, restart, shutdown)


# -- process half ----------------------------------------------------------------------------------


@final
class _Keeper(GenServer[object]):
    """The process of an agent."""

    def init(self, fn: Callable[..., object], args: tuple[object, ...]) -> Started[object]:
        return Started(settled(fn(*args)))

    def handle_call(self, request: Message, caller: Caller, state: object) -> Reply[object, object]:
        what, fn, args = _read(request)
        value = settled(fn(state, *args))
        match what:
            case "get":
                return Reply(value, KEEP)
            case "update":
                return Reply(None, value)
            case "get_and_update" if type(value) is tuple and len(value) == 2:  # noqa: PLR2004 - a pair
                return Reply(value[0], value[1])
            case "get_and_update":
                raise Exit(("bad_return_value", value))
            case _:
                raise _refusal(request)

    def handle_cast(self, request: Message, state: object) -> NoReply[object]:
        what, fn, args = _read(request)
        if what != "cast":
            raise _refusal(request)
        return NoReply(settled(fn(state, *args)))

    def code_change(self, old_version: object, state: object, extra: object) -> object:
        """Let `extra` make the new state: a function, or a tuple of one and what it gets as well."""
        fn, *args = extra if isinstance(extra, tuple) and extra else (extra,)
        return typed("Callable[..., object]", _function(fn))(state, *args)

    def handle_info(self, message: Message, state: object) -> None:
        return None


# -- helpers ---------------------------------------------------------------------------------------


def _function(fn: object) -> object:
    if not callable(fn):
        raise BadArgument("fn", fn, "a function, such as list or lambda: 0")
    return fn


def _ask(
    agent: Address, what: str, fn: object, args: tuple[object, ...], timeout: float | None
) -> object:
    return GenServer.call(agent, _request(what, fn, args), timeout)


def _request(what: str, fn: object, args: tuple[object, ...]) -> Message:
    """Word a request as OTP does: `("get", fn)`, or `("get", (fn, args))`."""
    return (what, (_function(fn), args)) if args else (what, _function(fn))


def _read(request: Message) -> tuple[str, Callable[..., object], tuple[object, ...]]:
    match request:
        case (str() as what, (fn, tuple() as args)) if callable(fn):
            return what, fn, args
        case (str() as what, fn) if callable(fn):
            return what, fn, ()
        case _:
            raise _refusal(request)


def _refusal(request: Message) -> BadArgument:
    return BadArgument("request", request, "what the functions of Agent send")
