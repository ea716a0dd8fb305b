"""Workers for the scenes of supervision: told by name to end, and counted as they live."""

from __future__ import annotations

from actors import process
from actors.gen_server import Caller, GenServer
from actors.outcomes import Reply, Stop
from actors.pid import Pid


class Worker(GenServer[str]):
    """Answers its name, and ends with the reason that is cast."""

    def init(self, name: str, slow: float = 0.0) -> str:
        if slow:
            process.sleep(slow)
        return name

    def handle_call(self, request: object, caller: Caller, state: str) -> Reply[str, str]:
        return Reply(state)

    def handle_cast(self, request: object, state: str) -> Stop[None, str]:
        return Stop(request)


def living(pids: list[Pid]) -> int:
    return sum(map(process.is_alive, pids))


def worker(name: str, **options: object) -> dict[str, object]:
    return {"id": name, "start": (Worker.start_link, (name,), {"name": name}), **options}
