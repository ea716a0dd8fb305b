from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import ModuleType

import pytest

from actors import logs, process, run, spawn, telemetry
from tests.watching import Seen

HELD = ("actors", "loop", "held")


def reports_of(holds: float, limit: float | None) -> list[Mapping[str, object]]:
    # Shared with the process, which looks whether there is one yet.
    reports: list[Mapping[str, object]] = Seen()

    def hold_the_loop() -> None:
        process.register(process.self(), "holder")
        time.sleep(holds)
        # On a busy machine the watchdog's thread may not have had its turn by then.
        until = time.monotonic() + 20.0
        while limit is not None and not reports and time.monotonic() < until:
            time.sleep(0.01)

    def main() -> None:
        spawn(hold_the_loop)
        process.sleep(holds + 0.02)

    def keep(event: object, numbers: object, fields: Mapping[str, object]) -> None:
        # A busy machine may stop the program in any turn, and so whoever has it is told of, too.
        if fields["name"] == "holder":
            reports.append(fields)

    telemetry.attach("held", HELD, keep)
    try:
        run(main, held=limit)
    finally:
        telemetry.detach("held")
    return reports


def test_a_callback_that_holds_the_loop_is_reported_once_with_its_place() -> None:
    (report,) = reports_of(0.12, 0.03)

    assert report["name"] == "holder"
    assert str(report["initial_call"]).endswith("hold_the_loop")
    where = str(report["where"])
    assert "test_watchdog.py" in where
    assert "hold_the_loop" in where


def test_a_report_says_what_can_be_done() -> None:
    (report,) = reports_of(0.12, 0.03)

    assert "host='thread'" in str(report["advice"])


def test_loading_the_logs_is_not_blamed_on_whoever_reports_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load_slowly(name: str) -> ModuleType:
        time.sleep(0.12)
        return logs

    monkeypatch.setattr("importlib.import_module", load_slowly)
    reports: list[Mapping[str, object]] = []

    def main() -> None:
        telemetry.report(("actors", "test"), "error", {})
        process.sleep(0.0)

    telemetry.attach("held", HELD, lambda event, numbers, fields: reports.append(fields))
    try:
        run(main, held=0.03)
    finally:
        telemetry.detach("held")
    assert not [one for one in reports if "load_slowly" in str(one["where"])]


def test_waiting_is_not_holding() -> None:
    def main() -> None:
        process.sleep(0.08)

    def is_told() -> bool:
        reports: list[object] = []
        telemetry.attach("held", HELD, lambda *_: reports.append(1))
        try:
            run(main, held=0.01)
        finally:
            telemetry.detach("held")
        return bool(reports)

    # A busy machine may stop the program in the middle of a turn, but not every time.
    assert not all(is_told() for _ in range(20))


def test_c_code_that_keeps_the_lock_is_told_of_afterwards_with_its_place_and_time() -> None:
    found: list[Mapping[str, object]] = Seen()

    def add_up() -> None:
        process.sleep(0.0)
        sum(range(10_000_000))

    def keep(event: object, numbers: object, fields: Mapping[str, object]) -> None:
        if str(fields["initial_call"]).endswith("add_up") and "in add_up" in str(fields["where"]):
            found.append(fields)

    def main() -> None:
        # On a machine that is busy enough the watchdog is late for one of them, but not for all.
        for _ in range(50):
            if found:
                return
            spawn(add_up)
            process.sleep(0.1)

    telemetry.attach("held", HELD, keep)
    try:
        run(main, held=0.02)
    finally:
        telemetry.detach("held")

    seconds = found[0]["seconds"]
    assert isinstance(seconds, float)
    assert seconds > 0.02


def test_a_listener_that_does_not_come_back_does_not_keep_a_program_from_ending() -> None:
    comes_back = threading.Event()

    def listen(*_: object) -> None:
        comes_back.wait(30.0)

    telemetry.attach("held", HELD, listen)
    try:
        run(lambda: time.sleep(0.1), held=0.01)
        has_waited = comes_back.is_set()
    finally:
        telemetry.detach("held")
        comes_back.set()

    assert not has_waited


def test_the_watch_can_be_left_out() -> None:
    assert reports_of(0.05, None) == []
