from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import process
from actors.gen_server import GenServer
from actors.messages import Exited, Message, TimedOut
from actors.pid import Pid
from actors.runtime import run
from supervisors import _shutdown
from supervisors.child_spec import ChildSpec, Restart, Shutdown
from tests.supervisors.kids import play
from tests.watching import Flag


def gentle() -> None:
    process.sleep(None)


def stubborn() -> None:
    process.trap_exit(True)
    process.sleep(None)


def careful() -> None:
    process.trap_exit(True)
    process.receive(Exited)
    process.sleep(2.0)
    process.exit("careful")


def link_less(parent: Pid) -> Callable[[], None]:
    def body() -> None:
        process.unlink(parent)
        stubborn()

    return body


def stopped(body: Callable[[], None], shutdown: Shutdown) -> tuple[object, float]:
    """Return the reason of the end of a process, and how long it took."""

    def main() -> tuple[object, float]:
        pid = process.spawn_link(body)
        process.sleep(1.0)
        before = process.monotonic()
        reason = _shutdown.stop(pid, shutdown)
        assert not process.is_alive(pid)
        assert process.receive(timeout=10.0) == TimedOut()
        return reason, process.monotonic() - 10.0 - before

    return play(main)


@pytest.mark.parametrize(
    ("body", "shutdown", "reason", "seconds"),
    [
        (gentle, 5.0, "shutdown", 0.0),
        (gentle, None, "shutdown", 0.0),
        (gentle, "brutal_kill", "killed", 0.0),
        (stubborn, 5.0, "killed", 5.0),
        (stubborn, 0.0, "killed", 0.0),
        (stubborn, "brutal_kill", "killed", 0.0),
        (careful, 5.0, "careful", 2.0),
        (careful, None, "careful", 2.0),
        (careful, 1.0, "killed", 1.0),
    ],
)
def test_a_process_is_asked_waited_for_and_killed(
    body: Callable[[], None], shutdown: Shutdown, reason: str, seconds: float
) -> None:
    why, took = stopped(body, shutdown)

    assert why == reason
    assert took == pytest.approx(seconds)


def test_a_process_that_took_its_link_away_does_not_hang_the_supervisor() -> None:
    def main() -> object:
        pid = process.spawn_link(link_less(process.self()))
        process.sleep(1.0)
        return _shutdown.stop(pid, 1.0)

    assert play(main) == "killed"


def test_a_process_that_ended_without_a_link_is_nobody() -> None:
    def main() -> object:
        pid = process.spawn(lambda: None)
        process.sleep(1.0)
        return _shutdown.stop(pid, None)

    assert play(main) == "noproc"


@pytest.mark.parametrize("shutdown", [5.0, None, "brutal_kill"])
def test_a_child_that_ends_by_itself_meanwhile_shows_its_own_reason(shutdown: Shutdown) -> None:
    """The `Exited` that is in the mailbox already wins over the "noproc" of the monitor."""

    def main() -> object:
        pid = process.spawn_link(process.exit, "own")
        process.sleep(1.0)
        return _shutdown.stop(pid, shutdown), process.receive(timeout=0)

    assert play(main) == ("own", TimedOut())


def test_a_process_that_was_killed_and_is_not_done_yet_is_waited_for() -> None:
    """Its thread still works when the monitor finds nobody; only its link knows better."""
    leave = Flag()

    class Busy(GenServer[None], host="thread"):
        def handle_cast(self, request: Message, state: None) -> None:
            assert isinstance(request, Pid)
            process.send(request, "entered")
            leave.wait()

    def main() -> object:
        process.trap_exit(True)
        pid = Busy.start_link()
        assert pid is not None
        Busy.cast(pid, process.self())
        assert process.receive() == "entered"
        process.send_exit(pid, "kill")
        process.spawn(leave.set)
        return _shutdown.stop(pid, 5.0), leave.is_set(), process.receive(timeout=0)

    assert run(main) == ("killed", True, TimedOut())


def test_other_messages_stay_in_order() -> None:
    def main() -> tuple[list[object], Pid]:
        pid = process.spawn_link(gentle)
        other = process.spawn_link(gentle)
        process.send(process.self(), 1)
        process.send_exit(other, "odd")
        process.sleep(1.0)
        process.send(process.self(), 2)
        _shutdown.stop(pid, 5.0)
        return [process.receive(timeout=0) for _ in range(4)], other

    messages, other = play(main)

    assert messages == [1, Exited(other, "odd"), 2, TimedOut()]


@pytest.mark.parametrize(
    ("shutdown", "restart", "fine"),
    [
        (5.0, "permanent", {"shutdown"}),
        (None, "permanent", {"shutdown"}),
        ("brutal_kill", "permanent", {"killed"}),
        (5.0, "transient", {"shutdown", "normal", ("shutdown", 1)}),
        (5.0, "temporary", {"shutdown", "normal", ("shutdown", 1)}),
        ("brutal_kill", "transient", {"killed", "shutdown", "normal", ("shutdown", 1)}),
        ("brutal_kill", "temporary", {"killed", "shutdown", "normal", ("shutdown", 1)}),
    ],
)
def test_which_ends_of_a_stopped_child_are_as_expected(
    shutdown: Shutdown, restart: Restart, fine: set[object]
) -> None:
    """As recorded from OTP 25 with children that end by themselves while another one stops."""
    spec = ChildSpec("a", (print, ()), restart=restart, shutdown=shutdown)
    reasons = ["normal", "shutdown", ("shutdown", 1), "killed", "odd", "noproc"]

    assert {reason for reason in reasons if _shutdown.is_expected(spec, reason)} == fine
