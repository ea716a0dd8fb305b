"""What each input plays, one track after the other; for the process that owns the line of time.

    add      a track that waits behind the others
    cut      the next track begins as soon as it has something to show
    seek     a new track of the same file, from another place, which cuts in
    pause    it stays where it is, until somebody says `resume`

A track that cuts in waits until each of its media has come, so that there is no hole in the picture
while a file is opened; the one before it plays on meanwhile. If it is paused, it shows the new picture.

Where nobody looks at a clock, a required input holds everything up until its next track has come:
which set is its first would be a race otherwise.

The plans of all inputs are in the ledger whenever they change, and their feeders are told. So a pause
outlives everybody: when all is begun anew, a file begins where it was paused, and is held there again as
soon as something of it has been seen. What is not a file is held at what comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from examples.smelter.doors import Doors
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import AtPts, Floating, FromStart, Ns, Offset
from examples.smelter.queue_words import Line
from examples.smelter.requests import Held, InputPlan, TrackPlan
from examples.smelter.seek import place_in, sought
from examples.smelter.timeline import NoPlaceForTrack
from examples.smelter.tracks import TrackSpec
from examples.smelter.wire import AddTrack, SeekInput, Tracks, feeder_of, tell

__all__ = ["Playlists"]


class Playlists:
    """The tracks of all inputs.

    Args:
        line: the line of time.
        doors: of the same line.
        origin: when the line was built, on the runtime's clock.
        head: what the files of the outputs hold already; inputs begin behind it.
    """

    def __init__(self, line: Line, doors: Doors, origin: Ns, head: Ns = 0) -> None:
        self._line = line
        self._doors = doors
        self._origin = origin
        self._head = head
        self._plans: dict[str, InputPlan] = {}
        self._to_hold: set[str] = set()
        """Paused ones of which nothing has been seen since all was begun anew."""

    def restore(self, plans: Iterable[InputPlan]) -> None:
        """Go on with the inputs that the line knows; the marks of its tracks are in the checkpoint."""
        for plan in plans:
            if plan.id in self._line.names:
                self._plans[plan.id] = plan
                if plan.held is not None and plan.id not in self._line.paused:
                    self._to_hold.add(plan.id)
                self._tell(plan)

    # -- what is asked -----------------------------------------------------------------------------

    def register(self, plan: InputPlan) -> None:
        """Let an input take part, with all its tracks; they are numbered anew."""
        plan = _where_it_was_held(plan)
        if plan.held is not None:
            self._to_hold.add(plan.id)
        tracks = tuple(replace(one, number=n) for n, one in enumerate(plan.tracks, 1))
        specs = [self._spec(one) for one in tracks]
        self._line.register(plan.id, required=plan.spec.required, tracks=specs)
        for one in tracks:
            self._doors.open(plan.id, one.number, one.supply.video, one.supply.audio)
        self._change(replace(plan, later=tracks))

    def remove(self, name: str) -> InputPlan:
        """Let an input take part no more; return what it was."""
        plan = self._plans.pop(name)
        self._to_hold.discard(name)
        Ledger.drop(LEDGER, ("input", name))
        for one in plan.tracks:
            self._doors.close(name, one.number)
        self._line.remove(name)
        return plan

    def add(self, asked: AddTrack) -> bool:
        """Let a track wait behind the others; False if as many wait as may."""
        plan = self._plans[asked.input]
        track = TrackPlan(0, asked.supply, asked.offset, asked.epoch)
        try:
            number = self._line.queue_track(asked.input, self._spec(track))
        except NoPlaceForTrack:
            return False
        self._open(plan, (*plan.tracks, replace(track, number=number)), number)
        return True

    def cut(self, name: str) -> bool:
        """Let the next track begin as soon as it can; False if none waits."""
        plan = self._plans[name]
        playing, *waiting = plan.tracks
        if not waiting:
            return False
        following = replace(waiting[0], cuts_in=True)
        self._change(replace(plan, later=(playing, following, *waiting[1:])))
        return True

    def seek(self, asked: SeekInput, now: Ns) -> bool:
        """Let what is played go on from another place; False if it is nothing to seek in."""
        plan = self._plans[asked.input]
        supply = sought(plan.tracks[0].supply, asked.place)
        if supply is None:
            return False
        stays, waiting = self._before_a_seek(plan)
        track = TrackPlan(0, supply, Floating(), self._origin + now, cuts_in=True, is_seek=True)
        number = self._line.put_next(asked.input, self._spec(track))
        self._open(plan, (*stays, replace(track, number=number), *waiting), number)
        return True

    def pause(self, name: str, now: Ns) -> None:
        """Hold an input where it is; a second time changes nothing."""
        plan = self._plans[name]
        if plan.held is not None:
            return
        self._line.pause(name, now)
        number, at = self._line.playing(name), self._line.place(name, now)
        track = next((one for one in plan.tracks if one.number == number), plan.tracks[0])
        place = None if at is None else place_in(track.supply, at)
        self._change(replace(plan, held=Held(track.number, place)))

    def resume(self, name: str, now: Ns) -> None:
        """Let an input go on; one that runs is no error."""
        self._to_hold.discard(name)
        self._line.resume(name, now)
        if (plan := self._plans[name]).held is not None:
            self._change(replace(plan, held=None))

    def _before_a_seek(self, plan: InputPlan) -> tuple[list[TrackPlan], list[TrackPlan]]:
        """Return what plays on until a seek has come there, and what is to follow it.

        What has not begun plays no more: neither where it was to go before, nor a first track.
        """
        playing, *waiting = plan.tracks
        gone = [one for one in waiting[:1] if one.is_seek]
        if self._line.playing(plan.id) is None:
            gone.append(playing)
        for one in gone:
            self._line.withdraw(plan.id, one.number)
            self._doors.close(plan.id, one.number)
        rest = [replace(one, cuts_in=False) for one in waiting if one not in gone]
        return [one for one in (playing,) if one not in gone], rest

    def _open(self, plan: InputPlan, tracks: tuple[TrackPlan, ...], number: int) -> None:
        supply = next(one.supply for one in tracks if one.number == number)
        self._doors.open(plan.id, number, supply.video, supply.audio)
        self._change(replace(plan, later=tracks))

    def _spec(self, track: TrackPlan) -> TrackSpec:
        supply = track.supply
        return TrackSpec(self._offset(track), video=supply.video, audio=supply.audio)

    def _offset(self, track: TrackPlan) -> Offset:
        match track.offset:
            case FromStart(delay):
                return FromStart(delay + self._head)
            case Floating() if track.supply.is_live:
                return AtPts(max(0, track.epoch - self._origin))
            case other:
                return other

    def tracks(self, name: str) -> tuple[TrackPlan, ...]:
        """Return what an input plays, the current track first."""
        return self._plans[name].tracks

    # -- as time goes on ---------------------------------------------------------------------------

    def cut_in(self, now: Ns) -> None:
        """Let tracks begin that were to cut in and have come."""
        for name, plan in self._plans.items():
            _, *waiting = plan.tracks
            if waiting and waiting[0].cuts_in and self._doors.is_seen(name, waiting[0].number):
                self._line.abort(name, now)

    def hold(self, now: Ns) -> None:
        """Pause again what was paused before all was begun anew, and has come."""
        for name in [one for one in self._to_hold if self._line.is_shown(one)]:
            self._to_hold.discard(name)
            self._line.pause(name, now)

    def follow(self) -> bool:
        """Forget the tracks that are over since another one has begun; tell whether there were any."""
        has_changed = False
        for name, plan in list(self._plans.items()):
            playing = self._line.playing(name)
            numbers = [one.number for one in plan.tracks]
            if playing in numbers[1:]:
                place = numbers.index(playing)
                for number in numbers[:place]:
                    self._doors.close(name, number)
                self._change(replace(plan, later=plan.tracks[place:]))
                has_changed = True
        return has_changed

    @property
    def paused(self) -> frozenset[str]:
        """The inputs that are held still, or will be as soon as they come."""
        return frozenset(name for name, plan in self._plans.items() if plan.held is not None)

    @property
    def going_on(self) -> frozenset[str]:
        """The inputs that have not ended when their current track has."""
        return frozenset(name for name, plan in self._plans.items() if plan.tracks[1:])

    def is_awaited(self) -> bool:
        """Tell whether a required input is between two tracks and nothing of the next has come."""
        return any(
            plan.spec.required and self._awaits(name, plan) for name, plan in self._plans.items()
        )

    def _awaits(self, name: str, plan: InputPlan) -> bool:
        _, *waiting = plan.tracks
        if waiting and waiting[0].cuts_in:
            return not self._doors.is_seen(name, waiting[0].number)
        # Nothing more comes of those before it, so it is what comes next.
        coming = (one for one in plan.tracks if not self._doors.is_ended(name, one.number))
        track = next(coming, None)
        if track is None or not isinstance(track.offset, Floating):
            return False
        return not self._doors.is_seen(name, track.number)

    def all_seen(self) -> bool:
        """Tell whether every input has shown something of each medium."""
        return all(
            self._doors.is_seen(name, plan.tracks[0].number) for name, plan in self._plans.items()
        )

    # -- who is told -------------------------------------------------------------------------------

    def tell(self, name: str) -> None:
        """Tell a feeder that has come up what there is to play."""
        self._tell(self._plans[name])

    def _change(self, plan: InputPlan) -> None:
        self._plans[plan.id] = plan
        Ledger.put(LEDGER, ("input", plan.id), plan)
        self._tell(plan)

    def _tell(self, plan: InputPlan) -> None:
        tell(feeder_of(plan.id), Tracks(plan.tracks))


def _where_it_was_held(plan: InputPlan) -> InputPlan:
    """Let a paused file begin where it was paused, if that is in the track which is its first now."""
    first, *others = plan.tracks
    if plan.held is None:
        return plan
    if plan.held.place is None or plan.held.track != first.number:
        return replace(plan, held=Held(1, None))
    supply = sought(first.supply, plan.held.place) or first.supply
    held = Held(1, plan.held.place)
    return replace(plan, later=(replace(first, supply=supply), *others), held=held)
