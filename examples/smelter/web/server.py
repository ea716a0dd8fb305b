"""The web server as a process: supervised, killed and started again like any other.

The process awaits uvicorn on the event loop beside the runtime; when it is killed or told to end,
uvicorn is cancelled and lets everybody go. The listening socket belongs to whoever started the tree and
is never closed meanwhile: between two servers, connections wait in its backlog instead of being
refused. What crosses to a new server is its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from actors import Pid, process
from actors.asyncio_bridge import await_
from examples.smelter.complaints import OptionRefused
from examples.smelter.web.api import Rules
from examples.smelter.web.app import application

__all__ = ["Door", "Tls", "open_door", "start_server"]

CLOSING = 2
"""Seconds that requests under way get at the end."""
_STEPS_IN = 4
"""Rounds of the loop after which whoever is accepted is a connection, and a closed one is gone."""


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


def start_server(door: Door, rules: Rules) -> Pid:
    """Start a server, linked to the caller; connections wait at the door until it serves."""
    return process.spawn_link(_serve, door, rules)


def _serve(door: Door, rules: Rules) -> None:
    """Serve; the body of a process. It awaits uvicorn, which ends with it in whatever way it ends."""
    await_(_uvicorn(door, rules))


async def _uvicorn(door: Door, rules: Rules) -> None:
    over = asyncio.Event()
    server = _Quiet(
        uvicorn.Config(
            application(rules),
            http=_let_go_when(over),
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
    )
    # A duplicate, because uvicorn closes what it was given.
    with socket.socket(fileno=socket.dup(door.handle)) as listening:
        try:
            await server.serve([listening])
        finally:
            # Cancelled: nobody new comes in, and whoever is connected is let go, before any half answer.
            over.set()
            if listening.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(listening)
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
            for task in tuple(server.server_state.tasks):
                task.cancel()
            # Whoever was just coming in is let go too. Asyncio would lose him if the door were closed before.
            for _ in range(_STEPS_IN):
                await asyncio.sleep(0)
            # One that was cancelled as it began has none yet.
            for each in getattr(server, "servers", ()):
                each.close()


def _let_go_when(over: asyncio.Event) -> type[asyncio.Protocol]:
    class LetsGo(H11Protocol):
        """Lets somebody go who was on the way in when the server ended, of whom uvicorn did not know yet."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if over.is_set():
                transport.abort()

    return LetsGo


class _Quiet(uvicorn.Server):
    """Leaves signals to the program, whose first process ends the trees in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
