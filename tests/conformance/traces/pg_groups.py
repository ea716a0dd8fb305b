"""Process groups: multiplicity, lists, deaths, monitors, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from actors import groups
from actors.errors import StartError
from actors.groups import Joined, Left, NotJoined
from actors.pid import Pid
from actors.process import is_alive, trap_exit
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    fmt,
    kill,
    name,
    ok,
    out,
    proc,
    run,
    settle,
)


def main() -> None:
    trap_exit(True)
    name(groups.start_link("s"), "pg")
    a, b, c = proc("a"), proc("b"), proc("c")
    members(a, b, c)
    monitors(a, b, c)
    whole_scope(a)
    scopes(a)


def ordered(pids: Iterable[Pid]) -> list[Pid]:
    return sorted(pids, key=fmt)


def join(group: str, pids: Term, scope: str = "s") -> object:
    return ok(groups.join, group, pids, scope=scope)


def leave(group: str, pids: Term) -> object:
    try:
        return ok(groups.leave, group, pids, scope="s")
    except NotJoined:
        return "not_joined"


def members_of(group: str, scope: str = "s") -> list[Pid]:
    return groups.get_members(group, scope=scope)


def which() -> list[object]:
    return [*groups.which_groups(scope="s")]


def members(a: Pid, b: Pid, c: Pid) -> None:
    out("none", (members_of("g"), which()))
    out("join", join("g", a))
    out("join twice", join("g", a))
    out("join many", join("g", [b, a]))
    out("members", ordered(members_of("g")))
    out("local", ordered(groups.get_local_members("g", scope="s")))
    out("leave once", leave("g", a))
    out("members", ordered(members_of("g")))
    out("leave by a stranger", leave("g", c))
    out("leave a group that is none", leave("nothing", a))
    out("leave a list of which one was in", leave("g", [c, b]))
    out("leave a list of strangers", leave("g", [c, b]))
    out("groups", which())
    out("the rest leaves", leave("g", [a, a]))
    out("groups", which())


def event(message: Term) -> object:
    match message:
        case Joined():
            return ("join", message.group, ordered(message.pids))
        case Left():
            return ("leave", message.group, ordered(message.pids))
        case _:
            return message


def events(seconds: float = 0.03) -> list[object]:
    return [event(message) for message in flush(seconds)]


def monitors(a: Pid, b: Pid, c: Pid) -> None:
    join("m", a)
    ref, there = groups.monitor("m", scope="s")
    out("monitor sees", there)
    join("m", b)
    join("m", [b, c, b])
    leave("m", b)
    leave("m", [b, b, b])
    join("other", c)
    out("events", events())
    kill(c)
    out("a death", events())
    out("groups", which())
    join("m", [b, b])
    out("events", events())
    kill(b, "boom")
    out("a death of one that is in twice", events())
    out("members", members_of("m"))
    out("demonitor", demonitored(ref))
    out("again", demonitored(ref))
    join("m", a)
    out("unmonitored", events())


def demonitored(ref: Term) -> object:
    return "ok" if groups.demonitor(ref, scope="s") else False


def whole_scope(a: Pid) -> None:
    ref, there = groups.monitor_scope(scope="s")
    out("scope", [(group, ordered(pids)) for group, pids in there.items()])
    d = proc("d")
    join("one", d)
    join("two", [d, d])
    leave("m", a)
    kill(d)
    out("scope events", events()[:3])
    flush(0.02)
    groups.demonitor(ref, scope="s")

    e = proc("e")
    kill(e)
    out("a dead one joins", join("dead", e))
    settle(0.03)
    out("members", members_of("dead"))
    f = proc("f")
    join("g", f)
    kill(f)
    settle(0.02)
    out("after the DOWN and a moment", members_of("g"))


def scopes(a: Pid) -> None:
    q = name(groups.start_link("q"), "q")
    join("g", a, "q")
    out("apart", (members_of("g"), members_of("g", "q")))
    out("start twice", refused(lambda: groups.start_link("q")))
    kill(q, "kill")
    flush(0.02)
    match attempt(lambda: join("g", a, "q")):
        case ("exit", (reason, _)):
            out("scope gone", ("exit", reason))
        case other:
            out("scope gone", other)
    out("member lives", is_alive(a))
    q = name(groups.start_link("q"), "q2")
    out("scope anew", members_of("g", "q"))
    w = proc("w")
    run(w, lambda: groups.monitor("g", scope="q")[1])
    kill(w)
    join("g", a, "q")
    out("a dead watcher", (members_of("g", "q"), is_alive(q)))


def refused(start: Callable[[], object]) -> object:
    try:
        return start()
    except StartError as error:
        return error.reason
