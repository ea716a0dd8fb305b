"""`StateMachine`: a process whose answer to an event depends on its state; OTP's gen_statem.

    class Door(StateMachine[str, int]):
        def init(self, code: int) -> Begin[str, int]:
            return Begin("locked", code)

        def handle_event(self, event: Event, state: str, code: int) -> Transition[str, int]:
            match state, event:
                case "locked", Casted(number) if number == code:
                    return NextState("open", actions=StateTimeout(10.0))
                case "open", StateTimedOut():
                    return NextState("locked")
                case _, Called(caller, "state"):
                    return KeepState(actions=ReplyTo(caller, state))
                case _:
                    return KeepState()

With the class keyword `callback_mode="state_functions"` every state is a string and has a method of
its name, called with the event and the data. With `state_enter=True` the machine is told `Enter`
whenever it comes into a state.

One event is a walk through `_Machine`: the callback, its actions in order, the call of `Enter` if
the state was changed, and then what waits: inserted events first, events that had been postponed
until the state changes, timeouts of no time, and only then the mailbox.

Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html,
https://www.erlang.org/doc/system/statem.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Generic, Literal, NoReturn, TypeAlias, TypeVar, final
from typing import cast as typed

from actors import _behaviour, debug, process, requests
from actors._behaviour import Ended, Failure, Server, me
from actors._coroutines import settled
from actors._envelopes import CALL, CAST, Caller, as_seen, request_as_seen
from actors._startable import Startable
from actors.debug import Watch
from actors.errors import BadArgument
from actors.exits import NORMAL, Exit, Reason, Stack, reason_of
from actors.hosting import without_waiting
from actors.messages import Exited, Message, TimedOut
from actors.naming import Address, Name
from actors.outcomes import KEEP, NO_REPLY, Hibernate, Ignore, Stop
from actors.pid import Pid, Ref
from actors.transitions import (
    Action,
    Actions,
    Begin,
    Called,
    Casted,
    ChangeCallbacks,
    Enter,
    Event,
    EventTimedOut,
    EventTimeout,
    Info,
    KeepState,
    NamedTimedOut,
    NamedTimeout,
    NextEvent,
    NextState,
    PopCallbacks,
    Postpone,
    PushCallbacks,
    RepeatState,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
    StopAndReply,
    TimeoutAction,
)

__all__ = ["StateMachine", "Transition"]

S = TypeVar("S")
D = TypeVar("D")

Transition: TypeAlias = (
    NextState[S, D] | KeepState[D] | RepeatState[D] | Stop[object, D] | StopAndReply[D]
)
"""What a machine answers to an event."""


class StateMachine(Startable, Generic[S, D]):
    """The base of state machines. The instance belongs to its process.

    Class keywords: `callback_mode`, `"handle_event"` or `"state_functions"`; `state_enter`, whether
    `Enter` is told; and those of a `GenServer`.

    Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html
    """

    callback_mode: ClassVar[Literal["handle_event", "state_functions"]] = "handle_event"
    """Whether one method handles all events, or one for each state."""
    state_enter: ClassVar[bool] = False
    """Whether `Enter` is told."""

    def __init_subclass__(
        cls, *, callback_mode: object = None, state_enter: object = None, **options: object
    ) -> None:
        super().__init_subclass__(**options)
        if callback_mode is not None:
            modes = {"handle_event", "state_functions"}
            if not (isinstance(callback_mode, str) and callback_mode in modes):
                accepted = "'handle_event' or 'state_functions'"
                raise BadArgument("callback_mode", callback_mode, accepted)
            cls.callback_mode = typed("Literal['handle_event']", callback_mode)
        if state_enter is not None:
            if not isinstance(state_enter, bool):
                raise BadArgument("state_enter", state_enter, "True or False")
            cls.state_enter = state_enter

    # -- client half ------------------------------------------------------------------------------

    @staticmethod
    def call(server: Address, request: Message, timeout: float | None = None) -> object:
        """Send a request to a machine and wait for its reply, here without a limit by default.

        Runs in the calling process and blocks it, not the loop. A late reply is never seen.

        Args:
            server: A pid, a name or a `Via`.
            request: The content of the event `Called`.
            timeout: Seconds; `None` waits for ever.

        Returns:
            The reply.

        Raises:
            CallFailed: `NoProcess`, `CallTimeout`, `ServerExited`, `CallingSelf` or `CallCycle`.
            BadArgument: The timeout is not accepted.

        Example:
            >>> from actors import run
            >>> class Door(StateMachine[str, int]):
            ...     def init(self):
            ...         return Begin("closed", 0)
            ...     def handle_event(self, event, state, data):
            ...         match event:
            ...             case Called(caller, "state"):
            ...                 StateMachine.reply(caller, state)
            ...             case Casted("open"):
            ...                 return NextState("open")
            ...         return KeepState()
            >>> run(lambda: StateMachine.call(Door.start_link(), "state"))
            'closed'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#call/3
        """
        return _behaviour.call(server, request, timeout, ("gen_statem", "call"))

    @staticmethod
    def cast(server: Address | tuple[str, str], request: Message) -> None:
        """Send an event `Casted`; never waits and never fails.

        Runs in the caller.

        Args:
            server: A pid, a name, `(name, node)` or a `Via`.
            request: The content of the event.

        Example:
            >>> from actors import run
            >>> class Door(StateMachine[str, int]):
            ...     def init(self):
            ...         return Begin("closed", 0)
            ...     def handle_event(self, event, state, data):
            ...         match event:
            ...             case Called(caller, "state"):
            ...                 StateMachine.reply(caller, state)
            ...             case Casted("open"):
            ...                 return NextState("open")
            ...         return KeepState()
            >>> def main():
            ...     door = Door.start_link()
            ...     StateMachine.cast(door, "open")
            ...     return StateMachine.call(door, "state")
            >>> run(main)
            'open'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#cast/2
        """
        _behaviour.cast(server, request)

    @staticmethod
    def reply(caller: Caller, value: object) -> None:
        """Answer a caller, from any process and at any time; in a machine `ReplyTo` does the same.

        Does not wait. Only the first answer to a request counts.

        Args:
            caller: That of the event `Called`.
            value: What the call returns.

        Raises:
            BadArgument: It is no caller.

        Example:
            >>> from actors import run
            >>> class Door(StateMachine[str, int]):
            ...     def init(self):
            ...         return Begin("closed", 0)
            ...     def handle_event(self, event, state, data):
            ...         match event:
            ...             case Called(caller, "state"):
            ...                 StateMachine.reply(caller, state)
            ...             case Casted("open"):
            ...                 return NextState("open")
            ...         return KeepState()
            >>> run(lambda: StateMachine.call(Door.start_link(), "state"))
            'closed'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#reply/2
        """
        match caller:
            case (Pid(), Ref()):
                _behaviour.reply(caller, value)
            case _:
                raise BadArgument("caller", caller, "that of an event Called")

    @staticmethod
    def stop(server: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Have a machine run `terminate` and end, and wait until it has.

        Runs in the caller.

        Args:
            server: A pid, a name or a `Via`.
            reason: What it ends with.
            timeout: Seconds; `None` waits for ever.

        Raises:
            CallFailed: It is not there, ended with another reason, or did not end in time.

        Example:
            >>> from actors import run
            >>> class Door(StateMachine[str, int]):
            ...     def init(self):
            ...         return Begin("closed", 0)
            ...     def handle_event(self, event, state, data):
            ...         match event:
            ...             case Called(caller, "state"):
            ...                 StateMachine.reply(caller, state)
            ...             case Casted("open"):
            ...                 return NextState("open")
            ...         return KeepState()
            >>> def main():
            ...     door = Door.start_link()
            ...     StateMachine.stop(door)
            ...     return process.is_alive(door)
            >>> run(main)
            False

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#stop/3
        """
        _behaviour.stop(server, reason, timeout, ("gen_statem", "stop"))

    @classmethod
    def enter_loop(
        cls, state: S, data: D, actions: Actions = (), *, name: Name | None = None
    ) -> NoReturn:
        """Make the calling process a machine of this class, in this state; never returns.

        For a process that had to prepare itself, such as one of `proc_lib.start_link`. `init` is not
        called. If it was started linked, the end of its starter is the end of its parent. What has
        called this stays where it is: its `finally` blocks run when the machine ends.

        Args:
            state: The first state.
            data: The first data.
            actions: What to do first.
            name: The name that the process has; `None` if that does not matter.

        Raises:
            BadArgument: It has another name, or is a server already.

        Example:
            >>> from actors import proc_lib, run
            >>> class Door(StateMachine[str, int]):
            ...     def handle_event(self, event, state, data):
            ...         return KeepState(actions=ReplyTo(event.caller, (state, data)))
            >>> def prepare():
            ...     proc_lib.init_ack(process.self())
            ...     Door.enter_loop("closed", 7)
            >>> run(lambda: StateMachine.call(proc_lib.start_link(prepare), "state"))
            ('closed', 7)

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#enter_loop/6
        """

        def make(parent: Pid) -> Server:
            return _Machine(cls(), me().doing, parent, (), {})

        _behaviour.enter_loop(make, Begin(state, data, actions), name)

    send_request = staticmethod(requests.send_request)
    receive_response = staticmethod(requests.receive_response)
    wait_response = staticmethod(requests.wait_response)
    check_response = staticmethod(requests.check_response)

    # -- process half: callbacks ------------------------------------------------------------------

    def init(self, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - every machine's own
        """Say where the machine begins, in its process; the starter waits.

        Returns:
            `Begin(state, data[, actions])`, `Ignore()` or `Stop(reason)`.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#c:init/1
        """
        message = f"{type(self).__name__} has no init"
        raise NotImplementedError(message)

    def handle_event(
        self, event: Event, state: S, data: D, /
    ) -> Transition[S, D] | Coroutine[Any, Any, Transition[S, D]]:
        """Handle one event, unless there is a method for each state.

        Runs in the machine.

        Returns:
            `NextState`, `KeepState`, `RepeatState`, `Stop` or `StopAndReply`.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#c:handle_event/4
        """
        message = f"{type(self).__name__} has no handle_event, and was told {event!r}"
        raise NotImplementedError(message)

    def terminate(self, reason: Reason, state: S, data: D, /) -> object:
        """Clean up, in the machine, before it ends; called when that of a `GenServer` would be.

        Returns:
            Anything; nobody looks at it.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#c:terminate/3
        """
        return None

    def code_change(self, old_version: object, state: S, data: D, extra: object, /) -> tuple[S, D]:
        """Turn state and data into those that the present code works with, for `debug.change_code`.

        Runs in the machine.

        Returns:
            The new state and the new data; here the present ones.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#c:code_change/4
        """
        return state, data

    def format_status(self, status: Mapping[str, object], /) -> Mapping[str, object]:
        """Say what people are to see of the machine: in `debug.get_status` and in reports.

        Runs in the machine.

        Args:
            status: `"state"` and `"data"`; in reports also the last `"message"` and the `"reason"`.

        Returns:
            What is to be shown instead; what is left out is shown as it is.

        Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html#c:format_status/1
        """
        return status

    @classmethod
    def _otp_make(
        cls,
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Server:
        return _Machine(cls(), initial_call, parent, args, kwargs)


# -- process half: the walk of one event -----------------------------------------------------------

_Kind: TypeAlias = Hashable
"""What a timeout is known by: its class, and for a named one its name too."""


@dataclass(slots=True)
class _Wishes:
    """What the actions of one event ask for, to be done when all have been read."""

    postpone: bool = False
    inserted: list[Event] = field(default_factory=list)
    timeouts: list[TimeoutAction] = field(default_factory=list)


@final
class _Machine(Server, Generic[S, D]):
    """One machine's state, data and events."""

    module = "gen_statem"

    def __init__(
        self,
        callbacks: StateMachine[S, D],
        initial_call: str,
        parent: Pid,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> None:
        self.callbacks = callbacks
        self._initial_call = initial_call
        self.parent = parent
        self.watch: Watch | None = None
        self.state: S = typed("S", None)
        self.data: D = typed("D", None)
        self._arguments = args, kwargs
        self._queue: deque[Event] = deque()
        self._postponed: list[Event] = []
        """The oldest first."""
        self._pushed: list[type[StateMachine[Any, Any]]] = []
        """The classes under the present one, for `PopCallbacks`."""
        self._timeouts = _Timeouts()

    def init(self) -> object:
        args, kwargs = self._arguments
        self._arguments = (), {}
        outcome = settled(self.callbacks.init(*args, **kwargs))
        is_stop = type(outcome) is Stop and outcome.reply is NO_REPLY
        if isinstance(outcome, Begin) or type(outcome) is Ignore or is_stop:
            return outcome
        raise Exit(("bad_return_from_init", outcome))

    def begin(self, outcome: object) -> None:
        first = typed("Begin[S, D]", outcome)
        self.state, self.data = first.state, first.data
        try:
            wishes = _Wishes()
            self._read(first.actions, wishes)
            self._enter(first.state, wishes)
            self._settle(wishes)
            self._go_on()
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            self._fail(error, ("init",))

    def handle(self, message: Message) -> None:
        try:
            if debug.is_system(message):
                debug.serve(self, message)
                return
            if isinstance(message, Exited) and message.pid is self.parent:
                self.end(message.reason, message)
            self._queue.append(self._event(message))
            self._go_on()
        except BaseException as error:  # noqa: BLE001 - every end of a callback goes one way
            self._fail(error, message)

    def _event(self, message: Message) -> Event:
        match message:
            case (tag, caller, request) if tag is CALL:
                return Called(typed("Caller", caller), request_as_seen(request))
            case (tag, request) if tag is CAST:
                return Casted(request_as_seen(request))
            case TimedOut(ref=Ref() as ref):
                return self._timeouts.fired(ref) or Info(message)
            case _:
                return Info(message)

    def _go_on(self) -> None:
        """Handle what waits within the machine, until nothing does."""
        while True:
            if self._queue:
                event = self._queue.popleft()
            else:
                due = self._timeouts.due()
                if due is None:
                    return
                event = due
            self._timeouts.cancel(EventTimeout)
            self._follow(self._tell(event), event)

    def _tell(self, event: Event) -> object:
        """Call the callback."""
        callbacks, state = self.callbacks, self.state
        if callbacks.callback_mode == "handle_event":
            return settled(callbacks.handle_event(event, state, self.data))
        if not isinstance(state, str) or getattr(StateMachine, state, None) is not None:
            _refuse("bad_state_from_state_function", state)
        return settled(getattr(callbacks, state)(event, self.data))

    def _follow(self, outcome: object, event: Event) -> None:
        """Do what the outcome of an event says."""
        before, wishes = self.state, _Wishes()
        is_entered = isinstance(outcome, RepeatState)
        self._take(outcome, event)
        self._read(typed("NextState[S, D]", outcome).actions, wishes)
        is_changed = not _is_same(before, self.state)
        if is_changed or is_entered:
            self._enter(before, wishes)
        if wishes.postpone:
            self._postponed.append(event)
        if is_changed:
            self._queue.extendleft(reversed(self._postponed))
            self._postponed = []
            self._timeouts.cancel(StateTimeout)
        self._settle(wishes)

    def _enter(self, before: S, wishes: _Wishes) -> None:
        """Tell the callback that the machine has come into its state, as often as it wants that."""
        again = self.callbacks.state_enter
        while again:
            event, here = Enter(before), self.state
            outcome = self._tell(event)
            if isinstance(outcome, NextState) and not _is_same(outcome.state, here):
                _refuse("bad_state_enter_return_from_state_function", outcome)
            self._take(outcome, event)
            self._read(
                typed("KeepState[D]", outcome).actions, wishes, refused=(Postpone, NextEvent)
            )
            again = isinstance(outcome, RepeatState)

    def _settle(self, wishes: _Wishes) -> None:
        # Of several of one kind only the last one counts, in its own place among the others.
        last = {_kind(action): action for action in wishes.timeouts}
        for action in wishes.timeouts:
            if last[_kind(action)] is action:
                self._timeouts.start(action)
        self._queue.extendleft(reversed(wishes.inserted))

    def _take(self, outcome: object, event: Event) -> None:
        """Take over state and data, or end."""
        match outcome:
            case NextState() | KeepState() | RepeatState():
                if isinstance(outcome, NextState):
                    self.state = outcome.state
                if outcome.data is not KEEP:
                    self.data = outcome.data
            case Stop() if outcome.reply is NO_REPLY:
                if outcome.state is not KEEP:
                    self.data = outcome.state
                self.end(outcome.reason, event)
            case StopAndReply():
                if outcome.data is not KEEP:
                    self.data = outcome.data
                for reply in _several(outcome.replies):
                    if not isinstance(reply, ReplyTo):
                        _refuse("bad_reply_action_from_state_function", reply)
                    self._reply(reply)
                self.end(outcome.reason, event)
            case _:
                _refuse("bad_return_from_state_function", outcome)

    def _read(self, actions: Actions, wishes: _Wishes, refused: tuple[type, ...] = ()) -> None:
        """Do an event's actions, in order, as far as they can be done at once."""
        for action in _several(actions):
            match action:
                case _ if isinstance(action, refused):
                    _refuse("bad_state_enter_action_from_state_function", action)
                case ReplyTo():
                    self._reply(action)
                case Postpone():
                    wishes.postpone = True
                case Hibernate():
                    pass
                case ChangeCallbacks() | PushCallbacks() | PopCallbacks():
                    self._change_callbacks(action)
                case NextEvent(event=Enter()):
                    _refuse("bad_action_from_state_function", action)
                case NextEvent(event=event) if isinstance(event, Event):
                    wishes.inserted.append(event)
                case EventTimeout() | StateTimeout() | NamedTimeout() if _is_timeout(action):
                    wishes.timeouts.append(action)
                case int() | float() if _is_duration(action):
                    wishes.timeouts.append(EventTimeout(action, action))
                case _:
                    _refuse("bad_action_from_state_function", action)

    def _change_callbacks(self, action: ChangeCallbacks | PushCallbacks | PopCallbacks) -> None:
        """Have another class of machines handle what comes, from the next event on."""
        callbacks = self.callbacks
        match action:
            case PopCallbacks() if self._pushed:
                callbacks.__class__ = self._pushed.pop()
            case ChangeCallbacks(machine=machine) | PushCallbacks(machine=machine) if _is_machine(
                machine
            ):
                if isinstance(action, PushCallbacks):
                    self._pushed.append(type(callbacks))
                callbacks.__class__ = machine
            case _:
                _refuse("bad_action_from_state_function", action)

    def _reply(self, reply: ReplyTo) -> None:
        _behaviour.reply(reply.caller, reply.value)
        if self.watch is not None:
            self.watch.answered(reply.caller, reply.value, self.state)

    # -- what `debug` asks for --------------------------------------------------------------------

    def get_state(self) -> object:
        return self.state, self.data

    def replace_state(self, function: Callable[[object], object]) -> object:
        match function((self.state, self.data)):
            case (state, data):
                self.state, self.data = typed("S", state), typed("D", data)
                return state, data
            case other:
                raise BadArgument("state", other, "(state, data)")

    def status(self) -> object:
        shown = self._shown(state=self.state, data=self.data)
        return shown["state"], shown["data"]

    def change_code(self, module: type | None, old_version: object, extra: object) -> None:
        callbacks, before = self.callbacks, type(self.callbacks)
        try:
            callbacks.__class__ = before if module is None else _machine_class(module)
            changed = callbacks.code_change(old_version, self.state, self.data, extra)
            self.state, self.data = changed
        except BaseException:
            callbacks.__class__ = before
            raise

    def _shown(self, **status: object) -> Mapping[str, object]:
        """Return what people are to see of the machine."""
        callbacks = self.callbacks
        try:
            return {**status, **without_waiting(callbacks.format_status, status)}
        except BaseException:
            if _behaviour.is_ending():
                raise
            text = f"{type(callbacks).__qualname__}.format_status failed"
            return {**status, "state": text, "data": text}

    # -- ends -------------------------------------------------------------------------------------

    def end(self, reason: Reason, message: Message, stack: Stack | None = None) -> NoReturn:
        callbacks, state, data = self.callbacks, self.state, self.data

        def told(why: Reason) -> Failure:
            shown = self._shown(state=state, data=data, message=as_seen(message), reason=why)
            seen = shown["state"], shown["data"]
            return Failure(self._initial_call, shown["message"], seen)

        _behaviour.end(
            "state_machine", reason, lambda why: callbacks.terminate(why, state, data), told, stack
        )

    def _fail(self, error: BaseException, message: Message) -> NoReturn:
        """End after a callback has raised, unless the process is on its way out already."""
        if isinstance(error, Ended) or _behaviour.is_ending():
            raise error
        stack = Stack.of(error.__traceback__)
        self.end(reason_of(error), message, stack)


@final
class _Timeouts:
    """The timeouts of one machine: those that run, and those of no time, oldest first."""

    __slots__ = ("_at_once", "_running")

    def __init__(self) -> None:
        self._running: dict[_Kind, tuple[Ref, Event]] = {}
        self._at_once: dict[_Kind, Event] = {}

    def start(self, action: TimeoutAction) -> None:
        """Start, replace, change or take back a timeout."""
        kind, event, seconds = _kind(action), _told(action), action.seconds
        if seconds == "update":
            self._update(kind, event)
            return
        self.cancel(kind)
        if seconds is None:
            return
        if seconds == 0 and not action.absolute:
            self._at_once[kind] = event
        else:
            ref = process.start_timer(process.self(), kind, seconds, absolute=action.absolute)
            self._running[kind] = ref, event

    def _update(self, kind: _Kind, event: Event) -> None:
        if kind in self._running:
            self._running[kind] = self._running[kind][0], event
        else:
            self._at_once[kind] = event

    def cancel(self, kind: _Kind) -> None:
        """Take a timeout back, also one whose message is in the mailbox already."""
        self._at_once.pop(kind, None)
        ref, _ = self._running.pop(kind, (None, None))
        if ref is not None and process.cancel_timer(ref) is None:
            process.receive(lambda each: isinstance(each, TimedOut) and each.ref is ref, 0)

    def fired(self, ref: Ref) -> Event | None:
        """Return what the message of a timer stands for; `None` if it is none of ours."""
        for kind, (running, event) in self._running.items():
            if running is ref:
                del self._running[kind]
                return event
        return None

    def due(self) -> Event | None:
        """Return the next timeout of no time."""
        for kind in self._at_once:
            return self._at_once.pop(kind)
        return None


# -- helpers ---------------------------------------------------------------------------------------


def _kind(action: TimeoutAction) -> _Kind:
    if isinstance(action, NamedTimeout):
        return NamedTimeout, action.name
    return typed("_Kind", type(action))


def _told(action: TimeoutAction) -> Event:
    match action:
        case EventTimeout(content=content):
            return EventTimedOut(content)
        case StateTimeout(content=content):
            return StateTimedOut(content)
        case NamedTimeout(name=name, content=content):
            return NamedTimedOut(name, content)


def _several(actions: Actions) -> Sequence[Action]:
    return actions if isinstance(actions, list | tuple) else (typed("Action", actions),)


def _is_timeout(action: TimeoutAction) -> bool:
    try:
        hash(_kind(action))
    except Exception:  # noqa: BLE001 - a user's own `__hash__` may do anything
        return False
    seconds = action.seconds
    if seconds is None or (isinstance(seconds, str) and seconds == "update"):
        return True
    return _is_duration(seconds) or (action.absolute and _is_number(seconds))


def _is_duration(seconds: object) -> bool:
    return _is_number(seconds) and 0 <= typed("float", seconds) < _LONGEST


def _is_number(seconds: object) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return False
    return isinstance(seconds, int) or isfinite(seconds)


_LONGEST = 1e15


def _is_same(one: object, other: object) -> bool:
    return one is other or bool(one == other)


def _is_machine(machine: object) -> bool:
    return isinstance(machine, type) and issubclass(machine, StateMachine)


def _machine_class(module: object) -> type:
    if not (isinstance(module, type) and issubclass(module, StateMachine)):
        raise BadArgument("module", module, "a subclass of StateMachine")
    return module


def _refuse(why: str, what: object) -> NoReturn:
    raise Exit(((why, what), Stack(())))
