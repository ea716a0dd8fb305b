"""A notebook: processes in the background, cells that wait or await.

Each part below a `# %%` is a cell. The first use of a process starts a runtime in a thread of its
own, which lives as long as the kernel. A kernel runs its cells on an event loop, so that a
cell that waits without `await` is refused unless the notebook says that it may.
"""

# %%
from actors import GenServer, Reply, call
from actors.asyncio_bridge import allow_waiting, as_process


class Counter(GenServer[int]):
    """Counts."""

    def init(self) -> int:
        return 0

    @call
    def next(self, state: int) -> Reply[int, int]:
        return Reply(state + 1, state + 1)


# %%
pid = await as_process(Counter.start)  # type: ignore[top-level-await]  # noqa: F704, PLE1142 - a cell
await as_process(Counter.next, pid)  # type: ignore[top-level-await]  # noqa: F704, PLE1142

# %%
allow_waiting()  # a notebook has nothing else to do meanwhile
Counter.next(pid)
