"""A frontend dies of one lost client: alone for good, under a supervisor for a moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pykka
import pytest

from actors import run
from examples import _mopidy, music_server
from examples.music_server import Frontend, Session
from tests.actors.pykka_bridge.players import quiet

ROOT = Path(__file__).resolve().parents[2]


def test_alone_it_is_gone_for_good() -> None:
    with quiet():
        assert run(music_server.is_gone) is True


def test_under_a_supervisor_the_same_class_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet():
        assert run(music_server.comes_back) is True

    assert "ActorDeadError" in capsys.readouterr().out
    for kind in (Frontend, Session):
        assert not pykka.ActorRegistry.get_by_class(kind)


def test_the_actors_know_nothing_of_this_library() -> None:
    assert Frontend.__bases__ == Session.__bases__ == (pykka.ThreadingActor,)


def test_the_real_mopidys_frontend_comes_back_while_its_music_plays_on() -> None:
    reason = _mopidy.missing()
    if reason is not None:
        pytest.skip(f"not installed: {reason}")

    # In an interpreter of its own: GStreamer has threads that outlive the test.
    command = [sys.executable, "-m", "examples.music_server", "--mopidy"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "died of Crash(ActorDeadError" in done.stdout
    assert "the next one heard 'track_playback_resumed'" in done.stdout
