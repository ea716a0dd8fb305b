"""The consumer supervisor: a child for each event, and no more children than were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from actors import debug, process, telemetry
from actors.errors import BadArgument, CallFailed, NoProcess, StartError
from actors.exits import Crash
from actors.gen_server import GenServer
from actors.outcomes import Ignore
from actors.pid import Pid, Ref
from actors.process import receive, self, send, sleep
from actors.runtime import run
from actors.stage import Stage, SubscribeTo, from_iterable
from supervisors import BadOption, BadSpec, ChildError, ConsumerSupervisor, Consuming, Supervisor
from supervisors.supervisor import ChildCounts
from tests.actors.stage.stages import by_hand, end_of, heard, numbers, staged
from tests.watching import Seen

Term: TypeAlias = Any
"""What a test knows the type of and the checker does not."""


class Kid(GenServer[object]):
    """A child that traps exits if it is told to, and takes its time to end."""

    def init(self, boss: Pid, trap: bool = False, takes: float = 0.0, last: Term = None) -> None:
        process.trap_exit(trap)
        self.boss, self.takes, self.last = boss, takes, last

    def terminate(self, reason: object, state: object) -> None:
        if self.takes:
            sleep(self.takes)
        send(self.boss, ("ended", process.self(), reason))
        if self.last is not None:
            process.exit(self.last)


def up(boss: Pid, event: Term) -> object:
    """Start what an event says; run in the supervisor."""
    match event:
        case "ok2":
            return told(boss, Kid.start_link(boss))
        case "ok3":
            return told(boss, Kid.start_link(boss)), "extra"
        case "trap" | ("trap", *_):
            return told(boss, Kid.start_link(boss, True, *event[1:] if event != "trap" else ()))
        case "error":
            send(boss, "child_start_error")
            raise StartError("found")
        case "ignore":
            send(boss, "child_ignore")
            return None
        case "junk":
            return "junk"
        case "raise":
            raise RuntimeError("oops")
        case "exit":
            return process.exit("oops")
        case ("first_ok_then", then):
            return up(boss, "ok2" if process.put(("seen", then), True) is None else then)
        case "every_second_fails":
            is_second = process.put("seen", process.get("seen") is not True)
            return up(boss, "error" if is_second is True else "ok2")
        case _:
            return "unknown"


def told(boss: Pid, pid: Pid) -> Pid:
    send(boss, ("child_started", pid))
    return pid


def template(restart: str = "temporary", **fields: Term) -> dict[str, Term]:
    return {"id": "kid", "start": (up, (self(),)), "restart": restart, **fields}


def started(restart: str = "temporary", /, **options: Term) -> Pid:
    fields = {key: options.pop(key) for key in ("shutdown",) if key in options}
    pid = ConsumerSupervisor.start_link(template(restart, **fields), **options)
    assert pid is not None
    return pid


def add(supervisor: Pid, event: Term) -> Pid:
    match ConsumerSupervisor.start_child(supervisor, event):
        case Pid() as pid:
            return pid
        case (Pid() as pid, _):
            return pid
        case other:
            raise AssertionError(other)


def kill(pid: Pid, reason: object) -> None:
    ref = process.monitor(pid)
    process.send_exit(pid, reason)
    receive(lambda message: getattr(message, "ref", None) is ref)


def counts(supervisor: Pid) -> tuple[int, int]:
    count = ConsumerSupervisor.count_children(supervisor)
    return count.workers, count.active


def news(messages: list[Term], what: str = "child_started") -> list[Pid]:
    return [m[1] for m in messages if isinstance(m, tuple) and m[0] == what]


class Own(ConsumerSupervisor, id="own", restart="transient", shutdown=2.0):
    """Its `init` calls what it is given."""

    def init(self, make: Callable[[], object]) -> object:
        return make()


# -- the start -------------------------------------------------------------------------------------


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Own.child_spec("argument")
    plain = ConsumerSupervisor.child_spec(template, id="it", restart="temporary", shutdown=1.0)

    assert (spec.id, spec.restart, spec.shutdown, spec.type) == (
        "own",
        "transient",
        2.0,
        "supervisor",
    )
    assert spec.start == (Own.start_link, ("argument",), {})
    assert (plain.id, plain.restart, plain.shutdown) == ("it", "temporary", 1.0)
    with pytest.raises(BadArgument, match="class keywords"):
        type("Odd", (ConsumerSupervisor,), {}, host="thread")


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"strategy": "one_for_all"}, BadOption),
        ({"max_restarts": "many"}, BadOption),
        ({"max_seconds": -1}, BadOption),
        ({"subscribe_to": "name"}, BadArgument),
    ],
)
def test_bad_options_are_refused_in_the_caller(
    options: dict[str, Term], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        run(lambda: ConsumerSupervisor.start_link(template(), **options))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"restart": "permanent"}, ("invalid_restart_type", "permanent")),
        ({"shutdown": "sometime"}, ("invalid_shutdown", "sometime")),
    ],
)
def test_a_bad_child_is_refused(fields: dict[str, Term], reason: object) -> None:
    def main() -> None:
        with pytest.raises(BadSpec) as refused:
            ConsumerSupervisor.start_link({**template(), **fields})
        assert refused.value.reason == reason
        process.trap_exit(True)
        spec = {**template(), **fields}
        with pytest.raises(StartError) as failed:
            Own.start_link(lambda: Consuming(spec))
        assert failed.value.reason == ("bad_specs", reason)

    run(main)


@staged
def test_init_may_ignore_and_what_else_it_returns_is_checked() -> None:
    assert Own.start_link(Ignore) is None
    for make, reason in (
        (lambda: "junk", ("bad_return_value", "junk")),
        (
            lambda: Consuming(template(), strategy="other"),  # type: ignore[arg-type]
            ("bad_opts", ("invalid_strategy", "other")),
        ),
    ):
        with pytest.raises(StartError) as refused:
            Own.start_link(make)
        assert refused.value.reason == reason


@staged
def test_it_is_linked_and_has_its_name() -> None:
    supervisor = started(name="jobs")
    info = process.info(self())

    assert process.whereis("jobs") is supervisor
    assert info is not None
    assert supervisor in info.links


def test_a_child_may_be_given_in_every_way() -> None:
    child = Kid.child_spec("argument", restart="transient")

    class Passing(Kid, restart="temporary"):
        pass

    assert Consuming(child).child.restart == "transient"
    assert Consuming(Passing).child.start == (Passing.start_link, (), {})
    assert Consuming((Passing, "argument")).child.start == (Passing.start_link, ("argument",), {})
    assert Consuming(template_of_nobody()).child.start == (print, ())


def template_of_nobody() -> dict[str, Term]:
    return {"id": "it", "start": (print, ()), "restart": "temporary"}


@staged
def test_a_change_of_code_asks_for_the_rules_again_and_later_children_follow_them() -> None:
    boss = self()
    where: list[Term] = Seen([{"id": "kid", "start": (up, (boss,)), "restart": "transient"}])
    supervisor = Own.start_link(lambda: Consuming(where[0]))
    assert supervisor is not None
    add(supervisor, "ok2")
    change(supervisor, where, {"id": "new", "start": (up, (boss, "ok3")), "restart": "transient"})

    assert counts(supervisor) == (1, 1)
    assert isinstance(ConsumerSupervisor.start_child(supervisor), tuple)
    with pytest.raises(debug.SystemFailure):
        change(supervisor, where, {"id": "new"})
    assert counts(supervisor) == (2, 2)


def change(supervisor: Pid, where: list[Term], child: object) -> None:
    where[0] = child
    debug.suspend(supervisor)
    try:
        debug.change_code(supervisor, None, "old", None)
    finally:
        debug.resume(supervisor)


# -- children that are asked for -------------------------------------------------------------------


@staged
def test_start_child_returns_what_the_start_function_does() -> None:
    supervisor = started("transient")

    assert isinstance(ConsumerSupervisor.start_child(supervisor, "ok2"), Pid)
    assert isinstance(ConsumerSupervisor.start_child(supervisor, "ok3"), tuple)
    assert ConsumerSupervisor.start_child(supervisor, "ignore") is None
    for event, reason in (("error", "found"), ("junk", "junk"), ("exit", "oops")):
        with pytest.raises(ChildError) as refused:
            ConsumerSupervisor.start_child(supervisor, event)
        assert refused.value.reason == reason
    with pytest.raises(ChildError) as refused:
        ConsumerSupervisor.start_child(supervisor, "raise")
    assert isinstance(refused.value.reason, Crash)
    assert counts(supervisor) == (2, 2)


@staged
def test_a_temporary_child_never_comes_back() -> None:
    supervisor = started("temporary")
    for reason in ("shutdown", "whatever"):
        kill(add(supervisor, "ok2"), reason)
        assert counts(supervisor) == (0, 0)


@staged
def test_a_transient_child_comes_back_after_a_failure() -> None:
    supervisor = started("transient")
    for reason, left in (("shutdown", 0), (("shutdown", "why"), 0), ("whatever", 1)):
        kill(add(supervisor, "ok2"), reason)
        assert counts(supervisor) == (left, left)


@staged
def test_what_a_restart_comes_to_decides_whether_a_child_stays() -> None:
    supervisor = started("transient", max_restarts=1000)
    for then, expected in (("ok3", (1, 1)), ("ignore", (1, 1)), ("ok2", (2, 2))):
        kill(add(supervisor, ("first_ok_then", then)), "kill")
        assert counts(supervisor) == expected
    lost = add(supervisor, ("first_ok_then", "error"))
    kill(lost, "kill")

    assert counts(supervisor) == (3, 2)
    assert "restarting" in [info.pid for info in ConsumerSupervisor.which_children(supervisor)]
    ConsumerSupervisor.terminate_child(supervisor, lost)
    assert counts(supervisor) == (2, 2)
    with pytest.raises(ChildError) as refused:
        ConsumerSupervisor.terminate_child(supervisor, lost)
    assert refused.value.reason == "not_found"


@staged
def test_a_restart_that_failed_is_tried_again() -> None:
    supervisor = started("transient", max_restarts=2)
    kill(add(supervisor, "every_second_fails"), "kill")
    messages = heard()

    assert messages.count("child_start_error") == 1
    assert len(news(messages)) == 2
    assert counts(supervisor) == (1, 1)


@pytest.mark.parametrize("options", [{"max_restarts": 1}, {"max_seconds": 0}])
def test_too_many_restarts_end_the_supervisor(options: dict[str, Term]) -> None:
    @staged
    def scene() -> None:
        supervisor = started("transient", **{"max_restarts": 0, **options})
        kill(add(supervisor, "ok2"), "whatever")
        for pid in news(heard())[1:]:
            process.send_exit(pid, "whatever")
        assert end_of(supervisor) in {"shutdown", "noproc"}

    scene()


@staged
def test_restarts_that_fail_count_too() -> None:
    supervisor = started("transient", max_restarts=5)
    ref = process.monitor(supervisor)
    process.send_exit(add(supervisor, ("first_ok_then", "error")), "kill")
    down: Term = receive(lambda message: getattr(message, "ref", None) is ref)

    assert down.reason == "shutdown"
    assert heard().count("child_start_error") == 5


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shutdown", "event", "ends"),
    [
        ("brutal_kill", "trap", []),
        (None, "trap", ["shutdown"]),
        (None, ("trap", 10.0), ["shutdown"]),
        (None, ("trap", 0.0, "own reason"), ["shutdown"]),
        (5.0, ("trap", 1.0), ["shutdown"]),
        (5.0, ("trap", 0.0, "own reason"), ["shutdown"]),
        (0.5, ("trap", 10.0), []),
    ],
)
@pytest.mark.parametrize("way", ["stop", "terminate_child"])
def test_children_end_as_their_shutdown_says(
    shutdown: Term, event: Term, ends: list[object], way: str
) -> None:
    @staged
    def scene() -> None:
        supervisor = started("transient", shutdown=shutdown)
        children = [add(supervisor, event) for _ in range(3 if way == "stop" else 1)]
        if way == "stop":
            ConsumerSupervisor.stop(supervisor)
        else:
            ConsumerSupervisor.terminate_child(supervisor, children[0])
            assert counts(supervisor) == (0, 0)

        assert not any(process.is_alive(child) for child in children)
        said = [m[2] for m in heard() if isinstance(m, tuple) and m[0] == "ended"]
        assert said == ends * len(children)

    scene()


# -- events ----------------------------------------------------------------------------------------


@staged
def test_each_event_starts_a_child_and_one_that_does_not_start_holds_up_nobody() -> None:
    supervisor = started()
    producer = numbers(0)
    assert isinstance(Stage.sync_subscribe(supervisor, producer), Ref)
    events = ["ok2", "error", "ignore", "junk", "raise", "exit", "ok3"]
    Stage.call(producer, ("queue", events))

    assert len(news(heard())) == 2
    assert counts(supervisor) == (2, 2)
    assert process.is_alive(producer)


@staged
def test_the_events_of_an_iterable_start_children() -> None:
    supervisor = started()
    Stage.sync_subscribe(supervisor, from_iterable(["ok2"] * 3), cancel="temporary")

    assert len(news(heard())) == 3
    assert counts(supervisor) == (3, 3)


@staged
def test_there_are_never_more_children_than_max_demand() -> None:
    supervisor, producer = started(), numbers(0)
    to = SubscribeTo(producer, cancel="temporary", max_demand=1, min_demand=0)
    Stage.sync_subscribe(supervisor, to)
    Stage.call(producer, ("queue", ["ok2", "error", "ignore", "ok2", "ok2", "ok2"]))
    messages = heard()
    (first,) = news(messages)
    assert "child_start_error" not in messages

    kill(first, "shutdown")
    messages = heard()
    (second,) = news(messages)
    assert "child_start_error" in messages
    assert "child_ignore" in messages
    assert ConsumerSupervisor.count_children(supervisor) == ChildCounts(1, 1, 0, 1)

    ConsumerSupervisor.terminate_child(supervisor, second)
    (third,) = news(heard())
    assert [info.pid for info in ConsumerSupervisor.which_children(supervisor)] == [third]


@staged
def test_a_child_that_is_being_restarted_keeps_its_place() -> None:
    supervisor, producer = started("transient", max_restarts=1_000_000), numbers(0)
    to = SubscribeTo(producer, cancel="temporary", max_demand=1, min_demand=0)
    Stage.sync_subscribe(supervisor, to)
    Stage.call(producer, ("queue", [("first_ok_then", "error"), "ok2", "ok2"]))
    (first,) = news(heard())
    kill(first, "kill")
    for _ in range(5):
        sleep(0.0)
    assert counts(supervisor) == (1, 0)

    ConsumerSupervisor.terminate_child(supervisor, first)
    messages = heard()
    (second,) = news(messages)
    kill(second, "kill")
    messages = heard()
    # The same event again, and not the next one.
    assert len(news(messages)) == 1
    assert counts(supervisor) == (1, 1)


@staged
def test_children_outlive_their_producer() -> None:
    supervisor, producer = started(), numbers(0)
    Stage.sync_subscribe(supervisor, producer, cancel="temporary")
    Stage.call(producer, ("queue", ["ok2", "ok2"]))
    heard()
    Stage.stop(producer)

    assert counts(supervisor) == (2, 2)
    for info in ConsumerSupervisor.which_children(supervisor):
        assert isinstance(info.pid, Pid)
        kill(info.pid, "shutdown")
    assert counts(supervisor) == (0, 0)


@staged
def test_more_is_asked_for_when_min_demand_children_have_ended() -> None:
    supervisor, producer = started(), numbers(0)
    to = SubscribeTo(producer, cancel="temporary", max_demand=3, min_demand=2)
    Stage.sync_subscribe(supervisor, to)
    Stage.call(producer, ("queue", ["ok2"] * 6))
    messages = heard()
    one, two, _ = news(messages)
    assert [m[2] for m in messages if m[:2] == ("p", "demand")] == [3]

    kill(one, "shutdown")
    assert news(heard()) == []
    kill(two, "shutdown")
    assert len(news(heard())) == 2
    assert counts(supervisor) == (3, 3)


@staged
def test_nothing_is_asked_for_while_children_run() -> None:
    supervisor = started()
    Stage.sync_subscribe(supervisor, self(), cancel="temporary", max_demand=3, min_demand=0)
    messages: list[Term] = heard()
    (_, (pid, ref), _), asked = messages
    assert asked[2] == ("ask", 3)
    send(pid, ("$gen_consumer", (self(), ref), ["ok2", "ok2"]))
    messages = heard()

    assert len(news(messages)) == 2
    assert by_hand([m for m in messages if m[0] == "$gen_producer"]) == []


@staged
def test_a_producer_that_is_not_there_is_handled_as_by_any_consumer() -> None:
    dead = numbers(0)
    Stage.stop(dead)
    for producer in ("nobody has this name", dead):
        for cancel in ("permanent", "temporary"):
            supervisor = started()
            ref = Stage.sync_subscribe(supervisor, producer, cancel=cancel)
            assert isinstance(ref, Ref)
            end = end_of(supervisor)
            assert end == ("still alive" if cancel == "temporary" else "noproc")


def test_bad_options_of_its_subscription_are_refused() -> None:
    with pytest.raises(BadArgument):
        Stage.sync_subscribe("jobs", "producer", max_demand=0)


@staged
def test_it_is_supervised_like_any_other() -> None:
    child = template()
    spec = ConsumerSupervisor.child_spec(child, name="jobs")
    top = Supervisor.start_link([spec], strategy="one_for_one")
    add(process.whereis("jobs") or self(), "ok2")

    assert Supervisor.count_children(top).supervisors == 1
    Supervisor.stop(top)
    assert process.whereis("jobs") is None


@staged
def test_what_nobody_understands_is_reported_and_dropped() -> None:
    supervisor = started()
    send(supervisor, "what")
    GenServer.cast(supervisor, "what")
    assert GenServer.call(supervisor, "what") == ("error", "unexpected")
    with pytest.raises((ChildError, BadOption, CallFailed, NoProcess)):
        ConsumerSupervisor.start_child("nobody has this name", "ok2")

    assert counts(supervisor) == (0, 0)


def test_a_start_that_fails_is_reported() -> None:
    seen: list[object] = []

    def main() -> None:
        supervisor, producer = started(), numbers(0)
        Stage.sync_subscribe(supervisor, producer)
        Stage.call(producer, ("queue", ["error"]))
        heard()

    before = telemetry.set_reporter(lambda event, level, fields: seen.append((event, level)))
    try:
        run(main)
    finally:
        telemetry.set_reporter(before)

    assert (("supervisors", "child", "start_error"), "error") in seen
