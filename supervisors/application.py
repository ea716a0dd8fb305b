"""Applications: supervision trees that are started and stopped as wholes, in the order of their needs.

    class Shop(Application, needs=(Database,)):
        settings = {"port": 80}

        def start(self) -> Pid:
            return Supervisor.start_link([(Till, self.setting("port"))])

    ensure_all_started(Shop)          Database first, then Shop
    stop_all()                        Shop first, then Database

Each application has a *master*, a process that has started its tree and ends with it. One
*controller* starts the masters, one after the other, and decides what the end of one means: that of
a permanent application ends all others. Settings are kept apart, so that they can be read while an
application starts.

Source: https://hexdocs.pm/elixir/Application.html, https://www.erlang.org/doc/apps/kernel/application.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import ClassVar, Literal, TypeAlias, cast, final

from actors import process, telemetry
from actors.errors import ActorsError, BadArgument, CallFailed, NoProcess, StartError, shown
from actors.exits import SHUTDOWN, Reason, is_clean
from actors.gen_server import Caller, GenServer
from actors.messages import Down, Exited, Message
from actors.outcomes import Reply, Stop
from actors.pid import Pid, Ref

__all__ = [
    "Application",
    "ApplicationError",
    "Kind",
    "delete_env",
    "ensure_all_started",
    "fetch_env",
    "get_all_env",
    "get_env",
    "put_env",
    "started_applications",
    "stop",
    "stop_all",
]

Kind: TypeAlias = Literal["permanent", "transient", "temporary"]
"""What the end of an application means: the end of all others, the same unless it ended cleanly, or
nothing."""

_CONTROLLER = "application_controller"
_SETTINGS = "application_settings"
_KINDS = ("permanent", "transient", "temporary")


class ApplicationError(ActorsError):
    """An application could not be started or stopped.

    Args:
        name: Which.
        reason: Why: `"not_started"`, `("bad_return", value)`, or what its `start` failed with.
    """

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"application {self.name}: {shown(self.reason)}"


class Application:
    """The base of applications; a class is one, and is started at most once in a runtime.

    Class keywords: `needs`, the applications that must be up before it, and `name`, that of the
    class by default.

    Source: https://hexdocs.pm/elixir/Application.html
    """

    name: ClassVar[str] = "Application"
    """What it is known by."""
    needs: ClassVar[tuple[type[Application], ...]] = ()
    """What must be up before it."""
    settings: ClassVar[Mapping[str, object]] = {}
    """Its settings, unless `put_env` says something else."""

    def __init_subclass__(
        cls, *, name: str | None = None, needs: Iterable[type[Application]] = ()
    ) -> None:
        super().__init_subclass__()
        # Written in the body, beside `settings`, both mean the same; a base's are not taken over.
        own = vars(cls)
        cls.name = name or own.get("name", cls.__name__)
        cls.needs = tuple(_checked(each) for each in needs or own.get("needs", ()))

    def start(self) -> Pid:
        """Start the tree, in the application's master, and return the pid of its top.

        Runs in the application's master. The top must be linked to the master, as
        `Supervisor.start_link` does it.

        Returns:
            The pid of the top of the tree.

        Source: https://hexdocs.pm/elixir/Application.html#c:start/2
        """
        message = f"{type(self).__name__} has no start"
        raise NotImplementedError(message)

    def prep_stop(self) -> None:
        """Do something before the tree is stopped.

        Runs in the application's master.

        Source: https://hexdocs.pm/elixir/Application.html#c:prep_stop/1
        """

    def stop(self) -> None:
        """Clean up after the tree has ended, for whatever reason.

        Runs in the application's master.

        Source: https://hexdocs.pm/elixir/Application.html#c:stop/1
        """

    @classmethod
    def setting(cls, key: str) -> object:
        """Return a setting of this application.

        Runs in the caller and waits for the process that keeps the settings.

        Args:
            key: Which setting.

        Returns:
            The setting.

        Raises:
            KeyError: It has none of that name.

        Example:
            >>> from actors import run
            >>> class Mail(Application):
            ...     settings = {"port": 25}
            >>> run(lambda: Mail.setting("port"))
            25

        Source: https://hexdocs.pm/elixir/Application.html#fetch_env!/2
        """
        return fetch_env(cls, key)


# -- client half -----------------------------------------------------------------------------------


def ensure_all_started(*applications: type[Application], kind: Kind = "temporary") -> list[str]:
    """Start applications and all that they need, each after what it needs; those that are up stay.

    Runs in the caller and waits until all are up. If one fails, those that this call has started are
    stopped again, the latest first.

    Args:
        applications: What to start.
        kind: What the end of one of those that are started now means.

    Returns:
        The names of those that were started, in the order of their start.

    Raises:
        ApplicationError: One did not start.
        BadArgument: One is no application, they need each other, or the kind is not accepted.

    Example:
        >>> from actors import run
        >>> from supervisors import Supervisor
        >>> class Database(Application):
        ...     def start(self) -> Pid:
        ...         return Supervisor.start_link([])
        >>> class Shop(Application, needs=(Database,)):
        ...     def start(self) -> Pid:
        ...         return Supervisor.start_link([])
        >>> run(lambda: (ensure_all_started(Shop), stop_all(), started_applications()))
        (['Database', 'Shop'], ['Shop', 'Database'], [])

    Source: https://hexdocs.pm/elixir/Application.html#ensure_all_started/2
    """
    if not isinstance(kind, str) or kind not in _KINDS:
        raise BadArgument("kind", kind, f"one of {_KINDS}")
    order = _in_order([_checked(each) for each in applications])
    return cast("list[str]", _ask(("start", order, kind)))


def stop(application: type[Application]) -> None:
    """Stop one application: `prep_stop`, its tree, `stop`. What needs it goes on; wait until it is down.

    Runs in the caller.

    Args:
        application: Its class.

    Raises:
        ApplicationError: `"not_started"`.
        BadArgument: It is no application.

    Example:
        >>> from actors import run
        >>> from supervisors import Supervisor
        >>> class Shop(Application):
        ...     def start(self):
        ...         return Supervisor.start_link([])
        >>> def main():
        ...     ensure_all_started(Shop)
        ...     stop(Shop)
        ...     return started_applications()
        >>> run(main)
        []

    Source: https://hexdocs.pm/elixir/Application.html#stop/1
    """
    _ask(("stop", _checked(application).name))


def stop_all() -> list[str]:
    """Stop all applications, the latest first, and wait until they are down.

    Runs in the caller.

    Returns:
        Their names, in the order of their end.

    Example:
        >>> from actors import run
        >>> run(stop_all)
        []

    Source: https://www.erlang.org/doc/apps/erts/init.html#stop/0
    """
    return cast("list[str]", _ask(("stop_all",)))


def started_applications() -> list[str]:
    """Return the names of the applications that are up, in the order of their start.

    Runs in the caller and waits for the process that keeps them.

    Returns:
        Their names.

    Example:
        >>> from actors import run
        >>> run(started_applications)
        []

    Source: https://hexdocs.pm/elixir/Application.html#started_applications/1
    """
    return cast("list[str]", _ask(("started",)))


def get_env(application: type[Application], key: str, default: object = None) -> object:
    """Return a setting of an application, whether it is up or not.

    Runs in the caller and waits for the process that keeps the settings.

    Args:
        application: Its class.
        key: Which setting.
        default: What to return if there is none.

    Returns:
        The setting.

    Raises:
        BadArgument: It is no application.

    Example:
        >>> from actors import run
        >>> class Mail(Application):
        ...     name = "mail"
        ...     settings = {"port": 25}
        >>> run(lambda: (get_env(Mail, "port"), get_env(Mail, "host", "localhost")))
        (25, 'localhost')

    Source: https://hexdocs.pm/elixir/Application.html#get_env/3
    """
    return get_all_env(application).get(key, default)


def fetch_env(application: type[Application], key: str) -> object:
    """Return a setting that must be there.

    Runs in the caller and waits for the process that keeps the settings.

    Args:
        application: Its class.
        key: Which setting.

    Returns:
        The setting.

    Raises:
        KeyError: It is not.
        BadArgument: It is no application.

    Example:
        >>> from actors import run
        >>> class Mail(Application):
        ...     name = "mail"
        ...     settings = {"port": 25}
        >>> run(lambda: fetch_env(Mail, "port"))
        25

    Source: https://hexdocs.pm/elixir/Application.html#fetch_env!/2
    """
    found = get_all_env(application)
    if key not in found:
        message = f"{application.name} has no setting {key!r}; it has {sorted(found)}"
        raise KeyError(message)
    return found[key]


def get_all_env(application: type[Application]) -> dict[str, object]:
    """Return all settings of an application: those of its class, and over them those of `put_env`.

    Runs in the caller and waits for the process that keeps the settings.

    Args:
        application: Its class.

    Returns:
        A new dictionary of them.

    Raises:
        BadArgument: It is no application.

    Example:
        >>> from actors import run
        >>> class Mail(Application):
        ...     name = "mail"
        ...     settings = {"port": 25}
        >>> run(lambda: get_all_env(Mail))
        {'port': 25}

    Source: https://hexdocs.pm/elixir/Application.html#get_all_env/1
    """
    own = _call(_SETTINGS, _Settings, ("get", _checked(application).name))
    return {**application.settings, **cast("dict[str, object]", own)}


def put_env(application: type[Application], key: str, value: object) -> None:
    """Set a setting for as long as the runtime runs; best before the application is started.

    Runs in the caller and waits for the process that keeps the settings.

    Args:
        application: Its class.
        key: A string.
        value: Anything.

    Raises:
        BadArgument: The key is no string, or it is no application.

    Example:
        >>> from actors import run
        >>> class Mail(Application):
        ...     name = "mail"
        ...     settings = {"port": 25}
        >>> def main():
        ...     put_env(Mail, "port", 587)
        ...     return get_env(Mail, "port")
        >>> run(main)
        587

    Source: https://hexdocs.pm/elixir/Application.html#put_env/4
    """
    if not isinstance(key, str):
        raise BadArgument("key", key, "a string")
    _call(_SETTINGS, _Settings, ("put", _checked(application).name, key, value))


def delete_env(application: type[Application], key: str) -> None:
    """Forget what `put_env` has set, so that the setting of the class holds again.

    Runs in the caller and waits for the process that keeps the settings.

    Args:
        application: Its class.
        key: Which setting; an unknown one is no error.

    Raises:
        BadArgument: It is no application.

    Example:
        >>> from actors import run
        >>> class Mail(Application):
        ...     name = "mail"
        ...     settings = {"port": 25}
        >>> def main():
        ...     put_env(Mail, "port", 587)
        ...     delete_env(Mail, "port")
        ...     return get_env(Mail, "port")
        >>> run(main)
        25

    Source: https://hexdocs.pm/elixir/Application.html#delete_env/3
    """
    _call(_SETTINGS, _Settings, ("delete", _checked(application).name, key))


def _ask(request: tuple[object, ...]) -> object:
    match _call(_CONTROLLER, _Controller, request):
        case ("ok", value):
            return value
        case ("error", str() as name, reason):
            raise ApplicationError(name, reason)
        case other:
            raise ApplicationError("?", other)


def _call(name: str, server: type[GenServer[None]], request: object) -> object:
    """Ask one of the two servers of this room, which is started when it is needed first."""
    while True:
        try:
            return GenServer.call(name, request, None)
        except NoProcess:
            try:
                server.start(name=name)
            except StartError as error:
                match error.reason:
                    case ("already_started", _):
                        pass
                    case _:
                        raise


def _checked(application: object) -> type[Application]:
    if not (isinstance(application, type) and issubclass(application, Application)):
        raise BadArgument("application", application, "a subclass of Application")
    return application


def _in_order(wanted: list[type[Application]]) -> list[type[Application]]:
    """Return applications with all that they need: each after what it needs, in the order listed, as OTP does."""
    graph: dict[type[Application], tuple[type[Application], ...]] = {}
    todo = list(wanted)
    while todo:
        one = todo.pop()
        if one not in graph:
            graph[one] = one.needs
            todo += one.needs
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [each.name for each in error.args[1]]
        raise BadArgument("needs", circle, "applications that do not need each other") from None
    # Its own order goes by distance; what is listed first would start after what is needed less deep.
    placed: dict[type[Application], None] = {}
    for one in wanted:
        _place(one, placed)
    return list(placed)


def _place(one: type[Application], placed: dict[type[Application], None]) -> None:
    if one not in placed:
        for need in one.needs:
            _place(need, placed)
        placed[one] = None


# -- process half ----------------------------------------------------------------------------------


@final
class _Settings(GenServer[None]):
    """Keeps what `put_env` was given."""

    def init(self) -> None:
        self.of: dict[str, dict[str, object]] = {}

    def handle_call(self, request: Message, caller: Caller, state: None) -> Reply[object, None]:
        match request:
            case ("get", str() as name):
                return Reply(dict(self.of.get(name, {})))
            case ("put", str() as name, str() as key, value):
                self.of.setdefault(name, {})[key] = value
            case ("delete", str() as name, key):
                self.of.get(name, {}).pop(str(key), None)
        return Reply(None)


@final
class _Master(GenServer[None]):
    """Has started an application's tree, and ends with it."""

    def init(self, application: type[Application]) -> Stop[None, None] | None:
        process.trap_exit(True)
        self.application = application()
        self.is_down = False
        try:
            top: object = self.application.start()
        except StartError as error:
            # Its supervisor has not started: the reason is that one's, and nothing has crashed here.
            return Stop(error.reason)
        if not isinstance(top, Pid):
            return Stop(("bad_return", top))
        self.top = top
        return None

    def handle_info(self, message: Message, state: None) -> Stop[None, None] | None:
        if type(message) is not Exited or message.pid is not self.top:
            return None
        self.is_down = True
        return Stop(message.reason)

    def terminate(self, reason: Reason, state: None) -> None:
        try:
            if not self.is_down:
                self._take_down()
        finally:
            self.application.stop()

    def _take_down(self) -> None:
        try:
            self.application.prep_stop()
        finally:
            ref = process.monitor(self.top)
            process.send_exit(self.top, SHUTDOWN)
            process.receive(lambda each: isinstance(each, Down) and each.ref is ref)


@dataclass(frozen=True, slots=True)
class _Running:
    """One application that is up."""

    name: str
    kind: Kind
    master: Pid
    ref: Ref


@final
class _Controller(GenServer[None]):
    """Starts and stops masters, and decides what the end of one means."""

    def init(self) -> None:
        self.running: dict[str, _Running] = {}
        """The oldest first."""

    def handle_call(self, request: Message, caller: Caller, state: None) -> Reply[object, None]:
        try:
            return Reply(("ok", self._do(request)))
        except ApplicationError as error:
            return Reply(("error", error.name, process.seen(error.reason)))

    def handle_info(self, message: Message, state: None) -> Stop[None, None] | None:
        if type(message) is not Down:
            return None
        ended = [each for each in self.running.values() if each.ref is message.ref]
        for one in ended:
            del self.running[one.name]
            self._report(one, message.reason)
            is_failure = one.kind == "transient" and not is_clean(message.reason)
            if one.kind == "permanent" or is_failure:
                self._stop_all()
                return Stop((SHUTDOWN, ("application_terminated", one.name, message.reason)))
        return None

    def terminate(self, reason: Reason, state: None) -> None:
        self._stop_all()

    def _do(self, request: Message) -> object:
        match request:
            case ("start", list() as order, kind):
                return self._start_all(order, cast("Kind", kind))
            case ("stop", str() as name):
                if name not in self.running:
                    raise ApplicationError(name, "not_started")
                self._stop(self.running[name])
                return None
            case ("stop_all",):
                return self._stop_all()
            case ("started",):
                return list(self.running)
            case _:
                raise ApplicationError("?", ("unknown_request", request))

    def _start_all(self, order: list[type[Application]], kind: Kind) -> list[str]:
        started: list[str] = []
        for application in order:
            if application.name in self.running:
                continue
            try:
                self._bring_up(application, kind)
            except StartError as error:
                for name in reversed(started):
                    self._stop(self.running[name])
                raise ApplicationError(application.name, error.reason) from error
            started.append(application.name)
        return started

    def _bring_up(self, application: type[Application], kind: Kind) -> None:
        master = cast("Pid", _Master.start(application))
        ref = process.monitor(master)
        self.running[application.name] = _Running(application.name, kind, master, ref)

    def _stop(self, one: _Running) -> None:
        process.demonitor(one.ref, flush=True)
        del self.running[one.name]
        try:
            GenServer.stop(one.master, SHUTDOWN)
        except CallFailed as failed:
            self._report(one, failed.why)

    def _stop_all(self) -> list[str]:
        names = list(reversed(self.running))
        for name in names:
            self._stop(self.running[name])
        return names

    def _report(self, one: _Running, reason: Reason) -> None:
        if not is_clean(reason):
            fields = {"application": one.name, "kind": one.kind, "reason": reason}
            telemetry.report(("supervisors", "application", "exited"), "error", fields)
