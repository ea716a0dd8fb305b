"""The guide's table of twins, from `functions/twins.tsv`: ``python3 -m tests.conformance.guide`` renews it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tests.conformance.tables import REASON, ROOT

__all__ = ["GUIDE", "renewed", "twins"]

GUIDE = ROOT / "examples" / "README.md"
TWINS = Path(__file__).with_name("functions") / "twins.tsv"
BEGIN, END = "<!-- twins -->\n", "<!-- end of twins -->\n"


def twins() -> str:
    """Return all tables, one for each module."""
    _, *rows = (line.split("\t") for line in TWINS.read_text(encoding="utf-8").splitlines())
    lines: list[str] = []
    for module, group in groupby(sorted(rows, key=_order), key=lambda row: row[0]):
        lines += [f"### `{module}`", "", "| there | here |", "| --- | --- |"]
        # Those without a twin share a line where they share the reason.
        here: dict[str, list[str]] = {}
        for _, function, ours in group:
            key = ours if ours.startswith(REASON) else function
            here.setdefault(key, [_here(ours)]).append(f"`{function}`")
        lines += [f"| {', '.join(functions)} | {twin} |" for twin, *functions in here.values()]
        lines.append("")
    return "\n".join(lines)


def _order(row: list[str]) -> tuple[bool, str, bool, str]:
    module, function, ours = row
    return module.startswith(":"), module, ours.startswith(REASON), function


def _here(ours: str) -> str:
    if ours.startswith(REASON):
        return f"none: {ours.removeprefix(REASON)}"
    return f"`{ours}`"


def renewed(guide: str) -> str:
    """Return the guide with the tables as they are due."""
    before, _, rest = guide.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{twins()}{END}{after}"


if __name__ == "__main__":
    GUIDE.write_text(renewed(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
