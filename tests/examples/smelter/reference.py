"""A second queue, written from the description alone and looked at all the time.

Slow and literal on purpose: one class for a half of a track, one for an input, one function for the
loop, nothing shared with the queue under test but the format of scenarios. It is looked at after every
action, at every tick and chunk and one step later, at every end of a consumer's work, and every
millisecond besides, so a queue that forgets to look is found out.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
MS = 1_000_000
CHUNK = 20 * MS
AHEAD = 80 * MS
SPAN = 100 * MS


def ns(text: str) -> int:
    return int(Fraction(text) * MS)


def ms(time: int) -> str:
    whole, part = divmod(abs(time), MS)
    digits = f"{whole}.{part:06}".rstrip("0").rstrip(".")
    return f"-{digits}" if time < 0 else digits


def sat(value: int) -> int:
    return max(0, value)


class Cell:
    def __init__(self, kind: str, value: int | None) -> None:
        self.kind, self.delay = kind, value
        self.value = value if kind == "pts" else None


class Part:
    def __init__(self, queue: Reference, name: str, media: str, cell: Cell) -> None:
        self.queue, self.name, self.media, self.cell = queue, name, media, cell
        self.channel: deque[Json] = deque()
        self.sender_gone = False
        self.buffer: deque[Json] = deque()
        self.disconnected = False
        self.anything = False
        self.said: set[str] = set()
        self.paused: int | None = None
        self.frozen: Json | None = None
        self.last_shown: Json | None = None

    def state(self) -> str:
        if self.disconnected and not self.buffer:
            return "done"
        return "running" if self.anything else "new"

    def say(self, what: str) -> None:
        if what not in self.said:
            self.said.add(what)
            self.queue.event(what, input=self.name, media=self.media)

    def take(self) -> bool:
        if self.channel:
            self.buffer.append(self.channel.popleft())
            self.anything = True
            return True
        if self.sender_gone:
            self.disconnected = True
        return False

    def end_of(self, item: Json) -> int:
        return int(item["pts"] + item.get("duration", 0))

    def enqueue(self, need: int = 0) -> None:
        while not self.disconnected:
            if self.buffer:
                size = self.end_of(self.buffer[-1]) - self.buffer[0]["pts"]
                far = self.media == "video" or self.end_of(self.buffer[-1]) > need
                if far and size >= SPAN:
                    return
            if not self.take():
                return

    def prepare(self, p: int) -> None:
        while True:
            self.enqueue()
            dropped = False
            while len(self.buffer) > 1 and self.buffer[1]["pts"] <= p:
                self.buffer.popleft()
                dropped = True
            if not dropped:
                return

    def resolve(self, bp: int) -> int | None:
        self.enqueue()
        if self.state() != "running":
            return self.cell.value
        self.say("delivered")
        if self.cell.value is None:
            start = self.queue.start
            assert start is not None
            self.cell.value = (
                start + (self.cell.delay or 0) if self.cell.kind == "from_start" else bp
            )
        return self.cell.value

    def unknown_ready(self, until: int) -> bool:
        start = self.queue.start
        assert start is not None
        if self.state() == "new" and self.cell.kind == "from_start":
            return sat(until - start) < (self.cell.delay or 0)
        return True

    def video_ready(self, t: int) -> bool:
        if self.paused is not None:
            return True
        offset = self.resolve(t)
        if offset is None:
            return self.unknown_ready(t)
        if self.disconnected:
            return True
        p = sat(t - offset)
        self.prepare(p)
        if not self.buffer:
            return self.disconnected
        second = len(self.buffer) > 1 and self.buffer[1]["pts"] > p
        return self.buffer[0]["pts"] > p or second

    def get(self, p: int) -> Json | None:
        if self.state() == "done":
            return None
        self.prepare(p)
        if not self.buffer or self.buffer[0]["pts"] > p:
            return None
        if self.disconnected and len(self.buffer) == 1:
            return self.buffer.popleft()
        return self.buffer[0]

    def video_entry(self, t: int) -> Json:
        if self.paused is not None:
            if self.frozen is None or self.cell.value is None:
                return {"items": [], "eos": False}
            pts = self.frozen["pts"] + self.cell.value + t - self.paused
            return {"items": [(self.frozen["id"], pts)], "eos": False}
        items = []
        offset = self.cell.value
        if offset is not None and t >= offset:
            frame = self.get(t - offset)
            if frame is not None:
                self.say("playing")
                self.last_shown = frame
                items.append((frame["id"], frame["pts"] + offset))
        return {"items": items, "eos": self.eos()}

    def eos(self) -> bool:
        if self.state() == "done" and "eos" not in self.said:
            self.say("eos")
            return True
        return False

    def audio_ready(self, a: int) -> bool:
        if self.paused is not None:
            return True
        offset = self.resolve(a)
        if offset is None:
            return self.unknown_ready(a + CHUNK)
        if self.disconnected:
            return True
        need = sat(a + CHUNK + AHEAD - offset)
        self.enqueue(need)
        if self.state() == "done":
            return True
        return bool(self.buffer) and self.end_of(self.buffer[-1]) >= need

    def pop_before(self, p: int) -> list[Json]:
        if self.state() == "done":
            return []
        self.enqueue(p)
        popped = []
        while self.buffer and self.buffer[0]["pts"] < p:
            popped.append(self.buffer.popleft())
        return popped

    def audio_entry(self, a: int) -> Json:
        if self.paused is not None:
            return {"items": [], "eos": False}
        offset, start = self.cell.value, self.queue.start
        assert start is not None
        items: list[Json] = []
        early = self.cell.kind == "from_start" and a + CHUNK < start + (self.cell.delay or 0)
        if offset is not None and not early:
            items = self.pop_before(sat(a + CHUNK + AHEAD - offset))
            if items:
                self.say("playing")
        moved = [(item["id"], item["pts"] + (offset or 0)) for item in items]
        return {"items": moved, "eos": self.eos()}

    def cleanup(self, now: int) -> None:
        self.enqueue()
        if self.state() == "new":
            return
        self.say("delivered")
        if self.cell.kind == "from_start":
            return
        if self.cell.value is None:
            self.cell.value = now
        if self.media == "video":
            self.prepare(sat(now - self.cell.value))
        else:
            self.pop_before(sat(now - self.cell.value))
            self.enqueue()


class Input:
    def __init__(self, required: bool) -> None:
        self.required = required
        self.tracks: list[dict[str, Part]] = []
        self.waiting: deque[dict[str, Part]] = deque()
        self.current: dict[str, Part] | None = None
        self.pause: int | None = None


class Reference:
    """The whole queue with its consumers."""

    def __init__(self, scenario: Json) -> None:
        options = scenario["options"]
        rate = options["output_framerate"]
        self.num, self.den = rate["num"], rate["den"]
        self.ahead = options.get("ahead_of_time_processing", False)
        self.never_drop = options.get("never_drop_output_frames", False)
        self.late = options.get("run_late_scheduled_events", False)
        self.begin = ns(scenario.get("start_after", "0"))
        self.until = self.begin + ns(scenario["until"])
        service = scenario.get("consumers", {})
        self.service: dict[str, int | None] = {
            m: self.seconds_of(service.get(m, "0")) for m in ("video", "audio")
        }
        self.places = {"video": 2, "audio": 100}
        self.waiting = {"video": 0, "audio": 0}
        self.busy = {"video": -1, "audio": -1}
        self.now = 0
        self.start: int | None = None
        self.last: int | None = None
        self.v = self.a = 0
        self.inputs: dict[str, Input] = {}
        self.events_at: list[tuple[int, str]] = []
        self.pending: tuple[str, int, bool, Json] | None = None
        self.sets: list[Json] = []
        self.events: list[Json] = []
        self.dropped: list[Json] = []
        self.scenario = scenario

    @staticmethod
    def seconds_of(service: str | None) -> int | None:
        return None if service is None else ns(service)

    def event(self, what: str, **more: object) -> None:
        self.events.append({"at": ms(self.now - self.begin), "event": what, **more})

    def tick(self, n: int) -> int:
        return round(Fraction(n * self.den * 1_000_000_000, self.num))

    def at(self) -> int:
        return self.now if self.last is None else self.last

    # -- running ---------------------------------------------------------------------------------

    def run(self) -> Json:
        for one in self.scenario.get("inputs", []):
            self.register(one)
        actions: dict[int, list[Json]] = {}
        for action in self.scenario.get("timeline", []):
            actions.setdefault(self.begin + ns(action["at"]), []).append(action)
        moments = set(range(0, self.until + 1, MS)) | set(actions) | {self.begin}
        for n in range(2 + (self.until - self.begin) * self.num // (self.den * 10**9)):
            moments |= {self.begin + self.tick(n), self.begin + self.tick(n) + 1}
        for m in range(2 + (self.until - self.begin) // CHUNK):
            moments |= {self.begin + m * CHUNK, self.begin + m * CHUNK + 1}
        todo = sorted(moments)
        while todo:
            self.now = todo.pop(0)
            if self.now > self.until:
                break
            self.look()
            if self.now == self.begin:
                self.clean()
                self.start = self.now
                self.look()
            for action in actions.get(self.now, []):
                self.act(action)
                self.look()
            for media, busy in self.busy.items():
                if self.waiting[media] and busy > self.now and busy not in moments:
                    moments.add(busy)
                    todo = sorted({*todo, busy})
        return {"sets": self.sets, "events": self.events, "dropped": self.dropped}

    def serve(self) -> bool:
        served = False
        for media in self.waiting:
            service = self.service[media]
            while service is not None and self.waiting[media] and self.busy[media] <= self.now:
                self.waiting[media] -= 1
                self.busy[media] = self.now + service
                served = True
        return served

    def look(self) -> None:
        self.serve()
        while True:
            went = self.step()
            if not self.serve() and not went:
                return

    def step(self) -> bool:
        if self.start is None:
            self.clean()
            return False
        if self.pending is not None:
            return self.send()
        v, a = self.start + self.tick(self.v), self.start + self.a * CHUNK
        self.ready("video", v)
        self.ready("audio", a)
        if self.events_at and self.start + self.events_at[0][0] < min(v, a):
            first = self.events_at[0][0]
            self.reach(self.start + first)
            while self.events_at and self.events_at[0][0] == first:
                self.event("ran", id=self.events_at.pop(0)[1], after=len(self.sets))
            return True
        media, t = ("audio", a) if v > a else ("video", v)
        self.reach(t)
        missing = self.ready(media, t)
        early = self.now < t and not self.ahead
        if early or True in missing or (False in missing and self.now <= t):
            return False
        self.form(media, t)
        return self.send()

    def reach(self, t: int) -> None:
        self.last = t if self.last is None else max(self.last, t)

    def ready(self, media: str, t: int) -> set[bool]:
        self.start_next()
        missing = set()
        for one in self.inputs.values():
            part = one.current.get(media) if one.current else None
            if part is not None:
                good = part.video_ready(t) if media == "video" else part.audio_ready(t)
                if not good:
                    missing.add(one.required)
        return missing

    def form(self, media: str, t: int) -> None:
        if media == "video":
            self.v += 1
        else:
            self.a += 1
        required, entries = self.never_drop, {}
        for name, one in self.inputs.items():
            part = one.current.get(media) if one.current else None
            if part is not None:
                entry = part.video_entry(t) if media == "video" else part.audio_entry(t)
                entries[name] = entry
                required = required or one.required or entry["eos"]
        self.pending = (media, t, required, entries)

    def send(self) -> bool:
        assert self.pending is not None
        media, t, required, entries = self.pending
        if self.waiting[media] < self.places[media]:
            self.waiting[media] += 1
            self.pending = None
            self.sets.append(
                {
                    "at": ms(self.now - self.begin),
                    "kind": media,
                    "pts": ms(t - self.begin),
                    "required": required,
                    "entries": {
                        name: {
                            "items": [
                                {"id": id, "pts": ms(pts - self.begin)}
                                for id, pts in entry["items"]
                            ],
                            "eos": entry["eos"],
                        }
                        for name, entry in entries.items()
                    },
                }
            )
            return True
        if not required and self.now >= t:
            self.pending = None
            about = {"at": ms(self.now - self.begin), "kind": media, "pts": ms(t - self.begin)}
            self.dropped.append(about)
            return True
        return False

    # -- inputs ----------------------------------------------------------------------------------

    def register(self, one: Json) -> None:
        made = self.inputs[one["id"]] = Input(one["required"])
        for track in one["tracks"]:
            self.queue_track(one["id"], made, track)

    def queue_track(self, name: str, one: Input, track: Json) -> None:
        offset = track["offset"]
        value = ns(offset["value"]) if "value" in offset else None
        cell = Cell(offset["kind"], value)
        parts = {m: Part(self, name, m, cell) for m in ("video", "audio") if track[m]}
        one.tracks.append(parts)
        if parts:
            one.waiting.append(parts)

    def start_next(self) -> None:
        for one in self.inputs.values():
            over = one.current is None or all("eos" in p.said for p in one.current.values())
            if over and one.waiting:
                self.replace(one)

    def replace(self, one: Input) -> None:
        one.current = one.waiting.popleft()

    def clean(self) -> None:
        self.start_next()
        for one in self.inputs.values():
            for part in (one.current or {}).values():
                part.cleanup(self.now)

    def act(self, action: Json) -> None:
        do, about = action["do"], action.get("input", "")
        one = self.inputs.get(about) if isinstance(about, str) else None
        match do:
            case "send" | "end" if one is None:
                return
            case "send":
                assert one is not None
                part = one.tracks[action["track"] - 1][action["media"]]
                for item in action["items"]:
                    plain = {k: ns(v) if k != "id" else v for k, v in item.items()}
                    part.channel.append(plain)
            case "end":
                assert one is not None
                one.tracks[action["track"] - 1][action["media"]].sender_gone = True
            case "register":
                self.register(action["input"])
            case "queue_track":
                assert one is not None
                self.queue_track(action["input"], one, action["track"])
            case "consumer":
                self.service[action["media"]] = self.seconds_of(action["service"])
            case "remove":
                del self.inputs[action["input"]]
            case "abort":
                assert one is not None
                if one.waiting:
                    self.replace(one)
            case "pause":
                assert one is not None
                self.pause(one)
            case "resume":
                assert one is not None
                self.resume(one)
            case "schedule":
                self.schedule(action)

    def pause(self, one: Input) -> None:
        if one.pause is not None:
            return
        one.pause = self.at()
        for media, part in (one.current or {}).items():
            if media == "video" and self.start is not None:
                offset = part.cell.value
                if offset is not None and one.pause >= offset:
                    part.frozen = part.get(one.pause - offset)
                if part.frozen is None and part.state() != "done":
                    part.frozen = part.last_shown
            part.paused = one.pause
            part.said.discard("paused")
            part.say("paused")

    def resume(self, one: Input) -> None:
        if one.pause is None:
            return
        length, one.pause = sat(self.at() - one.pause), None
        parts = list((one.current or {}).values())
        if parts and parts[0].cell.value is not None:
            parts[0].cell.value += length
        for part in parts:
            part.paused = part.frozen = None
            part.said.discard("playing")

    def schedule(self, action: Json) -> None:
        time = ns(action["time"])
        if self.start is not None and not (action.get("always", False) or self.late):
            coming = [self.tick(self.v), self.a * CHUNK, *(at for at, _ in self.events_at[:1])]
            if time < min(coming):
                self.event("refused", id=action["id"])
                return
        place = sum(1 for at, _ in self.events_at if at <= time)
        self.events_at.insert(place, (time, action["id"]))
