from __future__ import annotations

from functools import partial

from actors import process
from actors.event_manager import EventHandler, EventManager, HandlerExited, RemoveHandler
from actors.outcomes import NoReply, Reply
from actors.process import sleep
from tests.interleavings.support import all_of, mail, under_choices


class Log(EventHandler[list[object]]):
    """Keeps what it is told; on `"leave"` it goes, on `"fail"` it fails."""

    def init(self, *args: object) -> list[object]:
        return [*args]

    def handle_event(self, event: object, state: list[object]) -> object:
        match event:
            case ("leave", name) if name == state[0]:
                return RemoveHandler()
            case ("fail", name) if name == state[0]:
                raise RuntimeError(name)
            case _:
                return NoReply([*state, event])

    def handle_call(self, request: object, state: list[object]) -> object:
        return Reply(tuple(state))


@under_choices(200)
def test_each_owner_hears_once_how_its_handler_ended_and_a_dead_owners_handler_is_gone() -> None:
    manager = EventManager.start()
    assert manager is not None

    def owner(name: str, end: str) -> object:
        process.trap_exit(True)
        EventManager.add_sup_handler(manager, (Log, name), name)
        sleep(0)
        EventManager.notify(manager, (end, name))
        if end == "die":
            return "dead"
        ends = [message for message in mail(1.0) if isinstance(message, HandlerExited)]
        return [message.reason if message.reason == "normal" else "failed" for message in ends]

    ways = ["leave", "fail", "die", "leave", "die"]
    ends = all_of(*[partial(owner, f"h{n}", way) for n, way in enumerate(ways)])
    sleep(1.0)

    assert ends == [["normal"], ["failed"], "dead", ["normal"], "dead"]
    assert EventManager.which_handlers(manager) == []
    info = process.info(manager)
    assert info is not None
    assert info.links == ()  # nobody is tied to anybody any more


@under_choices(200)
def test_a_handler_that_comes_sees_what_comes_after_it_and_all_see_one_order() -> None:
    manager = EventManager.start()
    assert manager is not None

    def teller(name: str) -> None:
        for number in range(4):
            EventManager.notify(manager, (name, number))
            sleep(0)

    def listener(name: str) -> object:
        sleep(0)
        EventManager.add_handler(manager, (Log, name), name)
        sleep(1.0)
        told = EventManager.call(manager, (Log, name), "all")
        assert isinstance(told, tuple)
        return told[1:]

    EventManager.add_handler(manager, (Log, "first"), "first")
    _, _, *late = all_of(
        partial(teller, "x"),
        partial(teller, "y"),
        *[partial(listener, f"late {n}") for n in range(2)],
    )
    told = EventManager.call(manager, (Log, "first"), "all")
    assert isinstance(told, tuple)
    everything = told[1:]
    for name in "xy":
        assert [one for one in everything if one[0] == name] == [(name, n) for n in range(4)]
    for heard in late:
        assert isinstance(heard, tuple)
        assert everything[len(everything) - len(heard) :] == heard


@under_choices(200)
def test_a_manager_that_stops_tells_every_owner_among_the_last_events() -> None:
    manager = EventManager.start()
    assert manager is not None

    def owner(name: str) -> object:
        process.trap_exit(True)
        EventManager.add_sup_handler(manager, (Log, name), name)
        sleep(0.5)
        EventManager.notify(manager, ("leave", name))
        return [m.reason for m in mail(1.0) if isinstance(m, HandlerExited)]

    def stop() -> None:
        sleep(0.5)
        EventManager.stop(manager)

    *ends, _ = all_of(*[partial(owner, name) for name in "abc"], stop)
    assert all(end in (["normal"], ["shutdown"]) for end in ends)
