"""HLS in: a playlist on the web or on the disk, live or complete.

A complete playlist ends where it says so, and so does the input. Of a live one FFmpeg begins with
the third segment from the end: what is read comes in lumps as long as a segment, ahead of its time,
so nothing has to be waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from examples.smelter.complaints import OptionRefused
from examples.smelter.offsets import MILLISECOND, Ns
from examples.smelter.protocols.addresses import check_url
from examples.smelter.protocols.session import QUICK_PROBE, Session

__all__ = ["HlsSupply"]

_WEB = "http,https,tcp,tls,crypto,data"
_DISK = "file,crypto,data"


@dataclass(frozen=True, slots=True)
class HlsSupply:
    """An input that reads a playlist.

    Raises:
        OptionRefused: neither an http URL nor the path of a file that is there.
    """

    url: str
    """An `http` or `https` URL, or the path of a playlist on this machine."""
    video: bool = True
    """Whether pictures are taken."""
    audio: bool = True
    """Whether sound is taken."""
    buffer: Ns = 200 * MILLISECOND
    """Head start on the line of time."""
    is_live: bool = True
    """What is past is not asked for again."""

    def __post_init__(self) -> None:
        if self._is_web():
            check_url("url", self.url, ("http", "https"))
        elif not isinstance(self.url, str) or "\0" in self.url or not Path(self.url).is_file():
            raise OptionRefused("url", self.url, "an http URL, or the path of a playlist")

    def _is_web(self) -> bool:
        return isinstance(self.url, str) and "://" in self.url

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"hls {Path(self.url).name}"

    def open(self, start: Ns) -> Session:
        """Make the reader of one connection."""
        return Session(self.title, self._load, ends=True, silence=15.0)

    def _load(self) -> InputContainer:
        # A playlist from the web must not reach for files of this machine, nor the other way round.
        web = self._is_web()
        options = {"protocol_whitelist": _WEB if web else _DISK, **QUICK_PROBE}
        url = self.url if web else str(Path(self.url).absolute())
        return av.open(url, format="hls", options=options, timeout=(5.0, 15.0))
