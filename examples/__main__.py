"""List the examples, or run one: ``python3 -m examples [NAME [arguments]]``."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

from examples._setup import enter

READING_ORDER = (
    "ping_pong",
    "from_elixir",
    "counter",
    "hits",
    "sendable",
    "let_it_crash",
    "channel",
    "producer_consumer",
    "blocking_queue",
    "await_many",
    "fan_out",
    "many_readers",
    "stages",
    "key_value",
    "music_server",
    "recipes",
)
"""Small before large; what is not named here follows by name."""

FOLDER = Path(__file__).resolve().parent


def sources() -> dict[str, Path]:
    """Map each example to the file whose docstring describes it, in reading order."""
    found = {path.stem: path for path in FOLDER.glob("*.py") if not path.stem.startswith("_")}
    found |= {path.parent.name: path for path in FOLDER.glob("*/__main__.py")}
    order = [name for name in READING_ORDER if name in found]
    return {name: found[name] for name in (*order, *sorted(found.keys() - set(order)))}


def summary(source: Path) -> str:
    """Return the first line of a file's docstring, without importing it."""
    documentation = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]


def listing() -> str:
    examples = sources()
    width = max(map(len, examples), default=0)
    lines = [f"  {name:<{width}}  {summary(source)}" for name, source in examples.items()]
    return "\n".join(["python3 -m examples NAME [arguments]", "", *lines])


def run(name: str, arguments: list[str]) -> int:
    package = sources()[name].name == "__main__.py"
    module = importlib.import_module(f"examples.{name}.__main__" if package else f"examples.{name}")
    code: int = module.main(arguments)
    return code


def main(arguments: list[str]) -> int:
    # No match statement: an older Python must get as far as being told that it is too old.
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(listing())
        return 0
    name, *rest = arguments
    if name not in sources():
        known = ", ".join(sources()) or "none yet"
        print(f"examples: no example {name!r}; there are: {known}", file=sys.stderr)
        return 2
    enter("examples")
    return run(name, rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
