from __future__ import annotations

import re
import shutil
import socket
import subprocess
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors import Agent, Task, process, run, telemetry
from actors.testing import SeededChoice, VirtualClock
from examples import (
    await_many,
    blocking_queue,
    fan_out,
    from_elixir,
    hits,
    key_value,
    many_readers,
    producer_consumer,
    sendable,
)
from examples._arguments import count

SEEDS = pytest.mark.parametrize("seed", range(5))


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """What crashes here is meant to."""
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


# -- hits ------------------------------------------------------------------------------------------


@SEEDS
def test_ten_tasks_lose_no_hit_in_whatever_order_they_run(seed: int) -> None:
    together, apart = run(hits.count, clock=VirtualClock(), choice=SeededChoice(seed)) or (0, 0)

    assert together == 1000
    assert apart < 1000, "what is read first and written then is overwritten"


# -- producer_consumer -----------------------------------------------------------------------------


def test_the_consumer_takes_all_and_then_sees_the_producer_end() -> None:
    seen = run(producer_consumer.two_processes, clock=VirtualClock())

    assert seen == (producer_consumer.ITEMS, "all there is")


@SEEDS
@pytest.mark.parametrize("breaks_at", [1, 8, 25])
def test_a_producer_that_fails_is_told_from_one_that_is_done(breaks_at: int, seed: int) -> None:
    taken, how = run(
        producer_consumer.two_processes, breaks_at, clock=VirtualClock(), choice=SeededChoice(seed)
    ) or (0, "")

    assert taken == breaks_at - 1, "what was sent before the end is there"
    assert how == "not all, since the machine is broken"


@SEEDS
def test_the_stages_hand_on_everything_in_order(seed: int) -> None:
    taken = run(producer_consumer.two_stages, clock=VirtualClock(), choice=SeededChoice(seed))

    assert taken == [n * n for n in range(1, producer_consumer.ITEMS + 1)]


# -- blocking_queue --------------------------------------------------------------------------------


@SEEDS
@pytest.mark.parametrize("way", [blocking_queue.by_mailbox, blocking_queue.by_demand])
def test_the_cook_is_never_more_than_the_places_and_two_hands_ahead(
    way: Callable[[], int], seed: int
) -> None:
    ahead = run(way, clock=VirtualClock(), choice=SeededChoice(seed)) or 0

    # One dish in each hand: what the cook is about to put down, what the waiter has just taken.
    assert blocking_queue.PLACES <= ahead <= blocking_queue.PLACES + 2


# -- fan_out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", fan_out.WAYS)
def test_four_workers_do_a_thousand_items_in_a_quarter_of_the_time(title: str) -> None:
    total, seconds = run(fan_out.timed, fan_out.WAYS[title], clock=VirtualClock()) or (0, 0.0)

    assert total == fan_out.EXPECTED
    assert seconds == pytest.approx(len(fan_out.ITEMS) * 0.01 / fan_out.WORKERS, rel=0.02)


# -- many_readers ----------------------------------------------------------------------------------


@SEEDS
def test_nobody_reads_half_a_write(
    seed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(many_readers, "READS", 100)

    run(many_readers.compare, clock=VirtualClock(), choice=SeededChoice(seed))

    assert "none of them saw half a write" in capsys.readouterr().out


def test_a_reader_that_sees_half_a_write_fails() -> None:
    with pytest.raises(AssertionError, match="half a write"):
        many_readers.reader(lambda: many_readers.Prices(50, 51))


# -- await_many ------------------------------------------------------------------------------------


def test_all_results_take_as_long_as_the_slowest() -> None:
    said = run(await_many.timed, await_many.everything, clock=VirtualClock())

    assert said == "['NEWS', 'WEATHER', 'SPORTS'], after 0.2 s"


def test_what_is_not_ready_is_ended() -> None:
    assert run(await_many.what_is_ready, clock=VirtualClock()) == ["QUICK", "fetch: not ready"]


def test_the_failure_of_a_task_is_told_to_whoever_awaits_it() -> None:
    assert "invalid literal" in (run(await_many.one_that_fails, clock=VirtualClock()) or "")


def test_tasks_that_compute_have_an_interpreter_each() -> None:
    assert run(await_many.computing) == 3


# -- sendable --------------------------------------------------------------------------------------


def test_what_cannot_change_is_shared_and_what_can_is_copied() -> None:
    def crosses(value: object) -> bool:
        arrived, here = sendable.there_and_here(value)
        return arrived is here

    def main() -> list[bool]:
        return [crosses(value) for value in (sendable.Point(1, 2), sendable.Basket(["tea"]))]

    assert run(main) == [True, False]


def test_what_may_not_cross_is_named_with_the_way_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    run(sendable.show)

    said = capsys.readouterr().out
    assert "message['work'][0] is a lock" in said
    assert "message[1] is a socket" in said
    assert "moved: [0, 1, 2]" in said
    assert "moved before" in said


# -- from_elixir -----------------------------------------------------------------------------------


def elixir_program() -> str:
    source = Path(from_elixir.__file__).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^ *#\| ?(.*)$", source, flags=re.MULTILINE))


@pytest.mark.skipif(shutil.which("elixir") is None, reason="Elixir is not installed")
def test_elixir_prints_what_we_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "program.exs"
    file.write_text(elixir_program(), encoding="utf-8")

    theirs = subprocess.run(
        ["elixir", str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    from_elixir.main([])

    ours = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("--")]
    assert ours == theirs.stdout.splitlines()


@SEEDS
@pytest.mark.parametrize("program", from_elixir.PROGRAMS, ids=lambda program: program.__name__)
def test_each_program_prints_the_same_in_whatever_order_processes_run(
    program: Callable[[], None], seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {
        "processes": ["ANYBODY THERE?", "noproc"],
        "agent": ["55"],
        "gen_server": ["second", "first"],
        "supervisor": ["1 child, another one: true", "one"],
    }

    run(program, clock=VirtualClock(), choice=SeededChoice(seed))

    assert capsys.readouterr().out.splitlines() == expected[program.__name__]


# -- key_value -------------------------------------------------------------------------------------


def answers(*lines: str) -> list[str]:
    def main() -> list[str]:
        key_value.Store.start_link(dict, name="store")
        return [key_value.answer(line) for line in lines]

    return run(main, clock=VirtualClock()) or []


def test_what_was_set_is_got() -> None:
    assert answers("GET tea", "SET tea 2", "GET tea") == ["nothing", "ok", "2"]


def test_numbers_are_added() -> None:
    assert answers("ADD tea 3", "ADD tea -1", "GET tea") == ["3", "2", "2"]


def test_an_unknown_command_is_told_what_there_is() -> None:
    assert answers("EHLO") == ["SET key value, GET key or ADD key number, please"]


def ask(port: int, lines: tuple[str, ...]) -> list[str]:
    """Be a client that knows nothing of processes; runs on a thread."""
    with socket.create_connection(("localhost", port), timeout=30.0) as conn:
        heard = conn.makefile("r", encoding="utf-8")
        said = []
        for line in lines:
            conn.sendall(f"{line}\n".encode())
            said.append(heard.readline().strip())
        heard.close()
        return said


def test_a_client_that_crashes_its_process_harms_no_other() -> None:
    def main() -> tuple[list[list[str]], bool]:
        port = key_value.start()
        store, door = process.whereis("store"), process.whereis("connections")
        good = [("SET a 1", "ADD count 1", "GET a")] * 8
        bad = [("SET b 1", "ADD b nothing")] * 8
        tasks = [Task.async_(ask, port, lines, host="thread") for lines in good + bad]
        said = Task.await_many(tasks, timeout=60.0)
        same = (process.whereis("store"), process.whereis("connections")) == (store, door)
        assert Agent.get("store", lambda seen: seen["count"]) == "8"
        return said, same

    said, same = run(main) or ([], False)

    assert same, "somebody else was started again"
    assert [each[-1] for each in said] == ["1"] * 8 + [""] * 8


def test_the_conversation_goes_on_after_the_crash(capsys: pytest.CaptureFixture[str]) -> None:
    run(key_value.conversation)

    said = capsys.readouterr().out
    assert "bob's process died of ValueError" in said
    assert said.splitlines()[-2:] == ["ann: GET tea       5", "     connections that live: 1"]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "1000001"])
def test_how_many_is_a_whole_number(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="whole number"):
        count(text)

    assert count("1000000") == 1_000_000


def test_a_port_that_somebody_has_is_refused_before_a_supervisor_tries_it_again_and_again() -> None:
    with (
        socket.create_server(("localhost", 0)) as taken,
        pytest.raises(ArgumentTypeError, match="in use"),
    ):
        key_value.free_port(str(taken.getsockname()[1]))

    for text in ("65536", "x"):
        with pytest.raises(ArgumentTypeError):
            key_value.free_port(text)
