"""A server on TCP with a process for each connection; when one crashes, nobody else notices.

    Supervisor (rest_for_one)
    ├── store        an Agent: what was set
    ├── connections  a TaskSupervisor: a process for each client
    └── door         accepts clients, and hands each its socket over

A client says ``SET key value``, ``GET key`` or ``ADD key number``, and gets one line back. There is a bug:
nobody checks what ``ADD`` is given. It costs whoever asks for it the connection, and nobody anything else.

Code that waits for a socket blocks, so these processes have threads of their own: ``host="thread"``.
The clients are real ones; with ``--serve PORT`` yours can be one: ``nc localhost PORT``.
"""

from __future__ import annotations

import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator

from actors import (
    Agent,
    Crash,
    Down,
    GenServer,
    Moved,
    Pid,
    Reply,
    Task,
    call,
    process,
    receive,
    run,
    send,
    telemetry,
)
from supervisors import Supervisor, TaskSupervisor

LAST_PORT = 65_535
LISTENING = 0.1
"""Seconds after which a process that listens to a socket looks whether it shall end."""


class Store(Agent[dict[str, str]]):
    """What was set. It outlives all connections."""


def put(store: dict[str, str], key: str, value: str) -> dict[str, str]:
    return {**store, key: value}


def add(store: dict[str, str], key: str, number: int) -> tuple[str, dict[str, str]]:
    total = str(int(store.get(key, "0")) + number)
    return total, {**store, key: total}


def answer(line: str) -> str:
    """Do what one line asks for."""
    match line.split():
        case ["SET", key, value]:
            Store.update("store", put, key, value)
            return "ok"
        case ["GET", key]:
            return Store.get("store", dict.get, key) or "nothing"
        case ["ADD", key, number]:
            return Store.get_and_update("store", add, key, int(number))  # here is the bug
    return "SET key value, GET key or ADD key number, please"


# -- the processes ---------------------------------------------------------------------------------


def connection() -> None:
    """Serve one client, until it goes."""
    conn = receive(socket.socket)
    with conn:  # also closed by a crash, so that the client knows
        for line in lines(conn):
            conn.sendall(f"{answer(line)}\n".encode())


def lines(conn: socket.socket) -> Iterator[str]:
    conn.settimeout(LISTENING)
    rest = b""
    while True:
        process.sleep(0)  # where an order to end takes effect
        try:
            received = conn.recv(4096)
        except TimeoutError:
            continue
        if not received:
            return
        *whole, rest = (rest + received).split(b"\n")
        yield from (line.decode() for line in whole)


def door(boss: Pid, port: int) -> None:
    with socket.create_server(("localhost", port)) as listener:
        listener.settimeout(LISTENING)
        send(boss, ("open", listener.getsockname()[1]))
        while True:
            process.sleep(0)
            try:
                conn, _ = listener.accept()
            except TimeoutError:
                continue
            pid = TaskSupervisor.start_child("connections", connection, host="thread")
            send(pid, Moved(conn))  # a socket cannot be copied: it is handed over, and gone here


def start(port: int = 0) -> int:
    """Start the tree; return the port, which the system chooses for 0."""
    start_door = (Task.start_link, (door, process.self(), port), {"host": "thread"})
    children = [
        Store.child_spec(dict, name="store"),
        TaskSupervisor.child_spec(name="connections"),
        {"id": "door", "start": start_door, "restart": "permanent"},
    ]
    Supervisor.start_link(children, strategy="rest_for_one")
    match receive():
        case ("open", int(port)):
            return port
    raise AssertionError("the door says nothing else")


# -- clients ---------------------------------------------------------------------------------------


class Client(GenServer[socket.socket], host="thread"):
    """A client with a connection of its own."""

    def init(self, port: int) -> socket.socket:
        return socket.create_connection(("localhost", port), timeout=5.0)

    @call
    def says(self, conn: socket.socket, line: str) -> Reply[str, socket.socket]:
        conn.sendall(f"{line}\n".encode())
        heard = conn.recv(4096)
        return Reply(heard.decode().strip() if heard else "the connection was closed")

    def terminate(self, reason: object, conn: socket.socket) -> None:
        conn.close()


def say(name: str, line: str) -> None:
    print(f"{name}: {line:<14}{Client.says(name, line)}")


def conversation() -> None:
    """Let one client run into the bug while another is served."""
    port = start()
    Client.start_link(port, name="ann")
    Client.start_link(port, name="bob")
    say("ann", "SET tea 2")
    say("bob", "ADD tea 3")
    for pid in TaskSupervisor.children("connections"):
        process.monitor(pid)
    say("bob", "ADD tea some")
    match receive():
        case Down(reason=Crash(exception=error)):
            print(f"     bob's process died of {error!r}")
    say("ann", "GET tea")
    print(f"     connections that live: {len(TaskSupervisor.children('connections'))}")
    for name in ("ann", "bob"):
        GenServer.stop(name)


def serve(port: int) -> None:
    print(f"listening on port {start(port)}; Ctrl-C ends", flush=True)
    process.sleep(None)


def free_port(text: str) -> int:
    """Return a port that can be listened to now; better said here than by a supervisor that gives up."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise ArgumentTypeError(f"accepted is a port from 0 to {LAST_PORT}, got {text!r}")
    try:
        with socket.create_server(("localhost", int(text))):
            return int(text)
    except OSError as error:
        raise ArgumentTypeError(str(error)) from error


def main(argv: list[str]) -> int:
    options = ArgumentParser("key_value")
    options.add_argument("--serve", type=free_port, metavar="PORT", help="serve until Ctrl-C")
    port = options.parse_args(argv).serve
    if port is None:
        telemetry.set_reporter(None)  # the log would tell of the crash; here we do
        run(conversation)
    else:
        run(serve, port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
