from __future__ import annotations

import re

import pytest

from actors import run
from actors.testing import SeededChoice, VirtualClock
from examples import ping_pong

NO_PID = re.compile(r"#PID<[\d.]+>")


def play(capsys: pytest.CaptureFixture[str], rounds: int, seed: int) -> list[str]:
    run(ping_pong.ping, rounds, clock=VirtualClock(), choice=SeededChoice(seed))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("seed", range(5))
def test_the_players_take_turns_and_the_end_is_heard_of(
    capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    lines = [NO_PID.sub("PID", line) for line in play(capsys, 2, seed)]

    assert lines == [
        "PID says: ping 1",
        "PID says: pong 1",
        "PID says: ping 2",
        "PID says: pong 2",
        "PID says: PID is down, the reason is 'normal'",
    ]


def test_the_one_who_is_down_is_the_other_player(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [NO_PID.findall(line) for line in play(capsys, 1, 0)]

    assert lines == [[ping := lines[0][0]], [pong := lines[1][0]], [ping, pong]]
    assert ping != pong
