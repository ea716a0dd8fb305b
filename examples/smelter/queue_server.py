"""The queue's process: owns the line of time, grants feeders credit, hands sets to their consumers.

It decides nothing itself; `timeline` does. What it adds is what a process needs:

* *Credit.* It tells each feeder how much may come (`Grant`), and nobody ever waits in a send.
* *A checkpoint* goes to the ledger before the sets it accounts for are handed on, so that a new
  queue never repeats a pts. Feeders keep their items until they are no longer needed and offer
  them again to a new queue. If the ledger itself was lost, the film goes on where its file ends.
* *Unfinished sets* are kept until their consumer says it is done, and given again to a new
  consumer. A set that was in hand when two consumers died is poison: it is dropped and counted.
* *Who is gone.* A crash of an input is a gap. Its end is the clean end of its supervisor, which
  says that it gives up, or that nobody has taken its place for `ORPHANED` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from actors import Caller, Down, GenServer, Message, NoReply, Pid, Ref, Reply, call, process
from actors.exits import Reason, is_clean
from examples.smelter.checkpoint import Checkpoint
from examples.smelter.half import Credit
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import CHUNK, FromStart, Media, Ns
from examples.smelter.pictures import RATE, SECOND, Picture, Samples
from examples.smelter.plan import Plan
from examples.smelter.sets import AudioSet, Dropped, Emission, Frame, Options, VideoSet
from examples.smelter.sinks import Muxer
from examples.smelter.timeline import Timeline
from examples.smelter.tracks import TrackSpec
from examples.smelter.wire import (
    COMPOSITOR,
    MIXER,
    MUXER,
    Attach,
    Chunk,
    ConsumerUp,
    Done,
    Finish,
    FinishNow,
    Grant,
    Job,
    Offer,
    Piece,
    QueueUp,
    Ready,
    Taken,
    consumer_of,
    feeder_of,
    tell,
)

__all__ = ["Queue", "QueueStats"]

START_LIMIT = 5.0
"""Seconds after which the run begins although an input has shown nothing yet."""

ORPHANED = 5.0
"""Seconds after which an input that nobody is responsible for is given up."""

_KEY = "queue"
_TRACK = 1
_TRIES = 2


@dataclass(frozen=True, slots=True)
class QueueStats:
    """What the queue has done so far, over all its lives."""

    ticks: int = 0
    """Video ticks that are past, sent or not."""
    video_sets: int = 0
    """Video sets handed on."""
    audio_sets: int = 0
    """Audio sets handed on."""
    dropped: int = 0
    """Sets that found no place in time."""
    poisoned: int = 0
    """Sets given up because two consumers died with them in hand."""
    ended_inputs: tuple[str, ...] = ()
    """Inputs that were given up."""
    is_over: bool = False
    """Whether the last set has been handed on."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """What the ledger keeps."""

    origin: Ns
    checkpoint: Checkpoint
    stats: QueueStats
    limit: tuple[int, int]


@dataclass(slots=True)
class _Work:
    """One set that its consumer has not finished."""

    job: Job | Chunk
    taken: bool = False
    tries: int = 1


@dataclass(slots=True)
class _Door:
    """Where the items of one half of an input come in."""

    next: int = 0
    granted: tuple[int, int, Credit] | None = None
    ended: bool = False
    seen: bool = False


@dataclass(slots=True)
class _State:
    line: Timeline[Picture, Samples]
    origin: Ns
    stats: QueueStats
    limit: tuple[int, int]
    doors: dict[tuple[str, Media], _Door]
    head: Ns = 0
    guardians: dict[Ref, str] = field(default_factory=dict)
    orphaned: dict[str, float] = field(default_factory=dict)
    work: dict[Media, dict[int, _Work]] = field(default_factory=lambda: {"video": {}, "audio": {}})
    wake: tuple[Ns, Ref] | None = None
    patient: list[tuple[int, Caller]] = field(default_factory=list)


class Queue(GenServer[_State], restart="permanent"):
    """Owner of the line of time. Runs on the loop; every message is a few tens of microseconds."""

    def init(self, plan: Plan) -> _State:
        """Begin anew, or go on where the ledger says the last queue stopped."""
        self.plan = plan
        saved = Ledger.get(LEDGER, _KEY)
        state = self._resume(saved) if isinstance(saved, _Saved) else self._begin()
        tell(COMPOSITOR, QueueUp())
        tell(MIXER, QueueUp())
        for input_id, media in state.doors:
            self._grant(state, input_id, media)
        if state.line.start_pts is None:
            process.send_after(process.self(), "start", START_LIMIT)
        for one in self.plan.inputs:
            self._orphan(state, one.id)
        process.send(process.self(), "look")
        return state

    def _begin(self) -> _State:
        # A new film is empty; one that is not has outlived the ledger, and the inputs begin anew
        # behind what it holds.
        ticks, samples = Muxer.positions(MUXER)
        head = self.plan.framerate.tick(ticks)
        known = Checkpoint(ticks=ticks, chunks=samples * SECOND // RATE // CHUNK)
        line: Timeline[Picture, Samples] = Timeline(self._options(), known)
        doors: dict[tuple[str, Media], _Door] = {}
        for one in self.plan.inputs:
            video, audio = one.info.video is not None, one.info.audio is not None
            track = TrackSpec(FromStart(head), video=video, audio=audio)
            line.register(one.id, required=self.plan.offline, tracks=[track])
            doors |= {(one.id, "video"): _Door()} if video else {}
            doors |= {(one.id, "audio"): _Door()} if audio else {}
        limit = (self.plan.ticks, self.plan.samples)
        return _State(line, _now() - head, QueueStats(ticks=ticks), limit, doors, head)

    def _resume(self, saved: _Saved) -> _State:
        line: Timeline[Picture, Samples] = Timeline.restore(
            saved.checkpoint, self._options(), _now() - saved.origin
        )
        doors: dict[tuple[str, Media], _Door] = {}
        for mark in saved.checkpoint.inputs:
            track = mark.current or (mark.waiting[0] if mark.waiting else None)
            if track is not None and track.video is not None:
                doors[(mark.id, "video")] = _Door(track.video.needed_from, ended=track.video.eos)
            if track is not None and track.audio is not None:
                doors[(mark.id, "audio")] = _Door(track.audio.needed_from, ended=track.audio.eos)
        return _State(line, saved.origin, saved.stats, saved.limit, doors)

    def _options(self) -> Options:
        offline = self.plan.offline
        return Options(self.plan.framerate, ahead_of_time=offline, never_drop=offline)

    def handle_cast(self, request: Message, state: _State) -> None:
        """Handle what `wire` says the queue is told."""
        match request:
            case Offer():
                self._offered(state, request)
            case Taken(media, number):
                self._taken(state, media, number)
            case Done(media, number):
                state.work[media].pop(number, None)
            case Attach(input_id, guardian):
                self._attach(state, input_id, guardian)
            case ConsumerUp(media):
                self._hand_on_again(state, media)
            case FinishNow():
                self._finish_now(state)
            case _:
                raise TypeError(f"the queue is not told {request!r}")

    # -- feeders ----------------------------------------------------------------------------------

    def _attach(self, state: _State, input_id: str, guardian: Pid) -> None:
        """Tell a feeder that has come up what is needed, and watch who is responsible for it."""
        state.guardians[process.monitor(guardian)] = input_id
        state.orphaned.pop(input_id, None)
        for (name, media), door in state.doors.items():
            if name == input_id:
                door.granted = None
                self._grant(state, name, media)

    def _offered(self, state: _State, offer: Offer) -> None:
        door = state.doors.get((offer.input, offer.media))
        if door is None or door.ended:
            return
        for number, item in enumerate(offer.items, offer.first):
            # Items that were under way to the queue before this one are offered again.
            if number == door.next:
                self._push(state, offer.input, item)
                door.next += 1
                door.seen = True
        if offer.is_last and offer.first + len(offer.items) == door.next:
            self._end(state, offer.input, offer.media)
        self._look(state)

    def _push(self, state: _State, input_id: str, item: Piece) -> None:
        if isinstance(item, Frame):
            state.line.push_video(input_id, _TRACK, item)
        else:
            state.line.push_audio(input_id, _TRACK, item)

    def _end(self, state: _State, input_id: str, media: Media) -> None:
        door = state.doors.get((input_id, media))
        if door is not None and not door.ended:
            door.ended = door.seen = True
            state.line.end(input_id, _TRACK, media)

    def _grant(self, state: _State, input_id: str, media: Media) -> None:
        door = state.doors[input_id, media]
        needed = state.line.needed_from(input_id, _TRACK, media)
        credit = state.line.credit(input_id, _TRACK, media)
        grant = (door.next if needed is None else needed, door.next, credit)
        if grant != door.granted:
            door.granted = grant
            tell(feeder_of(input_id), Grant(process.self(), media, *grant))

    # -- consumers --------------------------------------------------------------------------------

    def _taken(self, state: _State, media: Media, number: int) -> None:
        work = state.work[media].get(number)
        if work is not None and not work.taken:
            work.taken = True
            state.line.freed(media)
            self._look(state)

    def _hand_on_again(self, state: _State, media: Media) -> None:
        """Give a consumer that has come up what the one before it did not finish."""
        consumer = consumer_of(media)
        tell(consumer, Ready())
        for number, work in list(state.work[media].items()):
            if work.taken:
                work.tries += 1
                work.taken = False
                state.line.occupied(media, 1)
            if work.tries > _TRIES:
                del state.work[media][number]
                state.line.freed(media)
                state.stats = replace(state.stats, poisoned=state.stats.poisoned + 1)
            else:
                tell(consumer, work.job)
        if state.stats.is_over:
            self._tell_end(state)
        self._look(state)

    # -- the director -----------------------------------------------------------------------------

    @call
    def stats(self, state: _State) -> Reply[QueueStats, _State]:
        """Return what has been done so far."""
        return Reply(state.stats)

    @call
    def reached(self, state: _State, tick: int) -> Reply[int, _State] | NoReply[_State]:
        """Wait until so many ticks are past, or the last one; return how many are."""
        if state.stats.ticks >= tick or state.stats.is_over:
            return Reply(state.stats.ticks)
        state.patient.append((tick, self.caller))
        return NoReply()

    def _tell_patient(self, state: _State) -> None:
        stats = state.stats
        waiting, state.patient = state.patient, []
        for tick, caller in waiting:
            if stats.ticks >= tick or stats.is_over:
                GenServer.reply(caller, stats.ticks)
            else:
                state.patient.append((tick, caller))

    def _finish_now(self, state: _State) -> None:
        """Let the output end with the tick that was sent last."""
        ticks = min(state.stats.ticks, state.limit[0])
        samples = round(ticks / self.plan.encoding.rate * RATE)
        state.limit = (ticks, min(state.limit[1], samples))
        if not state.stats.is_over:
            self._finish(state)

    # -- time -------------------------------------------------------------------------------------

    def handle_info(self, message: Message, state: _State) -> None:
        """Look when it is time, and give up inputs that nobody is responsible for any more."""
        match message:
            case "look":
                state.wake = None
                self._look(state)
            case "start":
                if state.line.start_pts is None:
                    self._start_line(state)
                    self._look(state)
            case Down(ref=ref, reason=reason) if ref in state.guardians:
                self._bereave(state, state.guardians.pop(ref), reason)
            case ("orphaned", str() as input_id, float() as until):
                if state.orphaned.get(input_id) == until:
                    self._give_up(state, input_id)
            case _:
                pass

    def _start_line(self, state: _State) -> None:
        state.line.start(self._at(state) - state.head)

    def _bereave(self, state: _State, input_id: str, reason: Reason) -> None:
        if is_clean(reason):
            self._give_up(state, input_id)
        elif input_id not in state.guardians.values():
            self._orphan(state, input_id)

    def _orphan(self, state: _State, input_id: str) -> None:
        until = process.monotonic() + ORPHANED
        state.orphaned[input_id] = until
        message = ("orphaned", input_id, until)
        process.send_after(process.self(), message, until, absolute=True)

    def _give_up(self, state: _State, input_id: str) -> None:
        """End an input whose supervisor is gone: a crash is a gap, but this was the last one."""
        halves: tuple[Media, ...] = ("video", "audio")
        if all(state.doors.get((input_id, media), _Door(ended=True)).ended for media in halves):
            return
        for media in halves:
            self._end(state, input_id, media)
        ended = (*state.stats.ended_inputs, input_id)
        state.stats = replace(state.stats, ended_inputs=ended)
        self._look(state)

    def _look(self, state: _State) -> None:
        """Let out whatever is due, then say what may come in and when to look again."""
        line = state.line
        if line.start_pts is None and all(door.seen for door in state.doors.values()):
            self._start_line(state)
        if not state.stats.is_over:
            emissions = line.due(self._at(state))
            if emissions:
                self._hand_out(state, emissions)
        for input_id, media in state.doors:
            self._grant(state, input_id, media)
        self._wake_later(state)

    def _wake_later(self, state: _State) -> None:
        now = self._at(state)
        wakeup = None if state.stats.is_over else state.line.next_wakeup(now)
        if state.wake is not None:
            if wakeup is not None and state.wake[0] == wakeup:
                return
            process.cancel_timer(state.wake[1])
            state.wake = None
        if wakeup is not None:
            # A nanosecond later than asked is in time; a nanosecond earlier would be a wasted look.
            when = (state.origin + wakeup + 1) / SECOND
            state.wake = (wakeup, process.send_after(process.self(), "look", when, absolute=True))

    def _at(self, state: _State) -> Ns:
        return _now() - state.origin

    # -- out --------------------------------------------------------------------------------------

    def _hand_out(self, state: _State, emissions: list[Emission[Picture, Samples]]) -> None:
        ready: list[Job | Chunk] = []
        for emission in emissions:
            match emission:
                case VideoSet():
                    ready += self._video(state, emission)
                case AudioSet():
                    ready += self._audio(state, emission)
                case Dropped():
                    state.stats = replace(state.stats, dropped=state.stats.dropped + 1)
                case _:
                    pass
        marks = self._save(state)
        for job in ready:
            state.work[job.media][job.number] = _Work(job)
            tell(consumer_of(job.media), job)
        self._tell_patient(state)
        if marks.ticks >= state.limit[0] and marks.chunks * CHUNK >= self._end_ns(state):
            self._finish(state)

    def _end_ns(self, state: _State) -> Ns:
        return state.limit[1] * SECOND // RATE

    def _video(self, state: _State, emission: VideoSet[Picture]) -> list[Job]:
        start = state.line.start_pts or 0
        tick = self.plan.framerate.first_tick_from(emission.pts - start)
        if tick >= state.limit[0]:
            state.line.freed("video")
            return []
        stats = state.stats
        state.stats = replace(stats, ticks=tick + 1, video_sets=stats.video_sets + 1)
        pictures = {
            input_id: entry.items[0].payload if entry.items else None
            for input_id, entry in emission.entries.items()
        }
        return [Job(tick, pictures)]

    def _audio(self, state: _State, emission: AudioSet[Samples]) -> list[Chunk]:
        start = state.line.start_pts or 0
        begin = emission.pts - start
        if begin >= self._end_ns(state):
            state.line.freed("audio")
            return []
        state.stats = replace(state.stats, audio_sets=state.stats.audio_sets + 1)
        sounds = {
            input_id: tuple(replace(b.payload, start=b.pts - start) for b in entry.items)
            for input_id, entry in emission.entries.items()
        }
        return [Chunk(begin // CHUNK, sounds)]

    def _save(self, state: _State) -> Checkpoint:
        marks = state.line.snapshot()
        Ledger.put(LEDGER, _KEY, _Saved(state.origin, marks, state.stats, state.limit))
        return marks

    def _finish(self, state: _State) -> None:
        state.stats = replace(state.stats, is_over=True)
        self._tell_patient(state)
        self._save(state)
        self._tell_end(state)

    def _tell_end(self, state: _State) -> None:
        tell(COMPOSITOR, Finish(state.limit[0]))
        tell(MIXER, Finish(state.limit[1]))


def _now() -> Ns:
    return round(process.monotonic() * SECOND)
