"""RTMP in: the input listens, and whoever reaches its port may push to it.

FFmpeg does the talking. It does not refuse a publisher of another app or key, so the key is no secret
that keeps anybody out: what does is the address that is listened on. It accepts one publisher; when
that one leaves, the session is lost and the next one listens again. While nobody is there, listening
is renewed every two seconds, so that the input can end in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass, field

import av
from av.container import InputContainer

from examples.smelter.complaints import PeerLost
from examples.smelter.offsets import MILLISECOND, Ns
from examples.smelter.protocols.addresses import LOOPBACK, check_host, check_port, check_word
from examples.smelter.protocols.session import PATIENCE, QUICK_PROBE, Session

__all__ = ["RtmpSupply"]

LISTENING = 2.0
"""Seconds after which listening is renewed; a publisher who just then begins has to try again."""


@dataclass(frozen=True, slots=True)
class RtmpSupply:
    """An input that an encoder such as OBS or ffmpeg pushes to.

    Raises:
        OptionRefused: a part of its address is none.

    Example:
        >>> RtmpSupply(1935, "live", "camera").url
        'rtmp://127.0.0.1:1935/live/camera'
    """

    port: int
    """Where it listens."""
    app: str
    """First part of the path."""
    key: str = field(repr=False)
    """Second part, for encoders that want one; nobody is refused who does not know it."""
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
        check_word("app", self.app)
        check_word("stream_key", self.key)
        check_host("host", self.host)

    @property
    def title(self) -> str:
        """What people know it by; without the key, which is a secret."""
        return f"rtmp port {self.port} {self.app}"

    @property
    def url(self) -> str:
        """What an encoder is to be told."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtmp://{host}:{self.port}/{self.app}/{self.key}"

    def open(self, start: Ns) -> Session:
        """Make the reader of one session; nothing of a live input lies before it."""
        return Session(self.title, self._listen, silence=5 * PATIENCE)

    def _listen(self) -> InputContainer | None:
        options = {"listen": "1", **QUICK_PROBE}
        # Whoever came and went before anything was sent is nobody.
        with contextlib.suppress(av.error.ExitError, OSError):
            return av.open(self.url, "r", options=options, timeout=(LISTENING, PATIENCE))
        self._refuse_if_taken()
        return None

    def _refuse_if_taken(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with socket.create_server((self.host, self.port), family=family):
                return
        except OSError as error:
            why = os.strerror(error.errno or errno.EADDRINUSE)
            raise PeerLost(self.title, f"cannot listen ({why})") from None
