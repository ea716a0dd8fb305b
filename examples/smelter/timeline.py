"""The queue as one object: inputs, ticks, chunks, schedule and channels on one line of time.

`Timeline` is told what happens and what time it is, and answers what goes out. It reads no clock,
starts nothing and waits for nothing, so a process can own it, a replay can drive it and a test can
search it. The protocol of an owner is *tell, step, grant*: after every call that changes something,
and whenever `next_wakeup` has come, call `due(now)`, write the `snapshot` down, hand on what went
out, and tell feeders what `wants` grants them.

Everything that goes out is in strict order of pts, video before audio on a tie, scheduled commands
after the sets of their own time. So whoever holds up one of the three holds up all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from examples.smelter.audio_queue import AudioQueue
from examples.smelter.checkpoint import Checkpoint, InputMark
from examples.smelter.decision import Decision, Go, Readiness, Wait, decide
from examples.smelter.half import NO_CREDIT, Credit, Half
from examples.smelter.offsets import Media, Ns
from examples.smelter.schedule import Schedule
from examples.smelter.sets import AudioSet, Batch, Dropped, Emission, Frame, Options, Ran, VideoSet
from examples.smelter.tracks import MAX_WAITING, Input, Track, TrackSpec
from examples.smelter.video_queue import VideoQueue

__all__ = ["Held", "NoPlaceForTrack", "Timeline", "Want"]

V = TypeVar("V")
A = TypeVar("A")


class NoPlaceForTrack(Exception):
    """As many tracks as may wait for an input are waiting: the caller has to try again later."""


@dataclass(frozen=True, slots=True)
class Held:
    """Items taken in and neither thrown away nor handed out, of the current track."""

    video: int
    """Frames."""
    audio: int
    """Batches."""


@dataclass(frozen=True, slots=True)
class Want:
    """A feeder may send something."""

    input: str
    """Id of the input."""
    track: int
    """Number of the track."""
    media: Media
    """Which half."""
    credit: Credit
    """How much may come."""


class Timeline(Generic[V, A]):
    """The queue of the compositor. All times count from its construction, at 0."""

    def __init__(self, options: Options, checkpoint: Checkpoint | None = None) -> None:
        known = checkpoint or Checkpoint()
        self.options = options
        self.start_pts = known.start
        self.places: dict[Media, int] = {
            "video": options.video_places,
            "audio": options.audio_places,
        }
        self._video = VideoQueue(options.framerate, known.ticks)
        self._audio = AudioQueue(known.chunks)
        self._position = known.position
        self._schedule = Schedule.of(known.schedule)
        self._out: list[Emission[V, A]] = []
        self._inputs: dict[str, Input[V, A]] = {m.id: Input(m, self._tell) for m in known.inputs}
        self._outgoing: VideoSet[V] | AudioSet[A] | None = None
        self._wake: Ns | None = None

    def _tell(self, emission: Emission[V, A]) -> None:
        self._out.append(emission)

    # -- what there is ------------------------------------------------------------------------

    @property
    def names(self) -> Collection[str]:
        """The registered inputs."""
        return self._inputs.keys()

    @property
    def ticks(self) -> int:
        """Number of the next tick; a set that waits for a place counts as gone."""
        return self._video.ticks

    @property
    def chunks(self) -> int:
        """Number of the next audio chunk."""
        return self._audio.chunks

    @property
    def scheduled(self) -> tuple[tuple[Ns, object], ...]:
        """The commands still to run, with their times from the start, in running order."""
        return tuple(self._schedule.waiting)

    @property
    def is_over(self) -> bool:
        """Whether nothing is to come: every input has handed out its end, and no command waits."""
        inputs = self._inputs.values()
        idle = self._outgoing is None and self._schedule.earliest is None
        return idle and bool(inputs) and all(one.is_over for one in inputs)

    # -- inputs -------------------------------------------------------------------------------

    def register(self, name: str, *, required: bool, tracks: Iterable[TrackSpec] = ()) -> None:
        """Add an input with tracks to play one after the other.

        Raises:
            ValueError: there is an input of this name.
        """
        if name in self._inputs:
            raise ValueError(f"there is an input {name!r} already")
        one: Input[V, A] = Input(InputMark(name, required, 0, None, (), None), self._tell)
        for spec in tracks:
            one.queue_track(spec)
        self._inputs[name] = one

    def remove(self, name: str) -> None:
        """Forget an input. It has no key in the next set, and nothing is announced for it."""
        del self._inputs[name]

    def queue_track(self, name: str, spec: TrackSpec) -> int:
        """Let a track wait behind the others of an input.

        Returns:
            Its number; tracks of an input are numbered from 1 as they are queued.

        Raises:
            KeyError: there is no such input.
            NoPlaceForTrack: five are waiting.
        """
        one = self._inputs[name]
        if (spec.video or spec.audio) and len(one.waiting) >= MAX_WAITING:
            raise NoPlaceForTrack(f"{MAX_WAITING} tracks are waiting for input {name!r}")
        return one.queue_track(spec)

    def put_next(self, name: str, spec: TrackSpec) -> int:
        """Let a track wait before the others of an input, whose places it does not take.

        Returns:
            Its number, as `queue_track`.

        Raises:
            KeyError: there is no such input.
        """
        return self._inputs[name].put_next(spec)

    def withdraw(self, name: str, track: int) -> None:
        """Let a track wait no more; one that has begun, or is over, is no error."""
        self._inputs[name].withdraw(track)

    def playing(self, name: str) -> int | None:
        """Return the number of the current track of an input, None before its first."""
        current = self._inputs[name].current
        return None if current is None else current.number

    def is_shown(self, name: str) -> bool:
        """Tell whether something of the current track of an input has been in a set."""
        return self._inputs[name].is_shown

    def place(self, name: str, now: Ns) -> Ns | None:
        """Return how far the current track of an input is, in its own time; None if it has not begun."""
        return self._inputs[name].place(self._at(now))

    @property
    def paused(self) -> frozenset[str]:
        """The inputs that are held still."""
        return frozenset(name for name, one in self._inputs.items() if one.paused_at is not None)

    @property
    def ended(self) -> frozenset[str]:
        """The inputs that have handed out the end of their last track."""
        return frozenset(name for name, one in self._inputs.items() if one.is_over)

    def push_video(self, name: str, track: int, frame: Frame[V]) -> bool:
        """Offer a frame, with its pts in track time.

        Returns:
            False if the track is not there any more: it was aborted or its input removed while
            the frame was under way.

        Raises:
            ValueError: there never was such a track, it has no picture, or the time is negative.
        """
        found = self._track(name, track)
        if found is None:
            return False
        if found.video is None or frame.pts < 0:
            raise ValueError(f"track {track} of input {name!r} takes no frame at {frame.pts} ns")
        found.video.inbox.offer(frame)
        return True

    def push_audio(self, name: str, track: int, batch: Batch[A]) -> bool:
        """Offer a batch; as `push_video`."""
        found = self._track(name, track)
        if found is None:
            return False
        if found.audio is None or batch.pts < 0 or batch.duration < 0:
            raise ValueError(f"track {track} of input {name!r} takes no batch at {batch.pts} ns")
        found.audio.inbox.offer(batch)
        return True

    def end(self, name: str, track: int, media: Media) -> bool:
        """Let one half of a track be over after what was offered so far; as `push_video`."""
        found = self._track(name, track)
        if found is None:
            return False
        half = found.half(media)
        if half is None:
            raise ValueError(f"track {track} of input {name!r} has no {media} to end")
        half.inbox.end()
        return True

    def abort(self, name: str, now: Ns) -> None:
        """Replace the current track at once; without a waiting one, do nothing."""
        self._inputs[name].abort(self._at(now), self.start_pts)

    def pause(self, name: str, now: Ns) -> None:
        """Hold an input still: its picture stays, its sound is silent, nobody waits for it."""
        self._inputs[name].pause(self._at(now), self.start_pts)

    def resume(self, name: str, now: Ns) -> None:
        """Let a paused input go on where it was."""
        self._inputs[name].resume(self._at(now))

    def _at(self, now: Ns) -> Ns:
        """Return the place of the line that is being played."""
        return now if self._position is None else self._position

    def _track(self, name: str, number: int) -> Track[V, A] | None:
        one = self._inputs.get(name)
        if one is None:
            return None
        if not 1 <= number <= one.issued:
            raise ValueError(f"input {name!r} has had {one.issued} tracks, there is no {number}")
        return one.track(number)

    def _half(self, name: str, track: int, media: Media) -> Half[Frame[V]] | Half[Batch[A]] | None:
        found = self._track(name, track)
        return None if found is None else found.half(media)

    # -- what feeders ask -----------------------------------------------------------------------

    def credit(self, name: str, track: int, media: Media) -> Credit:
        """Return what a feeder may send to one half of a track, current or waiting."""
        half = self._half(name, track, media)
        return NO_CREDIT if half is None else half.credit()

    def wants(self) -> Iterator[Want]:
        """Yield every half of every track that may be sent something."""
        for one in self._inputs.values():
            tracks = [*([one.current] if one.current else []), *one.waiting]
            for track in tracks:
                for media, half in track.halves():
                    credit = half.credit()
                    if credit.open:
                        yield Want(one.id, track.number, media, credit)

    def needed_from(self, name: str, track: int, media: Media) -> int | None:
        """Return how many items of one half of a track a feeder may forget; None = all."""
        half = self._half(name, track, media)
        if half is None:
            return None
        mark = half.mark(undo=self._undo() == media)
        return None if mark.eos else mark.needed_from

    def held(self, name: str) -> Held:
        """Return how many items the queue holds for the current track of an input."""
        track = self._inputs[name].current
        if track is None:
            return Held(0, 0)
        counts = {media: half.held for media, half in track.halves()}
        return Held(counts.get("video", 0), counts.get("audio", 0))

    # -- time -----------------------------------------------------------------------------------

    def start(self, now: Ns) -> None:
        """Begin to emit: this instant is pts zero for everybody outside.

        Raises:
            RuntimeError: it has been started before.
        """
        if self.start_pts is not None:
            raise RuntimeError(f"the queue was started at {self.start_pts} ns already")
        self._clean(now)
        self.start_pts = now

    def schedule(self, command: object, time: Ns, *, always: bool = False) -> bool:
        """Ask for a command to come out at its place between the sets.

        Args:
            command: handed back in `Ran`.
            time: counted from the start.
            always: run it before the next set if its place is past.

        Returns:
            False if its place is past and it will not run. Places are compared, not clocks: in a
            stall, nothing that is still to come is past.
        """
        if not (always or self.options.run_late_scheduled_events) and self._is_past(time):
            return False
        self._schedule.add(time, command)
        return True

    def _is_past(self, time: Ns) -> bool:
        if self.start_pts is None:
            return False
        start, earliest = self.start_pts, self._schedule.earliest
        coming = min(self._video.next_pts(start), self._audio.next_pts(start)) - start
        return time < (coming if earliest is None else min(coming, earliest))

    def freed(self, media: Media, places: int = 1) -> None:
        """Take note that a consumer took sets out of their channel to work on them."""
        self.places[media] += places

    def occupied(self, media: Media, places: int) -> None:
        """Take note of sets that wait already: those that a queue before this one sent."""
        self.places[media] -= places

    def due(self, now: Ns) -> list[Emission[V, A]]:
        """Return everything that goes out now, in order.

        Sets beyond the places that consumers have freed wait or are dropped. An owner whose
        consumers free places within the same instant calls `step` and `collect` in turns.
        """
        while self.step(now):
            pass
        return self.collect()

    def collect(self) -> list[Emission[V, A]]:
        """Return what has gone out since the last time."""
        out, self._out = self._out, []
        return out

    def step(self, now: Ns) -> bool:
        """Let at most one set or the commands of one time go out; False if nothing can now."""
        if self.start_pts is None:
            self._clean(now)
            self._wake = self._next_cleanup()
            return False
        if self._outgoing is not None:
            return self._send(self._outgoing, now)
        return self._advance(self.start_pts, now)

    def next_wakeup(self, now: Ns) -> Ns | None:
        """Return when to step again if nothing happens before; None = only when something does."""
        return None if self._wake is None else max(self._wake, now)

    def _advance(self, start: Ns, now: Ns) -> bool:
        tick, chunk = self._video.next_pts(start), self._audio.next_pts(start)
        # Both are asked before the choice, and video first: a floating track that both halves see
        # at once is to begin on the tick, or its first frame would be lost at a seam.
        self._ready_video(tick, now, start)
        self._ready_audio(chunk, now, start)
        earliest = self._schedule.earliest
        if earliest is not None and start + earliest < min(tick, chunk):
            return self._run(earliest, start)
        self._reach(min(tick, chunk))
        if chunk < tick:
            return self._push_audio_set(chunk, start, now)
        return self._push_video_set(tick, start, now)

    def _ready_video(self, tick: Ns, now: Ns, start: Ns) -> Readiness:
        self._begin_tracks(now)
        return self._video.evaluate(self._inputs.values(), tick, start)

    def _ready_audio(self, chunk: Ns, now: Ns, start: Ns) -> Readiness:
        self._begin_tracks(now)
        return self._audio.evaluate(self._inputs.values(), chunk, start)

    def _begin_tracks(self, now: Ns) -> None:
        for one in self._inputs.values():
            one.start_next(self._at(now), self.start_pts)

    def _reach(self, place: Ns) -> None:
        """Move on to a place, whether or not its set can go: a pause holds what was to come."""
        self._position = place if self._position is None else max(self._position, place)

    def _run(self, time: Ns, start: Ns) -> bool:
        self._reach(start + time)
        while self._schedule.earliest == time:
            self._tell(Ran(*self._schedule.pop()))
        return True

    def _push_video_set(self, tick: Ns, start: Ns, now: Ns) -> bool:
        if not self._goes(self._ready_video(tick, now, start), tick, now):
            return False
        inputs, never_drop = self._inputs.values(), self.options.never_drop
        return self._send(self._video.form(inputs, tick, never_drop=never_drop), now)

    def _push_audio_set(self, chunk: Ns, start: Ns, now: Ns) -> bool:
        if not self._goes(self._ready_audio(chunk, now, start), chunk, now):
            return False
        inputs, never_drop = self._inputs.values(), self.options.never_drop
        return self._send(self._audio.form(inputs, chunk, start, never_drop=never_drop), now)

    def _goes(self, readiness: Readiness, pts: Ns, now: Ns) -> bool:
        decision: Decision = decide(readiness, pts, now, ahead_of_time=self.options.ahead_of_time)
        match decision:
            case Go():
                return True
            case Wait(until):
                self._wake = until
                return False

    def _send(self, outgoing: VideoSet[V] | AudioSet[A], now: Ns) -> bool:
        """Put a set into its channel; without a place, keep it or drop it."""
        media: Media = outgoing.media
        self._outgoing = None
        if self.places[media] > 0:
            self.places[media] -= 1
            self._tell(outgoing)
            return True
        if not outgoing.required and now >= outgoing.pts:
            self._tell(Dropped(media, outgoing.pts))
            return True
        self._outgoing = outgoing
        self._wake = None if outgoing.required else outgoing.pts
        return False

    # -- before the start -----------------------------------------------------------------------

    def _clean(self, now: Ns) -> None:
        self._begin_tracks(now)
        for one in self._inputs.values():
            one.cleanup(now)

    def _next_cleanup(self) -> Ns | None:
        times = [one.next_cleanup() for one in self._inputs.values()]
        return min((t for t in times if t is not None), default=None)

    # -- the ledger -----------------------------------------------------------------------------

    def snapshot(self) -> Checkpoint:
        """Return what another queue needs to go on: counters, anchors, flags, no media.

        A set that waits for a place counts as not formed: the next queue forms it again.
        """
        undo = self._undo()
        return Checkpoint(
            self.start_pts,
            self._video.ticks - (undo == "video"),
            self._audio.chunks - (undo == "audio"),
            self._position,
            tuple(one.mark(undo) for one in self._inputs.values()),
            self.scheduled,
        )

    def _undo(self) -> Media | None:
        return None if self._outgoing is None else self._outgoing.media

    @classmethod
    def restore(cls, checkpoint: Checkpoint, options: Options, now: Ns) -> Timeline[V, A]:
        """Go on where another queue stopped, without repeating a pts.

        In real time the ticks and chunks of the outage are given up; their time is past. Where
        every tick counts (ahead of time, never drop) the counters go on exactly. All channels are
        taken to be empty; tell `occupied` otherwise. Feeders offer their items again from the
        numbers in the checkpoint (or in `wants`) on.
        """
        timeline: Timeline[V, A] = cls(options, checkpoint)
        if timeline.start_pts is not None and not options.keeps_every_tick:
            timeline._video.skip_to(now, timeline.start_pts)
            timeline._audio.skip_to(now, timeline.start_pts)
        return timeline
