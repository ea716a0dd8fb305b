"""Links. Source: https://www.erlang.org/doc/system/ref_man_processes.html#links"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from actors import Down, Exited, Pid, Ref, process, receive, send, spawn_link
from actors.errors import BadArgument, CallFailed
from actors.process import Host
from tests.actors.probes import end_of, ended, inside, mail, probe, simulate


def is_down(ref: Ref, message: object) -> bool:
    return isinstance(message, Down) and message.ref is ref


def links(pid: Pid) -> tuple[Pid, ...]:
    info = process.info(pid)
    assert info is not None
    return info.links


def test_a_chain_dies_with_the_first_reason_until_somebody_traps() -> None:
    def main() -> bool:
        a, b, c, d, e = (probe(name, trap=name == "d") for name in "abcde")
        for one, other in ((a, b), (b, c), (c, d), (d, e)):
            inside(one, partial(process.link, other))
        refs = [process.monitor(each) for each in (a, b, c)]
        process.send_exit(a, ("boom", 1))
        downs = [receive(partial(is_down, ref)) for ref in refs]
        assert [each.reason for each in downs if isinstance(each, Down)] == [("boom", 1)] * 3
        assert mail() == [("got", "d", Exited(c, ("boom", 1)))]
        return process.is_alive(d) and process.is_alive(e) and links(d) == (e,)

    assert simulate(main)


@pytest.mark.parametrize("start", [process.spawn, spawn_link, process.spawn_monitor])
def test_what_is_no_function_is_not_started(start: Callable[..., object]) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match=r"fn: got 3, .* not spawn\(work\(1\)\)"):
            start(3)

    simulate(main)


def test_linking_twice_makes_one_link_and_one_unlink_from_either_side_removes_it() -> None:
    def main() -> bool:
        x, y = probe("x"), probe("y")
        inside(x, lambda: process.link(y))
        inside(x, lambda: process.link(y))
        inside(y, lambda: process.link(x))
        assert (links(x), links(y)) == ((y,), (x,))
        inside(y, lambda: process.unlink(x))
        assert (links(x), links(y)) == ((), ())
        ended(x, "boom")
        return process.is_alive(y)

    assert simulate(main)


def test_normal_does_not_cascade_and_shutdown_does() -> None:
    def main() -> tuple[bool, bool]:
        p, q, r, s = (probe(name) for name in "pqrs")
        inside(p, lambda: process.link(q))
        inside(r, lambda: process.link(s))
        inside(p, lambda: process.exit("normal"))
        inside(r, lambda: process.exit("shutdown"))
        return process.is_alive(q), process.is_alive(s)

    assert simulate(main) == (True, False)


def test_linking_to_oneself_does_nothing_and_to_a_stranger_unlinks_nothing() -> None:
    def main() -> tuple[Pid, ...]:
        process.link(process.self())
        process.unlink(process.self())
        process.unlink(probe("stranger"))
        return links(process.self())

    assert simulate(main) == ()


def test_a_link_to_a_dead_process_is_a_message_for_trappers_and_an_error_for_others() -> None:
    """Point 4: not silence."""

    def main() -> bool:
        dead = probe("dead")
        ended(dead)
        trap, plain = probe("trap", trap=True), probe("plain")
        assert inside(trap, lambda: process.link(dead)) is None
        assert mail() == [("got", "trap", Exited(dead, "noproc"))]

        def try_it() -> object:
            with pytest.raises(CallFailed) as failed:
                process.link(dead)
            return failed.value.why

        assert inside(plain, try_it) == "noproc"
        return process.is_alive(plain)

    assert simulate(main)


def test_unlink_stops_what_is_to_come_and_leaves_what_is_there() -> None:
    """Point 5, for links: `unlink` guarantees no later message and removes none."""

    def main() -> bool:
        process.trap_exit(True)
        early = spawn_link(process.exit, "early")
        process.sleep(0.0)
        process.unlink(early)
        assert mail() == [Exited(early, "early")]

        late = spawn_link(receive)
        process.sleep(0.0)
        process.unlink(late)
        assert ended(late, "late") == "late"
        assert mail() == []

        dying = spawn_link(receive)
        process.sleep(0.0)
        process.send_exit(dying, "now")
        process.unlink(dying)
        return mail() == []

    assert simulate(main)


def test_the_flush_idiom_finds_what_was_queued() -> None:
    def main() -> object:
        process.trap_exit(True)
        pid = spawn_link(process.exit, "x")
        process.sleep(0.0)
        process.unlink(pid)
        told = receive(lambda m: isinstance(m, Exited) and m.pid is pid, timeout=0)
        assert mail() == []
        return told == Exited(pid, "x")

    assert simulate(main)


def test_a_child_that_fails_at_once_always_delivers_its_exit() -> None:
    def main() -> list[object]:
        process.trap_exit(True)
        pids = [spawn_link(process.exit, number) for number in range(100)]
        return [
            message == Exited(pid, n)
            for n, (pid, message) in enumerate(zip(pids, mail(), strict=True))
        ]

    assert simulate(main) == [True] * 100


def test_an_exit_ends_a_parent_that_does_not_trap_at_its_next_waiting_point() -> None:
    def main() -> object:
        boss = process.self()

        def parent() -> None:
            spawn_link(process.exit, "boom")
            send(boss, "still here")
            process.sleep(0.0)
            send(boss, "never")

        pid = process.spawn(parent)
        assert end_of(pid) == "boom"
        return mail()

    assert simulate(main) == ["still here"]


def test_a_ring_of_links_dies_once_each() -> None:
    def main() -> list[object]:
        ring = [probe(str(number)) for number in range(50)]
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            inside(one, partial(process.link, other))
        watch = {process.monitor(each): each for each in ring}
        process.send_exit(ring[7], "boom")
        downs = mail()
        assert len(downs) == len(watch)
        return [each.reason for each in downs if isinstance(each, Down)]

    assert simulate(main) == ["boom"] * 50


def settled(one: Pid, other: Pid) -> bool:
    """Tell whether both sides agree that they are linked, or are not."""
    return (links(one) == (other,)) is (links(other) == (one,))


@pytest.mark.parametrize("host", [None, "thread"])
@pytest.mark.parametrize("seed", range(10))
def test_both_sides_agree_when_one_links_while_the_other_links_and_unlinks(
    seed: int, host: Host
) -> None:
    def main() -> bool:
        a, b = probe("a", host=host), probe("b", host=host)
        ref = process.monitor(a)
        for _ in range(20):
            send(a, ("run", ref, lambda: process.link(b)))
            send(b, ("run", ref, lambda: process.link(a)))
            send(b, ("run", ref, lambda: process.unlink(a)))
        process.sleep(1.0)
        assert settled(a, b)
        linked = links(a) == (b,)
        ended(b, "boom")
        return process.is_alive(a) is not linked

    assert simulate(main, seed)


@pytest.mark.parametrize("host", [None, "thread"])
@pytest.mark.parametrize("seed", range(10))
def test_links_and_unlinks_drawn_by_lot_from_both_ends_leave_both_sides_agreed(
    seed: int, host: Host
) -> None:
    lots = random.Random(seed)  # noqa: S311 - a game

    def main() -> bool:
        ends = [probe(name, host=host) for name in "abcd"]
        ref = Ref()
        for _ in range(200):
            one, other = lots.sample(ends, 2)
            act = lots.choice([process.link, process.unlink])
            send(one, ("run", ref, partial(act, other)))
        process.sleep(1.0)
        return all((one in links(other)) is (other in links(one)) for one in ends for other in ends)

    assert simulate(main, seed)


@pytest.mark.parametrize("seed", range(20))
def test_linking_to_who_unlinked_and_is_ending_tells_its_reason_or_that_nobody_is_there(
    seed: int,
) -> None:
    def main() -> object:
        process.trap_exit(True)
        me = process.self()

        def leaves() -> None:
            process.unlink(me)
            process.exit("left")

        pid = spawn_link(leaves)
        for _ in range(seed % 3):
            process.sleep(0.0)
        had_not_left = pid in links(me)
        process.link(pid)
        found = mail()
        if had_not_left:
            return found == []
        return found in ([Exited(pid, "left")], [Exited(pid, "noproc")])

    assert simulate(main, seed)
