"""`Stage`: a process that makes events, takes them, or turns some into others, at the pace of the slowest.

    class Numbers(Stage[int]):
        def init(self, first: int) -> Producer[int]:
            return Producer(first)

        def handle_demand(self, demand: int, state: int) -> Emit[object, int]:
            return Emit(range(state, state + demand), state + demand)

    class Printer(Stage[None]):
        def init(self) -> Consumer[None]:
            return Consumer(None, subscribe_to=[SubscribeTo("numbers", max_demand=10)])

        def handle_events(self, events: list[object], peer: Subscription, state: None) -> None:
            print(events)

Consumers ask, producers answer: no event is sent that nobody has asked for, so no mailbox can overflow,
however slow a consumer is. What a stage is, its `init` says: `Producer`, `ProducerConsumer` or
`Consumer`. Any callback may return `Emit(events, state)`; what goes beyond the demand is buffered.

A stage is a server as well: it answers calls, takes casts and has `@call` and `@cast` methods, which may
return `Emit` too.

Source: https://hexdocs.pm/gen_stage/GenStage.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Literal, TypeVar, overload
from typing import cast as typed

from actors import _behaviour, process, telemetry
from actors._behaviour import DEFAULT_TIMEOUT, Server, me
from actors._envelopes import Caller
from actors._halves import protocol_of
from actors._startable import Startable
from actors.errors import BadArgument
from actors.exits import Reason
from actors.gen_server import GenServer
from actors.messages import Message
from actors.naming import Address
from actors.pid import Pid, Ref
from actors.stage._engine import DEMAND, ESTIMATE, INFO, STATS, SUBSCRIBE, Engine
from actors.stage.protocol import (
    TO_PRODUCER,
    DemandMode,
    EndKind,
    StageError,
    StageStats,
    SubscribeTo,
    Subscription,
)

__all__ = ["Stage"]

S = TypeVar("S")


class Stage(Startable, Generic[S]):
    """The base of stages. The instance belongs to its process.

    Class keywords and `child_spec` are those of a `GenServer`. Put producers before their consumers
    under a supervisor, with the strategy rest_for_one.

    Source: https://hexdocs.pm/gen_stage/GenStage.html
    """

    _otp_calls: ClassVar[Mapping[str, Callable[..., object]]] = {}
    _otp_casts: ClassVar[Mapping[str, Callable[..., object]]] = {}
    _otp_caller: Caller | None = None
    _otp_takes_bound: ClassVar[bool] = False

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        cls._otp_calls, cls._otp_casts = protocol_of(cls)

    @classmethod
    def _otp_make(
        cls,
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Server:
        return Engine._otp_make(initial_call, parent, (cls(), args, kwargs), {})  # noqa: SLF001 - one class in two parts

    @property
    def caller(self) -> Caller:
        """Who waits for the answer of the `@call` method that is running.

        Raises:
            BadArgument: No `@call` method is running.
        """
        if self._otp_caller is None:
            raise BadArgument("caller", None, "asked for while a @call method runs")
        return self._otp_caller

    # -- client half: as of any server ------------------------------------------------------------

    call = staticmethod(GenServer.call)
    cast = staticmethod(GenServer.cast)
    reply = staticmethod(GenServer.reply)
    stop = staticmethod(GenServer.stop)

    # -- client half: subscriptions ---------------------------------------------------------------

    @staticmethod
    def sync_subscribe(
        consumer: Address,
        to: Address | SubscribeTo,
        timeout: float | None = DEFAULT_TIMEOUT,
        **options: Any,  # noqa: ANN401 - those of `SubscribeTo`
    ) -> Ref:
        """Have a consumer subscribe to a producer, and wait until it has sent its request.

        Runs in the caller. Whether the producer accepts is told to the consumer, not to the caller; it
        need not even be alive: then a consumer with `cancel="temporary"` goes on and others end.

        Args:
            consumer: A pid, a name or a `Via` of a stage that takes events.
            to: The producer, or a `SubscribeTo`.
            timeout: Seconds; `None` waits for ever.
            options: Those of `SubscribeTo`: `max_demand`, `min_demand`, `cancel`, and whatever the
                dispatcher of the producer takes.

        Returns:
            The reference of the subscription.

        Raises:
            BadArgument: An option is not accepted; nothing was sent.
            StageError: `"not_a_consumer"`: it only makes events.
            CallFailed: The consumer is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import Consumer, from_iterable
            >>> class Printer(Stage[None]):
            ...     def init(self):
            ...         return Consumer(None)
            ...     def handle_events(self, events, peer, state):
            ...         print(events)
            >>> def main():
            ...     printer = Printer.start_link()
            ...     letters = from_iterable("abc")
            ...     Stage.sync_subscribe(printer, letters, max_demand=2, cancel="temporary")
            ...     process.sleep(0.01)
            >>> run(main)
            ['a']
            ['b']
            ['c']

        Source: https://hexdocs.pm/gen_stage/GenStage.html#sync_subscribe/3
        """
        return _subscribed(consumer, None, _wanted(to, options), timeout)

    @staticmethod
    def async_subscribe(
        consumer: Address,
        to: Address | SubscribeTo,
        **options: Any,  # noqa: ANN401 - those of `SubscribeTo`
    ) -> None:
        """Have a consumer subscribe to a producer; does not wait.

        Runs in the caller.

        Args:
            consumer: A pid, a name or a `Via` of a stage that takes events.
            to: The producer, or a `SubscribeTo`.
            options: As for `sync_subscribe`.

        Raises:
            BadArgument: An option is not accepted; nothing was sent.

        Example:
            >>> from actors import run
            >>> from actors.stage import from_iterable
            >>> run(lambda: Stage.async_subscribe("nobody has this name", "nobody either"))

        Source: https://hexdocs.pm/gen_stage/GenStage.html#async_subscribe/2
        """
        GenServer.cast(consumer, (SUBSCRIBE, None, _wanted(to, options)))

    @staticmethod
    def sync_resubscribe(
        consumer: Address,
        subscription: Ref,
        reason: Reason,
        to: Address | SubscribeTo,
        timeout: float | None = DEFAULT_TIMEOUT,
        **options: Any,  # noqa: ANN401 - those of `SubscribeTo`
    ) -> Ref:
        """Have a consumer subscribe anew and cancel an older subscription of the same producer.

        Runs in the caller and waits for the consumer. As `sync_subscribe`, and it is no error if
        the older one does not exist. The consumer is told of the cancel and ends with it, unless
        the older one was temporary or the reason is clean and it was transient.

        Args:
            consumer: A pid, a name or a `Via` of a stage that takes events.
            subscription: The older one.
            reason: Why that ends.
            to: The producer, or a `SubscribeTo`.
            timeout: Seconds; `None` waits for ever.
            options: As for `sync_subscribe`.

        Returns:
            The reference of the new subscription.

        Raises:
            BadArgument: An option is not accepted; nothing was sent.
            StageError: `"not_a_consumer"`: it only makes events.
            CallFailed: The consumer is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import Consumer, from_iterable
            >>> class Quiet(Stage[None]):
            ...     def init(self):
            ...         return Consumer(None)
            ...     def handle_events(self, events, peer, state):
            ...         return None
            >>> def main():
            ...     quiet, digits = Quiet.start_link(), from_iterable(range(3), demand="accumulate")
            ...     old = Stage.sync_subscribe(quiet, digits, cancel="temporary")
            ...     return old is Stage.sync_resubscribe(quiet, old, "again", digits)
            >>> run(main)
            False

        Source: https://hexdocs.pm/gen_stage/GenStage.html#sync_resubscribe/4
        """
        return _subscribed(consumer, (subscription, reason), _wanted(to, options), timeout)

    @staticmethod
    def async_resubscribe(
        consumer: Address,
        subscription: Ref,
        reason: Reason,
        to: Address | SubscribeTo,
        **options: Any,  # noqa: ANN401 - those of `SubscribeTo`
    ) -> None:
        """Have a consumer subscribe anew and cancel an older subscription; does not wait.

        Runs in the caller.

        Args:
            consumer: A pid, a name or a `Via` of a stage that takes events.
            subscription: The older one.
            reason: Why that ends.
            to: The producer, or a `SubscribeTo`.
            options: As for `sync_subscribe`.

        Raises:
            BadArgument: An option is not accepted; nothing was sent.

        Example:
            >>> from actors import run
            >>> run(lambda: Stage.async_resubscribe("nobody has this name", Ref(), "why", "nobody"))

        Source: https://hexdocs.pm/gen_stage/GenStage.html#async_resubscribe/4
        """
        GenServer.cast(consumer, (SUBSCRIBE, (subscription, reason), _wanted(to, options)))

    @staticmethod
    def ask(subscription: Subscription, count: int) -> None:
        """Ask a producer for more, for a subscription with manual demand. Does not wait.

        Runs in the caller.

        Args:
            subscription: What the callbacks of the consumer were given.
            count: How many events more; 0 asks for nothing.

        Raises:
            BadArgument: It is no subscription, or no number of events.

        Example:
            >>> from actors import receive, run
            >>> from actors.stage import TO_PRODUCER, from_iterable
            >>> def main():
            ...     letters, ref = from_iterable("abc"), Ref()
            ...     process.send(letters, (TO_PRODUCER, (process.self(), ref), ("subscribe", None, {})))
            ...     Stage.ask(Subscription(letters, ref), 2)
            ...     _, _, events = receive()
            ...     return events
            >>> run(main)
            ['a', 'b']

        Source: https://hexdocs.pm/gen_stage/GenStage.html#ask/3
        """
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BadArgument("count", count, "a number of events, 0 or more")
        if count:
            _tell(subscription, ("ask", count))

    @staticmethod
    def cancel(subscription: Subscription, reason: Reason) -> None:
        """End a subscription from the consumer's side. Does not wait.

        Runs in the caller. The producer answers, and then the consumer ends or goes on, as its mode
        says.

        Args:
            subscription: What the callbacks of the consumer were given.
            reason: Why.

        Raises:
            BadArgument: It is no subscription.

        Example:
            >>> from actors import receive, run
            >>> from actors.stage import TO_PRODUCER, from_iterable
            >>> def main():
            ...     letters, ref = from_iterable("abc"), Ref()
            ...     process.send(letters, (TO_PRODUCER, (process.self(), ref), ("subscribe", None, {})))
            ...     Stage.cancel(Subscription(letters, ref), "enough")
            ...     _, _, answer = receive()
            ...     return answer
            >>> run(main)
            ('cancel', 'enough')

        Source: https://hexdocs.pm/gen_stage/GenStage.html#cancel/3
        """
        _tell(subscription, ("cancel", reason))

    # -- client half: what a producer is told and asked -------------------------------------------

    @staticmethod
    @overload
    def demand(stage: Address) -> DemandMode: ...
    @staticmethod
    @overload
    def demand(stage: Address, mode: DemandMode) -> None: ...
    @staticmethod
    def demand(stage: Address, mode: DemandMode | None = None) -> DemandMode | None:
        """Hold the demand that a producer gets, or let it through; without a mode, tell which it is.

        Runs in the caller. While it is held, so are the events that the producer emits. With a mode
        it does not wait.

        Args:
            stage: A pid, a name or a `Via`.
            mode: `"accumulate"` or `"forward"`; `None` asks.

        Returns:
            The mode when asked; nothing otherwise.

        Raises:
            BadArgument: There is no such mode.
            CallFailed: When asked: the stage is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import from_iterable
            >>> def main():
            ...     letters = from_iterable("abc", demand="accumulate")
            ...     before = Stage.demand(letters)
            ...     Stage.demand(letters, "forward")
            ...     return before, Stage.demand(letters)
            >>> run(main)
            ('accumulate', 'forward')

        Source: https://hexdocs.pm/gen_stage/GenStage.html#demand/2
        """
        if mode is None:
            return typed("DemandMode", GenServer.call(stage, (DEMAND,)))
        if not (isinstance(mode, str) and mode in {"forward", "accumulate"}):
            raise BadArgument("mode", mode, "'forward' or 'accumulate'")
        GenServer.cast(stage, (DEMAND, mode))
        return None

    @staticmethod
    def sync_info(
        stage: Address, message: Message, timeout: float | None = DEFAULT_TIMEOUT
    ) -> None:
        """Have a stage handle a message after the events that it holds, and wait until it is in its place.

        Runs in the caller. Its `handle_info` gets the message when all events that were buffered
        before have gone out.

        Args:
            stage: A pid, a name or a `Via`.
            message: What `handle_info` gets.
            timeout: Seconds; `None` waits for ever.

        Raises:
            CallFailed: The stage is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import Producer
            >>> class Ears(Stage[None]):
            ...     def init(self):
            ...         return Producer(None)
            ...     def handle_info(self, message, state):
            ...         print("heard", message)
            >>> def main():
            ...     ears = Ears.start_link()
            ...     Stage.sync_info(ears, "a word")
            ...     process.sleep(0.01)
            >>> run(main)
            heard a word

        Source: https://hexdocs.pm/gen_stage/GenStage.html#sync_info/3
        """
        GenServer.call(stage, (INFO, message), timeout)

    @staticmethod
    def async_info(stage: Address, message: Message) -> None:
        """Have a stage handle a message after the events that it holds; does not wait.

        Runs in the caller.

        Args:
            stage: A pid, a name or a `Via`.
            message: What `handle_info` gets.

        Example:
            >>> from actors import run
            >>> run(lambda: Stage.async_info("nobody has this name", "a word"))

        Source: https://hexdocs.pm/gen_stage/GenStage.html#async_info/2
        """
        GenServer.cast(stage, (INFO, message))

    @staticmethod
    def estimate_buffered_count(stage: Address, timeout: float | None = DEFAULT_TIMEOUT) -> int:
        """Tell how many events a producer holds that nobody has asked for. Waits for its answer.

        Runs in the caller.

        Args:
            stage: A pid, a name or a `Via`.
            timeout: Seconds; `None` waits for ever.

        Returns:
            How many events; 0 for a consumer.

        Raises:
            CallFailed: The stage is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import from_iterable
            >>> run(lambda: Stage.estimate_buffered_count(from_iterable("abc")))
            0

        Source: https://hexdocs.pm/gen_stage/GenStage.html#estimate_buffered_count/2
        """
        return typed("int", GenServer.call(stage, (ESTIMATE,), timeout))

    @staticmethod
    def stats(stage: Address, timeout: float | None = DEFAULT_TIMEOUT) -> StageStats:
        """Ask a stage what it is and how it stands. Waits for its answer.

        Runs in the caller.

        Args:
            stage: A pid, a name or a `Via`.
            timeout: Seconds; `None` waits for ever.

        Returns:
            Its kind, its producers and consumers, and its numbers.

        Raises:
            CallFailed: The stage is not there, ended, or did not answer in time.

        Example:
            >>> from actors import run
            >>> from actors.stage import from_iterable
            >>> run(lambda: Stage.stats(from_iterable("abc")).kind)
            'producer'

        Source: https://hexdocs.pm/gen_stage/GenStage.html#estimate_buffered_count/2
        """
        return typed("StageStats", GenServer.call(stage, (STATS,), timeout))

    # -- process half: callbacks ------------------------------------------------------------------

    def init(self, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - each class takes its own
        """Say what the stage is, in the new process; the starter waits.

        Returns:
            `Producer(state, …)`, `ProducerConsumer(state, …)`, `Consumer(state, …)`, `Ignore()` or
            `Stop(reason)`.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:init/1
        """
        message = f"{type(self).__name__} has no init that says what kind of stage it is"
        raise NotImplementedError(message)

    def handle_demand(self, demand: int, state: S, /) -> object:
        """Make events, in a producer, when there is demand that its buffer does not serve.

        Runs in the stage. It may emit fewer than it is asked for, now, and the rest at any time later.

        Args:
            demand: How many more are asked for, 1 or more; what was not emitted before is not counted.
            state: The present state.

        Returns:
            `Emit`, `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_demand/2
        """
        message = f"{type(self).__name__} has no handle_demand, and was asked for {demand}"
        raise NotImplementedError(message)

    def handle_events(self, events: list[Any], peer: Subscription, state: S, /) -> object:
        """Handle a batch of events, in a consumer or producer-consumer.

        Runs in the stage. More are asked for when it returns.

        Args:
            events: At most `max_demand - min_demand`, in order; all that came if demand is manual.
            peer: Whose they are; for `Stage.ask` and `Stage.cancel`.
            state: The present state.

        Returns:
            `Emit` (a producer-consumer only), `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_events/3
        """
        message = f"{type(self).__name__} has no handle_events, and got {len(events)} events"
        raise NotImplementedError(message)

    def handle_subscribe(
        self,
        kind: Literal["producer", "consumer"],
        options: Mapping[str, object],
        peer: Subscription,
        state: S,
        /,
    ) -> object:
        """Hear of a new subscription, on either side of it.

        Runs in the stage.

        Args:
            kind: What the other one is in it. A consumer hears `"producer"` and may choose `Manual`.
            options: Those of the `SubscribeTo`.
            peer: The other one; for `Stage.ask` and `Stage.cancel`.
            state: The present state.

        Returns:
            `Automatic([state])`, `Manual([state])`, `Stop`, or nothing, which is automatic.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_subscribe/4
        """
        return None

    def handle_cancel(
        self, reason: tuple[EndKind, Reason], peer: Subscription, state: S, /
    ) -> object:
        """Hear of the end of a subscription, on either side of it.

        Runs in the stage. A consumer whose mode says so ends afterwards.

        Args:
            reason: `("cancel", why)`, or `("down", why)` if the process at the other end has ended.
            peer: Who was at the other end.
            state: The present state.

        Returns:
            `Emit`, `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_cancel/3
        """
        return None

    def format_discarded(self, count: int, state: S, /) -> bool:
        """Hear of events that did not fit into the buffer, before they are reported.

        Runs in the stage.

        Returns:
            Whether to report them.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:format_discarded/2
        """
        return True

    def handle_call(self, request: Message, caller: Caller, state: S, /) -> object:
        """Handle a call.

        Runs in the stage.

        Returns:
            `Reply`, `Emit(events, reply=value)`, `NoReply` or `Emit` (somebody will `reply`), or `Stop`.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_call/3
        """
        message = f"{type(self).__name__} has no handle_call, and was called with {request!r}"
        raise NotImplementedError(message)

    def handle_cast(self, request: Message, state: S, /) -> object:
        """Handle a cast.

        Runs in the stage.

        Returns:
            `Emit`, `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_cast/2
        """
        message = f"{type(self).__name__} has no handle_cast, and was cast {request!r}"
        raise NotImplementedError(message)

    def handle_info(self, message: Message, state: S, /) -> object:
        """Handle any other message.

        Runs in the stage.

        Returns:
            `Emit`, `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_info/2
        """
        cell = me()
        fields = {"pid": cell.pid, "name": cell.name, "message": message}
        telemetry.report(("actors", "gen_server", "unhandled"), "warning", fields)
        return None

    def handle_continue(self, term: object, state: S, /) -> object:
        """Go on after a callback whose outcome had `then=Continue(term)`, before any waiting message.

        Runs in the stage.

        Returns:
            `Emit`, `NoReply`, `Stop`, or nothing.

        Source: https://hexdocs.pm/elixir/GenServer.html#c:handle_continue/2
        """
        message = f"{type(self).__name__} has no handle_continue, and was continued with {term!r}"
        raise NotImplementedError(message)

    def terminate(self, reason: Reason, state: S, /) -> object:
        """Clean up, in the stage, before it ends; when that is called, `GenServer.terminate` tells.

        Returns:
            Anything; nobody looks at it.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:terminate/2
        """
        return None

    def code_change(self, old_version: object, state: S, extra: object, /) -> S:
        """Turn the state into one that the present code works with; see `GenServer.code_change`.

        Runs in the stage.

        Returns:
            The new state; here the present one.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:code_change/3
        """
        return state

    def format_status(self, status: Mapping[str, object], /) -> Mapping[str, object]:
        """Say what people are to see of the stage: in `debug.get_status` and in reports.

        Runs in the stage.

        Args:
            status: The `"state"` and the `"stage"`, its `StageStats`; in reports also the last
                `"message"` and the `"reason"`.

        Returns:
            What is to be shown instead; what is left out is shown as it is.

        Source: https://hexdocs.pm/gen_stage/GenStage.html#c:format_status/2
        """
        return status


# -- helpers ---------------------------------------------------------------------------------------


def _wanted(to: Address | SubscribeTo, options: Mapping[str, Any]) -> SubscribeTo:
    if not isinstance(to, SubscribeTo):
        return SubscribeTo(to, **options)
    if options:
        raise BadArgument("options", sorted(options), "those of SubscribeTo, once")
    return to


def _subscribed(
    consumer: Address, current: tuple[Ref, Reason] | None, to: SubscribeTo, timeout: float | None
) -> Ref:
    match _behaviour.call(
        consumer, (SUBSCRIBE, current, to), timeout, ("GenStage", "sync_subscribe")
    ):
        case ("ok", Ref() as ref):
            return ref
        case ("error", reason):
            raise StageError(reason)
        case other:
            raise StageError(("bad_reply", other))


def _tell(subscription: Subscription, what: tuple[object, ...]) -> None:
    match subscription:
        case (Pid() as pid, Ref() as ref):
            process.send(pid, (TO_PRODUCER, (process.self(), ref), what))
        case _:
            raise BadArgument("subscription", subscription, "what the callbacks of a consumer get")
