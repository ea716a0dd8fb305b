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
from examples.smelter.commands import Commands
from examples.smelter.deliveries import BOTH, Deliveries, send
from examples.smelter.doors import Doors
from examples.smelter.guardians import Guardians
from examples.smelter.keeper import SCHEDULE, STARTED
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import CHUNK, Media, Ns
from examples.smelter.pictures import RATE, SECOND, Picture, Samples
from examples.smelter.playlists import Playlists
from examples.smelter.queue_start import Started, begin, connection, resume
from examples.smelter.queue_words import Line, QueueStats, Saved, announced
from examples.smelter.requests import InputPlan, Settings
from examples.smelter.sets import AudioSet, Dropped, Emission, Notice, Ran, VideoSet
from examples.smelter.wire import (
    COMPOSITOR,
    MIXER,
    Attach,
    Attaching,
    Command,
    ConsumerUp,
    Done,
    Finish,
    FinishNow,
    Offer,
    QueueUp,
    Ready,
    Taken,
    consumer_of,
    tell,
)

__all__ = ["Queue", "QueueStats"]

START_LIMIT = 5.0
"""Seconds after which the run begins although an input has shown nothing yet."""

_KEY = "queue"


@dataclass(slots=True)
class _State:
    line: Line
    origin: Ns
    stats: QueueStats
    limit: tuple[int, int] | None
    doors: Doors
    playlists: Playlists
    deliveries: Deliveries
    commands: Commands
    head: Ns = 0
    guardians: Guardians = field(default_factory=Guardians)
    wake: tuple[Ns, Ref] | None = None
    """When the next look is, and the timer that tells of it: there is never more than one."""
    patient: list[tuple[int, Caller]] = field(default_factory=list)
    is_unsaved: bool = False
    """Whether something has changed that no set accounts for."""


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
        found = begin(self.settings, _now())
        line, origin, head = found.line, found.origin, found.head
        doors = Doors(line)
        stats, limit = QueueStats(ticks=found.ticks), self.settings.limit
        playlists = Playlists(line, doors, origin, head)
        deliveries = Deliveries()
        commands = Commands(line, playlists, deliveries, self.settings.framerate)
        state = _State(line, origin, stats, limit, doors, playlists, deliveries, commands, head)
        for one in found.inputs:
            playlists.register(one)
        for plan, held in found.outputs.items():
            where = connection(line, self.settings.framerate, plan, held)
            state.deliveries.order(where, *BOTH)
        self._hand_on(state)
        return state

    def _resume(self, saved: Saved) -> _State:
        line, doors, playlists = resume(self.settings, saved, _now() - saved.origin)
        deliveries = Deliveries.restored(saved.serial, saved.drawn, saved.orders)
        commands = Commands(line, playlists, deliveries, self.settings.framerate)
        return _State(
            line, saved.origin, saved.stats, saved.limit, doors, playlists, deliveries, commands
        )

    def handle_cast(self, request: Message, state: _State) -> None:
        """Handle what `wire` says the queue is told."""
        match request:
            case Offer():
                state.doors.offered(request)
                self._look(state)
            case Taken(media, serial):
                if state.deliveries.taken(media, serial):
                    state.line.freed(media)
                    self._look(state)
            case Done(media, serial):
                state.deliveries.done(media, serial)
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
        line, failed = state.line, state.stats.failed_inputs
        ended = tuple(sorted(line.ended.union(failed)))
        paused = tuple(sorted(state.playlists.paused))
        return Reply(replace(state.stats, ended_inputs=ended, paused_inputs=paused))

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
        state.playlists.register(plan)
        state.guardians.expect(plan.id)
        self._save(state)
        self._look(state)
        return Reply(True)

    @call
    def carry_out(self, state: _State, command: Command) -> Reply[bool, _State]:
        """Do something now, that is before the next set; False if there is nothing to do it to."""
        self._note(command)
        has_done = state.commands.carry_out(command, self._at(state))
        self._save(state)
        self._look(state)
        return Reply(has_done)

    @call
    def schedule(
        self, state: _State, command: Command, time: Ns, always: bool
    ) -> Reply[bool, _State]:
        """Do something at its place between the sets; False if that is past."""
        accepted = state.line.schedule(command, time, always=always)
        if accepted:
            self._note(command)
        self._save_schedule(state)
        self._save(state)
        self._look(state)
        return Reply(accepted)

    def _note(self, command: Command) -> None:
        """Register an output in the same breath in which it is accepted, whoever dies of what."""
        if isinstance(command, Attaching):
            Ledger.put(LEDGER, ("output", command.plan.id), command.plan)

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

    # -- consumers ---------------------------------------------------------------------------------

    def _hand_on_again(self, state: _State, media: Media) -> None:
        """Give a consumer that has come up what the one before it did not finish."""
        consumer = consumer_of(media)
        tell(consumer, Ready())
        again = state.deliveries.again(media)
        state.line.occupied(media, again.occupied)
        send(again.things)
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
            state.playlists.tell(input_id)
            state.doors.grant_again(input_id)

    def _give_up(self, state: _State, input_id: str) -> None:
        """End an input whose supervisor is gone: a crash is a gap, but this was the last one."""
        if state.doors.give_up(input_id):
            failed = (*state.stats.failed_inputs, input_id)
            state.stats = replace(state.stats, failed_inputs=failed)
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
        if self.settings.starts_by_itself and state.limit is not None:
            # A film of a fixed length loses nothing: it goes on behind what its file holds.
            return
        Ledger.put(LEDGER, STARTED, Started(state.origin + (state.line.start_pts or 0)))

    def _look(self, state: _State) -> None:
        """Let out whatever is due, then say what may come in and when to look again."""
        line, by_itself = state.line, self.settings.starts_by_itself
        if line.start_pts is None and by_itself and state.playlists.all_seen():
            self._start_line(state)
        now = self._at(state)
        state.playlists.cut_in(now)
        while not state.stats.is_over and not self._is_held_up(state) and line.step(now):
            for emission in line.collect():
                self._emit(state, emission)
            state.playlists.hold(now)
            self._maybe_finish(state)
        for emission in line.collect():
            self._emit(state, emission)
        state.is_unsaved |= state.playlists.follow()
        self._hand_on(state)
        state.doors.grant_all()
        self._wake_later(state)

    def _is_held_up(self, state: _State) -> bool:
        has_begun = state.line.start_pts is not None
        return self.settings.ahead_of_time and has_begun and state.playlists.is_awaited()

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
            case Ran(time, command):
                if not state.commands.carry_out(command, self._at(state)):
                    events.publish(events.CommandFailed(type(command).__name__, time))
                self._save_schedule(state)
                state.is_unsaved = True

    def _video(self, state: _State, emission: VideoSet[Picture], start: Ns) -> None:
        tick = self.settings.framerate.first_tick_from(emission.pts - start)
        if state.limit is not None and tick >= state.limit[0]:
            state.line.freed("video")
            return
        stats = state.stats
        state.stats = replace(stats, ticks=tick + 1, video_sets=stats.video_sets + 1)
        state.deliveries.job(tick, emission, start, state.playlists.going_on)

    def _audio(self, state: _State, emission: AudioSet[Samples], start: Ns) -> None:
        if state.limit is not None and emission.pts - start >= _end_ns(state.limit):
            state.line.freed("audio")
            return
        state.stats = replace(state.stats, audio_sets=state.stats.audio_sets + 1)
        state.deliveries.chunk(emission, start, state.playlists.going_on)

    def _hand_on(self, state: _State) -> None:
        """Write down, then hand on; the other way round a crash could repeat a pts."""
        packed = state.deliveries.pack()
        if packed or state.is_unsaved:
            self._save(state)
        if packed:
            send(packed)
            self._tell_patient(state)

    def _save(self, state: _State) -> None:
        state.is_unsaved = False
        deliveries = state.deliveries
        saved = Saved(
            state.origin,
            state.line.snapshot(),
            state.stats,
            state.limit,
            deliveries.serial,
            deliveries.drawn,
            deliveries.orders(),
        )
        Ledger.put(LEDGER, _KEY, saved)

    def _save_schedule(self, state: _State) -> None:
        Ledger.put(LEDGER, SCHEDULE, state.line.scheduled)

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
