"""WHEP out: a browser, or any WebRTC receiver, watches an output and hears it.

    POST /whep/stage, an SDP offer in the body       watch("stage", Offer(claim, sdp)) -> Answer
    DELETE /whep/stage/session                       leave("stage", claim, session)

The corridor of `whip`, the other way round. The output's *viewers*, a process, starts a *session* for
each of those who watch, a process that awaits a connection (`webrtc`). Sessions fetch what comes next
from the ends of the output, `preview` and `listening`, when they can send it: whoever is slow, or on a
slow line, sees fewer pictures and costs nobody else anything. They are linked: when the viewers end,
so do the sessions, and they hang up.

Source: draft-ietf-wish-whep (WebRTC-HTTP egress protocol).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from actors import (
    CallFailed,
    CallTimeout,
    Exit,
    Exited,
    GenServer,
    Message,
    NoReply,
    NotInProcess,
    Pid,
    Reply,
    call,
    process,
)
from actors.asyncio_bridge import as_process, await_
from examples.smelter.frames import picture_to_av
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE, Picture, Sound
from examples.smelter.protocols.listening import Listening
from examples.smelter.protocols.preview import Preview
from examples.smelter.protocols.webrtc import (
    Answer,
    Asked,
    Claim,
    Conversation,
    Offer,
    OfferRefused,
    Token,
    video_codec_of,
)
from examples.smelter.wire import (
    CONTROL,
    Finished,
    Sing,
    audio_end_of,
    tell,
    video_end_of,
)

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection
    from aiortc.mediastreams import MediaStreamTrack

__all__ = ["MOST_VIEWERS", "Shown", "Viewers", "leave", "viewers_of", "watch"]

MOST_VIEWERS = 8
"""At a time: each of them is encoded for, as its line can take it."""

_BT601 = 5
"""As FFmpeg numbers it."""

PIECE = RATE // 50
"""Samples in a packet."""

LOOK = 0.2
"""Seconds after which an end that has died is looked for again."""

LONGEST = 2.0
"""Seconds that a session waits for something before it looks whether it is still wanted."""

P = ParamSpec("P")
T = TypeVar("T")


def watch(output: str, offer: Offer) -> Answer:
    """Answer an offer to watch an output; waits for up to ten seconds.

    Raises:
        OfferRefused: the token is wrong, nobody shows this output, too many watch it, or the offer
            makes no sense.
    """
    answer = Viewers.watch.within(10.0)(_viewers_of(output), offer)
    if isinstance(answer, OfferRefused):
        raise answer
    return answer


def leave(output: str, claim: Claim, session: str) -> None:
    """End a session.

    Raises:
        OfferRefused: the token is wrong, or there is no such output or session.
    """
    refused = Viewers.leave.within(10.0)(_viewers_of(output), claim, session)
    if refused is not None:
        raise refused


def _viewers_of(output: str) -> str:
    name = viewers_of(output)
    if process.whereis(name) is None:
        raise OfferRefused("output", "nobody shows it here just now")
    return name


def viewers_of(output: str) -> str:
    """Return the name of the process that answers who wants to watch an output."""
    return f"smelter.viewers.{output}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to see and to hear."""

    output: str
    media: tuple[Media, ...]
    rate: Fraction
    """Pictures in a second."""


class Viewers(GenServer[None]):
    """Answers those who want to watch one output. It keeps its state on itself."""

    def init(self, token: Token, shown: Shown) -> None:
        """Begin with nobody."""
        process.trap_exit(True)
        self.token = token
        self.shown = shown
        self.sessions: dict[Pid, str] = {}
        self.ended_at: dict[Media, int] = {}

    @call
    def watch(
        self, state: None, offer: Offer
    ) -> Reply[Answer | OfferRefused, None] | NoReply[None]:
        """Begin a session; it answers when it can."""
        if not self.token.is_shown(offer.claim):
            return Reply(OfferRefused("token", "this is not the token of this output"))
        if len(self.sessions) >= MOST_VIEWERS:
            return Reply(OfferRefused("place", f"{MOST_VIEWERS} watch already"))
        try:
            asked = Asked.by(self.caller, offer.sdp)
        except OfferRefused as refused:
            return Reply(refused)
        session = process.spawn_link(_session, self.shown, asked)
        self.sessions[session] = asked.session
        return NoReply()

    @call
    def leave(self, state: None, claim: Claim, session: str) -> Reply[OfferRefused | None, None]:
        """End a session."""
        if not self.token.is_shown(claim):
            return Reply(OfferRefused("token", "this is not the token of this output"))
        for pid, name in self.sessions.items():
            if hmac.compare_digest(name.encode(), session.encode()):
                process.send_exit(pid, "shutdown")
                return Reply(None)
        return Reply(OfferRefused("session", "it is over, or never was"))

    def handle_cast(self, request: Message, state: None) -> None:
        """Hear from an end of the output that there is no more."""
        match request:
            case ("ended", "video" | "audio" as media, int() as count):
                self.ended_at[media] = count
            case _:
                raise TypeError(f"viewers are not told {request!r}")
        if self.ended_at.keys() == set(self.shown.media):
            ticks, samples = self.ended_at.get("video", 0), self.ended_at.get("audio", 0)
            tell(CONTROL, Finished(self.shown.output, "preview", ticks, ticks, samples))

    def handle_info(self, message: Message, state: None) -> None:
        """Notice the end of a session."""
        if isinstance(message, Exited):
            self.sessions.pop(message.pid, None)


# -- a session: a process that awaits a connection ------------------------------------------------


def _session(shown: Shown, asked: Asked) -> None:
    """Answer an offer and send what is shown until it ends; the body of a process."""
    await_(_show(shown, asked))


async def _show(shown: Shown, asked: Asked) -> None:
    """Live as long as the connection."""
    pictures = Pictures(shown)

    def offer(peer: RTCPeerConnection) -> None:
        """Send what the output has and the other end wants."""
        for one in peer.getTransceivers():
            one.direction = "inactive"
            if one.kind in shown.media:
                one.direction = "sendonly"
                feed = pictures if one.kind == "video" else Pieces(shown)
                one.sender.replaceTrack(_track(one.kind, feed))

    def answered(sdp: str) -> None:
        """Choose the colours that the other end will take these to be."""
        pictures.is_bt601 = video_codec_of(sdp) == "vp8"

    await Conversation().hold(asked, after=offer, answered=answered)


def _track(kind: str, feed: Pictures | Pieces) -> MediaStreamTrack:
    from aiortc.mediastreams import MediaStreamTrack  # noqa: PLC0415

    class Track(MediaStreamTrack):
        """Asks for what comes next; aiortc encodes and sends it."""

        def __init__(self) -> None:
            super().__init__()
            self.kind = kind

        async def recv(self) -> av.VideoFrame | av.AudioFrame:
            return await feed.following()

    return Track()


class Pictures:
    """The pictures of an output, as frames."""

    def __init__(self, shown: Shown) -> None:
        self._end = video_end_of(shown.output)
        self._rate = shown.rate
        self._tick = -1
        self._shift = 0
        self._reformatter = VideoReformatter()
        self.is_bt601 = False
        """Whether it goes out with the coefficients of BT.601: nothing in VP8 says which they are."""

    async def following(self) -> av.VideoFrame:
        """Return the next picture; waits for it."""
        draw = await _patiently(Preview.picture.within(LONGEST), self._end, self._tick)
        if draw.tick <= self._tick:
            # A pipeline that has begun anew; for who watches, time goes on.
            self._shift += self._tick + 1 - draw.tick
        self._tick = draw.tick
        frame = await asyncio.to_thread(self._frame, draw.picture)
        frame.pts, frame.time_base = self._tick + self._shift, 1 / self._rate
        return frame

    def _frame(self, picture: Picture) -> av.VideoFrame:
        frame = picture_to_av(picture)
        if not self.is_bt601:
            return frame
        return self._reformatter.reformat(
            frame, format="yuv420p", dst_colorspace=_BT601, dst_color_range=ColorRange.MPEG
        )


class Pieces:
    """The sound of an output, in pieces of 20 ms."""

    def __init__(self, shown: Shown) -> None:
        self._end = audio_end_of(shown.output)
        self._position: int | None = None
        self._shift = 0
        self._sound: Sound = np.zeros((0, 2), np.float32)

    async def following(self) -> av.AudioFrame:
        """Return the next piece; waits for it."""
        while len(self._sound) < PIECE:
            reached = None if self._position is None else self._position + len(self._sound)
            sing = await _patiently(Listening.since.within(LONGEST), self._end, reached)
            self._take(sing, reached)
        assert self._position is not None
        piece, self._sound = self._sound[:PIECE], self._sound[PIECE:]
        whole = np.rint(np.clip(piece, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._position + self._shift
        self._position += PIECE
        return frame

    def _take(self, sing: Sing, reached: int | None) -> None:
        if sing.position == reached:
            self._sound = np.concatenate([self._sound, sing.sound])
            return
        if reached is not None and sing.position < reached:
            # A pipeline that has begun anew; for who listens, time goes on.
            self._shift += reached - sing.position
        self._position, self._sound = sing.position, sing.sound


async def _patiently(ask: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """Ask until there is an answer: whoever was killed a moment ago has a successor soon."""
    from aiortc.mediastreams import MediaStreamError  # noqa: PLC0415

    while True:
        try:
            return await as_process(ask, *args, **more)
        except CallTimeout:
            continue  # nothing to see or hear just now
        except CallFailed:
            await asyncio.sleep(LOOK)
        except (NotInProcess, Exit):
            raise MediaStreamError from None
