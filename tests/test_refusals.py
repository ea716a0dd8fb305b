"""What is wrong is refused at the door: by name and by value, and before anything has started.

One row for each argument that can be wrong, through every public function that starts, calls, waits or
describes. Values come from what is likely to be passed by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    Agent,
    BadArgument,
    EventHandler,
    EventManager,
    GenServer,
    Pid,
    Runtime,
    StartError,
    StateMachine,
    Task,
    debug,
    groups,
    proc_lib,
    process,
    run,
    telemetry,
)
from actors import requests as asked
from actors.errors import shown
from actors.outcomes import Continue, NoReply, Reply, Started
from actors.testing import VirtualClock, assert_receive, refute_receive
from actors.transitions import Begin
from supervisors import (
    Application,
    ChildSpec,
    Dynamic,
    DynamicSupervisor,
    PartitionSupervisor,
    Registry,
    Supervised,
    Supervisor,
    TaskSupervisor,
    override,
    patterns,
)
from supervisors import application as apps
from supervisors.child_spec import of

Any_ = Any
"""What a door is given here: never what its signature says."""


class Server(GenServer[object]):
    def init(self, *args: object) -> object:
        return args[0]() if args and callable(args[0]) else None

    def handle_call(self, request: Any_, caller: object, state: object) -> object:
        return request()

    def handle_cast(self, request: Any_, state: object) -> object:
        return request()

    def handle_continue(self, term: Any_, state: object) -> object:
        return term()

    def handle_info(self, message: Any_, state: object) -> object:
        return message()


class Machine(StateMachine[str, None]):
    def init(self) -> Begin[str, None]:
        return Begin("only", None)


class Handler(EventHandler[None]):
    pass


class Empty(Application):
    def start(self) -> Pid:
        return Supervisor.start_link([])


# -- wrong values ----------------------------------------------------------------------------------

NEVER_SECONDS: list[object] = [-1, -0.001, float("nan"), float("inf"), float("-inf"), True, "5"]
NEVER_SECONDS += [10**300, 10**400, 1e300, [], (), b"5", 5j, object, {}]
not_seconds = st.sampled_from(NEVER_SECONDS) | st.text() | st.floats(max_value=-1e-9)
not_a_limit = not_seconds | st.none()
not_shutdown = not_seconds.filter(lambda v: v != "brutal_kill")
not_a_count = st.sampled_from([-1, 1.5, float("nan"), True, "5", [], object]) | st.text()
not_above_0 = not_a_count | st.just(0)
# Hypothesis draws the words of our own sources too; with a mark in front none of them is accepted anywhere.
not_a_word = st.sampled_from([0, 1.5, True, [], {}, object(), b"x", ("a",)]) | st.text(
    max_size=9
).map("?{}".format)
not_host = not_a_word
not_a_function: st.SearchStrategy[object] = st.sampled_from([0, "f", None, [], (print,)])
not_a_pid = st.sampled_from([0, "a name", None, [], object()])
not_a_child = st.sampled_from([0, "kid", None, (), [], print, object()])
not_a_name = st.sampled_from([0, True, "", [], {}, b"x", "nil"])
not_a_start = st.sampled_from([0, None, "f", (), (print,), (print, 5), ("f", ()), (print, (), 5)])


# -- doors -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What runs while somebody knocks."""

    server: Pid
    agent: Pid
    manager: Pid
    sup: Pid
    dyn: Pid
    tasks: Pid
    task: Task[Any_]

    @classmethod
    def made(cls) -> World:
        groups.start_link()
        Registry.start_link(keys="unique", name="names")
        PartitionSupervisor.start_link((Agent, int), name="parts", partitions=2)
        made: list[Any_] = [
            Server.start_link(),
            Agent.start_link(int),
            EventManager.start_link(),
            Supervisor.start_link([]),
            DynamicSupervisor.start_link(),
            TaskSupervisor.start_link(),
            Task.async_(process.sleep, None),
        ]
        process.sleep(0)
        return cls(*made)


Door = Callable[[World, Any_], object]
DOORS: dict[str, tuple[str, st.SearchStrategy[object], Door]] = {}


def rows(
    argument: str, values: st.SearchStrategy[object], **doors: Callable[[World, Any_], object]
) -> None:
    for name, door in doors.items():
        key = f"{name}({argument})"
        assert key not in DOORS
        DOORS[key] = (argument, values, door)


def child(**fields: object) -> Any_:
    return {"id": "x", "start": (Agent.start_link, (int,)), **fields}


rows(
    "timeout",
    not_seconds,
    receive=lambda w, v: process.receive(None, v),
    call=lambda w, v: GenServer.call(w.server, "x", v),
    call_by_name=lambda w, v: GenServer.call("nobody", "x", v),
    stop=lambda w, v: GenServer.stop(w.server, "normal", v),
    start=lambda w, v: Server.start(timeout=v),
    start_link=lambda w, v: Server.start_link(timeout=v),
    receive_response=lambda w, v: asked.receive_response(asked.send_request(w.dyn, "x"), v),
    wait_response=lambda w, v: asked.wait_response(asked.send_request(w.dyn, "x"), v),
    requests=lambda w, v: asked.Requests().receive_response(v),
    multi_call=lambda w, v: asked.multi_call("nobody", "x", v),
    agent_start=lambda w, v: Agent.start(int, timeout=v),
    agent_start_link=lambda w, v: Agent.start_link(int, timeout=v),
    agent_get=lambda w, v: Agent.get(w.agent, abs, timeout=v),
    agent_update=lambda w, v: Agent.update(w.agent, abs, timeout=v),
    agent_get_and_update=lambda w, v: Agent.get_and_update(w.agent, divmod, 1, timeout=v),
    agent_stop=lambda w, v: Agent.stop(w.agent, "normal", v),
    task_await=lambda w, v: Task.await_(w.task, v),
    task_await_many=lambda w, v: Task.await_many([w.task], v),
    task_await_none=lambda w, v: Task.await_many([], v),
    task_yield=lambda w, v: Task.yield_(w.task, v),
    task_yield_many=lambda w, v: Task.yield_many([w.task], v),
    task_stream=lambda w, v: Task.async_stream([1], abs, timeout=v),
    tasks_stream=lambda w, v: TaskSupervisor.async_stream(w.tasks, [1], abs, timeout=v),
    tasks_stop=lambda w, v: TaskSupervisor.stop(w.tasks, "normal", v),
    machine_start=lambda w, v: Machine.start(timeout=v),
    machine_call=lambda w, v: StateMachine.call(w.server, "x", v),
    machine_stop=lambda w, v: StateMachine.stop(w.server, "normal", v),
    manager_call=lambda w, v: EventManager.call(w.manager, Handler, "x", v),
    manager_stop=lambda w, v: EventManager.stop(w.manager, "normal", v),
    supervisor_stop=lambda w, v: Supervisor.stop(w.sup, "normal", v),
    dynamic_stop=lambda w, v: DynamicSupervisor.stop(w.dyn, "normal", v),
    partition_stop=lambda w, v: PartitionSupervisor.stop("parts", "normal", v),
    debug_get_state=lambda w, v: debug.get_state(w.server, v),
    debug_replace_state=lambda w, v: debug.replace_state(w.server, abs, v),
    debug_suspend=lambda w, v: debug.suspend(w.server, v),
    debug_resume=lambda w, v: debug.resume(w.server, v),
    debug_get_status=lambda w, v: debug.get_status(w.server, v),
    debug_terminate=lambda w, v: debug.terminate(w.server, "normal", v),
    debug_change_code=lambda w, v: debug.change_code(w.server, Server, 1, 2, v),
    debug_install=lambda w, v: debug.install(w.server, print, 0, timeout=v),
    debug_remove=lambda w, v: debug.remove(w.server, print, v),
    debug_no_debug=lambda w, v: debug.no_debug(w.server, v),
    debug_statistics=lambda w, v: debug.statistics(w.server, True, v),
    debug_log=lambda w, v: debug.log(w.server, True, v),
    debug_trace=lambda w, v: debug.trace(w.server, True, v),
    assert_receive=lambda w, v: assert_receive(None, v),
    refute_receive=lambda w, v: refute_receive(None, v),
)
rows(
    "timeout",
    not_shutdown,
    task_shutdown=lambda w, v: Task.shutdown(w.task, v),
)
rows(
    "seconds",
    not_seconds,
    sleep=lambda w, v: process.sleep(v),
)
rows(
    "seconds",
    not_a_limit,
    send_after=lambda w, v: process.send_after(w.server, "x", v),
    start_timer=lambda w, v: process.start_timer(w.server, "x", v),
)
rows("start", not_a_limit, virtual_clock=lambda w, v: VirtualClock(v))
rows(
    "grace", not_a_limit, runtime=lambda w, v: Runtime(grace=v), run=lambda w, v: run(int, grace=v)
)
rows("held", not_seconds, runtime=lambda w, v: Runtime(held=v), run=lambda w, v: run(int, held=v))
rows(
    "host",
    not_host,
    spawn=lambda w, v: process.spawn(int, host=v),
    spawn_link=lambda w, v: process.spawn_link(int, host=v),
    spawn_monitor=lambda w, v: process.spawn_monitor(int, host=v),
    start=lambda w, v: Server.start(host=v),
    start_link=lambda w, v: Server.start_link(host=v),
    agent=lambda w, v: Agent.start_link(int, host=v),
    task_async=lambda w, v: Task.async_(int, host=v),
    task_start=lambda w, v: Task.start(int, host=v),
    task_start_link=lambda w, v: Task.start_link(int, host=v),
    task_stream=lambda w, v: Task.async_stream([1], abs, host=v),
    tasks_async=lambda w, v: TaskSupervisor.async_(w.tasks, int, host=v),
    tasks_nolink=lambda w, v: TaskSupervisor.async_nolink(w.tasks, int, host=v),
    tasks_start_child=lambda w, v: TaskSupervisor.start_child(w.tasks, int, host=v),
)
rows(
    "fn",
    not_a_function,
    spawn=lambda w, v: process.spawn(v),
    spawn_link=lambda w, v: process.spawn_link(v),
    spawn_monitor=lambda w, v: process.spawn_monitor(v),
    task_async=lambda w, v: Task.async_(v),
    task_start=lambda w, v: Task.start(v),
    task_start_link=lambda w, v: Task.start_link(v),
    task_stream=lambda w, v: Task.async_stream([1], v),
    tasks_async=lambda w, v: TaskSupervisor.async_(w.tasks, v),
    tasks_nolink=lambda w, v: TaskSupervisor.async_nolink(w.tasks, v),
    tasks_start_child=lambda w, v: TaskSupervisor.start_child(w.tasks, v),
    tasks_stream=lambda w, v: TaskSupervisor.async_stream(w.tasks, [1], v),
    agent_start=lambda w, v: Agent.start(v),
    agent_start_link=lambda w, v: Agent.start_link(v),
    agent_get=lambda w, v: Agent.get(w.agent, v),
    agent_update=lambda w, v: Agent.update(w.agent, v),
    agent_get_and_update=lambda w, v: Agent.get_and_update(w.agent, v),
    agent_cast=lambda w, v: Agent.cast(w.agent, v),
)
rows(
    "name",
    not_a_name,
    start=lambda w, v: Server.start(name=v),
    start_link=lambda w, v: Server.start_link(name=v),
    agent=lambda w, v: Agent.start_link(int, name=v),
    machine=lambda w, v: Machine.start_link(name=v),
    manager=lambda w, v: EventManager.start_link(name=v),
    supervisor=lambda w, v: Supervisor.start_link([], name=v),
    dynamic=lambda w, v: DynamicSupervisor.start_link(name=v),
    partition=lambda w, v: PartitionSupervisor.start_link((Agent, int), name=v),
    registry=lambda w, v: Registry.start_link(keys="unique", name=v),
    tasks=lambda w, v: TaskSupervisor.start_link(name=v),
    register=lambda w, v: process.register(w.server, v),
)
rows(
    "pid",
    not_a_pid,
    link=lambda w, v: process.link(v),
    unlink=lambda w, v: process.unlink(v),
    send_exit=lambda w, v: process.send_exit(v, "x"),
    is_alive=lambda w, v: process.is_alive(v),
    info=lambda w, v: process.info(v),
    dynamic=lambda w, v: DynamicSupervisor.terminate_child(w.dyn, v),
)
for option, values in {
    "max_restarts": not_a_count,
    "max_seconds": not_a_limit | st.just(0),
    "strategy": not_a_word,
}.items():
    rows(
        option,
        values,
        supervisor=lambda w, v, o=option: Supervisor.start_link([], **{o: v}),  # type: ignore[misc]
        supervised=lambda w, v, o=option: Supervised([], **{o: v}),  # type: ignore[misc]
        dynamic=lambda w, v, o=option: DynamicSupervisor.start_link(**{o: v}),  # type: ignore[misc]
        rules=lambda w, v, o=option: Dynamic(**{o: v}),  # type: ignore[misc]
        partition=lambda w, v, o=option: PartitionSupervisor.start_link(  # type: ignore[misc]
            (Agent, int), name="more", **{o: v}
        ),
    )
for option in ("max_restarts", "max_seconds"):
    rows(
        option,
        not_a_count if option == "max_restarts" else not_a_limit,
        tasks=lambda w, v, o=option: TaskSupervisor.start_link(**{o: v}),  # type: ignore[misc]
    )
rows(
    "auto_shutdown", not_a_word, supervisor=lambda w, v: Supervisor.start_link([], auto_shutdown=v)
)
rows(
    "max_children",
    not_a_count,
    dynamic=lambda w, v: DynamicSupervisor.start_link(max_children=v),
    tasks=lambda w, v: TaskSupervisor.start_link(max_children=v),
)
rows(
    "extra_arguments",
    st.sampled_from([0, 1.5, True, None, "ab"]),
    dynamic=lambda w, v: DynamicSupervisor.start_link(extra_arguments=v),
)
rows(
    "partitions",
    not_above_0,
    partition=lambda w, v: PartitionSupervisor.start_link((Agent, int), name="more", partitions=v),
    registry=lambda w, v: Registry.start_link(keys="unique", name="more", partitions=v),
)
rows("partitions", not_a_count, resize=lambda w, v: PartitionSupervisor.resize("parts", v))
rows(
    "with_arguments",
    st.sampled_from([0, "f", [], (print,)]),
    partition=lambda w, v: PartitionSupervisor.start_link(
        (Agent, int), name="more", with_arguments=v
    ),
)
rows("keys", not_a_word | st.none(), registry=lambda w, v: Registry.start_link(keys=v, name="more"))
rows(
    "listeners",
    st.sampled_from([0, True, None, [1], [None]]),
    registry=lambda w, v: Registry.start_link(keys="unique", name="more", listeners=v),
)
rows(
    "meta",
    st.sampled_from([0, "x", [1]]),
    registry=lambda w, v: Registry.start_link(keys="unique", name="more", meta=v),
)
for name, open_ in {
    "spec": lambda field, v: of(child(**{field: v})),
    "override": lambda field, v: override(child(), **{field: v}),
    "class_": lambda field, v: ChildSpec(**child(**{field: v})),
}.items():
    for field, values in {
        "start": not_a_start,
        "restart": not_a_word,
        "type": not_a_word,
        "shutdown": not_shutdown,
        "significant": st.sampled_from([0, 1, "yes", None, []]),
        "modules": st.sampled_from([0, "all", [0], (None,)]),
    }.items():
        rows(field, values, **{name: lambda w, v, f=field, o=open_: o(f, v)})
rows(
    "restart",
    not_a_word,
    start_child=lambda w, v: Supervisor.start_child(w.sup, child(restart=v)),
    supervisor_start=lambda w, v: Supervisor.start_link([child(restart=v)]),
    dynamic_start_child=lambda w, v: DynamicSupervisor.start_child(w.dyn, child(restart=v)),
    tasks_start_child=lambda w, v: TaskSupervisor.start_child(w.tasks, int, restart=v),
    class_keyword=lambda w, v: type("More", (Server,), {}, restart=v),
    supervisor_spec=lambda w, v: Supervisor.child_spec([], restart=v),
)
rows(
    "shutdown",
    not_shutdown,
    start_child=lambda w, v: Supervisor.start_child(w.sup, child(shutdown=v)),
    dynamic_start_child=lambda w, v: DynamicSupervisor.start_child(w.dyn, child(shutdown=v)),
    tasks_async=lambda w, v: TaskSupervisor.async_(w.tasks, int, shutdown=v),
    tasks_nolink=lambda w, v: TaskSupervisor.async_nolink(w.tasks, int, shutdown=v),
    tasks_start_child=lambda w, v: TaskSupervisor.start_child(w.tasks, int, shutdown=v),
    tasks_stream=lambda w, v: TaskSupervisor.async_stream(w.tasks, [1], abs, shutdown=v),
    class_keyword=lambda w, v: type("More", (Server,), {}, shutdown=v),
    supervisor_spec=lambda w, v: Supervisor.child_spec([], shutdown=v),
)
rows(
    "child",
    not_a_child,
    spec=lambda w, v: of(v),
    start_child=lambda w, v: Supervisor.start_child(w.sup, v),
    dynamic_start_child=lambda w, v: DynamicSupervisor.start_child(w.dyn, v),
    supervisor=lambda w, v: Supervisor.start_link([child(id="first"), v]),
    partition=lambda w, v: PartitionSupervisor.start_link(v, name="more"),
)
rows("id", st.just({"start": (print, ())}), spec=lambda w, v: of(v))
rows("start", st.just({"id": 1}), mapping=lambda w, v: of(v))
rows(
    "children",
    st.sampled_from([0, None, "ab", child(), True]),
    supervisor=lambda w, v: Supervisor.start_link(v),
)
rows(
    "max_concurrency",
    not_above_0,
    stream=lambda w, v: Task.async_stream([1], abs, max_concurrency=v),
    tasks=lambda w, v: TaskSupervisor.async_stream(w.tasks, [1], abs, max_concurrency=v),
)
rows("limit", not_above_0, yield_many=lambda w, v: Task.yield_many([w.task], limit=v))
rows(
    "on_timeout",
    not_a_word | st.none(),
    stream=lambda w, v: Task.async_stream([1], abs, on_timeout=v),
    yield_many=lambda w, v: Task.yield_many([w.task], on_timeout=v),
)
rows(
    "flag",
    st.sampled_from([0, 1, "on", None, (True, 0), (True, "5")]),
    log=lambda w, v: debug.log(w.server, v),
)
rows(
    "kind", not_a_word | st.none(), application=lambda w, v: apps.ensure_all_started(Empty, kind=v)
)
rows(
    "application",
    st.sampled_from([0, "Empty", None, Server]),
    start=lambda w, v: apps.ensure_all_started(v),
    stop=lambda w, v: apps.stop(v),
    put_env=lambda w, v: apps.put_env(v, "key", 1),
)
rows(
    "handler",
    st.sampled_from([0, "Handler", None, Server, (Server, 1)]),
    manager=lambda w, v: EventManager.add_handler(w.manager, v),
)
rows("seed", st.sampled_from([None, 1.5, "5", []]), choice=lambda w, v: seeded(v))
not_a_flag = st.sampled_from([0, 1, "yes", None, [], object()])
rows(
    "flush",
    not_a_flag,
    demonitor=lambda w, v: process.demonitor(process.monitor(process.self()), flush=v),
)
rows(
    "absolute",
    not_a_flag,
    send_after=lambda w, v: process.send_after(w.server, "x", 1.0, absolute=v),
    start_timer=lambda w, v: process.start_timer(w.server, "x", 1.0, absolute=v),
)
rows(
    "parallel",
    not_a_flag,
    dispatch=lambda w, v: Registry.dispatch("names", "k", print, parallel=v),
)
rows(
    "restart",
    st.sampled_from([0, -1, True, "often", [], object()]),
    server_child=lambda w, v: Server.child_spec(restart=v),
    machine_child=lambda w, v: Machine.child_spec(restart=v),
    agent_child=lambda w, v: Agent.child_spec(int, restart=v),
    task_child=lambda w, v: Task.child_spec(print, restart=v),
)
rows(
    "shutdown",
    not_shutdown,
    server_child=lambda w, v: Server.child_spec(shutdown=v),
    agent_child=lambda w, v: Agent.child_spec(int, shutdown=v),
    task_child=lambda w, v: Task.child_spec(print, shutdown=v),
)
rows(
    "fn",
    not_a_function,
    agent_child=lambda w, v: Agent.child_spec(v),
    task_child=lambda w, v: Task.child_spec(v),
    registry_lock=lambda w, v: Registry.lock("names", "k", v),
    registry_update=lambda w, v: Registry.update_value("names", "k", v),
)
rows("body", not_a_function, proc_lib_start=lambda w, v: proc_lib.start(v))
rows(
    "pid",
    not_a_pid,
    registry_keys=lambda w, v: Registry.keys("names", v),
    registry_values=lambda w, v: Registry.values("names", "k", v),
)
rows(
    "partitions",
    st.sampled_from([0, -1, 1.5, True, "5", 10**300, float("nan")]),
    registry_too_many=lambda w, v: Registry.start_link(keys="unique", name="r", partitions=v),
    partitions_too_many=lambda w, v: PartitionSupervisor.start_link(
        (Agent, int), name="p", partitions=v
    ),
)
not_a_list = st.sampled_from([0, None, True, object(), print])
rows(
    "tasks",
    not_a_list,
    await_many=lambda w, v: Task.await_many(v),
    yield_many=lambda w, v: Task.yield_many(v),
)
rows(
    "nodes",
    not_a_list | st.just("a name") | st.just([1]),
    multi_call_nodes=lambda w, v: asked.multi_call("nobody", "x", nodes=v),
    abcast_nodes=lambda w, v: asked.abcast("nobody", "x", nodes=v),
)
rows(
    "items",
    st.sampled_from([0, True, object(), "moon"]),
    info=lambda w, v: process.info(w.server, v),
)
rows("name", st.sampled_from([0, None, True, object()]), whereis=lambda w, v: process.whereis(v))
rows(
    "caller",
    st.sampled_from([0, None, "5", (), (1, 2), object()]),
    machine_reply=lambda w, v: StateMachine.reply(v, 1),
    server_reply=lambda w, v: GenServer.reply(v, 1),
)
rows(
    "request",
    st.sampled_from([0, None, "5", object()]),
    check_response=lambda w, v: asked.check_response("a message", v),
)
rows(
    "path",
    st.sampled_from([0, True, object()]),
    log_file=lambda w, v: debug.log_to_file(w.server, v),
)
rows("guard", st.sampled_from([0, "f", object()]), matches=lambda w, v: patterns.matches(1, 1, v))
rows(
    "option",
    st.sampled_from(["strategi", "max_restart", "childs"]),
    supervisor=lambda w, v: untyped(Supervisor).start_link([], **{v: 1}),
    dynamic=lambda w, v: untyped(DynamicSupervisor).start_link(**{v: 1}),
)
rows(
    "children",
    st.just(None),
    supervisor_without=lambda w, v: Supervisor.start_link(strategy="one_for_all"),
)
rows("kind", not_a_word, alias=lambda w, v: process.alias(v))
rows("alias", not_a_word, monitor=lambda w, v: process.monitor(w.server, alias=v))


class Unequal:
    """Cannot be compared, looked up, or asked what it is."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise ValueError


unequal = st.builds(Unequal)
no_text: st.SearchStrategy[object] = unequal | st.sampled_from([0, None, [], {}, b"x", ()])
rows("name", no_text, unregister=lambda w, v: process.unregister(v))
rows(
    "handler_id",
    no_text,
    attach=lambda w, v: telemetry.attach(v, ("a",), print),
    detach=lambda w, v: telemetry.detach(v),
)
rows(
    "event",
    unequal | st.sampled_from([(), "a", ["a"], ("a", 1), None, 5]),
    attach=lambda w, v: telemetry.attach("one", v, print),
)
rows("handler", not_a_function, attach=lambda w, v: telemetry.attach("one", ("a",), v))
rows(
    "reporter",
    unequal | st.sampled_from([5, "f", [], (print,)]),
    reporter=lambda w, v: telemetry.set_reporter(v),
)
rows(
    "mailbox",
    unequal | st.sampled_from([0, 5, "x", [], True]),
    start=lambda w, v: Server.start(mailbox=v),
    start_link=lambda w, v: Server.start_link(mailbox=v),
)
rows("host", unequal, start_unequal=lambda w, v: Server.start(host=v))
rows("timeout", unequal, start_unequal=lambda w, v: Server.start(timeout=v))
rows("name", unequal, start_unequal=lambda w, v: Server.start(name=v))
rows("isolation", unequal | not_a_word | st.none(), runtime=lambda w, v: Runtime(isolation=v))
rows("kind", unequal, alias_unequal=lambda w, v: process.alias(v))
rows("alias", unequal, monitor_unequal=lambda w, v: process.monitor(w.server, alias=v))
rows("children", unequal, supervisor_unequal=lambda w, v: Supervisor.start_link(v))
rows("shutdown", unequal, spec_unequal=lambda w, v: of(child(shutdown=v)))
rows("shutdown", unequal, server_unequal=lambda w, v: Server.child_spec(shutdown=v))
rows("modules", unequal, spec_unequal=lambda w, v: of(child(modules=v)))
rows("keys", unequal, registry_unequal=lambda w, v: Registry.start_link(keys=v, name="more"))


def untyped(module: object) -> Any_:
    """Return a class as somebody sees it who checks no types."""
    return module


def seeded(value: Any_) -> object:
    from actors.testing import SeededChoice

    return SeededChoice(value)


def knock(door: Door, argument: str, value: object) -> None:
    """Give a door a value; it must refuse it by name and value, and nothing must have changed."""

    def body() -> None:
        process.trap_exit(True)
        world = World.made()
        before = process.processes(), process.registered()
        with pytest.raises(BadArgument) as refused:
            door(world, value)
        text = str(refused.value)
        assert argument in text
        assert shown(refused.value.got) in text
        assert refused.value.got is value or repr(refused.value.got) in repr(value)
        assert (process.processes(), process.registered()) == before

    reporter = telemetry.set_reporter(None)
    try:
        run(body, clock=VirtualClock())
    finally:
        telemetry.set_reporter(reporter)


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_wrong_is_refused_by_name_and_value_and_nothing_starts(
    name: str, data: st.DataObject
) -> None:
    argument, values, door = DOORS[name]
    knock(door, argument, data.draw(values))


@settings(deadline=None)
@given(value=not_a_function)
def test_what_is_no_function_is_not_run(value: Any_) -> None:
    with pytest.raises(BadArgument) as refused:
        run(value)
    assert "main" in str(refused.value)
    assert shown(value) in str(refused.value)


# -- what callbacks return -------------------------------------------------------------------------


class Unknown:
    """No outcome."""


not_an_extra = st.sampled_from([-1, float("nan"), float("inf"), True, "5", 10**300, [], Unknown])


def ending(ask: Callable[[Pid], object]) -> object:
    def body() -> object:
        process.trap_exit(True)
        server = Server.start()
        assert server is not None
        ref = process.monitor(server)
        process.spawn(ask, server)
        return process.receive(lambda message: getattr(message, "ref", None) is ref).reason  # type: ignore[attr-defined]

    reporter = telemetry.set_reporter(None)
    try:
        return run(body, clock=VirtualClock())
    finally:
        telemetry.set_reporter(reporter)


@settings(max_examples=60, deadline=None)
@given(
    extra=not_an_extra,
    how=st.sampled_from([Server.call, Server.cast, process.send]),
    outcome=st.sampled_from([NoReply, partial(Reply, 1), lambda then: Unknown, lambda then: 5]),
)
def test_a_bad_outcome_is_the_reason_of_the_end(extra: object, how: Any_, outcome: Any_) -> None:
    returned = outcome(then=extra)

    assert ending(lambda server: how(server, lambda: returned)) == ("bad_return_value", returned)


@given(extra=not_an_extra)
def test_a_bad_extra_of_an_init_or_a_continue_is_refused_as_it_is(extra: object) -> None:
    first: Any_ = Started(0, extra)  # type: ignore[arg-type]
    later: Any_ = NoReply(then=extra)  # type: ignore[arg-type]

    def body() -> object:
        process.trap_exit(True)
        with pytest.raises(StartError) as failed:
            Server.start_link(lambda: first)
        return failed.value.reason

    reporter = telemetry.set_reporter(None)
    try:
        assert run(body, clock=VirtualClock()) == ("bad_return_value", first)
    finally:
        telemetry.set_reporter(reporter)
    again: Any_ = NoReply(then=Continue(lambda: later))
    assert ending(lambda server: Server.cast(server, lambda: again)) == ("bad_return_value", later)
