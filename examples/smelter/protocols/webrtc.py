"""A WebRTC connection that somebody else has offered: answered, kept up, hung up.

The door to aiortc, which comes in here and nowhere else, and late: it takes half a second to load, and
most pipelines never need it. A `Conversation` lives on the event loop, in a process that awaits it;
when that process is told to end, it is cancelled, and hangs up.

Source: https://www.w3.org/TR/webrtc/ and RFC 9725 (offers and answers over HTTP).
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from actors import Caller, GenServer
from actors.isolation import shareable
from examples.smelter.complaints import OptionRefused, RequestRefused
from examples.smelter.protocols.offspring import PATIENCE, Family, family

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection

__all__ = [
    "Answer",
    "Asked",
    "Claim",
    "Conversation",
    "Offer",
    "OfferRefused",
    "Token",
    "check_webrtc",
    "hang_up",
    "video_codec_of",
]

MOST_SDP = 100_000

SHORTEST_TOKEN = 16

_MEDIA = re.compile(r"^m=(audio|video) ", re.MULTILINE)


class OfferRefused(RequestRefused):
    """An offer cannot be accepted.

    Args:
        kind: ``"token"``, ``"input"``, ``"output"``, ``"session"``, ``"place"`` or ``"offer"``: what is
            wrong with it.
        why: in words.
    """

    def __init__(
        self, kind: Literal["token", "input", "output", "session", "place", "offer"], why: str
    ) -> None:
        super().__init__(kind, why)
        self.kind = kind
        self.why = why

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}"


def check_webrtc(what: str) -> None:
    """See that the library is there.

    Raises:
        OptionRefused: it is not.
    """
    if importlib.util.find_spec("aiortc") is None:
        raise OptionRefused("type", what, "available here without aiortc: pip install aiortc")


@dataclass(frozen=True, slots=True)
class Token:
    """What somebody has to show; it tells nothing about itself.

    Raises:
        OptionRefused: it can be guessed.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.text) < SHORTEST_TOKEN or not self.text.isprintable():
            accepted = f"at least {SHORTEST_TOKEN} printable characters"
            raise OptionRefused("bearer_token", "a shorter one", accepted)

    def is_shown(self, claim: Claim) -> bool:
        """Tell whether this is it, in a time that tells nothing."""
        return hmac.compare_digest(claim.token.encode(), self.text.encode())


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody shows as a token, right or wrong.

    It stands in calls, and a call that fails is printed with what it was given: so this prints nothing.

    Example:
        >>> Claim("0123456789abcdef")
        Claim()
    """

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody comes with; it prints no more than `Claim` does."""

    claim: Claim
    """The token."""
    sdp: str = field(repr=False)
    """What is offered; it holds the password of a connection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A session has begun."""

    sdp: str
    """What is to be answered."""
    session: str
    """Its name, which cannot be guessed."""


@shareable
@dataclass(frozen=True, slots=True)
class Asked:
    """An offer, and who waits for the answer."""

    session: str
    """How the session is to be called."""
    sdp: str = field(repr=False)
    """What was offered."""
    caller: Caller
    """Who waits."""

    @classmethod
    def by(cls, caller: Caller, sdp: str) -> Asked:
        """Give the session a name.

        Raises:
            OfferRefused: it is more than any offer, or offers neither video nor audio.
        """
        if len(sdp) > MOST_SDP:
            raise OfferRefused("offer", f"more than {MOST_SDP} characters")
        if not _MEDIA.search(sdp):
            # Where there is none, aiortc agrees to nothing at all and waits for it.
            raise OfferRefused("offer", "no SDP that offers video or audio")
        return cls(secrets.token_urlsafe(16), sdp, caller)


Step = Callable[["RTCPeerConnection"], object]

_closing: set[asyncio.Task[None]] = set()
"""Whoever hangs up just now; a loop itself holds no task."""


class Conversation:
    """One connection, for the coroutine that awaits it."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def hold(
        self,
        asked: Asked,
        before: Step | None = None,
        after: Step | None = None,
        answered: Callable[[str], object] | None = None,
    ) -> None:
        """Answer an offer, and live as long as the connection.

        Cancelled, it hangs up, which goes on if it is cancelled again.

        Args:
            asked: the offer; its caller gets an `Answer`, or an `OfferRefused`.
            before: done with the connection before it knows the offer.
            after: done when it knows it, before it answers.
            answered: told the answer, before anything is sent.
        """
        from aiortc import RTCConfiguration, RTCPeerConnection  # noqa: PLC0415

        with family() as relatives:
            # Without servers: its default would ask one on the public network who we are.
            peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            peer.on("connectionstatechange", lambda: self._changed(peer.connectionState))
            try:
                if before is not None:
                    before(peer)
                answer = await self._answer(peer, asked, after)
                if answered is not None and isinstance(answer, Answer):
                    answered(answer.sdp)
                GenServer.reply(asked.caller, answer)
                await self._over.wait()
            finally:
                closing = asyncio.create_task(hang_up(peer, relatives))
                _closing.add(closing)
                closing.add_done_callback(_closing.discard)
                await asyncio.shield(closing)

    async def _answer(
        self, peer: RTCPeerConnection, asked: Asked, after: Step | None
    ) -> Answer | OfferRefused:
        from aiortc import RTCSessionDescription  # noqa: PLC0415

        try:
            await peer.setRemoteDescription(RTCSessionDescription(asked.sdp, "offer"))
            if after is not None:
                after(peer)
            await peer.setLocalDescription(await peer.createAnswer())
        except Exception as error:  # noqa: BLE001 - what comes from outside may break anything
            self._over.set()
            return OfferRefused("offer", f"cannot be answered ({type(error).__name__}: {error})")
        return Answer(str(peer.localDescription.sdp), asked.session)

    def _changed(self, state: str) -> None:
        if state in {"failed", "closed", "disconnected"}:
            self._over.set()


async def hang_up(peer: RTCPeerConnection, relatives: Family) -> None:
    """Close a connection, and end what it leaves behind.

    Closed while it connects, aiortc goes on to start tasks and threads, which nothing ends any more.
    """
    await peer.close()
    await relatives.end()
    for one in peer.getTransceivers():
        with suppress(TimeoutError):
            await asyncio.wait_for(one.receiver.stop(), PATIENCE)


def video_codec_of(sdp: str) -> str:
    r"""Return what pictures will be sent as, in lower case; empty if none will.

    Example:
        >>> video_codec_of("m=video 9 UDP/TLS/RTP/SAVPF 97 98\na=rtpmap:97 VP8/90000")
        'vp8'
    """
    lines = sdp.splitlines()
    for media in lines:
        if media.startswith("m=video "):
            kind = media.split()[3]
            found = [line for line in lines if line.startswith(f"a=rtpmap:{kind} ")]
            return found[0].split()[1].partition("/")[0].lower() if found else ""
    return ""
