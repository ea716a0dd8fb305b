from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import cast

import pytest

from actors.errors import BadArgument
from supervisors import child_spec
from supervisors.child_spec import BadSpec, ChildLike, ChildSpec, all_of, of, override


class Echo:
    @classmethod
    def start_link(cls, *words: str) -> None:
        pass

    @classmethod
    def child_spec(cls, *words: str) -> Mapping[str, object]:
        return {"id": cls, "start": (cls.start_link, words)}


class Shy:
    @classmethod
    def child_spec(cls) -> object:
        return "nothing useful"


class HostileRepr:
    def __repr__(self) -> str:
        raise RuntimeError("not for your eyes")


class HostileHash:
    def __hash__(self) -> int:
        raise RuntimeError("not for your table")


def start() -> None:
    pass


GOOD: Mapping[str, object] = {"id": "g", "start": (start, ())}


def like(value: object) -> ChildLike:
    return cast("ChildLike", value)


def reason_for(value: object, auto_shutdown: child_spec.AutoShutdown = "never") -> object:
    with pytest.raises(BadSpec) as refused:
        all_of([like(value)], auto_shutdown)
    return refused.value.reason


def test_the_defaults_are_those_of_otp() -> None:
    spec = of(GOOD)

    assert (spec.restart, spec.shutdown, spec.type, spec.significant) == (
        "permanent",
        5.0,
        "worker",
        False,
    )
    assert spec.modules == (__name__,)


def test_a_supervisor_is_given_all_the_time_it_needs_by_default() -> None:
    assert of({**GOOD, "type": "supervisor"}).shutdown is None
    assert of({**GOOD, "type": "supervisor", "shutdown": 2}).shutdown == 2.0


def test_a_specification_stands_for_itself() -> None:
    spec = ChildSpec("g", (start, ()))

    assert of(spec) is spec


def test_a_class_is_asked_for_its_specification() -> None:
    assert of(Echo) == ChildSpec(Echo, (Echo.start_link, ()))


def test_a_class_with_arguments_is_asked_with_them() -> None:
    assert of((Echo, "a", "b")) == ChildSpec(Echo, (Echo.start_link, ("a", "b")))


def test_an_object_that_speaks_for_itself_is_asked_too() -> None:
    assert of(like(SimpleNamespace(child_spec=lambda: GOOD))) == of(GOOD)


def test_unknown_keys_of_a_mapping_are_ignored() -> None:
    assert of({**GOOD, "colour": "red"}) == of(GOOD)


def test_start_takes_named_arguments() -> None:
    spec = of({"id": 1, "start": (start, ["a"], {"b": 2})})

    assert spec.start == (start, ("a",), {"b": 2})


@pytest.mark.parametrize(
    ("function", "home"),
    [
        (Echo.start_link, Echo),
        (start, __name__),
        (functools.partial(start), "functools"),
        (math.cos, math),
    ],
)
def test_the_default_of_modules_is_the_home_of_the_start_function(
    function: Callable[..., object], home: object
) -> None:
    assert of({"id": 1, "start": (function, ())}).modules == (home,)


@pytest.mark.parametrize("shutdown", [0, 0.5, 5, None, "brutal_kill"])
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_every_valid_combination_passes(shutdown: object, restart: object) -> None:
    spec = of({**GOOD, "shutdown": shutdown, "restart": restart, "modules": "dynamic"})

    assert (spec.shutdown, spec.restart, spec.modules) == (shutdown, restart, "dynamic")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({}, "missing_id"),
        ({"id": 1}, "missing_start"),
        ({"id": [], "start": (start, ())}, ("invalid_id", [])),
        ({**GOOD, "start": "x"}, ("invalid_mfa", "x")),
        ({**GOOD, "start": (start, "x")}, ("invalid_mfa", (start, "x"))),
        ({**GOOD, "start": (start,)}, ("invalid_mfa", (start,))),
        ({**GOOD, "start": (start, (), {1: 2})}, ("invalid_mfa", (start, (), {1: 2}))),
        ({**GOOD, "restart": "often"}, ("invalid_restart_type", "often")),
        ({**GOOD, "significant": 1}, ("invalid_significant", 1)),
        ({**GOOD, "type": "boss"}, ("invalid_child_type", "boss")),
        ({**GOOD, "shutdown": -1}, ("invalid_shutdown", -1)),
        ({**GOOD, "shutdown": True}, ("invalid_shutdown", True)),
        ({**GOOD, "shutdown": "forever"}, ("invalid_shutdown", "forever")),
        ({**GOOD, "shutdown": math.inf}, ("invalid_shutdown", math.inf)),
        ({**GOOD, "shutdown": 10**400}, ("invalid_shutdown", 10**400)),
        ({**GOOD, "modules": "x"}, ("invalid_modules", "x")),
        ({**GOOD, "modules": [1]}, ("invalid_module", 1)),
        (
            {**GOOD, "significant": True},
            ("bad_combination", [("auto_shutdown", "never"), ("significant", True)]),
        ),
        (17, ("invalid_child_spec", 17)),
        ((), ("invalid_child_spec", ())),
        ((start, 1), ("invalid_child_spec", (start, 1))),
        (Shy, ("invalid_child_spec", Shy)),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason_of_otp(wrong: object, reason: object) -> None:
    """Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#check_childspecs/2"""
    assert reason_for(wrong) == reason


ORDER: tuple[tuple[str, object, str], ...] = (
    ("restart", "often", "invalid_restart_type"),
    ("significant", 1, "invalid_significant"),
    ("type", "boss", "invalid_child_type"),
    ("shutdown", -1, "invalid_shutdown"),
    ("modules", "x", "invalid_modules"),
)


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_first_fault_in_the_order_of_otp_is_named(first: int) -> None:
    wrong = {field: value for field, value, _ in ORDER[first:]}

    reason = reason_for({**GOOD, **wrong})

    assert reason == (ORDER[first][2], ORDER[first][1])


def test_a_refusal_names_the_field_the_value_and_what_is_accepted() -> None:
    with pytest.raises(BadArgument) as refused:
        of({**GOOD, "restart": "often"})

    assert str(refused.value) == (
        "restart: got 'often', accepted is 'permanent', 'transient' or 'temporary'"
    )


def test_a_refusal_survives_a_value_that_cannot_be_shown() -> None:
    with pytest.raises(BadSpec, match="HostileRepr whose repr raises RuntimeError"):
        of({**GOOD, "restart": HostileRepr()})


def test_an_id_that_cannot_be_hashed_is_refused() -> None:
    with pytest.raises(BadSpec, match="accepted is a hashable value"):
        of({**GOOD, "id": HostileHash()})


def test_a_significant_child_must_be_able_to_end_for_good() -> None:
    clash = ("bad_combination", [("restart", "permanent"), ("significant", True)])

    assert reason_for({**GOOD, "significant": True}, "any_significant") == clash
    (spec,) = all_of([{**GOOD, "significant": True, "restart": "transient"}], "any_significant")
    assert spec.significant


def test_two_children_of_one_id_are_refused() -> None:
    with pytest.raises(BadSpec) as refused:
        all_of([GOOD, {**GOOD, "id": "h"}, GOOD], "never")

    assert refused.value.reason == ("duplicate_child_name", "g")


def test_the_first_faulty_child_is_named() -> None:
    with pytest.raises(BadSpec) as refused:
        all_of([GOOD, {**GOOD, "restart": "often"}, GOOD], "never")

    assert refused.value.reason == ("invalid_restart_type", "often")


@pytest.mark.parametrize("children", [17, None, "abc", {"id": 1}])
def test_children_must_be_a_list(children: object) -> None:
    with pytest.raises(BadSpec, match="children: got"):
        all_of(cast("list[ChildLike]", children), "never")


def test_override_replaces_fields_before_the_defaults_are_filled_in() -> None:
    """As `Supervisor.child_spec/2`, which merges into the map."""
    spec = override((Echo, "a"), id="second", type="supervisor")

    assert spec == ChildSpec("second", (Echo.start_link, ("a",)), type="supervisor", shutdown=None)
    assert override(spec, shutdown=1.0).start == spec.start


def test_override_refuses_a_field_that_does_not_exist() -> None:
    with pytest.raises(BadArgument, match="'colour', accepted is a field of a child: id, start"):
        override(GOOD, colour="red")  # type: ignore[call-arg]
