"""The queue's process: owns the line of time, grants feeders credit, hands sets to their consumers.

It decides nothing itself; `timeline` does. What it adds is what a process needs:

* *Credit.* It tells each feeder how much may come (`Grant`), and nobody ever waits in a send.
* *Orders.* What outputs show and consist of changes between two sets, and the consumers are told in
  the same mailbox; so a scheduled change counts from exactly the next set on, however many sets are
  under way.
* *A checkpoint* goes to the ledger before the sets it accounts for are handed on, so that a new
  queue never repeats a pts. Feeders keep their items until they are no longer needed and offer
  them again to a new queue. If the ledger itself was lost, films go on where their files end.
* *Unfinished work* is kept until its consumer says it is done, see `work`.
* *Who is gone.* A crash of an input is a gap. Its end is the clean end of its supervisor, which
  says that it gives up, or that nobody has taken its place for `ORPHANED` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from actors import Caller, GenServer, Message, NoReply, Pid, Ref, Reply, call, process
from examples.smelter import events
from examples.smelter.doors import Doors
from examples.smelter.guardians import Guardians
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import CHUNK, Media, Ns
from examples.smelter.pictures import RATE, SECOND, Picture, Samples
from examples.smelter.queue_start import begin, connection, offset_of, resume
from examples.smelter.queue_words import Line, QueueStats, Saved, announced, chunk_of, job_of
from examples.smelter.requests import InputPlan, Settings
from examples.smelter.sets import AudioSet, Dropped, Emission, Notice, Ran, VideoSet
from examples.smelter.tracks import TrackSpec
from examples.smelter.wire import (
    COMPOSITOR,
    CONTROL,
    MIXER,
    Attach,
    Attaching,
    Chunk,
    Command,
    ConsumerUp,
    Disconnect,
    Done,
    Finish,
    FinishNow,
    Gone,
    Job,
    Offer,
    Order,
    PauseInput,
    QueueUp,
    Ready,
    RemoveInput,
    ResumeInput,
    SetMix,
    SetScene,
    Taken,
    Together,
    What,
    consumer_of,
    tell,
)
from examples.smelter.work import Work

__all__ = ["Queue", "QueueStats"]

START_LIMIT = 5.0
"""Seconds after which the run begins although an input has shown nothing yet."""

_KEY = "queue"
_BOTH: tuple[Media, ...] = ("video", "audio")


@dataclass(slots=True)
class _State:
    line: Line
    origin: Ns
    stats: QueueStats
    limit: tuple[int, int] | None
    doors: Doors
    head: Ns = 0
    serial: int = 0
    drawn: Ns = 0
    """Pts of the last picture handed on, from the start."""
    guardians: Guardians = field(default_factory=Guardians)
    work: dict[Media, Work[Job | Chunk | Order]] = field(
        default_factory=lambda: {"video": Work(), "audio": Work()}
    )
    wake: tuple[Ns, Ref] | None = None
    """When the next look is, and the timer that tells of it: there is never more than one."""
    patient: list[tuple[int, Caller]] = field(default_factory=list)
    outgoing: list[Job | Chunk | Order] = field(default_factory=list)
    """What is to be handed on as soon as the ledger knows."""


class Queue(GenServer[_State], restart="permanent"):
    """Owner of the line of time. Runs on the loop; every message is a few tens of microseconds."""

    def init(self, settings: Settings) -> _State:
        """Begin anew, or go on where the ledger says the last queue stopped."""
        self.settings = settings
        saved = Ledger.get(LEDGER, _KEY)
        state = self._resume(saved) if isinstance(saved, Saved) else self._begin()
        tell(COMPOSITOR, QueueUp())
        tell(MIXER, QueueUp())
        state.doors.grant_all()
        if state.line.start_pts is None and settings.starts_by_itself:
            process.send_after(process.self(), "start", START_LIMIT)
        for name in state.line.names:
            state.guardians.expect(name)
        state.wake = (0, process.send_after(process.self(), "look", 0.0))
        return state

    def _begin(self) -> _State:
        found = begin(self.settings)
        line, head = found.line, found.head
        stats, limit = QueueStats(ticks=found.ticks), self.settings.limit
        state = _State(line, _now() - head, stats, limit, Doors(line), head)
        for one in found.inputs:
            self._register(state, one)
        for plan, held in found.outputs.items():
            self._order(state, connection(line, self.settings.framerate, plan, held), *_BOTH)
        self._hand_on(state)
        return state

    def _resume(self, saved: Saved) -> _State:
        line, doors = resume(self.settings, saved, _now() - saved.origin)
        state = _State(line, saved.origin, saved.stats, saved.limit, doors)
        state.serial, state.drawn = saved.serial, saved.drawn
        for order in saved.orders:
            state.work[order.media].give([order], is_set=False)
        return state

    def handle_cast(self, request: Message, state: _State) -> None:
        """Handle what `wire` says the queue is told."""
        match request:
            case Offer():
                state.doors.offered(request)
                self._look(state)
            case Taken(media, serial):
                if state.work[media].take(serial):
                    state.line.freed(media)
                    self._look(state)
            case Done(media, serial):
                state.work[media].finish(serial)
            case Attach(input_id, guardian):
                self._attach(state, input_id, guardian)
            case ConsumerUp(media):
                self._hand_on_again(state, media)
            case FinishNow():
                self._finish_now(state)
            case _:
                raise TypeError(f"the queue is not told {request!r}")

    # -- what is asked -----------------------------------------------------------------------------

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

    @call
    def register(self, state: _State, plan: InputPlan) -> Reply[bool, _State]:
        """Let an input take part; False if there is one of its id."""
        if plan.id in state.line.names:
            return Reply(False)
        self._register(state, plan)
        state.guardians.expect(plan.id)
        self._save(state)
        self._look(state)
        return Reply(True)

    @call
    def carry_out(self, state: _State, command: Command) -> Reply[None, _State]:
        """Do something now, that is before the next set."""
        self._carry_out(state, command)
        self._hand_on(state)
        self._look(state)
        return Reply(None)

    @call
    def schedule(
        self, state: _State, command: Command, time: Ns, always: bool
    ) -> Reply[bool, _State]:
        """Do something at its place between the sets; False if that is past."""
        accepted = state.line.schedule(command, time, always=always)
        self._save(state)
        self._look(state)
        return Reply(accepted)

    @call
    def begin(self, state: _State) -> Reply[bool, _State]:
        """Begin the line of time; False if it has begun."""
        if state.line.start_pts is not None:
            return Reply(False)
        self._start_line(state)
        self._save(state)
        self._look(state)
        return Reply(True)

    def _tell_patient(self, state: _State) -> None:
        stats = state.stats
        waiting, state.patient = state.patient, []
        for tick, caller in waiting:
            if stats.ticks >= tick or stats.is_over:
                GenServer.reply(caller, stats.ticks)
            else:
                state.patient.append((tick, caller))

    # -- commands ----------------------------------------------------------------------------------

    def _register(self, state: _State, plan: InputPlan) -> None:
        supply = plan.spec.supply
        offset = offset_of(plan, state.origin, state.head)
        track = TrackSpec(offset, video=supply.video, audio=supply.audio)
        state.line.register(plan.id, required=plan.spec.required, tracks=[track])
        state.doors.open(plan.id, supply.video, supply.audio)

    def _carry_out(self, state: _State, command: object) -> None:
        now = self._at(state)
        match command:
            case Attaching(plan):
                where = connection(state.line, self.settings.framerate, plan)
                self._order(state, where, *_BOTH)
            case Disconnect():
                self._order(state, command, *_BOTH)
                tell(CONTROL, command)
            case SetScene():
                self._order(state, command, "video")
            case SetMix():
                self._order(state, command, "audio")
            case Together(scene, mix):
                self._order(state, scene, "video")
                self._order(state, mix, "audio")
            case RemoveInput(name) if name in state.line.names:
                state.line.remove(name)
                state.doors.close(name)
                self._order(state, Gone(name), *_BOTH)
                tell(CONTROL, command)
            case PauseInput(name) if name in state.line.names:
                state.line.pause(name, now)
            case ResumeInput(name) if name in state.line.names:
                state.line.resume(name, now)
            case _:
                # An input that was unregistered before its time came.
                return

    def _order(self, state: _State, what: What, *media: Media) -> None:
        for one in media:
            state.serial += 1
            state.outgoing.append(Order(state.serial, one, state.drawn, what))

    # -- consumers ---------------------------------------------------------------------------------

    def _hand_on_again(self, state: _State, media: Media) -> None:
        """Give a consumer that has come up what the one before it did not finish."""
        consumer = consumer_of(media)
        tell(consumer, Ready())
        again = state.work[media].again()
        state.line.occupied(media, again.occupied)
        for thing in again.things:
            tell(consumer, thing)
        for poison in again.poison:
            state.stats = replace(state.stats, poisoned=state.stats.poisoned + 1)
            events.publish(events.SetPoisoned(media, poison.pts))
        if state.stats.is_over:
            self._tell_end(state)
        self._look(state)

    def _finish_now(self, state: _State) -> None:
        """Let the outputs end with the tick that was sent last."""
        self._cut(state)
        if not state.stats.is_over:
            self._finish(state)

    def _cut(self, state: _State) -> None:
        rate, limit = self.settings.framerate, state.limit
        ticks = state.stats.ticks if limit is None else min(state.stats.ticks, limit[0])
        samples = round(Fraction(ticks * rate.den * RATE, rate.num))
        state.limit = (ticks, samples if limit is None else min(samples, limit[1]))

    # -- who is responsible ------------------------------------------------------------------------

    def _attach(self, state: _State, input_id: str, guardian: Pid) -> None:
        """Tell a feeder that has come up what is needed, and watch who is responsible for it."""
        if input_id in state.line.names:
            state.guardians.attach(input_id, guardian)
            state.doors.grant_again(input_id)

    def _give_up(self, state: _State, input_id: str) -> None:
        """End an input whose supervisor is gone: a crash is a gap, but this was the last one."""
        if state.doors.give_up(input_id):
            ended = (*state.stats.ended_inputs, input_id)
            state.stats = replace(state.stats, ended_inputs=ended)
            events.publish(events.InputError(input_id))
            self._look(state)

    # -- time --------------------------------------------------------------------------------------

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
            case _:
                given_up = state.guardians.heard(message)
                if given_up is not None and given_up in state.line.names:
                    self._give_up(state, given_up)

    def _start_line(self, state: _State) -> None:
        state.line.start(self._at(state) - state.head)

    def _look(self, state: _State) -> None:
        """Let out whatever is due, then say what may come in and when to look again."""
        line, by_itself = state.line, self.settings.starts_by_itself
        if line.start_pts is None and by_itself and state.doors.all_seen():
            self._start_line(state)
        now = self._at(state)
        while not state.stats.is_over and line.step(now):
            for emission in line.collect():
                self._emit(state, emission)
            self._maybe_finish(state)
        for emission in line.collect():
            self._emit(state, emission)
        self._hand_on(state)
        state.doors.grant_all()
        self._wake_later(state)

    def _wake_later(self, state: _State) -> None:
        wakeup = None if state.stats.is_over else state.line.next_wakeup(self._at(state))
        if state.wake is not None:
            if wakeup is not None and state.wake[0] == wakeup:
                return
            if process.cancel_timer(state.wake[1]) is None:
                # That look waits in the mailbox already. One more for every message that is handled
                # before it, on a machine that is too slow, would be looks without end.
                return
            state.wake = None
        if wakeup is not None:
            # A nanosecond later than asked is in time; a nanosecond earlier would be a wasted look.
            when = (state.origin + wakeup + 1) / SECOND
            state.wake = (wakeup, process.send_after(process.self(), "look", when, absolute=True))

    def _at(self, state: _State) -> Ns:
        return _now() - state.origin

    # -- out ---------------------------------------------------------------------------------------

    def _emit(self, state: _State, emission: Emission[Picture, Samples]) -> None:
        start = state.line.start_pts or 0
        match emission:
            case VideoSet():
                self._video(state, emission, start)
            case AudioSet():
                self._audio(state, emission, start)
            case Dropped(media, pts):
                state.stats = replace(state.stats, dropped=state.stats.dropped + 1)
                events.publish(events.SetDropped(media, pts - start))
            case Notice():
                events.publish(announced(emission))
            case Ran(_, command):
                self._carry_out(state, command)

    def _video(self, state: _State, emission: VideoSet[Picture], start: Ns) -> None:
        tick = self.settings.framerate.first_tick_from(emission.pts - start)
        if state.limit is not None and tick >= state.limit[0]:
            state.line.freed("video")
            return
        stats = state.stats
        state.stats = replace(stats, ticks=tick + 1, video_sets=stats.video_sets + 1)
        state.serial += 1
        state.drawn = emission.pts - start
        state.outgoing.append(job_of(state.serial, tick, emission, start))

    def _audio(self, state: _State, emission: AudioSet[Samples], start: Ns) -> None:
        begin = emission.pts - start
        if state.limit is not None and begin >= _end_ns(state.limit):
            state.line.freed("audio")
            return
        state.stats = replace(state.stats, audio_sets=state.stats.audio_sets + 1)
        state.serial += 1
        state.outgoing.append(chunk_of(state.serial, begin // CHUNK, emission, start))

    def _hand_on(self, state: _State) -> None:
        """Write down, then hand on; the other way round a crash could repeat a pts."""
        if not state.outgoing:
            return
        outgoing, state.outgoing = state.outgoing, []
        for thing in outgoing:
            is_set = not isinstance(thing, Order)
            state.work[thing.media].give([thing], is_set=is_set)
        self._save(state)
        for thing in outgoing:
            tell(consumer_of(thing.media), thing)
        self._tell_patient(state)

    def _save(self, state: _State) -> None:
        orders = [
            one for media in _BOTH for one in state.work[media].orders() if isinstance(one, Order)
        ]
        saved = Saved(
            state.origin,
            state.line.snapshot(),
            state.stats,
            state.limit,
            state.serial,
            state.drawn,
            tuple(orders),
        )
        Ledger.put(LEDGER, _KEY, saved)

    def _maybe_finish(self, state: _State) -> None:
        line = state.line
        if state.limit is not None:
            ticks, _ = state.limit
            if line.ticks >= ticks and line.chunks * CHUNK >= _end_ns(state.limit):
                self._finish(state)
        elif self.settings.ahead_of_time and line.is_over:
            # Nothing would hold it back any more: it would go on for ever with nothing to show.
            self._cut(state)
            self._finish(state)

    def _finish(self, state: _State) -> None:
        self._hand_on(state)
        state.stats = replace(state.stats, is_over=True)
        self._tell_patient(state)
        self._save(state)
        self._tell_end(state)

    def _tell_end(self, state: _State) -> None:
        if state.limit is not None:
            tell(COMPOSITOR, Finish(state.limit[0]))
            tell(MIXER, Finish(state.limit[1]))


def _end_ns(limit: tuple[int, int]) -> Ns:
    return limit[1] * SECOND // RATE


def _now() -> Ns:
    return round(process.monotonic() * SECOND)
