"""What a request asks for, from JSON: inputs, outputs, updates, in the names clients know.

    {"type": "mp4", "path": "film.mp4", "loop": true, "offset_ms": 0, "required": false}
    {"type": "rtmp_server", "port": 1935, "app": "live", "stream_key": "camera"}
    {"type": "rtp_stream", "port": 5004, "video": {"codec": "h264"}, "audio": {"codec": "opus"}}
        or "audio": {"codec": "aac", "audio_specific_config": "1190"}, from the sender's SDP
    {"type": "hls", "url": "http://…/live.m3u8"}       {"type": "srt_server", "port": 9000}
    {"type": "whip_server", "bearer_token": "…"}
    and "apart": true for media nobody trusts, which is then read in a process of its own

    {"type": "mp4", "path": "out.mp4",
     "video": {"resolution": {"width": 640, "height": 360}, "initial": {"root": {…scene…}}},
     "audio": {"initial": {"inputs": [{"input_id": "a", "volume": 0.5}]}}}
     and by RTP also "encoder": {"type": "opus"} in "audio"
    rtmp_client (url), rtp_stream (ip, port), hls (path), whep_server (bearer_token), or preview, the
    same, for a browser that may do without WebRTC

Everything is checked here or in the words it becomes, before anything starts.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeVar

from examples.smelter.apart import Apart
from examples.smelter.complaints import OptionRefused, SpecRefused
from examples.smelter.encode import AudioCodec as Codec
from examples.smelter.encode import Encoding
from examples.smelter.inputs import InputInfo, Supply
from examples.smelter.media import FileSupply, probe
from examples.smelter.mix import InputVolume, MixChange, OutputMix
from examples.smelter.muxer import check_output
from examples.smelter.offsets import MILLISECOND, Floating, FromStart, Media, Ns, Offset
from examples.smelter.protocols.aac import AacConfig
from examples.smelter.protocols.addresses import LOOPBACK, check_host, free_port
from examples.smelter.protocols.hls import HlsSupply
from examples.smelter.protocols.live_sink import LiveSink
from examples.smelter.protocols.outlet import HlsTarget, RtmpTarget, RtpTarget
from examples.smelter.protocols.rtmp import RtmpSupply
from examples.smelter.protocols.rtp import STEREO, AudioCodec, RtpSupply, VideoCodec
from examples.smelter.protocols.srt import SrtSupply
from examples.smelter.protocols.watching import WatchedSink
from examples.smelter.protocols.webrtc import check_webrtc
from examples.smelter.protocols.whip import WhipSupply
from examples.smelter.requests import (
    AllInputs,
    AllOf,
    AnyInput,
    AnyOf,
    AudioPart,
    Ends,
    InputSpec,
    Never,
    OutputSpec,
    Settings,
    Sink,
    VideoPart,
)
from examples.smelter.scene import Component
from examples.smelter.scene_json import scene_of
from examples.smelter.seek import SeekSupply
from examples.smelter.sinks import FileSink
from examples.smelter.web.fields import Fields, named

T = TypeVar("T", bound=str)

__all__ = [
    "LOCAL",
    "AskedInput",
    "AskedOutput",
    "AskedTrack",
    "Update",
    "input_of",
    "output_of",
    "time_of",
    "track_of",
    "update_of",
]

LOCAL = (LOOPBACK, "::1")
"""Addresses that may be listened on unless the one who started the server said otherwise."""

MOST_VOLUME = 2.0
_MOST_PORT = 65535
_LONGEST_TOKEN = 1000


@dataclass(frozen=True, slots=True)
class AskedInput:
    """An input that may be registered."""

    spec: InputSpec
    answer: dict[str, object] = field(default_factory=dict)
    """What the client has to know about it."""


@dataclass(frozen=True, slots=True)
class AskedTrack:
    """What an input may play next."""

    supply: Supply
    offset: Offset | None
    """Where it begins; None is as soon as its turn comes."""
    at: Ns | None
    """When it is put behind the others."""
    answer: dict[str, object]
    """What the client has to know about it."""


@dataclass(frozen=True, slots=True)
class AskedOutput:
    """An output that may be registered."""

    spec: OutputSpec
    at: Ns | None
    """When it begins."""
    answer: dict[str, object] = field(default_factory=dict)
    """What the client has to know about it."""


@dataclass(frozen=True, slots=True)
class Update:
    """What an output is to show or consist of from some time on."""

    scene: Component | None
    mix: MixChange | None
    at: Ns | None


def time_of(fields: Fields) -> Ns | None:
    """Return when something is to be done, None for now."""
    return fields.milliseconds("schedule_time_ms")


# -- inputs ----------------------------------------------------------------------------------------

_Found = tuple[Supply, dict[str, object]]


def input_of(id: str, json: object, hosts: Collection[str] = LOCAL) -> AskedInput:
    """Read what is asked for; opens a file to see what is in it.

    Args:
        id: what it will be called.
        json: what came out of a JSON parser.
        hosts: addresses that an input may listen on.

    Raises:
        SpecRefused: a field makes no sense.
        OptionRefused: an address makes none.
        InputRefused: a file cannot be composed.
    """
    fields = Fields(json)
    read = _INPUTS[fields.choice("type", *_INPUTS)]
    required = fields.flag("required", default=False)
    offset = fields.milliseconds("offset_ms")
    is_apart = fields.flag("apart", default=False)
    supply, answer = read(id, fields, hosts)
    if is_apart and isinstance(supply, WhipSupply):
        raise SpecRefused("apart", True, "false, which it is for every whip_server")
    fields.end()
    where: Offset = Floating() if offset is None else FromStart(offset)
    title = f"{id} {supply.title}"
    return AskedInput(
        InputSpec(Apart(supply) if is_apart else supply, required, where, title), answer
    )


def track_of(json: object) -> AskedTrack:
    """Read what an input is to play next; opens the file to see what is in it.

    Args:
        json: ``{"type": "mp4", "path": "next.mp4", "schedule_time_ms": 2000}``, and what else says
            how a file is read.

    Raises:
        SpecRefused: a field makes no sense.
        InputRefused: the file cannot be composed.
    """
    fields = Fields(json)
    fields.choice("type", "mp4")
    at, offset = time_of(fields), fields.milliseconds("offset_ms")
    is_apart = fields.flag("apart", default=False)
    supply, answer = _mp4("", fields, ())
    fields.end()
    where = None if offset is None else FromStart(offset)
    return AskedTrack(Apart(supply) if is_apart else supply, where, at, answer)


def _mp4(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    path = fields.text("path")
    if not path:
        raise SpecRefused("path", path, "the name of a file")
    info = probe(path)
    answer: dict[str, object] = {
        f"{media}_duration_ms": None
        if one is None or one.duration is None
        else one.duration // 10**6
        for media, one in (("video", info.video), ("audio", info.audio))
    }
    seek = fields.milliseconds("seek_ms") or 0
    _refuse_beyond(info, seek)
    supply = FileSupply(info, loop=fields.flag("loop", default=False))
    return SeekSupply(supply, seek) if seek else supply, answer


def _refuse_beyond(info: InputInfo, seek: Ns) -> None:
    if info.duration is not None and seek >= info.duration:
        accepted = f"a time before its end, {info.duration // MILLISECOND} ms"
        raise SpecRefused("seek_ms", seek // MILLISECOND, accepted)


def _rtmp_server(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    supply = RtmpSupply(
        fields.integer("port", 1024, _MOST_PORT, default=1935),
        fields.text("app"),
        fields.text("stream_key"),
        _host(fields, hosts),
        **_media(fields),
    )
    return supply, {"port": supply.port}


def _rtp_stream(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    fields.choice("transport_protocol", "udp", default="udp")
    video, audio = fields.object("video"), fields.object("audio")
    if video is None and audio is None:
        raise SpecRefused("video", None, "video, audio or both")
    pictures = None if video is None else _video_codec(video)
    sound, config = (None, STEREO) if audio is None else _audio_codec(audio)
    port = fields.integer("port", 1024, _MOST_PORT, default=0) or free_port(socket.SOCK_DGRAM)
    supply = RtpSupply(port, pictures, sound, _host(fields, hosts), config)
    return supply, {"port": supply.port}


def _video_codec(fields: Fields) -> VideoCodec:
    codec: VideoCodec = fields.choice("codec", "h264", "vp8", "vp9", default="h264")
    fields.end()
    return codec


def _audio_codec(fields: Fields) -> tuple[AudioCodec, AacConfig]:
    codec: AudioCodec = fields.choice("codec", "opus", "aac", default="opus")
    config = STEREO
    if codec == "aac" and fields.has("audio_specific_config"):
        try:
            config = AacConfig(fields.text("audio_specific_config"))
        except OptionRefused as refused:
            raise SpecRefused(fields.at(refused.option), refused.came, refused.accepted) from None
    fields.end()
    return codec, config


def _hls(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    return HlsSupply(fields.text("url"), **_media(fields)), {}


def _srt_server(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    port = fields.integer("port", 1024, _MOST_PORT)
    return SrtSupply(port, _host(fields, hosts), **_media(fields)), {"port": port}


def _whip_server(id: str, fields: Fields, hosts: Collection[str]) -> _Found:
    token = _bearer_token(fields)
    answer: dict[str, object] = {"bearer_token": token, "endpoint_route": f"/whip/{id}"}
    return WhipSupply(id, token, **_media(fields)), answer


def _bearer_token(fields: Fields) -> str:
    """Return what is to be shown, one that cannot be guessed by default; no complaint repeats it."""
    given = fields.take("bearer_token")
    if given is None or given == "":
        return secrets.token_urlsafe(32)
    if not isinstance(given, str) or len(given) > _LONGEST_TOKEN:
        accepted = f"a text of at most {_LONGEST_TOKEN} characters"
        raise SpecRefused("bearer_token", "something else", accepted)
    return given


def _host(fields: Fields, hosts: Collection[str]) -> str:
    host = check_host("host", fields.optional_text("host") or LOOPBACK)
    if host not in hosts:
        raise SpecRefused("host", host, f"an address this server may listen on: {', '.join(hosts)}")
    return host


def _media(fields: Fields) -> dict[str, bool]:
    found = {media: fields.flag(media, default=True) for media in ("video", "audio")}
    if not any(found.values()):
        raise SpecRefused("video", False, "true, if audio is false")
    return found


_INPUTS: dict[str, Callable[[str, Fields, Collection[str]], _Found]] = {
    "mp4": _mp4,
    "rtmp_server": _rtmp_server,
    "rtp_stream": _rtp_stream,
    "hls": _hls,
    "srt_server": _srt_server,
    "whip_server": _whip_server,
}


# -- outputs ---------------------------------------------------------------------------------------


_OUTPUTS = ("mp4", "rtmp_client", "rtp_stream", "hls", "whep_server", "preview")


def output_of(json: object, settings: Settings) -> AskedOutput:
    """Read what is asked for; tries whether a file can be written.

    Args:
        json: what came out of a JSON parser.
        settings: of the pipeline, whose rate the output has.

    Raises:
        SpecRefused: a field makes no sense.
        SceneRefused: the scene makes none.
        OptionRefused: an address makes none.
        OutputRefused: a file cannot be written.
    """
    fields = Fields(json)
    kind = fields.choice("type", *_OUTPUTS)
    at = fields.milliseconds("start_at_ms")
    video = _video(fields.object("video"))
    audio, codec = _audio(fields.object("audio"), kind)
    if video is None and audio is None:
        raise SpecRefused("video", None, "video, audio or both")
    size = (2, 2) if video is None else (video.width, video.height)
    rate = Fraction(settings.framerate.num, settings.framerate.den)
    encoding = Encoding(*size, rate, audio_codec=codec)
    sink, answer = _sink(kind, fields, encoding, video, audio)
    fields.end()
    return AskedOutput(OutputSpec(sink, video, audio), at, answer)


def _video(fields: Fields | None) -> VideoPart | None:
    if fields is None:
        return None
    resolution = fields.object("resolution") or Fields(None, fields.at("resolution"))
    width, height = resolution.integer("width", 2, 7682), resolution.integer("height", 2, 4320)
    for side, length in (("width", width), ("height", height)):
        if length % 2:
            raise SpecRefused(resolution.at(side), length, "an even number")
    resolution.end()
    initial = fields.object("initial") or Fields(None, fields.at("initial"))
    scene = _scene(initial)
    initial.end()
    ends = _ends(fields.object("send_eos_when"))
    _encoder(fields.object("encoder"), "ffmpeg_h264")
    fields.end()
    return VideoPart(width, height, scene, ends)


def _scene(fields: Fields) -> Component:
    with named(scene=fields.at("root")):
        return scene_of(fields.take("root"))


def _audio(fields: Fields | None, kind: str) -> tuple[AudioPart | None, Codec]:
    if fields is None:
        return None, "aac"
    initial = fields.object("initial") or Fields(None, fields.at("initial"))
    mix = _mix(fields, _volumes(initial)).of(OutputMix(()))
    initial.end()
    ends = _ends(fields.object("send_eos_when"))
    known: tuple[Codec, ...] = ("aac", "opus") if kind == "rtp_stream" else ("aac",)
    codec = _encoder(fields.object("encoder"), *known)
    fields.end()
    return AudioPart(mix, ends), codec


def _encoder(fields: Fields | None, *known: T) -> T:
    if fields is None:
        return known[0]
    found = fields.choice("type", *known)
    fields.end()
    return found


def _mix(fields: Fields, volumes: tuple[InputVolume, ...]) -> MixChange:
    strategy: Literal["sum_clip", "sum_scale", ""]
    strategy = fields.choice("mixing_strategy", "sum_clip", "sum_scale", default="")
    channels: Literal["stereo", "mono", ""]
    channels = fields.choice("channels", "stereo", "mono", default="")
    return MixChange(volumes, channels or None, strategy or None)


def _volumes(fields: Fields) -> tuple[InputVolume, ...]:
    listed = fields.objects("inputs")
    if listed is None:
        raise SpecRefused(fields.at("inputs"), None, "a list")
    found = []
    for one in listed:
        found.append(InputVolume(one.text("input_id"), one.number("volume", 0, MOST_VOLUME, 1.0)))
        one.end()
    return tuple(found)


def _ends(fields: Fields | None) -> Ends:
    if fields is None:
        return Never()
    found: list[Ends] = []
    for key, make in (("any_of", AnyOf), ("all_of", AllOf)):
        if (ids := fields.take(key)) is not None:
            if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
                raise SpecRefused(fields.at(key), ids, "a list of ids")
            found.append(make(tuple(ids)))
    found += [AnyInput()] if fields.flag("any_input", default=False) else []
    found += [AllInputs()] if fields.flag("all_inputs", default=False) else []
    fields.end()
    if len(found) != 1:
        accepted = "one of any_of, all_of, any_input and all_inputs"
        raise SpecRefused(fields.at("").rstrip("."), len(found), accepted)
    return found[0]


def _sink(
    kind: str,
    fields: Fields,
    encoding: Encoding,
    video: VideoPart | None,
    audio: AudioPart | None,
) -> tuple[Sink, dict[str, object]]:
    match kind:
        case "mp4":
            overwrite = fields.flag("overwrite", default=False)
            return FileSink(check_output(fields.text("path"), overwrite=overwrite), encoding), {}
        case "preview" | "whep_server":
            if kind == "whep_server":
                check_webrtc(kind)
            token = _bearer_token(fields)
            return WatchedSink(token), {}
        case "rtmp_client":
            return LiveSink(RtmpTarget(fields.text("url")), encoding), {}
        case "hls":
            size = fields.integer("max_playlist_size", 1, 1000, default=6)
            return LiveSink(HlsTarget(fields.text("path"), size), encoding), {}
        case _:
            port = fields.integer("port", 1024, _MOST_PORT)
            target = RtpTarget(fields.text("ip"), port)
            media: list[Media] = ["video"] if video is not None else []
            media += ["audio"] if audio is not None else []
            return LiveSink(target, encoding), {"sdp": target.sdp(encoding, tuple(media))}


# -- updates ---------------------------------------------------------------------------------------


def update_of(json: object) -> Update:
    """Read what an output is to change to.

    Args:
        json: ``{"video": {"root": scene}, "audio": {"inputs": […]}, "schedule_time_ms": 2000}``.

    Raises:
        SpecRefused: a field makes no sense, or nothing is to change.
        SceneRefused: the scene makes none.
    """
    fields = Fields(json)
    at = time_of(fields)
    video, audio = fields.object("video"), fields.object("audio")
    if video is None and audio is None:
        raise SpecRefused("video", None, "video, audio or both")
    scene = None if video is None else _scene(video)
    mix = None
    if audio is not None:
        mix = _mix(audio, _volumes(audio))
    for part in (video, audio, fields):
        if part is not None:
            part.end()
    return Update(scene, mix, at)
