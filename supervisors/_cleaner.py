"""The process of one partition of a registry: cleans up after the dead, and keeps the locks.

    an owner ends ──> Exited, through its link ──> `_entries`: its entries go
    lock(key)     ──> a queue for each key; its head has the lock
    a holder, or one that waits, ends ──> Down ──> the next one is answered

Every owner of the partition is linked to it, so what was written is always cleaned up, and its own
end takes the owners along.

Source: https://hexdocs.pm/elixir/Registry.html
"""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import Caller, GenServer
from actors.messages import Down, Exited, Message
from actors.outcomes import NoReply, Reply
from actors.pid import Pid, Ref
from supervisors._entries import Tables

__all__ = ["Cleaner"]


class Cleaner(GenServer[None]):
    """The process of a partition."""

    @classmethod
    def up(cls, tables: Tables, registry: str, number: int) -> Pid | None:
        """Start the process of a partition, under a name made from the registry's."""
        return cls.start_link(tables, number, name=f"{registry}.PIDPartition{number}")

    def init(self, tables: Tables, number: int) -> None:
        process.trap_exit(True)
        self.tables = tables
        self.locks: dict[object, list[tuple[Pid, Ref, Caller]]] = {}
        tables.open(number, process.self())

    def handle_call(
        self, request: Message, caller: Caller, state: None
    ) -> Reply[object, None] | NoReply[None]:
        match request:
            case ("lock", key):
                return self._lock(key, caller)
            case _:
                return Reply(("error", "unexpected"))

    def handle_cast(self, request: Message, state: None) -> None:
        match request:
            case ("unlock", key, Pid() as pid):
                self._unlock(key, lambda waiting: waiting[0] is pid)

    def handle_info(self, message: Message, state: None) -> None:
        match message:
            case Exited(pid=Pid() as pid) if not process.is_alive(pid):
                self.tables.clean(pid)
            case Down(ref=ref):
                for key in [*self.locks]:
                    self._unlock(key, lambda waiting: waiting[1] is ref)

    def _lock(self, key: object, caller: Caller) -> Reply[object, None] | NoReply[None]:
        pid = caller[0]
        queue = self.locks.setdefault(key, [])
        if queue and queue[0][0] is pid:
            return Reply("held")
        queue.append((pid, process.monitor(pid), caller))
        return Reply("locked") if len(queue) == 1 else NoReply()

    def _unlock(self, key: object, leaves: Callable[[tuple[Pid, Ref, Caller]], bool]) -> None:
        """Let one leave the queue for a lock; whoever comes first then has the lock."""
        queue = self.locks.get(key, [])
        leaver = next((waiting for waiting in queue if leaves(waiting)), None)
        if leaver is None:
            return
        process.demonitor(leaver[1], flush=True)
        had_it = leaver is queue[0]
        queue.remove(leaver)
        if not queue:
            del self.locks[key]
        elif had_it:
            GenServer.reply(queue[0][2], "locked")
