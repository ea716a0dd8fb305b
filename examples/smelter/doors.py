"""Where the items of inputs come into the queue's process: counted, and granted beforehand.

A feeder may offer what it offered before, to this queue or to one before it; items are numbered, so
each comes in once and in order. `Grant` tells the feeder what the next one is, which ones it may
forget and how many may come; it is told only when that has changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors import process
from examples.smelter.checkpoint import Checkpoint
from examples.smelter.half import Credit
from examples.smelter.offsets import Media
from examples.smelter.queue_words import Line
from examples.smelter.sets import Frame
from examples.smelter.wire import Grant, Offer, Piece, feeder_of, tell

__all__ = ["Doors"]

_TRACK = 1


@dataclass(slots=True)
class _Door:
    """One half of an input."""

    next: int = 0
    granted: tuple[int, int, Credit] | None = None
    ended: bool = False
    seen: bool = False


class Doors:
    """The doors of all inputs of one line; for the process that owns the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._doors: dict[tuple[str, Media], _Door] = {}

    @classmethod
    def restored(cls, line: Line, checkpoint: Checkpoint) -> Doors:
        """Open the doors that a queue before this one had, where it stopped."""
        doors = cls(line)
        for mark in checkpoint.inputs:
            track = mark.current or (mark.waiting[0] if mark.waiting else None)
            if track is not None and track.video is not None:
                half = track.video
                doors._doors[mark.id, "video"] = _Door(half.needed_from, ended=half.eos)
            if track is not None and track.audio is not None:
                half = track.audio
                doors._doors[mark.id, "audio"] = _Door(half.needed_from, ended=half.eos)
        return doors

    def open(self, input_id: str, video: bool, audio: bool) -> None:
        """Let an input come in."""
        if video:
            self._doors[input_id, "video"] = _Door()
        if audio:
            self._doors[input_id, "audio"] = _Door()

    def close(self, input_id: str) -> None:
        """Let nothing more of an input in."""
        for media in ("video", "audio"):
            self._doors.pop((input_id, media), None)

    def all_seen(self) -> bool:
        """Tell whether every input has shown something of each medium."""
        return all(door.seen for door in self._doors.values())

    def offered(self, offer: Offer) -> None:
        """Take in what is new of an offer."""
        door = self._doors.get((offer.input, offer.media))
        if door is None or door.ended:
            return
        for number, item in enumerate(offer.items, offer.first):
            # Items that were under way to the queue before this one are offered again.
            if number == door.next:
                self._push(offer.input, item)
                door.next += 1
                door.seen = True
        if offer.is_last and offer.first + len(offer.items) == door.next:
            self._end(offer.input, offer.media)

    def _push(self, input_id: str, item: Piece) -> None:
        if isinstance(item, Frame):
            self._line.push_video(input_id, _TRACK, item)
        else:
            self._line.push_audio(input_id, _TRACK, item)

    def _end(self, input_id: str, media: Media) -> bool:
        door = self._doors.get((input_id, media))
        if door is None or door.ended:
            return False
        door.ended = door.seen = True
        self._line.end(input_id, _TRACK, media)
        return True

    def give_up(self, input_id: str) -> bool:
        """End both halves of an input; False if they had ended before."""
        ended = [self._end(input_id, "video"), self._end(input_id, "audio")]
        return any(ended)

    def grant_again(self, input_id: str) -> None:
        """Tell a feeder that has come up, whatever its predecessor knew."""
        for (name, media), door in self._doors.items():
            if name == input_id:
                door.granted = None
                self._grant(name, media, door)

    def grant_all(self) -> None:
        """Tell every feeder for which something has changed."""
        for (name, media), door in self._doors.items():
            self._grant(name, media, door)

    def _grant(self, input_id: str, media: Media, door: _Door) -> None:
        needed = self._line.needed_from(input_id, _TRACK, media)
        credit = self._line.credit(input_id, _TRACK, media)
        grant = (door.next if needed is None else needed, door.next, credit)
        if grant != door.granted:
            door.granted = grant
            tell(feeder_of(input_id), Grant(process.self(), media, *grant))
