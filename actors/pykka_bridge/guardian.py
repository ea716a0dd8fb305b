"""A process that stands for a pykka actor: supervised, linked, monitored, named and called instead of it.

    supervisor --start_link--> Guardian.init -> the actor is started -> its `on_start` is run -> pid, or StartError
    the actor dies, however    -> the guardian ends with the reason -> the supervisor starts both again
    the supervisor shuts down  -> the guardian asks the actor to stop, and waits for its end

A supervised actor's `on_start` is part of its start, as `init` is: if it raises, the start has failed.
An exit signal to the guardian is one to the actor: `on_stop` is run. A guardian that is killed leaves
an actor behind that is asked to stop and taken out of the registry; if it blocks in C, its thread goes
on until that returns.

What is sent to the guardian is told to the actor, `GenServer.cast` too; `GenServer.call` asks it. Who
speaks OTP's words gets OTP's rule: a call that raises ends the actor, and the caller gets `ServerExited`.

Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, final

import pykka

from actors import process
from actors.errors import BadArgument, StartError
from actors.exits import NOPROC, NORMAL, Exit, Reason, means
from actors.gen_server import Caller, GenServer
from actors.isolation import shareable
from actors.latch import post_to
from actors.messages import Exited, Message
from actors.naming import MaybePid, Name
from actors.outcomes import NoReply, Stop
from actors.pid import Pid, Ref
from actors.pykka_bridge._undertaker import employ, see_to
from actors.pykka_bridge.actor import ProcessRef
from actors.pykka_bridge.futures import ProcessFuture
from actors.pykka_bridge.watched import ASK_FAILURES, AskFailure, Watch, adopt, start_watched

__all__ = ["child_spec", "link", "monitor", "pid_of", "ref_of", "start_link"]

A = TypeVar("A", bound="pykka.Actor")

_ENDED = "$pykka_ended"
_ANSWERED = "$pykka_answered"

_refs: dict[Pid, pykka.ActorRef[Any]] = {}
_pids: dict[str, Pid] = {}


# -- under a supervisor ----------------------------------------------------------------------------


def child_spec(
    actor_class: type[pykka.Actor],
    *args: object,
    id: Hashable = None,
    name: Name | None = None,
    restart: str = "permanent",
    shutdown: object = 5.0,
    ask_failure: AskFailure = "reply",
    **kwargs: object,
) -> dict[str, object]:
    """Return how a supervisor is to start and restart a pykka actor; starts nothing. Pure.

    Args:
        actor_class: Any actor class, unmodified.
        args: For its `__init__`.
        id: The child's id; by default the name, or the class.
        name: A name to register its process by, for `StableRef`.
        restart: `"permanent"`, `"transient"` or `"temporary"`.
        shutdown: Seconds that it may take to stop, or another of the words of a `ChildSpec`.
        ask_failure: `"reply"`: an exception goes to whoever asked and the actor lives, as in pykka.
            `"crash"`: it ends the actor too.
        kwargs: For its `__init__`.

    Returns:
        A mapping that every supervisor accepts as a child.

    Raises:
        BadArgument: It is no actor class, or there is no such rule.

    Example:
        >>> child_spec(pykka.ThreadingActor, name="player")["id"]
        'player'

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
    """
    _check(actor_class, ask_failure)
    return {
        "id": id if id is not None else name if name is not None else actor_class,
        "start": (_start, (_Origin(actor_class, args, kwargs, ask_failure),), {"name": name}),
        "restart": restart,
        "shutdown": shutdown,
        "modules": (actor_class,),
    }


def start_link(
    actor_class: type[pykka.Actor],
    *args: object,
    name: Name | None = None,
    ask_failure: AskFailure = "reply",
    **kwargs: object,
) -> MaybePid:
    """Start a pykka actor and a process that stands for it, linked to the caller.

    Blocks the calling process until its `on_start` is done; `__init__` runs in the new process.

    Args:
        actor_class: Any actor class, unmodified.
        args: For its `__init__`.
        name: A name to register.
        ask_failure: As for `child_spec`.
        kwargs: For its `__init__`.

    Returns:
        The pid of the process; `ref_of` leads to the actor.

    Raises:
        StartError: `__init__` or `on_start` raised, or the name is taken.
        BadArgument: It is no actor class, or there is no such rule.

    Example:
        >>> from actors import run
        >>> class Echo(pykka.ThreadingActor):
        ...     def on_receive(self, message):
        ...         return message
        >>> def main():
        ...     return ref_of(start_link(Echo)).ask("hello")
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/elixir/GenServer.html#start_link/3
    """
    _check(actor_class, ask_failure)
    return _start(_Origin(actor_class, args, kwargs, ask_failure), name=name)


@final
@shareable
@dataclass(frozen=True, slots=True, eq=False)
class _Origin:
    """What an actor is made of; what `__init__` is given is handed over and not copied, as in pykka."""

    actor_class: type[pykka.Actor]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    ask_failure: AskFailure


def _start(origin: _Origin, *, name: Name | None) -> MaybePid:
    return Guardian.start_link(origin, name=name)


def _check(actor_class: object, ask_failure: object) -> None:
    if not (isinstance(actor_class, type) and issubclass(actor_class, pykka.Actor)):
        raise BadArgument("actor_class", actor_class, "a class that inherits from a pykka actor")
    if ask_failure not in ASK_FAILURES:
        raise BadArgument("ask_failure", ask_failure, f"one of {ASK_FAILURES}")


# -- from a reference to a process and back --------------------------------------------------------


def pid_of(ref: pykka.ActorRef[Any]) -> Pid:
    """Return the process that stands for an actor, made at the first request.

    It ends when the actor does, with its reason. An exit signal to it stops the actor, and so does the end
    of its runtime. Blocks the calling process until it is there.

    An actor that pykka has started alone keeps pykka's inbox and futures; `ProcessRef.of` waits well for them.

    Args:
        ref: Any pykka reference, also of an actor that this library has not started.

    Returns:
        The pid.

    Raises:
        pykka.ActorDeadError: The actor is dead.

    Example:
        >>> from actors import receive, run
        >>> def main():
        ...     ref = pykka.ThreadingActor.start()
        ...     process.monitor(pid_of(ref))
        ...     ref.stop()
        ...     return receive().reason
        >>> run(main)
        'normal'

    Source: https://hexdocs.pm/elixir/Process.html#monitor/1
    """
    if not isinstance(ref, pykka.ActorRef):
        raise BadArgument("ref", ref, "a pykka.ActorRef")
    pid = _pids.get(ref.actor_urn)
    if pid is None and ref.is_alive():
        with suppress(StartError):
            Guardian.start(ref)
        # Another thread may have been quicker, and the actor may have ended: this tells.
        pid = _pids.get(ref.actor_urn)
    if pid is None:
        text = f"{ref} not found"
        raise pykka.ActorDeadError(text)
    return pid


def ref_of(pid: Pid) -> pykka.ActorRef[Any]:
    """Return the reference to the actor that a process stands for.

    From any thread or process; does not wait.

    Args:
        pid: What `start_link` or `pid_of` returned, or a supervisor's child.

    Returns:
        The reference, bound to this one life of the actor.

    Raises:
        pykka.ActorDeadError: The process is dead, or stands for no actor.

    Example:
        >>> from actors import run
        >>> def main():
        ...     ref = pykka.ThreadingActor.start()
        ...     return ref_of(pid_of(ref)) is ref, ref.stop()
        >>> run(main)
        (True, True)

    Source: https://pykka.readthedocs.io/stable/api/refs/
    """
    ref = _refs.get(pid)
    if ref is None:
        text = f"{pid} stands for no living actor"
        raise pykka.ActorDeadError(text)
    return ref


def monitor(ref: pykka.ActorRef[Any]) -> Ref:
    """Have the death of any pykka actor told to the calling process by one `Down`.

    Waits until the process that stands for the actor is there, which the first request makes.

    Args:
        ref: Its reference; if it is dead, `Down` comes at once, with `"noproc"`.

    Returns:
        The reference that `Down` will carry, for `process.demonitor`.

    Example:
        >>> from actors import receive, run
        >>> def main():
        ...     ref = pykka.ThreadingActor.start()
        ...     ref.stop()
        ...     monitor(ref)
        ...     return receive().reason
        >>> run(main)
        'noproc'

    Source: https://hexdocs.pm/elixir/Process.html#monitor/1
    """
    return process.monitor(_pid_or_nobody(ref))


def link(ref: pykka.ActorRef[Any]) -> None:
    """Link the calling process to any pykka actor: the end of either is told to the other.

    Waits until the process that stands for the actor is there, which the first request makes.

    Args:
        ref: Its reference.

    Raises:
        CallFailed: It is dead and the caller does not trap exits.

    Example:
        >>> from actors import receive, run
        >>> def main():
        ...     process.trap_exit(True)
        ...     ref = pykka.ThreadingActor.start()
        ...     link(ref)
        ...     ref.stop()
        ...     return receive().reason
        >>> run(main)
        'normal'

    Source: https://hexdocs.pm/elixir/Process.html#link/1
    """
    process.link(_pid_or_nobody(ref))


def _pid_or_nobody(ref: pykka.ActorRef[Any]) -> Pid:
    try:
        return pid_of(ref)
    except pykka.ActorDeadError:
        nobody, ended = process.spawn_monitor(process.exit, NORMAL)
        process.receive(lambda message: getattr(message, "ref", None) is ended)
        return nobody


# -- process half ----------------------------------------------------------------------------------


@final
class Guardian(GenServer[None]):
    """Stands for one actor."""

    _ref: pykka.ActorRef[Any]
    _watch: Watch

    def init(self, origin: _Origin | pykka.ActorRef[Any]) -> None:
        process.trap_exit(True)
        employ()
        me = process.self()
        if isinstance(origin, _Origin):
            self._watch = watch = Watch(origin.ask_failure)
            kind, args, kwargs = origin.actor_class, origin.args, origin.kwargs
            self._ref = start_watched(kind, watch, args, kwargs).actor_ref
        else:
            self._watch = watch = Watch("reply")
            self._ref = origin
            if _pids.setdefault(origin.actor_urn, me) is not me:
                raise Exit(("shutdown", "already_started"))
            if not adopt(origin, watch):
                del _pids[origin.actor_urn]
                raise Exit(("shutdown", NOPROC))
        # Before its `on_start` is over: what others ask it meanwhile waits in its inbox.
        _refs[me] = self._ref
        _pids[self._ref.actor_urn] = me
        see_to(me, lambda: _abandon(self._ref, me))
        watch.started.wait()
        if watch.failure is not None:
            raise Exit(watch.reason)
        watch.ended.then(lambda: post_to(me, _ENDED))

    def handle_call(self, request: Message, caller: Caller, state: None) -> NoReply[None]:
        future = ProcessRef.of(self._ref).ask_nowait(request)
        me = process.self()
        future.then(lambda: post_to(me, (_ANSWERED, *caller, future)))
        return NoReply()

    def handle_cast(self, request: Message, state: None) -> None:
        with suppress(pykka.ActorDeadError):
            self._ref.tell(request)

    def handle_info(self, message: Message, state: None) -> Stop[object, None] | None:
        match message:
            case str() if message is _ENDED:
                return Stop(self._watch.reason)
            case (tag, Pid() as pid, Ref() as ref, ProcessFuture() as future) if tag is _ANSWERED:
                return self._answer((pid, ref), future)
            case Exited(reason=reason):
                return None if means(reason, NORMAL) else Stop(reason)
        with suppress(pykka.ActorDeadError):
            self._ref.tell(message)
        return None

    def _answer(self, caller: Caller, future: ProcessFuture[Any]) -> Stop[object, None] | None:
        value, failure = future.outcome or (None, None)
        if failure is None:
            GenServer.reply(caller, value)
            return None
        error = failure[1]
        if isinstance(error, pykka.ActorDeadError) and not self._ref.is_alive():
            return None
        self._watch.note(error, failure[2])
        return Stop(self._watch.reason)

    def terminate(self, reason: Reason, state: None) -> None:
        if not self._watch.ended.is_open:
            self._ref.stop(block=False)
            self._watch.ended.wait()


def _abandon(ref: pykka.ActorRef[Any], pid: Pid) -> None:
    """Forget an actor whose process has ended; if it goes on without it, let it end after the present message."""
    _refs.pop(pid, None)
    _pids.pop(ref.actor_urn, None)
    if ref.is_alive():
        with suppress(pykka.ActorDeadError):
            ref.stop(block=False)
        pykka.ActorRegistry.unregister(ref)
