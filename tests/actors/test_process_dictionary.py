"""What a process of a behaviour finds in its dictionary. Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html"""

from __future__ import annotations

import pytest

from actors import process
from actors.errors import BadArgument
from actors.gen_server import GenServer
from actors.outcomes import Reply
from actors.process import receive, register, self, send, spawn
from actors.runtime import run
from actors.testing import VirtualClock
from tests.actors.probes import ended, inside, probe, simulate


class Reader(GenServer[None]):
    """Answers a key with what its dictionary has under it."""

    def handle_call(self, request: object, caller: object, state: None) -> object:
        match request:
            case ("start", str() | None as name):
                return Reply(Reader.start_link(name=name))
            case "keys":
                return Reply(process.get_keys())
            case _:
                return Reply(process.get(request))


def test_a_server_knows_its_ancestors_the_nearest_first() -> None:
    def main() -> None:
        top = Reader.start_link()
        middle = GenServer.call(top, ("start", "middle"))
        leaf = GenServer.call("middle", ("start", None))

        assert GenServer.call(top, "$ancestors") == [self()]
        assert GenServer.call("middle", "$ancestors") == [top, self()]
        assert GenServer.call(leaf, "$ancestors") == ["middle", top, self()]  # type: ignore[arg-type]
        assert middle is process.whereis("middle")

    run(main, clock=VirtualClock())


def test_an_ancestor_goes_by_the_name_it_had_when_the_child_was_started() -> None:
    def main() -> None:
        first = Reader.start_link()
        register(self(), "main")
        second = Reader.start_link()
        process.unregister("main")
        third = Reader.start_link()

        ancestors = [GenServer.call(each, "$ancestors") for each in (first, second, third)]
        assert ancestors == [[self()], ["main"], [self()]]

    run(main, clock=VirtualClock())


def test_what_was_merely_spawned_has_no_ancestors_and_is_the_first_of_its_children() -> None:
    def main() -> None:
        parent = self()

        def body() -> None:
            server = Reader.start()
            seen = GenServer.call(server, "$ancestors")
            send(parent, (process.get_keys(), seen == [self()]))

        spawn(body)

        assert receive() == ([], True)

    run(main, clock=VirtualClock())


def test_the_dictionary_of_a_server_begins_with_what_it_was_given() -> None:
    def main() -> None:
        server = Reader.start_link()
        info = process.info(server)

        assert GenServer.call(server, "keys") == ["$ancestors", "$initial_call"]
        assert info is not None
        assert info.dictionary == ("$ancestors", "$initial_call")
        assert str(GenServer.call(server, "$initial_call")).endswith("Reader.init")

    run(main, clock=VirtualClock())


def test_what_was_given_can_be_taken_out() -> None:
    class Forgetful(GenServer[None]):
        def init(self) -> None:
            process.delete("$ancestors")

        def handle_call(self, request: object, caller: object, state: None) -> object:
            return Reply(process.get("$ancestors", "gone"))

    def main() -> None:
        server = Forgetful.start_link()

        assert GenServer.call(server, "anything") == "gone"

    run(main, clock=VirtualClock())


def test_a_label_is_seen_from_outside_and_kept_in_the_dictionary() -> None:
    """Source: https://hexdocs.pm/elixir/Process.html#set_label/1"""

    def main() -> None:
        pid = probe("labelled")
        inside(pid, lambda: process.set_label(("decoder", 3)))
        assert process.get_label(pid) == ("decoder", 3)
        assert process.info(pid, "label") == ("label", ("decoder", 3))
        assert inside(pid, lambda: process.get("$process_label")) == ("decoder", 3)
        inside(pid, lambda: process.put("$process_label", "changed"))
        assert process.get_label(pid) == "changed"

    simulate(main)


def test_who_has_no_label_or_is_dead_shows_none() -> None:
    def main() -> None:
        pid = probe("plain")
        assert process.get_label(pid) is None
        inside(pid, lambda: process.set_label("soon gone"))
        ended(pid)
        assert process.get_label(pid) is None
        with pytest.raises(
            BadArgument, match=r"got 'plain', .* a Pid, as process\.whereis\(name\)"
        ):
            process.get_label("plain")  # type: ignore[arg-type]

    simulate(main)
