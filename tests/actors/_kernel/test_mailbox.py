from __future__ import annotations

from collections import deque

import pytest

from actors._kernel.mailbox import NOTHING, Mail, as_predicate, has_news, take
from actors.errors import BadArgument


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


@pytest.mark.parametrize("size", [3, 100])
def test_a_predicate_that_takes_mail_itself_is_refused(size: int) -> None:
    mail: Mail = deque(range(size))

    def thief(_: object) -> bool:
        mail.popleft()
        return True

    with pytest.raises(BadArgument) as refused:
        take(mail, thief, 0)

    told = "accepted is a predicate that only looks and takes no mail itself"
    assert str(refused.value) == f"match: got {thief!r}, {told}"


@pytest.mark.parametrize("size", [3, 100])
def test_mail_that_vanishes_while_a_thread_looks_is_nothing(size: int) -> None:
    """A killed process's mailbox is emptied by the loop while its thread may be inside `take`."""
    mail: Mail = deque(range(size))

    def killed_meanwhile(message: object) -> bool:
        mail.clear()
        return message == 0

    assert take(mail, killed_meanwhile, 0) == (NOTHING, 0)


def test_there_is_news_when_more_is_there_than_was_seen() -> None:
    mail: Mail = deque(["one", "two"])

    assert [has_news(mail, seen) for seen in range(4)] == [True, True, False, False]


def test_types_tuples_of_types_and_predicates_match() -> None:
    assert as_predicate(None) is None
    for match in (int, (str, int), is_even):
        accepts = as_predicate(match)
        assert accepts is not None
        assert accepts(2)
        assert not accepts(2.5)


@pytest.mark.parametrize("match", [3, "x", (), (int, 3), [int]])
def test_anything_else_is_refused(match: object) -> None:
    with pytest.raises(BadArgument, match="a predicate, a type, a tuple of types"):
        as_predicate(match)  # type: ignore[arg-type]
