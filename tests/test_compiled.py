"""What is compiled is what is written: the layouts beside the hot rooms fit them."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
LAYOUTS = [
    path for part in ("actors", "supervisors") for path in sorted((ROOT / part).rglob("*.pxd"))
]
CLASSES = [
    (layout, match.group(1), match.group(2))
    for layout in LAYOUTS
    for match in re.finditer(
        r"^cdef class (\w+)[^\n]*:\n((?: +[^\n]*\n|\n)*)", layout.read_text(), re.MULTILINE
    )
]


DIRECT = re.compile(r"(?<!\.)\b(append|pop|popleft)\(([\w.]+)")
SOUGHT = re.compile(r"(not )?\bin_shared\((.*?), SHARED\)")
ASKED = re.compile(r"\bfilled\(([\w.]+)\)")


def compile_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compile_rooms", ROOT / ".ci" / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def for_cython() -> Callable[[str, str], str]:
    made: Callable[[str, str], str] = compile_script().for_cython
    return made


def definition(layout: Path, name: str) -> ast.ClassDef:
    tree = ast.parse(layout.with_suffix(".py").read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def attributes(node: ast.ClassDef) -> set[str]:
    fields = {ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)}
    for each in ast.walk(node):
        if not (isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)):
            continue
        if ast.unparse(each.value) == "self":
            fields.add(each.attr)
    return fields - {"__doc__"}


@pytest.mark.parametrize(("layout", "name", "body"), CLASSES, ids=[name for _, name, _ in CLASSES])
def test_a_layout_has_the_attributes_and_methods_of_its_class(
    layout: Path, name: str, body: str
) -> None:
    node = definition(layout, name)
    laid_out = set(re.findall(r"^ +cdef (?:public |readonly )?\w+ (\w+)$", body, re.MULTILINE))
    methods = set(re.findall(r"^ +cpdef (?:\w+ )*(\w+)\(", body, re.MULTILINE))

    inherited: set[str] = set()
    for base in node.bases:
        if any(known == ast.unparse(base) for _, known, _ in CLASSES):
            inherited |= attributes(definition(layout_of(ast.unparse(base)), ast.unparse(base)))
    assert laid_out - {"__weakref__", "__dict__"} == attributes(node) - inherited
    assert methods <= {each.name for each in node.body if isinstance(each, ast.FunctionDef)}


def layout_of(name: str) -> Path:
    return next(layout for layout, known, _ in CLASSES if known == name)


@pytest.mark.parametrize(
    "layout",
    [layout for layout in LAYOUTS if layout.with_suffix(".py").exists()],
    ids=lambda layout: layout.stem,
)
def test_what_the_compiler_reads_has_its_lines_where_the_source_has_them(layout: Path) -> None:
    source = layout.with_suffix(".py").read_text()

    read = for_cython()(source, layout.read_text())

    written, compiled = source.splitlines(), read.splitlines()
    defined = [
        (number, line)
        for number, line in enumerate(written)
        if re.match(r" +(return|raise|if|while) ", line)
    ]
    assert defined or layout.stem in {"messages", "switch", "outcomes"}
    for number, line in defined:
        read_back = SOUGHT.sub(r"\2 \1in SHARED", ASKED.sub(r"\1", compiled[number]))
        assert DIRECT.sub(r"\2.\1(", read_back) == line


@pytest.mark.parametrize(("layout", "name", "body"), CLASSES, ids=[name for _, name, _ in CLASSES])
def test_a_layout_has_the_fields_of_a_dataclass_in_their_order(
    layout: Path, name: str, body: str
) -> None:
    node = definition(layout, name)
    fields = [ast.unparse(each.target) for each in node.body if isinstance(each, ast.AnnAssign)]

    if fields:
        assert re.findall(r"^ +cdef (?:public |readonly )?\w+ (\w+)$", body, re.MULTILINE) == fields


@pytest.mark.parametrize(
    ("said", "is_wanted"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)]
)
def test_rooms_are_compiled_into_the_wheel_only_for_whoever_asks(
    said: str | None, is_wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = compile_script()
    monkeypatch.delenv(script.SWITCH, raising=False)
    if said is not None:
        monkeypatch.setenv(script.SWITCH, said)

    assert bool(script.CustomBuildHook.dependencies(None)) is is_wanted
