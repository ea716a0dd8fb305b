"""One input of the queue: the track it plays, the tracks that wait, and its pause.

The next track begins when both halves of the current one have handed out their end, so a short
sound under a long picture never meets the track after it. A track that has ended with none behind
it stays: its input goes on with empty entries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from examples.smelter.audio_input import AudioInput
from examples.smelter.checkpoint import HalfMark, InputMark, TrackMark
from examples.smelter.half import Half, Say
from examples.smelter.offsets import Anchor, Media, Ns, Offset, minus
from examples.smelter.sets import Batch, Frame, Notice
from examples.smelter.video_input import VideoInput

__all__ = ["MAX_WAITING", "Input", "Tell", "Track", "TrackSpec"]

V = TypeVar("V")
A = TypeVar("A")

MAX_WAITING = 5
"""Tracks that may wait behind the current one."""

Tell: TypeAlias = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """A track as it is asked for."""

    offset: Offset
    """Where it begins."""
    video: bool = True
    """Whether it has pictures."""
    audio: bool = True
    """Whether it has sound."""


class Track(Generic[V, A]):
    """One continuous stretch of an input: up to two halves on one anchor."""

    def __init__(self, mark: TrackMark, say: Callable[[Media], Say]) -> None:
        self.number = mark.number
        self.anchor = Anchor(mark.offset, mark.anchor)
        self.video: VideoInput[V] | None = None
        self.audio: AudioInput[A] | None = None
        if mark.video is not None:
            self.video = VideoInput(self.anchor, say("video"), mark.video)
        if mark.audio is not None:
            self.audio = AudioInput(self.anchor, say("audio"), mark.audio)

    def halves(self) -> Iterator[tuple[Media, Half[Frame[V]] | Half[Batch[A]]]]:
        """Yield what there is, pictures first."""
        if self.video is not None:
            yield "video", self.video
        if self.audio is not None:
            yield "audio", self.audio

    def half(self, media: Media) -> Half[Frame[V]] | Half[Batch[A]] | None:
        """Return one half, if there is such."""
        return self.video if media == "video" else self.audio

    @property
    def over(self) -> bool:
        """Whether every half has handed out its end."""
        video, audio = self.video, self.audio
        return (video is None or video.eos) and (audio is None or audio.eos)

    def mark(self, undo: Media | None) -> TrackMark:
        """Return what is to be remembered; `undo` names the half whose last set never left."""
        marks = {media: half.mark(undo=undo == media) for media, half in self.halves()}
        return TrackMark(
            self.number,
            self.anchor.offset,
            self.anchor.value,
            marks.get("video"),
            marks.get("audio"),
        )


class Input(Generic[V, A]):
    """One input: a current track, waiting ones, a pause."""

    def __init__(self, mark: InputMark, tell: Tell) -> None:
        self.id = mark.id
        self.required = mark.required
        self.issued = mark.issued
        self.paused_at = mark.paused_at
        self._tell = tell
        self.current: Track[V, A] | None = None
        self.waiting: deque[Track[V, A]] = deque(Track(t, self._say) for t in mark.waiting)
        if mark.current is not None:
            self.current = Track(mark.current, self._say)
            if mark.paused_at is not None:
                for _, half in self.current.halves():
                    half.hold_again(mark.paused_at)

    def _say(self, media: Media) -> Say:
        return lambda what: self._tell(Notice(self.id, media, what))

    def queue_track(self, spec: TrackSpec) -> int:
        """Let a track wait; return its number. A track of nothing counts and does nothing."""
        if (track := self._issue(spec)) is not None:
            self.waiting.append(track)
        return self.issued

    def put_next(self, spec: TrackSpec) -> int:
        """Let a track wait before all others; return its number."""
        if (track := self._issue(spec)) is not None:
            self.waiting.appendleft(track)
        return self.issued

    def _issue(self, spec: TrackSpec) -> Track[V, A] | None:
        self.issued += 1
        video = HalfMark() if spec.video else None
        audio = HalfMark() if spec.audio else None
        if not (video or audio):
            return None
        return Track(TrackMark(self.issued, spec.offset, None, video, audio), self._say)

    def withdraw(self, number: int) -> None:
        """Let a track wait no more; one that has begun, or is over, is no error."""
        self.waiting = deque(one for one in self.waiting if one.number != number)

    def track(self, number: int) -> Track[V, A] | None:
        """Return a current or waiting track; None if it is over or never was."""
        if self.current is not None and self.current.number == number:
            return self.current
        return next((t for t in self.waiting if t.number == number), None)

    @property
    def is_shown(self) -> bool:
        """Whether its picture has been in a set, or its sound if it has none."""
        track = self.current
        half = None if track is None else track.video or track.audio
        return half is not None and half.is_played

    def place(self, position: Ns) -> Ns | None:
        """Return how far its track is, in track time; None if nobody knows where it begins."""
        anchor = None if self.current is None else self.current.anchor.value
        at = position if self.paused_at is None else self.paused_at
        return None if anchor is None else minus(at, anchor)

    @property
    def is_over(self) -> bool:
        """Whether the last of its tracks has handed out its end."""
        return self.current is not None and self.current.over and not self.waiting

    def start_next(self, position: Ns, start: Ns | None) -> None:
        """Begin the next track if the current one is over."""
        if self.waiting and (self.current is None or self.current.over):
            self.abort(position, start)

    def abort(self, position: Ns, start: Ns | None) -> None:
        """Replace the current track at once, if another waits. The old one gets no end."""
        if not self.waiting:
            return
        self.current = self.waiting.popleft()
        if self.paused_at is not None:
            self._pause_new(self.current, position, start)

    def _pause_new(self, track: Track[V, A], position: Ns, start: Ns | None) -> None:
        """Let a track that begins in a pause show its own first picture, frozen."""
        if track.video is not None and start is not None:
            track.video.resolve(start, position)
        self._hold(track, position, start)

    def pause(self, position: Ns, start: Ns | None) -> None:
        """Hold still from this place of the line on; a second pause changes nothing."""
        if self.paused_at is not None:
            return
        self.paused_at = position
        if self.current is not None:
            self._hold(self.current, position, start)

    def _hold(self, track: Track[V, A], position: Ns, start: Ns | None) -> None:
        self.paused_at = position
        for _, half in track.halves():
            half.pause(position, start)

    def resume(self, position: Ns) -> None:
        """Go on where the pause began, later by its length."""
        if self.paused_at is None:
            return
        length, self.paused_at = minus(position, self.paused_at), None
        if self.current is not None:
            self.current.anchor.shift(length)
            for _, half in self.current.halves():
                half.resume()

    def cleanup(self, now: Ns) -> None:
        """Before the start: throw away what is too old."""
        if self.current is not None:
            for _, half in self.current.halves():
                half.cleanup(now)

    def next_cleanup(self) -> Ns | None:
        """Return when `cleanup` will next have something to throw away."""
        if self.current is None:
            return None
        times = [half.next_cleanup() for _, half in self.current.halves()]
        return min((t for t in times if t is not None), default=None)

    def mark(self, undo: Media | None) -> InputMark:
        """Return what is to be remembered."""
        return InputMark(
            self.id,
            self.required,
            self.issued,
            None if self.current is None else self.current.mark(undo),
            tuple(track.mark(None) for track in self.waiting),
            self.paused_at,
        )
