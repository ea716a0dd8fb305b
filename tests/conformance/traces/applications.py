"""Applications: the order of starts and stops, one that fails, needs that are not there any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from actors.agent import Agent
from actors.errors import StartError
from actors.pid import Pid
from supervisors import Application, Supervisor
from supervisors.application import ApplicationError, ensure_all_started, stop
from tests.conformance.support import ok, out, show_flush, tell


class Told(Application):
    """An application that tells what happens to it."""

    mode: ClassVar[str] = "ok"

    def start(self) -> Pid:
        tell(("start", (self.name, self.mode)))
        if self.mode == "fail":
            raise StartError("no")
        top = Supervisor.start_link([Agent.child_spec(lambda: 1)])
        assert top is not None
        return top

    def prep_stop(self) -> None:
        tell(("prep_stop", self.name))

    def stop(self) -> None:
        tell(("stop", self.name))


class Base(Told, name="base"):
    pass


class Mid(Told, name="mid", needs=(Base,)):
    pass


class Other(Told, name="other", needs=(Base,)):
    pass


class Top(Told, name="top", needs=(Mid, Other)):
    pass


class Bad(Told, name="bad", needs=(Mid,)):
    mode = "fail"


def main() -> None:
    out("all", begun(Top))
    show_flush("said")
    out("again", begun(Top))
    out("stop a middle one", ended(Mid))
    show_flush("said")
    out("bad", begun(Bad))
    show_flush("said")
    out("stop twice", (ended(Base), ended(Base)))
    show_flush("said")


def begun(application: type[Application]) -> object:
    return result(lambda: ("ok", ensure_all_started(application)))


def ended(application: type[Application]) -> object:
    return result(lambda: ok(stop, application))


def result(function: Callable[[], object]) -> object:
    try:
        return function()
    except ApplicationError as error:
        if error.reason == "not_started":
            return ("error", (error.reason, error.name))
        return ("error", error.name, error.reason)
