"""How a value crosses between processes: shared if it cannot change, copied, moved, or refused.

Two processes never see one object that can change. Three ways to have that are known:

*The BEAM copies.* Every term is immutable, and a message is copied from heap to heap, at some nanoseconds
a word; only binaries above 64 bytes are shared, because nothing can change them. What cannot be copied,
such as a port, is a name for it and not the thing.

*Rust checks.* `Send` and `Sync` are decided by the compiler: a value is moved, and the sender's name for
it is dead from that line on, or it is shared because its type says that this is safe. Nothing is paid at run
time. A `Mutex` makes sharing safe and brings deadlocks back.

*Here* nothing can be told before the program runs, so it is told at the door. Whatever crosses is looked at in
the sender:

| what | becomes | costs (CPython 3.11, `python3 -m tests.bench isolation`) |
|---|---|---|
| a number, string, `bytes`, pid, enum, class, module, date, path | itself | one look-up |
| a tuple, frozenset, frozen dataclass, named tuple of such | itself | one look-up for each part |
| an array of numpy or a view of memory that nobody can write to | a view of the same | the same for any size |
| a list, dict, set, object, exception | a copy | about what `pickle.loads(pickle.dumps(value))` costs |
| a function | its code shared, its captured variables and defaults copied | a new function |
| `Moved(value)` | the value, which the sender cannot reach through the shell any more | nothing |
| a lock, socket, open file, generator, frame, thread, weak reference | refused | `NotSendable` in the sender |

What is refused is refused before anything is sent, with the way to it: `message[1]["conn"] is a socket`. A
value that its class knows better how to copy says so with `__deepcopy__`, as everywhere in Python; `shareable`
and `register` say the rest.

What this does not reach: code. Modules, classes and what they hold by name are shared as they are in every
Python program: so are the members of an enum with their values, and a function that a module holds by name. What
says that it does not change is believed: a frozen class that is written to behind its own back, the zone of a
date, the key of a registry. A new process sees its parent's context variables, each with the very object it was
set to, as a task of asyncio does. A handler of `actors.telemetry` is called where things happen, and looks at the
things themselves. And `Moved` takes the sender's shell away, not other names that the sender may have kept for the
same value, nor can whoever owns an array be kept from unlocking it again: those promises are the sender's.

An exception crosses without its traceback, whose frames belong to whoever raised it; the `Stack` of a `Crash` says
where that was. The reason of a process that has ended must arrive whatever it holds: there `Withheld` stands in
the place of what could not cross, and `WithheldError` in that of an exception.

Source: https://www.erlang.org/doc/system/eff_guide_processes.html#process-messages,
    https://doc.rust-lang.org/nomicon/send-and-sync.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias, TypeVar, cast, get_args

from actors import _captures, _containers, _instances
from actors._copying import (
    PLANS,
    RULES,
    Copying,
    Moved,
    Refused,
    Withheld,
    WithheldError,
    stand_in,
    take_as,
)
from actors._shapes import ATOMS, SHARED, is_told_by_identity
from actors._ways import way_to
from actors.errors import BadArgument, NotSendable
from actors.exits import Crash, Stack
from actors.showing import is_interrupt, name_of

__all__ = [
    "SHARED",
    "Cross",
    "Isolation",
    "Moved",
    "Withheld",
    "WithheldError",
    "crossing",
    "explain_sendable",
    "is_once_only",
    "is_sendable",
    "moved",
    "register",
    "shareable",
    "witnessed",
]

SHARED.add(Stack)
PLANS.learn(_containers.WAYS)
PLANS.learn(_captures.WAYS)
RULES.extend((_instances.refusal_rule, _captures.rule, _instances.last_rule))

T = TypeVar("T")
C = TypeVar("C", bound=type)

Isolation: TypeAlias = Literal["copy", "check", "trust"]
"""What a runtime does at a border: copy, only refuse what may not cross, or believe its programmer."""
Cross: TypeAlias = "Callable[[object, str], object]"
"""Takes a value and what to call it, and returns what the other side gets."""


# -- what may cross --------------------------------------------------------------------------------


def is_sendable(value: object) -> bool:
    """Tell whether a value may cross to another process.

    Runs in the caller, makes the copy to find out and does not wait. Nothing is sent, and a
    `Moved` keeps its value.

    Args:
        value: Anything.

    Returns:
        Whether it may.

    Example:
        >>> is_sendable([1, 2]), is_sendable(open)
        (True, True)
        >>> is_sendable(number for number in [1, 2])
        False

    Source: https://doc.rust-lang.org/std/marker/trait.Send.html
    """
    return explain_sendable(value) is None


def explain_sendable(value: object) -> str | None:
    """Say why a value may not cross to another process.

    Runs in the caller, makes the copy to find out and does not wait. Nothing is sent, and a
    `Moved` keeps its value.

    Args:
        value: Anything.

    Returns:
        What is in the way, with the way to it; `None` if it may cross.

    Example:
        >>> explain_sendable({"numbers": (number for number in [1, 2])})
        "value['numbers'] is a generator, which cannot be shared or copied"

    Source: https://doc.rust-lang.org/std/marker/trait.Send.html
    """
    try:
        _copied(value, "value", Copying().copied)
    except NotSendable as error:
        return error.explanation
    return None


def is_once_only(value: object) -> bool:
    """Tell whether a value holds a `Moved` whose value can be given away once and never again.

    Runs in the caller and does not wait. For who keeps a value to give it away several times, as a
    supervisor keeps the arguments of a child.

    Args:
        value: Anything.

    Returns:
        Whether it does; one that may not cross for other reasons says so when it does.

    Example:
        >>> is_once_only([Moved(number for number in [1])]), is_once_only([Moved([1])])
        (True, False)

    Source: https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html
    """
    if not Moved.unspent:
        return False
    copying = Copying()
    try:
        copying.copied_leniently(value)
    except Exception:  # noqa: BLE001 - the value's own code may raise anything
        return False
    return not all(is_sendable(shell.value) for shell in copying.moved)


def moved(value: T) -> T:
    """Return `Moved(value)`, typed as what the other side gets.

    For client halves and tasks, whose arguments are checked by type. Runs in the caller and does
    not wait.

    Args:
        value: What is handed over.

    Returns:
        The shell, to be sent and not to be used.

    Example:
        >>> from actors import Task, run
        >>> run(lambda: Task.await_(Task.async_(list, moved(n * n for n in range(3)))))
        [0, 1, 4]

    Source: https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html
    """
    return cast("T", Moved(value))


def shareable(cls: C) -> C:
    """Declare that the instances of a class never change, so that they cross as they are.

    A decorator, for any process; it does not wait. It speaks for exactly this class: one that is
    derived from it may add what changes. Frozen dataclasses, named tuples and frozen classes of
    attrs and msgspec need none.

    Args:
        cls: The class.

    Returns:
        The same class.

    Raises:
        BadArgument: It is no class, or one whose own class has an `__eq__` or a `__hash__` of its own.

    Example:
        >>> @shareable
        ... class Money:
        ...     pass
        >>> price = Money()
        >>> crossing("copy")(price, "message") is price
        True

    Source: https://doc.rust-lang.org/std/marker/trait.Sync.html
    """
    register(cls, "share")
    return cls


def register(cls: type, how: Literal["share", "refuse"] | Callable[[T], T]) -> None:
    """Say how the values of a class cross that was written by somebody else.

    From any process, without waiting, for all runtimes of the program; do it where the class is
    imported, before anything is sent.

    Args:
        cls: The class; those that are derived from it are not meant.
        how: `"share"`, `"refuse"`, or a function that returns a copy for the other side.

    Raises:
        BadArgument: It is no class, one whose values cross as they are in any case, such as `int`, one to be
            shared whose own class has an `__eq__` or a `__hash__` of its own, or there is no such way.

    Example:
        >>> class Picture:
        ...     def __init__(self, name):
        ...         self.name = name
        >>> register(Picture, lambda picture: Picture(picture.name))
        >>> crossing("copy")(Picture("sunrise"), "message").name
        'sunrise'

    Source: https://docs.python.org/3/library/copyreg.html
    """
    if not isinstance(cls, type):
        raise BadArgument("cls", cls, "a class")
    if how == "share" and not is_told_by_identity(cls):
        raise BadArgument(
            "cls", cls, "a class whose own class has no __eq__ or __hash__ of its own"
        )
    if not (callable(how) or how in {"share", "refuse"}):
        raise BadArgument("how", how, "'share', 'refuse', or a function that returns a copy")
    if cls in ATOMS and how != "share":
        accepted = "a class other than those of numbers, text, bytes, None and identities"
        raise BadArgument("cls", cls, accepted)
    take_as(cls, cast("str | Callable[[object], object]", how))


# -- the border ------------------------------------------------------------------------------------


def crossing(policy: Isolation) -> Cross:
    """Return what a runtime does with a value that crosses.

    Pure.

    Args:
        policy: `"copy"`, `"check"` or `"trust"`.

    Returns:
        A function of the value and of what to call it in errors. It raises `NotSendable`.

    Raises:
        BadArgument: There is no such policy.

    Example:
        >>> crossing("copy")([1, 2], "message")
        [1, 2]

    Source: https://www.erlang.org/doc/system/eff_guide_processes.html#process-messages
    """
    if not (isinstance(policy, str) and policy in get_args(Isolation)):
        raise BadArgument("isolation", policy, f"one of {get_args(Isolation)}")
    return _POLICIES[policy]


def witnessed(value: object, cross: Cross) -> object:
    """Return what others get of a value that must reach them: the reason of an end, what one looks into.

    Runs in the caller, does not wait, and never fails, whatever the value's own code raises: that is no exit of
    the caller, nor of the loop. Only a Ctrl-C that came meanwhile goes on its way.

    Args:
        value: The value.
        cross: What its runtime does with what crosses.

    Returns:
        The value itself if it cannot change, or a copy in which `Withheld` stands for what may not cross.

    Example:
        >>> witnessed(("failed", [1], (number for number in [1, 2])), crossing("copy"))
        ('failed', [1], <withheld: a generator, which cannot be shared or copied>)

    Source: https://www.erlang.org/doc/system/ref_man_processes.html#receiving-exit-signals
    """
    if cross is not _copy:
        return value
    try:
        return Copying().copied_leniently(value)
    except BaseException as error:
        if type(error) is KeyboardInterrupt and is_interrupt(error):
            raise
        why = f"whose copy raises {name_of(type(error))}"
    if type(value) is Crash:
        kind = name_of(type(value.exception))
        return Crash(WithheldError(f"an exception of {kind} {why}"), value.stack)
    return stand_in(value, f"a value of {name_of(type(value))} {why}")


def _copy(value: object, what: str) -> object:
    # Every message that is no atom comes through here. `tests.bench` names: isolation.
    kind = type(value)
    try:
        if kind is tuple:
            for each in value:  # type: ignore[attr-defined]
                if type(each) not in SHARED:
                    break
            else:
                return value
        elif kind in SHARED:
            return value
        copying = Copying()
        result = PLANS[kind](value, copying, 0)
        if copying.is_behind:
            copying.catch_up()
    except Exception as error:  # noqa: BLE001 - the value's own code, or its class's, may raise anything
        failure = _refusal(error, value, what)
    else:
        if copying.moved:
            _spend(copying.moved)
        return result
    # Not from within: what was refused would be kept by the error's context.
    raise failure


def _copied(value: object, what: str, copy: Callable[[object], object]) -> object:
    try:
        return copy(value)
    except Exception as error:  # noqa: BLE001 - the value's own code may raise anything
        failure = _refusal(error, value, what)
    # Not from within: what was refused would be kept by the error's context.
    raise failure


def _refusal(error: Exception, value: object, what: str) -> NotSendable:
    cause: BaseException | None = error
    match error:
        case Refused():
            way = _plainly(way_to(error.value, value, what), what)
            failure = NotSendable(way, error.why, error.value)
            cause = error.__cause__
        case RecursionError():
            failure = NotSendable(what, "nested too deep for its class's own code", value)
        case _:
            why = f"something whose own code raises {type(error).__name__}"
            failure = NotSendable(what, why, value)
    failure.__cause__ = cause
    return failure


def _plainly(way: str, what: str) -> str:
    """Call the parts of what crosses in one, such as `(fn, args)`, by their own names."""
    if what.startswith("("):
        for index, name in enumerate(what[1:-1].split(", ")):
            start = f"{what}[{index}]"
            if way.startswith(start):
                return name + way.removeprefix(start)
    return way


def _spend(shells: tuple[Moved[object], ...]) -> None:
    for shell in shells:
        shell.spend()


def _check(value: object, what: str) -> object:
    """Refuse what may not cross, and hand over the rest as it is."""
    copying = Copying()
    result = _copied(value, what, copying.copied)
    return _opened(value, result, copying)


def _trust(value: object, what: str) -> object:
    if not Moved.unspent:
        return value
    copying = Copying()
    result = _copied(value, what, copying.copied_leniently)
    return _opened(value, result, copying)


def _opened(value: object, result: object, copying: Copying) -> object:
    """Return the value as it is, unless something in it is moved."""
    if not copying.moved:
        return value
    _spend(copying.moved)
    return result


_POLICIES: Final[dict[str, Cross]] = {"copy": _copy, "check": _check, "trust": _trust}
