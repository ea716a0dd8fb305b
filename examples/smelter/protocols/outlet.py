"""The writing end of live outputs: encoded packets to RTMP, RTP or HLS, by FFmpeg.

A plain object for one process with a thread of its own; what it does blocks for a few seconds at
the most. Times of what goes out count from the first packet. Whoever is watching misses what was
not sent: there is no going back, and a new outlet begins with a key frame.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream

from examples.smelter.complaints import OptionRefused, PeerLost
from examples.smelter.encode import (
    AudioEncoder,
    Encoding,
    Packet,
    VideoEncoder,
    configure_audio,
    configure_video,
)
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE
from examples.smelter.protocols.aac import aac_parameters
from examples.smelter.protocols.addresses import check_host, check_port, check_url
from examples.smelter.protocols.program import Program, check_ffmpeg

__all__ = ["HlsTarget", "LiveTarget", "Outlet", "RtmpTarget", "RtpTarget"]

PATIENCE = 3.0
"""Seconds that a receiver may take nothing before it counts as lost."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One container to open."""

    to: str | Program
    format: str
    media: tuple[Media, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    in_band: bool = False
    """Whether a key frame has to carry the parameter sets, because there is no header."""


@dataclass(frozen=True, slots=True)
class RtmpTarget:
    """An RTMP server.

    Raises:
        OptionRefused: no rtmp URL with an app and a stream key.
    """

    url: str = field(repr=False)
    """Such as ``rtmp://127.0.0.1:1935/live/key``."""

    def __post_init__(self) -> None:
        check_url("url", self.url, ("rtmp", "rtmps"))
        check_ffmpeg("rtmp_client")
        if len([part for part in urlsplit(self.url).path.split("/") if part]) < 2:
            raise OptionRefused("url", self.url, "rtmp://host[:port]/app/key")

    @property
    def title(self) -> str:
        """What people know it by; without the key, which is a secret."""
        return f"rtmp {urlsplit(self.url).netloc.rpartition('@')[2]}"

    def ways(self, media: tuple[Media, ...]) -> list[_Way]:
        """Start an ffmpeg that pushes what it is given.

        Not PyAV, which holds the interpreter's lock while it opens an output: a server that is slow
        to answer would stop everybody here.
        """
        arguments = ["-analyzeduration", "0", "-f", "flv", "-i", "pipe:0", "-c", "copy"]
        # It tells how it goes on from the moment on that the server has let it in.
        arguments += ["-progress", "pipe:1"]
        program = Program([*arguments, "-f", "flv", self.url], patience=PATIENCE)
        return [_Way(program, "flv", media)]


@dataclass(frozen=True, slots=True)
class RtpTarget:
    """A receiver of RTP: pictures to one port, sound two ports further.

    Raises:
        OptionRefused: no address, or an odd port.
    """

    host: str
    """Where it is, as a number."""
    port: int
    """Even."""

    def __post_init__(self) -> None:
        check_host("ip", self.host)
        if check_port("port", self.port) % 2 or self.port > 65532:
            raise OptionRefused("port", self.port, "an even port below 65533")

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"rtp {self.host}:{self.port}"

    def sdp(self, encoding: Encoding, media: tuple[Media, ...] = ("video", "audio")) -> str:
        """Describe what is sent to whoever is to receive it."""
        family = "IP6" if ":" in self.host else "IP4"
        lines = ["v=0", f"o=- 0 0 IN {family} {self.host}", "s=smelter"]
        lines += [f"c=IN {family} {self.host}", "t=0 0"]
        if "video" in media:
            lines += [f"m=video {self.port} RTP/AVP 96", "a=rtpmap:96 H264/90000"]
            units = VideoEncoder(encoding).header.split(b"\0\0\0\1")[1:]
            sets = ",".join(base64.b64encode(unit).decode() for unit in units[:2])
            lines += [f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}"]
        if "audio" in media:
            lines += [f"m=audio {self.port + 2} RTP/AVP 97"]
            if encoding.audio_codec == "opus":
                lines += [f"a=rtpmap:97 opus/{RATE}/2"]
            else:
                lines += [f"a=rtpmap:97 MPEG4-GENERIC/{RATE}/2"]
                lines += [aac_parameters(97, AudioEncoder(encoding).header.hex())]
        return "\n".join(lines)

    def ways(self, media: tuple[Media, ...]) -> list[_Way]:
        """Return what to open: one container for each medium."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        ports: dict[Media, int] = {"video": self.port, "audio": self.port + 2}
        types: dict[Media, str] = {"video": "96", "audio": "97"}
        return [
            _Way(
                f"rtp://{host}:{ports[one]}?pkt_size=1200",
                "rtp",
                (one,),
                {"payload_type": types[one]},
                in_band=True,
            )
            for one in media
        ]


@dataclass(frozen=True, slots=True)
class HlsTarget:
    """A playlist and its segments in a folder of their own.

    Raises:
        OptionRefused: the folder cannot be written, or the name is no playlist's.
    """

    path: str
    """The playlist, ``…/name.m3u8``; segments lie beside it."""
    segments: int = 6
    """How many there are at a time; older ones are removed."""
    seconds: int = 2
    """How long each is."""

    def __post_init__(self) -> None:
        path = Path(self.path) if isinstance(self.path, str) and "\0" not in self.path else None
        if path is None or path.suffix != ".m3u8":
            raise OptionRefused("path", self.path, "a path that ends in .m3u8")
        if not path.parent.is_dir():
            accepted = f"one in a folder that is there: there is no folder {path.parent}"
            raise OptionRefused("path", self.path, accepted)
        if not 1 <= self.segments <= 1000:
            raise OptionRefused("max_playlist_size", self.segments, "a number from 1 to 1000")

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"hls {Path(self.path).name}"

    def ways(self, media: tuple[Media, ...]) -> list[_Way]:
        """Return what to open; a playlist that is there already is gone on with."""
        options = {
            "hls_time": str(self.seconds),
            "hls_list_size": str(self.segments),
            "hls_flags": "delete_segments+append_list+independent_segments",
            "hls_allow_cache": "0",
        }
        return [_Way(str(Path(self.path).absolute()), "hls", media, options, in_band=True)]


LiveTarget = RtmpTarget | RtpTarget | HlsTarget
"""Where a live output goes."""


def _audio_stream(container: OutputContainer, encoding: Encoding) -> AudioStream:
    match encoding.audio_codec:
        case "opus":
            return container.add_stream("libopus", RATE)
        case _:
            return container.add_stream("aac", RATE)


class Outlet:
    """Writes packets to a target.

    Args:
        target: where to.
        encoding: the settings that the encoders have.
        media: what will come.

    Raises:
        PeerLost: the target cannot be reached.
    """

    def __init__(
        self,
        target: LiveTarget,
        encoding: Encoding,
        media: tuple[Media, ...] = ("video", "audio"),
    ) -> None:
        self._title = target.title
        self._header = VideoEncoder(encoding).header if "video" in media else b""
        self._streams: dict[Media, tuple[OutputContainer, Stream, bool]] = {}
        self._containers: list[OutputContainer] = []
        self._zero: Fraction | None = None
        self._has_key = "video" not in media
        self._programs: list[Program] = []
        try:
            for way in target.ways(media):
                self._open(way, encoding)
        except (OSError, FFmpegError) as error:
            self.abandon()
            raise self._lost(error) from error

    def _open(self, way: _Way, encoding: Encoding) -> None:
        if isinstance(way.to, Program):
            self._programs.append(way.to)
        container = av.open(way.to, "w", format=way.format, options=dict(way.options))
        self._containers.append(container)
        if "video" in way.media:
            video = container.add_stream("libx264", encoding.rate)
            configure_video(video.codec_context, encoding)
            self._streams["video"] = (container, video, way.in_band)
        if "audio" in way.media:
            audio = _audio_stream(container, encoding)
            configure_audio(audio.codec_context, encoding)
            self._streams["audio"] = (container, audio, way.in_band)
        container.start_encoding()

    def is_let_in(self) -> bool:
        """Tell whether the other end is there: what a pipe takes, it takes by itself."""
        return all(program.has_spoken() for program in self._programs)

    def write(self, packets: Iterable[Packet]) -> None:
        """Send packets; before the first key frame they are left out.

        Raises:
            PeerLost: the other end has gone, or takes nothing.
        """
        for packet in packets:
            self._has_key = self._has_key or (packet.media == "video" and packet.keyframe)
            if self._has_key and packet.media in self._streams:
                self._write(packet)

    def _write(self, packet: Packet) -> None:
        container, stream, in_band = self._streams[packet.media]
        at = packet.pts * packet.time_base
        if self._zero is None:
            self._zero = at
        if at < self._zero:
            return
        with_header = in_band and packet.media == "video" and packet.keyframe
        raw = av.Packet(self._header + packet.data if with_header else packet.data)
        raw.time_base = packet.time_base
        raw.pts = raw.dts = round((at - self._zero) / packet.time_base)
        raw.duration, raw.is_keyframe, raw.stream = packet.duration, packet.keyframe, stream
        try:
            container.mux_one(raw)
        except (OSError, FFmpegError) as error:
            self.abandon()
            raise self._lost(error) from error

    def close(self) -> None:
        """Say goodbye and hang up; again is no error."""
        containers, self._containers = self._containers, []
        programs, self._programs = self._programs, []
        self._streams.clear()
        for container in containers:
            with contextlib.suppress(OSError, FFmpegError):
                container.close()
        for program in programs:
            program.finish()

    def abandon(self) -> None:
        """Hang up without a word."""
        for program in self._programs:
            program.end()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _lost(self, error: Exception) -> PeerLost:
        # What our end of a pipe raised is told as the cause of FFmpeg's complaint about it.
        error = error.__cause__ if isinstance(error.__cause__, OSError) else error
        why = error.strerror if isinstance(error, OSError) else str(error)
        if isinstance(error, BrokenPipeError):
            # All that an ffmpeg says by ending, which has tried to reach the server.
            why = f"is not there, has hung up, or does not know this app and key ({why})"
        return PeerLost(self._title, why or "takes nothing any more")
