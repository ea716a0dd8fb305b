"""RTP in and out, described by SDP: pictures on one port, sound two ports further.

H.264, VP8 or VP9 with payload type 96, Opus or AAC with 97. Nothing tells a receiver of datagrams
that nobody sends, so an input waits for as long as it takes, and a silence of five seconds counts
as a loss.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Literal, get_args

import av
from av.container import InputContainer

from examples.smelter.complaints import OptionRefused
from examples.smelter.offsets import MILLISECOND, Ns
from examples.smelter.protocols.aac import AacConfig, aac_parameters
from examples.smelter.protocols.addresses import LOOPBACK, check_host, check_port
from examples.smelter.protocols.session import PATIENCE, QUICK_PROBE, Session

__all__ = ["STEREO", "AudioCodec", "RtpSupply", "VideoCodec", "sdp"]

VideoCodec = Literal["h264", "vp8", "vp9"]
AudioCodec = Literal["opus", "aac"]

_VIDEO, _AUDIO = 96, 97

STEREO = AacConfig("1190")
"""48 kHz in stereo."""


def sdp(
    host: str,
    port: int,
    video: VideoCodec | None,
    audio: AudioCodec | None,
    aac: AacConfig = STEREO,
) -> str:
    """Describe a session to whoever receives it.

    Example:
        >>> print(sdp("127.0.0.1", 5004, "vp8", None))
        v=0
        o=- 0 0 IN IP4 127.0.0.1
        s=smelter
        c=IN IP4 127.0.0.1
        t=0 0
        m=video 5004 RTP/AVP 96
        a=rtpmap:96 VP8/90000
    """
    family = "IP6" if ":" in host else "IP4"
    lines = ["v=0", f"o=- 0 0 IN {family} {host}", "s=smelter", f"c=IN {family} {host}", "t=0 0"]
    if video is not None:
        lines += [f"m=video {port} RTP/AVP {_VIDEO}", f"a=rtpmap:{_VIDEO} {video.upper()}/90000"]
        lines += [f"a=fmtp:{_VIDEO} packetization-mode=1"] if video == "h264" else []
    if audio is not None:
        at = port if video is None else port + 2
        lines += [f"m=audio {at} RTP/AVP {_AUDIO}"]
        if audio == "aac":
            lines += [f"a=rtpmap:{_AUDIO} MPEG4-GENERIC/{aac.rate}/{aac.channels}"]
            lines += [aac_parameters(_AUDIO, aac.text)]
        else:
            lines += [f"a=rtpmap:{_AUDIO} {audio}/48000/2"]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class RtpSupply:
    """An input that receives RTP.

    Raises:
        OptionRefused: an odd port, an unknown codec, or neither video nor audio.
    """

    port: int
    """Where pictures arrive; even. Sound arrives two ports further, or here if it is alone."""
    video_codec: VideoCodec | None = "h264"
    """What the pictures are, None for no pictures."""
    audio_codec: AudioCodec | None = "opus"
    """What the sound is, None for no sound."""
    host: str = LOOPBACK
    """The address it listens on."""
    aac: AacConfig = STEREO
    """What the sender's SDP says of its AAC."""
    buffer: Ns = 300 * MILLISECOND
    """How long an item may take from the sender to the queue."""
    is_live: bool = True
    """It cannot be asked for what is past."""

    def __post_init__(self) -> None:
        check_host("host", self.host)
        if check_port("port", self.port) % 2 or self.port > 65532:
            raise OptionRefused("port", self.port, "an even port below 65533")
        if self.video_codec is None and self.audio_codec is None:
            raise OptionRefused("rtp_stream", "neither video nor audio", "at least one of both")
        for field, codec, known in (
            ("video", self.video_codec, get_args(VideoCodec)),
            ("audio", self.audio_codec, get_args(AudioCodec)),
        ):
            if codec is not None and codec not in known:
                raise OptionRefused(field, codec, f"one of {', '.join(known)}")

    @property
    def video(self) -> bool:
        """Whether there are pictures."""
        return self.video_codec is not None

    @property
    def audio(self) -> bool:
        """Whether there is sound."""
        return self.audio_codec is not None

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"rtp port {self.port}"

    def open(self, start: Ns) -> Session:
        """Make the reader of one session."""
        return Session(self.title, self._listen, silence=5 * PATIENCE)

    def _listen(self) -> InputContainer | None:
        text = sdp(self.host, self.port, self.video_codec, self.audio_codec, self.aac)
        options = {
            "protocol_whitelist": "file,udp,rtp",
            "localaddr": self.host,
            "reorder_queue_size": "128",
            **QUICK_PROBE,
        }
        with contextlib.suppress(av.error.ExitError):
            return av.open(
                io.BytesIO(text.encode()),
                "r",
                format="sdp",
                options=options,
                timeout=(PATIENCE, PATIENCE),
            )
        return None
