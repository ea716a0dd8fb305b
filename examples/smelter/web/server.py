"""The web server as a process: supervised, killed and started again like any other.

uvicorn runs on a loop of its own beside the process and ends with it, also when the process is killed.
The listening socket belongs to whoever started the tree and is never closed meanwhile: between two
servers, connections wait in its backlog instead of being refused. What crosses to a new server is its
number.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn

from actors import GenServer, Message, process
from examples.smelter.complaints import OptionRefused
from examples.smelter.loops import Loop
from examples.smelter.web.api import Rules
from examples.smelter.web.app import application

__all__ = ["Door", "Server", "Tls", "open_door"]

START = 10.0
"""Seconds that uvicorn may take to come up."""

CLOSING = 2
"""Seconds that requests under way get at the end."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What is shown to those who connect by https."""

    certificate: Path
    """In PEM, with those that lead to it."""
    key: Path
    """In PEM."""

    def check(self) -> None:
        """See that they can be used.

        Raises:
            OptionRefused: they cannot.
        """
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:
            raise OptionRefused("certificate", self.certificate, f"one in PEM ({error})") from None


@dataclass(frozen=True, slots=True)
class Door:
    """What a server listens on."""

    host: str
    """The address, as a number."""
    port: int
    """The port that it is."""
    handle: int
    """The number of the open socket."""
    tls: Tls | None = None
    """None for http."""

    @property
    def url(self) -> str:
        """Where to look."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}/"


def open_door(host: str, port: int) -> socket.socket:
    """Bind and listen; the socket is the caller's to keep and to close.

    Args:
        host: an address of this machine, as a number.
        port: 0 for any that is free.

    Raises:
        OptionRefused: somebody else has it, or it is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        accepted = f"an address and a port that are free here ({error.strerror})"
        raise OptionRefused("address", f"{host}:{port}", accepted) from None


class Server(GenServer[None], host="thread", shutdown=6.0):
    """One server. It keeps its state on itself."""

    def init(self, door: Door, rules: Rules) -> None:
        """Begin to serve, and return when that is so."""
        process.trap_exit(True)
        config = uvicorn.Config(
            application(rules),
            http="h11",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            ws_max_size=1 << 16,
            timeout_graceful_shutdown=CLOSING,
            ssl_certfile=None if door.tls is None else str(door.tls.certificate),
            ssl_keyfile=None if door.tls is None else str(door.tls.key),
        )
        self.server = _Quiet(config)
        ending = partial(_end, self.server)
        self.loop = Loop(process.self(), "smelter web", ending)
        self.ended = self.loop.start(_serve(self.server, door.handle))
        me = process.self()
        self.ended.add_done_callback(lambda _: process.send(me, "served"))
        self._wait_until_it_serves()

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + START
        while not self.server.started:
            if self.ended.done() or time.monotonic() > deadline:
                self.loop.close()
                raise RuntimeError("the web server did not come up") from self._failure()
            time.sleep(0.01)

    def _failure(self) -> BaseException | None:
        return self.ended.exception(0) if self.ended.done() else None

    def handle_info(self, message: Message, state: None) -> None:
        """End with the server if that ends by itself."""
        if message == "served":
            raise RuntimeError("the web server has ended") from self._failure()

    def terminate(self, reason: object, state: None) -> None:
        """Let requests under way come to an end."""
        self.server.should_exit = True
        self.loop.close()


class _Quiet(uvicorn.Server):
    """Leaves signals to the program, whose first process ends the trees in order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.over = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(server: _Quiet, handle: int) -> None:
    # A duplicate, because uvicorn closes what it was given.
    with socket.socket(fileno=socket.dup(handle)) as listening:
        try:
            await server.serve([listening])
        finally:
            server.over.set()


async def _end(server: _Quiet) -> None:
    """Let requests under way end, within limits; whoever still looks at pictures is let go."""
    server.should_exit = True
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.over.wait(), CLOSING + 1)
