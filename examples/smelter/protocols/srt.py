"""SRT in: Debian's ffmpeg listens in a program of its own and hands MPEG-TS through a pipe.

The wheels of PyAV do not speak SRT. When the program dies, its session is lost and the next one
starts another.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import partial

import av
from av.container import InputContainer

from examples.smelter.complaints import PeerLost
from examples.smelter.offsets import MILLISECOND, Ns
from examples.smelter.protocols.addresses import LOOPBACK, check_host, check_port, is_taken
from examples.smelter.protocols.program import Program, check_ffmpeg
from examples.smelter.protocols.session import PATIENCE, QUICK_PROBE, Session

__all__ = ["SrtReader", "SrtSupply"]


@dataclass(frozen=True, slots=True)
class SrtSupply:
    """An input that an encoder pushes to over SRT.

    Raises:
        OptionRefused: no port, or no ffmpeg on this machine.
    """

    port: int
    """Where it listens."""
    host: str = LOOPBACK
    """The address it listens on."""
    video: bool = True
    """Whether pictures are taken."""
    audio: bool = True
    """Whether sound is taken."""
    buffer: Ns = 300 * MILLISECOND
    """How long an item may take from the encoder to the queue."""
    is_live: bool = True
    """It cannot be asked for what is past."""

    def __post_init__(self) -> None:
        check_port("port", self.port)
        check_host("host", self.host)
        check_ffmpeg("srt_server")

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"srt port {self.port}"

    def open(self, start: Ns) -> SrtReader:
        """Start the program and make the reader of what it hands on."""
        return SrtReader(self)


class SrtReader(Session):
    """A session that has a program to end when it ends."""

    def __init__(self, supply: SrtSupply) -> None:
        if is_taken(supply.host, supply.port, socket.SOCK_DGRAM):
            # The program would not say it.
            raise PeerLost(supply.title, "the port is in use by another program")
        host = f"[{supply.host}]" if ":" in supply.host else supply.host
        url = f"srt://{host}:{supply.port}?mode=listener"
        arguments = ["-nostdin", "-i", url, "-c", "copy", "-f", "mpegts", "pipe:1"]
        self.program = Program(arguments, patience=5 * PATIENCE)
        super().__init__(supply.title, partial(_take_over, self.program, supply.title))

    def close(self) -> None:
        """Hang up and end the program."""
        super().close()
        self.program.end()


def _take_over(program: Program, name: str) -> InputContainer | None:
    if not program.has_something(PATIENCE):
        return None
    if program.has_ended:
        raise PeerLost(name, "its ffmpeg has ended")
    return av.open(program, "r", format="mpegts", options=dict(QUICK_PROBE))
