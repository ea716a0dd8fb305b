from __future__ import annotations

from actors import process
from actors.pid import Pid
from actors.process import sleep
from supervisors import Application, ApplicationError, Supervisor
from supervisors.application import (
    ensure_all_started,
    get_env,
    put_env,
    started_applications,
    stop,
    stop_all,
)
from tests.interleavings.support import all_of, under_choices
from tests.interleavings.trees import worker

events: list[str] = []


class Noted(Application):
    """Notes when it is up and when it is down."""

    def start(self) -> Pid:
        sleep(0.1)
        top = Supervisor.start_link([worker(self.name)])
        events.append(f"+{self.name}")
        return top

    def stop(self) -> None:
        events.append(f"-{self.name}")


class Disk(Noted):
    """Needs nothing."""


class Store(Noted, needs=(Disk,)):
    """Needs a disk."""


class Shop(Noted, needs=(Store,)):
    """Needs a store."""


ALL = ["Disk", "Store", "Shop"]


@under_choices(200)
def test_starts_and_stops_of_everything_are_one_after_the_other() -> None:
    events.clear()

    def starter() -> object:
        sleep(0)
        return ensure_all_started(Shop)

    def stopper() -> object:
        sleep(0)
        return stop_all()

    *ends, _ = all_of(starter, stopper, starter, stopper, lambda: sleep(0))

    up = started_applications()
    assert up in ([], ALL)
    assert process.registered().count("Shop") == len(up) / 3
    rounds = [[f"+{name}" for name in ALL], [f"-{name}" for name in ALL[::-1]]]
    assert events == [line for n in range(len(events) // 3) for line in rounds[n % 2]]
    assert all(end in ([], ALL, ALL[::-1]) for end in ends)


@under_choices(200)
def test_a_stop_of_one_of_them_is_done_once_and_its_tree_is_gone() -> None:
    events.clear()
    ensure_all_started(Shop)

    def stopper() -> object:
        try:
            stop(Shop)
        except ApplicationError as error:
            return error.reason
        return "stopped", process.whereis("Shop")

    def setter() -> object:
        put_env(Shop, "colour", "red")
        sleep(0)
        return get_env(Shop, "colour")

    *ends, colour = all_of(stopper, stopper, stopper, setter)

    assert sorted(map(str, ends)) == ["('stopped', None)", "not_started", "not_started"]
    assert colour == "red"
    assert started_applications() == ["Disk", "Store"]
    assert events.count("-Shop") == 1
