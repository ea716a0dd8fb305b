"""Where threads stand is looked at without a standstill."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

from actors._kernel.frames import uncollected
from examples._setup import ROOT

LITTER = """
import ctypes, gc, os, sys, threading, time, weakref
from actors._kernel.frames import uncollected

class Node: pass

def litter():
    node = Node()
    node.itself = node
    return weakref.ref(node, lambda _: time.sleep(0.001))

def presses():
    while True:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(1), ctypes.py_object(ValueError))
        time.sleep(0)

threading.Thread(target=presses, daemon=True).start()
left = []
gc.set_threshold(3)
for _ in range(500):
    left.append(litter())
    with uncollected():
        sys._current_frames()
    if len(left) > 100:
        left.clear()
print("still here", flush=True)
os._exit(0)
"""


def test_a_collection_and_an_exception_for_a_thread_do_not_meet_while_one_looks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LITTER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("still here\n", "")


def test_the_collector_is_left_as_it_was() -> None:
    seen = []
    for was in (True, False):
        (gc.enable if was else gc.disable)()
        try:
            with uncollected():
                seen.append(gc.isenabled())
            seen.append(gc.isenabled())
        finally:
            gc.enable()

    assert seen == [False, True, False, False]


def test_a_forked_child_may_look_too() -> None:
    with uncollected():
        pass
    child = os.fork()
    if not child:
        with uncollected():
            pass
        os._exit(7 if gc.isenabled() else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
