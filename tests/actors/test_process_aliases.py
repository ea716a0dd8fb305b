"""Aliases. Source: https://www.erlang.org/doc/system/ref_man_processes.html#process-aliases"""

from __future__ import annotations

import pytest

from actors import Down, Ref, process, receive, send, spawn
from actors._kernel.relations import AliasKind
from actors.errors import BadArgument
from actors.pid import LOCAL_NODE
from actors.process import Host
from tests.actors.probes import ended, inside, mail, probe, simulate


def test_an_explicit_alias_lasts_until_it_is_given_up() -> None:
    def main() -> None:
        alias = process.alias()
        assert send(alias, 1) == 1
        send(alias, 2)
        assert process.unalias(alias) is True
        send(alias, 3)
        assert process.unalias(alias) is False
        assert mail() == [1, 2]

    simulate(main)


def test_a_reply_alias_lets_one_message_through() -> None:
    def main() -> None:
        alias = process.alias("reply")
        send(alias, "answer")
        send(alias, "too late")
        assert mail() == ["answer"]
        assert process.unalias(alias) is False

    simulate(main)


def test_an_alias_can_be_given_up_by_its_owner_only() -> None:
    def main() -> None:
        alias, other = process.alias(), probe("other")
        assert inside(other, lambda: process.unalias(alias)) is False
        inside(other, lambda: send(alias, "still there"))
        assert mail() == ["still there"]

    simulate(main)


def test_an_alias_ends_with_its_owner() -> None:
    def main() -> None:
        other = probe("other")
        alias = inside(other, process.alias)
        assert isinstance(alias, Ref)
        send(alias, 1)
        assert mail() == [("got", "other", 1)]
        ended(other)
        assert send(alias, 2) == 2
        assert mail() == []

    simulate(main)


def test_an_alias_of_a_monitor_ends_with_the_monitor() -> None:
    def main() -> None:
        target = probe("target")
        ref = process.monitor(target, alias="demonitor")
        send(ref, 1)
        process.demonitor(ref)
        send(ref, 2)
        down = process.monitor(target, alias="demonitor")
        ended(target, "boom")
        send(down, 3)
        assert mail() == [1, Down(down, target, "boom")]

    simulate(main)


def test_an_explicit_alias_outlives_its_monitor() -> None:
    def main() -> None:
        target = probe("target")
        ref = process.monitor(target, alias="explicit_unalias")
        ended(target, "boom")
        send(ref, 1)
        assert process.demonitor(ref) is False
        send(ref, 2)
        assert process.unalias(ref) is True
        send(ref, 3)
        assert mail() == [Down(ref, target, "boom"), 1, 2]

    simulate(main)


def test_the_first_answer_of_a_reply_alias_takes_the_monitor_with_it() -> None:
    def main() -> None:
        target = probe("target")
        ref = process.monitor(target, alias="reply_demonitor")
        send(ref, "answer")
        send(ref, "second")
        assert process.demonitor(ref) is False
        ended(target, "boom")
        assert mail() == ["answer"]

    simulate(main)


def test_a_server_answers_through_the_alias_of_a_monitor_and_its_death_is_told_too() -> None:
    def main() -> None:
        target = probe("target")
        ref = process.monitor(target, alias="explicit_unalias")
        assert inside(target, lambda: send(ref, "answer")) == "answer"
        assert receive(timeout=0) == "answer"
        ended(target, "done")
        assert receive(timeout=0) == Down(ref, target, "done")
        assert process.unalias(ref) is True

    simulate(main)


def test_an_alias_for_a_dead_process_is_over_with_its_message() -> None:
    def main() -> None:
        dead = probe("dead")
        ended(dead)
        ref = process.monitor(dead, alias="reply_demonitor")
        send(ref, "unheard")
        assert mail() == [Down(ref, dead, "noproc")]

    simulate(main)


KINDS: tuple[AliasKind, ...] = ("explicit_unalias", "demonitor", "reply_demonitor")


def test_demonitor_of_a_plain_alias_leaves_it_alone() -> None:
    def main() -> None:
        alias = process.alias()
        assert process.demonitor(alias) is False
        assert process.demonitor(alias, flush=True) is False
        send(alias, "still there")
        assert mail() == ["still there"]

    simulate(main)


@pytest.mark.parametrize("kind", KINDS)
def test_an_alias_for_an_unknown_name_is_over_with_its_message_unless_explicit(
    kind: AliasKind,
) -> None:
    def main() -> None:
        ref = process.monitor("nobody", alias=kind)
        send(ref, "heard")
        down = Down(ref, ("nobody", LOCAL_NODE), "noproc")
        assert mail() == ([down, "heard"] if kind == "explicit_unalias" else [down])
        assert process.unalias(ref) is (kind == "explicit_unalias")

    simulate(main)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(20))
def test_no_death_is_told_after_a_demonitor_that_flushes_whatever_the_alias(
    seed: int, kind: AliasKind
) -> None:
    def main() -> None:
        target = probe("target")
        ref = process.monitor(target, alias=kind)
        spawn(process.send_exit, target, "boom")
        for _ in range(seed % 4):
            process.sleep(0.0)
        process.demonitor(ref, flush=True)
        send(ref, "hello")
        assert mail() == (["hello"] if kind == "explicit_unalias" else [])

    simulate(main, seed)


@pytest.mark.parametrize("host", [None, "thread"])
def test_what_one_sends_oneself_is_there_at_once(host: Host) -> None:
    def main() -> None:
        me = probe("me", host=host)

        def talk_to_oneself() -> list[object]:
            process.register(me, "me")
            send(me, 1)
            send("me", 2)
            send(process.alias(), 3)
            send(process.alias("reply"), 4)
            return [receive(timeout=0) for _ in range(4)]

        assert inside(me, talk_to_oneself) == [1, 2, 3, 4]

    simulate(main)


def test_unknown_kinds_and_references_are_refused() -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="kind"):
            process.alias("demonitor")  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="ref"):
            process.unalias("x")  # type: ignore[arg-type]
        assert send(Ref(), "to nobody") == "to nobody"

    simulate(main)
