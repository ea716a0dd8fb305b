"""Where an actor's letters wait, and what becomes of those that come too late.

pykka's own `tell` looks whether the actor is alive and then puts the letter into its queue: a letter that is put
between the actor's last look and its end lies there for ever, and whoever asked waits for ever. Here the
two steps are one. A letter is put first, and whoever finds the inbox closed afterwards, the putter
or the closer, takes it out again and says so: to the asker by `ActorDeadError`, to the world
by the event `("actors", "pykka", "dead_letter")`.
(`test_every_letter_of_many_threads_is_handled_or_refused_while_the_actor_stops`)

What goes through an `ActorRef` is handed over and not copied, as in pykka: these are pykka's letters, and they do
not pass through the mailboxes of this library, whose rule about copies is that of the runtime.
"""

from __future__ import annotations

import queue
from collections import deque
from typing import Any, NoReturn, Protocol, final

import pykka

from actors import telemetry
from actors.latch import ExcInfo, post_to
from actors.pid import Pid

__all__ = [
    "RING",
    "Failed",
    "Inbox",
    "Letter",
    "Mail",
    "ProcessInbox",
    "Rest",
    "Stop",
    "ThreadInbox",
]

RING = "$pykka_ring"
"""The word that tells a process to look into its inbox."""

Stop: Any = pykka.messages._ActorStop  # noqa: SLF001 - how pykka asks for a stop, whoever asks


class Settled(Protocol):
    """What an answer is given to: a future, or an `Answer`."""

    def set(self, value: Any, /) -> None:
        """Give it."""

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Give an exception for it."""


class Letter(Protocol):
    """What pykka calls an envelope."""

    @property
    def message(self) -> Any:
        """What was sent."""

    @property
    def reply_to(self) -> Settled | None:
        """Who waits for the answer."""


@final
class Mail:
    """A letter of ours."""

    __slots__ = ("message", "reply_to")

    def __init__(self, message: object, reply_to: Settled | None = None) -> None:
        self.message: Any = message
        self.reply_to: Settled | None = reply_to


@final
class Failed:
    """A letter whose handling has raised: to look into it raises again, where pykka's loop looks into a letter."""

    __slots__ = ("_error", "reply_to")

    def __init__(self, error: BaseException, reply_to: Settled | None) -> None:
        self._error = error
        self.reply_to = reply_to

    @property
    def message(self) -> NoReturn:
        """Not what it says, but what came of it."""
        raise self._error


class Rest(Exception):
    """There is nothing to do at present."""


class Inbox:
    """What both kinds share: closing, and what becomes of letters that nobody will read."""

    def __init__(self) -> None:
        self.is_closed = False
        self.reading: Letter | None = None
        """The letter that is being handled."""
        self.who: object = None
        """Whose it is, for people to read."""

    def close(self, why: str) -> None:
        """Take no more letters, and send back those that wait and the one that was not answered."""
        self.is_closed = True
        reading, self.reading = self.reading, None
        if reading is not None:
            _refuse(reading, f"{self.who} {why}")
        self.send_back()

    def send_back(self) -> None:
        """Send back every letter that waits."""
        while (letter := self.take()) is not None:
            is_asked = letter.reply_to is not None
            if not is_asked and not isinstance(letter.message, Stop):
                fields = {"actor": self.who, "message": letter.message}
                telemetry.emit(("actors", "pykka", "dead_letter"), {"count": 1}, fields)
            _refuse(letter, f"{self.who} stopped before handling the message")

    def take(self) -> Letter | None:
        """Take the oldest letter without waiting; `None` if there is none."""
        raise NotImplementedError


@final
class ProcessInbox(Inbox):
    """Letters for a process, which is rung once for each.

    So a letter has its place in the mailbox, among messages and exit signals, and an actor with many letters gives
    others a turn as every process does.
    """

    _letters: deque[Letter] | None = None
    """Made for the first letter: an actor that never got one has none."""

    def __init__(self) -> None:
        super().__init__()
        self.pid: Pid | None = None
        self.failed: Failed | None = None
        """The letter whose handling has raised, for pykka's loop to deal with."""

    def put(self, letter: Letter) -> None:
        letters = self._letters
        if letters is None:
            # One step, so that two threads that come first do not each make one.
            letters = vars(self).setdefault("_letters", deque())
        letters.append(letter)
        # Looked at after the letter is there: whoever sets the pid looks for letters then.
        if self.pid is not None:
            post_to(self.pid, RING)
        if self.is_closed:
            self.send_back()

    def get(self) -> Letter:
        """Give pykka's loop the letter that has failed.

        Raises:
            Rest: It has been dealt with.
        """
        failed, self.failed = self.failed, None
        if failed is None:
            raise Rest
        return failed

    def empty(self) -> bool:
        return not self._letters

    def take(self) -> Letter | None:
        try:
            return self._letters.popleft() if self._letters else None
        except IndexError:
            return None

    def settle_in(self, pid: Pid) -> None:
        """Say whose inbox it is, and ring for the letters that came before."""
        self.pid = pid
        for _ in range(len(self._letters or ())):
            post_to(pid, RING)


@final
class ThreadInbox(Inbox):
    """Letters for an actor on a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()

    def put(self, letter: Letter) -> None:
        self._letters.put(letter)
        if self.is_closed:
            self.send_back()

    def get(self) -> Letter:
        """Take the next letter, blocking the thread until there is one."""
        self.reading = None
        self.reading = letter = self._letters.get()
        return letter

    def empty(self) -> bool:
        return self._letters.empty()

    def take(self) -> Letter | None:
        try:
            return self._letters.get_nowait()
        except queue.Empty:
            return None


def _refuse(letter: Letter, why: str) -> None:
    future = letter.reply_to
    if future is None:
        return
    try:
        if isinstance(letter.message, Stop):
            future.set(None)
        else:
            future.set_exception((pykka.ActorDeadError, pykka.ActorDeadError(why), None))
    except queue.Full:
        # It was answered, and only then did the actor end.
        return
