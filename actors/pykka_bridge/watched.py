"""A pykka actor, of any class and unmodified, whose death is noticed.

pykka tells nobody of an actor's death, and three of its ways to die are traps: an exception in
`on_start` ends the actor without a hook, a `SystemExit` in a handler stops every actor of the program,
and one in a hook leaves a dead actor in the registry for ever. A class that is watched gets a subclass,
made once and of the same name, that keeps a record of each actor: whether it has started, why it
failed, that it has ended.

    on_start ends        -> `Watch.started` opens, with `failure` set if it raised
    a letter fails       -> `failure` is set, once; hooks and log are pykka's
    the last line is run -> `Watch.ended` opens

An actor that is running already is watched from then on: its class is replaced on the spot.

Source: https://pykka.readthedocs.io/stable/api/actors/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Any, Literal, TypeAlias, TypeVar, cast, final

import pykka

from actors.errors import BadArgument
from actors.exits import NORMAL, Crash, Exit, Reason, Stack
from actors.latch import Latch
from actors.pykka_bridge._inbox import ThreadInbox
from actors.pykka_bridge.actor import ProcessActor
from actors.pykka_bridge.futures import ProcessFuture

__all__ = ["AskFailure", "Watch", "adopt", "start_watched", "watched"]

A = TypeVar("A", bound="pykka.Actor")

AskFailure: TypeAlias = Literal["reply", "crash"]
"""What an exception does that a message sent by `ask` has raised: it goes to whoever asked, and the
actor lives, as pykka has it; or it goes there too, and the actor ends with it, as in OTP."""

ASK_FAILURES: tuple[AskFailure, ...] = ("reply", "crash")

_UNANSWERED = "ended before it answered"


@final
class Watch:
    """What is known of one actor.

    Args:
        ask_failure: What an exception does that an `ask` has raised.

    Example:
        >>> Watch("reply").reason
        'normal'
    """

    __slots__ = ("ask_failure", "ended", "failure", "is_hooked", "stack", "started")

    def __init__(self, ask_failure: AskFailure) -> None:
        self.ask_failure = ask_failure
        self.started = Latch()
        """Opens when `on_start` has been run."""
        self.ended = Latch()
        """Opens when the actor has run its last line."""
        self.failure: BaseException | None = None
        """What ended it."""
        self.stack = Stack(())
        """Where that was raised."""
        self.is_hooked = False
        """Whether `on_failure` was run."""

    @property
    def reason(self) -> Reason:
        """Why the actor ended, in OTP's words."""
        if self.failure is None:
            return NORMAL
        # The frames belong to the actor. Whoever asked has them in the future, and gets them from there.
        return Crash(BaseException.with_traceback(self.failure, None), self.stack)

    def note(self, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Keep the first failure.

        Runs in the process or thread of the actor; does not wait.

        Args:
            error: What was raised.
            traceback: Where.

        Example:
            >>> watch = Watch("reply")
            >>> watch.note(ValueError("first"), None)
            >>> watch.note(ValueError("second"), None)
            >>> watch.reason
            Crash(ValueError('first'), <stack>)

        Source: https://pykka.readthedocs.io/stable/api/actors/#pykka.Actor.on_failure
        """
        if self.failure is None and error is not None:
            self.failure, self.stack = error, Stack.of(traceback)


class _Watched(pykka.Actor):
    """Stands before the user's class: what is the same on threads and on processes."""

    _watch: Watch

    def _actor_loop_setup(self) -> None:
        try:
            super()._actor_loop_setup()
        except Exit:
            raise
        except BaseException as error:  # noqa: BLE001 - in pykka it ends the thread and nothing else
            self._handle_failure(type(error), error, error.__traceback__)
        finally:
            self._watch.started.open()

    def _handle_receive(self, message: Any) -> Any:
        try:
            return super()._handle_receive(message)
        except Exit:
            raise
        except Exception as error:
            if self._watch.ask_failure == "crash":
                self._fail(error)
            raise
        except BaseException as error:
            # pykka would stop every actor of the program, and leave whoever asked waiting for ever.
            self._fail(error)
            text = f"{self} was ended by {error!r}"
            raise pykka.ActorDeadError(text) from error

    def _fail(self, error: BaseException) -> None:
        what = (type(error), error, error.__traceback__)
        self._handle_failure(*what)
        try:
            self.on_failure(*what)
        except Exception as failure:  # noqa: BLE001 - as pykka has it
            super()._handle_failure(type(failure), failure, failure.__traceback__)

    def _handle_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_known(exception_value):
            return
        self._watch.note(exception_value, traceback)
        super()._handle_failure(exception_type, exception_value, traceback)

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._watch.is_hooked:
            self._watch.is_hooked = True
            super().on_failure(exception_type, exception_value, traceback)

    def _is_known(self, error: BaseException | None) -> bool:
        """Tell whether pykka's loop has only heard of a failure that was dealt with here."""
        failure = self._watch.failure
        if failure is None or error is None:
            return False
        return error is failure or error.__cause__ is failure


class _WatchedThread(_Watched):
    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return ProcessFuture()

    @staticmethod
    def _create_actor_inbox() -> Any:
        return ThreadInbox()

    def _actor_loop(self) -> None:
        try:
            super()._actor_loop()
        except BaseException as error:  # noqa: BLE001 - of a hook, such as SystemExit in `on_stop`
            self._handle_failure(type(error), error, error.__traceback__)
        finally:
            self._close()

    def _actor_loop_teardown(self) -> None:
        # The last line of an actor whose loop had begun before it was watched.
        super()._actor_loop_teardown()
        self._close()

    def _close(self) -> None:
        inbox: object = self.actor_inbox
        if isinstance(inbox, ThreadInbox):
            inbox.close(_UNANSWERED)
        self._watch.ended.open()


class _WatchedProcess(_Watched):
    def _bury(self) -> None:
        cast("Any", super())._bury()  # noqa: SLF001 - of `ProcessActor`, which comes next
        self._watch.started.open()
        self._watch.ended.open()


@cache
def watched(actor_class: type[A]) -> type[A]:
    """Return the watched form of a pykka actor class, the same one each time.

    It is a subclass of the same name, so that the registry finds its actors by class and by name.

    Args:
        actor_class: Any actor class; nothing in it is changed.

    Returns:
        The subclass; the class itself if it is one.

    Raises:
        BadArgument: It is no actor class.

    Example:
        >>> class Player(pykka.ThreadingActor):
        ...     pass
        >>> watched(Player).__name__, watched(Player) is watched(Player)
        ('Player', True)

    Source: https://pykka.readthedocs.io/stable/api/registry/
    """
    if not (isinstance(actor_class, type) and issubclass(actor_class, pykka.Actor)):
        raise BadArgument("actor_class", actor_class, "a class that inherits from a pykka actor")
    if issubclass(actor_class, _Watched):
        return actor_class
    half = _WatchedProcess if issubclass(actor_class, ProcessActor) else _WatchedThread
    names = ("__module__", "__qualname__", "__doc__")
    body = {name: getattr(actor_class, name) for name in names}
    make: Callable[..., object] = type(actor_class)
    return cast("type[A]", make(actor_class.__name__, (half, actor_class), body))


def start_watched(
    actor_class: type[A], watch: Watch, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> A:
    """Start an actor that is watched from its first line; `__init__` runs in the caller, as in pykka.

    Does not wait for its `on_start`.

    Args:
        actor_class: Any actor class.
        watch: A new record.
        args: For `__init__`.
        kwargs: For `__init__`.

    Returns:
        The actor.

    Raises:
        BadArgument: It is no actor class.
        Exception: What `__init__` raised; then there is no actor.

    Example:
        >>> watch = Watch("reply")
        >>> actor = start_watched(pykka.ThreadingActor, watch, (), {})
        >>> actor.actor_ref.stop(), watch.ended.wait(), watch.reason
        (True, ('open', None), 'normal')

    Source: https://pykka.readthedocs.io/stable/api/actors/#pykka.Actor.start
    """
    make = cast("Callable[..., Any]", watched(actor_class))
    actor = make(*args, **kwargs)
    actor._watch = watch  # noqa: SLF001 - a class of this file
    pykka.ActorRegistry.register(actor.actor_ref)
    actor._start_actor_loop()  # noqa: SLF001 - what `start` does, once the watch is there
    return cast("A", actor)


def adopt(ref: pykka.ActorRef[Any], watch: Watch) -> bool:
    """Watch an actor that is running, from now on.

    From any thread; does not wait.

    Args:
        ref: Its reference.
        watch: A new record.

    Returns:
        Whether it was alive and watched by nobody.

    Example:
        >>> ref = pykka.ThreadingActor.start()
        >>> watch = Watch("reply")
        >>> adopt(ref, watch), ref.stop(), watch.ended.wait()
        (True, True, ('open', None))
        >>> adopt(ref, Watch("reply"))
        False

    Source: https://pykka.readthedocs.io/stable/api/refs/
    """
    actor = ref._actor_weakref()  # noqa: SLF001 - the door to pykka; there is no other way to the actor
    if actor is None or not ref.is_alive() or isinstance(actor, _Watched):
        return False
    actor._watch = watch  # noqa: SLF001 - a class of this file
    actor.__class__ = watched(cast("Any", type(actor)))
    watch.started.open()
    if ref.is_alive():
        return True
    # It ended while its class was replaced, and may or may not have run the new one's last line.
    watch.ended.open()
    return False
