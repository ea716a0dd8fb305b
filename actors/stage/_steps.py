"""How a stage's process calls the callbacks of its class, and what their outcomes do.

Whatever a callback returns has its effect at once, in the order of OTP: first the state, then the
events go out, then the reply. A `Stop` deep inside is raised to the one place that answers the server.

Source: https://hexdocs.pm/gen_stage/GenStage.html#callbacks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from actors import process, telemetry
from actors._behaviour import me
from actors._coroutines import settled
from actors._envelopes import Asked, Caller
from actors.exits import Exit, Reason
from actors.gen_server import GenServer
from actors.messages import Message
from actors.outcomes import KEEP, NO_REPLY, Emit, Extra, NoReply, Reply, Stop
from actors.stage.protocol import StageStats

if TYPE_CHECKING:
    from actors.stage.stage import Stage

__all__ = ["Outcome", "Steps", "Stopped"]

_MISUSED: telemetry.Event = ("actors", "stage", "misused")

Outcome: TypeAlias = NoReply[None] | Stop[object, None] | None


class Stopped(Exception):
    """A callback wants the stage to end; raised to where the server is answered."""

    def __init__(self, outcome: Stop[object, None]) -> None:
        super().__init__()
        self.outcome = outcome


class Steps(GenServer[None]):
    """The half of a stage's process that knows its class; the state is the user's."""

    def _start_with(self, callbacks: Stage[Any]) -> None:
        self.callbacks = callbacks
        self.state: object = None
        self.me = process.self()
        self._then: Extra = None
        self._reply: object = NO_REPLY

    def _dispatch(self, events: list[object]) -> None:
        """Send events to consumers; written by the half that knows them."""
        raise NotImplementedError

    def _stats(self) -> StageStats:
        """Tell how the stage stands; written by the half that knows it."""
        raise NotImplementedError

    # -- calls of callbacks -----------------------------------------------------------------------

    def _take_info(self, message: Message) -> None:
        self._take(self.callbacks.handle_info(message, self.state))

    def _take_call(self, request: Message, caller: Caller) -> None:
        callbacks = self.callbacks
        calls = callbacks._otp_calls  # noqa: SLF001 - one class in two parts
        if type(request) is Asked and request[0] in calls:
            name, args, kwargs = request
            callbacks._otp_caller = caller  # noqa: SLF001 - the same
            outcome = calls[name](callbacks, self.state, *args, **kwargs)
            callbacks._otp_caller = None  # noqa: SLF001 - the same
        else:
            outcome = callbacks.handle_call(request, caller, self.state)
        outcome = settled(outcome)
        match outcome:
            case Reply(value=value):
                self._keep(outcome.state, outcome.then)
                self._reply = value
            case Emit(reply=value) if value is not NO_REPLY:
                self._emit(outcome)
                self._reply = value
            case Stop():
                self._stop(outcome)
            case NoReply() | Emit():
                self._take(outcome)
            case _:
                raise Exit(("bad_return_value", outcome))

    def _take_cast(self, request: Message) -> None:
        callbacks = self.callbacks
        casts = callbacks._otp_casts  # noqa: SLF001 - one class in two parts
        if type(request) is Asked and request[0] in casts:
            name, args, kwargs = request
            self._take(casts[name](callbacks, self.state, *args, **kwargs))
        else:
            self._take(callbacks.handle_cast(request, self.state))

    def handle_continue(self, term: object, state: None) -> object:
        return self._step(self._take_continue, term)

    def _take_continue(self, term: object) -> None:
        self._take(self.callbacks.handle_continue(term, self.state))

    # -- what callbacks return --------------------------------------------------------------------

    def _step(self, what: Callable[..., None], *args: object) -> Outcome:
        """Do one thing, and say to the server how it ended."""
        try:
            what(*args)
        except Stopped as stopped:
            return stopped.outcome
        return self._rested()

    def _rested(self) -> NoReply[None] | None:
        then, self._then = self._then, None
        return None if then is None else NoReply(KEEP, then)

    def _take(self, outcome: object) -> None:
        """Do what the outcome of a callback says that answers nobody."""
        outcome = settled(outcome)
        match outcome:
            case None:
                pass
            case NoReply():
                self._keep(outcome.state, outcome.then)
            case Emit() if outcome.reply is NO_REPLY:
                self._emit(outcome)
            case Stop() if outcome.reply is NO_REPLY:
                self._stop(outcome)
            case _:
                raise Exit(("bad_return_value", outcome))

    def _keep(self, state: object, then: Extra) -> None:
        if state is not KEEP:
            self.state = state
        if then is not None:
            self._then = then

    def _emit(self, outcome: Emit[object, object]) -> None:
        events = outcome.events
        if not isinstance(events, list | tuple | range):
            raise Exit(("bad_return_value", outcome))
        self._keep(outcome.state, outcome.then)
        self._dispatch(events if type(events) is list else [*events])

    def _stop(self, outcome: Stop[object, object]) -> NoReturn:
        if outcome.state is not KEEP:
            self.state = outcome.state
        raise Stopped(Stop(outcome.reason, reply=outcome.reply))

    # -- what people see --------------------------------------------------------------------------

    def _misused(self, problem: str, what: object) -> None:
        self._report("error", _MISUSED, problem=problem, message=what)

    def _report(self, level: str, event: telemetry.Event, **fields: object) -> None:
        who = {"pid": self.me, "name": me().name}
        telemetry.report(event, level, {**who, **fields})

    def terminate(self, reason: Reason, state: None) -> object:
        return self.callbacks.terminate(reason, self.state)

    def code_change(self, old_version: object, state: None, extra: object) -> None:
        self.state = self.callbacks.code_change(old_version, self.state, extra)

    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        shown = {**status, "state": self.state, "stage": self._stats()}
        return self.callbacks.format_status(shown)

    def system_get_state(self, state: None) -> object:
        return self.state

    def system_replace_state(self, function: Callable[[object], object], state: None) -> None:
        self.state = function(self.state)
