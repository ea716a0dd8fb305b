"""A file as FFmpeg opens it, and which of its streams count."""

from __future__ import annotations

from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from examples.smelter.complaints import InputRefused

__all__ = ["open_container", "streams_of"]

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,live_flv,asf,ogg,nut,mxf,ivf,"
    "yuv4mpegpipe,h264,hevc,av1,obu,m4v,mpegvideo,mjpeg,dv,gif,apng,png_pipe,jpeg_pipe,webp_pipe,"
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr"
)
"""FFmpeg's names of what is read here. Playlists are missing, because they may name anything on the
network, and so are those that take every text for media."""


def open_container(name: str) -> InputContainer:
    """Open a file, and nothing else it may name.

    Raises:
        InputRefused: it is missing, cut off, or not media.
    """
    # An absolute path is never taken for a URL, and a playlist must not reach for the network.
    path = str(Path(name).absolute())
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        return av.open(path, options=options, metadata_errors="replace")
    except FFmpegError as error:
        raise InputRefused(name, _why_not_opened(name)) from error


def _why_not_opened(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            is_mp4 = file.read(8)[4:] == b"ftyp"
    except OSError as error:
        return error.strerror or "cannot be opened"
    return "cut off: its index is missing" if is_mp4 else "not media"


def streams_of(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """Return what of a file is seen and heard."""
    # The cover of an album counts as a video stream, but there is nothing to see over time.
    videos = (s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
    return next(videos, None), next(iter(container.streams.audio), None)
