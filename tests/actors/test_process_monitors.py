"""Monitors. Source: https://www.erlang.org/doc/system/ref_man_processes.html#monitors"""

from __future__ import annotations

import threading
from functools import partial

import pytest

from actors import Down, Ref, Runtime, process, receive, spawn, spawn_monitor
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
    started.wait(10.0)

    def here() -> None:
        for act in (process.link, process.monitor):
            with pytest.raises(BadArgument, match="own runtime"):
                act(pids[0])
        with pytest.raises(BadArgument, match="own runtime"):
            process.send_after(pids[0], "late", 1.0)
        assert process.monitor(foreign) is not None

    simulate(here)
    there.stop()
    thread.join(10.0)
    assert not thread.is_alive()
