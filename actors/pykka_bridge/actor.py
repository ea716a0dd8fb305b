"""`ProcessActor`: a pykka actor that is a lightweight process and no thread.

Write `class A(ProcessActor)` for `class A(pykka.ThreadingActor)`, and all else stays: `start`, proxies,
`ask`, `tell`, `stop`, the hooks, `ActorRegistry`. An actor that waits (in a `get`, an `ask`, a
`process.sleep`) lets others go on; one that blocks the thread (`time.sleep`, a socket) blocks them all,
and belongs on a thread.

    ref.ask      -> a letter into the inbox, which rings the process
    the process  -> on_receive, or the method of a proxy; the future is set; whoever waits goes on
    it raises    -> pykka's own loop is given the letter, and deals with the exception

So an actor at rest owns no stack, and what an exception does, which hook is called and what is logged is
decided where pykka decides it.

Source: https://pykka.readthedocs.io/stable/api/actors/
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, cast, final

import pykka

from actors import process
from actors.exits import NORMAL, Exit, Reason, means, reason_of
from actors.isolation import register, shareable
from actors.latch import Answer, start_outside
from actors.messages import Exited, Message
from actors.pid import Pid
from actors.pykka_bridge._inbox import RING, Failed, Letter, Mail, ProcessInbox, Rest, Stop
from actors.pykka_bridge._registry import quicken
from actors.pykka_bridge._undertaker import employ, see_to
from actors.pykka_bridge.futures import Event, ProcessFuture, failure_of, raised

__all__ = ["ProcessActor", "ProcessRef"]

A = TypeVar("A", bound="pykka.Actor")

_UNANSWERED = "ended before it answered"


@shareable
class ProcessRef(pykka.ActorRef[A]):
    """A reference to an actor whose answers are waited for as the caller can.

    Those of process actors are such; `ProcessRef.of` makes one of any other reference.
    """

    @classmethod
    def of(cls, ref: pykka.ActorRef[A]) -> ProcessRef[A]:
        """Return another reference to the same actor.

        From any thread or process; does not wait.

        Args:
            ref: Any reference.

        Returns:
            One that asks with a `ProcessFuture`; the same if it does already.

        Example:
            >>> from actors import run
            >>> class Echo(pykka.ThreadingActor):
            ...     def on_receive(self, message):
            ...         return message
            >>> def main():
            ...     ref = ProcessRef.of(Echo.start())
            ...     return ref.ask("hello"), ref.stop()
            >>> run(main)
            ('hello', True)

        Source: https://pykka.readthedocs.io/stable/api/refs/
        """
        if isinstance(ref, ProcessRef):
            return ref
        made = cls.__new__(cls)
        vars(made).update(vars(ref))
        return made

    @property
    def pid(self) -> Pid | None:
        """The process that is the actor, to link and monitor; `None` for one on a thread, or before its start.

        `actors.pykka_bridge.pid_of` is a process that answers `GenServer.call` too.
        """
        return getattr(self.actor_inbox, "pid", None)

    def is_alive(self) -> bool:
        """Tell whether the actor is alive; one whose process was killed is not.

        From any thread or process; does not wait.

        Returns:
            Whether it is.

        Example:
            >>> from actors import run
            >>> run(lambda: ProcessActor.start().is_alive())
            True

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.is_alive
        """
        if self.actor_stopped.is_set():
            return False
        pid = self.pid
        return pid is None or process.is_alive(pid)

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Send a message and wait for the answer.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            message: Anything; it is handed over and not copied.
            block: `False` for a future instead of the answer.
            timeout: Seconds to wait; `None` for no limit.

        Returns:
            What the actor returned; or a future of it.

        Raises:
            pykka.ActorDeadError: The actor is dead, or ended before it answered.
            pykka.Timeout: The time is over.
            Exception: What the actor raised.
            CallFailed: The actor waits, directly or through others, for the caller.

        Example:
            >>> from actors import run
            >>> class Echo(ProcessActor):
            ...     def on_receive(self, message):
            ...         return message
            >>> run(lambda: Echo.start().ask("hello"))
            'hello'

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.ask
        """
        if not block:
            return self.ask_nowait(message)
        pid = self.pid
        if pid is None or not Answer.suits(pid) or self.actor_stopped.is_set():
            return self.ask_nowait(message).get(timeout=timeout)
        answer = Answer(pid)
        self.actor_inbox.put(cast("Any", Mail(message, answer)))
        kind, detail = answer.wait(timeout)
        if answer.outcome is None:
            raise failure_of(kind, detail, timeout, self, message)
        value, failure = answer.outcome
        if failure is None:
            return value
        raise raised(failure)

    def ask_nowait(self, message: object) -> ProcessFuture[Any]:
        """Send a message and return a future of the answer.

        From any thread or process; does not wait.

        Args:
            message: Anything; it is handed over and not copied.

        Returns:
            The future.

        Example:
            >>> from actors import run
            >>> class Echo(ProcessActor):
            ...     def on_receive(self, message):
            ...         return message
            >>> run(lambda: Echo.start().ask_nowait("hello").get())
            'hello'

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.ask
        """
        future: ProcessFuture[Any] = ProcessFuture()
        try:
            if not self.is_alive():
                text = f"{self} not found"
                raise pykka.ActorDeadError(text)
            future.ask_of(self.pid, message)
            self.actor_inbox.put(cast("Any", Mail(message, future)))
        except pykka.ActorDeadError as error:
            future.fail(error)
        return future

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """Ask the actor to stop when it has handled what was sent before.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            block: `False` for a future instead of the answer.
            timeout: Seconds to wait; `None` for no limit.

        Returns:
            Whether it was alive; or a future of that.

        Raises:
            pykka.Timeout: The time is over.

        Example:
            >>> from actors import run
            >>> def main():
            ...     ref = ProcessActor.start()
            ...     return ref.stop(), ref.stop()
            >>> run(main)
            (True, False)

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.stop
        """
        asked = self.ask_nowait(Stop())

        def was_alive(seconds: float | None) -> bool:
            try:
                asked.get(timeout=seconds)
            except pykka.ActorDeadError:
                return False
            return True

        future: ProcessFuture[bool] = ProcessFuture()
        future.set_get_hook(was_alive)
        future.depends_on(asked)
        return future.get(timeout=timeout) if block else future


class ProcessActor(pykka.Actor):
    """A pykka actor on a lightweight process.

    `start` may be called in a process, whose runtime the actor then lives in, and on any other thread,
    which uses the runtime of the program or one that is started in the background. Under a supervisor
    it is put by `actors.pykka_bridge.child_spec`, as any other pykka actor.

    An exit signal, such as a supervisor's, stops it: `on_stop` is run, and the process ends with the reason of the
    signal. It ends with `"normal"` when it was stopped, and with a `Crash` when it failed.

    Example:
        >>> from actors import run
        >>> class Counter(ProcessActor):
        ...     count = 0
        ...     def add(self, by):
        ...         self.count += by
        ...         return self.count
        >>> def main():
        ...     counter = Counter.start().proxy()
        ...     counter.add(2)
        ...     return counter.add(3).get()
        >>> run(main)
        5
    """

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> ProcessRef[Self]:
        """Start an actor; `__init__` runs in the caller, `on_start` in the new process.

        Does not wait for `on_start`.

        Args:
            args: For `__init__`.
            kwargs: For `__init__`.

        Returns:
            A reference to it.

        Raises:
            Exception: What `__init__` raised; then there is no actor.

        Example:
            >>> from actors import run
            >>> run(lambda: ProcessActor.start().is_alive())
            True

        Source: https://pykka.readthedocs.io/stable/api/actors/#pykka.Actor.start
        """
        return cast("ProcessRef[Self]", super().start(*args, **kwargs))

    actor_inbox: ProcessInbox  # type: ignore[assignment] # letters are what pykka calls envelopes
    actor_stopped: Event  # type: ignore[assignment] # all that pykka calls of a threading.Event
    _failure: BaseException | None = None
    _told: Reason = None
    _takes_all_along = False
    """Set when it raised what in pykka stops every actor of the program, as `SystemExit` does."""

    @staticmethod
    def _create_actor_inbox() -> Any:
        return ProcessInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return ProcessFuture()

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__()
        self.actor_stopped = Event()
        self.actor_inbox.who = self._actor_ref = ProcessRef(self)

    def _start_actor_loop(self) -> None:
        inbox = self.actor_inbox
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        # Looked up when it is called: whoever watches the actor has replaced its class meanwhile.
        bury = lambda: self._bury()  # noqa: E731, PLW0108 - see above
        if start_outside(lambda: self._begin_outside(bury), name, bury):
            return
        try:
            # Before there is a process that could run meanwhile: `start` does not wait for its first line.
            employ()
            launched = process.launch(
                self._begin, name, heir=True, before=lambda _, cell: inbox.settle_in(cell.pid)
            )
        except BaseException:
            # Told to end while it waited, for example: pykka has registered an actor that nobody will ever be.
            self._bury()
            raise
        see_to(launched.pid, bury)

    # -- in the process ---------------------------------------------------------------------------

    def _begin_outside(self, bury: Callable[[], object]) -> None:
        """Begin when nobody has waited for the pid: letters may be there already."""
        pid = process.self()
        self.actor_inbox.settle_in(pid)
        see_to(pid, bury)
        self._begin()

    def _begin(self) -> None:
        process.trap_exit(True)
        process.become(_Reader(self))
        try:
            self._actor_loop_setup()
        except Exit:
            raise
        except BaseException as error:  # noqa: BLE001 - in pykka it would end the thread and leave the rest behind
            self._handle_failure(type(error), error, error.__traceback__)
        if self.actor_stopped.is_set():
            self._leave()

    def _end_with(self, reason: Reason) -> None:
        """Stop because a linked process has ended."""
        self._told = reason
        self._stop()
        self._leave()

    def _read(self, letter: Letter) -> None:
        """Handle a letter; what it raises is dealt with by pykka's own loop."""
        inbox = self.actor_inbox
        inbox.reading = letter
        try:
            value = self._handle_receive(letter.message)
        except Exit:
            # Told to end, or ending itself: pykka's loop would take it for a reason to stop everybody.
            raise
        except BaseException as error:  # noqa: BLE001 - pykka's loop says which exceptions do what
            self._let_fail(error, letter)
        else:
            if letter.reply_to is not None:
                letter.reply_to.set(value)
        if self.actor_stopped.is_set():
            # Whoever has not been answered by now is told so.
            self._leave()
        inbox.reading = None

    def _let_fail(self, error: BaseException, letter: Letter) -> None:
        if not isinstance(error, Exception):
            self._failure = error
            self._takes_all_along = True
        if not self.actor_stopped.is_set():
            self.actor_inbox.failed = Failed(error, letter.reply_to)
            with suppress(Rest):
                self._actor_loop_running()
            if self._takes_all_along:
                # pykka would wait for each of them here, and with it all processes of the runtime for one
                # actor that blocks its own thread.
                pykka.ActorRegistry.stop_all(block=False)
        elif isinstance(error, Exception) and letter.reply_to is not None:
            # Whoever watches the actor has dealt with all but the asker; pykka's loop runs no more.
            letter.reply_to.set_exception((type(error), error, error.__traceback__))

    def _stop(self) -> None:
        super()._stop()
        if self._takes_all_along:
            # Out of pykka's loop, which is about to stop everybody.
            raise Rest

    def _handle_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._failure is None:
            self._failure = exception_value
        super()._handle_failure(exception_type, exception_value, traceback)

    def _leave(self) -> NoReturn:
        """End the process of an actor that has stopped."""
        self.actor_inbox.close(_UNANSWERED)
        raise Exit(self._reason()) from None

    def _reason(self) -> Reason:
        error = self._failure
        if error is None:
            return NORMAL if self._told is None else self._told
        return reason_of(error)

    def _bury(self) -> None:
        """Do what is left to be done when the process has ended; after an orderly end, nothing."""
        if not self.actor_stopped.is_set():
            pykka.ActorRegistry.unregister(self.actor_ref)
            self.actor_stopped.set()
        self.actor_inbox.close(_UNANSWERED)


@final
class _Reader(process.BaseHandler):
    """Reads an actor's mail; apart from it, because all names in an actor are its class's to give."""

    __slots__ = ("_actor",)

    def __init__(self, actor: ProcessActor) -> None:
        self._actor = actor

    def handle(self, message: Message) -> None:
        # The corridor of every letter; `tests.bench` names: pykka_ask, pykka_tell.
        actor = self._actor
        if message is RING:
            letter = actor.actor_inbox.take()
            if letter is not None:
                actor._read(letter)  # noqa: SLF001 - one class in two parts
        elif not isinstance(message, Exited):
            # From a process that knows the pid and not the reference.
            actor._read(Mail(message))  # noqa: SLF001 - the same
        elif not means(message.reason, NORMAL):
            actor._end_with(message.reason)  # noqa: SLF001 - the same


quicken()

# What pykka's users hand to each other is made to be shared between threads.
for _each in (pykka.ActorRef, pykka.ActorProxy, pykka.CallableProxy, pykka.ThreadingFuture):
    register(_each, "share")
