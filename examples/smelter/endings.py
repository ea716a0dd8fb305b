"""Which inputs have ended or are gone, and whether an output ends with them. Pure; frozen values.

An input that is registered again under an id that was used before is another input: what is known of
the old one is forgotten with its first set.
"""

from __future__ import annotations

from dataclasses import dataclass

from examples.smelter.requests import AllInputs, AllOf, AnyInput, AnyOf, Ends, Never

__all__ = ["MOST_GONE", "Endings"]

MOST_GONE = 1000
"""Inputs that are remembered although they are gone; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Endings:
    """What one consumer has seen of all inputs.

    Example:
        >>> seen = Endings().after({"a"}, {"a", "b"})
        >>> seen.ends(AnyOf(("a", "b"))), seen.ends(AllInputs()), seen.without("b").ends(AllInputs())
        (True, False, True)
    """

    present: frozenset[str] = frozenset()
    """Registered inputs."""
    over: frozenset[str] = frozenset()
    """Those of them that have ended."""
    gone: tuple[str, ...] = ()
    """Those that were unregistered and have not come back, oldest first."""

    def after(
        self, ended: frozenset[str] | set[str], present: frozenset[str] | set[str]
    ) -> Endings:
        """Return what is known after a set.

        Args:
            ended: inputs whose end it carries.
            present: inputs that were registered when it was made.
        """
        if not ended - self.over and present == self.present:
            return self
        gone = tuple(one for one in self.gone if one not in present)
        over = (self.over & present) | frozenset(ended)
        return Endings(frozenset(present), over, gone)

    def without(self, name: str) -> Endings:
        """Return what is known after an input was unregistered."""
        gone = (*(one for one in self.gone if one != name), name)[-MOST_GONE:]
        return Endings(self.present - {name}, self.over - {name}, gone)

    def ends(self, condition: Ends, before: Endings | None = None) -> bool:
        """Tell whether an output is to end.

        Args:
            condition: what it says.
            before: what was known when it began: "any input" means one that has ended since.
        """
        finished = self.over | set(self.gone)
        match condition:
            case Never():
                return False
            case AnyOf(inputs):
                return any(one in finished for one in inputs)
            case AllOf(inputs):
                return all(one in finished for one in inputs)
            case AnyInput():
                known = frozenset() if before is None else before.over | set(before.gone)
                return bool(finished - known)
            case AllInputs():
                return bool(finished) and self.present <= self.over
