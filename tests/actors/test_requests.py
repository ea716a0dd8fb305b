from __future__ import annotations

import pytest

from actors import process
from actors.errors import BadArgument
from actors.exits import Crash
from actors.gen_server import Caller, GenServer
from actors.messages import Message, TimedOut
from actors.naming import Via
from actors.outcomes import NoReply, Reply, Stop
from actors.pid import LOCAL_NODE, Pid
from actors.requests import (
    Answered,
    Failed,
    Labelled,
    RequestId,
    Requests,
    check_response,
    receive_response,
    send_request,
    wait_response,
)
from tests.actors.schedules import every_schedule, heard, played


class Echo(GenServer[None]):
    """Answers at once, later, twice, or never."""

    def handle_call(self, request: Message, caller: Caller, state: None) -> object:
        match request:
            case ("later", seconds) if isinstance(seconds, float):
                process.spawn(answer_later, caller, seconds)
                return NoReply()
            case "twice":
                GenServer.reply(caller, "first")
                return Reply("second")
            case "stop":
                return Stop("as asked")
            case "raise":
                raise ValueError
            case _:
                return Reply(request)


def answer_later(caller: Caller, seconds: float) -> None:
    process.sleep(seconds)
    GenServer.reply(caller, seconds)


def echo(name: str | None = None) -> Pid:
    pid = Echo.start(name=name)
    assert pid is not None
    return pid


def test_answers_are_taken_in_any_order() -> None:
    def main() -> object:
        pid = echo()
        first, second = send_request(pid, 1), send_request(pid, 2)
        return receive_response(second), receive_response(first), heard()

    assert played(main) == (Answered(2), Answered(1), [])


def test_a_wait_may_be_repeated_but_a_receive_gives_up() -> None:
    def main() -> object:
        pid = echo()
        waited = send_request(pid, ("later", 1.0))
        received = send_request(pid, ("later", 1.5))
        return [
            wait_response(waited, 0.5),
            receive_response(received, 0.5),
            wait_response(waited, 0.5),
            wait_response(received, 1.0),
            heard(),
        ]

    assert played(main) == [TimedOut(), TimedOut(), Answered(1.0), TimedOut(), []]


class Nowhere:
    def register_name(self, key: object, pid: Pid) -> bool:
        return False

    def unregister_name(self, key: object) -> None:
        pass

    def whereis_name(self, key: object) -> Pid | None:
        return None

    def send(self, key: object, message: Message) -> None:
        raise BadArgument("key", key, "nothing")


def test_who_is_not_there_is_a_failure_and_no_exit() -> None:
    def main() -> None:
        dead = echo()
        GenServer.stop(dead)
        for server in (dead, "nobody", Via(Nowhere(), "x")):
            assert receive_response(send_request(server, 1)) == Failed("noproc", server)
        assert heard() == []

    played(main)


def test_a_server_that_ends_is_a_failure_with_its_reason() -> None:
    def main() -> None:
        pid = echo("echo")
        assert receive_response(send_request("echo", "stop")) == Failed("as asked", "echo")
        pid = echo()
        failed = receive_response(send_request(pid, "raise"))
        assert isinstance(failed, Failed)
        assert failed.server is pid
        assert isinstance(failed.reason, Crash)

    played(main)


def test_only_the_first_answer_arrives() -> None:
    def main() -> object:
        request = send_request(echo(), "twice")
        return receive_response(request), heard()

    assert played(main) == (Answered("first"), [])


def test_a_message_is_checked_for_what_it_answers() -> None:
    def main() -> None:
        pid = echo()
        request, other = send_request(pid, "x"), send_request(pid, "y")
        process.send(process.self(), "noise")
        messages = heard()
        assert [check_response(each, request) for each in messages] == [None, Answered("x"), None]
        assert [check_response(each, other) for each in messages] == [None, None, Answered("y")]

    played(main)


def test_a_server_that_asks_another_goes_on_serving() -> None:
    class Front(GenServer[dict[RequestId, Caller]]):
        def init(self, back: Pid) -> dict[RequestId, Caller]:
            self.back = back
            return {}

        def handle_call(self, request: Message, caller: Caller, state: object) -> object:
            if request == "quick":
                return Reply("here")
            assert isinstance(state, dict)
            return NoReply({**state, send_request(self.back, request): caller})

        def handle_info(self, message: Message, state: dict[RequestId, Caller]) -> None:
            for request, caller in state.items():
                match check_response(message, request):
                    case Answered(value):
                        GenServer.reply(caller, value)

    def main() -> object:
        front = Front.start(echo())
        assert front is not None
        slow = send_request(front, ("later", 2.0))
        quick = GenServer.call(front, "quick")
        return quick, process.monotonic(), receive_response(slow), process.monotonic()

    assert played(main) == ("here", 0.0, Answered(2.0), 2.0)


# Collections


def test_a_collection_gives_answers_in_order_of_arrival_with_their_labels() -> None:
    def main() -> object:
        requests, pid = Requests(), echo()
        for label, seconds in (("slow", 2.0), ("quick", 1.0)):
            requests.send_request(pid, ("later", seconds), label)
        requests.send_request("nobody", "x", "lost")
        found = [requests.receive_response() for _ in range(4)]
        return found, len(requests)

    assert played(main) == (
        [
            Labelled(Failed("noproc", "nobody"), "lost"),
            Labelled(Answered(1.0), "quick"),
            Labelled(Answered(2.0), "slow"),
            "no_request",
        ],
        0,
    )


def test_a_collection_may_keep_what_has_ended() -> None:
    def main() -> object:
        requests = Requests()
        requests.send_request(echo(), 1, "kept")
        found = requests.receive_response(delete=False)
        return found, len(requests), requests.wait_response(1.0), [label for _, label in requests]

    assert played(main) == (Labelled(Answered(1), "kept"), 1, TimedOut(), ["kept"])


def test_a_timeout_gives_all_requests_up_or_none() -> None:
    def main() -> object:
        requests, pid = Requests(), echo()
        for seconds in (1.0, 2.0):
            requests.send_request(pid, ("later", seconds), seconds)
        found = [
            requests.wait_response(0.5),
            requests.wait_response(),
            requests.receive_response(0.5),
        ]
        return found, requests.wait_response(5.0), heard()

    assert played(main) == (
        [TimedOut(), Labelled(Answered(1.0), 1.0), TimedOut()],
        TimedOut(),
        [],
    )


def test_a_message_is_checked_against_a_collection() -> None:
    def main() -> object:
        requests = Requests()
        empty = requests.check_response("x")
        requests.send_request(echo(), 1, "one")
        process.send(process.self(), "noise")
        return empty, [requests.check_response(each) for each in heard()], len(requests)

    assert played(main) == ("no_request", [None, Labelled(Answered(1), "one")], 0)


def test_no_answer_is_lost_or_doubled_in_any_schedule() -> None:
    def main() -> object:
        requests, pids = Requests(), [echo() for _ in range(3)]
        for number, pid in enumerate(pids * 2):
            requests.send_request(pid, number, number)
        process.send_exit(pids[0], "kill")
        found = [requests.receive_response() for _ in range(6)]
        labels = sorted(each.label for each in found if isinstance(each, Labelled))  # type: ignore[type-var]
        values = [
            each.response.value == each.label
            for each in found
            if isinstance(each, Labelled) and isinstance(each.response, Answered)
        ]
        return labels, all(values), heard()

    assert every_schedule(main) == [([0, 1, 2, 3, 4, 5], True, [])]


@pytest.mark.parametrize("timeout", [-1, float("nan"), True, "5"])
def test_a_wrong_timeout_is_refused(timeout: float) -> None:
    with pytest.raises(BadArgument, match="timeout"):
        played(lambda: receive_response(send_request(echo(), 1), timeout))
    with pytest.raises(BadArgument, match="timeout"):
        played(lambda: Requests().wait_response(timeout))


# Many nodes, of which there is one


def test_a_multi_call_tells_who_answered_and_who_did_not() -> None:
    def main() -> object:
        echo("many")
        nodes = (LOCAL_NODE, "no@where")
        return [
            GenServer.multi_call("many", "hi", nodes=nodes),
            GenServer.multi_call("many", ("later", 0.12), 0.04),
            heard(0.15),
            GenServer.multi_call("nobody", "x"),
        ]

    assert played(main) == [
        ([(LOCAL_NODE, "hi")], ["no@where"]),
        ([], [LOCAL_NODE]),
        [],
        ([], [LOCAL_NODE]),
    ]


def test_an_abcast_reaches_who_is_there_and_never_fails() -> None:
    class Told(GenServer[None]):
        def init(self, watcher: Pid) -> None:
            self.watcher = watcher

        def handle_cast(self, request: Message, state: None) -> None:
            process.send(self.watcher, request)

    def main() -> object:
        Told.start(process.self(), name="told")
        GenServer.abcast("told", "x", nodes=(LOCAL_NODE, "no@where"))
        GenServer.abcast("nobody", "x")
        return heard()

    assert played(main) == ["x"]
