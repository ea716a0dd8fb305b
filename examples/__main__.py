"""List the examples, run one, or run all: ``python3 -m examples [NAME [arguments] | --all]``."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples._setup import enter

READING_ORDER = (
    "ping_pong",
    "sendable",
    "shared_nothing",
    "counter",
    "let_it_crash",
    "chaos",
    "key_value",
    "await_many",
    "hits",
    "fan_out",
    "many_readers",
    "channel",
    "producer_consumer",
    "blocking_queue",
    "stages",
    "recipes",
    "music_server",
    "smelter",
    "from_elixir",
)
"""The order of the guide; what is not named here follows by name."""

SHORT = {
    "chaos": ("--seconds", "3"),
    "smelter": ("--offline", "--duration", "2", "--size", "160x90", "--rate", "10", "--overwrite"),
}
"""How `--all` runs those that take long otherwise."""

MORE = {("smelter", "--serve"): "serve"}
"""Options that need more than all examples need, with the dependency group that has it."""

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
    usage = ["python3 -m examples NAME [arguments]", "python3 -m examples --all"]
    return "\n".join([*usage, "", *lines])


def module_of(name: str) -> str:
    is_package = sources()[name].name == "__main__.py"
    return f"examples.{name}.__main__" if is_package else f"examples.{name}"


def run(name: str, arguments: list[str]) -> int:
    module = importlib.import_module(module_of(name))
    code: int = module.main(arguments)
    return code


def run_all() -> int:
    """Run every example to its end, each in an interpreter of its own; return 1 if one failed."""
    failed, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name in sources():
            print(f"== {name}", flush=True)
            arguments = list(SHORT.get(name, ()))
            if name == "smelter":
                arguments += ["--output", str(Path(folder, "film.mp4"))]
            # Without a terminal, so that those with a live form play their script.
            command = [sys.executable, "-m", "examples", name, *arguments]
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            print(done.stdout, flush=True)
            if done.returncode:
                failed.append(name)
    seconds = time.monotonic() - began
    said = f"failed: {', '.join(failed)}" if failed else f"all {len(sources())} ran to their end"
    print(f"{said}, in {seconds:.0f} s")
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    # No match statement: an older Python must get as far as being told that it is too old.
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(listing())
        return 0
    if arguments == ["--all"]:
        enter("examples")
        return run_all()
    name, *rest = arguments
    if name not in sources():
        known = ", ".join(sources()) or "none yet"
        print(f"examples: no example {name!r}; there are: {known}", file=sys.stderr)
        return 2
    enter(
        next(
            (group for (who, option), group in MORE.items() if who == name and option in rest),
            "examples",
        )
    )
    return run(name, rest)


def is_a_closed_pipe(error: BaseException | None) -> bool:
    """Tell whether somebody who read our output, such as `head`, has seen enough."""
    while error is not None and not isinstance(error, BrokenPipeError):
        error = error.__cause__
    return error is not None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if not is_a_closed_pipe(error):
            raise
        # What is still to be written would fail again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
