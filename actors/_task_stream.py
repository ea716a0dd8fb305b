"""A stream of tasks: many inputs, so many at a time, results as they are asked for.

Three kinds of process take part:

    consumer --Work(place, ...)--> helper --starts and monitors--> task
    consumer <----(place, value)------------------------------------ task
    consumer <--Ended(place, why)-- helper <--------- Down --------- task

The consumer pulls one input for each free place and waits; a place is free again when its task has
*ended*, not when its result has been delivered, so later tasks run ahead of a slow one. The helper
is linked to the consumer and traps exits exactly if the consumer does: then failures become
results; otherwise a task that is linked to the helper takes helper and consumer with it.

All tasks have the same time, so in the order of their start they also run out of it: the helper
looks at the oldest one only.

When the consumer stops early the helper kills what runs, and the consumer waits for the helper's
end and throws away what both have sent.
(`test_an_early_halt_leaves_neither_links_nor_messages`)

Source: https://hexdocs.pm/elixir/Task.html#async_stream/3
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias, cast, final

from actors import process
from actors._errand import Errand, Job, callers
from actors.errors import BadArgument, NotInProcess, TaskExited, TaskTimeout
from actors.exits import KILL, TIMEOUT, Reason
from actors.messages import Down, Exited, Message, TimedOut
from actors.pid import Pid, Ref

__all__ = ["Hire", "OnTimeout", "Outcome", "Rules", "Work", "stream"]

OnTimeout: TypeAlias = Literal["exit", "kill_task"]
Outcome: TypeAlias = tuple[Literal["ok", "exit"], object]
Hire: TypeAlias = Callable[[], Pid]
"""Starts, in the helper, a process that waits for an errand from the helper."""

_FUNCTION = ("Task.Supervised", "stream")


@dataclass(frozen=True, slots=True)
class Rules:
    """The options of a stream, checked when made.

    Raises:
        BadArgument: One is not accepted.
    """

    max_concurrency: int | None = None
    """How many tasks run at a time; `None` for the number of cores."""
    ordered: bool = True
    """Whether results come in the order of the inputs, and not in that of their completion."""
    timeout: float | None = 5.0
    """Seconds that each task may take."""
    on_timeout: OnTimeout = "exit"
    """`"exit"` fails the consumer; `"kill_task"` makes it a result."""
    zip_input_on_exit: bool = False
    """Whether a failure is shown with its input."""

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        number = isinstance(limit, int) and not isinstance(limit, bool)
        if limit is not None and not (number and limit > 0):
            raise BadArgument("max_concurrency", limit, "a whole number above 0, or None")
        process.check_timeout("timeout", self.timeout)
        if not isinstance(self.on_timeout, str) or self.on_timeout not in {"exit", "kill_task"}:
            raise BadArgument("on_timeout", self.on_timeout, "'exit' or 'kill_task'")
        for name in ("ordered", "zip_input_on_exit"):
            if not isinstance(getattr(self, name), bool):
                raise BadArgument(name, getattr(self, name), "True or False")

    @property
    def places(self) -> int:
        """How many tasks run at a time."""
        return self.max_concurrency or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each input, and by whom."""

    fn: Callable[..., object]
    """Called with the input and `args`."""
    args: tuple[object, ...]
    """Passed on."""
    hire: Hire
    """How a task is started."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One input's place in one stream."""

    stream: Ref
    index: int


@dataclass(frozen=True, slots=True)
class _Next:
    """To the helper: start a task for this."""

    place: _Place
    job: Job


@dataclass(frozen=True, slots=True)
class _Halt:
    """To the helper: kill what runs, and end."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """To the consumer: the task of a place is gone."""

    place: _Place
    reason: Reason
    overran: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """To the consumer: the task of a place could not be started."""

    place: _Place
    error: Exception


# -- the consumer ----------------------------------------------------------------------------------


def stream(inputs: Iterable[object], work: Work, rules: Rules) -> Generator[Outcome, None, None]:
    """Yield the outcome for each input; nothing is started before the first one is asked for."""
    iterator = iter(inputs)
    consumer = _Consumer(work, rules)
    try:
        yield from consumer.outcomes(iterator)
    finally:
        consumer.halt()
        if isinstance(iterator, Generator):
            iterator.close()


@final
class _Consumer:
    """The consumer's side of one stream that is running."""

    def __init__(self, work: Work, rules: Rules) -> None:
        self._work = work
        self._rules = rules
        self._pid = process.self()
        self._callers = callers()
        self._stream = Ref()
        self._inputs: dict[int, object] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._ended: set[int] = set()
        about = process.info(self._pid)
        traps = about is not None and about.trap_exit
        helper = _Helper(self._pid, traps, work.hire, rules.timeout)
        launched = process.launch(helper.run, "actors.task.async_stream", link=True, monitor=True)
        self._helper = launched.pid
        self._ref = launched.ref

    def outcomes(self, inputs: Iterator[object]) -> Generator[Outcome, None, None]:
        free = self._rules.places
        started = delivered = 0
        more = True
        while True:
            while free and more:
                try:
                    value = next(inputs)
                except StopIteration:
                    more = False
                else:
                    self._start(started, value)
                    started += 1
                    free -= 1
            if not self._inputs:
                return
            index = self._wait_for_an_end()
            if index is None:
                continue
            free += 1
            if not self._rules.ordered:
                yield self._take(index)
                continue
            while delivered in self._ended:
                yield self._take(delivered)
                delivered += 1

    def _start(self, index: int, value: object) -> None:
        self._inputs[index] = value
        work = self._work
        job = Job(work.fn, (value, *work.args), self._callers)
        # Copied here, once: the helper only passes it on.
        job = cast("Job", process.crossed(job, "task"))
        process.deliver(self._helper, _Next(_Place(self._stream, index), job))

    def _take(self, index: int) -> Outcome:
        self._ended.discard(index)
        del self._inputs[index]
        return self._outcomes.pop(index)

    def _wait_for_an_end(self) -> int | None:
        """Take one message of this stream; return whose task has ended, if one has."""
        match process.receive(self._is_ours):
            case (_Place(index=index), value):
                self._outcomes[index] = ("ok", value)
                return None
            case _Ended(_Place(index=index), reason, overran):
                if index not in self._outcomes:
                    self._fail(index, reason, overran)
                self._ended.add(index)
                return index
            case _Refused(error=error):
                raise error
            case Down(reason=reason):
                timeout = self._rules.timeout
                raise TaskExited(reason, self._helper, None, timeout, _FUNCTION, [timeout])
            case _:
                return None

    def _fail(self, index: int, reason: Reason, overran: bool) -> None:
        rules = self._rules
        if overran and rules.on_timeout == "exit":
            value, timeout = self._inputs[index], rules.timeout
            raise TaskTimeout(TIMEOUT, self._helper, value, timeout, _FUNCTION, [timeout])
        why = TIMEOUT if overran else reason
        shown = (self._inputs[index], why) if rules.zip_input_on_exit else why
        self._outcomes[index] = ("exit", shown)

    def _is_ours(self, message: Message) -> bool:
        if type(message) is Down:
            return message.ref is self._ref
        if type(message) is tuple:
            place = message[0] if len(message) == 2 else None  # noqa: PLR2004 - a place and a value
        else:
            place = message.place if isinstance(message, _Ended | _Refused) else None
        return type(place) is _Place and place.stream is self._stream

    def halt(self) -> None:
        """End the helper and what it runs, and remove every trace of them."""
        try:
            here = process.self()
        except NotInProcess:
            # Collected as garbage between two turns: the helper ends with its consumer.
            return
        if here is not self._pid:
            process.send(self._helper, _Halt())
        elif process.is_alive(here):
            # Unlinked first: afterwards no `Exited` of the helper can arrive.
            process.unlink(self._helper)
            process.send(self._helper, _Halt())
            if process.is_alive(self._helper):
                process.receive(lambda message: type(message) is Down and message.ref is self._ref)
            while not isinstance(process.receive(self._is_left, 0), TimedOut):
                pass

    def _is_left(self, message: Message) -> bool:
        if type(message) is Exited:
            return message.pid is self._helper
        return self._is_ours(message)


# -- the helper ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Running:
    """A task as the helper knows it."""

    pid: Pid
    place: _Place
    deadline: float | None
    overran: bool = False


@final
class _Helper:
    """The process that starts the tasks of a stream, and watches them and the clock."""

    def __init__(self, consumer: Pid, traps: bool, hire: Hire, timeout: float | None) -> None:
        self._consumer = consumer
        self._traps = traps
        self._hire = hire
        self._timeout = timeout
        self._in_time: dict[Ref, _Running] = {}
        self._overdue: dict[Ref, _Running] = {}

    def run(self) -> None:
        process.trap_exit(self._traps)
        # A link tells nothing of a consumer that ends normally.
        consumer = process.monitor(self._consumer)
        while True:
            match process.receive(None, self._left()):
                case _Next() as what:
                    self._start(what)
                case Down(ref=ref) if ref is consumer:
                    break
                case Down(ref=ref, reason=reason):
                    self._tell(ref, reason)
                case _Halt():
                    break
                case TimedOut(ref=None):
                    self._kill_late()
        self._kill_all()

    def _left(self) -> float | None:
        """Return the seconds until the oldest task has had its time."""
        for task in self._in_time.values():
            if task.deadline is not None:
                return max(task.deadline - process.monotonic(), 0.0)
        return None

    def _start(self, what: _Next) -> None:
        try:
            pid = self._hire()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the consumer's to know
            process.deliver(self._consumer, _Refused(what.place, error))
            return
        ref = process.monitor(pid)
        deadline = None if self._timeout is None else process.monotonic() + self._timeout
        self._in_time[ref] = _Running(pid, what.place, deadline)
        process.deliver(pid, Errand(process.self(), what.place, self._consumer, what.job))

    def _tell(self, ref: Ref, reason: Reason) -> None:
        task = self._in_time.pop(ref, None) or self._overdue.pop(ref, None)
        if task is not None:
            process.deliver(self._consumer, _Ended(task.place, reason, task.overran))

    def _kill_late(self) -> None:
        now = process.monotonic()
        late = [
            ref
            for ref, task in self._in_time.items()
            if task.deadline is not None and task.deadline <= now
        ]
        for ref in late:
            task = self._overdue[ref] = self._in_time.pop(ref)
            task.overran = True
            _kill(task.pid)

    def _kill_all(self) -> None:
        for task in (*self._in_time.values(), *self._overdue.values()):
            _kill(task.pid)
        for ref in (*self._in_time, *self._overdue):
            process.receive(partial(_is_down_of, ref))


def _kill(pid: Pid) -> None:
    process.unlink(pid)
    process.send_exit(pid, KILL)


def _is_down_of(ref: Ref, message: Message) -> bool:
    return type(message) is Down and message.ref is ref
