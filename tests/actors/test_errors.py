from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from actors import errors
from actors.errors import (
    ActorsError,
    BadArgument,
    CallCycle,
    CallFailed,
    CallingSelf,
    CallTimeout,
    NoProcess,
    ServerExited,
    StartError,
    shown,
)
from actors.exits import Crash, ExitsWith, Stack, reason_of

CALLS = [NoProcess, CallTimeout, ServerExited, CallingSelf, CallCycle]


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")

    __repr__ = __str__


class Liar:
    def __repr__(self) -> str:
        return 5  # type: ignore[return-value]


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for name in errors.__all__:
        assert name in drawn
        assert issubclass(getattr(errors, name), ActorsError)


@pytest.mark.parametrize("failure", CALLS)
def test_a_failed_call_carries_server_request_and_timeout(failure: type[CallFailed]) -> None:
    error = failure("why", "server", ("add", 2), 1.5)

    assert (error.why, error.server, error.request, error.timeout) == (
        "why",
        "server",
        ("add", 2),
        1.5,
    )
    assert error.reason == ("why", ("GenServer", "call", ["server", ("add", 2), 1.5]))
    assert "('add', 2)" in str(error)
    assert "'server'" in str(error)


@pytest.mark.parametrize("failure", CALLS)
def test_a_failed_call_ends_its_process_with_otps_reason_and_no_crash(
    failure: type[CallFailed],
) -> None:
    error = failure("why", "server", 1, None)

    assert isinstance(error, ExitsWith)
    assert reason_of(error) == error.reason


def test_a_timeout_says_how_long_it_waited_and_is_a_timeout_error() -> None:
    error = CallTimeout("timeout", "server", "x", 1.5)

    assert isinstance(error, TimeoutError)
    assert str(error) == "no answer within 1.5 s (call of 'x' to 'server')"


def test_another_function_than_a_call_names_itself() -> None:
    error = NoProcess("noproc", "server", "stop", None, ("GenServer", "stop"), ["server"])

    assert str(error) == "no process of this name is alive (stop to 'server')"
    assert error.reason == ("noproc", ("GenServer", "stop", ["server"]))


@pytest.mark.parametrize(
    "error",
    [
        BadArgument("timeout", -1, "seconds"),
        StartError(("why", 1)),
        CallTimeout("timeout", "server", "x", 1.5),
        NoProcess("noproc", "s", "stop", None, ("GenServer", "stop"), ["s", "normal", None]),
        ServerExited(Crash(ValueError("v"), Stack(())), "server", "x", None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_a_copy_and_a_pickle(error: ActorsError) -> None:
    for twin in (copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert repr(twin) == repr(error)
    if not isinstance(error, ServerExited):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    "value", [Hostile(), Silent(), Liar(), [Hostile()]], ids=lambda v: type(v).__name__
)
def test_errors_print_whatever_they_hold(value: object) -> None:
    held = [
        BadArgument("what", value, "less"),
        StartError(value),
        StartError(Crash(Silent(), Stack(()))),
        *(failure(value, value, value, 1.0) for failure in CALLS),
    ]
    for error in held:
        assert "repr raises" in str(error)
        assert type(error).__name__ in repr(error)


def test_a_bad_argument_says_what_came_and_what_is_accepted() -> None:
    error = BadArgument("timeout", -1, "seconds, 0 or more")

    assert str(error) == "timeout: got -1, accepted is seconds, 0 or more"
    assert isinstance(error, ValueError)
    assert (error.what, error.got, error.accepted) == ("timeout", -1, "seconds, 0 or more")


def test_a_failed_start_shows_where_init_raised() -> None:
    stack = Stack((("server.py", 7, "init"),))

    assert str(StartError(Crash(ValueError("v"), stack))) == (
        "init raised ValueError('v')\n  File \"server.py\", line 7, in init"
    )
    assert str(StartError("why")) == "the process did not start: 'why'"
    assert str(StartError(("already_started", 7))).endswith("7), who has its name or id already")


def test_what_a_callback_may_not_return_is_shown_beside_what_it_may() -> None:
    server = ServerExited(("bad_return_value", 0), "counter", "value", 5.0)
    machine = ServerExited((("bad_return_from_state_function", 0), Stack(())), "door", "open", None)

    assert "('bad_return_value', 0), accepted is from a call Reply, NoReply or Stop" in str(server)
    assert "('bad_return_from_state_function', 0), accepted is NextState, KeepState" in str(machine)
    assert str(StartError(("bad_return_from_init", "idle"))) == (
        "the process did not start: ('bad_return_from_init', 'idle'),"
        " accepted is Begin(state, data, actions), Ignore() or Stop(reason)"
    )
    assert str(StartError(("bad_return_value", 1, 2))).endswith("('bad_return_value', 1, 2)")


def test_what_is_shown_is_bounded_and_moves_no_cursor() -> None:
    class Escapes:
        def __repr__(self) -> str:
            return "red\x1b[31m\r\n\u202ereversed\u2028"

    assert shown(Escapes()) == r"red\x1b[31m\r\n\u202ereversed\u2028"
    assert shown("é and 漢") == "'é and 漢'"
    assert len(shown("x" * 10_000)) < 250
    assert shown("x" * 10_000).endswith("… (10002 characters)")


def test_every_error_says_whose_fault_it_is() -> None:
    for name in errors.__all__:
        assert inspect.getdoc(getattr(errors, name))
