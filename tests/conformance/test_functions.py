"""Every function that Elixir's and OTP's modules export has its twin here, or a reason why not.

`functions/names.tsv` is what the real modules export, as recorded by `functions/record.exs`;
`functions/twins.tsv` has a row for each of these, and for some that only newer releases have.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.conformance.tables import REASON
from tests.conftest import Note

FOLDER = Path(__file__).with_name("functions")


def lines(name: str) -> list[list[str]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


HEADER, *ROWS = lines("twins.tsv")
EXPORTED = [(module, function) for module, function in lines("names.tsv")]
TWINS = sorted({ours for _, _, ours in ROWS if not ours.startswith(REASON)})


def is_there(path: str) -> bool:
    """Tell whether a dotted name can be imported."""
    names = path.split(".")
    for end in range(len(names), 0, -1):
        try:
            found = importlib.import_module(".".join(names[:end]))
        except ModuleNotFoundError:
            continue
        for name in names[end:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@pytest.mark.parametrize("module", sorted({module for module, _ in EXPORTED}))
def test_every_function_of_a_module_has_its_row(module: str) -> None:
    listed = {function for of, function, _ in ROWS if of == module}

    assert {function for of, function in EXPORTED if of == module} <= listed


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_is_there(twin: str) -> None:
    assert is_there(twin)


def test_every_row_is_of_a_module_that_was_asked_and_stands_once() -> None:
    keys = [(module, function) for module, function, _ in ROWS]

    assert HEADER == ["module", "function", "ours"]
    assert {module for module, _ in keys} == {module for module, _ in EXPORTED}
    assert len(set(keys)) == len(keys)
    assert all(ours.removeprefix(REASON).strip() for _, _, ours in ROWS)


def test_what_has_a_twin_is_told(note: Note) -> None:
    twins = sum(not ours.startswith(REASON) for _, _, ours in ROWS)

    assert len(EXPORTED) > 250
    note(
        f"functions of OTP and Elixir with a twin: {twins} of {len(ROWS)}, the others with a reason"
    )


@pytest.mark.parametrize("path", ["actors.process.never", "actors.never", "never.at.all"])
def test_a_twin_that_is_not_there_is_found_out(path: str) -> None:
    assert not is_there(path)
