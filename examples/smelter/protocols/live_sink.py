"""Outputs for those who watch now: two encoders and a sender, which hangs on to its receiver.

    compositor --Draw--> video --Packets--> sender --> the other end
    mixer ------Sing--> audio --Packets--> sender

The sender answers `Written` as soon as packets have left, so a receiver that takes its time costs
this output its pictures and nobody else anything. When the receiver is lost, packets are thrown away
until it is there again: it is tried after 0.5, 1, 2 … 10 s, for as long as the output is registered.
How it stands is in the ledger (`sessions.Link`), and events tell of every change.
A new connection begins with a key frame. Any of the three may die: what comes next goes on at the
time that it is then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actors import GenServer, Message, process
from examples.smelter import events
from examples.smelter.complaints import PeerLost
from examples.smelter.encode import LEAD, AudioEncoder, Encoding, Packet, VideoEncoder
from examples.smelter.heirs import heirs
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE
from examples.smelter.protocols.outlet import LiveTarget, Outlet
from examples.smelter.requests import OutputSpec, Settings
from examples.smelter.sessions import LASTED, Link, link_of, wait_before
from examples.smelter.wire import (
    COMPOSITOR,
    CONTROL,
    MIXER,
    Draw,
    EncoderUp,
    Ended,
    Finish,
    Finished,
    Packets,
    Ready,
    Sing,
    Written,
    audio_end_of,
    encoders_of,
    muxer_of,
    tell,
    video_end_of,
)
from supervisors import ChildSpec, Supervisor

__all__ = ["LiveAudio", "LiveSink", "LiveVideo", "Sender"]

LONGEST_GAP = RATE
"""Samples that may be missing in the middle; if more are, sound begins anew."""


@dataclass(frozen=True, slots=True)
class LiveSink:
    """An output to an RTMP server, to a receiver of RTP, or to an HLS playlist."""

    target: LiveTarget
    """Where to, checked."""
    encoding: Encoding
    """Size, rate and quality; the size and rate are those of the output."""
    is_live: bool = True
    """What is missed is not made up for."""

    @property
    def title(self) -> str:
        """What people know it by."""
        return self.target.title

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        """Return the sender and the encoders of the media there are."""
        media: list[Media] = []
        encoders: list[ChildSpec] = []
        if spec.audio is not None:
            media.append("audio")
            name = audio_end_of(output)
            child = LiveAudio.child_spec(
                output, self.encoding, id=f"audio_encoder {output}", name=name
            )
            encoders += heirs(child)
        if spec.video is not None:
            media.append("video")
            name = video_end_of(output)
            child = LiveVideo.child_spec(
                output, self.encoding, id=f"video_encoder {output}", name=name
            )
            encoders += heirs(child)
        return heirs(
            Sender.child_spec(
                output, self, tuple(media), id=f"sender {output}", name=muxer_of(output)
            ),
            Supervisor.child_spec(
                encoders,
                id=f"encoders {output}",
                name=encoders_of(output),
                max_restarts=5 * settings.patience,
                max_seconds=10.0,
            ),
        )


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """The next picture has to be a key frame."""


class Sender(GenServer[None], host="thread", shutdown=5.0):
    """Keeps a connection and sends on it. It keeps its state on itself."""

    def init(self, output: str, sink: LiveSink, media: tuple[Media, ...]) -> None:
        """Try to connect at once."""
        process.trap_exit(True)
        self.output = output
        self.sink = sink
        self.media = media
        self.outlet: Outlet | None = None
        self.attempts = 0
        self.why = ""
        self.connected = process.monotonic()
        self.ended: set[Media] = set()
        self.sent: dict[Media, int] = dict.fromkeys(media, 0)
        self.is_up = False
        self._link(Link("trying"))
        process.send(process.self(), "connect")

    def handle_info(self, message: Message, state: None) -> None:
        """Connect when it is time."""
        if message == "connect" and self.outlet is None:
            self._link(Link("trying", self.attempts + 1, self.why))
            try:
                self.outlet = Outlet(self.sink.target, self.sink.encoding, self.media)
                self.connected = process.monotonic()
            except PeerLost as lost:
                self._lost(lost)
            else:
                tell(video_end_of(self.output), KeyWanted())

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a muxer is told."""
        match request:
            case Packets():
                self._send(request)
            case Ended(media):
                self.ended.add(media)
                if self.ended == set(self.media):
                    self._finish()
            case _:
                raise TypeError(f"a sender is not told {request!r}")

    def _send(self, packets: Packets) -> None:
        if self.outlet is not None:
            try:
                self.outlet.write(packets.packets)
                self._may_be_up(self.outlet)
            except PeerLost as lost:
                self._lost(lost)
        for packet in packets.packets:
            self.sent[packet.media] = max(self.sent[packet.media], packet.end)
        for media in {packet.media for packet in packets.packets}:
            end = self.sent[media]
            consumer = COMPOSITOR if media == "video" else MIXER
            tell(consumer, Written(self.output, media, end, end))

    def _may_be_up(self, outlet: Outlet) -> None:
        """Say so when the other end is there."""
        if outlet.is_let_in() and not self.is_up:
            self.is_up = True
            self._link(Link("up", self.attempts + 1, self.why))
            events.publish(events.OutputConnected(self.output))

    def _link(self, link: Link) -> None:
        Ledger.put(LEDGER, link_of("output", self.output), link)

    def _lost(self, lost: PeerLost) -> None:
        if self.outlet is not None:
            self.outlet.abandon()
            self.outlet = None
            # A server that takes a few packets and hangs up is not there yet.
            if process.monotonic() - self.connected >= LASTED:
                self.attempts = 0
        self.attempts += 1
        self.is_up, self.why = False, str(lost)
        self._link(Link("lost", self.attempts, self.why))
        events.publish(events.OutputError(self.output, "transient", self.why))
        process.send_after(process.self(), "connect", wait_before(self.attempts))

    def _finish(self) -> None:
        if self.outlet is not None:
            self.outlet.close()
            self.outlet = None
        ticks, samples = self.sent.get("video", 0), self.sent.get("audio", 0)
        tell(CONTROL, Finished(self.output, self.sink.title, ticks, ticks, samples))

    def terminate(self, reason: object, state: None) -> None:
        """Say goodbye."""
        if self.outlet is not None:
            self.outlet.close()


class LiveVideo(GenServer[None], host="thread"):
    """Encodes pictures to H.264 for a sender."""

    def init(self, output: str, encoding: Encoding) -> None:
        """Begin with whatever comes next."""
        self.sender = muxer_of(output)
        self.encoding = VideoEncoder(encoding)
        self.last = -1
        self.is_key_wanted = False
        self.is_over = False
        tell(COMPOSITOR, EncoderUp(output, "video", 0))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Draw(tick, picture) if tick > self.last and not self.is_over:
                self.last = tick
                packets = self.encoding.encode(picture, tick, force_key=self.is_key_wanted)
                self.is_key_wanted = False
                tell(self.sender, Packets(packets))
            case KeyWanted():
                self.is_key_wanted = True
            case Finish() if not self.is_over:
                self.is_over = True
                tell(self.sender, Packets(self.encoding.flush()))
                tell(self.sender, Ended("video"))
            case Draw() | Finish() | Ready():
                return
            case _:
                raise TypeError(f"a video encoder is not told {request!r}")


class LiveAudio(GenServer[None], host="thread"):
    """Encodes samples to AAC for a sender."""

    def init(self, output: str, encoding: Encoding) -> None:
        """Begin with whatever comes next."""
        self.sender = muxer_of(output)
        self.settings = encoding
        self.encoding: AudioEncoder | None = None
        self.is_over = False
        tell(MIXER, EncoderUp(output, "audio", 0))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Sing() if not self.is_over:
                tell(self.sender, Packets(self._encode(request)))
            case Finish() if not self.is_over:
                self.is_over = True
                if self.encoding is not None:
                    tell(self.sender, Packets(self.encoding.flush()))
                tell(self.sender, Ended("audio"))
            case Sing() | Finish() | Ready():
                return
            case _:
                raise TypeError(f"an audio encoder is not told {request!r}")

    def _encode(self, sing: Sing) -> tuple[Packet, ...]:
        missing = 0 if self.encoding is None else sing.position - self.encoding.position
        if self.encoding is None or missing > LONGEST_GAP:
            # It is fed from here, and what it needs to settle is not sent.
            first = sing.position + LEAD if sing.position else 0
            self.encoding, missing = AudioEncoder(self.settings, first), 0
        sound = sing.sound[max(0, -missing) :]
        if missing > 0:
            sound = np.concatenate([np.zeros((missing, 2), np.float32), sound])
        return self.encoding.encode(sound)
