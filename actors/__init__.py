"""Processes, and what one process can be.

A tour of the rooms, from the bottom up.

* *Words*, plain values that import nothing above them: `pid` (who), `exits` (why a process ended),
  `messages` (what the runtime sends), `outcomes` (what callbacks return), `errors` (whose fault it
  is), `telemetry` (what the world is told), `isolation` (what may cross from one process to another,
  and how; `_shapes` judges classes, `_copying` walks, `_containers`, `_instances` and `_captures` are
  the ways of collections, of objects, of code and memory, `_ways` words the way to what is refused).
* *The kernel*, `_kernel`, private, the only code that switches stacks: `cell` is one process's
  record, `relations` says who must be told what, `scheduler` is the loop, `outside` lets other
  threads take part, `turns` and `away` let the loop live beside another one.
* *The doors to it*: `process` (spawn, send, receive, link, monitor, timers), `naming` (addresses),
  `latch` (what is waited for and is no message), `runtime` (`run`), `hosting` (for bridges to other
  loops), `_coroutines` (callbacks that are `async def`).
* *Machinery and behaviours*: `_behaviour` (start, call, end), `proc_lib` (start a process of one's
  own), `_startable` (`start_link` and `child_spec` of a class), `_halves` (`@call` and `@cast`),
  `requests` (a call in two halves),
  `task` (`Task`: a function in a process of its own; `_errand` runs it, `_outcome` waits for it,
  `_task_stream` is many of them, `_interpreter` is for those that may have to be killed), `debug`
  (look into a process, hold it, watch it), `groups` (names that many share), `gen_server`
  (`GenServer`), `agent` (`Agent`: a value in a process), `state_machine` (`StateMachine`; its
  words are in `transitions`), `event_manager` (`EventManager`), `stage` (`Stage`: producers and
  consumers with back-pressure).
* *Bridges*, imported when wanted: `threads` (OS threads), `pykka_bridge` (pykka's actors),
  `asyncio_bridge` (coroutines; `_asyncio_loops`
  and `_asyncio_tasks` belong to it), `logs` (structlog), `testing` (virtual clock).

A message walks through few of them: the client half wraps it, `process` hands it to the kernel, the
scheduler calls the receiver's handler, `gen_server` unwraps it for the user's callback.
"""

from actors import debug, groups, proc_lib, process
from actors.agent import Agent
from actors.errors import (
    ActorsError,
    BadArgument,
    CallCycle,
    CallFailed,
    CallingSelf,
    CallTimeout,
    MailboxFull,
    MovedAway,
    NameTaken,
    NoProcess,
    NotInProcess,
    NotSendable,
    SendCycle,
    ServerExited,
    ServerFull,
    StartError,
    TaskExited,
    TaskTimeout,
    WouldBlock,
)
from actors.event_manager import EventHandler, EventManager
from actors.exits import Crash, Exit, is_clean
from actors.gen_server import Caller, GenServer, call, cast
from actors.isolation import Moved, explain_sendable, is_sendable, moved, shareable
from actors.messages import Down, Exited, Message, TimedOut
from actors.naming import Address, Via
from actors.outcomes import Continue, Emit, Hibernate, Ignore, NoReply, Reply, Started, Stop
from actors.pid import Pid, Ref
from actors.process import (
    Bounded,
    receive,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)
from actors.runtime import Deadlock, MainExited, Runtime, run
from actors.stage import Stage
from actors.state_machine import StateMachine
from actors.task import Task

__all__ = [
    "ActorsError",
    "Address",
    "Agent",
    "BadArgument",
    "Bounded",
    "CallCycle",
    "CallFailed",
    "CallTimeout",
    "Caller",
    "CallingSelf",
    "Continue",
    "Crash",
    "Deadlock",
    "Down",
    "Emit",
    "EventHandler",
    "EventManager",
    "Exit",
    "Exited",
    "GenServer",
    "Hibernate",
    "Ignore",
    "MailboxFull",
    "MainExited",
    "Message",
    "Moved",
    "MovedAway",
    "NameTaken",
    "NoProcess",
    "NoReply",
    "NotInProcess",
    "NotSendable",
    "Pid",
    "Ref",
    "Reply",
    "Runtime",
    "SendCycle",
    "ServerExited",
    "ServerFull",
    "Stage",
    "StartError",
    "Started",
    "StateMachine",
    "Stop",
    "Task",
    "TaskExited",
    "TaskTimeout",
    "TimedOut",
    "Via",
    "WouldBlock",
    "call",
    "cast",
    "debug",
    "explain_sendable",
    "groups",
    "is_clean",
    "is_sendable",
    "moved",
    "proc_lib",
    "process",
    "receive",
    "run",
    "send",
    "shareable",
    "spawn",
    "spawn_link",
    "spawn_monitor",
]
