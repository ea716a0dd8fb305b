"""Registered names and the dictionary. Source: https://hexdocs.pm/elixir/Process.html#register/2"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from actors import Down, process, receive, send, spawn
from actors.errors import BadArgument, NameTaken
from actors.pid import LOCAL_NODE
from tests.actors.probes import ended, inside, mail, probe, simulate


def refusal(act: Callable[[], object]) -> type[BaseException] | None:
    try:
        act()
    except BadArgument as error:
        return type(error)
    return None


def test_one_name_a_process_one_process_a_name_and_both_alive() -> None:
    def main() -> None:
        a, b, dead = probe("a"), probe("b"), probe("dead")
        ended(dead)
        process.register(a, "one")
        assert process.whereis("one") is a
        assert refusal(lambda: process.register(b, "one")) is NameTaken
        assert refusal(lambda: process.register(a, "one")) is NameTaken
        assert refusal(lambda: process.register(a, "two")) is NameTaken
        assert refusal(lambda: process.register(dead, "three")) is BadArgument
        names: tuple[object, ...] = ("nil", "undefined", "", None, True)
        for name in names:
            assert refusal(partial(process.register, b, name)) is BadArgument  # type: ignore[arg-type]
        assert refusal(lambda: process.unregister("unknown")) is BadArgument
        assert process.registered() == ["one"]

    simulate(main)


def test_sending_to_an_unknown_name_is_refused_and_to_a_node_is_silent() -> None:
    def main() -> None:
        assert refusal(lambda: send("unknown", 1)) is BadArgument
        assert send(("unknown", LOCAL_NODE), 1) == 1
        process.register(process.self(), "me")
        send(("me", LOCAL_NODE), "here")
        assert send(("me", "other@host"), "elsewhere") == "elsewhere"
        assert mail() == ["here"]

    simulate(main)


@pytest.mark.parametrize("dest", [None, 7, 1.5, ("only",), (1, 2), b"x"])
def test_what_is_no_destination_is_refused(dest: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="dest"):
            send(dest, "x")  # type: ignore[arg-type]

    simulate(main)


def test_a_name_goes_with_the_process_and_can_be_taken_again() -> None:
    def main() -> None:
        a, b = probe("a"), probe("b")
        process.register(b, "one")
        process.unregister("one")
        assert process.whereis("one") is None
        process.register(b, "one")
        send("one", "hi")
        assert mail() == [("got", "b", "hi")]
        info = process.info(b)
        assert info is not None
        assert info.registered_name == "one"
        ended(b, "boom")
        assert process.whereis("one") is None
        assert process.info(b) is None
        process.register(a, "one")
        assert process.whereis("one") is a

    simulate(main)


def test_the_dictionary_is_the_processs_own() -> None:
    def main() -> None:
        assert process.put("k", 1) is None
        assert process.put("k", 2) == 1
        assert process.get("k") == 2
        assert process.get("other", "default") == "default"
        other = probe("other")
        assert inside(other, lambda: process.get("k")) is None
        process.put("l", 2)
        assert process.get_keys() == ["k", "l"]
        assert process.get_keys(2) == ["k", "l"]
        assert process.get_keys(3) == []
        assert process.delete("k") == 2
        assert process.delete("k") is None
        assert process.get("k", 0) == 0

    simulate(main)


def test_info_tells_what_can_be_seen() -> None:
    def main() -> None:
        boss = process.self()
        pid = probe("seen", trap=True)
        inside(pid, lambda: process.put("key", 1))
        process.link(pid)
        process.monitor(pid)
        process.register(pid, "seen")
        send(pid, 1)
        info = process.info(pid)
        assert info is not None
        assert (info.pid, info.registered_name, info.parent) == (pid, "seen", boss)
        assert (info.links, info.monitored_by, info.monitors) == ((boss,), (boss,), ())
        assert (info.trap_exit, info.message_queue_len) == (True, 1)
        assert (info.status, info.host, info.dictionary) == ("runnable", None, ("key",))
        assert info.initial_call.endswith("probe.<locals>.forward")
        mine = process.info(boss)
        assert mine is not None
        assert mine.status == "running"
        process.sleep(0.0)
        waits = process.info(pid)
        assert waits is not None
        assert waits.status == "waiting"

    simulate(main)


def test_single_items_can_be_asked_for_in_any_order_and_twice() -> None:
    def main() -> None:
        pid = probe("seen")
        process.register(pid, "seen")
        process.sleep(0.0)
        send(pid, 1)
        send(pid, 2)
        assert process.info(pid, "messages") == ("messages", (1, 2))
        items = ["message_queue_len", "registered_name", "messages", "registered_name"]
        assert process.info(pid, items) == [
            ("message_queue_len", 2),
            ("registered_name", "seen"),
            ("messages", (1, 2)),
            ("registered_name", "seen"),
        ]
        assert process.info(pid, []) == []
        for wrong in ("heap_size", ["links", "heap_size"], [1]):
            with pytest.raises(BadArgument, match="items"):
                process.info(pid, wrong)  # type: ignore[arg-type]
        ended(pid)
        assert process.info(pid, "messages") is None
        assert process.info(pid, ["links"]) is None

    simulate(main)


def test_what_waits_in_the_mail_of_another_is_seen_and_stays_there() -> None:
    def main() -> None:
        def busy() -> None:
            process.sleep(1.0)
            assert [receive() for _ in range(3)] == ["a", "b", "c"]

        pid = spawn(busy)
        for message in ("a", "b", "c"):
            send(pid, message)
        process.sleep(0.5)
        seen = process.info(pid, ("message_queue_len", "messages"))
        assert seen == [("message_queue_len", 3), ("messages", ("a", "b", "c"))]
        assert process.info(pid, "status") == ("status", "waiting")
        ref = process.monitor(pid)
        assert receive() == Down(ref, pid, "normal")

    simulate(main)


def test_a_name_can_be_taken_again_as_soon_as_its_owner_is_killed() -> None:
    def main() -> None:
        for number in range(2_000):
            pid = spawn(process.sleep, None)
            process.register(pid, "hot")
            assert process.whereis("hot") is pid, number
            process.send_exit(pid, "kill")
            assert process.whereis("hot") is None, number

    simulate(main)


def test_info_of_a_process_without_a_name_says_so_and_of_a_dead_one_nothing() -> None:
    def main() -> None:
        pid = probe("anonymous")
        seen = process.info(pid)
        assert seen is not None
        assert seen.registered_name is None
        process.register(pid, "named")
        ended(pid)
        assert process.info(pid) is None

    simulate(main)


def test_processes_lists_the_living_oldest_first() -> None:
    def main() -> None:
        first, second, third = spawn(process.sleep, None), probe("second"), probe("third")
        process.send_exit(second, "kill")
        assert process.processes() == [process.self(), first, third]

    simulate(main)
