"""A pykka program, unmodified, under a supervisor: a frontend dies of one lost client and comes back.

The music server Mopidy is made of pykka actors. Its frontend tells every client what is played; when
the session of one client has gone, telling it raises `ActorDeadError` in the frontend, which dies of
it. Nobody is told, and all other clients wait for ever. Below are the two actors in small, as pykka's
users write them. They know nothing of this library; only who starts them does.

With Mopidy and Debian's GStreamer bindings installed, the real one is run in the same way:
``python3 -m examples.music_server --mopidy``

Source: https://github.com/mopidy/mopidy/issues/1750
"""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser

import pykka

from actors import Pid, process, receive, run, telemetry
from actors.latch import post_to
from actors.pykka_bridge import StableRef, child_spec
from examples import _mopidy
from supervisors import Supervisor

__all__ = ["Frontend", "Session", "comes_back", "is_gone", "main"]


# -- the program, as pykka's users write it --------------------------------------------------------


class Session(pykka.ThreadingActor):
    """One client's connection."""

    def __init__(self, client: Pid) -> None:
        super().__init__()
        self.client = client

    def on_receive(self, message: object) -> None:
        post_to(self.client, message)


class Frontend(pykka.ThreadingActor):
    """Tells every client what is played."""

    def __init__(self) -> None:
        super().__init__()
        self._sessions: list[pykka.ActorRef[Session]] = []

    def connect(self, client: Pid) -> pykka.ActorRef[Session]:
        session = Session.start(client)
        self._sessions.append(session)
        return session

    def on_event(self, event: str) -> None:
        for session in self._sessions:
            session.tell(event)  # raises ActorDeadError when the client has just gone

    def on_stop(self) -> None:
        self.hang_up()

    def on_failure(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        for session in self._sessions:
            session.stop()


# -- what happens to it ----------------------------------------------------------------------------


def lose_a_client(frontend: pykka.ActorRef[Frontend]) -> None:
    """Let a client come and go, and something happen that it would have been told of."""
    proxy = frontend.proxy()
    lost = proxy.connect(process.self()).get()
    proxy.on_event.defer("before")
    assert receive(timeout=5.0) == "before"
    lost.stop()
    proxy.on_event.defer("while it is gone")


def is_gone() -> bool:
    """Started as pykka has it, the frontend is gone for good."""
    frontend = Frontend.start()
    lose_a_client(frontend)
    frontend.actor_stopped.wait(5.0)
    try:
        frontend.proxy()
    except pykka.ActorDeadError as error:
        print(f"alone: {error}; all clients wait for ever")
        return True
    return False


def comes_back() -> bool:
    """Under a supervisor another one takes its place, and clients reconnect to it."""
    top = Supervisor.start_link([child_spec(Frontend, name="frontend")])
    frontend = StableRef("frontend")
    first = process.whereis("frontend")
    assert first is not None
    process.monitor(first)
    lose_a_client(frontend)
    down = receive(timeout=5.0)
    Supervisor.count_children(top)  # answers when it has dealt with the death
    print(f"supervised: it died of {getattr(down, 'reason', down)!r}")
    # The very reference from before, at the new frontend.
    frontend.proxy().connect(process.self()).get()
    frontend.proxy().on_event.defer("after")
    heard = receive(timeout=5.0)
    print(f"supervised: a client that came back heard {heard!r}")
    Supervisor.stop(top)
    return heard == "after"


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python3 -m examples music_server", description=__doc__)
    parser.add_argument("--mopidy", action="store_true", help="run the real Mopidy instead")
    given = parser.parse_args(argv)
    # What dies here is meant to: neither library need say so too.
    logging.getLogger("pykka").setLevel(logging.CRITICAL)
    telemetry.set_reporter(None)
    if given.mopidy:
        return _mopidy.play()
    run(is_gone)
    return 0 if run(comes_back) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
