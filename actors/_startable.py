"""How a class of processes is started, and what it tells a supervisor of itself.

    class Door(StateMachine[str, int], restart="transient", shutdown=10.0): ...
    Door.start_link(*args)                      -> _make, in the new process -> its `init`
    Door.child_spec(*args, id="front door")     -> a plain mapping, read by `supervisors.child_spec`

Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar
from typing import cast as typed

from actors import _behaviour
from actors._behaviour import Server, StartOptions
from actors.errors import BadArgument
from actors.naming import Name
from actors.pid import Pid

if TYPE_CHECKING:
    from actors.process import Host

__all__ = ["Startable"]

_UNSET = object()


class Startable(ABC):
    """The base of classes whose `start_link` starts a process."""

    options: ClassVar[Mapping[str, object]] = {}
    """The class keywords: `restart`, `shutdown`, `id`, `host`."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        unknown = options.keys() - {"restart", "shutdown", "id", "host"}
        if unknown:
            raise BadArgument("class keywords", sorted(unknown), "restart, shutdown, id and host")
        cls.options = {**cls.options, **options}

    @classmethod
    @abstractmethod
    def _make(cls, parent: Pid, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Server:
        """Make the process half, in the new process."""

    @classmethod
    def start_link(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        **kwargs: object,
    ) -> Pid | None:
        """Start a process linked to the caller and wait until its `init` is done.

        Args:
            args: Passed to `init`.
            name: A name to register, or a `Via`.
            timeout: Seconds that `init` may take; `None` for no limit.
            host: `"thread"` for an OS thread of its own; the class keyword by default.
            kwargs: Passed to `init`.

        Returns:
            The pid; `None` when `init` returned `Ignore()`.

        Raises:
            StartError: `init` failed, refused or took too long, or the name is taken. A caller that
                does not trap exits is ended by the link as well, unless the reason is `"normal"`.
            BadArgument: An option is none; nothing was started.

        Source: https://hexdocs.pm/elixir/GenServer.html#start_link/3
        """
        return cls._start(StartOptions(True, name, timeout, cls._host(host)), args, kwargs)

    @classmethod
    def start(
        cls,
        *args: object,
        name: Name | None = None,
        timeout: float | None = None,
        host: Host = None,
        **kwargs: object,
    ) -> Pid | None:
        """Start a process that is linked to nobody; otherwise like `start_link`.

        Source: https://hexdocs.pm/elixir/GenServer.html#start/3
        """
        return cls._start(StartOptions(False, name, timeout, cls._host(host)), args, kwargs)

    @classmethod
    def child_spec(
        cls,
        *args: object,
        id: object = _UNSET,
        restart: str | None = None,
        shutdown: object = _UNSET,
        **kwargs: object,
    ) -> dict[str, object]:
        """Describe a child of this class for a supervisor, as a plain mapping.

        Args:
            args: Passed to `start_link`.
            id: What the supervisor calls it; the class by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None` for no limit, or `"brutal_kill"`.
            kwargs: Passed to `start_link`, such as `name`.

        Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
        """
        spec: dict[str, object] = {"id": cls, "start": (cls.start_link, args, kwargs)}
        spec |= {key: value for key, value in cls.options.items() if key != "host"}
        if id is not _UNSET:
            spec["id"] = id
        if restart is not None:
            spec["restart"] = restart
        if shutdown is not _UNSET:
            spec["shutdown"] = shutdown
        return spec

    @classmethod
    def _host(cls, host: Host) -> Host:
        return host if host is not None else typed("Host", cls.options.get("host"))

    @classmethod
    def _initial_call(cls) -> str:
        return f"{cls.__module__}.{cls.__qualname__}.init"

    @classmethod
    def _start(
        cls, options: StartOptions, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Pid | None:
        return _behaviour.start(
            lambda parent: cls._make(parent, args, kwargs), cls._initial_call(), options
        )
