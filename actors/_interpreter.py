"""A function in an interpreter of its own: a child of the operating system, which can be killed for real.

For code that a thread cannot be freed from: a wait in C, a library that crashes. The task itself is an ordinary
process, which waits here; a *keeper* on a thread of its own starts the child, hands it the work over
a pipe and waits for what comes back.

    task:   prepare -> pickled work -> waits for its keeper ---------------> result, or the exit
    keeper: starts the child --work--> the function runs --(kind, value)--> tells the task

A task that ends while its child works kills it (SIGKILL); a child whose parent is gone ends itself. What
crosses is pickled and so copied, both ways: nothing is shared. Both ends of the pipe are ours, and
nobody else has them; nothing is unpickled that came from anywhere else.

What it costs: starting one and having its answer takes as long as for a bare child of multiprocessing (0.99 of it,
measured), which is the start of Python and the import of the main module, some tenths of a second. A kill
is heard of as a `Down` after a fraction of a millisecond. `tests.bench` measures both: child, child_kill.

Source: https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods,
    https://www.erlang.org/doc/system/c_port.html for the idea: what may crash lives outside
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeAlias, final
from typing import cast as typed

from actors import process
from actors._coroutines import settled
from actors.errors import BadArgument
from actors.exits import SHUTDOWN, Crash, Exit, ExitsWith, Reason, Stack
from actors.messages import Down
from actors.pid import Pid

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["prepare", "run_apart"]

_Answer: TypeAlias = "tuple[str, object]"

_children: dict[int, _Child] = {}
"""Those that work; a keeper is told a number, since a child itself cannot be sent."""
_numbers = count(1)
_exiting = threading.Event()
"""Set when this interpreter exits."""


def prepare(fn: Callable[..., object], args: tuple[object, ...]) -> Callable[[], object]:
    """Return what does the work of a function in a child, in the process that calls it.

    Raises:
        BadArgument: The function or its arguments cannot be pickled, or this is a child that is still being
            made; nothing was started.
    """
    _check_main()
    try:
        work = pickle.dumps((fn, args), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        accepted = (
            f"a function of a module and plain values, for an interpreter of its own ({error})"
        )
        raise BadArgument("fn and its arguments", (fn, args), accepted) from error
    return partial(_work, work)


def _check_main() -> None:
    """Refuse a main module that starts a child of its own while a child imports it, and so on without end."""
    children = sys.modules.get("multiprocessing.process")
    if children is not None and getattr(children.current_process(), "_inheriting", False):
        accepted = (
            "work that is started below: if __name__ == '__main__':"
            " (each interpreter imports the main module first, and this one came to this line)"
        )
        raise BadArgument('host="process"', sys.argv[0], accepted)


def run_apart(fn: Callable[..., object], *args: object) -> object:
    """Run a function in a child and return what it returns; in a process, which waits."""
    return prepare(fn, args)()


def _work(work: bytes) -> object:
    """Have a child do the work, and return what it returns or fail as it fails."""
    number, child = next(_numbers), _Child()
    _children[number] = child
    try:
        _, ref = process.spawn_monitor(_keep, process.self(), number, work, host="thread")
        match process.receive(partial(_is_of, number, ref)):
            case (_, answer):
                process.demonitor(ref, flush=True)
                return _read(typed("_Answer", answer))
            case Down(reason=reason):
                raise Exit(reason)
    finally:
        child.kill()
        del _children[number]
    return None


def _is_of(number: int, ref: object, message: object) -> bool:
    if type(message) is Down:
        return message.ref is ref
    return type(message) is tuple and len(message) == 2 and message[0] == (_work, number)  # noqa: PLR2004 - a pair


def _read(answer: _Answer) -> object:
    match answer:
        case ("returned", bytes() as value):
            return pickle.loads(value)  # noqa: S301 - written by our own child, on a pipe of its own
        case ("raised", (bytes() as error, tuple() as entries)):
            reason: Reason = Crash(pickle.loads(error), Stack(entries))  # noqa: S301 - the same
        case ("exited", bytes() as told):
            reason = pickle.loads(told)  # noqa: S301 - the same
        case ("died", int() as code):
            reason = ("signal", -code) if code < 0 else ("exit_status", code)
        case _:
            reason = ("bad_answer", answer)
    raise Exit(reason)


# -- the keeper ------------------------------------------------------------------------------------


class _Process(Protocol):
    sentinel: int
    exitcode: int | None

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def join(self) -> None: ...
    def close(self) -> None: ...


@final
class _Child:
    """A child that can be killed at any time: before it starts, while it works, after its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._is_condemned = False

    def start(self, child: _Process) -> bool:
        with self._lock:
            if self._is_condemned or _exiting.is_set():
                return False
            child.start()
            self._process = child
            return True

    def kill(self) -> None:
        with self._lock:
            self._is_condemned = True
            if self._process is not None:
                self._process.kill()

    def bury(self) -> int:
        """Return the exit status of a child that has ended; negative for a signal."""
        with self._lock:
            child, self._process = self._process, None
            if child is None:
                return 0
            child.join()
            code = child.exitcode
            # At the interpreter's exit multiprocessing may have waited for it first, on another thread.
            with suppress(ValueError):
                child.close()
            return 0 if code is None else code


def _keep(boss: Pid, number: int, work: bytes) -> None:
    child = _children.get(number)
    if child is None:
        return
    multiprocessing = importlib.import_module("multiprocessing")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # Last of all, and so before multiprocessing's own: it would wait for a child that ignores SIGTERM, for ever.
    atexit.unregister(_kill_all)
    atexit.register(_kill_all)
    with ours:
        # Not to be told of Ctrl-C, and gone with this interpreter whatever happens.
        started = child.start(context.Process(target=_serve, args=(theirs,), daemon=True))
        theirs.close()
        if not started:
            return
        answer = _exchange(ours, work)
        code = child.bury()
    if answer is None:
        answer = ("exited", pickle.dumps(SHUTDOWN)) if _exiting.is_set() else ("died", code)
    process.send(boss, ((_work, number), answer))


def _kill_all() -> None:
    _exiting.set()
    for child in list(_children.values()):
        child.kill()


if hasattr(os, "register_at_fork"):
    # They are the parent's: a forked copy of it that exits must not kill them.
    os.register_at_fork(after_in_child=_children.clear)


def _exchange(ours: Connection, work: bytes) -> _Answer | None:
    """Hand the work over and wait for the answer; `None` if the child has died instead."""
    try:
        ours.send_bytes(work)
        return typed("_Answer", pickle.loads(ours.recv_bytes()))  # noqa: S301 - our own child's
    except (EOFError, OSError):
        return None
    finally:
        # The child ends when it is let go.
        ours.close()


# -- the child -------------------------------------------------------------------------------------


def _serve(theirs: Connection) -> NoReturn:
    """Do one piece of work; the child's only code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "register_at_fork"):
        # A child of this child must neither answer in its place nor hold the pipe open after its death.
        os.register_at_fork(after_in_child=theirs.close)
    me = os.getpid()
    work = theirs.recv_bytes()
    threading.Thread(target=_end_with_parent, args=(theirs,), daemon=True).start()
    answer = pickle.dumps(_answer(work), pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.getpid() != me:
        # The function has forked, and this is the copy: there is nobody it could tell.
        os._exit(0)
    theirs.send_bytes(answer)
    # No clean-up of other people's libraries: the result is out, and the parent waits for the end.
    os._exit(0)


def _end_with_parent(theirs: Connection) -> None:
    """End when the parent lets go of its end of the pipe, or is no more."""
    try:
        theirs.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _answer(work: bytes) -> _Answer:
    try:
        fn, args = pickle.loads(work)  # noqa: S301 - written by our own parent
        return "returned", pickle.dumps(settled(fn(*args)), pickle.HIGHEST_PROTOCOL)
    except (Exit, ExitsWith) as end:
        return "exited", _pickled(end.reason)
    except BaseException as error:  # noqa: BLE001 - whatever user code raises is the reason
        entries = Stack.of(error.__traceback__).entries
        return "raised", (_pickled(error.with_traceback(None)), entries)


def _pickled(value: object) -> bytes:
    try:
        whole = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        pickle.loads(whole)  # noqa: S301 - written in the line above
    except Exception:  # noqa: BLE001 - any value may refuse, in any way
        return pickle.dumps(RuntimeError(f"{type(value).__name__}: {value!r}"))
    return whole
