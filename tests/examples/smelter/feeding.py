"""A queue with feeders and consumers around it, for tests: everything a process would do, pure.

A `Feeder` keeps all its items, as a real one keeps those that may still be asked for, and sends
only what it has credit for. A `World` drives the queue from wake-up to wake-up, and can let it
crash: a new queue goes on from the checkpoint, and the feeders offer again what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from examples.smelter.half import Credit
from examples.smelter.offsets import CHUNK, SPAN, Media, Ns
from examples.smelter.sets import (
    AudioSet,
    Batch,
    Dropped,
    Emission,
    Frame,
    Notice,
    Options,
    Ran,
    VideoSet,
)
from examples.smelter.timeline import Timeline

Piece: TypeAlias = Frame[int] | Batch[int]
Key: TypeAlias = tuple[str, int, Media]
Queue: TypeAlias = Timeline[int, int]
Out: TypeAlias = Emission[int, int]
MOST = 200
"""Items that a feeder looks ahead."""

Deed: TypeAlias = Literal["pause", "resume", "abort"]


@dataclass
class Feeder:
    """The producer of one half of a track. `arrives[i]` is when item i is there to be sent."""

    key: Key
    items: Sequence[Piece]
    arrives: Sequence[Ns]
    ends: bool = True
    sent: int = 0
    ended: bool = False

    def send(self, queue: Queue, credit: Credit, now: Ns) -> bool:
        there = [item for item, at in self.next_ones() if at <= now]
        count = credit.admits(there)
        for item in there[:count]:
            self._push(queue, item)
        self.sent += count
        return self._end(queue) or count > 0

    def next_ones(self) -> list[tuple[Piece, Ns]]:
        """Return the next items and when they are there; more than any credit admits."""
        window = slice(self.sent, self.sent + MOST)
        return list(zip(self.items[window], self.arrives[window], strict=True))

    def _push(self, queue: Queue, item: Piece) -> None:
        name, track, _ = self.key
        if isinstance(item, Batch):
            assert queue.push_audio(name, track, item)
        else:
            assert queue.push_video(name, track, item)

    def _end(self, queue: Queue) -> bool:
        if self.ended or not self.ends or self.sent < len(self.items):
            return False
        self.ended = True
        return queue.end(*self.key)

    def go_back(self, needed_from: int | None) -> None:
        self.sent = len(self.items) if needed_from is None else needed_from
        self.ended = needed_from is None


@dataclass
class World:
    """One run. `serve_every` is how long a consumer works on a set; 0 = it is always free."""

    options: Options
    feeders: dict[Key, Feeder] = field(default_factory=dict)
    serve_every: Ns = 0
    now: Ns = 0
    crash_after: frozenset[int] = frozenset()
    """Numbers of the steps after which the queue crashes."""
    outage: Ns = 0
    plan: list[tuple[Ns, Deed, str]] = field(default_factory=list)
    """What is done to an input, and when; in order of time."""
    out: list[Out] = field(default_factory=list)
    steps: int = 0
    gone_out: int = 0
    """How many sets."""
    crashes: list[Ns] = field(default_factory=list)
    queue: Queue = field(init=False)
    busy: dict[Media, Ns] = field(default_factory=lambda: {"video": -1, "audio": -1})
    waiting: dict[Media, int] = field(default_factory=lambda: {"video": 0, "audio": 0})

    def __post_init__(self) -> None:
        self.queue = Timeline(self.options)

    def run(self, until: Ns, *, sets: int = 2_000) -> None:
        """Drive the queue up to a time, or until so many sets have gone out."""
        while self.now <= until and self.gone_out < sets:
            self._settle(sets)
            while self.plan and self.plan[0][0] <= self.now:
                self._do(*self.plan.pop(0)[1:])
                self._settle(sets)
            following = self._next_instant()
            if following is None or following > until:
                return
            self.now = following

    def _do(self, deed: Deed, name: str) -> None:
        match deed:
            case "pause":
                self.queue.pause(name, self.now)
            case "resume":
                self.queue.resume(name, self.now)
            case "abort":
                self.queue.abort(name, self.now)

    def _settle(self, sets: int) -> None:
        """Feed, step and serve until nothing more happens at this instant."""
        going = True
        self.feed()
        # Consumers come first: a place that becomes free at this instant counts.
        while going and self.gone_out < sets:
            served = self._serve()
            stepped = self.queue.step(self.now)
            self.steps += 1
            for emission in self.queue.collect():
                self._note(emission)
            self.check_held()
            crashed = self._maybe_crash()
            going = self.feed() or self._serve() or served or stepped or crashed

    def feed(self) -> bool:
        """Let every feeder send what it may; an end needs no credit."""
        sent = [
            feeder.send(self.queue, self.queue.credit(*feeder.key), self.now)
            for feeder in self.feeders.values()
            if self.queue.needed_from(*feeder.key) is not None
        ]
        return any(sent)

    def _note(self, emission: Out) -> None:
        self.out.append(emission)
        if isinstance(emission, VideoSet | AudioSet):
            self.gone_out += 1
            self.waiting[emission.media] += 1

    def _serve(self) -> bool:
        served = False
        for media in self.waiting:
            while self.waiting[media] and self.busy[media] <= self.now:
                self.waiting[media] -= 1
                self.busy[media] = self.now + self.serve_every
                self.queue.freed(media)
                served = True
        return served

    def _maybe_crash(self) -> bool:
        if self.steps not in self.crash_after:
            return False
        checkpoint = self.queue.snapshot()
        self.now += self.outage
        self.crashes.append(self.now)
        self.queue = Timeline.restore(checkpoint, self.options, self.now)
        for media, sets in self.waiting.items():
            self.queue.occupied(media, sets)
        for feeder in self.feeders.values():
            feeder.go_back(self.queue.needed_from(*feeder.key))
        return True

    def _next_instant(self) -> Ns | None:
        times = [self.queue.next_wakeup(self.now)]
        times += [self.busy[media] for media, sets in self.waiting.items() if sets]
        times += [at for at, *_ in self.plan]
        times += [at for feeder in self.feeders.values() for _, at in feeder.next_ones()]
        return min((t for t in times if t is not None and t > self.now), default=None)

    def check_held(self) -> None:
        """Every half holds 100 ms and one item at most, except for sound that is needed now."""
        # The only look behind the door: a queue without this bound would show nothing outside.
        for one in self.queue._inputs.values():  # noqa: SLF001
            for track in [*([one.current] if one.current else []), *one.waiting]:
                for _, half in track.halves():
                    but_last: list[Piece] = [*half.inbox.held, *half.inbox.offered][:-1]
                    if but_last and but_last[-1].edge - but_last[0].pts >= SPAN:
                        assert but_last[-1].edge <= half._reach()  # noqa: SLF001

    # -- what came out ----------------------------------------------------------------------------

    def sets(self) -> list[VideoSet[int] | AudioSet[int]]:
        return [e for e in self.out if isinstance(e, VideoSet | AudioSet)]

    def pts(self, media: Media) -> list[Ns]:
        return [one.pts for one in self.sets() if one.media == media]

    def dropped(self) -> list[Dropped]:
        return [e for e in self.out if isinstance(e, Dropped)]

    def ran(self) -> list[Ran]:
        return [e for e in self.out if isinstance(e, Ran)]

    def notices(self, name: str, media: Media) -> list[str]:
        return [
            e.what
            for e in self.out
            if isinstance(e, Notice) and e.input == name and e.media == media
        ]

    def batches(self, name: str) -> list[Batch[int]]:
        """Return the sound of one input in the order in which it went out."""
        return [
            batch
            for one in self.sets()
            if isinstance(one, AudioSet) and name in one.entries
            for batch in one.entries[name].items
        ]

    def ends(self, name: str, media: Media) -> int:
        return sum(
            one.entries[name].eos
            for one in self.sets()
            if one.media == media and name in one.entries
        )


def frames(*pts: Ns, first: int = 0) -> list[Frame[int]]:
    return [Frame(at, first + n) for n, at in enumerate(pts)]


def batches(count: int, duration: Ns = CHUNK, first: int = 0) -> list[Batch[int]]:
    return [Batch(n * duration, duration, first + n) for n in range(count)]
