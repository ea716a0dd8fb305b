"""Monitors. Source: https://www.erlang.org/doc/system/ref_man_processes.html#monitors"""

from __future__ import annotations

import threading
from functools import partial

import pytest

from actors import Down, Pid, Ref, Runtime, process, receive, send, spawn, spawn_monitor
from actors.errors import BadArgument
from actors.pid import LOCAL_NODE
from tests.actors.probes import ended, inside, mail, probe, simulate


def test_a_dead_pid_and_an_unknown_name_are_down_at_once() -> None:
    def main() -> None:
        dead = probe("dead")
        ended(dead)
        ref = process.monitor(dead)
        assert receive(timeout=0) == Down(ref, dead, "noproc")
        ref = process.monitor("no_such_name")
        assert receive(timeout=0) == Down(ref, ("no_such_name", LOCAL_NODE), "noproc")

    simulate(main)


def test_a_monitor_by_name_says_the_name_and_the_name_is_free_by_then() -> None:
    def main() -> None:
        named = probe("named")
        process.register(named, "a_name")
        ref = process.monitor("a_name")
        process.send_exit(named, "bye")
        assert receive() == Down(ref, ("a_name", LOCAL_NODE), "bye")
        assert process.whereis("a_name") is None

    simulate(main)


def test_each_monitor_counts_for_itself() -> None:
    def main() -> None:
        p = probe("p")
        first, second, third = (process.monitor(p) for _ in range(3))
        assert process.demonitor(second) is True
        assert process.demonitor(second) is False
        process.send_exit(p, "boom")
        assert mail() == [Down(first, p, "boom"), Down(third, p, "boom")]
        info = process.info(process.self())
        assert info is not None
        assert info.monitors == ()

    simulate(main)


def test_demonitor_leaves_a_queued_message_unless_it_flushes() -> None:
    """Point 5, for monitors."""

    def main() -> None:
        q = probe("q")
        kept, flushed = process.monitor(q), process.monitor(q)
        process.send_exit(q, "gone")
        process.sleep(0.0)
        assert process.demonitor(kept) is False
        assert process.demonitor(flushed, flush=True) is False
        assert mail() == [Down(kept, q, "gone")]
        assert process.demonitor(Ref(), flush=True) is False

    simulate(main)


def test_no_death_is_told_after_demonitor() -> None:
    def main() -> None:
        p = probe("p")
        ref = process.monitor(p)
        process.send_exit(p, "boom")
        process.demonitor(ref)
        assert mail() == []

    simulate(main)


def test_a_strangers_demonitor_changes_nothing() -> None:
    def main() -> None:
        named, stranger = probe("named"), probe("stranger")
        process.register(named, "it")
        by_name, by_pid = process.monitor("it"), process.monitor(named)
        for ref in (by_name, by_pid):
            assert inside(stranger, partial(process.demonitor, ref, flush=True)) is False
        process.send_exit(named, "boom")
        assert mail() == [Down(by_name, ("it", LOCAL_NODE), "boom"), Down(by_pid, named, "boom")]

    simulate(main)


def test_monitors_are_one_way() -> None:
    def main() -> None:
        watcher, target = probe("watcher"), probe("target")
        inside(watcher, lambda: process.monitor(target))
        ended(watcher, "boom")
        info = process.info(target)
        assert info is not None
        assert info.monitored_by == ()

    simulate(main)


def test_a_monitor_of_oneself_never_says_anything() -> None:
    def main() -> None:
        ref = process.monitor(process.self())
        assert isinstance(ref, Ref)
        assert mail() == []
        assert process.demonitor(ref) is False

    simulate(main)


def test_spawn_monitor_never_misses_the_death() -> None:
    def main() -> None:
        started = [spawn_monitor(process.exit, number) for number in range(100)]
        expected = [Down(ref, pid, number) for number, (pid, ref) in enumerate(started)]
        assert mail() == expected

    simulate(main)


def test_a_monitor_set_after_ones_own_kill_says_noproc() -> None:
    def main() -> None:
        p = probe("p")
        process.send_exit(p, "kill")
        ref = process.monitor(p)
        assert receive() == Down(ref, p, "noproc")

    simulate(main)


@pytest.mark.parametrize("by_spawn", [False, True])
def test_a_monitored_process_may_kill_its_watcher_and_end(by_spawn: bool) -> None:
    def main() -> None:
        boss = process.self()

        def kills(watcher: Pid) -> None:
            process.sleep(1.0)
            process.send_exit(watcher, "kill")
            send(boss, "killed it")

        def watch() -> None:
            me = process.self()
            if by_spawn:
                spawn_monitor(kills, me)
            else:
                process.monitor(spawn(kills, me))
            receive()

        watcher, ref = spawn_monitor(watch)
        found = mail(2.0)
        assert len(found) == 2
        assert "killed it" in found
        assert Down(ref, watcher, "killed") in found
        assert process.processes() == [boss]

    simulate(main)


def test_a_stranger_cannot_take_away_the_monitor_of_a_spawn() -> None:
    def main() -> None:
        stranger = probe("stranger")
        pid, ref = spawn_monitor(receive)
        assert inside(stranger, lambda: process.demonitor(ref, flush=True)) is False
        process.send_exit(pid, "boom")
        assert mail() == [Down(ref, pid, "boom")]

    simulate(main)


def test_of_four_monitors_each_is_told_taken_away_or_flushed_for_itself() -> None:
    def main() -> None:
        p = probe("p")
        before, taken, kept, flushed = (process.monitor(p) for _ in range(4))
        assert process.demonitor(before, flush=True) is True
        assert process.demonitor(taken) is True
        process.send_exit(p, "boom")
        process.sleep(0.0)
        assert process.demonitor(flushed, flush=True) is False
        assert process.demonitor(before, flush=True) is False
        assert mail() == [Down(kept, p, "boom")]

    simulate(main)


def test_both_sides_show_a_monitor_until_it_is_taken_away_or_told() -> None:
    def main() -> None:
        watcher, target = probe("watcher"), probe("target")

        def sides() -> tuple[object, object]:
            one, other = process.info(watcher), process.info(target)
            return one and one.monitors, other and other.monitored_by

        refs = [inside(watcher, lambda: process.monitor(target)) for _ in range(2)]
        assert sides() == ((target, target), (watcher, watcher))
        inside(watcher, lambda: process.demonitor(refs[0]))  # type: ignore[arg-type]
        assert sides() == ((target,), (watcher,))
        ended(target, "boom")
        assert sides() == ((), None)

        other = probe("other")
        inside(other, lambda: process.monitor(watcher))
        assert process.info(watcher, "monitored_by") == ("monitored_by", (other,))
        ended(other)
        assert process.info(watcher, "monitored_by") == ("monitored_by", ())

    simulate(main)


@pytest.mark.parametrize("seed", range(20))
def test_hundreds_of_monitors_are_told_or_taken_away_while_their_targets_die(seed: int) -> None:
    def main() -> None:
        targets = [spawn(receive) for _ in range(200)]
        refs = {process.monitor(pid): pid for pid in targets for _ in range(2)}

        def kill_all() -> None:
            for pid in targets:
                process.send_exit(pid, "boom")
                process.sleep(0.0)

        spawn(kill_all)
        removed = set()
        for number, ref in enumerate(refs):
            if number % 3 == 0 and process.demonitor(ref, flush=True):
                removed.add(ref)
            if number % 7 == 0:
                process.sleep(0.0)
        told = [down.ref for down in mail() if isinstance(down, Down)]
        flushed = {ref for number, ref in enumerate(refs) if number % 3 == 0} - removed
        assert len(told) == len(set(told))
        assert set(told) == set(refs) - removed - flushed
        info = process.info(process.self())
        assert info is not None
        assert info.monitors == ()

    simulate(main, seed)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_sent_by_pid_name_and_alias_comes_in_order_before_the_death(seed: int) -> None:
    def main() -> None:
        boss = process.self()
        process.register(boss, "boss")
        alias = process.alias()

        def speak() -> None:
            for number in range(0, 20, 4):
                send(boss, number)
                send("boss", number + 1)
                send(alias, number + 2)
                send(("boss", LOCAL_NODE), number + 3)
            process.exit("bye")

        pid, ref = spawn_monitor(speak)
        by_name = spawn(receive)
        process.register(by_name, "speaker")
        named = process.monitor("speaker")
        assert mail() == [*range(20), Down(ref, pid, "bye")]
        process.send_exit(by_name, "bye")
        assert mail() == [Down(named, ("speaker", LOCAL_NODE), "bye")]

    simulate(main, seed)


@pytest.mark.parametrize("target", [None, 7, ("name", "node"), Ref()])
def test_what_cannot_be_monitored_is_refused(target: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="target"):
            process.monitor(target)  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="alias"):
            process.monitor(process.self(), alias="nonsense")  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="ref"):
            process.demonitor(7)  # type: ignore[arg-type]

    simulate(main)


def test_a_process_of_another_runtime_cannot_be_monitored_or_linked() -> None:
    foreign = simulate(process.self)
    there = Runtime()
    started, pids = threading.Event(), []

    def main() -> None:
        pids.append(spawn(receive))
        started.set()
        receive()

    thread = threading.Thread(target=there.run, args=(main,))
    thread.start()
    started.wait(60.0)

    def here() -> None:
        for act in (process.link, process.monitor):
            with pytest.raises(BadArgument, match="own runtime") as refused:
                act(pids[0])
            error = refused.value
            assert (error.what, error.got) == ("pid", pids[0])
            assert error.accepted == "a process of the caller's own runtime"
        with pytest.raises(BadArgument, match="own runtime"):
            process.send_after(pids[0], "late", 1.0)
        assert process.monitor(foreign) is not None

    simulate(here)
    there.stop()
    thread.join(60.0)
    assert not thread.is_alive()
