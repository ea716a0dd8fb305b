"""Runs in an interpreter of its own, where `tests` are pykka's: adds a runtime to its fixture, then
runs its tests.

pykka's tests ask a fixture, `runtime`, for the classes to test, and its `conftest.py` fills that from a
table with one row. A second row is added here as the file is taken in by pytest; nothing on disk is
changed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


class AddsRuntime:
    """The plugin."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_plugin_registered(self, plugin: object) -> None:
        if not (isinstance(plugin, ModuleType) and hasattr(plugin, "RUNTIMES")):
            return
        from actors import process
        from actors.pykka_bridge import Event, ProcessActor, ProcessFuture

        rows = plugin.RUNTIMES
        rows["process"] = pytest.param(
            plugin.Runtime(
                name="process",
                actor_class=ProcessActor,
                event_class=Event,
                future_class=ProcessFuture,
                sleep_func=process.sleep,
            ),
            id="process",
        )

        @pytest.fixture(scope="session", params=list(rows.values()))
        def runtime(request: pytest.FixtureRequest) -> object:
            return request.param

        vars(plugin)["runtime"] = runtime

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        # Some of its fixtures only ask their actors to stop, and some of its tests count all there are.
        from pykka import ActorRegistry

        ActorRegistry.stop_all()


def main(folder: str, arguments: list[str]) -> int:
    checkout = Path(folder).resolve()
    # Its `tests` before ours, and its pykka before the one that is installed.
    sys.path[:0] = [str(checkout / "src"), str(checkout), str(ROOT)]
    import pykka

    print(f"pykka {Path(pykka.__file__).parent}", flush=True)
    # Without the configuration of the folders above: our rules are not theirs.
    options = [f"--rootdir={checkout}", f"--config-file={os.devnull}"]
    for plugin in ("cacheprovider", "randomly"):
        options += ["-p", f"no:{plugin}"]
    everything = [str(checkout / "tests"), *options, *arguments]
    return int(pytest.main(everything, plugins=[AddsRuntime()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
