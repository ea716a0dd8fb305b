"""Hosts, ports, URLs and names as users write them, checked before anything opens them.

What is accepted is narrow on purpose: all of it ends up in a URL or an SDP that FFmpeg reads, and
nothing a client writes may become an option there.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from urllib.parse import urlsplit

from examples.smelter.complaints import OptionRefused

__all__ = [
    "LOOPBACK",
    "check_host",
    "check_port",
    "check_url",
    "check_word",
    "free_port",
    "is_taken",
]

LOOPBACK = "127.0.0.1"
"""Where everything listens unless somebody says otherwise."""

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_LONGEST_URL = 2000


def check_word(field: str, value: object) -> str:
    """Return a name that can stand in a URL.

    Raises:
        OptionRefused: it is empty, long, or holds anything but letters, digits, `_`, `.` and `-`.
    """
    if not isinstance(value, str) or not _WORD.fullmatch(value) or value in {".", ".."}:
        raise OptionRefused(field, value, "1 to 64 letters, digits, '_', '.' or '-'")
    return value


def check_port(field: str, value: object) -> int:
    """Return a port somebody can listen on.

    Raises:
        OptionRefused: not a whole number from 1024 to 65535.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= 65535:
        raise OptionRefused(field, value, "a port from 1024 to 65535")
    return value


def check_host(field: str, value: object) -> str:
    """Return a numeric address.

    Raises:
        OptionRefused: anything else, host names included: those may change what they mean.
    """
    try:
        return (
            str(ipaddress.ip_address(value)) if isinstance(value, str) else _no_host(field, value)
        )
    except ValueError:
        return _no_host(field, value)


def _no_host(field: str, value: object) -> str:
    raise OptionRefused(field, value, "a numeric address such as 127.0.0.1")


def check_url(field: str, value: object, schemes: tuple[str, ...]) -> str:
    """Return a URL with one of the schemes, a host, and nothing that could be read as two.

    Raises:
        OptionRefused: it is something else.
    """
    accepted = f"a URL that begins with {' or '.join(f'{s}://' for s in schemes)}"
    if not isinstance(value, str) or len(value) > _LONGEST_URL or not value.isprintable():
        raise OptionRefused(field, value, accepted)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise OptionRefused(field, value, accepted) from None
    if parts.scheme not in schemes or not parts.hostname or port == 0 or " " in value:
        raise OptionRefused(field, value, accepted)
    return value


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return an even port of the loopback that nobody uses just now, with three free ones behind it.

    Somebody else may take it before it is used; then its user fails to start, and says so.
    """
    while True:
        with socket.socket(type=kind) as asked:
            asked.bind((LOOPBACK, 0))
            found: int = asked.getsockname()[1]
        even = min(found + found % 2, 65532)
        if all(_is_free(port, kind) for port in (even, even + 1, even + 2, even + 3)):
            return even


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    return not is_taken(LOOPBACK, port, kind)


def is_taken(host: str, port: int, kind: socket.SocketKind) -> bool:
    """Tell whether somebody uses a port of an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as one:
        try:
            one.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
