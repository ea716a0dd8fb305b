from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from actors import telemetry
from actors.errors import StartError
from actors.pid import Pid
from supervisors.supervisor import (
    Supervisor,
    restart_child,
    start_child,
    stop,
    terminate_child,
    which_children,
)
from tests.supervisors.kids import OK, crash, heard, kid, pids, play

EVENTS = (
    ("supervisors", "child", "started"),
    ("supervisors", "child", "terminated"),
    ("supervisors", "child", "start_error"),
    ("supervisors", "child", "shutdown_error"),
    ("supervisors", "supervisor", "shutdown"),
    ("supervisors", "supervisor", "unexpected"),
)

Report = tuple[telemetry.Event, Mapping[str, object]]


@pytest.fixture
def reports() -> Iterator[list[Report]]:
    collected: list[Report] = []
    for event in EVENTS:
        telemetry.attach("test", event, lambda event, _, data: collected.append((event, data)))
    yield collected
    telemetry.detach("test")


def brief(report: Report) -> object:
    event, data = report
    if "started" in data:
        about = data["started"]
        assert isinstance(about, Mapping)
        return "started", about["id"]
    about = data["offender"]
    assert isinstance(about, Mapping)
    return event[-1], data["reason"], about["id"]


class HostileRepr:
    def __repr__(self) -> str:
        raise RuntimeError("not for your eyes")


def fails_again(number: int) -> str:
    if number > 1:
        raise StartError("no")
    return OK


def test_the_reports_have_the_fields_of_otp(reports: list[Report]) -> None:
    """Source: https://www.erlang.org/doc/apps/sasl/error_logging.html"""

    def main() -> tuple[Pid, Pid, Pid]:
        top = Supervisor.start_link([kid("a")])
        first = pids["a"]
        crash("a")
        heard()
        return top, first, pids["a"]

    top, first, second = play(main)

    about = {
        "id": "a",
        "start": kid("a").start,
        "restart": "permanent",
        "significant": False,
        "shutdown": 5.0,
        "type": "worker",
    }
    assert [(event[-1], data) for event, data in reports][:3] == [
        ("started", {"supervisor": top, "started": {**about, "pid": first}}),
        (
            "terminated",
            {
                "supervisor": top,
                "error_context": "child_terminated",
                "reason": "boom",
                "offender": {**about, "pid": first},
            },
        ),
        ("started", {"supervisor": top, "started": {**about, "pid": second}}),
    ]


def test_a_supervisor_with_a_name_reports_under_it(reports: list[Report]) -> None:
    play(lambda: Supervisor.start_link([kid("a")], name="top"))

    assert reports[0][1]["supervisor"] == "top"


def test_the_order_of_the_reports_is_that_of_otp(reports: list[Report]) -> None:
    """The supervisor's part of the recorded trace log_reports."""

    def main() -> list[list[object]]:
        def chapter() -> list[object]:
            heard()
            told = [brief(report) for report in reports]
            reports.clear()
            return told

        def second_fails(number: int) -> str:
            if number == 2:
                raise StartError("no")
            return OK

        top = Supervisor.start_link(
            [kid("a"), kid("b", second_fails, restart="transient")], max_restarts=2
        )
        told = [chapter()]
        crash("a", "normal")
        told.append(chapter())
        crash("b", "normal")
        told.append(chapter())
        with pytest.raises(Exception, match="no"):
            restart_child(top, "b")
        told.append(chapter())
        restart_child(top, "b")
        told.append(chapter())
        crash("b")
        told.append(chapter())
        crash("b")
        told.append(chapter())
        top = Supervisor.start_link(
            [kid("x", stop_exit="strange"), kid("slow", stop_after=0.3, shutdown=0.02)]
        )
        chapter()
        stop(top)
        told.append(chapter())
        with pytest.raises(StartError):
            Supervisor.start_link([kid("f", lambda _: "no")])
        told.append(chapter())
        return told

    assert play(main) == [
        [("started", "a"), ("started", "b")],
        [("terminated", "normal", "a"), ("started", "a")],
        [],
        [],
        [("started", "b")],
        [("terminated", "boom", "b"), ("started", "b")],
        [("terminated", "boom", "b"), ("shutdown", "reached_max_restart_intensity", "b")],
        [("shutdown_error", "killed", "slow"), ("shutdown_error", "strange", "x")],
        [("start_error", "no", "f")],
    ]


def test_a_restart_that_fails_is_reported_at_every_attempt(reports: list[Report]) -> None:
    def main() -> list[object]:
        Supervisor.start_link([kid("a", fails_again)], max_restarts=2)
        first = pids["a"]
        crash("a")
        heard()
        return [first, [(brief(each), each[1].get("offender")) for each in reports[1:]]]

    first, told = play(main)

    assert isinstance(told, list)
    assert [(what, about["pid"]) for what, about in told] == [
        (("terminated", "boom", "a"), first),
        (("start_error", "no", "a"), first),
        (("start_error", "no", "a"), ("restarting", first)),
        (("shutdown", "reached_max_restart_intensity", "a"), ("restarting", first)),
    ]


def test_a_clean_life_is_quiet(reports: list[Report]) -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a"), kid("b", restart="temporary")])
        terminate_child(top, "a")
        crash("b", ("shutdown", "done"))
        heard()
        start_child(top, kid("c"))
        stop(top)

    play(main)

    assert [brief(report) for report in reports] == [
        ("started", "a"),
        ("started", "b"),
        ("started", "c"),
    ]


def test_a_reason_that_cannot_be_shown_harms_nobody(reports: list[Report]) -> None:
    def main() -> object:
        top = Supervisor.start_link([kid("a")])
        crash("a", HostileRepr())
        heard()
        return [child.pid for child in which_children(top)] == [pids["a"]]

    assert play(main)
    assert [event[-1] for event, _ in reports[:2]] == ["started", "terminated"]
