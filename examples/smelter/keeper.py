"""The keeper: what was asked for, kept beside the ledger and on the disk, so that it outlives both.

    put, drop ──> ledger ──Keep──> keeper ──> file

The ledger hands on what was asked for whenever that changes, and is given it back when it has to begin
anew. So its death costs no registration. With a file, neither does the keeper's own, nor a power cut: a
request is answered when what it changed is on the disk (`Ledger.kept`).

The file stays when the pipeline ends, in order or not, and the next one begins with what it holds, until
somebody says `forget`. One that cannot be used is reported, put aside under another name, and the
pipeline begins with what it was started with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actors import Caller, GenServer, Message, Reply, call, process, telemetry
from actors.isolation import shareable
from examples.smelter import snapshot
from examples.smelter.complaints import SnapshotRefused
from examples.smelter.snapshot import Key

__all__ = [
    "CLOSING",
    "KEEPER",
    "MIXED",
    "SCHEDULE",
    "SHOWN",
    "STARTED",
    "WORDS",
    "Keep",
    "Keeper",
    "Sync",
    "is_asked_for",
]

KEEPER = "smelter.keeper"
"""The name it is registered under."""

CLOSING = "closing output"
"""The kind under which the ledger keeps outputs that are to be removed when they are complete."""

SHOWN = "shown"
"""The kind under which the ledger keeps what an output shows since it was registered."""

WORDS = "scene"
"""The kind under which it keeps the same in the words of whoever asked for it."""

MIXED = "mixed"
"""The kind under which it keeps what an output consists of since it was registered."""

STARTED = ("pipeline", "started")
"""The key under which it keeps when the line of time was begun."""

SCHEDULE = ("pipeline", "schedule")
"""The key under which it keeps what is to be done at a time."""

_REFUSED = ("smelter", "snapshot", "refused")
_FAILED = ("smelter", "snapshot", "failed")

_KINDS = frozenset({
    "input", "output", "image", "shader",
    WORDS, SHOWN, MIXED, "failed output", CLOSING, "pipeline",
})  # fmt: skip

_MUXERS = "smelter.muxer."


def is_asked_for(key: Key) -> bool:
    """Tell whether an entry of the ledger is to outlive it.

    That is what people asked for and what has become of it for good: an output that is complete must
    not be begun again. Positions are not: they say how far workers are that die with the ledger.
    """
    return key.startswith(_MUXERS) if isinstance(key, str) else key[0] in _KINDS


@shareable
@dataclass(frozen=True, slots=True)
class Keep:
    """All that is asked for now."""

    table: Mapping[Key, object]


@dataclass(frozen=True, slots=True)
class Sync:
    """Answer somebody when everything is kept that came before."""

    caller: Caller


class Keeper(GenServer[None], host="thread", shutdown=5.0):
    """Keeps a table. On a thread of its own: a disk may take its time, and the ledger must not wait."""

    def init(self, path: Path | None, desired: Mapping[tuple[str, str], object]) -> None:
        """Go on with what the file says, or begin with what the pipeline was started with."""
        process.trap_exit(True)
        self.path = path
        self.table: Mapping[Key, object] = dict(desired)
        self.is_written = True
        found = None if path is None else self._found(path)
        if found is not None:
            self.table = found

    def _found(self, path: Path) -> dict[Key, object] | None:
        try:
            return snapshot.read(path)
        except SnapshotRefused as refused:
            aside = snapshot.aside(path)
            telemetry.report(_REFUSED, "error", {"why": str(refused), "kept_as": str(aside)})
            try:
                path.replace(aside)
            except OSError as error:
                # Then it is written over, which is as well.
                telemetry.report(_FAILED, "error", {"why": str(error)})
            return None

    @call
    def desired(self, state: None) -> Reply[Mapping[Key, object], None]:
        """Return what is asked for."""
        return Reply(self.table)

    @call
    def forget(self, state: None) -> Reply[None, None]:
        """Remove the file, and write no more: the next one begins with what it is started with."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        self.path = None
        return Reply(None)

    def handle_cast(self, request: Message, state: None) -> None:
        """Keep, and tell whoever waits for that."""
        match request:
            case Keep(table):
                self.table = table
                if self.is_written:
                    # Behind all that has come by now: one write for all of it.
                    self.is_written = False
                    process.send(process.self(), "write")
            case Sync(caller):
                self._write()
                GenServer.reply(caller, None)
            case _:
                raise TypeError(f"the keeper is not told {request!r}")

    def handle_info(self, message: Message, state: None) -> None:
        """Write, when it is time."""
        if message == "write":
            self._write()

    def _write(self) -> None:
        if self.is_written:
            return
        self.is_written = True
        if self.path is not None:
            try:
                snapshot.save(self.path, self.table)
            except OSError as error:
                # It goes on: what is kept here survives everybody but this process.
                telemetry.report(_FAILED, "error", {"path": str(self.path), "why": str(error)})

    def terminate(self, reason: object, state: None) -> None:
        """Leave nothing unwritten."""
        self._write()
