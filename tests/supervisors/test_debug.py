from __future__ import annotations

from actors import debug, process
from actors.gen_server import GenServer
from actors.pid import Pid
from supervisors import Supervisor
from tests.actors.schedules import heard, played
from tests.watching import Seen


class Kid(GenServer[None]):
    pass


def test_a_suspended_supervisor_restarts_nobody_until_it_is_resumed() -> None:
    def main() -> None:
        top = Supervisor.start_link([Kid.child_spec(name="kid")])
        first = process.whereis("kid")
        assert first is not None
        debug.suspend(top)
        process.send_exit(first, "kill")
        heard()
        assert process.whereis("kid") is None
        assert debug.get_status(top).mode == "suspended"
        debug.resume(top)
        heard()
        assert process.whereis("kid") not in {None, first}

    played(main)


def test_a_suspended_supervisor_ends_with_its_parent_and_takes_its_children_along() -> None:
    def main() -> object:
        tops: list[Pid] = Seen()

        def parent() -> None:
            tops.append(Supervisor.start_link([Kid.child_spec(name="kid")]))
            process.receive()

        above = process.spawn(parent)
        heard()
        debug.suspend(tops[0])
        process.send_exit(above, "shutdown")
        heard()
        return process.is_alive(tops[0]), process.whereis("kid")

    assert played(main) == (False, None)
