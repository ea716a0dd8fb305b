"""An input's reader: opens what a track comes from, reads and decodes, on a thread of its own.

A source reads only when it is asked, a little at a time, and looks at its mailbox in between. It keeps
nothing: its feeder tells it what to open and where to begin.
"""

from __future__ import annotations

from actors import GenServer, Message, process
from examples.smelter.complaints import MediaBroken
from examples.smelter.inputs import Item, Nothing
from examples.smelter.inputs import Source as Reader
from examples.smelter.requests import InputPlan
from examples.smelter.wire import Begin, Broken, More, Read, SourceUp, feeder_of, tell

__all__ = ["Source"]

ITEMS = 4
"""How many items a source reads before it looks at its mailbox again."""


class Source(GenServer[None], host="thread"):
    """Reads the tracks of one input. It keeps its state on itself."""

    def init(self, plan: InputPlan) -> None:
        """Wait to be told what to open."""
        self.feeder = feeder_of(plan.id)
        self.track = 0
        self.reader: Reader | None = None
        tell(self.feeder, SourceUp(process.self()))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a source is told."""
        match request:
            case Begin(track, supply, start):
                self._close()
                self.track = track
                self.reader = supply.open(start)
                self._read(self.reader)
            case More():
                if self.reader is not None:
                    self._read(self.reader)
            case _:
                raise TypeError(f"a source is not told {request!r}")

    def _read(self, reader: Reader) -> None:
        items: list[Item] = []
        is_end = False
        try:
            while len(items) < ITEMS and not is_end:
                item = reader.read()
                if isinstance(item, Nothing):
                    break
                if item is None:
                    is_end = True
                else:
                    items.append(item)
        except MediaBroken as broken:
            self._tell(items, is_end=False)
            tell(self.feeder, Broken(self.track, broken.at))
            raise
        except Exception:
            # What came before the connection was lost, or whatever happened, has come.
            self._tell(items, is_end=False)
            raise
        self._tell(items, is_end=is_end)

    def _tell(self, items: list[Item], *, is_end: bool) -> None:
        tell(self.feeder, Read(process.self(), self.track, tuple(items), is_end))

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def terminate(self, reason: object, state: None) -> None:
        """Close the file."""
        self._close()
