"""Compile the hot rooms: each `.py` that has a `.pxd` beside it, from the same source.

    LETITCRASH_COMPILED=1 pip install .       a wheel with compiled rooms, where a C compiler is
    python3 .ci/compile.py FOLDER             a copy of the project in a folder, with compiled rooms

The `.pxd` says how a room's classes are laid out and which functions are called without a detour; Cython
reads both. It accepts no decorators and no generic bases on such classes, which mean nothing to a
compiled class, so they are taken out of what it reads; every line keeps its number.

A room that is not compiled works the same: Python takes the extension module where there is one, and the
source where there is none. A room whose own functions go to other processes has to stay plain: what a compiled
function has captured cannot be copied.

Source: https://cython.readthedocs.io/en/stable/src/tutorial/pure.html
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ImportError:  # as a command it needs no builder of wheels
        BuildHookInterface = object

ROOT = Path(__file__).resolve().parent.parent
SWITCH = "LETITCRASH_COMPILED"
NEEDS = ("cython==3.3.1", "setuptools==84.2.1", "greenlet>=3.1")
ROOMS = ("actors", "supervisors")
PARTS = ("actors", "supervisors", "examples", "tests", ".ci")
PAPERS = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")

METHODS = {"append", "pop", "popleft"}
"""Of a queue: what they are called in a layout too."""
FILLED = "filled"
"""What a layout calls the question whether a queue has anything in it."""
IN_SHARED = "in_shared"
"""What a layout calls the question whether a class is in `SHARED`."""
QUEUES = {"_spare", "doomed", "inbox", "mail", "ready", "spare", "spare_mail"}
"""What queues are called where that is asked. It holds for anything else too, which just takes longer."""

BUILD = """
import sys
from Cython.Build import cythonize
from Cython.Compiler.Options import get_directive_defaults
from setuptools import Extension, setup

include, extent, *modules = sys.argv[1:]
rooms = [
    Extension(
        module,
        [module.replace(".", "/") + ".py"],
        include_dirs=[include],
        # Where a function begins in a line of the cache is a matter of luck else, of up to a fifth of a cast.
        extra_compile_args=["-O3", "-falign-functions=64", "-fno-plt", "-g0", "-w"],
    )
    for module in modules
]
# How many objects of each class that have gone are kept for the next ones. Cython knows the word only in
# front of a class of its own language; with a default it is taken for all of them. `tests.bench` name: cast.
get_directive_defaults().setdefault("freelist", 0)
directives = {"language_level": 3, "annotation_typing": False, "binding": True, "freelist": 64}
setup(
    name="rooms",
    packages=[],
    ext_modules=cythonize(rooms, nthreads=2, compiler_directives=directives, force=extent == "all"),
    script_args=["build_ext", "--build-lib=built", "-j2"],
)
"""


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc, type-arg, unused-ignore]
    """Put the compiled rooms into the wheel, if that is asked for."""

    def dependencies(self) -> list[str]:
        """Name what has to be there for the build."""
        return list(NEEDS) if is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say that the wheel fits one Python and one machine only."""
        if not is_wanted() or self.target_name != "wheel":
            return
        self._work = tempfile.TemporaryDirectory()
        built = compile_rooms(Path(self.root), Path(self._work.name))
        for path in sorted(built.rglob("*.so")):
            build_data["force_include"][str(path)] = str(path.relative_to(built))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def is_wanted() -> bool:
    """Tell whether compiled rooms were asked for."""
    return os.environ.get(SWITCH, "0") not in {"", "0"}


def compile_rooms(root: Path, work: Path) -> Path:
    """Compile every room with a `.pxd`; return the folder with the extension modules.

    Args:
        root: Where `actors` and `supervisors` stand.
        work: A folder for what is made; what has not changed since the last time is kept.
    """
    layouts = [path for part in ROOMS for path in sorted(root.joinpath(part).rglob("*.pxd"))]
    for layout in layouts:
        target = work / layout.relative_to(root)
        _write(target, layout.read_text())
        for folder in list(target.relative_to(work).parents)[:-1]:
            for ending in ("py", "pxd"):
                _write(work / folder / f"__init__.{ending}", "")
    rooms = [path for path in layouts if not _is_foreign(path.read_text())]
    for layout in rooms:
        room = layout.with_suffix(".py")
        text = for_cython(room.read_text(), layout.read_text())
        _write(work / room.relative_to(root), text)
    _write(work / "build.py", BUILD)
    modules = [".".join(path.relative_to(root).with_suffix("").parts) for path in rooms]
    # A room knows how the classes of others are laid out, also through rooms that it does not name.
    known, laid_out = work / "layouts", "".join([BUILD, *(path.read_text() for path in layouts)])
    extent = "changed" if known.exists() and known.read_text() == laid_out else "all"
    # What prints warnings when all is well is only shown when it is not.
    done = subprocess.run(
        [sys.executable, "build.py", _headers(), extent, *modules],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"compiling failed:\n{done.stdout}\n{done.stderr}")
    _write(known, laid_out)
    built = work / "built"
    wanted = {room.relative_to(root).with_suffix("") for room in rooms}
    for path in built.rglob("*.so"):
        # What was compiled once and is not any more must not stand before its source.
        if path.relative_to(built).parent / path.name.split(".")[0] not in wanted:
            path.unlink()
    return built


def _is_foreign(layout: str) -> bool:
    """Tell whether a layout only describes what others wrote, as that of `switch` does."""
    return re.search(r"^cdef extern", layout, re.MULTILINE) is not None


def _headers() -> str:
    """Return the folder in which `greenlet/greenlet.h` lies."""
    import greenlet  # noqa: PLC0415 - only a build needs it

    return str(Path(greenlet.__file__).parent.parent)


def _write(path: Path, text: str) -> None:
    """Write a file unless it says that already, so that nothing is compiled twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


# -- what Cython reads -----------------------------------------------------------------------------


def for_cython(source: str, layout: str) -> str:
    """Take out of a room what Cython refuses and a compiled class does not need."""
    lines = [*source.split("\n"), ""]
    tree = ast.parse(source)
    classes = set(re.findall(r"^cdef class (\w+)", layout, re.MULTILINE))
    direct = _cimported(layout)
    calls = _calls(tree, direct.intersection(METHODS))
    questions = _questions(tree) if FILLED in direct else []
    lookups = _lookups(tree) if IN_SHARED in direct else []
    # From the right, so that what stands to the left keeps its place.
    for each in sorted(
        [*calls, *questions, *lookups], key=lambda each: each.col_offset, reverse=True
    ):
        _call_directly(each, lines)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            _keep_for_others(node, direct, lines)
        elif isinstance(node, ast.ClassDef) and node.name in classes:
            _strip(node, lines)
        elif isinstance(node, ast.FunctionDef):
            _without_overload(node, lines)
    head = "from __future__ import annotations"
    text = "\n".join(lines)
    return text.replace(head, f"{head}; import cython; from types import GenericAlias", 1)


def _cimported(layout: str) -> set[str]:
    names = re.findall(r"^from \S+ cimport (.+)$", layout, re.MULTILINE)
    return {each.split(" as ")[-1].strip() for line in names for each in line.split(",")}


def _blank(lines: list[str], first: int, last: int | None) -> None:
    for number in range(first - 1, last or first):
        lines[number] = ""


def _keep_for_others(node: ast.ImportFrom, direct: set[str], lines: list[str]) -> None:
    """Import under another name what the layout imports directly, and leave it in the module."""
    names = {each.asname or each.name: each.name for each in node.names}
    if not direct.intersection(names):
        return
    own = {f"_py_{name}" if name in direct else name: origin for name, origin in names.items()}
    listed = ", ".join(f"{origin} as {name}" for name, origin in own.items())
    back = ", ".join(f"{name}=_py_{name}" for name in names if name in direct)
    _blank(lines, node.lineno, node.end_lineno)
    lines[node.lineno - 1] = f"from {node.module} import {listed}; globals().update({back})"


def _calls(tree: ast.Module, functions: set[str]) -> list[ast.Call]:
    """Return the calls of a queue's methods for which the layout has functions."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in functions
        and len(node.args) == (node.func.attr == "append")
    ]


def _questions(tree: ast.Module) -> list[ast.expr]:
    """Return where a queue stands for whether it has anything in it."""
    asked: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            asked.append(node.test)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            asked.append(node.operand)
    for node in asked:
        if isinstance(node, ast.BoolOp):
            asked += node.values
    named = {node for node in asked if isinstance(node, ast.Name | ast.Attribute)}
    return [node for node in named if ast.unparse(node).split(".")[-1] in QUEUES]


def _lookups(tree: ast.Module) -> list[ast.Compare]:
    """Return where it is asked whether a class is in `SHARED`."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node.comparators[-1]) == "SHARED"
    ]


def _call_directly(node: ast.expr, lines: list[str]) -> None:
    """Call a function of the layout.

    `ready.popleft()` becomes `popleft(ready)`, `if ready` becomes `if filled(ready)`, and `kind in SHARED`
    `in_shared(kind, SHARED)`.
    """
    method = node.func if isinstance(node, ast.Call) else None
    number, start, end = node.lineno - 1, node.col_offset, node.end_col_offset or 0
    line = lines[number]
    if isinstance(node, ast.Compare):
        no = "not " if isinstance(node.ops[0], ast.NotIn) else ""
        kind = ast.unparse(node.left)
        lines[number] = f"{line[:start]}{no}{IN_SHARED}({kind}, SHARED){line[end:]}"
        return
    if not isinstance(method, ast.Attribute):
        lines[number] = f"{line[:start]}{FILLED}({line[start:end]}){line[end:]}"
        return
    queue, end = ast.unparse(method.value), method.end_col_offset or 0
    comma = ", " if method.attr == "append" else ""
    lines[number] = f"{line[:start]}{method.attr}({queue}{comma}{line[end + 1 :]}"


def _strip(node: ast.ClassDef, lines: list[str]) -> None:
    for decorator in node.decorator_list:
        text = ast.unparse(decorator)
        _blank(lines, decorator.lineno, decorator.end_lineno)
        if text.startswith("dataclass"):
            options = "eq=False" + (", frozen=True" if "frozen=True" in text else "")
            lines[decorator.lineno - 1] = f"@cython.dataclasses.dataclass({options})"
            if "eq=False" not in text:
                _compare_parts(node, lines, is_hashed="frozen=True" in text)
    _without_generic(node, lines)
    for each in node.body:
        is_slots = isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "__slots__"
        if is_slots:
            _blank(lines, each.lineno, each.end_lineno)
        if isinstance(each, ast.FunctionDef):
            _without_overload(each, lines)


def _without_overload(node: ast.FunctionDef, lines: list[str]) -> None:
    """Take out what only says to type checkers how a function may be called."""
    if "overload" in {ast.unparse(mark) for mark in node.decorator_list}:
        _blank(lines, node.decorator_list[0].lineno, node.end_lineno)


def _compare_parts(node: ast.ClassDef, lines: list[str], *, is_hashed: bool) -> None:
    """Compare values as tuples of their parts, as Python does; in the two blank lines behind a class."""
    names = [ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)]
    mine, other = (
        "(" + "".join(f"{one}.{name}, " for name in names) + ")" for one in ("self", "other")
    )
    room = node.end_lineno or 0
    if lines[room].strip() or lines[room + 1].strip():
        sys.exit(f"{node.name} is not followed by two blank lines")
    same = f"{mine} == {other}"
    lines[room] = (
        f"    def __eq__(self, other): return {same} if type(other) is type(self) else NotImplemented"
    )
    if is_hashed:
        lines[room + 1] = f"    def __hash__(self): return hash({mine})"


def _without_generic(node: ast.ClassDef, lines: list[str]) -> None:
    bases = [ast.unparse(base) for base in node.bases]
    kept = [base for base in bases if not base.startswith("Generic[")]
    if kept == bases:
        return
    document = node.body[0]
    _blank(lines, node.lineno, document.lineno - 1)
    lines[node.lineno - 1] = f"class {node.name}({', '.join(kept)}):"
    lines[(document.end_lineno or 1) - 1] += "; __class_getitem__ = classmethod(GenericAlias)"


# -- the command -----------------------------------------------------------------------------------


def copy_project(root: Path, into: Path) -> None:
    """Copy what the project consists of; what was there before goes, but for the work of the compiler."""
    leave = shutil.ignore_patterns("__pycache__", "*.so", ".*_cache")
    for part in PARTS:
        shutil.rmtree(into / part, ignore_errors=True)
        shutil.copytree(root / part, into / part, ignore=leave)
    for paper in PAPERS:
        shutil.copy(root / paper, into / paper)


def main(folder: str) -> None:
    """Make a copy of the project with compiled rooms."""
    into = Path(folder).resolve()
    into.mkdir(parents=True, exist_ok=True)
    copy_project(ROOT, into)
    built = compile_rooms(ROOT, into / "compiler")
    for path in built.rglob("*.so"):
        shutil.copy(path, into / path.relative_to(built))


if __name__ == "__main__":
    main(sys.argv[1])
