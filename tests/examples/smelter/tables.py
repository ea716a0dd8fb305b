"""Tables of the queue's rules, written as people write them, and how a row is replayed.

`60:3@65` is a set at 60 with item 3 at 65; `e` is an empty entry; a trailing `E` is the end of the
stream; a row that ends with `stall` has no further set. Times are milliseconds from the start; what
is sent has track time. Ticks and chunks are 20 ms apart, frames as given, batches 15 ms long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from examples.smelter.replay_queue import QUEUE as KIND
from examples.smelter.vectors import moment, shown

BEFORE = "123.456"
"""How long after its construction the queue is started, where nothing else is said."""

Json = dict[str, Any]


def offset(kind: str, value: float = 0) -> Json:
    """Return an offset; for `pts`, `value` is from the start."""
    match kind:
        case "none":
            return {"kind": "none"}
        case "pts":
            return {"kind": "pts", "value": shown(moment(BEFORE) + round(value * 1_000_000))}
        case _:
            return {"kind": kind, "value": str(value)}


EARLY = f"-{BEFORE}"


@dataclass(frozen=True)
class Send:
    """Items that are sent at a time; `end` closes the half after them."""

    at: float | str
    items: Sequence[float]
    end: bool = False
    first: int = 0
    duration: float = 15


def items_of(send: Send, media: str) -> list[Json]:
    found: list[Json] = []
    for n, pts in enumerate(send.items, send.first):
        item: Json = {"id": n, "pts": f"{pts:g}"}
        if media == "audio":
            item["duration"] = f"{send.duration:g}"
        found.append(item)
    return found


def actions(sends: Sequence[Send], media: str, track: int = 1) -> list[Json]:
    found: list[Json] = []
    for send in sends:
        about = {"at": str(send.at), "input": "a", "track": track, "media": media}
        if send.items:
            found.append({**about, "do": "send", "items": items_of(send, media)})
        if send.end:
            found.append({**about, "do": "end"})
    return found


def scenario(
    media: str,
    where: Json,
    sends: Sequence[Send],
    *,
    required: bool,
    until: float = 600,
    start_after: str = BEFORE,
) -> Json:
    track = {"offset": where, "video": media == "video", "audio": media == "audio"}
    return {
        "name": "row",
        "start_after": start_after,
        "until": str(until),
        "options": {"output_framerate": {"num": 50, "den": 1}},
        "inputs": [{"id": "a", "required": required, "tracks": [track]}],
        "timeline": sorted(actions(sends, media), key=lambda one: float(one["at"])),
    }


def written(result: Json, media: str) -> list[str]:
    """Write the sets of one medium as a row does."""
    rows = []
    for one in result["sets"]:
        if one["kind"] != media:
            continue
        entry = one["entries"].get("a")
        if entry is None:
            rows.append(f"{one['pts']}:-")
            continue
        items = ",".join(f"{item['id']}@{item['pts']}" for item in entry["items"])
        rows.append(f"{one['pts']}:{items or 'e'}{'E' if entry['eos'] else ''}")
    return rows


def check(row: str, result: Json, media: str) -> None:
    """Compare what came out with a row."""
    wanted = row.split()
    stalls = wanted[-1] == "stall"
    wanted = wanted[:-1] if stalls else wanted
    got = written(result, media)
    assert got[: len(wanted)] == wanted
    if stalls:
        assert len(got) == len(wanted), got


def replayed(what: Json) -> Json:
    return KIND.replay(what)
