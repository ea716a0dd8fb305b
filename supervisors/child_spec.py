"""Child specifications: what a supervisor has to know about a child before it starts it.

Whatever a user writes for a child (a `ChildSpec`, a mapping, a server class, a class with its
arguments) goes through `of` once and comes out as a frozen `ChildSpec` with every field checked,
which is what all other rooms of this package read. Nothing here starts anything. A fault raises
`BadSpec`, which names the field, shows what came and what would have been accepted, and carries
OTP's error term as `reason`.

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:child_spec/0
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from inspect import Parameter, signature
from typing import Literal, ParamSpec, Protocol, TypeAlias, TypedDict, TypeGuard, TypeVar, Unpack

from actors.errors import ActorsError, BadArgument, explained
from actors.exits import Reason
from actors.isolation import is_once_only

__all__ = [
    "AutoShutdown",
    "BadOption",
    "BadSpec",
    "Changes",
    "ChildError",
    "ChildLike",
    "ChildSpec",
    "Modules",
    "Restart",
    "Shutdown",
    "Start",
    "SupportsChildSpec",
    "all_of",
    "check_significant",
    "made",
    "of",
    "one_of",
    "override",
]

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
"""When an ended child is started again: always, after a failure, never."""
Shutdown: TypeAlias = float | Literal["brutal_kill"] | None
"""How long a child may take to stop: seconds, no time at all, or `None` for no limit."""
ChildType: TypeAlias = Literal["worker", "supervisor"]
AutoShutdown: TypeAlias = Literal["never", "any_significant", "all_significant"]
Modules: TypeAlias = tuple[object, ...] | Literal["dynamic"]
StartFunction: TypeAlias = Callable[..., object]
Start: TypeAlias = (
    tuple[StartFunction, tuple[object, ...]]
    | tuple[StartFunction, tuple[object, ...], Mapping[str, object]]
)
"""A function, its arguments, and perhaps its named arguments."""

P = ParamSpec("P")
R = TypeVar("R")
W = TypeVar("W", bound=str)

_WORKER_SECONDS = 5.0


class ChildError(ActorsError):
    """A supervisor could not do what it was asked to do with a child.

    Args:
        reason: Why, as `{:error, reason}` carries it in OTP: `"not_found"`, `"running"`,
            `"restarting"`, `"already_present"`, `("already_started", pid)`, or for a child whose
            start failed `(why, its specification)`.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self._said()

    def _said(self) -> str:
        if type(self.reason) is str and self.reason in _SAID:
            return _SAID[self.reason]
        return f"the supervisor refused: {explained(self.reason)}"


_SAID = {
    "not_found": "the supervisor has no child of that id",
    "running": "the child is running: terminate it first",
    "restarting": "the child is being restarted: terminate it first",
    "already_present": "there is a child of that id, not running: restart or delete it",
}


class BadSpec(ChildError, BadArgument):
    """A child specification or a supervisor option was refused; nothing was started.

    Yours to mend: the message names the field, what came and what is accepted.

    Args:
        what: The name of the field.
        got: The value that came.
        accepted: What would have been accepted, in words.
        reason: The error term of OTP, such as `("invalid_restart_type", "often")`.
    """

    def __init__(self, what: str, got: object, accepted: str, reason: Reason) -> None:
        BadArgument.__init__(self, what, got, accepted)
        self.reason = reason

    def _said(self) -> str:
        return str(self.args[0])


class BadOption(BadSpec):
    """An option of a supervisor was refused; nothing was started."""


def made(rules: Callable[..., R], args: tuple[object, ...], options: Mapping[str, object]) -> R:
    """Return the rules of a supervisor, made of what its `start_link` was given.

    Pure.

    Args:
        rules: The class of the rules.
        args: The positional arguments.
        options: The others.

    Returns:
        The rules.

    Raises:
        BadOption: There is no such option, too much came, or what has to be there is not.

    Example:
        >>> made(complex, (), {"real": 1.0, "imag": 2.0})
        (1+2j)

    Source: https://hexdocs.pm/elixir/Supervisor.html#start_link/2
    """
    parameters = signature(rules).parameters
    positional = [
        key for key, each in parameters.items() if each.kind is not Parameter.KEYWORD_ONLY
    ]
    named = dict(zip(positional, args, strict=False)) | dict(options)
    accepted = ", ".join(parameters)
    if len(args) > len(positional):
        most = (
            f"at most {', '.join(positional)}" if positional else f"none, only options: {accepted}"
        )
        raise BadOption("arguments", args, most, "badarg")
    for key in positional[: len(args)]:
        if key in options:
            raise BadOption(key, options[key], "given once", "badarg")
    for key in options.keys() - parameters.keys():
        raise BadOption("option", key, accepted, "badarg")
    for key, parameter in parameters.items():
        if parameter.default is Parameter.empty and key not in named:
            raise BadOption(key, None, f"given: {accepted}", "badarg")
    return rules(*args, **options)


class _ByType(Enum):
    BY_TYPE = "5.0 for a worker, None for a supervisor"


class SupportsChildSpec(Protocol[P]):
    """A class, module or object that can say how it is to be supervised."""

    def child_spec(self, *args: P.args, **options: P.kwargs) -> ChildSpec | Mapping[str, object]:
        """Return the specification of a child that is started with these arguments."""
        ...


@dataclass(frozen=True, slots=True, init=False)
class ChildSpec:
    """How to start one child, when to start it again, and how to stop it.

    Checked when made, in the order id, start, restart, significant, type, shutdown, modules.

    Raises:
        BadSpec: A field has a value that is not accepted.

    Example:
        >>> ChildSpec("echo", (print, ("hello",)), restart="transient").shutdown
        5.0
        >>> ChildSpec("tree", (print, ()), type="supervisor").shutdown is None
        True

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
    """

    id: Hashable
    """The name of the child within its supervisor; unique there."""
    start: Start
    """`(function, arguments)` or `(function, arguments, named arguments)`. Runs in the supervisor's
    process and returns the `Pid` of a linked process, `(pid, info)`, or `None` for no process; it
    raises `StartError` when it cannot."""
    restart: Restart = "permanent"
    """`"permanent"`: always started again; `"transient"`: after a failure; `"temporary"`: never."""
    shutdown: Shutdown = field(default=_WORKER_SECONDS)
    """Seconds the child is given to stop before it is killed, 5.0 by default; `None`, the default
    of a supervisor, for no limit; `"brutal_kill"` to kill it at once."""
    type: ChildType = "worker"
    """`"worker"`, or `"supervisor"` for a child that has children."""
    significant: bool = False
    """Whether the end of this child may end its supervisor (`auto_shutdown`)."""
    modules: Modules = ()
    """What code the child runs, for people who look; by default the class of the start function."""

    def __init__(
        self,
        id: Hashable,
        start: Start,
        restart: Restart = "permanent",
        shutdown: Shutdown | _ByType = _ByType.BY_TYPE,
        type: ChildType = "worker",
        significant: bool = False,
        modules: Modules | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "id", _id(id))
        put(self, "start", _start(start))
        put(self, "restart", _restart(restart))
        put(self, "significant", _significant(significant))
        put(self, "type", _type(type))
        put(self, "shutdown", _shutdown(shutdown, type))
        put(self, "modules", _home(self.start[0]) if modules is None else _modules(modules))

    @property
    def is_temporary(self) -> bool:
        """Whether the child is forgotten as soon as it has ended."""
        return self.restart == "temporary"


ChildLike: TypeAlias = (
    ChildSpec | Mapping[str, object] | SupportsChildSpec[...] | tuple[object, ...]
)
"""All that may stand for a child: see `of`."""


class Changes(TypedDict, total=False):
    """The fields that `override` can change."""

    id: Hashable
    start: Start
    restart: Restart
    shutdown: Shutdown
    type: ChildType
    significant: bool
    modules: Modules


def of(value: ChildLike) -> ChildSpec:
    """Return the child specification that a value stands for. Pure; may be used anywhere.

    Args:
        value: A `ChildSpec`; a mapping with its fields as keys (others are ignored); a server
            class, which is asked for its `child_spec()`; or a tuple of one and its arguments.

    Returns:
        The specification, with every field checked and every default filled in.

    Raises:
        BadSpec: The value stands for no child, or a field is not accepted.

    Example:
        >>> of({"id": "log", "start": (print, ["hello"]), "restart": "temporary"}).start[1]
        ('hello',)

    Source: https://hexdocs.pm/elixir/Supervisor.html#child_spec/2
    """
    return _checked(_raw(value))


def override(value: ChildLike, **changes: Unpack[Changes]) -> ChildSpec:
    """Return the specification of a child with some fields replaced, to run a class twice, say.

    Pure.

    Args:
        value: Whatever `of` accepts.
        **changes: The fields to replace.

    Returns:
        The changed specification.

    Raises:
        BadSpec: The value stands for no child, or a field is not accepted.
        BadArgument: There is no such field.

    Example:
        >>> override({"id": "one", "start": (print, ())}, id="two", shutdown=None).id
        'two'

    Source: https://hexdocs.pm/elixir/Supervisor.html#child_spec/2
    """
    for name in changes:
        if name not in _FIELDS:
            raise BadArgument("override", name, f"a field of a child: {', '.join(_FIELDS)}")
    raw = _raw(value)
    return _checked({**(_as_mapping(raw) if isinstance(raw, ChildSpec) else raw), **changes})


def all_of(children: Iterable[ChildLike], auto_shutdown: AutoShutdown) -> tuple[ChildSpec, ...]:
    """Return the specifications of a supervisor's first children, checked together.

    Runs in the caller. Starts nothing.

    Args:
        children: What `of` accepts, in the order of their start.
        auto_shutdown: The supervisor's option, since `"never"` has no use for significant children.

    Returns:
        The specifications in the same order.

    Raises:
        BadSpec: One of them is not accepted, or two have the same id; the first fault is named.

    Example:
        >>> [spec.id for spec in all_of([{"id": "a", "start": (print, ())}], "never")]
        ['a']

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
    """
    if not _is_list(children):
        raise BadSpec("children", children, "a list of children", ("invalid_child_spec", children))
    specs: dict[Hashable, ChildSpec] = {}
    for child in children:
        spec = of(child)
        check_significant(spec, auto_shutdown)
        if spec.id in specs:
            reason = ("duplicate_child_name", spec.id)
            raise BadSpec(
                "id", spec.id, "an id that no other child has: give child_spec an id", reason
            )
        specs[spec.id] = spec
    return tuple(specs.values())


def check_significant(spec: ChildSpec, auto_shutdown: AutoShutdown) -> None:
    """Refuse a significant child that its supervisor or its own restart type makes meaningless.

    Pure.

    Args:
        spec: The child.
        auto_shutdown: The option of its supervisor.

    Raises:
        BadSpec: The child is significant, and the supervisor never shuts down by itself or the
            child is permanent, so that it never ends for good.

    Example:
        >>> check_significant(ChildSpec("a", (print, ())), "never")

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:auto_shutdown/0
    """
    if not spec.significant:
        return
    if auto_shutdown == "never":
        clash = [("auto_shutdown", auto_shutdown), ("significant", True)]
        accepted = "False under a supervisor whose auto_shutdown is 'never'"
        raise BadSpec("significant", True, accepted, ("bad_combination", clash))
    if spec.restart == "permanent":
        clash = [("restart", spec.restart), ("significant", True)]
        accepted = "False for a permanent child, which never ends for good"
        raise BadSpec("significant", True, accepted, ("bad_combination", clash))


# From anything a user writes to the fields


def _raw(value: object) -> ChildSpec | Mapping[str, object]:
    match value:
        case ChildSpec() | Mapping():
            return value
        case tuple() if value and _speaks_for_itself(value[0]):
            return _described(value, value[0].child_spec(*value[1:]))
        case _ if _speaks_for_itself(value):
            return _described(value, value.child_spec())
        case _:
            raise _no_child(value)


def _speaks_for_itself(value: object) -> TypeGuard[SupportsChildSpec[...]]:
    return callable(getattr(value, "child_spec", None))


def _described(value: object, spec: object) -> ChildSpec | Mapping[str, object]:
    if isinstance(spec, ChildSpec | Mapping):
        return spec
    raise _no_child(value)


def _no_child(value: object) -> BadSpec:
    accepted = (
        "a ChildSpec, a mapping with its fields, a class that has child_spec (as every GenServer"
        " and Supervisor does), or a tuple of such a class and its arguments; of an actor of pykka,"
        " actors.pykka_bridge.child_spec(it)"
    )
    return BadSpec("child", value, accepted, ("invalid_child_spec", value))


def _checked(raw: ChildSpec | Mapping[str, object]) -> ChildSpec:
    if isinstance(raw, ChildSpec):
        return raw
    for name in ("id", "start"):
        if name not in raw:
            raise BadSpec(name, dict(raw), f"a mapping with the key {name!r}", f"missing_{name}")
    known = {name: raw[name] for name in _FIELDS if name in raw}
    return ChildSpec(**known)  # type: ignore[arg-type] # what the constructor is there to find out


def _as_mapping(spec: ChildSpec) -> Mapping[str, object]:
    return {name: getattr(spec, name) for name in _FIELDS}


# One rung for each field


def one_of(
    accepted: tuple[W, ...], value: object, error: type[BadSpec], what: str, reason: str
) -> W:
    """Return the word that a value is, or refuse it.

    Pure.

    Args:
        accepted: The words.
        value: What was passed.
        error: What to raise.
        what: The name of the option.
        reason: OTP's word for the refusal.

    Returns:
        The word.

    Raises:
        BadSpec: It is none of them; whatever `error` says.

    Example:
        >>> one_of(("a", "b"), "b", BadSpec, "letter", "invalid_letter")
        'b'

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child-specification
    """
    for word in accepted:
        if isinstance(value, str) and value == word:
            return word
    *first, last = map(repr, accepted)
    raise error(what, value, f"{', '.join(first)} or {last}", (reason, value))


def _id(value: object) -> Hashable:
    try:
        hash(value)
    except Exception:  # noqa: BLE001 - a user's own `__hash__` may do anything
        raise BadSpec("id", value, "a hashable value", ("invalid_id", value)) from None
    return value


def _start(value: object) -> Start:
    if is_once_only(value):
        accepted = (
            "arguments that can be given at each start; what can only be moved is sent to the child"
        )
        raise BadSpec("start", value, accepted, ("invalid_mfa", value))
    match value:
        case (function, tuple() | list() as args) if callable(function):
            return (function, tuple(args))
        case (function, tuple() | list() as args, Mapping() as named) if callable(function) and all(
            isinstance(name, str) for name in named
        ):
            return (function, tuple(args), dict(named))
        case _:
            accepted = "(function, arguments) or (function, arguments, named arguments)"
            raise BadSpec("start", value, accepted, ("invalid_mfa", value))


def _restart(value: object) -> Restart:
    accepted: tuple[Restart, ...] = ("permanent", "transient", "temporary")
    return one_of(accepted, value, BadSpec, "restart", "invalid_restart_type")


def _significant(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadSpec("significant", value, "True or False", ("invalid_significant", value))
    return value


def _type(value: object) -> ChildType:
    accepted: tuple[ChildType, ...] = ("worker", "supervisor")
    return one_of(accepted, value, BadSpec, "type", "invalid_child_type")


def _shutdown(value: object, type_: ChildType) -> Shutdown:
    if value is _ByType.BY_TYPE:
        return None if type_ == "supervisor" else _WORKER_SECONDS
    match value:
        case None:
            return None
        case str("brutal_kill"):
            return "brutal_kill"
        case int() | float() if _is_seconds(value):
            return float(value)
        case _:
            accepted = "seconds, 0 or more; None for no limit; or 'brutal_kill'"
            raise BadSpec("shutdown", value, accepted, ("invalid_shutdown", value))


def _modules(value: object) -> Modules:
    match value:
        case str("dynamic"):
            return "dynamic"
        case tuple() | list():
            return tuple(_module(each) for each in value)
        case _:
            accepted = "'dynamic', or a tuple of classes, modules or their names"
            raise BadSpec("modules", value, accepted, ("invalid_modules", value))


def _module(value: object) -> object:
    # A class or a module is told by what all of them have and plain data has not.
    if not isinstance(value, str) and not hasattr(value, "__name__"):
        raise BadSpec("modules", value, "a class, a module or a name", ("invalid_module", value))
    return value


def _home(function: StartFunction) -> Modules:
    owner: object = getattr(function, "__self__", None)
    if owner is None or not hasattr(owner, "__name__"):
        owner = getattr(function, "__module__", None) or type(function)
    return (owner,)


def _is_seconds(value: float) -> bool:
    # NaN and the infinities fail the comparison, too large integers pass through no conversion.
    return not isinstance(value, bool) and 0 <= value < _LONGEST


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


_LONGEST = 1e15
_FIELDS = tuple(each.name for each in fields(ChildSpec))
