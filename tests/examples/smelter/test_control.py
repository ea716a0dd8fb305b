"""What can be asked of a running pipeline, in virtual time, seen from its outputs."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image as Pillow

from actors import process
from examples.smelter import control, events
from examples.smelter.complaints import (
    AlreadyRegistered,
    ImageRefused,
    NotRegistered,
    SceneRefused,
    SpecRefused,
    TooLate,
)
from examples.smelter.mix import InputVolume, MixChange, OutputMix
from examples.smelter.offsets import MILLISECOND, SECOND
from examples.smelter.requests import AllInputs, InputSpec, OutputSpec, Settings, VideoPart
from examples.smelter.scene import Image, Input, Rescaler, Shader, Text, View, tiles_of
from examples.smelter.wire import CONTROL, source_of
from supervisors import ChildSpec
from tests.examples.smelter.rigs import (
    FIFTY,
    Clip,
    Ended,
    Eye,
    Seen,
    among,
    an_input,
    an_output,
    kill,
    shade,
)

RED = (0, 0, 255, 255)
A = an_input("a", Clip(colour=(90, 240)))


def whole(name: str) -> Rescaler:
    return Rescaler(Input(name))


def begun(seen: Seen, output: str = "out", ticks: int = 1) -> None:
    control.start()
    seen.until(lambda: len(seen.ticks(output)) >= ticks)


def test_an_output_shows_every_picture_of_its_input_at_its_tick() -> None:
    def body(seen: Seen) -> dict[int, int]:
        begun(seen, ticks=20)
        return seen.brightness("out")

    shown = among(body, A, an_output("out", whole("a")))

    assert shown == {tick: shade(tick) for tick in range(20)}


def test_an_input_that_is_registered_while_it_runs_shows_from_then_on() -> None:
    def body(seen: Seen) -> list[tuple[int, int, int]]:
        begun(seen, ticks=5)
        control.register_input("b", InputSpec(Clip(colour=(40, 50)), required=True))
        seen.until(lambda: len(seen.ticks("out")) >= 20)
        control.unregister_input("b")
        seen.for_seconds(0.2)
        return [one.colours[0] for one in seen.pictures["out"]]

    colours = among(body, A, an_output("out", whole("b")))

    assert colours[0] == (16, 128, 128)
    assert colours[19][1:] == (40, 50)
    assert colours[-1] == (16, 128, 128)


def test_what_is_taken_or_unknown_is_refused_and_nothing_remains() -> None:
    def body(seen: Seen) -> list[str]:
        refused = []
        wrong_size = OutputSpec(Eye(), VideoPart(63, 36, whole("a")))
        no_image = OutputSpec(Eye(), VideoPart(64, 36, Image("logo")))
        asked: list[tuple[type[Exception], Callable[[], None]]] = [
            (AlreadyRegistered, lambda: control.register_input("a", InputSpec(Clip()))),
            (AlreadyRegistered, lambda: control.register_output("out", wrong_size)),
            (NotRegistered, lambda: control.unregister_input("b")),
            (NotRegistered, lambda: control.unregister_output("b")),
            (NotRegistered, lambda: control.update_output("b", scene=whole("a"))),
            (SpecRefused, lambda: control.register_output("b", wrong_size)),
            (SpecRefused, lambda: control.register_output("b", OutputSpec(Eye()))),
            (SceneRefused, lambda: control.register_output("b", no_image)),
            (SpecRefused, lambda: control.register_input("", InputSpec(Clip()))),
            (SpecRefused, lambda: control.update_output("out")),
            (SceneRefused, lambda: control.update_output("out", scene=View(width=-1))),
            (SpecRefused, lambda: control.update_output("out", mix=OutputMix(()))),
            (SpecRefused, lambda: control.unregister_input("a", at=-1)),
            (ImageRefused, lambda: control.register_image("logo", b"no image")),
        ]
        for error, ask in asked:
            with pytest.raises(error) as caught:
                ask()
            refused.append(str(caught.value))
        begun(seen, ticks=3)
        with pytest.raises(SpecRefused, match="second start"):
            control.start()
        found = control.status()
        assert (found.inputs, found.outputs) == (("a",), ("out",))
        assert (found.images, found.failed_outputs) == ((), ())
        return refused

    refused = among(body, A, an_output("out", whole("a")))

    assert "video.width: 63 is not an even number" in refused[5]
    assert "'logo' is not a registered image" in refused[7]


def test_a_scene_that_is_refused_leaves_the_old_one_in_force() -> None:
    def body(seen: Seen) -> dict[int, int]:
        begun(seen, ticks=5)
        with pytest.raises(SceneRefused):
            control.update_output("out", scene=Image("nobody"))
        seen.until(lambda: len(seen.ticks("out")) >= 10)
        return seen.brightness("out")

    shown = among(body, A, an_output("out", whole("a")))

    assert shown == {tick: shade(tick) for tick in range(len(shown))}


def test_a_time_that_has_passed_is_refused_to_the_caller() -> None:
    def body(seen: Seen) -> str:
        begun(seen, ticks=10)
        with pytest.raises(TooLate) as late:
            control.update_output("out", scene=View(), at=100 * MILLISECOND)
        return str(late.value)

    assert among(body, A, an_output("out", whole("a"))).startswith("time 100 ms")


def test_an_input_can_be_unregistered_at_a_time_exactly() -> None:
    def body(seen: Seen) -> dict[int, int]:
        control.unregister_input("a", at=100 * MILLISECOND)
        begun(seen, ticks=10)
        return seen.brightness("out")

    shown = among(body, A, an_output("out", whole("a")))

    # The set of the same time has gone before; from the next one on it has no picture.
    assert shown == {tick: shade(tick) if tick <= 5 else 16 for tick in range(10)}


def test_a_paused_input_holds_its_picture_and_goes_on() -> None:
    def body(seen: Seen) -> list[int]:
        begun(seen, ticks=5)
        control.pause_input("a")
        held = len(seen.ticks("out"))
        seen.until(lambda: len(seen.ticks("out")) >= held + 5)
        control.resume_input("a")
        seen.until(lambda: len(seen.ticks("out")) >= held + 10)
        shown = seen.brightness("out")
        return [shown[tick] for tick in sorted(shown)]

    shown = among(body, A, an_output("out", whole("a")))

    steps = np.diff(shown)
    assert set(steps.tolist()) == {0, 1}
    assert 3 <= int((steps == 0).sum()) <= 6


def test_the_status_tells_an_input_that_has_ended_from_one_that_was_given_up() -> None:
    def body(seen: Seen) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        begun(seen, ticks=5)
        before = control.status().queue
        for _ in range(7):
            kill(source_of("bad"))
            seen.for_seconds(0.1)
        seen.for_seconds(2.0)
        after = control.status().queue
        return [(one.ended_inputs, one.failed_inputs) for one in (before, after)]

    short = an_input("short", Clip(20))
    bad = an_input("bad", Clip(), required=False)
    found = among(body, short, bad, A, an_output("out", whole("a")))

    assert found == [((), ()), (("bad", "short"), ("bad",))]


def test_volumes_change_from_the_next_chunk_on() -> None:
    def body(seen: Seen) -> list[float]:
        begun(seen, ticks=10)
        control.update_output("out", mix=OutputMix((InputVolume("a", 2.0),)))
        seen.until(lambda: len(seen.ticks("out")) >= 20)
        return [one.last for one in seen.sounds["out"]]

    levels = among(body, A, an_output("out", whole("a"), sound=["a"]))

    assert levels[0] == 0.25
    assert levels[-1] == 0.5
    assert sorted(levels) == levels


def test_a_change_of_volumes_leaves_everything_else_of_the_sound_as_it_is() -> None:
    def body(seen: Seen) -> list[float]:
        begun(seen, ticks=10)
        control.update_output("out", mix=MixChange((InputVolume("a", 2.0),), strategy="sum_scale"))
        control.update_output("out", mix=MixChange((InputVolume("loud", 2.0),)))
        seen.until(lambda: len(seen.ticks("out")) >= 20)
        return [one.last for one in seen.sounds["out"]]

    loud = an_input("loud", Clip(level=0.55))
    levels = among(body, A, loud, an_output("out", whole("a"), sound=["a"]))

    # 1.1 by `sum_clip` would stay 1; the factor of `sum_scale` goes down by 0.02 a chunk.
    assert levels[0] == 0.25
    assert 1.0 in levels
    assert levels[-1] < 1.0


def test_a_scene_and_volumes_that_come_too_late_change_neither() -> None:
    def body(seen: Seen) -> tuple[int, float]:
        begun(seen, ticks=10)
        sound = OutputMix((InputVolume("a", 2.0),))
        with pytest.raises(TooLate):
            control.update_output("out", scene=View(), mix=sound, at=100 * MILLISECOND)
        control.update_output("out", scene=whole("b"), mix=OutputMix(()), at=400 * MILLISECOND)
        seen.until(lambda: len(seen.ticks("out")) >= 30)
        shown = seen.brightness("out")
        assert [shown[tick] for tick in (19, 20)] == [shade(19), shade(20)]
        return shown[21], seen.sounds["out"][-1].last

    assert among(body, A, an_output("out", whole("a"), sound=["a"])) == (16, 0.0)


@pytest.mark.parametrize("text", [Text("x", 20, font="no such font"), Text("x" * 5000, 20)])
def test_a_text_that_cannot_be_written_is_refused_and_the_old_scene_stays(text: Text) -> None:
    def body(seen: Seen) -> dict[int, int]:
        begun(seen, ticks=5)
        with pytest.raises(SceneRefused):
            control.update_output("out", scene=View((text,)))
        with pytest.raises(SceneRefused):
            control.register_output("more", OutputSpec(Eye(), VideoPart(64, 36, text)))
        seen.until(lambda: len(seen.ticks("out")) >= 15)
        return seen.brightness("out")

    shown = among(body, A, an_output("out", whole("a")))

    assert shown == {tick: shade(tick) for tick in range(len(shown))}


def png(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (64, 36), colour).save(out, "PNG")
    return out.getvalue()


def test_an_image_shows_when_it_is_registered_and_survives_its_keeper() -> None:
    def body(seen: Seen) -> list[tuple[int, int, int]]:
        control.register_image("logo", png((0, 0, 255)))
        begun(seen, ticks=1)
        control.update_output("out", scene=Image("logo"))
        seen.until(lambda: len(seen.ticks("out")) >= 10)
        kill("smelter.assets")
        kill("smelter.compositor")
        seen.for_seconds(0.2)
        return [one.colours[0] for one in seen.pictures["out"]][-1:]

    assert among(body, A, an_output("out", whole("a"))) == [(32, 240, 118)]


def invert(sources: list[np.ndarray], size: tuple[int, int], param: object, now: float) -> object:
    source = sources[0]
    return (
        np.full((size[1], size[0], 3), 128, np.uint8) if source is None else 255 - source[:, :, :3]
    )


def fail(sources: object, size: object, param: object, now: float) -> object:
    raise RuntimeError(f"no {param}")


def test_a_function_on_arrays_stands_for_a_shader() -> None:
    def body(seen: Seen) -> tuple[int, int, int]:
        control.register_shader("invert", invert)  # type: ignore[arg-type]
        begun(seen, ticks=1)
        child = View(width=64, height=36, background=(255, 255, 0, 255))
        control.update_output("out", scene=Shader("invert", 64, 36, None, (child,)))
        seen.until(lambda: len(seen.ticks("out")) >= 5)
        return seen.pictures["out"][-1].colours[0]

    assert among(body, A, an_output("out", whole("a"))) == pytest.approx((32, 240, 118), abs=2)


def test_a_function_that_fails_leaves_its_place_clear_and_is_reported() -> None:
    def body(seen: Seen) -> tuple[tuple[int, int, int], events.ShaderFailed]:
        control.register_shader("fail", fail)  # type: ignore[arg-type]
        events.subscribe()
        begun(seen, ticks=1)
        control.update_output("out", scene=Shader("fail", 64, 36, "way"))
        seen.until(lambda: len(seen.ticks("out")) >= 5)
        failed = [one for one in seen.others if isinstance(one, events.ShaderFailed)]
        return seen.pictures["out"][-1].colours[0], failed[0]

    colour, failed = among(body, A, an_output("out", whole("a")))

    assert colour == (16, 128, 128)
    assert failed == events.ShaderFailed("fail", "RuntimeError: no way")


def test_an_output_ends_with_its_inputs_and_says_so() -> None:
    def body(seen: Seen) -> tuple[list[Ended], list[int]]:
        begun(seen)
        seen.until(lambda: len(seen.ended) >= 2)
        seen.for_seconds(0.5)
        return seen.ended, seen.ticks("out")

    ended, ticks = among(
        body,
        an_input("a", Clip(pictures=10)),
        an_output("out", tiles_of(("a",)), ends=AllInputs(), sound=["a"]),
    )

    assert {(one.media, one.end) for one in ended} >= {("video", 10)}
    assert ticks == list(range(10))


def test_an_output_that_begins_later_counts_from_its_own_beginning() -> None:
    def body(seen: Seen) -> tuple[list[int], list[tuple[int, int]]]:
        _, plan = an_output("late", whole("a"), sound=["a"])
        control.register_output("late", plan.spec, at=SECOND)
        begun(seen)
        seen.until(lambda: len(seen.ticks("late")) >= 10)
        sounds = [(one.position, one.count) for one in seen.sounds["late"]]
        return seen.ticks("late"), sounds

    ticks, sounds = among(body, A, an_output("out", whole("a")))

    assert ticks == list(range(10))
    assert sounds[:3] == [(0, 960), (960, 960), (1920, 960)]


def test_what_happens_is_told_to_subscribers_in_order() -> None:
    def body(seen: Seen) -> list[object]:
        events.subscribe()
        control.register_input("b", InputSpec(Clip(pictures=3, audio=False), required=True))
        begun(seen, ticks=10)
        return [one for one in seen.others if getattr(one, "input", None) == "b"]

    told = among(body, A, an_output("out", whole("a")))

    assert told == [
        events.InputDelivered("b", "video"),
        events.InputPlaying("b", "video"),
        events.InputEos("b", "video"),
    ]


def test_control_keeps_nothing_that_its_successor_would_miss() -> None:
    def body(seen: Seen) -> dict[int, int]:
        begun(seen, ticks=3)
        kill(CONTROL)
        seen.for_seconds(0.1)
        with pytest.raises(AlreadyRegistered):
            control.register_input("a", InputSpec(Clip()))
        control.unregister_input("a")
        seen.for_seconds(0.1)
        assert process.whereis(source_of("a")) is None
        return seen.brightness("out")

    shown = among(body, A, an_output("out", whole("a")))

    assert list(shown.values())[-1] == 16


@dataclass(frozen=True, slots=True)
class Doomed(Eye):
    """An output that cannot be started."""

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        return [ChildSpec("doomed", (_raise, ()))]


def _raise() -> None:
    raise OSError("no such place")


def test_an_output_that_cannot_be_started_is_refused_and_its_id_is_free() -> None:
    def body(seen: Seen) -> tuple[str, ...]:
        spec = OutputSpec(Doomed(), VideoPart(64, 36, whole("a")))
        with pytest.raises(SpecRefused, match="an output that can be started"):
            control.register_output("b", spec)
        control.register_output("b", OutputSpec(Eye(), VideoPart(64, 36, whole("a"))))
        begun(seen, "b", ticks=2)
        return control.status().outputs

    assert among(body, A, settings=FIFTY) == ("b",)


def test_a_picture_that_every_source_dies_of_is_left_out_and_reported() -> None:
    def body(seen: Seen) -> tuple[list[int], list[object]]:
        events.subscribe()
        begun(seen, ticks=100)
        told = [one for one in seen.others if isinstance(one, events.InputSkipped)]
        errors = [one for one in seen.others if isinstance(one, events.InputError)]
        shown = seen.brightness("out")
        return [shown[tick] - shade(0) for tick in sorted(shown)], [*told, *errors]

    shown, told = among(body, an_input("a", Clip(broken_at=(30,))), an_output("out", whole("a")))

    assert told == [events.InputSkipped("a", 580 * MILLISECOND, 500 * MILLISECOND)]
    assert set(shown[:54]) == set(range(30))
    assert shown[54:] == list(range(54, len(shown)))
