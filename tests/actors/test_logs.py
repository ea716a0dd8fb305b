"""How reports look, where they go, and what never comes out with them."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import pytest
import structlog

from actors import (
    BadArgument,
    Down,
    GenServer,
    NoReply,
    ServerExited,
    Stop,
    logs,
    process,
    run,
    telemetry,
)
from actors._ration import Ration
from actors.exits import Crash, Stack
from actors.messages import Message
from actors.pid import Pid
from actors.process import Host
from tests.actors.gen_servers import Srv, heard, served
from tests.watching import Flag

ROOT = Path(__file__).resolve().parents[2]


class Kept(logging.Handler):
    """Keeps the records and their text."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.texts.append(self.format(record))


@pytest.fixture(autouse=True)
def kept() -> Iterator[Kept]:
    structlog.reset_defaults()
    handler = Kept()
    for name in ("actors", "supervisors"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
    yield handler
    for name in ("actors", "supervisors"):
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    structlog.reset_defaults()


def report(
    level: str = "error", event: tuple[str, ...] = ("actors", "test"), **fields: object
) -> None:
    telemetry.report(event, level, fields)


def crashes(_: object) -> object:
    raise ValueError("oops")


def crashing(state: object = 0, act: Callable[[object], object] = crashes) -> None:
    def main() -> None:
        server = Srv.start("s", state, name="srv")
        GenServer.cast(server, act)
        process.sleep(0.1)

    heard(main)


# -- what a crash looks like -----------------------------------------------------------------------


def test_a_crash_is_told_by_the_server_then_by_the_process_and_traced_once(kept: Kept) -> None:
    """3.16: two events in this order; the text shows the user's lines once."""
    crashing()

    first, second = kept.texts
    assert [each.event for each in kept.records] == [  # type: ignore[attr-defined]
        "actors.gen_server.terminate",
        "actors.process.crash",
    ]
    assert "ValueError('oops')" in first
    assert 'raise ValueError("oops")' in first
    assert "gen_server.py" not in first
    assert "traceback" not in second
    assert "follows: actors.gen_server.terminate" in second


def test_a_crash_names_the_process_its_initial_call_parent_message_state_and_reason(
    kept: Kept,
) -> None:
    def main() -> None:
        process.register(process.self(), "boss")
        server = Srv.start("s", {"n": 1}, name="srv")
        GenServer.cast(server, crashes)
        process.sleep(0.1)

    heard(main)

    first = kept.texts[0]
    for line in (
        "  pid: #PID<0.2.0>",
        "  registered_name: srv",
        "  initial_call: tests.actors.gen_servers.Srv.init",
        "  parent: #PID<0.1.0> boss",
        "  reason: ValueError('oops')",
        "  last_message: cast <function crashes",
        "  state: {'n': 1}",
        "  traceback (innermost line last):",
        ", in crashes\n    raise ValueError",
    ):
        assert line in first


def test_reports_show_the_label_of_a_process_that_has_one(kept: Kept) -> None:
    class Labelled(GenServer[None]):
        def init(self, label: object) -> None:
            process.set_label(label)

    def falls() -> float:
        process.set_label("plain")
        return 1 / 0

    def main() -> None:
        GenServer.cast(Labelled.start(("decoder", 3)), "unheard of")
        process.spawn(falls)
        process.sleep(0.1)

    heard(main)

    assert all("  label: ('decoder', 3)\n" in text for text in kept.texts[:2])
    assert "  label: plain\n" in kept.texts[2]
    assert len(kept.texts) == 3


@pytest.mark.parametrize(
    ("send", "accepted"), [(GenServer.call, "Reply("), (GenServer.cast, "NoReply(")]
)
def test_a_refused_outcome_is_told_with_what_is_accepted(
    kept: Kept, send: Callable[..., object], accepted: str
) -> None:
    def main() -> None:
        server = Srv.start("s")
        with suppress(ServerExited):
            send(server, lambda *_: "junk")
        process.sleep(0.1)

    heard(main)

    first, second = kept.texts
    assert f"  reason: ('bad_return_value', 'junk')\n  accepted: {accepted}" in first
    assert "accepted" not in second


def test_a_failing_init_is_told_once_with_its_traceback(kept: Kept) -> None:
    def main() -> None:
        for start in (lambda: crashes(0), lambda: Stop("why")):
            with pytest.raises(Exception, match=r"oops|why"):
                Srv.start("s", start)

    heard(main)

    assert [each.event for each in kept.records] == ["actors.process.crash"] * 2  # type: ignore[attr-defined]
    assert 'raise ValueError("oops")' in kept.texts[0]
    assert "reason: why" in kept.texts[1]
    assert "traceback" not in kept.texts[1]


def test_where_a_process_exited_or_a_call_failed_is_shown_too(kept: Kept) -> None:
    def calls(_: object) -> object:
        return GenServer.call("nobody", "x")

    crashing(act=calls)

    assert "in calls\n    return GenServer.call" in kept.texts[0]
    assert "noproc" in kept.texts[0]


@pytest.mark.parametrize(
    "act",
    [
        lambda s: Stop("normal"),
        lambda s: Stop("shutdown"),
        lambda s: Stop(("shutdown", 1)),
        lambda s: process.exit("normal"),
        lambda s: process.send_exit(process.self(), "kill"),
    ],
)
def test_quiet_ends_are_not_logged(act: Callable[[object], object], kept: Kept) -> None:
    """3.16 and trace log_reports."""
    crashing(act=act)

    assert kept.texts == []


def test_who_dies_by_a_link_is_not_logged_again(kept: Kept) -> None:
    def main() -> None:
        other = served()
        server = served()

        def ends(state: object) -> object:
            process.link(other)
            return Stop("why", state)

        GenServer.cast(server, ends)
        process.sleep(0.1)
        assert not process.is_alive(other)

    heard(main)

    assert len({each.pid for each in kept.records}) == 1  # type: ignore[attr-defined]


def test_an_unhandled_message_is_a_warning(kept: Kept) -> None:
    def main() -> None:
        server = GenServer.start()
        process.send(server, ("hello", 1))
        process.sleep(0.1)

    heard(main)

    (record,) = kept.records
    assert record.levelname == "WARNING"
    assert record.unhandled_message == "('hello', 1)"  # type: ignore[attr-defined]


def test_causes_and_notes_of_an_exception_are_named(kept: Kept) -> None:
    def chained(_: object) -> object:
        error = ValueError("outer")
        error.add_note("look at the key")
        raise error from KeyError("key")

    crashing(act=chained)

    assert (
        "reason: ValueError('outer') / look at the key, caused by KeyError('key')" in kept.texts[0]
    )


def test_reports_of_supervisors_are_readable(kept: Kept) -> None:
    logging.getLogger("supervisors").setLevel("INFO")
    offender = {
        "pid": Pid(9),
        "id": Srv,
        "start": (Srv.start_link, ("x",), {"password": "p"}),
        "restart": "permanent",
        "significant": False,
        "shutdown": 5.0,
        "type": "worker",
    }
    for about in ("terminated", "start_error", "shutdown_error"):
        report(
            event=("supervisors", "child", about),
            supervisor=Pid(1),
            error_context=about,
            reason=("failed", Crash(ValueError("v"), Stack((("user.py", 3, "work"),)))),
            offender=offender,
        )
    report("info", ("supervisors", "child", "started"), supervisor="sup", started=offender)
    report(event=("supervisors", "supervisor", "shutdown"), supervisor="sup", reason="why")

    assert len(kept.texts) == 5
    assert kept.texts[0].splitlines()[:6] == [
        "supervisors.child.terminated",
        "  supervisor: #PID<0.1.0>",
        "  error_context: terminated",
        "  reason: ('failed', ValueError('v'))",
        "  offender:",
        "    pid: #PID<0.9.0>",
    ]
    assert "    id: <class 'tests.actors.gen_servers.Srv'>" in kept.texts[0]
    assert "'password': [hidden]" in kept.texts[0]
    assert kept.texts[4].splitlines() == [
        "supervisors.supervisor.shutdown",
        "  supervisor: sup",
        "  reason: why",
    ]


def test_reports_of_the_kernel_are_readable(kept: Kept) -> None:
    where = "user.py:3 in work"
    report("warning", ("actors", "loop", "held"), pid=Pid(1), name=None, where=where, limit=0.1)
    report(event=("actors", "process", "stuck"), pid=Pid(1), where=where, limit=1.0)

    assert kept.texts == [
        f"actors.loop.held\n  pid: #PID<0.1.0>\n  where: {where}\n  limit: 0.1",
        f"actors.process.stuck\n  pid: #PID<0.1.0>\n  where: {where}\n  limit: 1.0",
    ]


# -- what never comes out --------------------------------------------------------------------------


@dataclass
class Login:
    user: str
    password: str
    quiet: str = field(default="", repr=False)


class Pair(NamedTuple):
    user: str
    api_key: str


class Printed:
    def __repr__(self) -> str:
        return "<Printed Authorization: Bearer hunter2 session_cookie='hunter2' token=hunter2>"


SECRETS: list[object] = [
    {"password": "hunter2"},
    {"user": {"DB_PASSWORD": "hunter2", "n": 1}},
    [{"access-token": ["hunter2"]}],
    ("set_password", "hunter2"),
    [("Authorization", "hunter2")],
    Login("bob", "hunter2", "hunter2"),
    Pair("bob", "hunter2"),
    Printed(),
    "https://host/?token=hunter2&x=1",
    "Cookie: hunter2",
    {"headers": b"authorization: hunter2"},
    Stop("x", {"secret": "hunter2"}),
    ValueError("wrong password: hunter2"),
    Crash(ValueError("token='hunter2'"), Stack(())),
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("key", ["state", "last_message", "reason"])
def test_what_stands_under_a_secret_key_is_hidden(key: str, secret: object, kept: Kept) -> None:
    telemetry.report(("actors", "test"), "error", {key: secret})

    (text,), (record,) = kept.texts, kept.records
    assert "hunter2" not in text
    assert "hunter2" not in repr(vars(record))
    assert "[hidden]" in text


def test_the_arguments_of_requests_with_secret_names_are_hidden(kept: Kept) -> None:
    from actors import call

    class Door(GenServer[int]):
        @call
        def enter(self, state: int, *, password: str) -> Stop[None, int]:
            raise ValueError

    def main() -> None:
        with pytest.raises(Exception, match="ended"):
            Door.enter(Door.start(), password="hunter2")  # noqa: S106 - what must not come out

    heard(main)

    assert "call enter(password=[hidden]) from" in kept.texts[0]
    assert "hunter2" not in "".join(kept.texts)


@pytest.mark.parametrize(
    "hostile",
    [
        "a\nactors.fake: forged\r\x1b[31mred\x07\u202e",
        ValueError("a\nb\x1b[0m"),
        {"k\n\x1b": "v\x00"},
        ("a\u2028b",),
        type("Escapes", (), {"__repr__": lambda self: "x\x1b[2J\ny"})(),
    ],
    ids=repr,
)
def test_control_characters_come_out_as_escapes(hostile: object, kept: Kept) -> None:
    report(state=hostile, last_message=hostile, reason=hostile)

    (text,) = kept.texts
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u2028\u202e]", text)
    assert all(line.startswith(("actors.test", "  ")) for line in text.split("\n"))


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


class Evil(Exception):
    @property
    def __notes__(self) -> object:  # type: ignore[override]
        raise RuntimeError("no notes")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


class FalseTuple(tuple[int, int]):
    __slots__ = ()
    _fields = ("a", 5)


@pytest.mark.parametrize(
    "hostile", [Raises(), [Raises()], {"k": Raises()}, {Raises: 1}, Evil(), FalseTuple((1, 2))]
)
def test_values_that_do_not_print_do_not_stop_a_report(hostile: object, kept: Kept) -> None:
    report(state=hostile, reason=hostile, last_message=("$gen_cast", hostile))

    (text,) = kept.texts
    assert text.startswith("actors.test\n  state:")


def exits(*_: object) -> str:
    raise SystemExit(3)


class Refuses:
    """Ends the program, or tries to, whenever it is looked at."""

    __str__ = __repr__ = exits


class Awkward(str):
    __slots__ = ()
    __getitem__ = __len__ = isprintable = exits  # type: ignore[assignment]


@dataclass
class Shy:
    field: int = 1

    def __getattribute__(self, name: str) -> object:
        return exits() if name == "field" else object.__getattribute__(self, name)


def noted(value: object) -> BaseException:
    error = ValueError("x")
    error.__notes__ = [value]  # type: ignore[list-item]
    return error


def printing(value: object) -> BaseException:
    class Prints(Exception):
        def __repr__(self) -> str:
            return value  # type: ignore[return-value]

    return Prints()


def act_of(where: str, value: object) -> Callable[[object], object]:
    def act(_: object) -> object:
        match where:
            case "reason":
                return Stop(value)
            case "label":
                process.set_label(value)
            case "note":
                raise noted(value)
            case "repr":
                raise printing(value)
        raise ValueError(value)

    return act


@pytest.mark.parametrize("where", ["state", "reason", "label", "note", "argument", "repr"])
@pytest.mark.parametrize("value", [Refuses(), Awkward("x"), Shy()], ids=lambda v: type(v).__name__)
def test_no_report_is_lost_whatever_users_code_raises_meanwhile(
    where: str, value: object, kept: Kept
) -> None:
    crashing(value if where == "state" else 0, act_of(where, value))

    assert [each.event for each in kept.records] == [  # type: ignore[attr-defined]
        "actors.gen_server.terminate",
        "actors.process.crash",
    ]


class Waits:
    """Waits whenever it is looked at, in one way or another."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.wait = wait

    def __repr__(self) -> str:
        self.wait()
        return "it came back"

    def __deepcopy__(self, memo: object) -> Waits:
        return self

    __str__ = __repr__


class Formats(Srv):
    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        process.sleep(None)
        return status


def sleeps() -> None:
    process.sleep(None)


def receives() -> None:
    process.receive(timeout=1.0)


def calls() -> None:
    GenServer.call("srv2", "x")


@pytest.mark.parametrize("wait", [sleeps, receives, calls])
@pytest.mark.parametrize("where", ["state", "label", "note"])
@pytest.mark.parametrize("host", [None, "thread"])
def test_what_a_report_shows_does_not_wait(
    host: Host, where: str, wait: Callable[[], object], kept: Kept
) -> None:
    waits = Waits(wait)
    ends: list[object] = []

    def main() -> None:
        Srv.start("t", name="srv2")
        server = Srv.start("s", (lambda: waits) if where == "state" else 0, host=host)
        process.monitor(server)
        GenServer.cast(server, act_of(where, waits))
        ends.append(process.receive(Down, timeout=20.0))

    run(main, held=None)

    assert isinstance(ends[0], Down)
    assert len(kept.records) == 2
    assert "<Waits whose repr raises WouldBlock>" in "".join(kept.texts)
    assert "it came back" not in "".join(kept.texts)


def test_what_formats_a_status_does_not_wait(kept: Kept) -> None:
    def main() -> object:
        server = Formats.start("s", 0)
        process.monitor(server)
        GenServer.cast(server, crashes)
        return process.receive(Down, timeout=1.0)

    assert isinstance(heard(main), Down)
    assert "  state: Formats.format_status failed" in kept.texts[0]
    assert len(kept.records) == 2


class Computes:
    """Computes for ever when it is looked at."""

    def __init__(self) -> None:
        self.began = Flag()

    def __deepcopy__(self, memo: object) -> Computes:
        return self

    def __repr__(self) -> str:
        self.began.set()
        give_up = monotonic() + 30.0
        while monotonic() < give_up:
            pass
        return "it came back"


def test_a_kill_reaches_who_computes_for_ever_in_a_report(kept: Kept) -> None:
    state = Computes()

    def main() -> object:
        server = Srv.start("s", lambda: state)
        process.monitor(server)

        def kill() -> None:
            state.began.wait(30.0)
            process.send_exit(server, "kill")
            process.send(boss, "sent")

        boss = process.self()
        threading.Thread(target=kill).start()
        GenServer.cast(server, crashes)
        process.receive(str)
        return process.receive(Down)

    assert isinstance(run(main, held=None), Down)
    assert "  state: <Computes whose repr raises Killed>" in kept.texts[0]


def test_what_a_report_shows_may_do_all_but_wait(kept: Kept) -> None:
    seen: list[object] = []

    class Looks:
        def __repr__(self) -> str:
            process.send("main", process.self())
            seen.append(process.self())
            return "seen"

    def falls() -> None:
        process.set_label(Looks())
        raise ValueError

    def main() -> tuple[object, object]:
        process.register(process.self(), "main")
        pid = process.spawn(falls)
        return pid, process.receive(timeout=1.0)

    assert heard(main) == (seen[0], seen[0])
    assert "  label: seen\n" in kept.texts[0]


def endless() -> list[object]:
    inner: list[object] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize(
    "large",
    [
        "x" * 10**6,
        b"x" * 10**6,
        list(range(10**5)),
        {n: n for n in range(10**5)},
        {str(n): n for n in range(10**5)},
        [[[["deep" * 100] * 100] * 100] * 100] * 100,
        endless(),
        10**10000,
        ValueError("x" * 10**6),
        tuple(Pid(n) for n in range(10**4)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_report_is_bounded(large: object, kept: Kept) -> None:
    report(state=large, reason=large, last_message=large, links=large)

    (text,), (record,) = kept.texts, kept.records
    assert len(text) < 10_000
    assert len(repr(vars(record))) < 30_000


def test_a_traceback_of_a_thousand_lines_is_cut_in_the_middle(kept: Kept) -> None:
    def deep(_: object, depth: int = 0) -> object:
        return deep(_, depth + 1)

    crashing(act=deep)

    assert "RecursionError" in kept.texts[0]
    assert " more\n" in kept.texts[0]
    assert len(kept.texts[0]) < 8_000


def test_nothing_in_a_record_refers_to_a_living_object(kept: Kept) -> None:
    """A handler may keep records for ever, or read them on another thread."""
    crashing({"list": [1]})

    plain = (str, int, float, bool, type(None))
    for record in kept.records:
        for key, value in vars(record).items():
            for each in value.values() if isinstance(value, dict) else [value]:
                assert isinstance(each, plain) or (key in {"args", "links"} and not each)


# -- where it goes ---------------------------------------------------------------------------------


def test_levels_are_those_of_the_standard_loggers(kept: Kept) -> None:
    report("info")
    assert kept.texts == []

    logging.getLogger("actors").setLevel("INFO")
    report("info")
    report("info", ("supervisors", "child", "started"))
    assert [each.name for each in kept.records] == ["actors"]

    logging.getLogger("actors").setLevel("CRITICAL")
    report("error")
    assert len(kept.records) == 1


def test_fields_are_attributes_of_the_record_whatever_they_are_called(kept: Kept) -> None:
    report(
        name="n", message="m", args=(1,), process="p", pid=Pid(3), limit=0.5, msg="x", other=None
    )

    (record,) = kept.records
    fields = vars(record)
    assert record.getMessage() == kept.texts[0]
    assert fields["event"] == "actors.test"
    assert fields["registered_name"] == "n"
    assert fields["unhandled_message"] == "m"
    assert fields["args_"] == "(1,)"
    assert fields["process_"] == "p"
    assert fields["msg_"] == "x"
    assert fields["pid"] == "#PID<0.3.0>"
    assert fields["limit"] == 0.5
    assert "other" not in fields


def test_percent_signs_are_text(kept: Kept) -> None:
    report(reason="100% %s %d")

    assert kept.texts == ["actors.test\n  reason: 100% %s %d"]


def test_an_applications_own_processors_get_the_event_dictionary() -> None:
    with structlog.testing.capture_logs() as captured:
        crashing()

    first, second = captured
    assert first["event"] == "actors.gen_server.terminate"
    assert first["log_level"] == "error"
    assert first["registered_name"] == "srv"
    assert first["state"] == 0
    assert "crashes" in first["stack"]
    assert second["follows"] == "actors.gen_server.terminate"


def test_json_rendering_over_standard_loggers(kept: Kept) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.AsyncBoundLogger,
    )
    report(reason="why", pid=Pid(3))

    assert json.loads(kept.texts[0]) == {
        "reason": "why",
        "pid": "#PID<0.3.0>",
        "event": "actors.test",
        "logger": "actors",
        "level": "error",
    }


def test_rendering_to_the_arguments_of_a_standard_logger(kept: Kept) -> None:
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    report(reason="why", name="n")

    (record,) = kept.records
    assert record.getMessage() == "actors.test"
    assert record.reason == "why"  # type: ignore[attr-defined]
    assert record.registered_name == "n"  # type: ignore[attr-defined]


def test_rendering_in_a_formatter_of_the_standard_library(kept: Kept) -> None:
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    kept.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(),
            ]
        )
    )
    report(reason="why")

    assert kept.texts == ["reason=why event=actors.test"]


def test_a_standard_logger_gets_text_also_from_processors_that_do_not_render(kept: Kept) -> None:
    structlog.configure(
        processors=[structlog.stdlib.add_log_level],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    report(reason="why")

    assert kept.texts == ["actors.test\n  reason: why\n  level: error"]


def test_an_application_that_prints_its_log_gets_ours_in_its_way(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.configure(processors=[structlog.processors.JSONRenderer(sort_keys=True)])
    report(reason="why")

    assert capsys.readouterr().out == '{"event": "actors.test", "reason": "why"}\n'
    assert kept.texts == []


def test_processors_that_fail_or_drop_harm_nobody(kept: Kept) -> None:
    def fails(*_: object) -> str:
        raise ValueError("no")

    def drops(*_: object) -> str:
        raise structlog.DropEvent

    failed: list[object] = []
    telemetry.attach("t", ("actors", "telemetry", "failed"), lambda *data: failed.append(data))
    for processor in (fails, drops):
        structlog.configure(processors=[processor], logger_factory=structlog.stdlib.LoggerFactory())
        report(reason="why")
    telemetry.detach("t")

    assert kept.texts == []
    assert len(failed) == 1


PROGRAM = """
import sys
from actors import GenServer, process, run

class Fails(GenServer):
    def init(self): return {"password": "hunter2"}
    def handle_cast(self, request, state): raise ValueError("oops")

def main():
    pid = Fails.start(name="fails")
    GenServer.cast(pid, "go")
    process.sleep(0.05)

run(main)
"""


def program(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments, "-c", text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_program_that_configures_nothing_sees_errors_on_stderr() -> None:
    done = program(PROGRAM)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("actors.gen_server.terminate\n  pid: #PID<")
    assert done.stderr.count("Traceback") == 0
    assert done.stderr.count('File "<string>", line 7, in handle_cast') == 1
    assert "state: {'password': [hidden]}" in done.stderr


def test_importing_prints_and_configures_nothing() -> None:
    done = program(
        "import logging, actors.logs, structlog\n"
        "assert not structlog.is_configured()\n"
        "assert logging.getLogger().handlers == []\n"
        "assert logging.getLogger('actors').handlers == []\n"
        "assert logging.getLogger('actors').level == 0\n",
        "-W",
        "error",
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_handler_of_the_application_that_fails_does_not_harm_the_server(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("disk full")

    logger = logging.getLogger("actors")
    full = Full()
    logger.addHandler(full)
    ends: list[Message] = []

    def main() -> None:
        server = served(start=lambda: 0)
        process.monitor(server)
        GenServer.cast(server, crashes)
        ends.extend([process.receive(timeout=1.0), process.receive(timeout=1.0)])
        assert GenServer.call(served(), lambda _, s: Stop("normal", reply=NoReply())) == NoReply()

    try:
        heard(main)
    finally:
        logger.removeHandler(full)

    assert len(ends) == 2


# -- too many of them ------------------------------------------------------------------------------


@pytest.fixture
def ration(monkeypatch: pytest.MonkeyPatch) -> Ration:
    """One that has seen nothing yet, and the time in the test's hands."""
    fresh = Ration(burst=3)
    monkeypatch.setattr(logs, "_ration", fresh)
    return fresh


def test_more_reports_than_people_can_read_are_counted(kept: Kept, ration: Ration) -> None:
    for number in range(10):
        report(number=number)
    ration.ask(float("-inf"))  # the clock was set back, which begins a new window
    report(number=10)

    told = [text.splitlines()[0] for text in kept.texts]
    assert told[:4] == ["actors.test"] * 3 + ["actors.logs.limited"]
    assert "3 within 1 s" in kept.texts[3]
    assert len(told) == 5


def test_a_new_window_tells_first_how_many_were_left_out() -> None:
    ration = Ration(burst=2, window=1.0)

    assert [ration.ask(0.1 * n) for n in range(4)] == [(True, 0), (True, 0), (False, 1), (False, 2)]
    assert ration.ask(1.2) == (True, 2)
    assert ration.ask(1.3) == (True, 0)
    assert ration.left_out() == 0


def test_what_is_written_without_a_limit_takes_nothing_from_the_next_one() -> None:
    ration = Ration(burst=None)
    assert all(ration.ask(0.1) == (True, 0) for _ in range(5))
    ration.burst = 2

    assert [ration.ask(0.2) for _ in range(3)] == [(True, 0), (True, 0), (False, 1)]


def test_what_was_left_out_at_the_end_of_a_program_is_told_there() -> None:
    text = """
        from actors import telemetry
        for number in range(2_000):
            telemetry.report(("actors", "test"), "error", {"number": number})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    events = [line for line in done.stderr.splitlines() if not line.startswith(" ")]
    written = events.count("actors.test")
    left_out = [line for line in done.stderr.splitlines() if "reports:" in line]
    assert events[-1] == "actors.logs.left_out"
    assert written + sum(int(line.split(":")[1]) for line in left_out) == 2_000


@pytest.mark.parametrize("burst", [0, -1, 1.5, True, "5", float("nan")])
def test_a_limit_that_is_none_is_refused(burst: int) -> None:
    with pytest.raises(BadArgument, match="burst"):
        logs.set_burst_limit(burst)
