"""pytest: a fixture with a tree, virtual time, and coroutines without a plug-in.

    pytest examples/recipes/pytest_fixtures.py

A test is no process, and may call processes all the same: its thread stands for one. What takes time in
production takes none here: `run(main, clock=VirtualClock())` jumps to the next deadline as
soon as everybody waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from actors import Down, GenServer, NoReply, Pid, Reply, call, cast, process, receive, run
from actors.asyncio_bridge import as_process, hosted
from actors.testing import VirtualClock
from supervisors import Supervisor


class Cart(GenServer[list[str]]):
    """Forgets after an hour what it holds."""

    def init(self) -> list[str]:
        process.send_after(process.self(), "forget", 3600.0)
        return []

    @call
    def items(self, state: list[str]) -> Reply[list[str], list[str]]:
        return Reply(state)

    @cast
    def put(self, state: list[str], item: str) -> NoReply[list[str]]:
        return NoReply([*state, item])

    def handle_info(self, message: object, state: list[str]) -> NoReply[list[str]]:
        return NoReply([] if message == "forget" else state)


@pytest.fixture
def shop() -> Iterator[Pid]:
    """A supervisor with a cart, gone when the test is over."""
    top = Supervisor.start_link([Cart.child_spec(name="cart")])
    yield top
    Supervisor.stop(top)


def test_a_cart_holds_what_was_put_into_it(shop: Pid) -> None:
    Cart.put("cart", "apple")

    assert Cart.items("cart") == ["apple"]


def test_a_cart_that_is_killed_comes_back_empty(shop: Pid) -> None:
    Cart.put("cart", "apple")
    before = process.whereis("cart")
    assert isinstance(before, Pid)

    ref = process.monitor(before)
    process.send_exit(before, "kill")
    assert receive(Down) == Down(ref, before, "killed")
    Supervisor.which_children(shop)  # whoever has an answer of the supervisor, has seen it restart

    assert Cart.items("cart") == []


def test_a_cart_forgets_after_an_hour() -> None:
    def main() -> list[list[str]]:
        pid = Cart.start_link()
        Cart.put(pid, "apple")
        before = Cart.items(pid)
        process.sleep(3601.0)
        return [before, Cart.items(pid)]

    assert run(main, clock=VirtualClock()) == [["apple"], []]


def test_a_coroutine_is_tested_on_a_loop_of_its_own() -> None:
    async def shops() -> list[str]:
        async with hosted():
            pid = await as_process(Cart.start_link)
            Cart.put(pid, "pear")
            return await as_process(Cart.items, pid)

    assert asyncio.run(shops()) == ["pear"]
