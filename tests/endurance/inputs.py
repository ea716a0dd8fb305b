"""What is wrong is refused at every door, by name and by value, and before anything starts.

The doors and what is wrong at each are those of `tests.test_refusals`, where a few values are tried at
each. Values that do not want to be sent are those of `tests.actors.test_isolation`, where each is looked at
once, and a few more; here they go by every way, inside of anything.
"""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Callable
from functools import partial
from random import Random as Lot
from typing import Any, Final, TypeAlias

from greenlet import GreenletExit
from hypothesis import HealthCheck, given, settings

from actors import (
    Down,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Reply,
    Stop,
    Task,
    process,
    receive,
    run,
    telemetry,
)
from actors.errors import ActorsError, NotSendable, shown
from actors.testing import VirtualClock
from tests.actors.test_isolation import HARMLESS, HOSTILE, REFUSED, Frozen
from tests.endurance.tally import Tally, case
from tests.test_refusals import DOORS, Unknown, ending, knock

__all__: list[str] = []


def knock_often(name: str, times: int, tally: Tally) -> None:
    argument, values, door = DOORS[name]

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(value=values)
    def often(value: object) -> None:
        try:
            knock(door, argument, value)
        except BaseException as error:
            tally.check(False, f"{name} and {value!r}: {type(error).__name__}: {error}")
            raise
        tally.check(True, "")

    try:
        often()
    except BaseException:  # it is counted by now, and the other doors are tried too
        return


@case(short=2, long=150)
def what_is_wrong_at_every_door(size: int, tally: Tally) -> None:
    """Generated child specs, options, names, timeouts, hosts and functions are all refused, and nothing starts."""
    for name in DOORS:
        knock_often(name, size, tally)
    tally.note(f"{len(DOORS)} doors")


# -- outcomes --------------------------------------------------------------------------------------

EXTRAS: Final[tuple[object, ...]] = (
    -1,
    -0.001,
    float("nan"),
    float("inf"),
    True,
    "5",
    10**300,
    10**400,
    [],
    {},
    Unknown,
    b"5",
    5j,
)
"""What no callback may say of what is to follow; `None` says that nothing is."""
OUTCOMES: Final[tuple[Callable[[object], object], ...]] = (
    lambda extra: NoReply(then=extra),  # type: ignore[arg-type]
    lambda extra: Reply(1, then=extra),  # type: ignore[arg-type]
    lambda extra: [extra],
    lambda extra: Unknown,
    lambda extra: ("reply", extra),
)
HOWS: Final = (GenServer.call, GenServer.cast, process.send)


@case(short=30, long=3_000)
def outcomes_that_are_none(size: int, tally: Tally) -> None:
    """Generated outcomes of three callbacks that are none end the server, with the outcome as the reason."""
    for seed in range(size):
        lot = Lot(seed)  # noqa: S311 - a choice, no secret
        how: Value = lot.choice(HOWS)
        returned = lot.choice(OUTCOMES)(
            lot.choice([*EXTRAS, lot.random() - 1.0, str(lot.random())])
        )
        reason = ending(lambda server, how=how, returned=returned: how(server, lambda: returned))  # type: ignore[misc]
        tally.check(
            shown(reason) == shown(("bad_return_value", returned)), f"seed {seed}: {reason!r}"
        )


# -- hostile values as messages --------------------------------------------------------------------

Value: TypeAlias = Any


class Taker(GenServer[int]):
    """Take anything, and count; make what it is asked to make."""

    def init(self) -> int:
        return 0

    def handle_call(self, request: Value, caller: object, state: int) -> object:
        match request:
            case ("take", _):
                return Reply("taken", state + 1)
            case ("make", int(number), int(seed)):
                return Reply(hostile(number, Lot(seed)), state)  # noqa: S311 - a choice, no secret
        return Reply(("well", state))

    def handle_cast(self, request: Value, state: int) -> NoReply[int]:
        return NoReply(state + 1)

    def handle_info(self, message: Value, state: int) -> NoReply[int]:
        return NoReply(state + 1)


def loops_and_fails(*_: object) -> object:
    for _number in range(20_000):
        pass
    raise RuntimeError("tired of it")


def loops_and_gives_in(self: object, *_: object) -> object:
    for _number in range(20_000):
        pass
    return type(self)()


def sour_key() -> object:
    """Return a table whose key can be hashed once."""

    class Key:
        hashes = 0

        def __hash__(self) -> int:
            self.hashes += 1
            if self.hashes > 1:
                raise ValueError("hostile")
            return 1

    return {Key(): 1}


def cycle() -> list[Value]:
    made: list[Value] = [{"more": []}]
    made[0]["more"].append(made)
    return made


def deep(depth: int = 100_000) -> Value:
    made: Value = []
    for _ in range(depth):
        made = [made]
    return made


def of_class(members: dict[str, object]) -> Value:
    return type("Hostile", (), members)()


REFUSED_VALUES: Final[list[Callable[[], Value]]] = [
    *(partial(of_class, members) for members in HOSTILE.values()),
    *(make for make, _ in REFUSED),
    partial(of_class, {"__deepcopy__": loops_and_fails}),
    partial(of_class, {"lock": threading.Lock(), "__reduce__": lambda self: (id, (self.lock,))}),
    sour_key,
]
TAKEN_VALUES: Final[list[Callable[[], Value]]] = [
    *(partial(of_class, members) for members in HARMLESS.values()),
    partial(of_class, {"__deepcopy__": loops_and_gives_in}),
    cycle,
    deep,
    partial(bytearray, 1_000_000),
]
VALUES = (*REFUSED_VALUES, *TAKEN_VALUES)


def hostile(number: int, lot: Lot) -> Value:
    """Make a hostile value, somewhere inside of others."""
    return wrapped(VALUES[number](), lot)


def wrapped(value: Value, lot: Lot) -> Value:
    for _ in range(lot.randrange(3)):
        value = lot.choice(WRAPPINGS)(value)
    return value


WRAPPINGS: Final[tuple[Callable[[Value], Value], ...]] = (
    lambda value: [1, value],
    lambda value: ("a", value),
    lambda value: {"key": value},
    Frozen,
    lambda value: partial(print, value),
)


def by_call(taker: Pid, value: Value) -> None:
    assert GenServer.call(taker, ("take", value)) == "taken"


def by_timer(taker: Pid, value: Value) -> None:
    process.send_after(taker, value, 0.001)
    process.sleep(0.002)


def by_start(_: Pid, value: Value) -> None:
    ended(process.spawn_monitor(lambda _: None, value))


def by_exit(_: Pid, value: Value) -> None:
    pid, ref = process.spawn_monitor(process.sleep, None)
    try:
        process.send_exit(pid, ("hostile", value))
    except ActorsError:
        process.send_exit(pid, "kill")
        raise
    finally:
        ended((pid, ref))


def by_task(_: Pid, value: Value) -> None:
    Task.await_(Task.async_(lambda _: None, value))


def ended(watched: tuple[Pid, object]) -> None:
    receive(lambda message: isinstance(message, Down) and message.ref is watched[1])


WAYS: Final[tuple[Callable[[Pid, Value], object], ...]] = (
    process.send,
    GenServer.cast,
    by_call,
    by_timer,
    by_start,
    by_exit,
    by_task,
)


def sent(number: int, seed: int) -> str | None:
    """Send one value by one way; return what went wrong."""
    lot = Lot(seed)  # noqa: S311 - the same
    taker = Taker.start()
    assert taker is not None
    wanted = number < len(REFUSED_VALUES)
    try:
        lot.choice(WAYS)(taker, hostile(number, lot))
        refused = False
    except NotSendable as error:
        refused = bool(str(error))
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    answer: Value = GenServer.call(taker, "well?")
    GenServer.stop(taker)
    if refused is not wanted:
        return "was taken" if wanted else "was refused"
    return None if answer[0] == "well" and not (refused and answer[1]) else f"answered {answer}"


def answered(number: int, seed: int) -> str | None:
    """Have a server answer with one value: it fails by its own fault, and the caller is told."""
    taker, bystander = Taker.start(), Taker.start()
    assert taker is not None
    assert bystander is not None
    wanted = number < len(REFUSED_VALUES)
    try:
        GenServer.call(taker, ("make", number, seed))
        refused = False
    except ActorsError as error:
        refused = bool(str(error))
    except BaseException as error:
        return f"answer: {type(error).__name__}: {error}"
    well = GenServer.call(bystander, "well?") == ("well", 0)
    if refused is not wanted or not well:
        return f"answer: refused {refused}, bystander well {well}"
    if process.is_alive(taker):
        GenServer.stop(taker)
    GenServer.stop(bystander)
    return None


@case(short=1, long=300)
def hostile_values_as_messages(size: int, tally: Tally) -> None:
    """Values that fight back are an error of who sends them, or arrive; nobody else notices."""

    def main() -> None:
        for number in range(len(VALUES)):
            for seed in range(size):
                for deed in (sent, answered):
                    wrong = deed(number, seed)
                    tally.check(wrong is None, f"value {number}, seed {seed}: {wrong}")
        for _ in range(1 + size // 100):
            wrong = huge()
            tally.check(wrong is None, f"100 MB: {wrong}")

    before = telemetry.set_reporter(None)
    # Sockets, files and programs are among the values, and nobody closes what was refused.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            run(main, clock=VirtualClock())
        finally:
            telemetry.set_reporter(before)
        gc.collect()
    tally.note(f"{len(VALUES)} values, {len(WAYS) + 1} ways")


# -- hostile values as the reason of an end --------------------------------------------------------


def raises_exit(*_: object) -> object:
    raise SystemExit(9)


def raises_interrupt(*_: object) -> object:
    raise KeyboardInterrupt


def raises_greenlet_exit(*_: object) -> object:
    raise GreenletExit


REASONS: Final[list[Callable[[], Value]]] = [
    *VALUES,
    *(
        partial(of_class, {member: raises})
        for member in ("__deepcopy__", "__reduce_ex__", "__eq__", "__repr__", "__class__")
        for raises in (raises_exit, raises_interrupt, raises_greenlet_exit)
    ),
    lambda: type("Text", (str,), {"__eq__": raises_exit, "__hash__": None})("gone"),
    type("Error", (Exception,), {"__reduce_ex__": raises_exit}),
    type("Error", (Exception,), {"__reduce_ex__": raises_interrupt}),
]
"""What a process may end with: there is nobody to whom it could be refused."""


class Ends(GenServer[None]):
    """Ends with what nobody wants to have."""

    def handle_cast(self, request: Value, state: None) -> Stop[None, None]:
        how, number, seed = request
        reason = wrapped(REASONS[number](), Lot(seed))  # noqa: S311 - a choice, no secret
        if how == "exit":
            process.exit(reason)
        if how == "raise":
            raise reason if isinstance(reason, Exception) else ValueError(reason)
        return Stop(reason)


def tell_of(victim: Pid, boss: Pid) -> None:
    """Be linked to somebody and monitor it; tell by which words its end was heard of, without the reason."""
    process.trap_exit(True)
    process.link(victim)
    process.monitor(victim)
    process.send(boss, "watching")
    heard = {type(receive((Exited, Down))).__name__ for _ in range(2)}
    process.send(boss, tuple(sorted(heard)))


def ended_with(number: int, seed: int) -> str | None:
    """End a server with one value; return what did not go as it must."""
    lot = Lot(seed)  # noqa: S311 - the same
    victim, bystander = Ends.start(), Taker.start()
    assert victim is not None
    assert bystander is not None
    process.spawn(tell_of, victim, process.self())
    receive("watching".__eq__)
    how = lot.choice(("exit", "raise", "stop"))
    GenServer.cast(victim, (how, number, seed))
    heard = receive(lambda message: isinstance(message, tuple), 10.0)
    well = GenServer.call(bystander, "well?") == ("well", 0)
    GenServer.stop(bystander)
    if heard != ("Down", "Exited") or process.is_alive(victim) or not well:
        return f"{how}: heard {heard!r}, bystander well {well}, alive {process.is_alive(victim)}"
    return None


@case(short=1, long=100)
def hostile_values_as_reasons(size: int, tally: Tally) -> None:
    """Whatever a process ends with, it alone ends, and those linked to it and monitoring it are told."""

    def main() -> None:
        for number in range(len(REASONS)):
            for seed in range(size):
                wrong = ended_with(number, seed)
                tally.check(wrong is None, f"reason {number}, seed {seed}: {wrong}")

    before = telemetry.set_reporter(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            run(main, clock=VirtualClock())
        except BaseException as error:
            tally.check(False, f"it came out of run: {error!r:.200}")
        finally:
            telemetry.set_reporter(before)
        gc.collect()
    tally.note(f"{len(REASONS)} reasons")


def huge() -> str | None:
    taker = Taker.start()
    assert taker is not None
    by_call(taker, bytearray(100_000_000))
    answer = GenServer.call(taker, "well?")
    GenServer.stop(taker)
    return None if answer == ("well", 1) else f"answered {answer}"
