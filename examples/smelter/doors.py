"""Where the items of inputs come into the queue's process: counted, and granted beforehand.

A feeder may offer what it offered before, to this queue or to one before it; items are numbered, so
each comes in once and in order. `Grant` tells the feeder what the next one is, which ones it may
forget and how many may come; it is told only when that has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actors import process
from examples.smelter.checkpoint import Checkpoint, TrackMark
from examples.smelter.half import Credit
from examples.smelter.offsets import Media
from examples.smelter.queue_words import Line
from examples.smelter.sets import Frame
from examples.smelter.wire import Grant, Offer, Piece, feeder_of, tell

__all__ = ["Doors"]


@dataclass(slots=True)
class _Door:
    """One half of a track."""

    next: int = 0
    granted: tuple[int, int, Credit] | None = None
    ended: bool = False
    seen: bool = False


class Doors:
    """The doors of all tracks of all inputs of one line; for the process that owns the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._doors: dict[tuple[str, int, Media], _Door] = {}

    @classmethod
    def restored(cls, line: Line, checkpoint: Checkpoint) -> Doors:
        """Open the doors that a queue before this one had, where it stopped."""
        doors = cls(line)
        for mark in checkpoint.inputs:
            for track in (*([mark.current] if mark.current else []), *mark.waiting):
                doors._restore(mark.id, track)
        return doors

    def _restore(self, input_id: str, track: TrackMark) -> None:
        if (half := track.video) is not None:
            self._doors[input_id, track.number, "video"] = _Door(half.needed_from, ended=half.eos)
        if (half := track.audio) is not None:
            self._doors[input_id, track.number, "audio"] = _Door(half.needed_from, ended=half.eos)

    def open(self, input_id: str, track: int, video: bool, audio: bool) -> None:
        """Let a track come in."""
        if video:
            self._doors[input_id, track, "video"] = _Door()
        if audio:
            self._doors[input_id, track, "audio"] = _Door()

    def close(self, input_id: str, track: int) -> None:
        """Let nothing more of a track in."""
        for media in ("video", "audio"):
            self._doors.pop((input_id, track, media), None)

    def is_seen(self, input_id: str, track: int) -> bool:
        """Tell whether a track has shown something of each medium, or has none to show."""
        return all(door.seen or door.ended for _, door in self._of(input_id, track))

    def is_ended(self, input_id: str, track: int) -> bool:
        """Tell whether nothing more comes of a track."""
        return all(door.ended for _, door in self._of(input_id, track))

    def _of(self, input_id: str, track: int | None = None) -> Iterator[tuple[int, _Door]]:
        for (name, number, _), door in self._doors.items():
            if name == input_id and track in (None, number):
                yield number, door

    def offered(self, offer: Offer) -> None:
        """Take in what is new of an offer."""
        door = self._doors.get((offer.input, offer.track, offer.media))
        if door is None or door.ended:
            return
        for number, item in enumerate(offer.items, offer.first):
            # Items that were under way to the queue before this one are offered again.
            if number == door.next:
                self._push(offer, item)
                door.next += 1
                door.seen = True
        if offer.is_last and offer.first + len(offer.items) == door.next:
            self._end(offer.input, offer.track, offer.media)

    def _push(self, offer: Offer, item: Piece) -> None:
        if isinstance(item, Frame):
            self._line.push_video(offer.input, offer.track, item)
        else:
            self._line.push_audio(offer.input, offer.track, item)

    def _end(self, input_id: str, track: int, media: Media) -> None:
        self._doors[input_id, track, media].ended = True
        self._line.end(input_id, track, media)

    def give_up(self, input_id: str) -> bool:
        """End all tracks of an input; False if they had ended before."""
        open_ones = [
            (number, media)
            for (name, number, media), door in self._doors.items()
            if name == input_id and not door.ended
        ]
        for number, media in open_ones:
            self._end(input_id, number, media)
        return bool(open_ones)

    def grant_again(self, input_id: str) -> None:
        """Tell a feeder that has come up, whatever its predecessor knew."""
        for key, door in self._doors.items():
            if key[0] == input_id:
                door.granted = None
                self._grant(*key, door)

    def grant_all(self) -> None:
        """Tell every feeder for which something has changed."""
        for key, door in self._doors.items():
            self._grant(*key, door)

    def _grant(self, input_id: str, track: int, media: Media, door: _Door) -> None:
        needed = self._line.needed_from(input_id, track, media)
        credit = self._line.credit(input_id, track, media)
        grant = (door.next if needed is None else needed, door.next, credit)
        if grant != door.granted:
            door.granted = grant
            tell(feeder_of(input_id), Grant(process.self(), track, media, *grant))
