"""``python3 -m examples smelter --serve``: a pipeline to be used over HTTP, and a page to look at it.

    smelter         one_for_one
    ├─ pipeline     see `tree`; here it can be killed as well, and comes back
    ├─ watch        what happened to whom
    └─ web          the server

It listens on the loopback unless another address is asked for, and then it asks everybody for a token
and speaks https. Whoever may use the pipeline may have it read and write files as the one who started
it; on the loopback that is every user of this machine, unless they too are asked for a token, by
`--token-file`. The first process ends everything in order on Ctrl-C and on SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import stat
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from actors import CallFailed, Exited, StartError, process, run, telemetry
from examples._setup import clips
from examples.smelter import snapshot, tree
from examples.smelter.complaints import MediaError, OptionRefused, SnapshotRefused
from examples.smelter.encode import check_rate, check_size
from examples.smelter.keeper import WORDS
from examples.smelter.media import FileSupply, probe
from examples.smelter.offsets import Framerate, FromStart
from examples.smelter.protocols.addresses import LOOPBACK, check_host
from examples.smelter.requests import InputPlan, InputSpec, OutputPlan, Settings
from examples.smelter.web import bodies
from examples.smelter.web.api import PIPELINE, Rules
from examples.smelter.web.gate import Gate
from examples.smelter.web.scenes import written
from examples.smelter.web.server import Door, Tls, open_door, start_server
from examples.smelter.web.terminal import Terminal
from examples.smelter.web.watch import WATCH, Watch
from supervisors import ChildLike, ChildSpec, Supervisor

__all__ = ["Asked", "look_at", "main", "parse", "serve"]

ROOT = "smelter"
"""The name of the supervisor of everything."""

PREVIEW = "preview"
"""The output that is looked at."""

SIZE = "640x360"
"""Of the preview."""

HELD = 2.0
"""Seconds that somebody may hold up everybody until it is said."""

PORT = 8081
"""Where clients of such compositors look for one."""

SHORTEST_TOKEN = 32
"""Characters; 32 of hexadecimal are 128 bits."""

CLOSING = 5.0
"""Seconds that the server gets to end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked command line."""

    inputs: tuple[InputPlan, ...]
    """What is composed from the beginning."""
    size: tuple[int, int]
    """Of the preview."""
    settings: Settings
    """Of the pipeline."""
    host: str
    """Where to listen."""
    port: int
    """0 for any."""
    token: str | None = field(repr=False)
    """What everybody has to show."""
    tls: Tls | None
    """What is shown to them."""
    said: tuple[str, ...]
    """What it says of the pipeline; of no account if the state of an earlier run is gone on with."""
    may_kill: bool
    """Whether the page has buttons that kill."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, like every other refusal; `--help` says the rest.
        raise OptionRefused("command line", message, "see --serve --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python3 -m examples smelter --serve",
        description="A live compositor over HTTP, and a page to look at it and to kill its parts.",
        epilog="Routes, bodies, events and errors of the HTTP API: examples/smelter/API.md",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="*", help="media files, or test: (test:NAME) for generated pictures")
    add("--serve", action="store_true", help="this")
    add("--size", help=f"of the preview, even numbers ({SIZE})")
    add("--rate", default="30", help="pictures in a second (30)")
    add("--port", type=int, default=PORT, help=f"0 for any that is free ({PORT})")
    add(
        "--host",
        default=LOOPBACK,
        help=f"numeric address to listen on ({LOOPBACK}); another one than the loopback needs"
        " --token-file, and --tls-certificate and --tls-key or else --insecure-http",
    )
    add(
        "--token-file",
        help="a file, readable by you alone, with what clients have to show as a bearer token:"
        f" {SHORTEST_TOKEN} or more letters, digits, - or _ (openssl rand -hex 32 > FILE); a browser"
        " is led to /login, which asks for it. Without it, every user of this machine may use the"
        " server",
    )
    add("--tls-certificate", help="PEM file; with --tls-key, clients connect by https")
    add("--tls-key", help="PEM file")
    add(
        "--insecure-http",
        action="store_true",
        help="another address than the loopback by http: whoever is on the way can read the token",
    )
    add(
        "--state",
        help="a file that keeps what clients ask for; if it is there, it is gone on with in place of"
        " INPUTs and --size, its clock begins at 0, and what was scheduled is forgotten",
    )
    add("--read-only", action="store_true", help="no buttons that kill (always so elsewhere)")
    return parser


def parse(argv: Sequence[str]) -> Asked:
    """Read and check a command line; opens each input.

    Raises:
        MediaError: Something was refused; `str()` of it is one line.
    """
    given = _parser().parse_args(argv)
    if not 0 <= given.port <= 65535:
        raise OptionRefused("port", given.port, "a number from 0 to 65535")
    host = check_host("host", given.host)
    rate = check_rate(given.rate)
    tls = _tls(given.tls_certificate, given.tls_key)
    token = None if given.token_file is None else _token(given.token_file)
    is_local = ip_address(host).is_loopback
    if not is_local and (token is None or (tls is None and not given.insecure_http)):
        needed = "--token-file, and --tls-certificate and --tls-key (or --insecure-http)"
        raise OptionRefused("host", host, f"{LOOPBACK}, or with {needed}")
    names = given.inputs or [str(path) for path in clips()] or ["test:left", "test:right"]
    settings = Settings(
        Framerate(rate.numerator, rate.denominator),
        starts_by_itself=True,
        snapshot=None if given.state is None else _state(given.state),
    )
    return Asked(
        tuple(_input(f"input_{n}", name) for n, name in enumerate(names, 1)),
        check_size(given.size or SIZE),
        settings,
        host,
        given.port,
        token,
        tls,
        (*given.inputs, *(["--size"] if given.size else [])),
        is_local and not given.read_only,
    )


def _input(id: str, name: str) -> InputPlan:
    supply = FileSupply(probe(name))
    return InputPlan(id, InputSpec(supply, offset=FromStart(0), title=f"{id} {supply.title}"))


def _tls(certificate: str | None, key: str | None) -> Tls | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise OptionRefused("tls", "one of both", "--tls-certificate and --tls-key together")
    found = Tls(Path(certificate), Path(key))
    found.check()
    return found


def _state(name: str) -> Path:
    path = Path(name).absolute()
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise OptionRefused("state", name, "a file in a folder that can be written")
    return path


def _token(name: str) -> str:
    try:
        path = Path(name)
        mode = path.stat().st_mode
        token = path.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise OptionRefused("token-file", name, f"a text file that can be read ({error})") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise OptionRefused("token-file", name, "readable by you alone: chmod 600")
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},200}}", token):
        accepted = f"{SHORTEST_TOKEN} or more letters, digits, - or _: openssl rand -hex 32"
        raise OptionRefused("token-file", name, accepted)
    return token


# -- the program -----------------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    """Run the command.

    Returns:
        0 after an orderly end; 1 when the tree gave up; 2 when it was refused, before anything
        started; 130 after Ctrl-C.
    """
    with ExitStack() as kept:
        try:
            asked = parse(argv)
            if asked.settings.snapshot is not None:
                kept.callback(os.close, snapshot.lock(asked.settings.snapshot))
            door = kept.enter_context(open_door(asked.host, asked.port))
        except MediaError as refused:
            print(refused, file=sys.stderr)
            return 2
        if asked.settings.snapshot is not None:
            look_at(asked.settings.snapshot, asked.said)
        terminal = Terminal(sys.stderr)
        kept.callback(terminal.close)
        kept.callback(telemetry.set_reporter, telemetry.set_reporter(terminal))
        try:
            return run(serve, asked, door.fileno(), _port_of(door), held=HELD) or 0
        except KeyboardInterrupt:
            return 130


def look_at(state: Path, said: tuple[str, ...]) -> None:
    """Say what becomes of what an earlier run left, if that may surprise."""
    try:
        found = snapshot.read(state)
    except SnapshotRefused as refused:
        kept = snapshot.aside(state)
        print(f"{refused}; starting without, and keeping it as {kept}", file=sys.stderr)
        return
    if found is not None and said:
        of_no_use = " ".join(said)
        print(f"state {state}: it goes on, and {of_no_use} does not count", file=sys.stderr)


def _port_of(door: socket.socket) -> int:
    port: int = door.getsockname()[1]
    return port


def serve(asked: Asked, handle: int, port: int) -> int:
    """Start everything and watch over it; the body of the first process."""
    process.trap_exit(True)
    door = Door(asked.host, port, handle, asked.tls)
    try:
        top = Supervisor.start_link(_children(asked, door), name=ROOT, max_restarts=20)
    except StartError as failed:
        print(f"smelter: did not start: {failed.reason}", file=sys.stderr)
        return 1
    asks = "" if asked.token is None else "it asks for the token; "
    print(f"smelter: look at {door.url}  ({asks}Ctrl-C ends it)", flush=True)
    while True:
        match process.receive():
            case Exited(pid=pid) if pid is top:
                print("smelter: the tree has given up", file=sys.stderr)
                return 1
            case Exited(pid=pid) if pid is process.self():
                break
            case _:
                continue
    try:
        Supervisor.stop(top)
    except CallFailed:
        return 1
    return 0


def _children(asked: Asked, door: Door) -> list[ChildLike]:
    root = _scene(asked)
    found = bodies.output_of(_preview(asked, root), asked.settings)
    desired: dict[tuple[str, str], object] = {("input", one.id): one for one in asked.inputs}
    desired["output", PREVIEW] = OutputPlan(PREVIEW, found.spec)
    desired[WORDS, PREVIEW] = written(root)
    return [
        Watch.child_spec(id="watch", name=WATCH),
        ChildSpec(
            PIPELINE,
            (tree.start, (asked.settings, desired)),
            restart="permanent",
            type="supervisor",
            shutdown=None,
        ),
        ChildSpec("web", (start_server, (door, _rules(asked, door))), shutdown=CLOSING),
    ]


def _scene(asked: Asked) -> dict[str, object]:
    streams = [{"type": "input_stream", "input_id": one.id} for one in asked.inputs]
    tiles = {
        "type": "tiles",
        "margin": 8,
        "background_color": "#202838",
        "children": [
            {"type": "rescaler", "mode": "fill", "border_radius": 10, "child": stream}
            for stream in streams
        ],
    }
    words = {
        "type": "text",
        "text": "LIVE",
        "font_size": max(12, asked.size[1] // 16),
        "color": "#FFFFFF",
        "background_color": "#C02040",
    }
    corner = {"type": "view", "top": 14, "left": 14, "width": 80, "height": 30, "children": [words]}
    return {"type": "view", "children": [tiles, corner]}


def _preview(asked: Asked, root: object) -> dict[str, object]:
    resolution = {"width": asked.size[0], "height": asked.size[1]}
    heard = [{"input_id": one.id} for one in asked.inputs if one.spec.supply.audio]
    return {
        "type": "preview",
        "video": {"resolution": resolution, "initial": {"root": root}},
        "audio": {"initial": {"inputs": heard}, "mixing_strategy": "sum_scale"},
    }


def _rules(asked: Asked, door: Door) -> Rules:
    names = {door.host, f"[{door.host}]"}
    if ip_address(door.host).is_loopback:
        names |= {"localhost", LOOPBACK, "[::1]"}
    hosts = frozenset(f"{name}:{door.port}" for name in names)
    gate = Gate(hosts, asked.token, asked.tls is not None)
    listen = tuple(dict.fromkeys((*bodies.LOCAL, door.host)))
    return Rules(gate, asked.settings, ROOT, PREVIEW, listen, asked.may_kill)
