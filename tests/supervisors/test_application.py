from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, cast

import pytest

from actors import process, telemetry
from actors.errors import BadArgument
from actors.exits import Crash
from actors.gen_server import GenServer
from actors.messages import Down, TimedOut
from actors.outcomes import NoReply
from actors.pid import Pid
from supervisors import Supervisor
from supervisors.application import (
    Application,
    ApplicationError,
    Kind,
    delete_env,
    ensure_all_started,
    fetch_env,
    get_all_env,
    get_env,
    put_env,
    started_applications,
    stop,
    stop_all,
)
from tests.actors.schedules import every_schedule, heard, played


@pytest.fixture(autouse=True)
def _unreported() -> Iterator[None]:
    """Some applications here end badly, and are meant to."""
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


def tell(*message: object) -> None:
    process.send("watcher", message)


class Worker(GenServer[None]):
    def init(self, name: str) -> None:
        process.trap_exit(True)
        tell("up", name)
        self.name = name

    def handle_cast(self, request: object, state: None) -> NoReply[None]:
        raise ValueError(request)

    def terminate(self, reason: object, state: None) -> None:
        tell("down", self.name)


class Told(Application):
    """An application of one worker that tells what happens to it."""

    def start(self) -> Pid:
        worker = Worker.child_spec(self.name, name=f"worker of {self.name}")
        return Supervisor.start_link([worker], max_restarts=0)

    def prep_stop(self) -> None:
        tell("prep_stop", self.name)

    def stop(self) -> None:
        tell("stop", self.name)


class Disk(Told):
    pass


class Database(Told, needs=(Disk,)):
    pass


class Clock(Told):
    pass


class Shop(Told, needs=(Database, Clock)):
    settings: ClassVar[Mapping[str, object]] = {"port": 80, "host": "here"}


class Broken(Told, needs=(Disk,)):
    def start(self) -> Pid:
        raise ValueError("no")


class Nothing(Told):
    def start(self) -> Pid:
        return cast("Pid", "up")


class Refused(Told):
    def start(self) -> Pid:
        return Supervisor.start_link([{"id": "x", "start": (process.exit, ("no",))}])


def watch() -> None:
    process.register(process.self(), "watcher")


def names(what: str) -> list[object]:
    return [each[1] for each in heard() if isinstance(each, tuple) and each[0] == what]


def crash(application: type[Application]) -> None:
    GenServer.cast(f"worker of {application.name}", "die")


def test_what_is_needed_is_started_first_and_stopped_last() -> None:
    def main() -> None:
        watch()
        started = ensure_all_started(Shop)
        assert started == ["Disk", "Database", "Clock", "Shop"]
        assert names("up") == started == started_applications()
        assert stop_all() == started[::-1]
        assert names("down") == started[::-1]
        assert started_applications() == stop_all() == []

    played(main)


def test_a_name_and_needs_may_stand_in_the_body_and_are_not_inherited() -> None:
    class Cache(Told):
        name = "cache"
        needs = (Disk,)

    class Copy(Cache):
        pass

    assert Cache.name == "cache"
    assert list(Cache.needs) == [Disk]
    assert Copy.name == "Copy"
    assert not Copy.needs


def test_what_is_up_is_not_started_again() -> None:
    def main() -> object:
        watch()
        return ensure_all_started(Disk), ensure_all_started(Database, Disk), ensure_all_started()

    assert played(main) == (["Disk"], ["Database"], [])


def test_one_application_stops_in_order_and_alone() -> None:
    def main() -> None:
        watch()
        ensure_all_started(Database)
        heard()
        stop(Disk)
        assert heard() == [("prep_stop", "Disk"), ("down", "Disk"), ("stop", "Disk")]
        assert started_applications() == ["Database"]
        with pytest.raises(ApplicationError, match="not_started"):
            stop(Disk)

    played(main)


@pytest.mark.parametrize("application", [Broken, Nothing, Refused])
def test_a_failed_start_stops_what_was_started_for_it(application: type[Application]) -> None:
    def main() -> object:
        watch()
        ensure_all_started(Clock)
        with pytest.raises(ApplicationError) as failed:
            ensure_all_started(Disk, application)
        assert failed.value.name == application.name
        assert started_applications() == ["Clock"]
        assert names("down") in ([], ["Disk"])
        return failed.value.reason

    reason = played(main)
    match application.name, reason:
        case "Broken", Crash(exception=ValueError()):
            pass
        case "Refused", ("shutdown", ("failed_to_start_child", "x", ("EXIT", "no"))):
            pass
        case other:
            assert other == ("Nothing", ("bad_return", "up"))


def test_what_cannot_be_started_is_refused_before_anything_starts() -> None:
    class One(Told):
        pass

    class Other(Told, needs=(One,)):
        pass

    One.needs = (Other,)

    def main() -> object:
        watch()
        with pytest.raises(BadArgument, match="needs"):
            ensure_all_started(Disk, One)
        with pytest.raises(BadArgument, match="application"):
            ensure_all_started(Disk, cast("type[Application]", "Shop"))
        with pytest.raises(BadArgument, match="kind"):
            ensure_all_started(Disk, kind=cast("Kind", "for ever"))
        return started_applications()

    assert played(main) == []
    with pytest.raises(BadArgument, match="application"):
        type("Wrong", (Application,), {}, needs=("Shop",))


@pytest.mark.parametrize(
    ("kind", "left"),
    [("permanent", []), ("transient", []), ("temporary", ["Clock"])],
)
def test_a_failed_application_ends_the_others_unless_it_is_temporary(
    kind: Kind, left: list[str]
) -> None:
    def main() -> object:
        watch()
        ensure_all_started(Clock)
        ensure_all_started(Disk, kind=kind)
        ref = process.monitor("application_controller")
        crash(Disk)
        messages = heard()
        assert ("stop", "Disk") in messages
        ended = [each.reason for each in messages if isinstance(each, Down) and each.ref is ref]
        told = [reason[1][:2] for reason in ended if isinstance(reason, tuple)]
        return told, started_applications()

    ended = [("application_terminated", "Disk")] if kind != "temporary" else []
    # The tree of a failed worker ends with `shutdown`, which is clean for a transient one.
    if kind == "transient":
        ended, left = [], ["Clock"]
    assert played(main) == (ended, left)


def test_a_transient_application_that_is_killed_ends_the_others() -> None:
    tops: list[Pid] = []

    class Killed(Told):
        def start(self) -> Pid:
            tops.append(super().start())
            return tops[-1]

    def main() -> object:
        watch()
        ensure_all_started(Clock)
        ensure_all_started(Killed, kind="transient")
        process.send_exit(tops[-1], "kill")
        heard()
        return started_applications()

    assert played(main) == []


# Settings


def test_settings_are_those_of_the_class_until_somebody_sets_them() -> None:
    def main() -> None:
        assert get_env(Shop, "port") == 80
        put_env(Shop, "port", 81)
        put_env(Shop, "colour", "red")
        assert get_all_env(Shop) == {"port": 81, "host": "here", "colour": "red"}
        assert fetch_env(Shop, "colour") == "red"
        delete_env(Shop, "port")
        assert get_env(Shop, "port") == 80
        assert get_env(Shop, "none") is None
        assert get_env(Shop, "none", 7) == 7
        with pytest.raises(KeyError, match="none"):
            fetch_env(Shop, "none")
        with pytest.raises(BadArgument, match="key"):
            put_env(Shop, cast("str", 7), 1)

    played(main)


def test_an_application_reads_its_settings_while_it_starts() -> None:
    class Set(Told):
        settings: ClassVar[Mapping[str, object]] = {"port": 80}

        def start(self) -> Pid:
            tell("port", self.setting("port"))
            return super().start()

    def main() -> object:
        watch()
        put_env(Set, "port", 81)
        ensure_all_started(Set)
        return names("port")

    assert played(main) == [81]


def test_a_runtime_knows_nothing_of_another_ones_applications() -> None:
    def main() -> object:
        watch()
        put_env(Shop, "port", 81)
        ensure_all_started(Disk)
        return started_applications()

    assert played(main) == ["Disk"]
    assert played(lambda: (started_applications(), get_env(Shop, "port"))) == ([], 80)


def test_two_that_start_at_once_start_everything_once_in_every_schedule() -> None:
    def main() -> tuple[list[str], bool]:
        watch()
        for application in (Shop, Database):
            process.spawn(ensure_all_started, application)
        ups = names("up")
        assert isinstance(process.receive(timeout=0), TimedOut)
        return sorted(map(str, ups)), ups.index("Disk") < ups.index("Database") < ups.index("Shop")

    assert every_schedule(main) == [(["Clock", "Database", "Disk", "Shop"], True)]
