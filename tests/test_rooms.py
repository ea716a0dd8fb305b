"""The plan of the house as data, and the checks that the sources keep to it.

Arrows point down only. A room may import what stands to its left in its own row, and the rooms of
the floors its row names; `supervisors` and the bridges see only the public rooms of `actors`. For
types alone, under `TYPE_CHECKING`, a room may name any room of its own floor. A new room is added
to this table first.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import Note

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Floor:
    package: str
    rooms: str
    """In row order: each may import those before it."""
    below: str
    """The floors that its rooms may import."""

    def names(self) -> list[str]:
        return [f"{self.package}.{room}" for room in self.rooms.split()]


FLOORS = {
    "words": Floor(
        "actors",
        "pid exits redaction showing outcomes errors telemetry messages _envelopes "
        "_shapes _copying _containers _instances _captures _ways isolation transitions",
        "",
    ),
    "kernel": Floor(
        "actors._kernel",
        "switch clock wakeup mailbox timers names signals cell bounds "
        "relations scheduler frames press outside watchdog away current turns",
        "words",
    ),
    "doors": Floor("actors", "_coroutines process latch naming runtime hosting", "words kernel"),
    "machinery": Floor(
        "actors",
        "_behaviour proc_lib _halves _startable requests _interpreter _errand _outcome _task_stream task threads "
        "debug groups",
        "words doors",
    ),
    "behaviours": Floor(
        "actors",
        "gen_server agent state_machine event_manager "
        "stage.protocol stage.buffer stage.dispatchers stage._steps stage._consuming stage._engine stage.stage "
        "stage.streams stage",
        "words doors machinery",
    ),
    "bridges": Floor(
        "actors",
        "_ration _asyncio_loops _asyncio_tasks asyncio_bridge "
        "pykka_bridge.futures pykka_bridge._inbox pykka_bridge._undertaker "
        "pykka_bridge._registry pykka_bridge.actor pykka_bridge.watched pykka_bridge.guardian "
        "pykka_bridge.refs pykka_bridge logs testing",
        "words doors machinery behaviours",
    ),
    "specs": Floor(
        "supervisors",
        "child_spec _options strategy _reports _intensity _terms patterns",
        "words",
    ),
    "hands": Floor("supervisors", "_children _shutdown _fates _crowd", "words doors specs"),
    "supervisors": Floor(
        "supervisors",
        "_asking supervisor dynamic_supervisor consumer_supervisor",
        "words doors behaviours specs hands",
    ),
    "built": Floor(
        "supervisors",
        "_entries _cleaner registry partition_supervisor task_supervisor application",
        "words doors machinery behaviours specs supervisors",
    ),
}

PACKAGES = ("actors", "supervisors")

EXCEPTIONS = {
    ("actors.pid", "actors._kernel.cell"): "names the type of a pid's short cut, loads nothing",
    ("actors._kernel.current", "actors.asyncio_bridge"): "opened by name when asyncio is running",
    (
        "actors._coroutines",
        "actors.asyncio_bridge",
    ): "opened by name when a coroutine is to be awaited",
    ("actors.telemetry", "actors.logs"): "opened by name when there is something to log",
    ("actors._behaviour", "actors._kernel.cell"): "the corridor of a call, which is measured",
    ("actors._behaviour", "actors._kernel.current"): "the same",
    ("actors._behaviour", "actors._kernel.scheduler"): "the same",
}
"""Arrows drawn by hand, each with its reason; they are no part of the check for cycles."""

CLOCK = {"actors._kernel.clock"}

PYKKA = {
    "actors.pykka_bridge",
    *(
        f"actors.pykka_bridge.{room}"
        for room in ("futures", "actor", "watched", "guardian", "refs")
    ),
    *(f"actors.pykka_bridge.{room}" for room in ("_inbox", "_registry")),
}
"""The rooms of one door: what pykka's users see, in parts."""

FOREIGN = {
    "greenlet": {"actors._kernel.switch"},
    "structlog": {"actors.logs"},
    "asyncio": {
        "actors._asyncio_loops",
        "actors._asyncio_tasks",
        "actors.asyncio_bridge",
    },
    "pykka": {"actors.threads", *PYKKA},
    "logging": {"actors.logs"},
    "time": CLOCK,
    "datetime": CLOCK,
    "sched": CLOCK,
    "random": {"actors._kernel.clock", "actors.testing"},
    "secrets": CLOCK,
    "uuid": CLOCK,
}
"""What only the named rooms may import. Other foreign libraries have no door at all."""

FOLDERS = {".ci", "actors", "supervisors", "examples", "tests"}

CODE_LINES = {"actors._kernel.scheduler": 400}
"""Budgets of rooms that differ from the usual one; to be noticed, not to be enforced."""

USUAL_CODE_LINES = 300
FUNCTION_LINES = 40
IMPORT_SECONDS = 0.2


# Reading the sources.


@dataclass(frozen=True)
class Arrow:
    source: str
    target: str
    line: int
    for_types: bool = False
    """Whether it is there for the type checker alone and loads nothing."""

    def __str__(self) -> str:
        return f"{self.source} (line {self.line}) -> {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Map every module of the project to its file."""
    folders = (*PACKAGES, "examples", "tests")
    return {module_name(path): path for name in folders for path in (ROOT / name).rglob("*.py")}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def targets(node: ast.AST, source: str, *, is_package: bool) -> Iterator[str]:
    """Yield the modules that one node imports, submodules told from names by their files."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            drop = level - 1 if is_package else level
            above = source.split(".")[: -drop or None] if level else []
            base = ".".join([*above, *([module] if module else [])])
            for alias in names:
                full = f"{base}.{alias.name}"
                yield full if full in modules() else base
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            if ast.unparse(func) in {"import_module", "importlib.import_module", "__import__"}:
                yield name


@cache
def arrows(source: str) -> list[Arrow]:
    path = modules()[source]
    is_package = path.name == "__init__.py"
    tree = tree_of(path)
    for_types = set(nodes_for_types(tree))
    return [
        Arrow(source, target, getattr(node, "lineno", 0), node in for_types)
        for node in ast.walk(tree)
        for target in targets(node, source, is_package=is_package)
    ]


def nodes_for_types(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
                for each in body:
                    yield from ast.walk(each)


def package_of(name: str) -> str:
    return name.partition(".")[0]


def is_ours(name: str) -> bool:
    return package_of(name) in {*PACKAGES, "examples", "tests"}


def is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def floor_of(room: str) -> str | None:
    return next((key for key, floor in FLOORS.items() if room in floor.names()), None)


def is_door(name: str) -> bool:
    """Tell whether a module is the ``__init__`` of a package that is no room by itself."""
    return floor_of(name) is None and modules()[name].name == "__init__.py"


def rooms() -> list[str]:
    return sorted(name for name in modules() if package_of(name) in PACKAGES and not is_door(name))


def doors() -> list[str]:
    return sorted(name for name in modules() if package_of(name) in PACKAGES and is_door(name))


# Which way the arrows point.


def is_drawn(source: str, target: str) -> bool:
    """Tell whether the plan has an arrow from one room to another."""
    here, there = floor_of(source), floor_of(target)
    if here is None or there is None:
        return False
    if here == there:
        row = FLOORS[here].names()
        return row.index(target) < row.index(source)
    guest = package_of(source) != package_of(target) or here == "bridges"
    return there in FLOORS[here].below.split() and not (guest and is_private(target))


def may_import(source: str, target: str, *, for_types: bool = False) -> bool:
    match package_of(source):
        case "tests":
            return True
        case "examples":
            return package_of(target) == "examples" or (
                package_of(target) in PACKAGES and not is_private(target)
            )
    if source in PACKAGES:
        return package_of(target) == source and not is_private(target)
    if for_types and floor_of(source) == floor_of(target) is not None:
        return True
    return is_drawn(source, target) or (source, target) in EXCEPTIONS


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("actors.messages", "actors.pid"),
        ("actors._kernel.cell", "actors._kernel.mailbox"),
        ("actors.process", "actors._kernel.current"),
        ("actors.gen_server", "actors._behaviour"),
        ("supervisors.supervisor", "actors.gen_server"),
        ("supervisors._shutdown", "actors.process"),
        ("supervisors.registry", "supervisors.supervisor"),
        ("examples.counter", "actors"),
    ],
)
def test_the_plan_draws_what_it_promises(source: str, target: str) -> None:
    assert may_import(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("actors.pid", "actors.messages"),
        ("actors.exits", "actors._kernel.signals"),
        ("actors._kernel.mailbox", "actors._kernel.scheduler"),
        ("actors.gen_server", "actors._kernel.current"),
        ("actors.gen_server", "actors"),
        ("actors.logs", "actors._behaviour"),
        ("actors.process", "supervisors.supervisor"),
        ("supervisors.child_spec", "actors._envelopes"),
        ("supervisors.strategy", "actors.process"),
        ("supervisors.supervisor", "actors"),
        ("supervisors.supervisor", "supervisors.registry"),
        ("supervisors.supervisor", "actors._kernel.cell"),
        ("examples.counter", "tests.conftest"),
        ("examples.counter", "actors._kernel.current"),
    ],
)
def test_the_plan_draws_no_other_arrow(source: str, target: str) -> None:
    assert not may_import(source, target)


def test_for_types_alone_a_room_may_name_its_own_floor() -> None:
    assert may_import("actors._kernel.names", "actors._kernel.cell", for_types=True)
    assert not may_import("actors.exits", "actors._kernel.cell", for_types=True)
    assert not may_import("actors.gen_server", "supervisors.supervisor", for_types=True)


@pytest.mark.parametrize("source", sorted(modules()))
def test_every_import_follows_an_arrow_of_the_plan(source: str) -> None:
    wrong = [
        str(arrow)
        for arrow in arrows(source)
        if is_ours(arrow.target) and not may_import(source, arrow.target, for_types=arrow.for_types)
    ]

    assert not wrong, "arrows that the plan does not draw"


def test_exceptions_are_still_needed() -> None:
    drawn = {(arrow.source, arrow.target) for room in rooms() for arrow in arrows(room)}

    assert {pair for pair in EXCEPTIONS if pair[0] in modules()} <= drawn


def test_imports_make_no_cycle() -> None:
    graph = {
        name: {
            arrow.target
            for arrow in arrows(name)
            if is_ours(arrow.target)
            and not arrow.for_types
            and (name, arrow.target) not in EXCEPTIONS
        }
        for name in modules()
    }

    TopologicalSorter(graph).prepare()  # raises CycleError and names the cycle


@pytest.mark.parametrize("room", rooms())
def test_every_room_is_in_the_plan(room: str) -> None:
    assert floor_of(room) is not None, "add it to the plan: one responsibility, one floor"


def test_only_folders_of_the_plan_stand_at_the_top() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}

    assert found <= FOLDERS


@pytest.mark.parametrize("source", [*rooms(), *doors()])
def test_a_foreign_library_comes_in_by_its_door(source: str) -> None:
    wrong = [
        str(arrow)
        for arrow in arrows(source)
        if not is_ours(arrow.target) and not may_come_in(package_of(arrow.target), source)
    ]

    assert not wrong, "foreign libraries at the wrong door"


def may_come_in(library: str, source: str) -> bool:
    if library in FOREIGN:
        return source in FOREIGN[library]
    return library in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("library", "source", "allowed"),
    [
        ("greenlet", "actors._kernel.switch", True),
        ("greenlet", "actors.process", False),
        ("time", "actors._kernel.clock", True),
        ("time", "actors.testing", False),
        ("heapq", "actors._kernel.timers", True),
        ("numpy", "actors.isolation", False),
    ],
)
def test_a_door_is_open_to_its_own_library_only(
    library: str, source: str, *, allowed: bool
) -> None:
    assert may_come_in(library, source) is allowed


PROBE = """
import sys, json, time
began = time.perf_counter()
import actors
seconds = time.perf_counter() - began
import threading
logging = sys.modules.get("logging")
print(json.dumps({
    "loaded": sorted({"greenlet", "structlog", "asyncio", "pykka"} & sys.modules.keys()),
    "threads": threading.active_count(),
    "log handlers": len(logging.root.handlers) if logging else 0,
    "seconds": seconds,
}))
"""


def test_importing_actors_is_light(note: Note) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = json.loads(run.stdout)
    seconds = printed.pop("seconds")

    assert printed == {"loaded": ["greenlet"], "threads": 1, "log handlers": 0}
    assert run.stderr == ""
    if seconds > IMPORT_SECONDS:
        note(f"import actors took {seconds:.2f} s (budget {IMPORT_SECONDS} s)")


# Documents.


def string_below(body: list[ast.stmt], index: int) -> bool:
    """Tell whether a document follows a value, or the block of lines that the value stands in."""
    match body[index : index + 2]:
        case [_, ast.Expr(value=ast.Constant(value=str()))]:
            return True
        case [ast.stmt() as this, (ast.Assign() | ast.AnnAssign()) as following]:
            return following.lineno - (this.end_lineno or this.lineno) == 1 and string_below(
                body, index + 1
            )
    return False


def exports(tree: ast.Module) -> list[str] | None:
    """Return the names in ``__all__``, None when the module has none."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                names = ast.literal_eval(value)
                return [str(name) for name in names]
    return None


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield the exported names, and fields of exported data classes, without a document."""
    exported = exports(tree) or []
    for index, node in enumerate(tree.body):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name in exported and not is_overload(node) and not ast.get_docstring(node):
                    yield name
            case ast.ClassDef(name=name):
                if name in exported:
                    yield from undocumented_in_class(node)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in exported and not string_below(tree.body, index):
                    yield name


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(each).endswith("overload") for each in node.decorator_list)


def undocumented_in_class(node: ast.ClassDef) -> Iterator[str]:
    if not ast.get_docstring(node):
        yield node.name
    if not any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        return
    for index, field in enumerate(node.body):
        match field:
            case ast.AnnAssign(target=ast.Name(id=name)):
                # A block of fields needs a document each; the next field is no help here.
                if not name.startswith("_") and not string_below(node.body[: index + 2], index):
                    yield f"{node.name}.{name}"


def test_a_missing_document_is_found() -> None:
    source = '''
__all__ = ["FIVE", "LIMIT", "NAMED", "Down", "undocumented"]
LIMIT = 3

NAMED = 4
FIVE = 5
"""Four and five."""
@dataclass(frozen=True)
class Down:
    """A death."""
    pid: int
    reason: str
    """Why."""
def undocumented(): ...
def not_exported(): ...
'''

    assert list(undocumented(ast.parse(source))) == ["LIMIT", "Down.pid", "undocumented"]


@pytest.mark.parametrize("room", [*rooms(), *doors()])
def test_every_room_says_what_it_is_for(room: str) -> None:
    assert ast.get_docstring(tree_of(modules()[room]))


@pytest.mark.parametrize("room", [room for room in rooms() if not is_private(room)])
def test_every_export_is_documented(room: str) -> None:
    tree = tree_of(modules()[room])

    assert exports(tree) is not None, "a public room lists its names in __all__"
    assert not list(undocumented(tree))


SECTION = re.compile(r"^(Args|Returns|Yields|Raises|Example|Source):", re.MULTILINE)

CALLBACKS = {
    *("actors.gen_server.GenServer", "actors.state_machine.StateMachine"),
    *("actors.event_manager.EventHandler", "supervisors.application.Application"),
    "actors.stage.stage.Stage",
}
"""Classes whose instance methods users write: the behaviour calls them, so they have no example of
a call, and what they are given is told by the page that is their source."""

HALF_DOCUMENTED = {
    "actors.debug.serve": "a behaviour by hand is no short example; test_debug.py has one",
    "actors.debug.SystemHalf": "the half that rooms of behaviours implement, called by `serve`",
    "actors.debug.Watch": "made and asked by `serve` and by the rooms of behaviours",
    "actors.exits.Stack": "cut from a traceback by the kernel",
    "actors.gen_server.call": "a decorator; `ask` is what its client half makes requests with",
    "actors.gen_server.cast": "the same",
    "actors.hosting.Away": "what a bridge to an event loop is made of; asyncio_bridge uses all of it",
    "actors.hosting.Job": "as `Away`",
    "actors.hosting.Host": "a protocol, which asyncio_bridge implements",
    "actors.hosting.Scheduler": "the loop itself, for bridges to name",
    "actors.hosting.Turns": "as `Away`",
    "actors.hosting.appear": "as `Away`",
    "actors.hosting.connect": "as `Away`",
    "actors.hosting.depart": "as `Away`",
    "actors.hosting.serving": "as `Away`",
    "actors.hosting.variables": "as `Away`",
    "actors.hosting.without_waiting": "for rooms that call what users have written for reports",
    "actors.naming.ViaModule": "a protocol, shown by `Registry` which implements it",
    "actors.runtime.Choice": "a protocol, shown by `SeededChoice` which implements it",
    "actors.runtime.Clock": "a protocol, shown by `VirtualClock` which implements it",
    "actors.runtime.Runtime": "`run` makes and runs one; `serve` and `stop` are for the background",
    "actors.showing.Writer": "what `shown` and the logs write with; the logs override parts of it",
    "actors.stage.dispatchers.BroadcastDispatcher": "called by a stage, as `Dispatcher` says",
    "actors.stage.dispatchers.DemandDispatcher": "the same",
    "actors.stage.dispatchers.Dispatcher": "a protocol, shown by the three that implement it",
    "actors.stage.dispatchers.Outlet": "a protocol, implemented by the process of a stage",
    "actors.stage.dispatchers.PartitionDispatcher": "called by a stage, as `Dispatcher` says",
    "actors.threads.Carrier": "what pykka calls",
    "supervisors.child_spec.SupportsChildSpec": "a protocol, shown by the classes that have one",
}
"""What need not say all of it about each of its functions, with the reason."""


WHERE = re.compile(
    r"""\b(?: Pure | [Rr]uns\ (?:in|here) | [Cc]alled\ in | [Aa]ny\ (?:process|thread) | in\ no\ process
    | (?:calling|caller's|new)\ process
    | [Ii]n\ (?:the|its|a|that|another|which)\ (?:\w+\ ){0,2}
      (?:process|caller|server|machine|owner|manager|starter|master|supervisor|registry|scope|stage|agent)
    )\b""",
    re.VERBOSE,
)
WAITS = re.compile(r"\b(?:Pure\b|[Ww]ait|[Bb]lock|[Ss]tarts nothing)")

WITHIN = {
    "actors.stage.buffer.Buffer": "a value of a stage's own, and pure",
    "actors.stage.dispatchers.BroadcastDispatcher": "called by its stage; `Dispatcher` says so",
    "actors.stage.dispatchers.DemandDispatcher": "the same",
    "actors.stage.dispatchers.Dispatcher": "a protocol; the stage calls it, and nothing in it waits",
    "actors.stage.dispatchers.Outlet": "what a dispatcher calls, in its stage",
    "actors.stage.dispatchers.PartitionDispatcher": "called by its stage",
    "actors.stage.protocol.Demand": "a value of a stage's own, and pure",
}
"""Classes whose methods need not say in which process they run, with the reason."""


def public_functions(room: str) -> Iterator[tuple[str, Callable[..., object], bool]]:
    """Yield what a room exports that can be called, with its name, and whether users write it."""
    module = importlib.import_module(room)
    for name in module.__all__:
        found, full = getattr(module, name), f"{room}.{name}"
        if inspect.isfunction(found):
            yield full, found, False
        elif inspect.isclass(found) and (found.__module__ == room or is_private(found.__module__)):
            yield from methods(found, full)


def methods(cls: type, full: str) -> Iterator[tuple[str, Callable[..., object], bool]]:
    """Yield the public methods of a class, those of its bases in the project among them."""
    ours = [base for base in cls.__mro__ if is_ours(base.__module__)]
    for key, value in {k: v for base in reversed(ours) for k, v in vars(base).items()}.items():
        bare = getattr(value, "__func__", value)
        if inspect.isfunction(bare) and not key.startswith("_"):
            yield f"{full}.{key}", bare, bare is value and full in CALLBACKS


def unsaid(function: Callable[..., object], *, by_users: bool = False) -> Iterator[str]:
    """Yield what the document of a function leaves out."""
    first, *rest = SECTION.split(inspect.getdoc(function) or "")
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    signature = inspect.signature(function)
    if not first.strip():
        yield "a summary"
    if "Source" not in parts:
        yield "its source"
    answers = signature.return_annotation not in {"None", "NoReturn"}
    if answers and not {"Returns", "Yields"} & parts.keys():
        yield "what it returns"
    if by_users:
        return
    for name in signature.parameters.keys() - {"self", "cls"}:
        if not re.search(rf"^ +\*{{0,2}}{name}: ", parts.get("Args", ""), re.MULTILINE):
            yield f"what {name} is"
    if ">>>" not in parts.get("Example", ""):
        yield "an example"


def untold(function: Callable[..., object], *, by_users: bool = False) -> Iterator[str]:
    """Yield what a document leaves out of where its function runs: whoever calls it has to wait."""
    told = " ".join(SECTION.split(inspect.getdoc(function) or "")[0].split())
    if not WHERE.search(told):
        yield "in which process it runs"
    # What users write may wait whenever it likes.
    if not by_users and not WAITS.search(told):
        yield "whether it waits"


def test_what_a_document_does_not_tell_is_found() -> None:
    def nowhere() -> None:
        """Do something."""

    def somewhere() -> None:
        """Do something. Runs in the caller
        and does not wait.
        """

    assert list(untold(nowhere)) == ["in which process it runs", "whether it waits"]
    assert list(untold(nowhere, by_users=True)) == ["in which process it runs"]
    assert list(untold(somewhere)) == []


@pytest.mark.parametrize("room", [room for room in rooms() if not is_private(room)])
def test_every_public_function_says_in_which_process_it_runs_and_whether_it_waits(
    room: str,
) -> None:
    silent = {
        name: list(untold(function, by_users=by_users))
        for name, function, by_users in public_functions(room)
        if not is_excused(name) and name.rpartition(".")[0] not in WITHIN
    }

    assert {name: said for name, said in silent.items() if said} == {}


def test_what_a_document_leaves_out_is_found() -> None:
    def half(a: int, b: int) -> int:
        """Add.

        Args:
            a: One.

        Source: arithmetic
        """
        return a + b

    assert list(unsaid(half)) == ["what it returns", "what b is", "an example"]
    assert list(unsaid(half, by_users=True)) == ["what it returns"]
    assert not list(unsaid(importlib.import_module("actors.process").spawn))


def half_said(room: str) -> dict[str, list[str]]:
    return {
        name: said
        for name, function, by_users in public_functions(room)
        if (said := list(unsaid(function, by_users=by_users)))
    }


def is_excused(name: str) -> bool:
    return name in HALF_DOCUMENTED or name.rpartition(".")[0] in HALF_DOCUMENTED


@pytest.mark.parametrize("room", [room for room in rooms() if not is_private(room)])
def test_every_public_function_says_all_that_its_callers_need(room: str) -> None:
    missing = {name: said for name, said in half_said(room).items() if not is_excused(name)}

    assert not missing


def test_excuses_of_documents_are_still_needed() -> None:
    said = {name for room in rooms() if not is_private(room) for name in half_said(room)}

    assert {*said, *(name.rpartition(".")[0] for name in said)} >= HALF_DOCUMENTED.keys()
    assert all(resolves(name) for name in CALLBACKS)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_door_exports_what_exists(package: str) -> None:
    door = importlib.import_module(package)

    assert [name for name in door.__all__ if not hasattr(door, name)] == []


QUOTED = re.compile(r"`+([A-Za-z_][\w.]*)(?:\([^`]*\))?`+")

SHORT_NAMES = {
    name.partition(".")[2]
    for floor in FLOORS.values()
    for name in floor.names()
    if "_" in name or name in {"actors.process", "actors.exits", "actors.messages"}
}
"""Rooms that documents may name without their package; plain nouns would be taken for variables."""


def docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def references(text: str) -> Iterator[str]:
    """Yield the full dotted names that a document means by what it quotes."""
    for quoted in QUOTED.findall(text):
        first, _, rest = quoted.partition(".")
        if rest and first in PACKAGES:
            yield quoted
        elif rest and rest != "py" and first in SHORT_NAMES:
            package = next(p for p in PACKAGES if floor_of(f"{p}.{first}"))
            yield f"{package}.{quoted}"


def resolves(name: str) -> bool:
    """Tell whether a name leads somewhere; rooms that are planned but not built yet count."""
    parts = name.removesuffix(".py").split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        if module in modules():
            return leads_on(importlib.import_module(module), parts[length:])
        if floor_of(module) is not None:
            return True
    return False


def leads_on(found: object, parts: list[str]) -> bool:
    for part in parts:
        if hasattr(found, part):
            found = getattr(found, part)
        else:
            # What a class declares or sets on itself has no value to look at before it is made.
            return inspect.isclass(found) and is_set_in(found, part)
    return True


def is_set_in(cls: type, name: str) -> bool:
    declared = {key for each in cls.__mro__ for key in inspect.get_annotations(each)}
    return name in declared or f"self.{name}" in inspect.getsource(cls)


def test_quoted_names_are_told_from_plain_words() -> None:
    text = "See ``actors.exits.Exit``, `process.send(to)`, `state.value`, `_kernel` and `x`."

    assert list(references(text)) == ["actors.exits.Exit", "actors.process.send"]
    assert resolves("actors.exits.Exit")
    assert not resolves("actors.exits.Nothing")
    assert not resolves("actors.nowhere")


@pytest.mark.parametrize("room", [*rooms(), *doors()])
def test_names_quoted_in_documents_exist(room: str) -> None:
    texts = docstrings(tree_of(modules()[room]))
    missing = {name for text in texts for name in references(text) if not resolves(name)}

    assert not missing


@cache
def names_of_tests() -> frozenset[str]:
    found = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    for path in (ROOT / "tests").rglob("*.py"):
        found.update(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    return frozenset(found)


@pytest.mark.parametrize("room", [*rooms(), *doors()])
def test_tests_named_beside_the_code_exist(room: str) -> None:
    named = set(re.findall(r"\btest_\w+", modules()[room].read_text(encoding="utf-8")))

    assert named <= names_of_tests()


# The repository speaks of the project alone.


@cache
def files() -> list[Path]:
    """List what belongs to the project: by git, or all but hidden folders where git is not."""
    git = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if git.returncode == 0:
        return [path for name in git.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    everything = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in everything if not is_hidden(path.relative_to(ROOT))]


def is_hidden(path: Path) -> bool:
    return any(
        part == "__pycache__" or (part.startswith(".") and part != ".ci")
        for part in path.parts[:-1]
    )


FOREIGN_TO_THE_REPOSITORY = {
    "a path of one machine": re.compile(r"(?<![\w.~}])/(?:root|work|home|Users|farm)/"),
    "a package registry": re.compile(r"[p]ypi\.org|[p]ythonhosted|registry\.[n]pmjs|index[-]url"),
}


@pytest.mark.parametrize("what", FOREIGN_TO_THE_REPOSITORY)
def test_no_file_names(what: str) -> None:
    pattern = FOREIGN_TO_THE_REPOSITORY[what]
    found = []
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in pattern.finditer(text)]

    assert not found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /" + "root/notes", "a path of one machine"),
        ("from py" + "pi.org", "a package registry"),
    ],
)
def test_what_is_foreign_to_the_repository_is_found(text: str, what: str) -> None:
    assert FOREIGN_TO_THE_REPOSITORY[what].search(text)


# Budgets: noticed at the end of the run, never a failure.

NOT_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def code_lines(text: str) -> set[int]:
    """Return the numbers of the lines that hold code: no blank line, comment or document."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def over_budget(room: str, text: str) -> Iterator[str]:
    lines = code_lines(text)
    budget = CODE_LINES.get(room, USUAL_CODE_LINES)
    if len(lines) > budget:
        yield f"{room}: {len(lines)} code lines (budget {budget})"
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                size = len(lines & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
                if size > FUNCTION_LINES:
                    yield f"{room}.{node.name}: {size} code lines (budget {FUNCTION_LINES})"


def test_sizes_are_noticed(note: Note) -> None:
    long = 'def long():\n    """Doc."""\n' + "    x = 1  # comment\n\n" * FUNCTION_LINES

    assert list(over_budget("room", long)) == ["room.long: 41 code lines (budget 40)"]
    for room in rooms():
        for line in over_budget(room, modules()[room].read_text(encoding="utf-8")):
            note(line)


def test_rooms_without_a_mirror_are_noticed(note: Note) -> None:
    for room in rooms():
        if room.rpartition(".")[2].strip("_") not in {
            name.removeprefix("test_") for name in names_of_tests()
        }:
            note(f"{room}: no test file of its name")
