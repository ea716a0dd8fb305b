"""Replays of kind `queue`: the queue between producers and consumers on a virtual clock.

At each instant three things happen in this order: consumers finish and take their next set; the
queue is looked at; then the actions of the instant one after another, consumers and queue being
looked at after each. The start of the queue is the first action of its instant. Between instants
nothing changes: the queue itself says when time alone will matter to it.

A producer never blocks: what the queue does not take in yet waits before its door.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from examples.smelter.offsets import Media, Ns
from examples.smelter.scenario import (
    Abort,
    Action,
    Consume,
    End,
    Item,
    Pause,
    Plan,
    Probe,
    QueueTrack,
    Register,
    Remove,
    Resume,
    Schedule,
    Send,
    plan,
)
from examples.smelter.sets import (
    AudioSet,
    Batch,
    Dropped,
    Emission,
    Entry,
    Frame,
    Notice,
    Ran,
    VideoSet,
)
from examples.smelter.timeline import NoPlaceForTrack, Timeline
from examples.smelter.vectors import (
    Difference,
    Json,
    Kind,
    ReplayError,
    Table,
    mapping,
    moment,
    rows,
    same,
    shown,
)

__all__ = ["QUEUE"]

SETS_AT_ONCE = 20_000
"""More at one instant means that nothing holds the queue back and the replay would never end."""


class Consumer:
    """Takes sets out of one channel, one at a time, and works on each for a while."""

    def __init__(self, media: Media, service: Ns | None) -> None:
        self.media: Media = media
        self.service = service
        self.waiting = 0
        self.busy_until: Ns | None = None

    def look(self, now: Ns) -> int:
        """Finish and take what can be; return how many places became free."""
        freed = 0
        while self.waiting and self.service is not None and self._idle(now):
            self.waiting -= 1
            freed += 1
            self.busy_until = now + self.service
        return freed

    def _idle(self, now: Ns) -> bool:
        return self.busy_until is None or self.busy_until <= now


class Machine:
    """One replay. Inside, times count from the construction of the queue."""

    def __init__(self, what: Plan) -> None:
        self.plan = what
        self.now: Ns = 0
        self.queue: Timeline[Json, Json] = Timeline(what.options)
        self.known: set[str] = set()
        self.consumers = [Consumer(media, service) for media, service in what.consumers.items()]
        self.sets: list[Json] = []
        self.events: list[Json] = []
        self.dropped: list[Json] = []

    def run(self) -> Table:
        """Replay everything up to the end of the plan."""
        for one in self.plan.inputs:
            self._act(one)
        acts = self._acts()
        at, act = next(acts)
        while True:
            self.look()
            while at == self.now:
                act()
                self.look()
                at, act = next(acts, (None, act))
            following = self._next_instant(at)
            if following is None or following > self.plan.start_after + self.plan.until:
                return {"sets": self.sets, "events": self.events, "dropped": self.dropped}
            self.now = following

    def _acts(self) -> Iterator[tuple[Ns | None, partial[None]]]:
        """Yield what is to be done, with its instant, in order."""
        begin = self.plan.start_after
        before = [t for t in self.plan.timeline if t.at < 0]
        after = [t for t in self.plan.timeline if t.at >= 0]
        if before and begin + before[0].at < 0:
            raise ReplayError("an action lies before the construction of the queue")
        yield from ((begin + t.at, partial(self._act, t.action)) for t in before)
        yield begin, partial(self._start)
        yield from ((begin + t.at, partial(self._act, t.action)) for t in after)

    def _start(self) -> None:
        self.queue.start(self.now)

    def _next_instant(self, act_at: Ns | None) -> Ns | None:
        times = [act_at, self.queue.next_wakeup(self.now)]
        times += [c.busy_until for c in self.consumers if c.waiting and c.service is not None]
        return min((t for t in times if t is not None and t > self.now), default=None)

    # -- looking --------------------------------------------------------------------------------

    def look(self) -> None:
        """Let consumers and queue do what they can at this instant."""
        self._serve()
        for _ in range(SETS_AT_ONCE):
            goes_on = self.queue.step(self.now)
            self._collect()
            if not self._serve() and not goes_on:
                return
        raise ReplayError(f"it never ends: {SETS_AT_ONCE} sets at {self._shown(self.now)}")

    def _serve(self) -> bool:
        freed = 0
        for consumer in self.consumers:
            places = consumer.look(self.now)
            self.queue.freed(consumer.media, places)
            freed += places
        return freed > 0

    def _collect(self) -> None:
        for emission in self.queue.collect():
            self._write(emission)

    def _write(self, emission: Emission[Json, Json]) -> None:
        match emission:
            case VideoSet(pts, required, entries) | AudioSet(pts, required, entries):
                self._enters(emission.media)
                written: Table = {name: self._entry(entry) for name, entry in entries.items()}
                head: Table = {"at": self._shown(self.now), "kind": emission.media}
                rest: Table = {"pts": self._shown(pts), "required": required, "entries": written}
                self.sets.append(head | rest)
            case Notice(name, media, what):
                self._event(what, input=name, media=media)
            case Ran(_, command):
                self._event("ran", id=str(command), after=len(self.sets))
            case Dropped(media, pts):
                at = self._shown(self.now)
                self.dropped.append({"at": at, "kind": media, "pts": self._shown(pts)})

    def _enters(self, media: Media) -> None:
        for consumer in self.consumers:
            consumer.waiting += consumer.media == media

    def _entry(self, entry: Entry[Frame[Json]] | Entry[Batch[Json]]) -> Table:
        items: list[Json] = [{"id": i.payload, "pts": self._shown(i.pts)} for i in entry.items]
        return {"items": items, "eos": entry.eos}

    def _event(self, event: str, **members: Json) -> None:
        self.events.append({"at": self._shown(self.now), "event": event, **members})

    def _shown(self, time: Ns) -> str:
        return shown(time - self.plan.start_after)

    # -- acting ---------------------------------------------------------------------------------

    def _act(self, action: Action) -> None:
        queue = self.queue
        match action:
            case Register(name, required, tracks):
                queue.register(name, required=required, tracks=tracks)
                self.known.add(name)
            case QueueTrack(name, track):
                queue.queue_track(name, track)
            case Send(name, track_number, media, items):
                self._check(name)
                for item in items:
                    self._push(name, track_number, media, item)
            case End(name, track_number, media):
                self._check(name)
                queue.end(name, track_number, media)
            case Abort(name):
                queue.abort(name, self.now)
            case Pause(name):
                queue.pause(name, self.now)
            case Resume(name):
                queue.resume(name, self.now)
            case Remove(name):
                queue.remove(name)
            case Schedule(name, time, always):
                if not queue.schedule(name, time, always=always):
                    self._event("refused", id=name)
            case Consume(media, service):
                self._change(media, service)
            case Probe(name):
                held = queue.held(name)
                self._event("held", input=name, video=held.video, audio=held.audio)

    def _check(self, name: str) -> None:
        """Let the producer of a removed input go on in vain, but not one of an unknown input."""
        if name not in self.known:
            raise ReplayError(f"there is no input {name!r}")

    def _push(self, name: str, track: int, media: Media, item: Item) -> None:
        match media:
            case "video":
                self.queue.push_video(name, track, Frame(item.pts, item.id))
            case "audio":
                self.queue.push_audio(name, track, Batch(item.pts, item.duration, item.id))

    def _change(self, media: Media, service: Ns | None) -> None:
        for consumer in self.consumers:
            if consumer.media == media:
                consumer.service = service


def replay(scenario: Table) -> Table:
    """Return what the queue of a scenario does."""
    try:
        return Machine(plan(scenario)).run()
    except KeyError as error:
        raise ReplayError(f"there is no input {error}") from None
    except (NoPlaceForTrack, ValueError) as error:
        raise ReplayError(str(error)) from None


# -- comparing ----------------------------------------------------------------------------------


def compare(expected: Table, got: Table) -> Difference:
    """Compare sets and drops in order, events in order of each stream."""
    for key in ("sets", "dropped"):
        wanted, result = (
            _plain_rows(expected, key),
            _plain_rows(_unchecked(expected, got, key), key),
        )
        if (found := same(wanted, result, key)) is not None:
            return found
    return same(_streams(expected), _streams(got), "events")


def _unchecked(expected: Table, got: Table, key: str) -> Table:
    """Return the result without the instants that the expectation leaves open."""
    left: list[Json] = []
    wanted = rows(expected, key, [])
    for index, row in enumerate(rows(got, key, [])):
        one = mapping(row, key)
        is_open = index < len(wanted) and mapping(wanted[index], key).get("at") is None
        left.append({**one, "at": None} if is_open else one)
    return {key: left}


def _plain_rows(result: Table, key: str) -> list[Json]:
    return [_plain({"at": None, **mapping(row, key)}) for row in rows(result, key, [])]


def _plain(value: Json) -> Json:
    """Return a part of a result with every time written in one way."""
    match value:
        case dict():
            return {k: _time(v) if k in ("at", "pts") else _plain(v) for k, v in value.items()}
        case list():
            return [_plain(one) for one in value]
        case _:
            return value


def _time(value: Json) -> Json:
    return None if value is None else moment(value)


def _streams(result: Table) -> Table:
    """Sort events into the streams within which their order is fixed."""
    streams: dict[str, list[Json]] = {}
    for row in _plain_rows(result, "events"):
        event = mapping(row, "an event")
        streams.setdefault(_stream(event), []).append(event)
    return {name: list(events) for name, events in streams.items()}


def _stream(event: Table) -> str:
    match event.get("event"):
        case "ran" | "refused":
            return "scheduled"
        case "held":
            return f"{event.get('input')} held"
        case _:
            return f"{event.get('input')} {event.get('media')}"


QUEUE = Kind(replay, compare)
