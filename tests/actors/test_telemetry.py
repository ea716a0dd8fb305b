from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from actors import BadArgument, Down, GenServer, process, receive, run, telemetry

ROOT = Path(__file__).resolve().parents[2]
EVENT = ("test", "event")
FAILED = ("actors", "telemetry", "failed")


IDS = ["h", "h0", "h1", "h2", "fails", "works", "told", "one", "two", "ends", "first", "second"]


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)
    for handler_id in [*IDS, "third"]:
        telemetry.detach(handler_id)


def test_handlers_are_called_in_the_order_of_their_attachment() -> None:
    seen: list[object] = []

    def note(number: int, *given: object) -> None:
        seen.append((number, *given))

    for number in range(3):
        telemetry.attach(f"h{number}", EVENT, partial(note, number))

    telemetry.emit(EVENT, {"took": 1.0}, {"who": "me"})

    assert seen == [(n, EVENT, {"took": 1.0}, {"who": "me"}) for n in range(3)]


def test_an_event_reaches_the_handlers_of_exactly_that_event() -> None:
    seen: list[object] = []
    telemetry.attach("h", EVENT, lambda event, _, __: seen.append(event))

    for event in (("test",), (*EVENT, "more"), ("other", "event")):
        telemetry.emit(event, {}, {})

    assert seen == []


def test_detaching_takes_a_handler_out_of_all_its_events() -> None:
    seen: list[object] = []
    for event in (EVENT, ("test", "other")):
        telemetry.attach("h", event, lambda event, _, __: seen.append(event))

    assert telemetry.detach("h")
    assert not telemetry.detach("h")
    telemetry.emit(EVENT, {}, {})

    assert seen == []
    assert not telemetry.is_heard(EVENT)


@pytest.mark.parametrize(
    "error", [ValueError("v"), SystemExit(1), KeyboardInterrupt(), GeneratorExit()], ids=repr
)
def test_a_handler_that_raises_is_taken_out_and_harms_nobody(error: BaseException) -> None:
    seen: list[object] = []

    def fails(*_: object) -> None:
        raise error

    telemetry.attach("fails", EVENT, fails)
    telemetry.attach("works", EVENT, lambda *_: seen.append("works"))
    telemetry.attach(
        "told", FAILED, lambda _, __, data: seen.append((data["handler"], data["error"]))
    )

    telemetry.emit(EVENT, {}, {})
    telemetry.emit(EVENT, {}, {})

    assert seen == [("fails", error), "works", "works"]


def test_a_handler_of_failures_that_fails_is_the_end_of_it() -> None:
    def fails(*_: object) -> None:
        raise ValueError

    telemetry.attach("one", FAILED, fails)
    telemetry.attach("two", EVENT, fails)

    telemetry.emit(EVENT, {}, {})

    assert not telemetry.is_heard(FAILED)


def test_a_handler_that_ends_its_process_does_not_end_the_emitter() -> None:
    telemetry.attach("ends", EVENT, lambda *_: process.exit("why"))

    def main() -> str:
        telemetry.emit(EVENT, {}, {})
        return "alive"

    assert run(main) == "alive"


def test_a_handler_may_attach_and_detach_while_it_is_called() -> None:
    seen: list[str] = []

    def first(*_: object) -> None:
        telemetry.detach("second")
        telemetry.attach("third", EVENT, lambda *_: seen.append("third"))

    telemetry.attach("first", EVENT, first)
    telemetry.attach("second", EVENT, lambda *_: seen.append("second"))
    telemetry.emit(EVENT, {}, {})
    telemetry.detach("first")
    telemetry.emit(EVENT, {}, {})

    assert seen == ["second", "third"]


def test_no_attachment_is_lost_when_threads_attach_at_once() -> None:
    def attach(thread: int) -> None:
        for number in range(200):
            telemetry.attach(f"{thread}.{number}", EVENT, lambda *_: None)

    threads = [threading.Thread(target=attach, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    names = [f"{thread}.{number}" for thread in range(4) for number in range(200)]
    assert sum(map(telemetry.detach, names)) == len(names)


FORKS = """
import os, signal, sys, threading
from actors import telemetry
from actors.pid import Ref

def attach(name):
    telemetry.attach(name, ("a",), print)
    telemetry.detach(name)

what = {"attach": attach, "number": lambda name: Ref.__new__(Ref).number}[sys.argv[1]]
is_over = threading.Event()

def works(name):
    while not is_over.is_set():
        what(name)

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=works, args=(name,)) for name in "ab"]
for each in threads:
    each.start()
ends = []
for _ in range(12):
    child = os.fork()
    if not child:
        signal.alarm(10)
        what("child")
        os._exit(0)
    ends.append(os.waitpid(child, 0)[1])
    if ends[-1]:
        break
is_over.set()
for each in threads:
    each.join()
print(ends)
"""


@pytest.mark.parametrize("what", ["attach", "number"])
def test_a_child_that_is_forked_while_another_thread_works_has_no_lock_that_stays_taken(
    what: str,
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"{[0] * 12}\n"


def test_a_ctrl_c_arrives_while_a_report_is_written() -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    telemetry.set_reporter(interrupted)

    with pytest.raises(KeyboardInterrupt):
        telemetry.report(EVENT, "error", {})


@pytest.mark.parametrize("event", ["name", (), ("a", 1), ["a"], None])
def test_what_is_no_event_is_refused(event: object) -> None:
    with pytest.raises(BadArgument, match="event"):
        telemetry.attach("h", event, lambda *_: None)  # type: ignore[arg-type]


def test_a_taken_id_and_what_cannot_be_called_are_refused() -> None:
    telemetry.attach("h", EVENT, lambda *_: None)
    with pytest.raises(BadArgument, match="handler_id"):
        telemetry.attach("h", EVENT, lambda *_: None)
    with pytest.raises(BadArgument, match="handler"):
        telemetry.attach("other", EVENT, None)  # type: ignore[arg-type]


def test_a_report_goes_to_the_handlers_and_to_the_reporter() -> None:
    seen: list[object] = []
    telemetry.attach("h", EVENT, lambda event, _, data: seen.append((event, data)))
    telemetry.set_reporter(lambda event, level, data: seen.append((event, level, data)))

    telemetry.report(EVENT, "error", {"a": 1})

    assert seen == [(EVENT, {"a": 1}), (EVENT, "error", {"a": 1})]


def test_a_reporter_that_fails_fails_nobody() -> None:
    seen: list[object] = []

    def fails(*_: object) -> None:
        raise OSError("disk full")

    telemetry.attach("told", FAILED, lambda _, __, data: seen.append(repr(data["error"])))
    telemetry.set_reporter(fails)
    telemetry.report(EVENT, "error", {})

    assert seen == ["OSError('disk full')"]


def test_the_logs_are_loaded_by_the_first_report_that_is_wanted_and_not_before() -> None:
    code = """
import sys, logging
from actors import telemetry
assert "structlog" not in sys.modules and "actors.logs" not in sys.modules
telemetry.report(("actors", "x"), "info", {})
assert "actors.logs" not in sys.modules
logging.getLogger("actors").setLevel("CRITICAL")
telemetry.report(("actors", "x"), "error", {})
assert "actors.logs" not in sys.modules
logging.getLogger("actors").setLevel("WARNING")
telemetry.report(("actors", "x"), "error", {"a": 1})
assert "actors.logs" in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "actors.x\n  a: 1\n")


# -- the table -------------------------------------------------------------------------------------


def table() -> dict[tuple[str, ...], tuple[str, set[str]]]:
    """Read the table of the room: level and fields of each event."""
    rows = re.findall(
        r"^\| `(\(.*?\))` \| ?(\w*) \| (.*) \|$", telemetry.__doc__ or "", re.MULTILINE
    )
    stands_for = {
        word: fields.replace("\n", " ")
        for word, fields in re.findall(
            r"(\*[\w ]+\*)(?: stands)? for\s([^;.]*)", telemetry.__doc__ or ""
        )
    }
    found = {}
    for event, level, fields in rows:
        for word, meant in stands_for.items():
            fields = fields.replace(word, meant)  # noqa: PLW2901 - written out
        found[ast.literal_eval(event)] = (level, {each.strip() for each in fields.split(",")})
    return found


def sources() -> Iterator[Path]:
    for package in ("actors", "supervisors"):
        yield from (ROOT / package).rglob("*.py")


def written() -> set[tuple[str, ...]]:
    """Find every tuple of the sources that can be nothing but the name of an event."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Tuple) or len(node.elts) < 3:
                continue
            words = [each.value for each in node.elts if isinstance(each, ast.Constant)]
            if words[:1] in (["actors"], ["supervisors"]):
                # What is put in at run time is the name of a behaviour.
                named = [
                    e.value if isinstance(e, ast.Constant) else "gen_server" for e in node.elts
                ]
                found.add(tuple(str(each) for each in named))
    return found


def test_every_event_of_the_sources_is_in_the_table() -> None:
    events = written()

    assert ("actors", "process", "crash") in events
    assert events <= table().keys()


def test_every_event_of_the_table_is_emitted_by_a_package_that_is_there() -> None:
    packages = {path.relative_to(ROOT).parts[0] for path in sources() if path.name != "__init__.py"}
    expected = {event for event in table() if event[0] in packages}

    assert expected == written() & expected


def test_levels_are_the_levels_of_reports() -> None:
    levels = {level for level, _ in table().values()}

    assert levels <= {"", "info", "warning", "error"}
    quiet = {event for event, (level, _) in table().items() if not level}
    told_to_programs = {
        ("actors", "mailbox", "dead_letter"),
        ("actors", "mailbox", "high_water"),
        ("actors", "pykka", "dead_letter"),
    }
    assert quiet == {FAILED, ("actors", "loop", "failed"), *told_to_programs}


def test_the_fields_of_a_crash_are_those_of_the_table() -> None:
    from actors import GenServer

    seen: dict[tuple[str, ...], set[str]] = {}
    telemetry.set_reporter(lambda event, _, data: seen.update({event: set(data)}))

    def main() -> None:
        server = GenServer.start()
        process.send(server, "unhandled")
        GenServer.cast(server, "whatever")
        process.spawn(lambda: 1 / 0)
        process.sleep(0.0)
        process.sleep(0.01)

    run(main)

    rows = table()
    assert len(seen) == 3
    for event, fields in seen.items():
        _, documented = rows[event]
        assert fields <= {each.strip("[]") for each in documented}
        assert {each for each in documented if not each.startswith("[")} <= fields


@pytest.mark.parametrize(("reporter", "is_loaded"), [("as it is", True), ("None", False)])
def test_the_logs_may_be_loaded_before_there_is_anything_to_log(
    reporter: str, is_loaded: bool
) -> None:
    code = f"""
import sys
from actors import telemetry
if {reporter!r} == "None":
    telemetry.set_reporter(None)
telemetry.prepare()
print("actors.logs" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str(is_loaded)


LOADING = """
import sys, threading, time
from actors import telemetry

begun = threading.Event()

def slowly(event, arguments):
    # One of the first things that `logging` loads itself.
    if event == "import" and arguments[0] == "string" and threading.current_thread().name == "loads":
        begun.set()
        time.sleep(1.0)

assert not {"logging", "string"} & set(sys.modules)
sys.addaudithook(slowly)
threading.Thread(target=__import__, args=("logging",), name="loads").start()
assert begun.wait(60.0)
assert not hasattr(sys.modules["logging"], "getLogger"), "it has been loaded already"
print([telemetry.is_reported(("actors", "some"), level) for level in ("info", "warning", "error")])
"""


def test_whether_a_report_is_wanted_can_be_asked_while_a_thread_loads_the_logs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        cwd=ROOT,
        # What measures the coverage of children would have loaded the logs before the first line.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
        capture_output=True,
        text=True,
        timeout=120.0,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("[False, True, True]\n", "")


def test_nobody_is_asked_what_a_report_should_show_when_nobody_would_see_it() -> None:
    asked: list[str] = []

    class Fragile(GenServer[None]):
        def handle_cast(self, request: object, state: None) -> None:
            raise ValueError(request)

        def format_status(self, status: Mapping[str, object], /) -> Mapping[str, object]:
            asked.append("asked")
            return status

    def crash() -> int:
        server = Fragile.start()
        down = process.monitor(server)
        GenServer.cast(server, "now")
        receive(lambda message: isinstance(message, Down) and message.ref is down)
        return len(asked)

    before = telemetry.set_reporter(None)
    try:
        unseen = run(crash, held=None, isolation="trust")
        telemetry.attach("sees", ("actors", "gen_server", "terminate"), lambda *_: None)
        seen = run(crash, held=None, isolation="trust")
    finally:
        telemetry.detach("sees")
        telemetry.set_reporter(before)

    assert (unseen, seen) == (0, 1)
