"""Outputs that are watched in a browser: by WebRTC with sound, or as pictures by plain HTTP.

    compositor --Draw--> preview    <-- next -------- a stream of JPEGs
                                    <-- picture ---- a session of `whep`
    mixer ------Sing--> listening   <-- since ------ the same

Nothing is encoded while nobody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from examples.smelter.heirs import heirs
from examples.smelter.offsets import Media
from examples.smelter.protocols.listening import Listening
from examples.smelter.protocols.preview import Preview
from examples.smelter.protocols.webrtc import Token
from examples.smelter.protocols.whep import Shown, Viewers, viewers_of
from examples.smelter.requests import OutputSpec, Settings
from examples.smelter.wire import audio_end_of, video_end_of
from supervisors import ChildLike, ChildSpec

__all__ = ["WatchedSink"]


@dataclass(frozen=True, slots=True)
class WatchedSink:
    """An output for those who look at it.

    Raises:
        OptionRefused: a token that can be guessed.
    """

    token: str = field(repr=False)
    """What who watches by WebRTC has to show."""
    title: str = "preview"
    """What people know it by."""
    is_live: bool = True
    """What is missed is not made up for."""

    def __post_init__(self) -> None:
        Token(self.token)

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        """Return who lets viewers in, and the ends of the media there are."""
        media: list[Media] = []
        ends: list[ChildLike] = []
        viewers = viewers_of(output)
        if spec.video is not None:
            media.append("video")
            name = video_end_of(output)
            ends.append(Preview.child_spec(output, viewers, id=f"preview {output}", name=name))
        if spec.audio is not None:
            media.append("audio")
            name = audio_end_of(output)
            ends.append(Listening.child_spec(output, viewers, id=f"listening {output}", name=name))
        rate = Fraction(settings.framerate.num, settings.framerate.den)
        shown = Shown(output, tuple(media), rate)
        return heirs(
            Viewers.child_spec(Token(self.token), shown, id=f"viewers {output}", name=viewers),
            *ends,
        )
