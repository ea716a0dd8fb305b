"""What one input or output has for itself: a port it listens on, a file it writes, a receiver.

Two of them at one place would both be granted and then spoil each other's work, or fail one after the
other long after the answer; so the second one is refused.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.smelter.apart import Apart
from examples.smelter.complaints import SpecRefused
from examples.smelter.inputs import Supply
from examples.smelter.media import FileSupply
from examples.smelter.protocols.live_sink import LiveSink
from examples.smelter.protocols.outlet import HlsTarget, RtmpTarget, RtpTarget
from examples.smelter.protocols.rtmp import RtmpSupply
from examples.smelter.protocols.rtp import RtpSupply
from examples.smelter.protocols.srt import SrtSupply
from examples.smelter.requests import Sink
from examples.smelter.seek import SeekSupply
from examples.smelter.sinks import FileSink

__all__ = ["Ports", "listened_on", "refuse_shared", "refuse_taken", "refuse_written"]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where an input listens."""

    host: str
    numbers: frozenset[int]
    kind: socket.SocketKind

    def overlaps(self, other: Ports) -> bool:
        """Tell whether not both can listen."""
        return self.kind == other.kind and bool(self.numbers & other.numbers)


def listened_on(supply: Supply) -> Ports | None:
    """Return where an input listens, None if it does not."""
    match supply:
        case Apart(inner):
            return listened_on(inner)
        case RtmpSupply(port=port, host=host):
            return Ports(host, frozenset({port}), socket.SOCK_STREAM)
        case SrtSupply(port=port, host=host):
            return Ports(host, frozenset({port}), socket.SOCK_DGRAM)
        case RtpSupply(port=port, host=host):
            # Each medium has a second port, for reports.
            count = 4 if supply.video and supply.audio else 2
            return Ports(host, frozenset(range(port, port + count)), socket.SOCK_DGRAM)
        case _:
            return None


def refuse_taken(ports: Ports, inputs: Iterable[tuple[str, Supply]]) -> None:
    """Refuse ports that another input, or another program, listens on.

    Raises:
        SpecRefused: they are taken.
    """
    for id, supply in inputs:
        other = listened_on(supply)
        if other is not None and ports.overlaps(other):
            raise SpecRefused("port", min(ports.numbers), f"free: input {id} listens there")
    family = socket.AF_INET6 if ":" in ports.host else socket.AF_INET
    for port in sorted(ports.numbers):
        with socket.socket(family, ports.kind) as one:
            # As FFmpeg does it: what a connection that has just ended leaves behind is no obstacle.
            if ports.kind == socket.SOCK_STREAM:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((ports.host, port))
            except OSError as error:
                accepted = f"a port that is free here ({error.strerror})"
                raise SpecRefused("port", port, accepted) from None


def refuse_written(path: object, outputs: Mapping[str, Sink]) -> None:
    """Refuse a file that an output writes.

    Args:
        path: as a client wrote it; what is no path is refused by whoever reads it.
        outputs: that there are.

    Raises:
        SpecRefused: one of them writes there.
    """
    if not isinstance(path, str) or "\0" in path:
        return
    place = ("file", str(Path(path).resolve()))
    for id, other in outputs.items():
        theirs = _written(other)
        if theirs is not None and theirs[2] == place:
            raise SpecRefused("path", path, f"its own: output {id} writes there")


def refuse_shared(
    sink: Sink, outputs: Mapping[str, Sink], inputs: Iterable[tuple[str, Supply]]
) -> None:
    """Refuse an output that writes where another one does, or what an input reads.

    Raises:
        SpecRefused: it does.
    """
    found = _written(sink)
    if found is None:
        return
    field, came, place = found
    for id, other in outputs.items():
        theirs = _written(other)
        if theirs is not None and theirs[2] == place:
            raise SpecRefused(field, came, f"its own: output {id} writes there")
    for id, supply in inputs:
        name = _read(supply)
        if name is not None and place == ("file", str(Path(name).resolve())):
            raise SpecRefused(field, came, f"its own: input {id} reads it")


def _written(sink: Sink) -> tuple[str, object, tuple[str, str]] | None:
    """Return the field that says it, what stands there, and what it comes to."""
    match sink:
        case FileSink(target):
            return "path", str(target.path), ("file", str(target.path.resolve()))
        case LiveSink(HlsTarget(path)):
            return "path", path, ("file", str(Path(path).resolve()))
        case LiveSink(RtpTarget(host, port)):
            return "port", port, ("rtp", f"{host} {port}")
        case LiveSink(RtmpTarget(url) as target):
            return "url", target.title, ("rtmp", url)
        case _:
            return None


def _read(supply: Supply) -> str | None:
    match supply:
        case Apart(inner):
            return _read(inner)
        case SeekSupply(file):
            return _read(file)
        case FileSupply(info):
            return info.name
        case _:
            return None
