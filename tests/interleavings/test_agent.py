from __future__ import annotations

from functools import partial

from actors import process
from actors.agent import Agent
from actors.errors import CallCycle, CallFailed
from actors.pid import Pid
from actors.process import send_exit, sleep
from tests.interleavings.support import all_of, under_choices
from tests.watching import Seen


class Account(Agent[int]):
    """So much money."""


def opened(amount: int) -> Pid:
    account = Account.start(lambda: amount)
    assert account is not None
    return account


def pay(balance: int, to: Pid) -> tuple[str, int]:
    """Move one coin, from inside the one account into the other."""
    try:
        Account.update(to, lambda n: n + 1)
    except CallCycle:
        return "refused", balance
    return "paid", balance - 1


@under_choices(200)
def test_payments_that_cross_are_refused_at_once_and_no_coin_is_lost() -> None:
    one, other = opened(100), opened(100)

    def customer(source: Pid, target: Pid) -> object:
        return [Account.get_and_update(source, pay, target) for _ in range(4)]

    ends = all_of(*[partial(customer, *way) for way in ((one, other), (other, one)) * 2])

    words = [word for each in ends if isinstance(each, list) for word in each]
    assert len(words) == 16
    assert set(words) <= {"paid", "refused"}
    assert Account.get(one, int) + Account.get(other, int) == 200
    assert process.monotonic() == 0.0


@under_choices(200)
def test_whoever_was_answered_was_counted_also_when_the_agent_is_killed() -> None:
    seen: list[int] = Seen()
    account = opened(0)

    def note(balance: int) -> tuple[int, int]:
        seen.append(balance)
        sleep(0)
        return balance, balance + 1

    def customer() -> object:
        got: list[int] = Seen()
        try:
            got.extend(Account.get_and_update(account, note) for _ in range(5))
        except CallFailed as error:
            return got, error.why
        return got, "alive"

    def killer() -> None:
        sleep(0)
        sleep(0)
        send_exit(account, "kill")

    *ends, _ = all_of(customer, customer, customer, killer)
    answered = sorted(n for each in ends if isinstance(each, tuple) for n in each[0])
    assert {each[1] for each in ends if isinstance(each, tuple)} <= {"killed", "noproc", "alive"}
    assert seen == [*range(len(seen))]
    assert answered == [*range(len(answered))]
    assert len(seen) - len(answered) in {0, 1}
