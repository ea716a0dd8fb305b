"""WHIP in: a browser, or any WebRTC sender, publishes to the pipeline.

    POST /whip/camera, an SDP offer in the body      offer("camera", Offer(claim, sdp)) -> Answer
    DELETE /whip/camera/session                      hang_up("camera", claim, session)

The input's reader opens a *gate*, a process that is known by the input's id. It keeps the last half
second of what arrives, until the reader takes it. For each publisher it starts a *session*, a process
that awaits a connection (`webrtc`). They are linked: when the gate ends, however that happens, so does
the session, and it hangs up.

One session at a time: a publisher who shows the token takes the place of the one before, at the moment
in which the two ends have agreed. An offer that comes to nothing disturbs nobody.

Source: RFC 9725 (WebRTC-HTTP ingestion protocol).
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
from av.audio.resampler import AudioResampler

from actors import (
    Caller,
    Exited,
    GenServer,
    Message,
    NoReply,
    Pid,
    Reply,
    call,
    cast,
    process,
)
from actors.asyncio_bridge import await_
from examples.smelter.complaints import PeerLost
from examples.smelter.frames import Uniform, sound_from_av
from examples.smelter.inputs import NOTHING, AudioInfo, InputInfo, Item, Nothing, VideoInfo
from examples.smelter.offsets import MILLISECOND, Media, Ns
from examples.smelter.pictures import RATE, SECOND, Frame, Samples
from examples.smelter.protocols.addresses import check_word
from examples.smelter.protocols.gates import start_after
from examples.smelter.protocols.webrtc import (
    Answer,
    Asked,
    Claim,
    Conversation,
    Offer,
    OfferRefused,
    Token,
    check_webrtc,
)
from examples.smelter.sessions import Leaps

if TYPE_CHECKING:
    from aiortc.mediastreams import MediaStreamTrack

__all__ = ["WhipGate", "WhipReader", "WhipSupply", "hang_up", "offer"]

KEPT: Ns = SECOND // 2
"""How much of what has arrived is kept for a reader that takes its time."""

PATIENCE = 0.5
"""Seconds that a reader waits for something before it looks at its mailbox."""


def gate_of(name: str) -> str:
    """Return the name of the process that answers offers for an input."""
    return f"smelter.whip.{name}"


def offer(name: str, offer: Offer) -> Answer:
    """Answer an offer to publish to an input; waits for up to ten seconds.

    Raises:
        OfferRefused: the token is wrong, there is no such input, or the offer makes no sense.
    """
    if process.whereis(gate_of(name)) is None:
        raise OfferRefused("input", "nobody listens here just now")
    answer = WhipGate.offer.within(10.0)(gate_of(name), offer)
    if isinstance(answer, OfferRefused):
        raise answer
    return answer


def hang_up(name: str, claim: Claim, session: str) -> None:
    """End a session; the input waits for the next one.

    Raises:
        OfferRefused: the token is wrong, or there is no such input or session.
    """
    if process.whereis(gate_of(name)) is None:
        raise OfferRefused("input", "nobody listens here just now")
    refused = WhipGate.hang_up.within(10.0)(gate_of(name), claim, session)
    if refused is not None:
        raise refused


@dataclass(frozen=True, slots=True)
class WhipSupply:
    """An input that is published to over WebRTC.

    Raises:
        OptionRefused: a name that cannot stand in a URL, or a token that can be guessed.
    """

    name: str
    """The last part of its URL."""
    token: str = field(repr=False)
    """What a publisher has to show; at least 16 characters."""
    video: bool = True
    """Whether pictures are taken."""
    audio: bool = True
    """Whether sound is taken."""
    buffer: Ns = 300 * MILLISECOND
    """How long an item may take from the publisher to the queue."""
    is_live: bool = True
    """It cannot be asked for what is past."""

    def __post_init__(self) -> None:
        check_webrtc("whip_server")
        check_word("id", self.name)
        Token(self.token)

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"whip {self.name}"

    def open(self, start: Ns) -> WhipReader:
        """Open the gate."""
        return WhipReader(self)


class WhipReader:
    """Takes what has arrived from the gate."""

    def __init__(self, supply: WhipSupply) -> None:
        self._gate = start_after(WhipGate, supply, name=gate_of(supply.name))
        video = VideoInfo("webrtc", 0, 0, None, None) if supply.video else None
        audio = AudioInfo("webrtc", RATE, 2, None) if supply.audio else None
        self._info = InputInfo(supply.title, "whip", video, audio, Fraction(0), None)

    @property
    def info(self) -> InputInfo:
        """What is being read."""
        return self._info

    def read(self) -> Item | Nothing:
        """Give the next item, or `NOTHING` if there is none yet.

        Raises:
            PeerLost: the publisher has gone.
        """
        found = WhipGate.get.within(PATIENCE + 5)(self._gate)
        if isinstance(found, PeerLost):
            raise found
        return found

    def close(self) -> None:
        """Close the gate, and hang up."""
        if process.is_alive(self._gate):
            GenServer.stop(self._gate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class WhipGate(GenServer[None]):
    """Answers offers; keeps a little of what arrives. It keeps its state on itself."""

    def init(self, supply: WhipSupply) -> None:
        """Wait for a publisher."""
        process.trap_exit(True)
        self.supply = supply
        self.items: deque[Item] = deque()
        self.reader: Caller | None = None
        self.turn = 0
        self.token = Token(supply.token)
        self.session: Pid | None = None
        self.name = ""
        self.is_lost = False

    @call
    def offer(
        self, state: None, offer: Offer
    ) -> Reply[Answer | OfferRefused, None] | NoReply[None]:
        """Begin a session; it answers when it can, and the one before goes on until then."""
        if not self.token.is_shown(offer.claim):
            return Reply(OfferRefused("token", "this is not the token of this input"))
        try:
            asked = Asked.by(self.caller, offer.sdp)
        except OfferRefused as refused:
            return Reply(refused)
        process.spawn_link(_session, process.self(), self.supply, asked)
        return NoReply()

    @cast
    def agreed(self, state: None, session: Pid, name: str) -> NoReply[None]:
        """Let a session that has an answer take the place of the one before."""
        if not process.is_alive(session):
            # It has told so and died; its end may have been noticed before.
            return NoReply()
        if self.session is not None:
            process.send_exit(self.session, "shutdown")
        self.session, self.name = session, name
        return NoReply()

    @call
    def hang_up(self, state: None, claim: Claim, session: str) -> Reply[OfferRefused | None, None]:
        """End a session."""
        if not self.token.is_shown(claim):
            return Reply(OfferRefused("token", "this is not the token of this input"))
        if self.session is None or not hmac.compare_digest(session.encode(), self.name.encode()):
            return Reply(OfferRefused("session", "it is over, or never was"))
        process.send_exit(self.session, "shutdown")
        return Reply(None)

    @call
    def get(self, state: None) -> Reply[Item | Nothing | PeerLost, None] | NoReply[None]:
        """Give an item out, or wait a little for one."""
        if self.items:
            return Reply(self.items.popleft())
        if self.is_lost:
            return Reply(self._loss())
        self.reader = self.caller
        self.turn += 1
        process.send_after(process.self(), ("nothing", self.turn), PATIENCE)
        return NoReply()

    def _loss(self) -> PeerLost:
        return PeerLost(self.supply.title, "the publisher has gone")

    @cast
    def arrived(self, state: None, session: Pid, item: Item) -> NoReply[None]:
        """Keep an item; of what nobody takes, only the last half second."""
        if session != self.session:
            return NoReply()
        self.is_lost = False
        if self.reader is not None:
            reader, self.reader = self.reader, None
            GenServer.reply(reader, item)
            return NoReply()
        self.items.append(item)
        while _time_of(self.items[-1]) - _time_of(self.items[0]) > KEPT:
            self.items.popleft()
        return NoReply()

    def handle_info(self, message: Message, state: None) -> None:
        """Tell a reader that has waited long enough; notice the end of a session."""
        match message:
            case Exited(pid=pid) if pid == self.session:
                self.session, self.is_lost = None, True
            case ("nothing", self.turn) if self.reader is not None:
                reader, self.reader = self.reader, None
                GenServer.reply(reader, self._loss() if self.is_lost else NOTHING)
            case _:
                pass


def _time_of(item: Item) -> Ns:
    return item.pts if isinstance(item, Frame) else item.start


# -- a session: a process that awaits a connection ------------------------------------------------


def _session(gate: Pid, supply: WhipSupply, asked: Asked) -> None:
    """Answer an offer and pass on what is published until it ends; the body of a process.

    When the process is told to end, the coroutine is cancelled, and hangs up.
    """
    await_(_Session(gate, process.self(), supply).publish(asked))


class _Session:
    """One connection, on the event loop."""

    def __init__(self, gate: Pid, me: Pid, supply: WhipSupply) -> None:
        self._gate = gate
        self._me = me
        self._supply = supply
        self._clock = _Clock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def publish(self, asked: Asked) -> None:
        """Live as long as the connection."""
        try:
            await Conversation().hold(
                asked,
                before=lambda peer: peer.on("track", self._listen),
                # Told before the answer leaves: whoever hangs up by it finds the session.
                answered=lambda _: WhipGate.agreed(self._gate, self._me, asked.session),
            )
        finally:
            for task in tuple(self._tasks):
                task.cancel()

    def _listen(self, track: MediaStreamTrack) -> None:
        if self._supply.video if track.kind == "video" else self._supply.audio:
            task = asyncio.get_running_loop().create_task(self._take(track))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, track: MediaStreamTrack) -> None:
        from aiortc.mediastreams import MediaStreamError  # noqa: PLC0415

        pictures, sounds = Uniform(), AudioResampler("fltp", "stereo", RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.VideoFrame):
                at = self._clock.time("video", frame)
                picture = await asyncio.to_thread(pictures.picture, frame)
                WhipGate.arrived(self._gate, self._me, Frame(at, picture))
            elif isinstance(frame, av.AudioFrame):
                at = self._clock.time("audio", frame)
                for one in sounds.resample(frame):
                    WhipGate.arrived(self._gate, self._me, Samples(at, sound_from_av(one)))


class _Clock:
    """Times of one session. Each medium counts from its own zero; both began when they began.

    A publisher that plays a file over and over steps back each time, and RTP has only 32 bits: what is
    read out of that may be half a day later. A medium that leaps begins anew, where it would be now.
    """

    def __init__(self) -> None:
        self._shifts: dict[Media, Ns] = {}
        self._epoch: float | None = None
        self._leaps = Leaps()

    def time(self, media: Media, frame: av.VideoFrame | av.AudioFrame) -> Ns:
        """Return when a frame is to be seen or heard, counted from the first of the session."""
        now = process.monotonic()
        if self._epoch is None:
            self._epoch = now
        pts = round((frame.pts or 0) * (frame.time_base or Fraction(1, RATE)) * SECOND)
        expected = round((now - self._epoch) * SECOND)
        if self._leaps.is_one(media, pts, expected) or media not in self._shifts:
            self._shifts[media] = expected - pts
        return max(0, pts + self._shifts[media])
