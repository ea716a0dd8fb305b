"""The table of names: one name a process, one process a name.

Source: https://www.erlang.org/doc/apps/erts/erlang.html#register/2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actors.errors import BadArgument, NameTaken

if TYPE_CHECKING:
    from actors._kernel.cell import Cell

__all__ = ["NO_NAMES", "Names"]

NO_NAMES = frozenset({"", "nil", "undefined"})
"""What is no name of a process: in OTP the last two say that there is none."""
_ACCEPTED = "a non-empty string other than 'undefined' and 'nil'"


@final
class Names:
    """Who is registered under which name."""

    __slots__ = ("_table",)

    def __init__(self) -> None:
        self._table: dict[str, Cell] = {}

    def register(self, cell: Cell, name: str) -> None:
        """Give a living process its name.

        Raises:
            BadArgument: The name is not accepted.
            NameTaken: The name belongs to somebody, or the process has a name already.
        """
        if not isinstance(name, str) or name in NO_NAMES:
            raise BadArgument("name", name, _ACCEPTED)
        holder = self._table.get(name)
        if holder is not None:
            raise NameTaken("name", name, f"a name nobody has; {holder.pid!r} has this one")
        if cell.name is not None:
            raise NameTaken("name", name, f"one name a process; {cell.pid!r} is {cell.name!r}")
        self._table[name] = cell
        cell.name = name

    def unregister(self, name: str) -> None:
        """Take a name back.

        Raises:
            BadArgument: Nobody has it.
        """
        cell = self._table.pop(name, None) if isinstance(name, str) else None
        if cell is None:
            raise BadArgument("name", name, "a registered name")
        cell.name = None

    def release(self, cell: Cell) -> None:
        """Take back the name of a process that ends."""
        if cell.name is not None:
            self._table.pop(cell.name, None)
            cell.name = None

    def find(self, name: str) -> Cell | None:
        """Return the record of who has a name."""
        return self._table.get(name)

    def all(self) -> list[str]:
        """Return all registered names, oldest registration first."""
        return list(self._table)
