"""PartitionSupervisor: who is found by which key, restarts, arguments, refusals."""

from __future__ import annotations

from actors import process
from actors.agent import Agent
from actors.gen_server import GenServer
from actors.naming import Via, whereis
from actors.pid import Pid
from actors.process import trap_exit
from supervisors import PartitionSupervisor
from tests.conformance.kid import counts_as_map
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    kill,
    name,
    ok,
    out,
    result,
    settle,
    started,
    strip,
)


def via(key: object, table: str = "ps") -> Via:
    return Via(PartitionSupervisor, (table, key))


def state(key: object) -> int:
    return Agent[int].get(via(key), lambda n: n)


def main() -> None:
    trap_exit(True)
    start = PartitionSupervisor.start_link
    child = (Agent, int)
    name(start(child, name="ps", partitions=3, with_arguments=numbered), "ps")
    out("partitions", PartitionSupervisor.partitions("ps"))
    infos = PartitionSupervisor.which_children("ps")
    shown = [(i.id, isinstance(i.pid, Pid), i.type, list(i.modules)) for i in infos]
    out("children", shown)
    out("count", counts_as_map(PartitionSupervisor.count_children("ps")))
    out("integers", [state(key) for key in (0, 1, 2, 3, 4, -1, -2, -3)])
    out("the same key", len({whereis(via("a key")) for _ in range(5)}))
    out("many keys reach all", sorted({state(("user", key)) for key in range(1, 61)}))
    old = whereis(via(1))
    kill(started(old))
    settle()
    out("restarted", (whereis(via(1)) is old, state(1)))
    match result(Agent.start, int, name=via(1)):
        case ("error", ("already_started", _)):
            out("registering through it", True)
    out("unknown: partitions", attempt(lambda: PartitionSupervisor.partitions("nope")))
    out("unknown: call", attempt(lambda: GenServer.call(via(1, "nope"), "x")))
    unknown = attempt(lambda: PartitionSupervisor.which_children("nope"))
    out("unknown: which_children", strip(unknown))
    out("unknown: cast", ok(GenServer.cast, via(1, "nope"), "x"))
    out("no name", refused(lambda: start(child, name=None)))  # type: ignore[arg-type]
    out("no partitions", refused(lambda: start(child, name="x", partitions=0)))
    bad: Term = 1
    out("bad with_arguments", refused(lambda: start(child, name="x", with_arguments=bad)))
    failed = result(
        start,
        {"id": 1, "start": (Agent.start_link, ())},
        name="y",
        partitions=2,
        with_arguments=lambda _, n: [failing, n],
    )
    out("one that does not start", failed)
    flush()
    out("name of the failed one", process.whereis("y"))
    out("stop", ok(PartitionSupervisor.stop, "ps"))
    out("name", process.whereis("ps"))


def numbered(_: list[object], partition: int) -> list[object]:
    return [int, partition]


def failing(partition: int) -> int:
    if partition == 1:
        process.exit("no")
    return partition


def refused(function: Term) -> bool:
    return attempt(function)[0] == "error"
