"""Processes inside web applications, notebooks and tests: a list of recipes, each one file."""

from __future__ import annotations

import ast
import sys
from argparse import ArgumentParser
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def recipes() -> dict[str, str]:
    """Map each recipe to the first line of its docstring, without importing it."""
    return {
        path.stem: (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]
        for path in sorted(FOLDER.glob("*.py"))
        if not path.stem.startswith("_")
    }


def main(argv: list[str]) -> int:
    ArgumentParser("recipes", description=__doc__).parse_args(argv)
    print("Read them below examples/recipes; each says how it is started.\n")
    for name, says in recipes().items():
        print(f"  {name + '.py':20} {says}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
