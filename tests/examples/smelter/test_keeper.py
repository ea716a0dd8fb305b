"""What was asked for outlives the ledger, the keeper and the whole pipeline, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from actors import Pid, process, run, telemetry
from actors.testing import VirtualClock
from examples.smelter import control, events, snapshot, tree
from examples.smelter.complaints import AlreadyRegistered
from examples.smelter.keeper import KEEPER, MIXED, SHOWN, WORDS, Keeper
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.muxer import check_output
from examples.smelter.offsets import SECOND, Framerate
from examples.smelter.requests import (
    AllInputs,
    AudioPart,
    InputSpec,
    OutputPlan,
    OutputSpec,
    Settings,
    VideoPart,
)
from examples.smelter.scene import Input, Rescaler
from examples.smelter.seek import SeekSupply
from examples.smelter.sinks import FileSink
from examples.smelter.wire import STAGE
from supervisors import Supervisor
from tests.examples.smelter.films import SMALL
from tests.examples.smelter.rigs import (
    FIFTY,
    WATCHER,
    Clip,
    Seen,
    among,
    an_input,
    an_output,
    kill,
    shade,
)

T = TypeVar("T")

RED, BLUE = (90, 240), (240, 110)
A = an_input("a", Clip(colour=RED))
OUT = an_output("out", Rescaler(Input("a")), sound=["a"])


def shows(seen: Seen, ticks: int = 10) -> None:
    """Look at what comes from now on."""
    seen.pictures.clear()
    seen.sounds.clear()
    seen.until(lambda: len(seen.ticks("out")) >= ticks and len(seen.sounds.get("out", ())) >= ticks)


def come_back(seen: Seen, gone: str) -> None:
    """Kill somebody, and wait until there is a new stage that shows something."""
    before = process.whereis(STAGE)
    kill(gone)
    while process.whereis(STAGE) in (before, None):
        process.sleep(0.01)
    shows(seen)


def colour_of(seen: Seen) -> tuple[int, int]:
    return seen.pictures["out"][-1].colours[0][1:]


def ask_for_something_else() -> None:
    control.register_input("b", InputSpec(Clip(colour=BLUE, level=0.5), required=True))
    mix = OutputMix((InputVolume("b", 0.5),))
    control.update_output("out", scene=Rescaler(Input("b")), mix=mix)


def kept_in(folder: Path) -> Settings:
    return replace(FIFTY, snapshot=folder / "state")


@pytest.mark.parametrize("gone", [LEDGER, KEEPER])
def test_what_was_asked_for_since_the_start_outlives_the_ledger_and_its_keeper(
    tmp_path: Path, gone: str
) -> None:
    def body(seen: Seen) -> tuple[tuple[str, ...], tuple[int, int], float]:
        control.start()
        ask_for_something_else()
        shows(seen)
        come_back(seen, gone)
        return control.status().inputs, colour_of(seen), seen.sounds["out"][-1].last

    found = among(body, A, OUT, settings=kept_in(tmp_path))

    assert found == (("a", "b"), BLUE, 0.25)


@pytest.mark.parametrize("gone", [LEDGER, STAGE])
def test_a_line_that_began_by_itself_keeps_its_time_and_what_is_scheduled(gone: str) -> None:
    def body(seen: Seen) -> tuple[int, float]:
        shows(seen, 50)
        control.update_output("out", scene=Rescaler(Input("b")), at=4 * SECOND)
        come_back(seen, gone)
        ticks = control.status().queue.ticks
        seen.until(lambda: colour_of(seen) != RED)
        return ticks, process.monotonic()

    settings = replace(FIFTY, starts_by_itself=True)
    ticks, at = among(body, A, OUT, settings=settings)

    assert ticks > 50
    assert at == pytest.approx(4, abs=0.2)


def words() -> object:
    return Ledger.get(LEDGER, (WORDS, "out"))


def test_the_words_of_a_scene_are_kept_as_long_as_it_is_shown_whatever_the_clock_says() -> None:
    def body(seen: Seen) -> list[object]:
        control.start()
        shows(seen)
        control.update_output("out", scene=Rescaler(Input("a")), words="a")
        control.update_output("out", scene=Rescaler(Input("b")), words="b", at=2 * SECOND)
        found = [words()]
        come_back(seen, LEDGER)
        found.append(words())
        while process.monotonic() < 3:
            shows(seen)
        found.append(words())
        kill(STAGE)
        shows(seen)
        return [*found, words()]

    assert among(body, A, OUT) == ["a", "a", "b", "b"]


A_FILM = an_input("a", SeekSupply(Clip(colour=RED), 0))  # type: ignore[arg-type]


def brightness(seen: Seen) -> int:
    return seen.pictures["out"][-1].colours[0][0]


def held_picture(seen: Seen) -> set[int]:
    """Look at what comes from the second picture on; the first may be black, before the input is there."""
    shows(seen, 20)
    return {one.colours[0][0] for one in seen.pictures["out"][3:]}


@pytest.mark.parametrize("gone", [LEDGER, STAGE])
@pytest.mark.parametrize("settings", [FIFTY, replace(FIFTY, starts_by_itself=True)])
def test_a_paused_file_is_held_where_it_was_whoever_dies(gone: str, settings: Settings) -> None:
    def body(seen: Seen) -> tuple[set[int], set[int], set[int]]:
        if not settings.starts_by_itself:
            control.start()
        shows(seen, 15)
        control.pause_input("a")
        before = held_picture(seen)
        come_back(seen, gone)
        after, paused = held_picture(seen), control.status().queue.paused_inputs
        assert paused == ("a",)
        control.resume_input("a")
        assert control.status().queue.paused_inputs == ()
        return before, after, held_picture(seen)

    before, after, then = among(body, A_FILM, OUT, settings=settings)

    assert len(before) == 1
    assert after == before
    assert max(before) <= min(then) <= max(before) + 8
    assert len(then) > 10


def test_a_paused_film_that_was_sought_is_at_its_new_place_in_the_next_run(tmp_path: Path) -> None:
    settings = kept_in(tmp_path)

    def first(seen: Seen) -> None:
        control.start()
        shows(seen)
        control.pause_input("a")
        control.seek_input("a", 2 * SECOND)
        shows(seen, 20)

    def second(seen: Seen) -> tuple[set[int], list[int]]:
        held = held_picture(seen)
        control.resume_input("a")
        shows(seen)
        return held, sorted({one.colours[0][0] for one in seen.pictures["out"]})

    among(first, A_FILM, OUT, settings=settings)
    held, then = among(second, A_FILM, OUT, settings=settings)

    assert held == {shade(100)}
    assert shade(100) <= then[0] <= shade(105)
    assert then == list(range(then[0], then[0] + len(then)))


def test_what_is_resumed_and_dies_runs_on() -> None:
    def body(seen: Seen) -> int:
        control.start()
        shows(seen)
        control.pause_input("a")
        control.resume_input("a")
        come_back(seen, LEDGER)
        return len(held_picture(seen))

    assert among(body, A_FILM, OUT) > 10


def test_a_live_input_is_held_at_what_comes() -> None:
    live = an_input("a", Clip(colour=RED, is_live=True, buffer=SECOND // 10))

    def body(seen: Seen) -> int:
        control.start()
        shows(seen, 20)
        control.pause_input("a")
        come_back(seen, LEDGER)
        assert control.status().queue.paused_inputs == ("a",)
        return len(held_picture(seen))

    assert among(body, live, OUT) == 1


def test_without_a_file_the_ledger_alone_may_die() -> None:
    def body(seen: Seen) -> list[tuple[str, ...]]:
        control.start()
        ask_for_something_else()
        shows(seen)
        come_back(seen, LEDGER)
        found = [control.status().inputs]
        kill(KEEPER)
        process.sleep(1.0)
        return [*found, control.status().inputs]

    # The keeper's own death is that of all memory: it begins with what it was started with.
    assert among(body, A, OUT) == [("a", "b"), ("a",)]


def test_what_was_unregistered_stays_away() -> None:
    def body(seen: Seen) -> tuple[str, ...]:
        control.start()
        ask_for_something_else()
        control.unregister_input("a")
        shows(seen)
        come_back(seen, LEDGER)
        control.register_input("a", InputSpec(Clip()))
        with pytest.raises(AlreadyRegistered):
            control.register_input("b", InputSpec(Clip()))
        return control.status().inputs

    assert among(body, A, OUT) == ("b", "a")


def test_what_was_scheduled_takes_place_at_its_time_although_the_ledger_died_before() -> None:
    def body(seen: Seen) -> tuple[tuple[int, int], tuple[int, int], float]:
        began = process.monotonic()
        control.start()
        control.register_input("b", InputSpec(Clip(colour=BLUE), required=True))
        control.update_output("out", scene=Rescaler(Input("b")), at=3 * SECOND)
        shows(seen)
        come_back(seen, LEDGER)
        before = colour_of(seen)
        seen.until(lambda: colour_of(seen) == BLUE)
        return before, colour_of(seen), seen.pictures["out"][-1].at - began

    before, after, at = among(body, A, OUT)

    assert (before, after) == (RED, BLUE)
    # The set after the one of that time.
    assert at == pytest.approx(3.02, abs=1e-3)


def with_file(
    path: Path, body: Callable[[Seen], T], desired: Mapping[tuple[str, str], object]
) -> T:
    """Run a pipeline whose supervisor is killed at the end."""

    def main() -> list[T]:
        process.trap_exit(True)
        process.register(process.self(), WATCHER)
        top = tree.start(replace(FIFTY, snapshot=path), desired)
        try:
            return [body(Seen())]
        finally:
            end(top)

    found = run(main, clock=VirtualClock(), held=None)
    assert found is not None
    return found[0]


def end(top: Pid) -> None:
    ref = process.monitor(process.whereis(KEEPER) or top)
    process.send_exit(top, "kill")
    process.receive(lambda message: getattr(message, "ref", None) is ref)


def test_a_pipeline_that_did_not_end_in_order_is_found_again_by_the_next_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state"
    desired = dict([A, OUT])

    def first(seen: Seen) -> None:
        ask_for_something_else()

    def second(seen: Seen) -> tuple[tuple[str, ...], tuple[int, int]]:
        control.start()
        shows(seen)
        return control.status().inputs, colour_of(seen)

    with_file(path, first, desired)

    assert with_file(path, second, desired) == (("a", "b"), BLUE)


@pytest.mark.parametrize(("forgets", "left"), [(False, ("a", "b")), (True, ("a",))])
def test_after_an_orderly_end_it_is_gone_on_with_unless_somebody_said_forget(
    tmp_path: Path, forgets: bool, left: tuple[str, ...]
) -> None:
    settings = replace(FIFTY, snapshot=tmp_path / "state")

    def main() -> tuple[str, ...]:
        process.trap_exit(True)
        top = tree.start(settings, dict([A, OUT]))
        ask_for_something_else()
        if forgets:
            Keeper.forget(KEEPER)
            control.register_input("c", InputSpec(Clip()))
        Supervisor.stop(top)
        top = tree.start(settings, dict([A, OUT]))
        return control.status().inputs

    assert run(main, clock=VirtualClock(), held=None) == left


def test_what_was_granted_is_on_the_disk_before_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "state"

    def body(seen: Seen) -> list[bool]:
        control.register_input("b", InputSpec(Clip()))
        found = [("input", "b") in (snapshot.read(path) or {})]
        scene, mix = Rescaler(Input("b")), OutputMix((InputVolume("b", 0.5),))
        control.update_output("out", scene=scene, mix=mix)
        kept = snapshot.read(path) or {}
        found.append((kept.get((SHOWN, "out")), kept.get((MIXED, "out"))) == (scene, mix))
        control.unregister_output("out")
        control.register_input("c", InputSpec(Clip()))
        return [*found, ("input", "c") in (snapshot.read(path) or {})]

    assert among(body, A, OUT, settings=kept_in(tmp_path)) == [True, True, True]


def test_a_film_that_is_complete_is_not_begun_again(tmp_path: Path) -> None:
    target = check_output(str(tmp_path / "film.mp4"))
    video = VideoPart(SMALL.width, SMALL.height, Input("a"), AllInputs())
    audio = AudioPart(OutputMix((InputVolume("a"),)), AllInputs())
    film = OutputPlan("film", OutputSpec(FileSink(target, SMALL), video, audio))

    def body(seen: Seen) -> tuple[bytes, bytes]:
        events.subscribe()
        control.start()
        seen.until(lambda: events.OutputDone("film") in seen.others)
        made = target.path.read_bytes()
        come_back(seen, LEDGER)
        process.sleep(5.0)
        return made, target.path.read_bytes()

    short = an_input("a", Clip(pictures=20))
    rate = replace(FIFTY, framerate=Framerate(30))
    made, later = among(body, short, OUT, (("output", "film"), film), settings=rate)

    assert made == later
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"format": 9}\n[]'])
def test_a_damaged_file_is_reported_and_put_aside_and_the_pipeline_starts(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    path.chmod(0o600)
    told: list[tuple[telemetry.Event, str, Mapping[str, object]]] = []
    before = telemetry.set_reporter(lambda *what: told.append(what))
    try:
        inputs = with_file(path, lambda seen: control.status().inputs, dict([A, OUT]))
    finally:
        telemetry.set_reporter(before)

    aside = tmp_path / "state.refused"
    (refused,) = [one for one in told if one[0] == ("smelter", "snapshot", "refused")]
    assert inputs == ("a",)
    assert aside.read_bytes() == content
    assert refused[1] == "error"
    assert str(path) in str(refused[2]["why"])
    assert refused[2]["kept_as"] == str(aside)
