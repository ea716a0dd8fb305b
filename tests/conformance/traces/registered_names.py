"""Names: one name a process, one process a name, and the errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from actors import process
from actors.errors import BadArgument
from actors.pid import Pid
from actors.process import monitor, register, send, send_exit, unregister, whereis
from tests.conformance.support import await_down, kill, out, proc, show_flush, true


def main() -> None:
    a = proc("a")
    b = proc("b")
    dead = proc("dead")
    kill(dead)

    out("register", told(lambda: true(register, a, "one")))
    out("whereis", whereis("one"))
    out("same name, other pid", told(lambda: register(b, "one")))
    out("same name, same pid", told(lambda: register(a, "one")))
    out("second name, same pid", told(lambda: register(a, "two")))
    out("dead pid", told(lambda: register(dead, "three")))
    out("name nil", told(lambda: register(b, cast("str", None))))
    out("name undefined", told(lambda: register(b, "undefined")))
    out("name true", told(lambda: register(b, cast("str", True))))
    out("unregister unknown", told(lambda: unregister("unknown")))
    out("whereis unknown", whereis("unknown"))
    out("send to unknown name", told(lambda: send("unknown", "hi")))
    out("info", name_of(a))
    out("info of a nameless one", name_of(b))
    out("unregister", told(lambda: true(unregister, "one")))
    out("whereis after unregister", whereis("one"))
    out("register again", told(lambda: true(register, b, "one")))
    out("send by name", told(lambda: send("one", "hi")))
    show_flush("arrived")
    ref = monitor(b)
    send_exit(b, "boom")
    out("b down", await_down(ref))
    out("name freed on exit", whereis("one"))
    out("info of a dead one", name_of(b))
    out("name can be taken", told(lambda: true(register, a, "one")))


def told(function: Callable[[], object]) -> object:
    """Return the value of a function, or what its error is called in Elixir."""
    try:
        return function()
    except BadArgument as error:
        # Elixir refuses what is no name in the head of the function, and the rest inside.
        if error.what == "name" and error.got in {None, True, "undefined"}:
            return ("error", "function_clause")
        return "argument_error"


def name_of(pid: Pid) -> object:
    info = process.info(pid)
    return None if info is None else ("registered_name", info.registered_name or [])
