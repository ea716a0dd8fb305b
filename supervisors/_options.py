"""How a supervisor says how it is supervised itself: class keywords, and the `child_spec` made of them.

Every class of supervisors is an `Overseen`: `class Rooms(DynamicSupervisor, restart="transient")`. What
`child_spec` is given goes before the keywords of the class, and these before what is usual.

Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import Enum
from typing import ClassVar, Final

from actors.errors import BadArgument
from supervisors.child_spec import ChildSpec, Restart, Shutdown, Start, of

__all__ = ["UNSET", "Overseen", "Unset", "described"]


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return self.value


UNSET: Final = Unset.UNSET
"""Not given, where `None` is something that may be given."""


class Overseen:
    """A class that records how a supervisor above should treat it.

    The class keywords `id`, `restart` and `shutdown` do so.
    """

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = options.keys() - {"id", "restart", "shutdown"}
        if unknown:
            raise BadArgument("class keywords", sorted(unknown), "id, restart and shutdown")
        cls.options = {**cls.options, **options}


def described(
    cls: type[Overseen],
    usual: object,
    start: Start,
    id: Hashable | Unset,
    restart: Restart | None,
    shutdown: Shutdown | Unset,
) -> ChildSpec:
    """Return how a supervisor of a class is a child of another one.

    Runs in the caller. Starts nothing.

    Args:
        cls: The class, which may have keywords.
        usual: Its id where nothing else is said.
        start: How it is started.
        id: What `child_spec` was given, as are the next two.
        restart: `None` if it was given none.
        shutdown: The same as `id`.

    Returns:
        The specification.

    Raises:
        BadSpec: A field is not accepted.

    Example:
        >>> class Inner(Overseen, restart="transient"): ...
        >>> spec = described(Inner, "inner", (print, ()), UNSET, None, 5.0)
        >>> spec.id, spec.restart, spec.shutdown
        ('inner', 'transient', 5.0)

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
    """
    spec: dict[str, object] = {"id": usual, "type": "supervisor", **cls.options}
    if id is not UNSET:
        spec["id"] = id
    if restart is not None:
        spec["restart"] = restart
    if shutdown is not UNSET:
        spec["shutdown"] = shutdown
    return of({**spec, "start": start})
