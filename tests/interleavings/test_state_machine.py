from __future__ import annotations

from functools import partial

from actors.errors import CallTimeout
from actors.outcomes import Stop
from actors.process import monotonic, sleep
from actors.state_machine import StateMachine, Transition
from actors.transitions import (
    Begin,
    Called,
    Casted,
    Event,
    KeepState,
    NextState,
    Postpone,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
)
from tests.interleavings.support import all_of, under_choices
from tests.watching import Seen


class Lock(StateMachine[str, int]):
    """Held by one at a time, for at most a second; whoever comes meanwhile is postponed."""

    def init(self) -> Begin[str, int]:
        return Begin("free", 0)

    def handle_event(self, event: Event, state: str, data: int) -> Transition[str, int]:
        match event:
            case Called(caller, "take") if state == "free":
                return NextState("held", data + 1, [ReplyTo(caller, data + 1), StateTimeout(1.0)])
            case Called(_, "take"):
                return KeepState(actions=Postpone())
            case Casted(("give", number)) if state == "held" and number == data:
                return NextState("free")
            case StateTimedOut():
                return NextState("free")
            case Called(_, "end"):
                return Stop("over")
            case _:
                return KeepState()


@under_choices(200)
def test_a_lock_of_postponed_calls_is_held_by_one_at_a_time_and_given_to_all() -> None:
    lock = Lock.start()
    assert lock is not None
    inside: list[int] = Seen()
    order: list[tuple[int, float]] = Seen()

    def worker(seconds: float) -> object:
        number = StateMachine.call(lock, "take")
        assert isinstance(number, int)
        order.append((number, monotonic()))
        inside.append(number)
        alone = inside == [number]
        sleep(min(seconds, 1.0))
        inside.remove(number)
        if seconds < 1.0:
            StateMachine.cast(lock, ("give", number))
        return alone or seconds >= 1.0

    # Who holds it for longer than a second loses it: the next one comes in at that very time.
    ends = all_of(*[partial(worker, seconds) for seconds in (0.1, 0.2, 0.3, 0.2)])
    assert ends == [True] * 4
    assert [number for number, _ in order] == [1, 2, 3, 4]
    started = monotonic()
    assert StateMachine.call(lock, "take") == 5
    assert StateMachine.call(lock, "take") == 6
    assert round(monotonic() - started, 6) == 1.0


@under_choices(200)
def test_a_postponed_call_whose_caller_gave_up_is_still_an_event() -> None:
    lock = Lock.start()
    assert lock is not None

    def patient() -> object:
        return StateMachine.call(lock, "take", 60.0)

    def impatient() -> object:
        try:
            return StateMachine.call(lock, "take", 0.5)
        except CallTimeout:
            return "gave up"

    ends = all_of(patient, impatient, patient)
    numbers = {end for end in ends if end != "gave up"}
    # One turn each, also for the one who is no longer there to use it.
    assert len(numbers) == 3 - ends.count("gave up")
    sleep(10.0)
    assert StateMachine.call(lock, "take") == 4
