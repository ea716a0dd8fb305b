"""Every way to fail in the places that the matrix of `tests.endurance.failures` leaves out.

Those are the same callbacks on threads of their own, the callbacks of supervisors and of event handlers, and all
functions that somebody hands to a process to be called there: by agents, streams, registries, debuggers,
receives and telemetry.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from actors import (
    Agent,
    EventHandler,
    EventManager,
    GenServer,
    NoReply,
    Pid,
    StartError,
    Task,
    debug,
    process,
    receive,
    send,
    spawn,
    telemetry,
)
from actors.errors import ActorsError
from supervisors import ChildError, DynamicSupervisor, Registry, Supervisor, TaskSupervisor
from tests.endurance.failures import (
    TOLD_TO_THE_CALLER,
    TOLD_TO_THE_STARTER,
    Deed,
    Echo,
    Make,
    Place,
    Value,
    everything_in,
    in_a_callback,
    must,
    raise_after_go,
    raise_at_once,
    raising,
    says,
    watched,
)
from tests.endurance.tally import Tally, case

__all__: list[str] = []


# -- on threads of their own -----------------------------------------------------------------------


def in_a_body(make: Make) -> Pid | None:
    pid = spawn(raise_after_go, make, host="thread")
    watched(pid)
    send(pid, "go")
    return pid


def in_a_task(make: Make) -> Pid | None:
    task = Task.async_(raise_after_go, make, host="thread")
    assert task.pid is not None
    watched(task.pid)
    send(task.pid, "go")
    return task.pid


ON_THREADS: Final[dict[str, Place]] = {
    "handle_call": Place(
        in_a_callback("handle_call", lambda pid: GenServer.call(pid, "x"), "thread")
    ),
    "handle_cast": Place(
        in_a_callback("handle_cast", lambda pid: GenServer.cast(pid, "x"), "thread")
    ),
    "handle_info": Place(in_a_callback("handle_info", lambda pid: send(pid, "x"), "thread")),
    "handle_continue": Place(
        in_a_callback("handle_continue", lambda pid: GenServer.cast(pid, "continue"), "thread")
    ),
    "terminate": Place(
        in_a_callback("terminate", lambda pid: GenServer.stop(pid, "shutdown"), "thread")
    ),
    "body": Place(in_a_body),
    "task": Place(in_a_task),
}


@case(short=1, long=100)
def whatever_is_raised_on_threads(size: int, tally: Tally) -> None:
    """12 kinds of exception in 7 places on threads of their own: only the right one dies, and all are told."""
    everything_in(ON_THREADS, size, tally)


# -- supervisors -----------------------------------------------------------------------------------


class Broken(Supervisor):
    """Cannot say whom it supervises."""

    def init(self, make: Make) -> object:
        raise make()


class BrokenDynamic(DynamicSupervisor):
    """Cannot say by which rules it supervises."""

    def init(self, make: Make) -> object:
        raise make()


def in_an_init(supervisor: Callable[[Make], object]) -> Deed:
    def place(make: Make) -> None:
        try:
            supervisor(make)
        except StartError as error:
            must(says(error.reason, make), error.reason)
            return
        raise AssertionError("it was started")

    return place


def in_a_dynamic_child(make: Make) -> None:
    tree = DynamicSupervisor.start_link()
    try:
        DynamicSupervisor.start_child(tree, {"id": "kid", "start": (raise_at_once, (make,), {})})
    except ChildError as error:
        must(says(error.reason, make), error.reason)
    else:
        raise AssertionError("it was started")
    assert DynamicSupervisor.count_children(tree).active == 0
    DynamicSupervisor.stop(tree)


# -- callbacks that others have --------------------------------------------------------------------


class Handler(EventHandler[None]):
    """Raises in the callback it is told to."""

    def init(self, where: str, make: Make) -> None:
        self.where, self.make = where, make
        self.fail_in("init")

    def fail_in(self, here: str) -> None:
        if self.where == here:
            raise self.make()

    def handle_event(self, event: object, state: None) -> object:
        self.fail_in("handle_event")
        return NoReply()

    def handle_call(self, request: object, state: None) -> object:
        self.fail_in("handle_call")
        return NoReply()

    def handle_info(self, message: object, state: None) -> object:
        self.fail_in("handle_info")
        return NoReply()

    def terminate(self, reason: object, state: None) -> None:
        self.fail_in("terminate")


def in_a_handler(where: str, trigger: Callable[[Pid], object]) -> Deed:
    def place(make: Make) -> None:
        manager = EventManager.start()
        assert manager is not None
        watched_from_here = process.monitor(manager)
        with suppress(ActorsError):
            EventManager.add_handler(manager, Handler, where, make)
        with suppress(ActorsError):
            trigger(manager)
        assert EventManager.which_handlers(manager) == []
        process.demonitor(watched_from_here, flush=True)
        EventManager.stop(manager)

    return place


class Ashamed(GenServer[object]):
    """Crashes, and fails once more when its state is to be shown."""

    def init(self, make: Make) -> None:
        self.make = make

    def handle_cast(self, request: object, state: object) -> object:
        raise ValueError("broken")

    def format_status(self, status: object) -> dict[str, object]:
        raise self.make()


def while_it_crashes(make: Make) -> Pid | None:
    server = Ashamed.start(make)
    assert server is not None
    watched(server)
    GenServer.cast(server, "crash")
    return server


def of_another(reason: object, _: Make) -> bool:
    return says(reason, ValueError)


# -- functions that are handed over ----------------------------------------------------------------


def in_an_agent(ask: Callable[..., object]) -> Deed:
    def place(make: Make) -> Pid | None:
        agent = Value.start(int)
        assert agent is not None
        watched(agent)
        with suppress(ActorsError):
            ask(agent, partial(raising, make))
        return agent

    return place


def raise_for(make: Make, _: object) -> object:
    raise make()


def in_a_stream(make: Make) -> None:
    tasks = TaskSupervisor.start_link()
    results = list(TaskSupervisor.async_stream_nolink(tasks, [1, 2], partial(raise_for, make)))
    assert len(results) == 2, results
    TaskSupervisor.stop(tasks)


def in_the_caller(keys: str, ask: Callable[[Callable[..., object]], object]) -> Deed:
    """Have a registry call a function, which it does in the process that asks."""

    def place(make: Make) -> None:
        registry = Registry.start_link(keys=keys, name="registry")  # type: ignore[arg-type]
        Registry.register("registry", "key", 1)
        try:
            ask(partial(raise_for, make))
        except BaseException as error:
            must(type(error) is type(make()), error)
        else:
            raise AssertionError("nothing was raised")
        assert Registry.lookup("registry", "key")
        Supervisor.stop(registry)

    return place


def in_a_debugger(ask: Callable[[Pid, Make], object]) -> Deed:
    def place(make: Make) -> None:
        server = Echo.start()
        assert server is not None
        with suppress(ActorsError):
            ask(server, make)
        assert GenServer.call(server, "there?") == "there?"
        GenServer.stop(server)

    return place


def install_and_call(server: Pid, make: Make) -> None:
    def traced(*_: object) -> object:
        raise make()

    debug.install(server, traced, 0)
    GenServer.call(server, "traced")


def in_a_predicate(make: Make) -> Pid | None:
    pid = spawn(receive_by, make)
    watched(pid)
    send(pid, "go")
    send(pid, "looked at")
    return pid


def receive_by(make: Make) -> None:
    receive("go".__eq__)
    receive(partial(raise_for, make))


def in_telemetry(make: Make) -> Pid | None:
    def handler(*_: object) -> None:
        raise make()

    telemetry.attach("raises", ("actors", "process", "crash"), handler)
    pid = spawn(detach_at_the_end)
    watched(pid)
    send(pid, "go")
    return pid


def detach_at_the_end() -> None:
    receive()
    raise ValueError("broken")


ELSEWHERE: Final[dict[str, Place]] = {
    "a supervisor's init": Place(in_an_init(Broken.start_link)),
    "a dynamic supervisor's init": Place(in_an_init(BrokenDynamic.start_link)),
    "a dynamic child's start": Place(in_a_dynamic_child, TOLD_TO_THE_STARTER),
    "a handler's init": Place(in_a_handler("init", lambda _: None), TOLD_TO_THE_CALLER),
    "a handler's handle_call": Place(
        in_a_handler("handle_call", lambda pid: EventManager.call(pid, Handler, "x"))
    ),
    "a handler's handle_info": Place(in_a_handler("handle_info", lambda pid: send(pid, "x"))),
    "a handler's terminate": Place(
        in_a_handler("terminate", lambda pid: EventManager.delete_handler(pid, Handler, "x")),
        TOLD_TO_THE_CALLER,
    ),
    "format_status while it crashes": Place(while_it_crashes, reason=of_another),
    "Agent.get": Place(in_an_agent(Agent.get)),
    "Agent.update": Place(in_an_agent(Agent.update)),
    "Agent.get_and_update": Place(in_an_agent(Agent.get_and_update)),
    "a stream": Place(in_a_stream),
    "Registry.update_value": Place(
        in_the_caller("unique", partial(Registry.update_value, "registry", "key")),
        TOLD_TO_THE_CALLER,
    ),
    "Registry.dispatch": Place(
        in_the_caller("duplicate", partial(Registry.dispatch, "registry", "key")),
        TOLD_TO_THE_CALLER,
    ),
    "debug.replace_state": Place(
        in_a_debugger(lambda pid, make: debug.replace_state(pid, partial(raise_for, make))),
        TOLD_TO_THE_CALLER,
    ),
    "a debug function": Place(in_a_debugger(install_and_call), TOLD_TO_THE_CALLER),
    "a predicate": Place(in_a_predicate),
    "a telemetry handler": Place(in_telemetry, reason=of_another),
}


@case(short=1, long=100)
def whatever_is_raised_elsewhere(size: int, tally: Tally) -> None:
    """12 kinds of exception in 18 more places, from a supervisor's init to a predicate: no one else is harmed."""
    try:
        everything_in(ELSEWHERE, size, tally)
    finally:
        telemetry.detach("raises")
