"""pykka at home here: its actors on lightweight processes, and any of them under a supervisor.

Three ways in, which do not need each other:

1. `class A(ProcessActor)` for `class A(pykka.ThreadingActor)`: the same actor without a thread of its own.
2. `child_spec(A, …)` among the children of a supervisor, for any actor class, unmodified. `link`,
   `monitor` and `pid_of` take any `pykka.ActorRef`; `StableRef` survives restarts.
3. `ServerRef` is a GenServer that pykka's users ask and tell; `pid_of` and a supervised actor's name are
   what `GenServer.call` and `cast` take.

A tour of the rooms, from the bottom up: `futures` (what is waited for, by processes, threads and
coroutines), `_inbox` (where letters wait), `_undertaker` (who cleans up after the killed), `_registry`
(many actors found quickly), `actor` (`ProcessActor`), `watched` (an actor whose death is noticed),
`guardian` (the process that stands for one), `refs` (references that last).

**pykka's traps**, each seen in version 4.5.0, and what is done about it:

1.  An exception of a `tell` ends the actor, and nobody is told. *Here:* it is the exit reason: links and
    monitors hear it, a supervisor starts the actor again.
2.  The same exception of an `ask` goes to whoever asked, and the actor lives on with what it had half done.
    *Here:* so it stays, since programs rely on it; `child_spec(…, ask_failure="crash")` has it end the
    actor too.
3.  An exception in `on_start` ends the actor without a hook, when `start` has long returned. *Here:* a
    supervised start waits for `on_start`; what that raises is a `StartError`.
4.  `SystemExit` in a handler stops every actor of the program, and whoever asked waits for ever. *Here:*
    supervised or watched, the actor ends alone, and whoever asked gets `ActorDeadError`.
5.  `SystemExit` in `on_start` ends the thread and leaves an actor in the registry that seems alive. *Here:*
    it ends the actor as any other exception does.
6.  An `ActorRef` is bound to one life; an actor that tells a dead one dies of `ActorDeadError` itself.
    *Here:* `StableRef` is looked up by name at each use, and so are its proxies.
7.  `tell` and `ask` look whether the actor lives, and then put: what comes in between is lost, and its
    asker waits for ever. *Here:* every letter is handled, or refused, or counted: `("actors", "pykka",
    "dead_letter")`.
8.  `await proxy.method()` holds up the event loop. *Here:* the loop goes on until the value is there.
9.  Actors that ask each other in a circle wait for ever. *Here:* `CallCycle` names the circle at once,
    `CallingSelf` an actor that asks itself.
10. The registry is a list that each stop searches twice: 100,000 actors take minutes to end. *Here:* it is
    a table.
11. An actor that blocks in C cannot be stopped. *Here* neither: its guardian is killed in time, it
    is taken out of the registry and asked to stop, and its thread ends when the call returns.

**What goes through a reference** (`tell`, `ask`, proxies, answers, and what `__init__` is given) is handed
over and not copied, as pykka has it: whoever sends must not change it afterwards. The runtime's rule
about copies holds for what goes through `send`, `GenServer.call` and `ServerRef`. References, proxies and
futures are made to be shared and cross everywhere as they are.

**Differences** of `ProcessActor` from `ThreadingActor`; pykka's own tests pass with both (`python3 -m
tests.pykka_suite`):

| difference | reason |
|---|---|
| Actors of a runtime share a thread: what blocks in one holds up all. | That makes 100,000 of them possible. |
| They end with their runtime, after `on_stop`, and keep no program alive. | A runtime leaves nothing behind. |
| Asking in a circle without a timeout raises. | Otherwise all of them wait for ever. |
| Whoever can get no answer, also after a kill, gets `ActorDeadError`. | Otherwise it waits for ever. |
| `actor_stopped` and `actor_inbox` are no `Event` of `threading` and no `Queue`. | These would block all. |

`get`, `ask`, `process.sleep` and the `Event` of this room block one actor only; `time.sleep` and sockets
block the thread, so an actor that needs them stays a `ThreadingActor`. So does the `get` of a future that
pykka's own actors give; `ProcessRef.of(ref)` asks such an actor with one of ours, and supervised actors
give ours anyway. And a `SystemExit` asks all actors to stop, as in pykka, but waits for none of them.
`threading.local` is one for all.

Source: https://pykka.readthedocs.io, https://github.com/jodal/pykka/issues/42 (supervision),
    https://github.com/jodal/pykka/issues/99 (await)
"""

from actors.pykka_bridge.actor import ProcessActor, ProcessRef
from actors.pykka_bridge.futures import Event, ProcessFuture
from actors.pykka_bridge.guardian import child_spec, link, monitor, pid_of, ref_of, start_link
from actors.pykka_bridge.refs import ServerRef, StableRef
from actors.pykka_bridge.watched import AskFailure

__all__ = [
    "AskFailure",
    "Event",
    "ProcessActor",
    "ProcessFuture",
    "ProcessRef",
    "ServerRef",
    "StableRef",
    "child_spec",
    "link",
    "monitor",
    "pid_of",
    "ref_of",
    "start_link",
]
