from __future__ import annotations

import time
from collections.abc import Mapping
from types import ModuleType

import pytest

from actors import logs, process, run, spawn, telemetry

HELD = ("actors", "loop", "held")


def reports_of(holds: float, limit: float | None) -> list[Mapping[str, object]]:
    reports: list[Mapping[str, object]] = []

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

    telemetry.attach("held", HELD, lambda event, numbers, fields: reports.append(fields))
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
    assert reports == []


def test_waiting_is_not_holding() -> None:
    def main() -> None:
        process.sleep(0.08)

    reports: list[object] = []
    telemetry.attach("held", HELD, lambda *_: reports.append(1))
    try:
        run(main, held=0.01)
    finally:
        telemetry.detach("held")
    assert reports == []


def test_the_watch_can_be_left_out() -> None:
    assert reports_of(0.05, None) == []
