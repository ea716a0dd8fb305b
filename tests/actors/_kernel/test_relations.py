"""What the kernel knows of who must be told what: nothing too much, nothing too long, each to the right one."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

import pytest

import actors.threads  # noqa: F401 - the carriers are there when it is
from actors import (
    Down,
    Exited,
    GenServer,
    Pid,
    Ref,
    process,
    receive,
    send,
    spawn,
    spawn_link,
    telemetry,
)
from actors._kernel.bounds import BoundedMail
from actors._kernel.cell import Cell
from actors._kernel.mailbox import has_news
from actors._kernel.relations import SPARE_MAIL, Relations
from actors._kernel.timers import Deadlines
from actors.errors import CallFailed
from actors.isolation import Cross
from actors.pid import LOCAL_NODE
from actors.process import Bounded
from tests.actors.gen_servers import Counter
from tests.actors.probes import ended, inside, mail, probe, simulate
from tests.watching import Seen

Told: TypeAlias = tuple[telemetry.Event, Mapping[str, float], Mapping[str, object]]


def record(pid: Pid) -> Cell:
    """Return what the kernel keeps of a living process, which is what is tested here."""
    cell = pid._cell  # noqa: SLF001 - the record itself is looked at
    assert cell is not None
    return cell


@pytest.fixture
def dead_letters() -> Iterator[list[Told]]:
    told: list[Told] = []
    telemetry.attach("test", ("actors", "mailbox", "dead_letter"), lambda *each: told.append(each))
    yield told
    telemetry.detach("test")


# -- dead letters and mailboxes --------------------------------------------------------------------


def test_each_message_that_finds_nobody_is_counted_and_told(dead_letters: list[Told]) -> None:
    def main() -> tuple[Pid, list[int]]:
        pid = probe("gone")
        ended(pid)
        counts = [process.dead_letters()]
        for message in ("one", "two"):
            send(pid, message)
            counts.append(process.dead_letters())
        return pid, counts

    pid, counts = simulate(main)

    assert counts == [counts[0], counts[0] + 1, counts[0] + 2]
    assert [each[:3] for each in dead_letters] == [
        (
            ("actors", "mailbox", "dead_letter"),
            {"count": 1},
            {"dest": pid, "message": message, "cause": "noproc"},
        )
        for message in ("one", "two")
    ]


def test_a_runtime_begins_without_dead_letters() -> None:
    assert simulate(process.dead_letters) == 0


def test_dead_letters_are_counted_when_nobody_listens() -> None:
    def main() -> int:
        pid = probe("gone")
        ended(pid)
        before = process.dead_letters()
        for number in range(5):
            send(pid, number)
        return process.dead_letters() - before

    assert simulate(main) == 5


def test_no_more_than_a_thousand_emptied_mailboxes_are_kept() -> None:
    def main() -> tuple[int, int]:
        scheduler = record(process.self()).scheduler
        scheduler.spare_mail.clear()
        for _ in range(3):
            scheduler.give_back(deque())
        few = len(scheduler.spare_mail)
        assert all(type(each) is deque for each in scheduler.spare_mail)
        for _ in range(SPARE_MAIL):
            scheduler.give_back(deque())
        return few, len(scheduler.spare_mail)

    assert simulate(main) == (3, SPARE_MAIL)


def test_the_mailbox_of_the_dead_is_that_of_who_gets_mail_next() -> None:
    def main() -> tuple[bool, list[object]]:
        pid, following = spawn(process.sleep, None), spawn(process.sleep, None)
        process.sleep(0.1)
        send(pid, "never read")
        box = record(pid).mail
        # Not `ended`, which would get mail itself.
        process.send_exit(pid, "kill")
        process.sleep(0.1)
        send(following, "hello")
        return record(following).mail is box, list(record(following).mail or ())

    assert simulate(main) == (True, ["hello"])


def test_a_bounded_mailbox_has_news_of_what_came_whatever_has_gone() -> None:
    def main() -> list[bool]:
        pid = spawn(process.sleep, None, mailbox=Bounded(2, "drop_oldest"))
        line = record(pid).mail
        assert isinstance(line, BoundedMail)
        news = [has_news(line, 0)]
        send(pid, "one")
        news += [has_news(line, 0), has_news(line, 1)]
        send(pid, "two")
        send(pid, "three")
        news += [has_news(line, 2), has_news(line, 3)]
        line.popleft()
        line.popleft()
        return [*news, has_news(line, 2)]

    before = telemetry.set_reporter(None)
    try:
        assert simulate(main) == [False, True, False, True, False, False]
    finally:
        telemetry.set_reporter(before)


# -- aliases ---------------------------------------------------------------------------------------


def test_an_explicit_alias_is_bound_by_the_mailbox_and_the_reply_to_a_request_is_not() -> None:
    def main() -> tuple[int, int]:
        boss = process.self()

        def full() -> None:
            send(boss, (process.alias("explicit"), process.alias("reply")))
            process.sleep(None)

        pid = spawn(full, mailbox=Bounded(1, "drop_newest"))
        match receive():
            case (Ref() as explicit, Ref() as reply):
                send(pid, "fills it")
                send(explicit, "no room")
                bound = len(record(pid).mail or ())
                send(reply, "the answer")
                return bound, len(record(pid).mail or ())
            case other:
                raise AssertionError(other)

    before = telemetry.set_reporter(None)
    try:
        assert simulate(main) == (1, 2)
    finally:
        telemetry.set_reporter(before)


def test_the_answer_through_a_monitors_alias_leaves_no_down_that_has_come_to_others() -> None:
    """What the answer takes away is the monitor alone; nothing in the mailbox is searched for it."""

    def main(whom: Callable[[], Pid]) -> list[object]:
        pid = whom()
        ref = process.monitor(pid, alias="reply_demonitor")
        # A message that looks like the monitor's own, and is not the kernel's to take.
        send(process.self(), Down(ref, pid, "made up"))
        send(ref, "the answer")
        if pid is not process.self():
            ended(pid)
        return mail()

    for whom in (lambda: probe("server"), process.self):
        made_up, answer = simulate(partial(main, whom))

        assert isinstance(made_up, Down)
        assert made_up.reason == "made up"
        assert answer == "the answer"


def test_nothing_is_kept_of_an_alias_a_monitor_or_a_name_that_is_over() -> None:
    def main() -> list[int]:
        cell = record(process.self())
        scheduler = cell.scheduler
        pid = probe("watched")
        process.register(pid, "watched")

        def kept() -> int:
            return (
                len(cell.aliases or ())
                + len(cell.monitors or ())
                + len(record(pid).watchers or ())
                + len(scheduler._aliases)  # noqa: SLF001 - the tables themselves are looked at
                + len(scheduler._watched)  # noqa: SLF001 - the same
            )

        before = kept()
        counts = []
        ref = process.monitor("watched")
        process.demonitor(ref)
        counts.append(kept() - before)
        ref = process.monitor(pid, alias="demonitor")
        process.demonitor(ref)
        counts.append(kept() - before)
        process.unalias(process.alias("explicit"))
        counts.append(kept() - before)
        send(process.alias("reply"), "once")
        receive()
        counts.append(kept() - before)
        ref = process.monitor("watched", alias="reply_demonitor")
        send(ref, "once")
        receive()
        counts.append(kept() - before)
        return counts

    assert simulate(main) == [0] * 5


def test_nothing_is_kept_of_what_a_watcher_has_watched_when_it_dies() -> None:
    def main() -> tuple[int, int, int]:
        scheduler = record(process.self()).scheduler
        pid = probe("watched")
        process.register(pid, "watched")
        before = len(record(pid).watchers or ())
        watcher = probe("watcher")
        inside(watcher, lambda: process.monitor("watched", alias="demonitor"))
        inside(watcher, lambda: process.monitor(process.self(), alias="reply"))
        inside(watcher, lambda: process.alias("explicit"))
        ended(watcher)
        return (
            len(record(pid).watchers or ()) - before,
            len(scheduler._watched),  # noqa: SLF001 - the tables themselves are looked at
            len(scheduler._aliases),  # noqa: SLF001 - the same
        )

    assert simulate(main) == (0, 0, 0)


# -- exchanges -------------------------------------------------------------------------------------


def test_an_exchange_is_answered_once_and_who_answers_learns_whether_it_was_in_time() -> None:
    def main() -> tuple[list[bool], tuple[object, ...], object]:
        boss = process.self()
        silent = spawn(process.sleep, None)
        cell = record(spawn(lambda: send(boss, GenServer.call(silent, "question", 5.0))))
        process.sleep(0.1)
        ref, answer = cell.awaiting, cell.scheduler.answer
        assert ref is not None
        assert cell.calling is record(silent)
        assert cell.deadline is not None
        told = [
            answer(cell, Ref(), "reply", "another's"),
            answer(cell, ref, "reply", "its own"),
            answer(cell, ref, "reply", "too late"),
        ]
        return told, (cell.awaiting, cell.calling, cell.deadline), receive()

    assert simulate(main) == ([False, True, False], (None, None, None), "its own")


def test_a_process_is_among_the_callers_of_whom_it_called_last_and_of_nobody_else() -> None:
    def main() -> list[tuple[bool, ...]]:
        one, other, caller = Counter.start(), Counter.start(), probe("caller")
        cell = record(caller)

        def among() -> tuple[bool, ...]:
            return tuple(cell in (record(pid).callers or {}) for pid in (one, other))

        found = [among()]
        for server in (one, one, other):
            inside(caller, partial(Counter.value, server))
            found.append(among())
        ended(caller)
        return [*found, among()]

    never, once, again, elsewhere, dead = simulate(main)

    assert never == (False, False)
    assert once == again == (True, False)
    assert elsewhere == (False, True)
    assert dead == (False, False)


def test_who_sleeps_is_not_woken_by_the_end_of_whom_it_has_called_before() -> None:
    def main() -> tuple[object, float]:
        server, caller = Counter.start(), probe("caller")
        inside(caller, partial(Counter.value, server))
        boss = process.self()
        clock = record(boss).scheduler.clock
        begin = clock.now()
        send(caller, ("run", "slept", partial(process.sleep, 5.0)))
        process.sleep(1.0)
        ended(server)
        return receive(), clock.now() - begin

    assert simulate(main) == (("ran", "slept", None), 5.0)


# -- monitors --------------------------------------------------------------------------------------


def test_each_monitor_is_told_of_what_it_was_set_on_the_process_or_its_name() -> None:
    def main() -> tuple[Pid, dict[Ref, object], list[Ref]]:
        pid = probe("watched")
        process.register(pid, "watched")
        refs: list[Ref] = [process.monitor(to) for to in (pid, "watched", pid, "watched")]
        process.send_exit(pid, "kill")
        return pid, {each.ref: each.process for each in mail() if isinstance(each, Down)}, refs

    pid, told, refs = simulate(main)

    by_name = ("watched", LOCAL_NODE)
    assert [told[ref] for ref in refs] == [pid, by_name, pid, by_name]


# -- timers ----------------------------------------------------------------------------------------


def test_nothing_is_kept_of_a_timer_that_has_fired_or_was_cancelled() -> None:
    def main() -> list[int]:
        me = process.self()
        cell = record(me)

        def kept() -> int:
            return len(cell.timers or ()) + len(cell.scheduler.timers)

        counts = [kept()]
        refs = [process.send_after(me, "tick", seconds) for seconds in (0.01, 0.02, 5.0)]
        counts.append(kept())
        process.sleep(0.03)
        counts.append(kept())
        process.cancel_timer(refs[-1])
        counts.append(kept())
        return counts

    assert simulate(main) == [0, 6, 2, 0]


def test_the_timers_of_the_dead_are_gone_and_those_of_others_fire() -> None:
    def main() -> tuple[int, list[object]]:
        pid = probe("dies")
        process.send_after(pid, "never read", 1.0)
        process.send_after(process.self(), "mine", 1.0)
        process.send_after("nobody yet", "by name", 1.0)
        ended(pid)
        left = len(record(process.self()).scheduler.timers)
        process.register(process.self(), "nobody yet")
        return left, mail(2.0)

    assert simulate(main) == (2, ["mine", "by name"])


def test_of_the_deadlines_of_the_dead_none_is_waited_for_not_even_while_they_unwind() -> None:
    seen: list[float | None] = Seen()
    kept: list[Deadlines] = Seen()

    def main() -> float | None:
        deadlines = record(process.self()).scheduler.deadlines
        kept.append(deadlines)
        seen.append(deadlines.soonest())

        def waits(seconds: float) -> None:
            try:
                process.sleep(seconds)
            finally:
                seen.append(kept[0].soonest())

        waiting, reached = spawn(waits, 1.0), probe("reached")
        process.send_after(reached, "never read", 2.0)
        process.sleep(0.5)
        seen.append(deadlines.soonest())
        ended(waiting)
        seen.append(deadlines.soonest())
        ended(reached)
        return deadlines.soonest()

    assert simulate(main) is None
    assert seen == [None, 1.0, 2.0, 2.0]


def test_of_a_deadline_that_was_asked_for_too_late_nothing_is_left() -> None:
    """A thread may ask for one and be told to end meanwhile."""

    def main() -> tuple[float | None, float | None]:
        cell = record(spawn(process.sleep, None))
        deadlines = cell.scheduler.deadlines
        process.sleep(0.1)
        process.send_exit(cell.pid, "kill")
        deadlines.arm(cell, 1.0)
        before = deadlines.soonest()
        process.sleep(0.1)
        return before, deadlines.soonest()

    assert simulate(main) == (1.0, None)


def test_a_timer_for_the_dead_is_not_even_set() -> None:
    def main() -> tuple[int, float | None]:
        pid = probe("dead")
        ended(pid)
        ref = process.send_after(pid, "nobody", 1.0)
        return len(record(process.self()).scheduler.timers), process.read_timer(ref)

    assert simulate(main) == (0, None)


# -- links and deaths ------------------------------------------------------------------------------


def test_a_link_to_the_dead_fails_with_whom_and_by_what() -> None:
    def main() -> tuple[Pid, CallFailed]:
        pid = probe("dead")
        ended(pid)
        with pytest.raises(CallFailed) as failed:
            process.link(pid)
        return pid, failed.value

    pid, error = simulate(main)

    assert error.reason == ("noproc", ("Process", "link", [pid]))
    assert error.server == pid


def test_who_is_ending_gets_no_turn_for_what_it_is_told() -> None:
    is_ready: list[bool] = Seen()

    def main() -> None:
        dead = probe("dead")
        ended(dead)
        cells: list[Cell] = Seen()

        def links() -> None:
            process.trap_exit(True)
            try:
                process.sleep(None)
            finally:
                process.link(dead)
                is_ready.append(cells[0] in cells[0].scheduler.ready)

        pid = spawn(links)
        cells.append(record(pid))
        process.sleep(0.1)
        ended(pid)

    simulate(main)

    assert is_ready == [False]


def test_who_outlives_a_link_keeps_nothing_of_the_dead() -> None:
    def main() -> tuple[int, int]:
        survivor = record(probe("survivor", trap=True))
        linked = probe("linked")
        inside(survivor.pid, partial(process.link, linked))
        before = len(survivor.links or ())
        ended(linked)
        return before, len(survivor.links or ())

    assert simulate(main) == (1, 0)


def test_nothing_is_kept_of_what_finally_blocks_have_asked_for() -> None:
    def main() -> list[tuple[int, int, int]]:
        kept.append(record(process.self()))
        scheduler = kept[0].scheduler
        watched = probe("watched")
        process.register(watched, "watched")

        def asks(before: list[Callable[[], object]], after: list[Callable[[], object]]) -> None:
            for act in before:
                act()
            try:
                process.sleep(None)
            finally:
                scheduler = kept[0].scheduler
                early.append(len(scheduler._aliases) + len(scheduler._watched))  # noqa: SLF001 - the same
                for act in after:
                    act()
                asked.append(len(after))

        def left() -> tuple[int, int, int]:
            return (
                len(record(watched).watchers or ()),
                len(scheduler._aliases),  # noqa: SLF001 - the tables themselves are looked at
                len(scheduler._watched),  # noqa: SLF001 - the same
            )

        monitors, aliases = partial(process.monitor, "watched"), partial(process.alias, "explicit")
        sets: list[list[Callable[[], object]]] = [[], [monitors], [aliases], [monitors, aliases]]
        found = [left()]
        for before, after in itertools.product(sets, sets):
            pid = spawn(asks, before, after)
            process.sleep(0.1)
            ended(pid)
            found.append(left())
        return found

    kept: list[Cell] = Seen()
    early: list[int] = Seen()
    asked: list[int] = Seen()

    assert simulate(main) == [(0, 0, 0)] * 17
    assert early == [0] * 16
    assert asked == [0, 1, 1, 2] * 4


def test_an_end_is_told_once_however_often_it_comes() -> None:
    """A thread that was given up may come to its own end after all."""

    def main() -> int:
        pid = probe("ends")
        cell = record(pid)
        process.monitor(pid)
        process.send_exit(pid, "kill")
        process.sleep(0.1)
        cell.scheduler.finish(cell)
        return len(mail())

    assert simulate(main) == 1


def test_whoever_is_told_of_an_end_gets_a_reason_of_its_own() -> None:
    def main() -> list[object]:
        process.trap_exit(True)
        pid = spawn_link(lambda: process.exit(("failed", [1])))
        process.monitor(pid)
        process.monitor(pid)
        return [each.reason for each in mail() if isinstance(each, Down | Exited)]

    reasons = simulate(main)

    assert reasons == [("failed", [1])] * 3
    assert len({id(reason) for reason in reasons}) == 3


def test_what_the_dead_worked_with_does_not_outlive_them() -> None:
    def main() -> list[object]:
        pid = probe("dies")
        cell = record(pid)
        send(pid, "mail")
        ended(pid, "boom")
        return [cell.body, cell.handler, cell.mail, cell.context, cell.dictionary, cell.links]

    assert simulate(main) == [None] * 6


class Hastening(Relations):
    """Relations that tell for whom there is no more waiting."""

    def __init__(self, cross: Cross) -> None:
        super().__init__(cross)
        self.hastened: list[Cell] = []

    def hasten(self, cell: Cell) -> None:
        self.hastened.append(cell)


@pytest.mark.parametrize(
    ("reason", "linked", "is_hastened"),
    [
        ("kill", False, True),
        ("kill", True, False),
        ("shutdown", False, False),
        ("shutdown", True, False),
        (("kill",), False, False),
    ],
)
def test_a_kill_that_was_sent_and_nothing_else_hastens_who_is_ending_already(
    reason: object, linked: bool, is_hastened: bool
) -> None:
    def main() -> bool:
        pid = probe("ending")
        cell = record(pid)
        ended(pid, "shutdown")
        relations = Hastening(cell.scheduler.cross)
        relations.signal(cell, process.self(), reason, linked)
        assert cell.exiting == ("shutdown",)
        return relations.hastened == [cell]

    assert simulate(main) is is_hastened


def test_whoever_is_not_spared_is_killed_whether_it_traps_exits_or_not() -> None:
    def main() -> list[object]:
        boss = process.self()
        refs = [
            process.monitor(probe(name, trap=trap)) for name, trap in (("a", False), ("b", True))
        ]
        cell = record(boss)
        cell.scheduler.kill_all(boss, cell)
        downs = {each.ref: each.reason for each in mail() if isinstance(each, Down)}
        return [downs[ref] for ref in refs]

    assert simulate(main) == ["killed", "killed"]


def test_a_process_that_no_thread_could_be_found_for_was_never_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its links and monitors are taken back, and the caller learns why."""

    def refuses(_: object) -> bool:
        raise RuntimeError("no more threads")

    def main() -> tuple[list[Pid], int, int, object]:
        cell = record(process.self())
        before = process.processes()
        known = list(cell.scheduler.cells)
        watched = len(cell.monitors or ())
        for start in (process.spawn, process.spawn_link, process.spawn_monitor):
            with pytest.raises(RuntimeError, match="no more threads"):
                start(process.sleep, None, host="thread")
        left = [pid for pid in process.processes() if pid not in before]
        assert list(cell.scheduler.cells) == known
        return left, len(cell.links or ()), len(cell.monitors or ()) - watched, mail(1.0)

    monkeypatch.setitem(process.carriers, "thread", refuses)

    assert simulate(main) == ([], 0, 0, [])
