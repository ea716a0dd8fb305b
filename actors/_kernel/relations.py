"""Who must be told what: delivery, links, monitors, aliases, exit signals and deaths.

Everything in here runs on the loop's thread, and takes effect at once; that one sender's signals to
one receiver keep their order follows from that. A death has two halves:

1. *release*, at the moment the exit signal arrives or the code has ended: from now on the process is dead for
   everybody; its name, aliases, mail, timers and monitors are gone;
2. *finish*, once its stack has been unwound and its `finally` blocks have run: links and monitors are told.

So a supervisor that hears of a death finds name and resources free, as on the BEAM. Between the
halves the process waits in `doomed`, which the loop empties before it does anything else.

Source: https://www.erlang.org/doc/system/ref_man_processes.html#delivery-of-signals
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal, TypeAlias

from actors import telemetry
from actors._kernel.bounds import DEAD_LETTER, force
from actors._kernel.names import Names
from actors._kernel.signals import Verdict, link, unlink, verdict
from actors._kernel.timers import Deadlines, Timer
from actors.errors import BadArgument, CallFailed
from actors.exits import KILL, NOPROC, NORMAL, Reason, means
from actors.isolation import Cross, Withheld, witnessed
from actors.messages import Down, Exited, Message
from actors.pid import LOCAL_NODE, Pid, Ref

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors._kernel.mailbox import Mail

__all__ = ["SPARE_MAIL", "AliasKind", "Relations", "Watched"]

AliasKind: TypeAlias = Literal[
    "explicit", "reply", "explicit_unalias", "demonitor", "reply_demonitor"
]
Watched: TypeAlias = Pid | tuple[str, str]

_MESSAGE, _DEATH = Verdict.MESSAGE, Verdict.DEATH
_NEVER_COPIED = Withheld("a value whose copy never came to an end")

SPARE_MAIL = 1024
"""How many emptied mailboxes are kept for those who get mail next."""


class Relations:
    """The processes of one runtime and what they are to each other.

    Args:
        cross: What becomes of a value that crosses from one of them to another.
    """

    def __init__(self, cross: Cross) -> None:
        self.cross = cross
        self.cells: dict[int, Cell] = {}
        self.names = Names()
        self.deadlines = Deadlines()
        self.timers: dict[Ref, Timer] = {}
        self.ready: deque[Cell] = deque()
        self.doomed: deque[Cell] = deque()
        self.current: Cell | None = None
        self.nobody: Cell | None = None
        """In whose turn the finalizers of what others have left run, so that they may send and cannot wait."""
        self.collecting: Cell | None = None
        """Whose turn it is while the collector calls such finalizers."""
        self.spare_mail: deque[Mail] = deque()
        self._aliases: dict[Ref, tuple[Cell, AliasKind]] = {}
        self._watched: dict[Ref, Watched] = {}
        self.dead_letters = 0
        """How many messages found nobody, or no room."""
        self._serial = 0

    # -- delivery ---------------------------------------------------------------------------------

    def deliver(self, cell: Cell, message: Message) -> None:
        """Put a message into a living process's mailbox and make the process ready if it rests."""
        mail = cell.mail
        if mail is None:
            spare = self.spare_mail
            cell.mail = mail = spare.pop() if spare else deque()
        mail.append(message)
        if cell.idle:
            cell.idle = False
            self.ready.append(cell)

    def dead_letter(self, dest: Pid, message: Message, cause: str) -> None:
        """Count a message that nobody will ever read, and tell those who want to know."""
        self.dead_letters += 1
        if telemetry.is_heard(DEAD_LETTER):
            fields = {"dest": dest, "message": message, "cause": cause}
            telemetry.emit(DEAD_LETTER, {"count": 1}, fields)

    def give_back(self, mail: Mail) -> None:
        """Keep an empty mailbox for the next process that gets mail."""
        if len(self.spare_mail) < SPARE_MAIL:
            self.spare_mail.append(mail)

    def resolve(self, dest: Pid | str) -> Cell | None:
        """Return the record of a living process by pid or registered name."""
        return dest._cell if isinstance(dest, Pid) else self.names.find(dest)

    def send_alias(self, alias: Ref, message: Message) -> None:
        """Deliver to whoever an active alias stands for; drop the message if there is nobody."""
        entry = self._aliases.get(alias)
        if entry is None:
            return
        cell, kind = entry
        if kind != "demonitor" and kind in {"reply", "reply_demonitor"}:
            self.unalias(cell, alias)
            if kind == "reply_demonitor":
                self.demonitor(cell, alias, False)
        mail = cell.mail
        if mail is None or type(mail) is deque or kind == "explicit":
            self.deliver(cell, message)
        else:
            # An alias that goes with a request is for its reply, which no bound of the mailbox holds up.
            force(cell, message)

    # -- exchanges --------------------------------------------------------------------------------

    def expect(self, cell: Cell, target: Cell, ref: Ref) -> None:
        """Note that a process waits for the answer of another, and for its death."""
        cell.awaiting = ref
        cell.calling = target
        if cell.listed is not target:
            self.enlist(cell, target)

    def enlist(self, cell: Cell, target: Cell) -> None:
        """Put a process among the callers of another, where it stays until it calls somebody else."""
        # Most call again whom they have called last, and find themselves there already; `tests.bench call`.
        self._delist(cell)
        if target.callers is None:
            target.callers = {}
        target.callers[cell] = None
        cell.listed = target

    def _delist(self, cell: Cell) -> None:
        listed, cell.listed = cell.listed, None
        if listed is not None and listed.callers is not None:
            listed.callers.pop(cell, None)

    def answer(self, cell: Cell, ref: Ref, kind: str, value: object) -> bool:
        """End a process's exchange; an answer to one that is over is dropped, which tells `False`."""
        if cell.awaiting is not ref:
            return False
        cell.awaiting = None
        cell.deadline = None
        cell.calling = None
        cell.answer = (kind, value)
        self.ready.append(cell)
        return True

    def circle(self, cell: Cell, target: Cell) -> list[Pid] | None:
        """Return who waits for whom if `target` waits, through others, for `cell`."""
        chain = [cell.pid, target.pid]
        one = target.calling
        # Longer than there are processes: a circle of others, which have been told, or will be.
        while one is not None and len(chain) <= len(self.cells):
            chain.append(one.pid)
            if one is cell:
                return chain
            one = one.calling
        return None

    # -- links and monitors -----------------------------------------------------------------------

    def link(self, cell: Cell, pid: Pid) -> None:
        """Link, or tell that there is nobody to link to.

        Raises:
            CallFailed: `"noproc"`, when the other is dead and the caller does not trap exits.
        """
        other = pid._cell
        if other is cell:
            return
        if other is not None:
            self.own(other)
            link(cell, other)
        elif cell.traps:
            self.deliver(cell, Exited(pid, NOPROC))
        else:
            raise CallFailed(NOPROC, pid, None, None, ("Process", "link"), [pid])

    def unlink(self, cell: Cell, pid: Pid) -> None:
        """Unlink; after this no exit signal of the other arrives."""
        # A link is in both tables: what is not in one's own is nowhere.
        other = cell.links.get(pid) if cell.links is not None else None
        if other is not None:
            unlink(cell, other)

    def monitor(self, cell: Cell, target: Pid | str, kind: AliasKind | None = None) -> Ref:
        """Watch a process; one `Down` will come, at once if it is dead already."""
        other = self.resolve(target)
        if other is not None:
            self.own(other)
        ref = Ref()
        watched: Watched = target if isinstance(target, Pid) else (target, LOCAL_NODE)
        if kind is not None:
            self.add_alias(cell, ref, kind)
        if other is None:
            self._tell_down(cell, ref, watched, NOPROC)
        elif other is not cell:
            self.watch(cell, other, ref)
            if not isinstance(watched, Pid):
                self._watched[ref] = watched
        return ref

    def watch(self, cell: Cell, other: Cell, ref: Ref) -> None:
        """Have one process told of the end of another, which may have been told to end already."""
        if other.watchers is None:
            other.watchers = {}
        if cell.monitors is None:
            cell.monitors = {}
        other.watchers[ref] = cell
        cell.monitors[ref] = other

    def demonitor(self, cell: Cell, ref: Ref, flush: bool) -> bool:
        """Stop watching; tell whether the monitor was still active."""
        other = cell.monitors.pop(ref, None) if cell.monitors is not None else None
        if other is not None:
            self._watched.pop(ref, None)
            if other.watchers is not None:
                other.watchers.pop(ref, None)
        entry = self._aliases.get(ref)
        if entry is not None and entry[0] is cell and entry[1] in {"demonitor", "reply_demonitor"}:
            self.unalias(cell, ref)
        if flush and other is None and cell.mail:
            _flush_down(cell.mail, ref)
        return other is not None

    def make_alias(self, cell: Cell, kind: AliasKind) -> Ref:
        """Return a fresh reference that others may send to."""
        ref = Ref()
        self.add_alias(cell, ref, kind)
        return ref

    def add_alias(self, cell: Cell, ref: Ref, kind: AliasKind) -> None:
        """Make a fresh reference one that others may send to."""
        if cell.aliases is None:
            cell.aliases = {}
        cell.aliases[ref] = kind
        self._aliases[ref] = (cell, kind)

    def unalias(self, cell: Cell, ref: Ref) -> bool:
        """Deactivate an alias of one's own; tell whether it was active."""
        if cell.aliases is None or cell.aliases.pop(ref, None) is None:
            return False
        self._aliases.pop(ref, None)
        return True

    def own(self, cell: Cell) -> None:
        """Refuse a process of another runtime for what two processes may only have in one.

        Raises:
            BadArgument: It is one.
        """
        if cell.scheduler is not self:
            raise BadArgument("pid", cell.pid, "a process of the caller's own runtime")

    # -- timers -----------------------------------------------------------------------------------

    def set_timer(self, timer: Timer) -> None:
        """Set a timer, unless it is for a process that is dead."""
        dest = timer.dest
        cell = None
        if isinstance(dest, Pid):
            cell = dest._cell
            if cell is None:
                return
            self.own(cell)
        self.deadlines.add(timer)
        self.timers[timer.ref] = timer
        if cell is not None:
            if cell.timers is None:
                cell.timers = {}
            cell.timers[timer.ref] = None

    def drop_timer(self, ref: Ref) -> Timer | None:
        """Forget a timer that has fired, was cancelled, or is for a process that ends."""
        timer = self.timers.pop(ref, None)
        if timer is not None and isinstance(timer.dest, Pid):
            cell = timer.dest._cell
            if cell is not None and cell.timers is not None:
                cell.timers.pop(ref, None)
        return timer

    # -- deaths -----------------------------------------------------------------------------------

    def signal(self, cell: Cell, sender: Pid, reason: Reason, linked: bool) -> None:
        """Let an exit signal arrive at a process."""
        if cell.exiting is not None:
            if not linked and means(reason, KILL):
                self.hasten(cell)
            return
        what, why = verdict(reason, linked, cell.traps, sender is cell.pid and not linked)
        if what is _MESSAGE:
            self.deliver(cell, Exited(sender, why))
        elif what is _DEATH:
            self.doom(cell, why)

    def doom(self, cell: Cell, reason: Reason) -> None:
        """Condemn a process: dead for everybody from now on, unwound at the loop's next turn."""
        if cell.exiting is None:
            # A process that condemns itself is unwinding already, on the stack it stands on.
            if cell is not self.current:
                # First, so that it is buried whatever hinders the rest, as a stack of the sender that is full.
                self.doomed.append(cell)
            self.release(cell, reason)

    def hasten(self, cell: Cell) -> None:
        """Do not wait any longer for a process that was told to end; none on the loop needs it."""

    def interrupted(self, error: KeyboardInterrupt) -> None:
        """See that a Ctrl-C is not lost that came while a reason was copied."""

    def release(self, cell: Cell, reason: Reason) -> None:
        """Do the first half of a death: take back all that the process owns."""
        cell.exiting = (reason,)
        cell.pid._cell = None
        cell.idle = False
        if cell.name is not None:
            self.names.release(cell)
        if cell.armed is not None:
            self.deadlines.disarm(cell)
        if cell.mail is not None or cell.timers is not None:
            self._forget_mail(cell)
        if cell.aliases is not None or cell.monitors is not None:
            self._take_back(cell)
        cell.awaiting = cell.calling = None
        if cell.listed is not None:
            self._delist(cell)

    def _forget_mail(self, cell: Cell) -> None:
        """Drop what nobody will read, now or later. It may have finalizers, which run in nobody's turn."""
        current, self.current = self.current, self.nobody
        try:
            if cell.mail is not None:
                cell.mail.clear()
            if cell.timers is not None:
                for ref in cell.timers:
                    timer = self.timers.pop(ref, None)
                    if timer is not None:
                        self.deadlines.cancel(timer)
                cell.timers = None
        finally:
            self.current = current

    def _take_back(self, cell: Cell) -> None:
        for alias in cell.aliases or ():
            self._aliases.pop(alias, None)
        for ref, other in (cell.monitors or {}).items():
            if other.watchers is not None:
                other.watchers.pop(ref, None)
            self._watched.pop(ref, None)
        cell.aliases = cell.monitors = None

    def finish(self, cell: Cell) -> None:
        """Do the second half of a death: tell links, monitors and callers."""
        if cell.exiting is None:
            return
        reason, seen = cell.exiting[0], None
        if type(reason) is not str and cell.pid.serial in self.cells:
            # While all is in place: it may run the reason's own code, which may do anything.
            seen = self._seen_by_all(cell, reason)
        if self.cells.pop(cell.pid.serial, None) is None:
            return
        # What its `finally` blocks have asked for.
        if cell.aliases is not None or cell.monitors is not None:
            self._take_back(cell)
        if cell.armed is not None:
            self.deadlines.disarm(cell)
        if cell.callers:
            callers, cell.callers = cell.callers, None
            for caller in callers:
                caller.listed = None
                if caller.calling is cell and caller.awaiting is not None:
                    self.answer(
                        caller, caller.awaiting, "down", reason if seen is None else _next(seen)
                    )
        if cell.watchers:
            watchers, cell.watchers = cell.watchers, None
            for ref, owner in watchers.items():
                if owner.monitors is not None:
                    owner.monitors.pop(ref, None)
                watched = self._watched.pop(ref, cell.pid) if self._watched else cell.pid
                self._tell_down(owner, ref, watched, reason if seen is None else _next(seen))
        if cell.links:
            links, cell.links = cell.links, None
            for other in links.values():
                if other.links is not None and other.links.pop(cell.pid, None) is not None:
                    self.signal(other, cell.pid, reason if seen is None else _next(seen), True)
        if type(cell.mail) is deque and cell.port is None:
            cell.mail.clear()
            self.give_back(cell.mail)
        # What it worked with must not outlive it; the record itself may, in somebody's frame.
        cell.body = cell.handler = cell.mail = cell.context = cell.dictionary = None

    def _seen_by_all(self, cell: Cell, reason: Reason) -> list[Reason]:
        """Return what each of those gets who must be told why a process has ended.

        Meanwhile the process has its turn, so that who looks knows whose code runs; it is dead, so that this code
        cannot wait; and should it try to, again and again, all are told of a stand-in.
        """
        count = len(cell.watchers or ()) + len(cell.links or ())
        for caller in cell.callers or ():
            if caller.calling is cell and caller.awaiting is not None:
                count += 1
        before, self.current = self.current, cell if cell.port is None else None
        cell.exiting = (_NEVER_COPIED,)
        seen: list[Reason] = []
        for _ in range(count):
            try:
                seen.append(witnessed(reason, self.cross))
            except KeyboardInterrupt as error:
                seen.append(_NEVER_COPIED)
                self.interrupted(error)
        cell.exiting = (reason,)
        self.current = before
        return seen

    def discard(self, cell: Cell) -> None:
        """Undo the making of a process whose code could not be started; nobody has seen it yet."""
        for other in list((cell.links or {}).values()):
            unlink(cell, other)
        for ref, owner in (cell.watchers or {}).items():
            if owner.monitors is not None:
                owner.monitors.pop(ref, None)
        cell.watchers = None
        self.release(cell, NORMAL)
        self.cells.pop(cell.pid.serial, None)

    def _tell_down(self, owner: Cell, ref: Ref, watched: Watched, reason: Reason) -> None:
        if owner.exiting is not None:
            return
        if self._aliases:
            entry = self._aliases.get(ref)
            if entry is not None and entry[1] in {"demonitor", "reply_demonitor"}:
                self.unalias(owner, ref)
        self.deliver(owner, Down(ref, watched, reason))

    def kill_all(self, sender: Pid, spared: Cell | None) -> None:
        """Send everybody but one the signal that nobody survives."""
        for cell in list(self.cells.values()):
            if cell is not spared:
                self.signal(cell, sender, KILL, False)


def _next(seen: list[Reason]) -> Reason:
    """Return what the next one is told, also if there are more of them than there were a moment ago."""
    return seen.pop() if seen else _NEVER_COPIED


def _flush_down(mail: Mail, ref: Ref) -> None:
    for index, message in enumerate(mail):
        if type(message) is Down and message.ref is ref:
            del mail[index]
            return
