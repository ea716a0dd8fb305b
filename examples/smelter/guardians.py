"""Who is responsible for each input, and when it counts as given up; for the process of the queue.

Every input has a supervisor, its guardian, and its feeder says who that is. When a guardian is gone,
another one may come: soon, if it ended in order (only a supervisor above it can have done that to
bring it back), a little later if it crashed. If nobody comes, the input has been given up.
"""

from __future__ import annotations

from actors import Down, Message, Pid, Ref, process
from actors.exits import is_clean

__all__ = ["GIVEN_UP", "ORPHANED", "Guardians"]

ORPHANED = 5.0
"""Seconds after which an input that nobody is responsible for is given up."""

GIVEN_UP = 0.5
"""The same, if who was responsible has ended in order."""


class Guardians:
    """The guardians of all inputs."""

    def __init__(self) -> None:
        self._watched: dict[Ref, str] = {}
        self._until: dict[str, float] = {}

    def attach(self, input_id: str, guardian: Pid) -> None:
        """Watch who is responsible for an input now."""
        self._watched[process.monitor(guardian)] = input_id
        self._until.pop(input_id, None)

    def expect(self, input_id: str, seconds: float = ORPHANED) -> None:
        """Give an input up unless somebody becomes responsible for it in time."""
        until = process.monotonic() + seconds
        self._until[input_id] = until
        message = ("orphaned", input_id, until)
        process.send_after(process.self(), message, until, absolute=True)

    def heard(self, message: Message) -> str | None:
        """Take a message of the process; return the input that is given up by it, if any."""
        match message:
            case Down(ref=ref, reason=reason) if ref in self._watched:
                input_id = self._watched.pop(ref)
                if input_id not in self._watched.values():
                    self.expect(input_id, GIVEN_UP if is_clean(reason) else ORPHANED)
            case ("orphaned", str() as input_id, float() as until):
                if self._until.get(input_id) == until:
                    del self._until[input_id]
                    return input_id
            case _:
                pass
        return None
