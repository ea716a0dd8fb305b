"""A kill reaches a process that computes and never waits, sent from another thread."""

from __future__ import annotations

import threading

import pytest

from actors import Down, GenServer, NoReply, Pid, cast, process, receive, run, spawn


def kill_from_another_thread(pid: Pid) -> None:
    thread = threading.Thread(target=process.send_exit, args=(pid, "kill"))
    thread.start()


class Spinner(GenServer[None]):
    terminated = False

    def init(self) -> None:
        return None

    @cast
    def spin(self, state: None) -> NoReply[None]:
        kill_from_another_thread(process.self())
        while True:
            pass

    def terminate(self, reason: object, state: None) -> None:
        type(self).terminated = True


@pytest.mark.parametrize("swallows", [False, True])
def test_a_body_that_spins_is_killed_where_it_stands(swallows: bool) -> None:
    def spin() -> None:
        kill_from_another_thread(process.self())
        tries = 0
        while True:
            try:
                while True:
                    pass
            except BaseException:
                tries += 1
                if not swallows or tries > 2:
                    raise

    def main() -> object:
        pid = spawn(spin)
        process.monitor(pid)
        down = receive(Down)
        assert isinstance(down, Down)
        return down.reason

    assert run(main, held=None) == "killed"


def test_a_server_that_spins_is_killed_without_its_terminate() -> None:
    def main() -> object:
        pid = Spinner.start()
        process.monitor(pid)
        Spinner.spin(pid)
        down = receive(Down)
        assert isinstance(down, Down)
        return down.reason

    assert run(main, held=None) == "killed"
    assert not Spinner.terminated
