"""The small examples as commands; what they show is tested in `tests/examples`."""

from __future__ import annotations

import importlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from examples.__main__ import READING_ORDER, SHORT, listing, main, module_of, sources, summary

ROOT = Path(__file__).resolve().parent.parent
ALL = sources()

SMALL = {
    "ping_pong": "is down, the reason is 'normal'",
    "sendable": "message[1] is a socket",
    "shared_nothing": "<captured lock> is a lock, which cannot be shared or copied",
    "counter": "counted 1000",
    "let_it_crash": "reached_max_restart_intensity",
    "chaos": "nothing is lost",
    "key_value": "connections that live: 1",
    "await_many": "two tasks and we ran in 3 interpreters",
    "hits": "100 updates: 1000 counted",
    "fan_out": "1000 items, 4 workers, 2.50 s, all there",
    "many_readers": "none of them saw half a write",
    "channel": "sold 5: 1, 8, 10, 11, 12",
    "producer_consumer": "two stages: 25 items",
    "blocking_queue": "demand: 40 dishes, the cook was 10 ahead at most",
    "stages": "pages ahead, not thousands",
    "music_server": "a client that came back heard 'after'",
    "from_elixir": "1 child, another one: true",
}
"""A line that each prints near its end."""


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "examples", name, *arguments]


@pytest.mark.parametrize("name", SMALL)
def test_the_command_runs_and_says_nothing_on_stderr(name: str) -> None:
    run = subprocess.run(
        command(name, *SHORT.get(name, ())),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert SMALL[name] in run.stdout
    assert "\x1b" not in run.stdout, "this is no terminal"


@pytest.mark.parametrize("name", SMALL)
def test_an_unknown_option_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        importlib.import_module(module_of(name)).main(["--what"])

    assert refused.value.code == 2
    assert "--what" in capsys.readouterr().err


def test_they_are_listed_in_reading_order() -> None:
    assert list(sources()) == list(READING_ORDER)
    assert [name for name in sources() if name in SMALL] == list(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_the_listing_says_what_each_shows(name: str) -> None:
    said = summary(sources()[name])

    assert said.endswith(".")
    assert said in listing()


def drawn(*command: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command on a terminal of the usual size; return it, and the terminal."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        stdin=its_end,
        stdout=its_end,
        stderr=subprocess.PIPE,
    )
    os.close(its_end)
    return process, terminal


def ended(process: subprocess.Popen[bytes], terminal: int) -> tuple[int, bytes, bytes]:
    """Wait for the end; return the exit code, what was drawn last, and what was said on stderr."""
    shown = read_until(terminal, None)
    _, said = process.communicate(timeout=60)
    os.close(terminal)
    return process.returncode, shown, said.strip()


def test_ctrl_c_ends_the_drawing_in_order() -> None:
    process, terminal = drawn(*command("let_it_crash"))

    read_until(terminal, b"pipeline")
    process.send_signal(signal.SIGINT)

    code, _, said = ended(process, terminal)
    assert (code, said) == (130, b"interrupted")


def test_keys_kill_and_one_sees_it() -> None:
    process, terminal = drawn(*command("let_it_crash"))

    read_until(terminal, b"pipeline")
    os.write(terminal, b"k")
    shown = read_until(terminal, b"pipeline.c started again")
    os.write(terminal, b"q")

    code, _, said = ended(process, terminal)
    assert b"pipeline.b terminated: killed" in shown
    assert (code, said) == (0, b"")


def test_a_storm_is_drawn_and_then_counted() -> None:
    process, terminal = drawn(*command("chaos", "--seconds", "1"))

    assert b"below the top live at this moment" in read_until(terminal, b"Ctrl-C ends")
    code, shown, said = ended(process, terminal)
    assert (code, said) == (0, b"")
    assert b"nothing is lost" in shown


def test_all_of_them_run_to_their_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("ping_pong", "hits")
    monkeypatch.setattr("examples.__main__.sources", lambda: {n: ALL[n] for n in few})

    assert main(["--all"]) == 0
    said = capsys.readouterr().out
    assert SMALL["ping_pong"] in said
    assert SMALL["hits"] in said
    assert "all 2 ran to their end" in said


def test_one_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("examples.__main__.sources", lambda: {"hits": ALL["hits"]})
    monkeypatch.setattr("examples.__main__.SHORT", {"hits": ("--what",)})

    assert main(["--all"]) == 1
    assert "failed: hits" in capsys.readouterr().out


def read_until(terminal: int, wanted: bytes | None) -> bytes:
    """Read what is drawn until something is in it, or until the end."""
    shown = b""
    while wanted is None or wanted not in shown:
        try:
            new = os.read(terminal, 4096)
        except OSError:  # Linux's way of saying that nobody draws any more
            new = b""
        if not new:
            return shown
        shown += new
    return shown


def test_one_whose_reader_has_seen_enough_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-u", "-m", "examples", "let_it_crash", "--script"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")
