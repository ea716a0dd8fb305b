"""Bugs of order that were found on the way, each kept as the seed that shows it, with its story.

A story is a small scene and one seed. The scene asserts what must hold in every order, and returns whether it
has met the order that once went wrong. With its seed it does: should the kernel come to draw at other places,
so that the seed means another order, that is noticed, and other seeds are named.

To add one:

1. Write the scene, and let it return what tells its order from others. Decorate it with any seed.
2. Play it with the mend and with the mend taken back: `python3 -m tests.interleavings.test_stories NAME` says
   which of a hundred seeds fail and which meet the order. One alone is
   `INTERLEAVING=17 python3 -m pytest -k NAME`.
3. Keep a seed that meets the order with the mend and fails without. A scene that never fails without it has not
   met the order and tells no story.
4. Say in its docstring what was wrong, which order showed it, and what mended it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Final, cast, final

import pykka

from actors import debug, groups, process
from actors.errors import CallFailed, StartError
from actors.gen_server import Caller, GenServer, call
from actors.groups import Joined
from actors.messages import Down, TimedOut
from actors.outcomes import NoReply, Reply
from actors.pid import Pid
from actors.process import Bounded, receive, self, send, send_after, send_exit, sleep, spawn
from actors.pykka_bridge import ProcessActor, ProcessRef, ServerRef
from examples.smelter.heirs import heir
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.options import parse
from examples.smelter.queue_server import Queue
from examples.smelter.wire import (
    COMPOSITOR,
    FILM,
    QUEUE,
    ConsumerUp,
    Done,
    Job,
    Offer,
    Taken,
    muxer_of,
    tell,
)
from supervisors import Supervisor, override
from supervisors.child_spec import Start
from tests.afresh import printed
from tests.interleavings.support import FIFO, REPLAY, all_of, drawn, play
from tests.watching import Seen

Scene = Callable[[], bool]

ROOT = Path(__file__).resolve().parents[2]
_MANY = range(100)


def nothing() -> None:
    """Ask for nothing more."""


@dataclass(frozen=True)
class Story:
    """A scene, and the seed that is kept of it."""

    scene: Scene
    seed: int
    afterwards: Callable[[], None]

    def meets(self, seed: int | None) -> bool:
        """Play the scene in one order; tell whether that is the one it is told for."""
        seen: list[bool] = []
        play(lambda: seen.append(self.scene()), seed)
        self.afterwards()
        return seen == [True]

    def found(self, seeds: range) -> tuple[list[int], list[int]]:
        """Return which seeds fail, and which meet its order."""
        failed, met = [], []
        for seed in seeds:
            try:
                if self.meets(seed):
                    met.append(seed)
            except AssertionError:
                failed.append(seed)
        return failed, met

    def drawn(self) -> list[tuple[int, int]] | str:
        """Return what is drawn with its seed, or that it fails."""

        def body() -> None:
            self.scene()

        try:
            return drawn(body, self.seed)
        except AssertionError:
            return "it fails"


STORIES: Final[dict[str, Story]] = {}
"""All that are told here, by the names of their scenes."""


def story(
    seed: int, afterwards: Callable[[], None] = nothing
) -> Callable[[Scene], Callable[[], None]]:
    """Play a scene in the one order that once showed what was wrong.

    Args:
        seed: Which.
        afterwards: Asserts what must hold when the runtime of the scene has ended.
    """

    def decorate(scene: Scene) -> Callable[[], None]:
        STORIES[scene.__name__] = told = Story(scene, seed, afterwards)

        @wraps(scene)
        def test() -> None:
            wanted = os.environ.get(REPLAY)
            if wanted is not None:
                told.meets(None if wanted == FIFO else int(wanted))
            elif not told.meets(seed):
                _, others = told.found(_MANY)
                text = f"seed {seed} does not meet its order any more, and these do: {others}"
                raise AssertionError(text)

        return test

    return decorate


def choices() -> str:
    """Write down what is drawn in each story."""
    return json.dumps({name: told.drawn() for name, told in STORIES.items()})


def test_each_story_is_the_same_in_a_fresh_interpreter_with_other_hashes() -> None:
    assert json.loads(printed(choices.__module__, choices.__name__)) == json.loads(choices())
    assert STORIES


# -- the kernel ------------------------------------------------------------------------------------


@story(4)
def test_a_receive_is_over_in_time_whatever_other_mail_comes_at_that_moment() -> bool:
    """A receive with a limit waited for ever.

    Mail that it did not want came at the very moment of its deadline, and before it: the process was ready then,
    and a deadline told only who was idle. The process found nothing that it wanted, lay down again, and its
    deadline had been used up.

    The order: a timer with the same time as the deadline, set before the receive began.

    Now a receive that finds no deadline of its own any more knows that its time is over.
    """
    begun: list[str] = Seen()

    def wait() -> None:
        begun.append("receive")
        assert isinstance(receive(int, 1.0), TimedOut)
        assert process.monotonic() == 1.0

    def disturb() -> None:
        begun.append("timer")
        send_after(waiting, "what is not wanted", 1.0)

    waiting = spawn(wait)
    spawn(disturb)
    process.monitor(waiting)
    down = receive(Down, 5.0)
    assert isinstance(down, Down), "it waits still"
    assert down.reason == "normal", down.reason
    return begun == ["timer", "receive"]


# -- servers ---------------------------------------------------------------------------------------


class Stubborn(GenServer[None]):
    """Lets no exit disturb it, neither at its start nor at its work."""

    def init(self, seen: Seen[str]) -> None:
        self.work(seen)

    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[str, None]:
        assert isinstance(request, Seen)
        self.work(request)
        return Reply("an answer")

    @staticmethod
    def work(seen: Seen[str]) -> None:
        seen.append("begun")
        with suppress(BaseException):
            sleep(0)
        seen.append("done")


@story(17)
def test_a_start_returns_nobody_who_was_killed_before_it_was_up() -> bool:
    """The start of a server returned the pid of a dead process.

    Its `init` had swallowed a kill, as one does that tries again whatever goes wrong, and returned a state. So the
    starter was told that the server was up.

    The order: the kill comes while `init` waits. A moment later the server is up and its death an ordinary one.

    Now who was told to end while it began is not acknowledged; the starter hears of the death.
    """
    seen: Seen[str] = Seen()

    def kill() -> None:
        while (pid := process.whereis("stubborn")) is None:
            sleep(0)
        seen.append("killed")
        send_exit(pid, "kill")

    spawn(kill)
    reason: object = None
    try:
        Stubborn.start(seen, name="stubborn")
    except StartError as error:
        reason = error.reason
    is_early = seen[:2] == ["begun", "killed"]
    assert reason == ("killed" if is_early else None), reason
    return is_early


@story(12)
def test_nobody_is_answered_by_a_server_that_is_dead() -> bool:
    """A caller got an answer from a server that was dead for everybody else.

    The callback had swallowed the kill and returned its reply, and the reply was sent. What the server had done
    for it was lost with its state.

    The order: the kill comes between the request and the answer, and not before or after.

    Now the reply of a callback counts only while its process lives, and the caller hears of the death.
    """
    seen: Seen[str] = Seen()
    server = Stubborn.start(Seen())

    def kill() -> None:
        seen.append("killed")
        send_exit(server, "kill")

    spawn(kill)
    try:
        got = GenServer.call(server, seen)
    except CallFailed as error:
        got = error.why
    is_between = seen[:2] == ["begun", "killed"]
    assert got == "killed" if is_between else got in {"an answer", "killed", "noproc"}, got
    return is_between


# -- groups ----------------------------------------------------------------------------------------


@story(6)
def test_a_listener_with_a_full_mailbox_that_asks_for_members_is_no_circle() -> bool:
    """All process groups were gone, because one listener was slow.

    The scope told its listeners of joins by an ordinary send, which waits for room in a mailbox with a bound. A
    listener whose mailbox was full asked the scope for something at that moment: each waited for the other, the
    send was refused as a circle, and the scope died of the refusal.

    The order: two joins are told before the listener reads the first, and then it asks.

    Now what servers of the library tell their listeners always finds room.
    """
    groups.start_link()
    lengths: list[int] = Seen()

    def listen() -> None:
        groups.monitor("room")
        for _ in range(3):
            groups.get_members("room")
            found = process.info(self())
            assert found is not None
            lengths.append(found.message_queue_len)
        for _ in range(2):
            receive(Joined)

    listener = spawn(listen, mailbox=Bounded(1, "wait"))
    process.monitor(listener)
    all_of(*[partial(groups.join, "room", self())] * 2)
    sleep(1.0)
    groups.join("room", self())
    groups.join("room", self())
    down = receive(Down, 1.0)
    assert isinstance(down, Down), "it waits still"
    assert down.reason == "normal", down.reason
    return max(lengths) > 1


# -- supervisors -----------------------------------------------------------------------------------


class Child(GenServer[None]):
    """Ends in order when its supervisor has been killed."""

    def init(self) -> None:
        process.trap_exit(True)


def start_child(seen: Seen[Pid | None], start: Start) -> object:
    seen.append(process.whereis("child"))
    function, arguments, *named = start
    return function(*arguments, **(named[0] if named else {}))


def start_middle(seen: Seen[Pid | None]) -> Pid:
    spec = heir(Child.child_spec(name="child"))
    child = override(spec, start=(start_child, (seen, spec.start)))
    return Supervisor.start_link([child], name="middle")


@story(5)
def test_the_children_of_a_killed_supervisor_make_room_for_their_successors() -> bool:
    """A tree gave up because one supervisor in it was killed once.

    Nobody ends the children of a supervisor that is killed; they end by themselves when they hear of it. The next
    supervisor was sometimes there sooner: its child found its name taken by the child of the dead one,
    could not start, and that was one failure after the other.

    The order: the supervisor above hears of the death before the children do.

    Now a child with a name begins when whoever had the name before is gone.
    """
    seen: Seen[Pid | None] = Seen()
    middle = {"id": "middle", "start": (start_middle, (seen,)), "type": "supervisor"}
    top = Supervisor.start_link([middle], max_restarts=1)
    first, killed = process.whereis("child"), process.whereis("middle")
    assert killed is not None
    send_exit(killed, "kill")
    sleep(1.0)
    assert process.is_alive(top), "it has given up"
    assert process.whereis("child") not in {None, first}
    return seen == [None, first]


# -- the bridge to pykka ---------------------------------------------------------------------------


@final
class Diary(GenServer[tuple[object, ...]]):
    """Remembers what it heard, in order."""

    def init(self) -> tuple[object, ...]:
        return ()

    def handle_call(
        self, request: object, caller: Caller, state: tuple[object, ...]
    ) -> Reply[object, tuple[object, ...]]:
        return Reply(state) if request == "all" else Reply(None, (*state, request))

    def handle_cast(
        self, request: object, state: tuple[object, ...]
    ) -> NoReply[tuple[object, ...]]:
        return NoReply((*state, request))


@story(28)
def test_what_one_process_asks_and_then_tells_a_server_arrives_in_that_order() -> bool:
    """What was told after a question was heard before it.

    A question whose answer nobody waits for was put by a process of its own, which called the server at its first
    turn. What the asker itself told the server later was sometimes there sooner.

    The order: the asker has its turn before the process that was to ask.

    Now the asker sends the question, and the other process only awaits the answer.
    """
    diary, other = Diary.start(), Diary.start()
    ref = ServerRef(diary, Diary)
    before = {*process.processes()}
    ref.ask("first", block=False)
    (asking,) = {*process.processes()} - before
    GenServer.call(other, "meanwhile")
    found = process.info(asking)
    ref.tell("second")
    assert ref.ask("all") == ("first", "second")
    # It watches the server from its first turn on.
    return found is not None and not found.monitors


class Echo(ProcessActor):
    """Remembers what it heard, in order, and says it when asked for all."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> list[object]:
        if message != "all":
            self.heard.append(message)
        return self.heard


@story(14)
def test_a_message_and_a_letter_of_one_process_are_handled_in_that_order() -> bool:
    """An actor of pykka handled what came by its reference before what had come by its pid.

    Letters wait in an inbox, and the process is told of each by a message. A plain message was put into the inbox
    too when the process came to it, and so behind a letter that had been sent later.

    The order: the actor has its turn after both have been sent. Between them is harmless.

    Now a plain message is handled where it stands.
    """
    actor, diary = Echo.start(), Diary.start()
    pid = actor.pid
    assert pid is not None
    actor.ask("all")
    send(pid, "first")
    GenServer.call(diary, "meanwhile")
    found = process.info(pid)
    actor.tell("second")
    assert actor.ask("all") == ["first", "second"]
    return found is not None and found.message_queue_len == 1


def echoes() -> list[ProcessRef[Echo]]:
    return cast("list[ProcessRef[Echo]]", pykka.ActorRegistry.get_by_class(Echo))


def nobody_is_registered() -> None:
    left = echoes()
    for each in left:
        pykka.ActorRegistry.unregister(each)
    assert not left, "an actor that is dead is registered"


@story(36, nobody_is_registered)
def test_no_actor_is_left_behind_by_a_program_that_ends_while_it_starts() -> bool:
    """An actor of pykka without a process stood in pykka's registry for ever, and its letters got no answer.

    A process of the library sees to what dead actors leave behind, and is started by whoever starts the first
    actor. It leaves last. Told to end before its first line, where it learns to listen to that, it died at
    once as anybody would and forgot whom it had been given; so its starter came to wait for that line. Then who
    was told to end while it waited left an actor that pykka had registered and nobody would ever see to.

    The order: the program ends when the actor is registered and has no process yet.

    Now the starter waits, and takes the actor out of the registry if it is told to end meanwhile.
    """
    other = Diary.start()
    spawn(Echo.start)
    GenServer.call(other, "meanwhile")
    return any(each.pid is None for each in echoes())


# -- an example ------------------------------------------------------------------------------------


class Film(GenServer[None]):
    """Stands where the muxer stands, and says that the file is empty."""

    @call
    def positions(self, state: None) -> Reply[tuple[int, int], None]:
        return Reply((0, 0))


class Eater(GenServer[None]):
    """Stands where the compositor stands, and is done with whatever it gets."""

    def init(self) -> None:
        tell(QUEUE, ConsumerUp("video"))

    def handle_cast(self, request: object, state: None) -> None:
        if isinstance(request, Job):
            tell(QUEUE, Taken("video", request.serial))
            tell(QUEUE, Done("video", request.serial))


@story(20)
def test_a_queue_that_is_held_up_has_one_look_before_it_and_not_one_more_each_time() -> bool:
    """On a slow machine the mailbox of smelter's queue was filled with looks, twenty where there is one.

    The queue is told by a timer when to look what is due, and looks at other words too, after which it sets the
    timer anew. A timer that had fired could not be cancelled any more: its look was in the mailbox, and the new
    timer was one more, each of which set itself anew for ever.

    The order: the queue is held up, a word comes, and then the time to look. A word before that is harmless.

    Now a look that waits in the mailbox is the next one.
    """
    plan = parse(["test:", "--duration", "20", "--output", "film.mp4"]).plan
    Ledger.start_link(plan.desired, name=LEDGER)
    Film.start_link(name=muxer_of(FILM))
    queue = Queue.start_link(plan.settings, name=QUEUE)
    Eater.start_link(name=COMPOSITOR)
    Queue.reached.within(None)(QUEUE, 1)
    waited: list[bool] = Seen()

    def hold_up() -> None:
        debug.suspend(QUEUE)
        sleep(0.1)
        waited.append("look" in messages_of(queue)[1:])
        debug.resume(QUEUE)

    all_of(hold_up, lambda: tell(QUEUE, Offer("nobody", 1, "video", 0, (), False)))
    debug.suspend(QUEUE)
    sleep(10.0)
    assert messages_of(queue).count("look") == 1
    return waited == [True]


def messages_of(pid: Pid) -> tuple[object, ...]:
    found = process.info(pid, "messages")
    assert found is not None
    _, messages = found
    assert isinstance(messages, tuple)
    return messages


if __name__ == "__main__":
    for wanted_name in sys.argv[1:] or STORIES:
        failing, meeting = STORIES[wanted_name].found(_MANY)
        sys.stdout.write(f"{wanted_name}\n  fail: {failing}\n  meet the order: {meeting}\n")
