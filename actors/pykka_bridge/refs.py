"""References that outlive what they refer to, and one to a server that is none of pykka's.

A `pykka.ActorRef` is bound to one life of an actor and dead for ever after it. `StableRef` is bound to
a name, looked up at each use. `ServerRef` lets pykka's users talk to a `GenServer` by their own words.

Source: https://pykka.readthedocs.io/stable/api/refs/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, final

import pykka

from actors import naming, process
from actors._envelopes import CALL
from actors._halves import Client, Sender
from actors.errors import BadArgument, CallFailed, CallTimeout
from actors.exits import NORMAL
from actors.gen_server import GenServer
from actors.isolation import shareable
from actors.messages import Down
from actors.naming import Address, Name, Via
from actors.pid import Pid, Ref
from actors.pykka_bridge.actor import ProcessRef
from actors.pykka_bridge.futures import Event, ProcessFuture
from actors.pykka_bridge.guardian import ref_of

__all__ = ["ServerRef", "StableRef"]


@final
@shareable
class StableRef(ProcessRef[Any]):
    """A reference to whichever actor has a name at present: it survives restarts, and so do its proxies.

    While nobody has the name, `tell`, `ask` and `proxy` fail with `pykka.ActorDeadError`, as with any
    dead actor. A proxy shows the attributes that the actor had when the proxy was made.

    Args:
        name: The `name` that the actor was given by `child_spec` or `start_link`.

    Example:
        >>> from actors import run
        >>> from actors.pykka_bridge import start_link
        >>> class Echo(pykka.ThreadingActor):
        ...     def on_receive(self, message):
        ...         return message
        >>> def main():
        ...     start_link(Echo, name="echo")
        ...     return StableRef("echo").ask("hello")
        >>> run(main)
        'hello'
    """

    def __init__(self, name: Name) -> None:
        if not isinstance(name, str | Via):
            raise BadArgument("name", name, "a registered name, or a Via")
        # Not `super().__init__`: there is no actor that it belongs to, and what it keeps is looked up.
        self._name = name

    def current(self) -> pykka.ActorRef[Any] | None:
        """Return the reference to the present actor, bound to its life.

        From any thread or process; does not wait.

        Returns:
            It; `None` if nobody has the name.

        Example:
            >>> StableRef("nobody").current()

        Source: https://hexdocs.pm/elixir/GenServer.html#whereis/1
        """
        pid = naming.whereis(self._name)
        try:
            return None if pid is None else ref_of(pid)
        except pykka.ActorDeadError:
            return None

    def __str__(self) -> str:
        return f"actor {self._name!r}"

    def _now(self) -> pykka.ActorRef[Any]:
        ref = self.current()
        if ref is None:
            text = f"{self} not found"
            raise pykka.ActorDeadError(text)
        return ref

    @property
    def actor_class(self) -> Any:  # type: ignore[override]
        """The class of the present actor."""
        return self._now().actor_class

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """The urn of the present actor."""
        return self._now().actor_urn

    @property
    def actor_inbox(self) -> Any:  # type: ignore[override]
        """The inbox of the present actor."""
        return self._now().actor_inbox

    @property
    def actor_stopped(self) -> Any:  # type: ignore[override]
        """Whether the present actor has stopped; set if there is none."""
        ref = self.current()
        return _STOPPED if ref is None else ref.actor_stopped

    @property
    def _actor_weakref(self) -> Any:
        return self._now()._actor_weakref  # noqa: SLF001 - what a proxy asks a reference for

    @_actor_weakref.setter
    def _actor_weakref(self, _: object) -> None:
        raise AttributeError


@final
@shareable
class ServerRef(pykka.ActorRef[Any]):
    """A reference by which pykka's users talk to a `GenServer`, or to any process that takes its calls.

    `ask` calls and `tell` casts; `proxy().method(…)` asks with what a class's own `@call` of that name
    makes, and its `defer` tells. It is alive as long as somebody has the address. What is sent follows
    the rule of the runtime about copies, since it goes to a process of this library.

    Args:
        address: A pid, a name, or a `Via`.
        server_class: The class whose `@call` and `@cast` functions its proxies offer.

    Example:
        >>> from actors import Reply, call, run
        >>> class Counter(GenServer[int]):
        ...     def init(self):
        ...         return 7
        ...     @call
        ...     def value(self, state):
        ...         return Reply(state)
        >>> def main():
        ...     ref = ServerRef(Counter.start(), Counter)
        ...     return ref.proxy().value().get(), ref.stop(), ref.is_alive()
        >>> run(main)
        (7, True, False)
    """

    def __init__(self, address: Address, server_class: type[GenServer[Any]] = GenServer) -> None:
        if not isinstance(address, Pid | str | Via):
            raise BadArgument("address", address, "a pid, a registered name or a Via")
        self.actor_class = cast("Any", server_class)
        self.actor_urn = f"urn:letitcrash:{address}"
        self._address = address

    def __str__(self) -> str:
        return f"{self.actor_class.__name__} ({self.actor_urn})"

    def is_alive(self) -> bool:
        """Tell whether a living process has the address.

        From any thread or process; does not wait.

        Returns:
            Whether one has.

        Example:
            >>> ServerRef("nobody").is_alive()
            False

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.is_alive
        """
        pid = naming.whereis(self._address)
        return pid is not None and process.is_alive(pid)

    def tell(self, message: Any) -> None:
        """Cast a message.

        From any thread or process; does not wait.

        Args:
            message: Anything.

        Raises:
            pykka.ActorDeadError: Nobody has the address.

        Example:
            >>> ServerRef("nobody").tell("hello")
            Traceback (most recent call last):
                ...
            pykka._exceptions.ActorDeadError: GenServer (urn:letitcrash:nobody) not found

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.tell
        """
        if not self.is_alive():
            text = f"{self} not found"
            raise pykka.ActorDeadError(text)
        GenServer.cast(self._address, message)

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Call with a message and wait for the reply.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            message: Anything.
            block: `False` for a future instead of the reply.
            timeout: Seconds to wait; `None` for no limit.

        Returns:
            The reply; or a future of it.

        Raises:
            pykka.ActorDeadError: Nobody has the address, or the server ended before it replied.
            pykka.Timeout: The time is over.

        Example:
            >>> ServerRef("nobody").ask("hello")
            Traceback (most recent call last):
                ...
            pykka._exceptions.ActorDeadError: GenServer (urn:letitcrash:nobody) not found

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.ask
        """
        if not block:
            return self._request(lambda: message)
        return self._spoken(
            lambda seconds: GenServer.call(self._address, message, seconds), timeout
        )

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """Stop the server with `"normal"`.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            block: `False` for a future instead of the answer.
            timeout: Seconds to wait; `None` for no limit.

        Returns:
            Whether it was alive; or a future of that.

        Raises:
            pykka.Timeout: The time is over.

        Example:
            >>> ServerRef("nobody").stop()
            False

        Source: https://pykka.readthedocs.io/stable/api/refs/#pykka.ActorRef.stop
        """

        def end(seconds: float | None) -> bool:
            try:
                GenServer.stop(self._address, NORMAL, seconds)
            except CallTimeout:
                raise
            except CallFailed:
                return False
            return True

        return self._do(end, block, timeout)

    def proxy(self) -> Any:
        """Return an object whose methods are the `@call` and `@cast` functions of the class.

        From any thread or process; does not wait.

        Returns:
            A proxy: its methods return futures, as pykka's do.

        Raises:
            pykka.ActorDeadError: Nobody has the address.

        Example:
            >>> ServerRef("nobody").proxy()
            Traceback (most recent call last):
                ...
            pykka._exceptions.ActorDeadError: GenServer (urn:letitcrash:nobody) not found

        Source: https://pykka.readthedocs.io/stable/api/proxies/
        """
        if not self.is_alive():
            text = f"{self} not found"
            raise pykka.ActorDeadError(text)
        return _ServerProxy(self)

    def _do(self, what: Callable[[float | None], Any], block: bool, timeout: float | None) -> Any:
        if block:
            return self._spoken(what, timeout)
        future: ProcessFuture[Any] = ProcessFuture()

        def work() -> None:
            try:
                future.set(self._spoken(what, None))
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asks the future
                future.fail(error)

        # Whoever made the future need not wait; somebody has to.
        process.launch(work, f"ask of {self}")
        return future

    def _spoken(self, what: Callable[[float | None], Any], timeout: float | None) -> Any:
        """Do it, and say in pykka's words what went wrong."""
        try:
            return what(timeout)
        except CallTimeout as late:
            raise pykka.Timeout(f"{timeout} seconds") from late
        except CallFailed as failed:
            raise pykka.ActorDeadError(f"{self} not found") from failed

    def invoke(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> pykka.Future[Any]:
        """Run one of the class's own client functions and return a future of its result.

        From any thread or process; does not wait.

        Args:
            name: A `@call` or `@cast` of the class.
            args: For it.
            kwargs: For it.

        Returns:
            The future.

        Example:
            >>> from actors import NoReply, cast, run
            >>> class Light(GenServer[bool]):
            ...     def init(self):
            ...         return False
            ...     @cast
            ...     def switch(self, state):
            ...         return NoReply(not state)
            >>> run(lambda: ServerRef(Light.start(), Light).invoke("switch", (), {}).get())

        Source: https://pykka.readthedocs.io/stable/api/proxies/#pykka.CallableProxy
        """
        function = getattr(self.actor_class, name)
        if isinstance(function, Client):
            return self._request(lambda: function.request(*args, **kwargs))
        if not isinstance(function, Sender):
            # A function that somebody has written himself: it may wait, and it is not known when it sends.
            return cast(
                "pykka.Future[Any]",
                self._do(lambda _: function(self._address, *args, **kwargs), False, None),
            )
        future: ProcessFuture[Any] = ProcessFuture()
        try:
            future.set(function(self._address, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks the future
            future.fail(error)
        return future

    def _request(self, make: Callable[[], object]) -> ProcessFuture[Any]:
        """Send a request now, in order with whatever else the caller sends; another process awaits the answer."""
        future: ProcessFuture[Any] = ProcessFuture()
        try:
            request = process.crossed(make(), "request")
            pid = naming.whereis(self._address)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks the future
            future.fail(error)
            return future
        dead = pykka.ActorDeadError(f"{self} not found")
        if pid is None:
            future.fail(dead)
            return future
        aliases: list[Ref] = []

        def is_answer(message: object) -> bool:
            if isinstance(message, Down):
                return True
            return type(message) is tuple and len(message) == 3 and message[1] is aliases[0]  # noqa: PLR2004

        def wait() -> None:
            process.monitor(pid)
            match process.receive(is_answer):
                case (_, _, value):
                    future.set(value)
                case _:
                    future.fail(dead)

        waiting = process.launch(
            wait,
            f"ask of {self}",
            # Its alias is there before the request: no answer can come too early.
            before=lambda scheduler, cell: aliases.append(scheduler.make_alias(cell, "reply")),
        ).pid
        process.deliver(pid, (CALL, (waiting, aliases[0]), request))
        return future


@final
@shareable
class _ServerProxy:
    """What `proxy` returns."""

    def __init__(self, ref: ServerRef) -> None:
        self.actor_ref = ref

    def __getattr__(self, name: str) -> _ServerMethod:
        if name.startswith("_") or not callable(getattr(self.actor_ref.actor_class, name, None)):
            text = f"{self.actor_ref} has no attribute {name!r}"
            raise AttributeError(text)
        return _ServerMethod(self.actor_ref, name)


@final
@shareable
class _ServerMethod:
    def __init__(self, ref: ServerRef, name: str) -> None:
        self._ref = ref
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> pykka.Future[Any]:
        return self._ref.invoke(self._name, args, kwargs)

    def defer(self, *args: Any, **kwargs: Any) -> None:
        self._ref.invoke(self._name, args, kwargs)


_STOPPED = Event()
_STOPPED.set()
