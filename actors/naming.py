"""Addresses: a pid, a registered name, or `Via(module, key)`.

A *via* is a table of names that is not the runtime's own, such as a `Registry`. Anything with the four functions
of `ViaModule` can be one.

Source: https://hexdocs.pm/elixir/GenServer.html#module-name-registration
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from actors._kernel.cell import Cell
from actors._kernel.current import me, running
from actors._kernel.names import NO_NAMES
from actors._kernel.scheduler import Scheduler
from actors.errors import BadArgument, NameTaken
from actors.messages import Message
from actors.pid import LOCAL_NODE, Pid, Ref

__all__ = [
    "NO_NAMES",
    "Address",
    "MaybeMonitored",
    "MaybePid",
    "Name",
    "Via",
    "ViaModule",
    "give_back_name",
    "locate",
    "take_name",
    "whereis",
]


class ViaModule(Protocol):
    """What a table of names must offer; OTP's `via` protocol."""

    def register_name(self, key: object, pid: Pid) -> bool:
        """Register a process; tell whether the key was free."""

    def unregister_name(self, key: object) -> None:
        """Take a key back."""

    def whereis_name(self, key: object) -> Pid | None:
        """Return who is registered."""

    def send(self, key: object, message: Message) -> None:
        """Send to who is registered; raise `BadArgument` if nobody is."""


@dataclass(frozen=True, slots=True)
class Via:
    """An address in a table of names that is not the runtime's own."""

    module: ViaModule
    """The table."""
    key: object
    """The name in it."""

    def __repr__(self) -> str:
        # As it is written; a table is mostly a class or a module.
        table = getattr(self.module, "__qualname__", None) or getattr(self.module, "__name__", None)
        return f"Via({table or repr(self.module)}, {self.key!r})"


Name: TypeAlias = str | Via
"""What a process can be registered as."""
Address: TypeAlias = Pid | str | Via
"""What leads to a process."""

MaybePid: TypeAlias = Pid | Any
"""A pid, or `None` where `init` returned `Ignore()`.

Typed so that whoever starts a server that never says so is not made to ask whether there is one.
"""
MaybeMonitored: TypeAlias = tuple[Pid, Ref] | Any
"""A pid and its monitor, or `None` where `init` returned `Ignore()`."""


def whereis(address: Address | tuple[str, str]) -> Pid | None:
    """Return the pid behind an address, `None` if nobody alive has it.

    Runs in the caller and does not wait, except as a via module does.

    Args:
        address: A pid (returned as it is), a registered name, `(name, node)` or a `Via`.

    Returns:
        The pid, or `None`.

    Raises:
        BadArgument: The address is not accepted.

    Example:
        >>> from actors import process, run
        >>> run(lambda: whereis(process.self()) is process.self())
        True
        >>> run(lambda: whereis("nobody"))

    Source: https://hexdocs.pm/elixir/GenServer.html#whereis/1
    """
    if isinstance(address, Pid):
        return address
    if isinstance(address, str):
        cell = running().names.find(address)
        return None if cell is None else cell.pid
    if isinstance(address, Via):
        return address.module.whereis_name(address.key)
    match address:
        case (str() as name, str() as node):
            return whereis(name) if node == LOCAL_NODE else None
        case _:
            raise BadArgument("address", address, "a pid, a registered name, (name, node) or a Via")


def locate(address: Address | tuple[str, str]) -> Cell | None:
    """Return the record of the living process behind an address.

    For behaviours. Runs in the caller, as `whereis` does; does not wait, except as a via module does.

    Args:
        address: As for `whereis`.

    Returns:
        The record; `None` if nobody alive has the address.

    Raises:
        BadArgument: The address is not accepted.

    Example:
        >>> from actors import run
        >>> run(lambda: locate("nobody"))

    Source: https://hexdocs.pm/elixir/GenServer.html#whereis/1
    """
    if isinstance(address, str):
        return running().names.find(address)
    pid = whereis(address)
    return None if pid is None else pid._cell


def take_name(name: Name) -> Pid | None:
    """Register the calling process under a name of its own, for behaviours.

    Does not wait, except as a via module does.

    Args:
        name: A name or a `Via`.

    Returns:
        `None` if it has the name now; otherwise who has it.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     return take_name("me"), whereis("me") is process.self()
        >>> run(main)
        (None, True)

    Source: https://hexdocs.pm/elixir/GenServer.html#module-name-registration
    """
    cell = me()
    if isinstance(name, Via):
        if name.module.register_name(name.key, cell.pid):
            return None
        return name.module.whereis_name(name.key) or cell.pid
    if cell.port is None:
        return _take(cell.scheduler, cell, name)
    return cell.port.ask(_take, name)


def _take(scheduler: Scheduler, cell: Cell, name: str) -> Pid | None:
    try:
        scheduler.names.register(cell, name)
    except NameTaken:
        holder = scheduler.names.find(name)
        return cell.pid if holder is None else holder.pid
    return None


def give_back_name(name: Name) -> None:
    """Take back the name of the calling process, whose start has failed.

    Does not wait, except as a via module does.

    Args:
        name: What `take_name` was given.

    Example:
        >>> from actors import run
        >>> def main():
        ...     take_name("me")
        ...     give_back_name("me")
        ...     return whereis("me")
        >>> run(main)

    Source: https://hexdocs.pm/elixir/GenServer.html#module-name-registration
    """
    cell = me()
    if isinstance(name, Via):
        name.module.unregister_name(name.key)
    elif cell.port is None:
        cell.scheduler.names.release(cell)
    else:
        cell.port.ask(_release)


def _release(scheduler: Scheduler, cell: Cell) -> None:
    scheduler.names.release(cell)
