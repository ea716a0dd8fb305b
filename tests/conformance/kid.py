"""A supervised worker that tells the trace when its start function is called and when it ends.

The twin of `traces/kid.exs`. The n-th process of the kid "a" is shown as `<a.n>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from actors import process
from actors.errors import StartError
from actors.gen_server import GenServer
from actors.messages import Message
from actors.outcomes import NoReply, Stop
from actors.pid import Pid
from supervisors.child_spec import ChildError, ChildSpec
from supervisors.supervisor import ChildCounts, ChildInfo, Supervisor
from tests.conformance import support
from tests.conformance.srv import caught
from tests.conformance.support import Term, milliseconds, tell

Plan = Callable[[int], object]
"""What the n-th start does: return "ok", return something else instead, raise, exit or throw."""

starts: Counter[str] = Counter()
_pids: dict[str, Pid] = {}


def init_table() -> None:
    starts.clear()
    _pids.clear()


def always(_: int) -> str:
    return "ok"


class Kid:
    """How a supervisor starts a kid."""

    @classmethod
    def start_link(
        cls,
        name: str,
        plan: Plan = always,
        trap: bool = True,
        stop_after: float = 0.0,
        stop_exit: object = None,
    ) -> object:
        starts[name] += 1
        number = starts[name]
        tell(("start", name, number))
        match caught(plan, number):
            case "ok":
                label = f"{name}.{number}"
                pid = _Process.start_link(label, trap, stop_after, stop_exit)
                _pids[name] = support.name(pid, label)
                return pid
            case "ignore":
                return None
            case ("error", reason):
                raise StartError(reason)
            case other:
                return other


class _Process(GenServer[str]):
    """A kid; its state is how it is shown."""

    def init(self, label: str, trap: bool, stop_after: float, stop_exit: object) -> str:
        process.trap_exit(trap)
        self.stop_after = stop_after
        self.stop_exit = stop_exit
        return label

    def handle_cast(self, request: Message, state: str) -> Stop[None, str]:
        match request:
            case ("end_with", reason):
                return Stop(reason)
            case _:
                raise AssertionError(request)

    def handle_info(self, message: Message, state: str) -> NoReply[str]:
        return NoReply()

    def terminate(self, reason: object, state: str) -> None:
        if self.stop_after:
            process.sleep(self.stop_after)
        tell(("stop", state, reason))
        if self.stop_exit is not None:
            process.exit(self.stop_exit)


def pid(name: str) -> Pid:
    return _pids[name]


def spec(name: str, opts: Mapping[str, object] | None = None, **over: Term) -> dict[str, object]:
    """Return the specification of a kid: its options, and the fields that differ from the usual."""
    return {"id": name, "start": (Kid.start_link, (name,), opts or {}), **over}


def crash(name: str, reason: object) -> None:
    """Have a kid end by itself."""
    GenServer.cast(pid(name), ("end_with", reason))


# -- supervisors as the trace shows them -----------------------------------------------------------


def supervise(children: list[Term], **options: Term) -> Pid:
    """Start a supervisor and show it as `<sup>`."""
    return support.name(support.started(Supervisor.start_link(children, **options)), "sup")


def asked(function: Callable[..., object], *args: object) -> object:
    """Call one of the child functions; return `:ok`, `{:ok, value[, info]}` or `{:error, reason}`."""
    try:
        value = function(*args)
    except ChildError as error:
        return ("error", without_spec(error.reason))
    if function.__name__ in {"terminate_child", "delete_child"}:
        return "ok"
    match value:
        case None:
            return ("ok", "undefined")
        case (Pid(), _):
            return ("ok", *value)
        case _:
            return ("ok", value)


def without_spec(reason: object) -> object:
    """Return a reason with the child's specification, which comes along, shown as in the trace."""
    match reason:
        case (why, ChildSpec()):
            return (why, "child_record")
        case _:
            return reason


def which(supervisor: Pid) -> list[object]:
    """Return what `which_children` returns in OTP."""
    return [as_tuple(child) for child in Supervisor.which_children(supervisor)]


def as_tuple(child: ChildInfo) -> tuple[object, ...]:
    pid = "undefined" if child.pid is None else child.pid
    return (child.id, pid, child.type, list(child.modules))


def count(supervisor: Pid) -> dict[str, int]:
    return counts_as_map(Supervisor.count_children(supervisor))


def counts_as_map(counts: ChildCounts) -> dict[str, int]:
    return {
        "specs": counts.specs,
        "active": counts.active,
        "supervisors": counts.supervisors,
        "workers": counts.workers,
    }


def spec_as_map(spec: ChildSpec) -> dict[str, object]:
    """Return what `get_childspec` returns in OTP."""
    return {
        "id": spec.id,
        "start": spec.start[:2],
        "restart": spec.restart,
        "shutdown": spec.shutdown
        if isinstance(spec.shutdown, str)
        else milliseconds(spec.shutdown),
        "significant": spec.significant,
        "type": spec.type,
        "modules": list(spec.modules),
    }
