"""The real Mopidy under a supervisor: its own actor classes, unmodified, and a frontend that dies and comes back.

Wants Mopidy 3 (`pip install mopidy`) and Debian's `python3-gi`, `gir1.2-gstreamer-1.0`,
`gir1.2-gst-plugins-base-1.0` and `gstreamer1.0-plugins-good`. A tone is played to nowhere, in real time.
"""

from __future__ import annotations

import array
import importlib
import math
import sys
import tempfile
import threading
import wave
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pykka
from pykka.messages import ProxyCall

from actors import Pid, process, receive, run
from actors.latch import post_to
from actors.pykka_bridge import StableRef, child_spec
from supervisors import Supervisor

__all__ = ["missing", "play"]

BINDINGS = Path("/usr/lib/python3/dist-packages")
"""Where Debian keeps them, for its own Python and every other of the same version."""

RATE = 44100


def missing() -> str | None:
    """Say what is not installed, loading nothing; `None` if the real one can be run."""
    if PathFinder.find_spec("mopidy") is None:
        return "Mopidy (pip install mopidy)"
    if PathFinder.find_spec("gi", [*sys.path, str(BINDINGS)]) is None:
        return "Debian's python3-gi, or the Python that it is for"
    if not any(Path("/usr/lib").glob("*/girepository-1.0/Gst-1.0.typelib")):
        return "Debian's gir1.2-gstreamer-1.0"
    return None


def load_bindings() -> None:
    """Let Debian's bindings be found, and start GStreamer as Mopidy's own command does."""
    if PathFinder.find_spec("gi") is None:
        sys.path.append(str(BINDINGS))
    importlib.import_module("gi").require_version("Gst", "1.0")
    importlib.import_module("gi.repository.Gst").init(None)


def tone(path: Path) -> None:
    """Write ten seconds of a quiet tone."""
    samples = array.array("h", (int(2000 * math.sin(n / 16)) for n in range(10 * RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def settings(music: Path) -> dict[str, dict[str, object]]:
    sink = {"mixer": "software", "mixer_volume": None, "output": "fakesink sync=true"}
    return {
        "audio": {**sink, "buffer_time": None},
        "core": {"max_tracklist_length": 100, "restore_state": False, "data_dir": str(music)},
        "file": {
            "excluded_file_extensions": [],
            "follow_symlinks": False,
            "media_dirs": [str(music)],
            "metadata_timeout": 1000,
            "show_dotfiles": False,
        },
        "proxy": {"hostname": None},
    }


def frontend_class() -> type[pykka.ThreadingActor]:
    """Return a frontend as Mopidy's are: it hears of everything, and tells its clients."""
    listener: type = importlib.import_module("mopidy.core").CoreListener

    class Frontend(pykka.ThreadingActor, listener):  # type: ignore[misc]
        def __init__(self, client: Pid) -> None:
            super().__init__()
            self.client = client
            self.lost: pykka.ActorRef[Any] | None = None

        def lose_a_client(self) -> None:
            self.lost = pykka.ThreadingActor.start()
            self.lost.stop()

        def on_event(self, event: str, **_: object) -> None:
            if self.lost is not None:
                self.lost.tell(event)  # ActorDeadError
            post_to(self.client, event)

    return Frontend


def start(top: Pid, name: str, actor_class: Any, *args: object) -> Any:  # noqa: ANN401 - a proxy has what its actor has
    """Start one of Mopidy's actors under the supervisor; the proxy stays good when it is started again."""
    Supervisor.start_child(top, child_spec(actor_class, *args, name=name))
    return StableRef(name).proxy()


def start_mopidy(top: Pid, music: Path) -> Any:  # noqa: ANN401 - the same
    """Start Mopidy's actors in the order in which they need each other, and return its core."""
    config = settings(music)
    parts = ("softwaremixer.mixer", "audio", "file.backend", "core")
    mixers, audios, backends, cores = (importlib.import_module(f"mopidy.{part}") for part in parts)
    mixer = start(top, "mixer", mixers.SoftwareMixer, config)
    audio = start(top, "audio", audios.Audio, config, mixer)
    backend = start(top, "backend", backends.FileBackend, config, audio)
    core = start(top, "core", cores.Core, config, mixer, [backend], audio)
    core.actor_ref.ask(ProxyCall(attr_path=("_setup",), args=(), kwargs={}))
    return core


def scene(music: Path) -> bool:
    """Play, let the frontend die of a lost client, and see what is played on."""
    tone(music / "tone.wav")
    top = Supervisor.start_link([], strategy="rest_for_one")
    core = start_mopidy(top, music)
    frontend = start(top, "frontend", frontend_class(), process.self())
    core.tracklist.add(uris=[(music / "tone.wav").as_uri()]).get()
    core.playback.play().get()
    heard(wanted="track_playback_started")
    first = process.whereis("frontend")
    assert first is not None
    ended = process.monitor(first)
    frontend.lose_a_client().get()
    core.playback.pause().get()
    down = receive(lambda message: getattr(message, "ref", None) is ended, 10.0)
    print(f"mopidy: the frontend died of {getattr(down, 'reason', down)!r}")
    Supervisor.count_children(top)  # answers when it has dealt with the death
    core.playback.resume().get()
    back = heard(wanted="track_playback_resumed")
    print(f"mopidy: the next one heard {back!r} at {core.playback.get_time_position().get()} ms")
    Supervisor.stop(top)
    return back == "track_playback_resumed"


def heard(wanted: str) -> object:
    """Wait for the frontend to tell of an event."""
    return receive(lambda message: message == wanted, 10.0)


def play() -> int:
    """Run it; return the exit code."""
    reason = missing()
    if reason is not None:
        print(f"not installed: {reason}", file=sys.stderr)
        return 2
    load_bindings()
    # GStreamer's messages come by GLib's own loop, which wants a thread; Mopidy's is the main one.
    glib = importlib.import_module("gi.repository.GLib").MainLoop()
    looping = threading.Thread(target=glib.run, daemon=True)
    looping.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return 0 if run(scene, Path(folder)) else 1
    finally:
        glib.quit()
        looping.join()
