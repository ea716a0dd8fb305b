from __future__ import annotations

import pytest

from actors import Pid, Via, naming, process, send
from actors.errors import BadArgument
from actors.pid import LOCAL_NODE
from tests.actors.probes import ended, inside, probe, simulate


class Table:
    """The smallest table of names that can be a via."""

    def __init__(self) -> None:
        self.names: dict[object, Pid] = {}

    def register_name(self, key: object, pid: Pid) -> bool:
        return self.names.setdefault(key, pid) is pid

    def unregister_name(self, key: object) -> None:
        self.names.pop(key, None)

    def whereis_name(self, key: object) -> Pid | None:
        return self.names.get(key)

    def send(self, key: object, message: object) -> None:
        send(self.names[key], message)


def test_a_pid_a_name_a_node_and_a_via_are_addresses() -> None:
    def main() -> None:
        me, table = process.self(), Table()
        process.register(me, "me")
        table.register_name("key", me)
        for address in (me, "me", ("me", LOCAL_NODE), Via(table, "key")):
            assert naming.whereis(address) is me
            cell = naming.locate(address)
            assert cell is not None
            assert cell.pid is me
        for address in ("nobody", ("me", "other@host"), ("nobody", LOCAL_NODE), Via(table, 7)):
            assert naming.whereis(address) is None
            assert naming.locate(address) is None

    simulate(main)


def test_a_dead_pid_is_an_address_where_nobody_is() -> None:
    def main() -> None:
        dead = probe("dead")
        ended(dead)
        assert naming.whereis(dead) is dead
        assert naming.locate(dead) is None

    simulate(main)


@pytest.mark.parametrize("address", [None, 7, ("name",), (1, 2), ("a", "b", "c"), b"name"])
def test_anything_else_is_refused(address: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="address"):
            naming.whereis(address)  # type: ignore[arg-type]

    simulate(main)


@pytest.mark.parametrize("host", [None, "thread"])
def test_taking_a_name_says_who_has_it(host: process.Host) -> None:
    def main() -> None:
        one, other = probe("one", host=host), probe("other", host=host)
        assert inside(one, lambda: naming.take_name("name")) is None
        assert inside(other, lambda: naming.take_name("name")) is one
        assert inside(one, lambda: naming.take_name("second")) is one
        inside(one, lambda: naming.give_back_name("name"))
        assert process.whereis("name") is None
        assert inside(other, lambda: naming.take_name("name")) is None

    simulate(main)


def test_taking_a_name_in_a_via_says_who_has_it() -> None:
    def main() -> None:
        table, other = Table(), probe("other")
        via = Via(table, "key")
        assert naming.take_name(via) is None
        assert inside(other, lambda: naming.take_name(via)) is process.self()
        naming.give_back_name(via)
        assert inside(other, lambda: naming.take_name(via)) is None

    simulate(main)


def test_a_via_is_shown_as_it_is_written() -> None:
    assert repr(Via(Table, ("rooms", "kitchen"))) == "Via(Table, ('rooms', 'kitchen'))"  # type: ignore[arg-type]
