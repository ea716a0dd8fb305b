"""Calls in two halves: send a request now, take its answer later, among others or from one's mail.

    send_request -> (CALL, (caller, ref), request) -> the server replies -> (REPLY, ref, value)
                                                      or ends            -> Down(ref, …)

The reference of a request is a monitor and an alias: it ends with the first answer, and a request
that is given up can be answered no more. A failure is a value here, `Failed`, and never an exit.

Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#send_request/2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from actors import _behaviour, naming, process
from actors._envelopes import CALL, REPLY
from actors.errors import BadArgument
from actors.exits import NOPROC, Reason
from actors.messages import Down, Message, TimedOut
from actors.naming import Address, Via
from actors.pid import LOCAL_NODE, Pid, Ref

__all__ = [
    "Answered",
    "Failed",
    "Labelled",
    "RequestId",
    "Requests",
    "Response",
    "abcast",
    "check_response",
    "multi_call",
    "receive_response",
    "send_for",
    "send_request",
    "wait_response",
]


@dataclass(frozen=True, slots=True)
class Answered:
    """The server has replied."""

    value: object
    """What it replied."""


@dataclass(frozen=True, slots=True)
class Failed:
    """There will be no reply: the server is not there, or has ended."""

    reason: Reason
    """Why: `"noproc"`, or the exit reason of the server."""
    server: object
    """Who was asked, as the caller wrote it."""


Response: TypeAlias = Answered | Failed
"""How a request ended."""


@dataclass(frozen=True, slots=True)
class RequestId:
    """One request under way. It belongs to the process that sent it."""

    ref: Ref
    """What its answer is told by."""
    server: object
    """Who was asked, as the caller wrote it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The end of one request of a collection."""

    response: Response
    """How it ended."""
    label: object
    """What the caller calls it."""


def send_request(server: Address, request: Message) -> RequestId:
    """Send a request to a server and do not wait. Runs in the caller; a dead server is no error.

    Args:
        server: A pid, a name or a `Via`; if nobody is there, the answer will be `Failed`.
        request: What its `handle_call` gets.

    Returns:
        What to give to `receive_response`, `wait_response` or `check_response`.

    Raises:
        BadArgument: The address is not accepted.

    Example:
        >>> from actors import GenServer, Reply, run
        >>> class Echo(GenServer[None]):
        ...     def handle_call(self, request, caller, state):
        ...         return Reply(request)
        >>> def main():
        ...     first, second = (send_request(Echo.start_link(), n) for n in (1, 2))
        ...     return receive_response(second), receive_response(first)
        >>> run(main)
        (Answered(value=2), Answered(value=1))

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#send_request/2
    """
    sent = process.crossed(request, "request")
    target = naming.whereis(server) if isinstance(server, Via) else server
    if target is None:
        ref = Ref()
        process.send(process.self(), Down(ref, (str(server), "via"), NOPROC))
        return RequestId(ref, server)
    pid = naming.whereis(target)
    ref = process.monitor(target if pid is None or isinstance(target, str) else pid, alias=_ALIAS)
    if pid is not None:
        process.deliver(pid, (CALL, (process.self(), ref), sent))
    return RequestId(ref, server)


def send_for(take: Callable[[Response], object], doing: str, server: Pid, request: Message) -> None:
    """Send a request, whose answer a process of its own awaits: for bridges to other people's futures.

    Runs in the caller. Does not wait: it is sent when this returns, in order with what else the caller sends.

    Args:
        take: Told the answer, in that process.
        doing: The initial call of that process, for people to read.
        server: A pid.
        request: What its `handle_call` gets.

    Raises:
        NotSendable: The request may not cross; nothing was sent.

    Example:
        >>> from actors import GenServer, Reply, process, run
        >>> class Echo(GenServer[None]):
        ...     def handle_call(self, request, caller, state):
        ...         return Reply(request)
        >>> def main():
        ...     boss = process.self()
        ...     send_for(lambda answer: process.send(boss, answer), "example", Echo.start(), 7)
        ...     return process.receive()
        >>> run(main)
        Answered(value=7)

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#send_request/2
    """
    sent = process.crossed(request, "request")
    aliases: list[Ref] = []

    def is_answer(message: Message) -> bool:
        if type(message) is tuple and len(message) == 3:  # noqa: PLR2004 - tag, alias, value
            return message[1] is aliases[0]
        return isinstance(message, Down)

    def wait() -> None:
        process.monitor(server)
        match process.receive(is_answer):
            case (_, _, value):
                take(Answered(value))
            case Down(reason=reason):
                take(Failed(reason, server))

    waiting = process.launch(
        wait,
        doing,
        # There before the request is sent, so that no answer can come too early.
        before=lambda scheduler, cell: aliases.append(scheduler.make_alias(cell, "reply")),
    ).pid
    process.deliver(server, (CALL, (waiting, aliases[0]), sent))


_ALIAS: Literal["reply_demonitor"] = "reply_demonitor"


def receive_response(request: RequestId, timeout: float | None = None) -> Response | TimedOut:
    """Wait for the answer of a request, and give the request up when the time is over.

    Runs in the process that has sent it and blocks it.

    Args:
        request: What `send_request` returned, in this process.
        timeout: Seconds; `None` waits for ever.

    Returns:
        `Answered`, `Failed`, or `TimedOut()`; after that the answer never arrives any more.

    Raises:
        BadArgument: The timeout is not accepted.

    Example:
        >>> from actors import Agent, run
        >>> def ask():
        ...     return send_request(Agent.start_link(lambda: 1), ("get", abs))
        >>> run(lambda: receive_response(ask()))
        Answered(value=1)

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#receive_response/2
    """
    response = wait_response(request, timeout)
    if isinstance(response, TimedOut):
        _give_up(request)
    return response


def wait_response(request: RequestId, timeout: float | None = None) -> Response | TimedOut:
    """Wait for the answer of a request; after `TimedOut()` one may wait for it again.

    Runs in the process that has sent it and blocks it.

    Args:
        request: What `send_request` returned, in this process.
        timeout: Seconds; `None` waits for ever.

    Returns:
        `Answered`, `Failed`, or `TimedOut()`.

    Raises:
        BadArgument: The timeout is not accepted.

    Example:
        >>> from actors import Agent, run
        >>> def ask():
        ...     return send_request(Agent.start_link(lambda: 1), ("get", abs))
        >>> run(lambda: wait_response(ask()))
        Answered(value=1)

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#wait_response/2
    """
    message = process.receive(lambda each: _ref(each) is request.ref, timeout)
    return check_response(message, request) or TimedOut()


def check_response(message: Message, request: RequestId) -> Response | None:
    """Tell what a message that was received means for a request: its end, or nothing.

    Runs in the process that has sent it and does not wait.

    Args:
        message: Any message, such as what `handle_info` was given.
        request: What `send_request` returned.

    Returns:
        `Answered`, `Failed`, or `None` for a message that has nothing to do with it.

    Example:
        >>> from actors import Agent, run
        >>> def ask():
        ...     return send_request(Agent.start_link(lambda: 1), ("get", abs))
        >>> def main():
        ...     request = ask()
        ...     return check_response(process.receive(), request)
        >>> run(main)
        Answered(value=1)

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#check_response/2
    """
    _check_request(request)
    if _ref(message) is not request.ref:
        return None
    match message:
        case Down(reason=reason):
            return Failed(reason, request.server)
        case (_, _, value):
            return Answered(value)
        case _:
            return None


def _check_request(request: object) -> None:
    if not isinstance(request, RequestId):
        raise BadArgument("request", request, "what send_request returned")


def _check_nodes(nodes: object) -> None:
    if not isinstance(nodes, list | tuple) or not all(isinstance(node, str) for node in nodes):
        raise BadArgument("nodes", nodes, "a list or a tuple of names of nodes")


def _ref(message: Message) -> Ref | None:
    """Return which request a message may be the end of."""
    if isinstance(message, Down):
        return message.ref
    match message:
        case (tag, Ref() as ref, _) if tag is REPLY:
            return ref
        case _:
            return None


def _give_up(request: RequestId) -> None:
    process.demonitor(request.ref, flush=True)
    # An answer that came between the end of the time and this line is in the mail already.
    process.receive(lambda each: _ref(each) is request.ref, 0)


def multi_call(
    name: str,
    request: Message,
    timeout: float | None = None,
    *,
    nodes: Sequence[str] = (LOCAL_NODE,),
) -> tuple[list[tuple[str, object]], list[str]]:
    """Call the server of one name on many nodes, all at once, and wait for their replies.

    Runs in the calling process and blocks it. Nothing arrives after it has returned.

    Args:
        name: Its registered name on each node.
        request: What `handle_call` gets.
        timeout: Seconds for all together; `None` for no limit.
        nodes: Names of nodes; here there is one, `LOCAL_NODE`.

    Returns:
        `(node, reply)` of those that answered, and the nodes that did not.

    Raises:
        BadArgument: The timeout is not accepted.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     Agent.start_link(lambda: 1, name="box")
        ...     replies, bad = multi_call("box", ("get", abs))
        ...     return [value for _, value in replies], bad
        >>> run(main)
        ([1], [])

    Source: https://hexdocs.pm/elixir/GenServer.html#multi_call/4
    """
    _check_nodes(nodes)
    replies: list[tuple[str, object]] = []
    bad = [node for node in nodes if node != LOCAL_NODE]
    for node in nodes:
        if node != LOCAL_NODE:
            continue
        request_id = send_request(name, request)
        match receive_response(request_id, timeout):
            case Answered(value):
                replies.append((node, value))
            case _:
                bad.append(node)
    return replies, bad


def abcast(name: str, request: Message, *, nodes: Sequence[str] = (LOCAL_NODE,)) -> None:
    """Cast to the server of one name on many nodes; never waits and never fails.

    Runs in the caller.

    Args:
        name: Its registered name on each node.
        request: What `handle_cast` gets.
        nodes: Names of nodes; here there is one, `LOCAL_NODE`.

    Example:
        >>> from actors import run
        >>> run(lambda: abcast("nobody has this name", "hello"))

    Source: https://hexdocs.pm/elixir/GenServer.html#abcast/3
    """
    _check_nodes(nodes)
    for node in nodes:
        _behaviour.cast((name, node), request)


@final
class Requests:
    """Many requests under way, each with a label; their ends come in the order of their arrival.

    Belongs to the process that makes it.

    Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#t:request_id_collection/0
    """

    __slots__ = ("_requests",)

    def __init__(self) -> None:
        self._requests: dict[Ref | None, tuple[RequestId, object]] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[tuple[RequestId, object]]:
        return iter(self._requests.values())

    def add(self, request: RequestId, label: object) -> None:
        """Add a request that was sent.

        Runs in the caller. Does not wait.

        Args:
            request: What `send_request` returned, in this process.
            label: What the caller calls it.

        Example:
            >>> from actors import run
            >>> def main():
            ...     requests = Requests()
            ...     requests.add(send_request("nobody", 1), "one")
            ...     return len(requests)
            >>> run(main)
            1

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#reqids_add/3
        """
        self._requests[request.ref] = (request, label)

    def send_request(self, server: Address, request: Message, label: object) -> None:
        """Send a request and add it; see `send_request`.

        Runs in the caller. Does not wait.

        Args:
            server: A pid, a name or a `Via`.
            request: What its `handle_call` gets.
            label: What the caller calls it.

        Raises:
            BadArgument: The address is not accepted.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     requests = Requests()
            ...     requests.send_request(Agent.start_link(lambda: 1), ("get", abs), "one")
            ...     return len(requests)
            >>> run(main)
            1

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#send_request/4
        """
        self.add(send_request(server, request), label)

    def receive_response(
        self, timeout: float | None = None, *, delete: bool = True
    ) -> Labelled | TimedOut | Literal["no_request"]:
        """Wait for the next answer; when the time is over, give all of the requests up.

        Runs in the caller. Blocks the process.

        Args:
            timeout: Seconds; `None` waits for ever.
            delete: Whether the request that has ended leaves the collection.

        Returns:
            The answer and its label, `TimedOut()`, or `"no_request"` if there is none.

        Raises:
            BadArgument: The timeout is not accepted.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     requests = Requests()
            ...     requests.send_request(Agent.start_link(lambda: 1), ("get", abs), "one")
            ...     return requests.receive_response()
            >>> run(main)
            Labelled(response=Answered(value=1), label='one')

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#receive_response/3
        """
        found = self.wait_response(timeout, delete=delete)
        if isinstance(found, TimedOut):
            for request, _ in self:
                _give_up(request)
        return found

    def wait_response(
        self, timeout: float | None = None, *, delete: bool = True
    ) -> Labelled | TimedOut | Literal["no_request"]:
        """Wait for the next answer; when the time is over, the requests stay under way.

        Runs in the caller. Args and results are those of `receive_response`.

        Blocks the process.

        Args:
            timeout: Seconds; `None` waits for ever.
            delete: Whether the request that has ended leaves the collection.

        Returns:
            The answer and its label, `TimedOut()`, or `"no_request"` if there is none.

        Raises:
            BadArgument: The timeout is not accepted.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     requests = Requests()
            ...     requests.send_request(Agent.start_link(lambda: 1), ("get", abs), "one")
            ...     return requests.wait_response().label
            >>> run(main)
            'one'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#wait_response/3
        """
        process.check_timeout("timeout", timeout)
        if not self._requests:
            return "no_request"
        message = process.receive(lambda each: _ref(each) in self._requests, timeout)
        found = self.check_response(message, delete=delete)
        return TimedOut() if found is None else found

    def check_response(
        self, message: Message, *, delete: bool = True
    ) -> Labelled | Literal["no_request"] | None:
        """Tell which request a message that was received ends, and how; `None` for none of them.

        Runs in the caller. Does not wait.

        Args:
            message: Any message, such as what `handle_info` was given.
            delete: Whether the request leaves the collection.

        Returns:
            The answer and its label, `None`, or `"no_request"` if none is under way.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     requests = Requests()
            ...     requests.send_request(Agent.start_link(lambda: 1), ("get", abs), "one")
            ...     return requests.check_response(process.receive()).label
            >>> run(main)
            'one'

        Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#check_response/3
        """
        if not self._requests:
            return "no_request"
        found = self._requests.get(_ref(message))
        response = None if found is None else check_response(message, found[0])
        if found is None or response is None:
            return None
        if delete:
            del self._requests[found[0].ref]
        return Labelled(response, found[1])
