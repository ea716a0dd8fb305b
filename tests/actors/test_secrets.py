"""No secret comes out, wherever it stands and whichever way the report goes.

Each place where users' values reach a report, by each way out: the text of a record, its attributes, JSON, the
event dictionary of a processor, a trace on the terminal, and the errors that callers see.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
import structlog

from actors import ActorsError, GenServer, Pid, Stop, Task, debug, process
from actors.outcomes import NoReply
from supervisors import Supervisor
from tests.actors.gen_servers import Srv, heard
from tests.written import kept

CANARY = "hunter2-canary"

TOLD: list[str] = []
"""What the errors say that callers see."""


@dataclass
class Login:
    user: str
    password: str


class Printed:
    """Prints itself, with all it has."""

    def __repr__(self) -> str:
        return f"<Printed Authorization: Bearer {CANARY}>"


class Shows(Srv):
    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        return {**status, "state": {"secret": CANARY}}


class Starts(GenServer[object]):
    def init(self, password: str, fails: object = None) -> object:
        if fails is not None:
            raise ValueError(fails)
        return None

    def handle_cast(self, request: object, state: object) -> NoReply[object]:
        raise ValueError


def fails(_: object) -> object:
    raise ValueError


def attempt(act: Callable[[], object]) -> None:
    try:
        act()
    except ActorsError as error:
        TOLD.extend((str(error), repr(error)))


def crash(act: Callable[..., object] = fails, state: object = None, of: type[Srv] = Srv) -> None:
    server = of.start("s", state)
    debug.trace(server, True)
    GenServer.cast(server, act)
    attempt(lambda: GenServer.call(server, lambda *_: {"password": CANARY}))


def raising(error: BaseException, cause: BaseException | None = None) -> Callable[..., object]:
    def act(_: object) -> object:
        raise error from cause

    return act


def noted() -> BaseException:
    error = ValueError("x")
    error.add_note(f"token: {CANARY}")
    return error


def labelled() -> None:
    process.set_label({"auth": ("joe", CANARY)})
    raise ValueError


def asks(request: object) -> None:
    server = Srv.start("s")
    debug.trace(server, True)
    attempt(lambda: GenServer.call(server, request))


def supervised() -> None:
    process.trap_exit(True)
    start = (Starts.start_link, (), {"password": CANARY})
    top = Supervisor.start_link([{"id": ("token", CANARY), "start": start}])
    for each in Supervisor.which_children(top):
        assert isinstance(each.pid, Pid)
        GenServer.cast(each.pid, "x")
    process.sleep(0.1)


def refused() -> None:
    process.trap_exit(True)
    attempt(lambda: Starts.start_link(CANARY, {"password": CANARY}))
    attempt(
        lambda: Supervisor.start_link(
            [
                {
                    "id": 1,
                    "start": (
                        Starts.start_link,
                        (),
                        {"password": CANARY, "fails": f"pwd={CANARY}"},
                    ),
                }
            ]
        )
    )


PLACES: dict[str, Callable[[], object]] = {
    "state": lambda: crash(state={"password": CANARY}),
    "state of a class": lambda: crash(state=Login("joe", CANARY)),
    "state that prints itself": lambda: crash(state=Printed()),
    "state as it is shown": lambda: crash(of=Shows),
    "message": lambda: GenServer.cast(Srv.start("s"), {"cookie": CANARY}),
    "request": lambda: asks(("login", {"password": CANARY})),
    "unhandled message": lambda: process.send(GenServer.start(), {"api_key": CANARY}),
    "reason": lambda: crash(lambda _: Stop(("failed", {"private_key": CANARY}))),
    "arguments of an exception": lambda: crash(raising(ValueError({"pwd": CANARY}))),
    "text of an exception": lambda: crash(raising(ValueError(f"passphrase=a {CANARY}"))),
    "note of an exception": lambda: crash(raising(noted())),
    "cause of an exception": lambda: crash(
        raising(ValueError("x"), OSError(f"postgres://joe:{CANARY}@db"))
    ),
    "member of a group": lambda: crash(
        raising(ExceptionGroup("g", [ValueError(["token", CANARY])]))
    ),
    "label": lambda: process.spawn(labelled),
    "name": lambda: GenServer.cast(Srv.start("s", name=f"token={CANARY}"), 5),
    "arguments of a task": lambda: Task.start(fails, {"token": CANARY}),
    "child": supervised,
    "start": refused,
}


def as_text(act: Callable[[], None]) -> list[str]:
    with kept(logging.DEBUG) as handler:
        act()
    return handler.texts


def as_fields(act: Callable[[], None]) -> list[str]:
    with kept(logging.DEBUG) as handler:
        act()
    return handler.fields


def as_json(act: Callable[[], None]) -> list[str]:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    return as_text(act)


def as_events(act: Callable[[], None]) -> list[str]:
    with kept(logging.DEBUG), structlog.testing.capture_logs() as captured:
        act()
    return [repr(each) for each in captured]


@pytest.mark.parametrize("way", [as_text, as_fields, as_json, as_events])
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_comes_out(
    place: str,
    way: Callable[[Callable[[], None]], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def main() -> None:
        PLACES[place]()
        process.sleep(0.1)

    TOLD.clear()
    written = way(lambda: heard(main))
    out, err = capsys.readouterr()

    assert CANARY not in "\n".join([*written, *TOLD, out, err])
    assert any("[hidden]" in each for each in written)
