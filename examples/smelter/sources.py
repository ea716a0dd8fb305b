"""An input's reader: opens what a track comes from, reads and decodes, on a thread of its own.

A source reads only when it is asked, a little at a time, and looks at its mailbox in between. It keeps
nothing: its feeder tells it what to open and where to begin.
"""

from __future__ import annotations

from actors import GenServer, Message, process
from examples.smelter import events
from examples.smelter.complaints import MediaBroken
from examples.smelter.inputs import Item, Nothing
from examples.smelter.inputs import Source as Reader
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.requests import InputPlan
from examples.smelter.sessions import Link, link_of
from examples.smelter.wire import Begin, Broken, More, Read, SourceUp, feeder_of, tell

__all__ = ["Source"]

ITEMS = 4
"""How many items a source reads before it looks at its mailbox again."""


class Source(GenServer[None], host="thread"):
    """Reads the tracks of one input. It keeps its state on itself."""

    def init(self, plan: InputPlan) -> None:
        """Wait to be told what to open."""
        self.id = plan.id
        self.feeder = feeder_of(plan.id)
        self.track = 0
        self.is_live = False
        self.reader: Reader | None = None
        tell(self.feeder, SourceUp(process.self()))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a source is told."""
        match request:
            case Begin(track, supply, start):
                self._close()
                self.track = track
                self.is_live = supply.is_live
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
        except Exception as error:
            # What came before the connection was lost, or whatever happened, has come.
            self._tell(items, is_end=False)
            if self.is_live:
                self._lost(error)
            raise
        self._tell(items, is_end=is_end)

    def _tell(self, items: list[Item], *, is_end: bool) -> None:
        tell(self.feeder, Read(process.self(), self.track, tuple(items), is_end))

    def _lost(self, error: Exception) -> None:
        key = link_of("input", self.id)
        before = Ledger.get(LEDGER, key)
        attempts = before.attempts if isinstance(before, Link) else 1
        Ledger.put(LEDGER, key, Link("lost", attempts, str(error)))
        events.publish(events.InputLost(self.id, str(error)))

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def terminate(self, reason: object, state: None) -> None:
        """Close the file."""
        self._close()
