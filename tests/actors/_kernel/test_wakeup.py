from __future__ import annotations

import threading
import time

from actors._kernel.wakeup import LockWakeup


def test_a_sleep_looks_up_after_a_while_though_nobody_wakes_it() -> None:
    wakeup = LockWakeup()
    wakeup.longest = 0.001
    began = time.monotonic()
    wakeup.sleep(30.0)

    assert time.monotonic() - began < 5.0
    wakeup.sleep(None)


def test_a_wake_before_the_sleep_is_not_lost() -> None:
    wakeup = LockWakeup()
    wakeup.wake()
    began = time.monotonic()
    wakeup.sleep(30.0)

    assert time.monotonic() - began < 5.0


def test_waking_twice_is_waking_once() -> None:
    wakeup = LockWakeup()
    wakeup.wake()
    wakeup.wake()
    wakeup.sleep(None)
    began = time.monotonic()
    wakeup.sleep(0.01)

    assert time.monotonic() - began >= 0.009


def test_another_thread_ends_a_sleep_without_limit() -> None:
    wakeup = LockWakeup()
    thread = threading.Thread(target=wakeup.wake)
    thread.start()
    wakeup.sleep(None)
    thread.join()


def test_a_time_that_is_over_does_not_sleep() -> None:
    wakeup = LockWakeup()
    for seconds in (0.0, -1.0):
        wakeup.sleep(seconds)
    wakeup.wake()
    wakeup.sleep(-1.0)
    began = time.monotonic()
    wakeup.sleep(0.01)

    assert time.monotonic() - began >= 0.009
