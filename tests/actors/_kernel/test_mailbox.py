from __future__ import annotations

from collections import deque

import pytest

from actors._kernel.mailbox import NOTHING, Mail, Predicate, check_match, has_news, take
from actors.errors import BadArgument
from actors.messages import Down
from actors.pid import Ref


def is_even(message: object) -> bool:
    return isinstance(message, int) and message % 2 == 0


@pytest.mark.parametrize("size", [4, 31, 32, 33, 34, 500])
def test_the_oldest_that_matches_is_taken_and_the_rest_keeps_its_order(size: int) -> None:
    mail: Mail = deque(range(1, size + 1))

    message, seen = take(mail, is_even, 0)

    assert message == 2
    assert seen == 1
    assert list(mail) == [1, *range(3, size + 1)]


@pytest.mark.parametrize("size", [3, 32, 33, 200])
def test_what_was_skipped_is_not_looked_at_again(size: int) -> None:
    looked: list[object] = []

    def never(message: object) -> bool:
        looked.append(message)
        return False

    mail: Mail = deque(range(size))
    nothing, seen = take(mail, never, 0)
    mail.append("new")
    again, seen_now = take(mail, never, seen)

    assert nothing is NOTHING
    assert again is NOTHING
    assert seen_now == size + 1
    assert looked == [*range(size), "new"]


@pytest.mark.parametrize("size", [3, 100])
def test_what_a_predicate_raises_comes_out_and_the_message_stays(size: int) -> None:
    def fails(_: object) -> bool:
        raise LookupError("mine")

    mail: Mail = deque(range(size))

    with pytest.raises(LookupError, match="mine"):
        take(mail, fails, 0)

    assert len(mail) == size


@pytest.mark.parametrize(("size", "taken"), [(3, 0), (100, 0), (100, 50)])
def test_a_predicate_that_takes_mail_itself_is_refused(size: int, taken: int) -> None:
    mail: Mail = deque(range(size))

    def thief(message: object) -> bool:
        if message != taken:
            return False
        mail.popleft()
        return True

    with pytest.raises(BadArgument) as refused:
        take(mail, thief, 0)

    told = "accepted is a predicate that only looks and takes no mail itself"
    assert str(refused.value) == f"match: got {thief!r}, {told}"


@pytest.mark.parametrize("size", [3, 100])
@pytest.mark.parametrize("wanted", [0, 1])
def test_mail_that_vanishes_while_a_thread_looks_is_nothing(size: int, wanted: int) -> None:
    """A killed process's mailbox is emptied by the loop while its thread may be inside `take`."""
    mail: Mail = deque(range(size))

    def killed_meanwhile(message: object) -> bool:
        mail.clear()
        return message == wanted

    assert take(mail, killed_meanwhile, 0) == (NOTHING, 0)


@pytest.mark.parametrize("size", [3, 100])
def test_mail_that_comes_while_a_thread_looks_is_looked_at_once(size: int) -> None:
    mail: Mail = deque(range(size))
    looked: list[object] = []

    def never(message: object) -> bool:
        looked.append(message)
        if message == 0:
            mail.append("meanwhile")
        return False

    nothing, seen = take(mail, never, 0)
    take(mail, never, seen)

    assert nothing is NOTHING
    assert looked == [*range(size), "meanwhile"]


def test_there_is_news_when_more_is_there_than_was_seen() -> None:
    mail: Mail = deque(["one", "two"])

    assert [has_news(mail, seen) for seen in range(4)] == [True, True, False, False]


@pytest.mark.parametrize("match", [int, (str, int), is_even])
def test_types_tuples_of_types_and_predicates_match(match: Predicate | type) -> None:
    mail: Mail = deque([2.5, 2, None])

    check_match(match)

    assert take(mail, match, 0) == (2, 1)
    assert list(mail) == [2.5, None]
    assert take(mail, match, 0) == (NOTHING, 2)


@pytest.mark.parametrize("size", [0, 40])
def test_a_reference_wants_the_messages_that_carry_it(size: int) -> None:
    ref, other = Ref(), Ref()
    down = Down(ref, ("nobody", "nonode@nohost"), "bored")
    foreign = [
        Down(other, ("nobody", "nonode@nohost"), "bored"),
        (other, 1),
        ref,
        (ref, 1, 2),
        [ref, 1],
    ]
    mail: Mail = deque([*range(size), *foreign, (ref, 1), down, (ref, 2)])

    taken = [take(mail, ref, 0)[0] for _ in range(4)]

    assert taken == [(ref, 1), down, (ref, 2), NOTHING]
    assert list(mail) == [*range(size), *foreign]


def test_any_message_will_do_where_nothing_is_said_of_it() -> None:
    check_match(None)


@pytest.mark.parametrize("match", [3, "x", (), (int, 3), [int], Ref()])
def test_anything_else_is_refused(match: object) -> None:
    with pytest.raises(BadArgument) as refused:
        check_match(match)  # type: ignore[arg-type]

    assert (refused.value.what, refused.value.got) == ("match", match)
    assert refused.value.accepted == "a predicate, a type, a tuple of types, or None"


def test_a_tuple_of_one_type_is_a_match() -> None:
    check_match((int,))
