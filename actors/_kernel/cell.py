"""One process's private record.

There is one for each process, and nobody outside the kernel holds one. It is small because there may
be a million: what most processes never use (mail, links, monitors, dictionary, aliases) is `None`
until it is needed.

A process has a *body*, straight-line code that runs once; a *handler*, called with one message at a time; or
first the one and then the other, which is how a behaviour starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, final

from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from contextvars import Context

    from actors._kernel.mailbox import Mail
    from actors._kernel.outside import Port
    from actors._kernel.scheduler import Scheduler
    from actors._kernel.switch import Stack
    from actors.exits import Reason
    from actors.messages import Message

__all__ = ["LABEL", "Ancestors", "Body", "Cell", "Handler", "Outcome"]

LABEL = "$process_label"
"""Where a dictionary keeps the label."""

Body: TypeAlias = Callable[[], object]
Ancestors: TypeAlias = "tuple[Pid | str, ...]"
Outcome: TypeAlias = "tuple[str, object]"
"""How an exchange ended: `("reply", value)`, `("down", reason)` or `("timeout", None)`."""


class Handler:
    """What takes a process's messages, one at a time.

    A class and no function, because the compiled loop reaches its method without a look-up; `tests.bench` names:
    ring, cast, start_stop.
    """

    __slots__ = ()

    def handle(self, message: Message) -> object:
        """Handle one message."""
        raise NotImplementedError


@final
class Cell:
    """The record of one process."""

    __slots__ = (
        "aliases",
        "ancestors",
        "answer",
        "armed",
        "awaiting",
        "body",
        "callers",
        "calling",
        "context",
        "deadline",
        "dictionary",
        "doing",
        "exiting",
        "handler",
        "idle",
        "kin",
        "lineage",
        "links",
        "listed",
        "mail",
        "monitors",
        "name",
        "parent",
        "pid",
        "port",
        "refusals",
        "rest_for",
        "scheduler",
        "serving",
        "stack",
        "started",
        "timers",
        "traps",
        "watchers",
    )

    def __init__(self, scheduler: Scheduler, pid: Pid, body: Body, doing: str) -> None:
        self.scheduler = scheduler
        self.pid = pid
        self.body: Body | None = body
        self.doing = doing
        """The initial call, for people to read."""
        self.handler: Handler | None = None
        self.mail: Mail | None = None
        self.idle = False
        """Whether a message that arrives makes the process ready."""
        self.stack: Stack | None = None
        """Where it stands while it waits in the middle of something."""
        self.exiting: tuple[Reason] | None = None
        """Set once and for all when it must end; from then on it counts as dead."""
        self.awaiting: Ref | None = None
        """The reference of the reply it waits for, and for nothing else meanwhile."""
        self.answer: Outcome | None = None
        self.calling: Cell | None = None
        """Whom it has called and waits for, to find circles of waiting."""
        self.callers: dict[Cell, None] | None = None
        """Who has called it last of all: those of them that wait are told of its death."""
        self.listed: Cell | None = None
        """Among whose callers it is."""
        self.links: dict[Pid, Cell] | None = None
        self.watchers: dict[Ref, Cell] | None = None
        """Who monitors it."""
        self.monitors: dict[Ref, Cell] | None = None
        """Whom it monitors."""
        self.traps = False
        self.name: str | None = None
        self.timers: dict[Ref, None] | None = None
        """The timers that will send it something, to be dropped with it."""
        self.aliases: dict[Ref, str] | None = None
        self.context: Context | None = None
        self.dictionary: dict[object, object] | None = None
        self.deadline: float | None = None
        self.armed: float | None = None
        self.rest_for: float | None = None
        """A handler's timeout: how long it rests before it is told so."""
        self.parent: Pid | None = None
        """Who started it."""
        self.ancestors: Ancestors | None = None
        """Of a process of a behaviour: who started it, who started that one, and so on."""
        self.lineage: Ancestors | None = None
        """The ancestors of its children, made for the first and shared by all."""
        self.kin = False
        """Whether it was started linked to its parent."""
        self.port: Port | None = None
        """Set when its code runs on an OS thread of its own."""
        self.serving: tuple[Pid, Ref] | None = None
        """Whom the `@call` method that is running will answer."""
        self.refusals = 0
        self.started = False

    @property
    def label(self) -> object:
        """What the process says that it is, for people to read."""
        return None if self.dictionary is None else self.dictionary.get(LABEL)
