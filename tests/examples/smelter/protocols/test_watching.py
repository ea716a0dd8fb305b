"""The ends of an output that is watched, without any network: what they keep and whom they answer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from actors import GenServer, Message, NoReply, Pid, Task, process, run
from actors.testing import VirtualClock
from examples.smelter.complaints import OptionRefused
from examples.smelter.pictures import RATE, Picture
from examples.smelter.protocols.listening import BEHIND, KEPT, Listening
from examples.smelter.protocols.preview import Preview
from examples.smelter.protocols.watching import WatchedSink
from examples.smelter.protocols.webrtc import Claim, Offer, OfferRefused, Token
from examples.smelter.protocols.whep import Shown, Viewers, viewers_of, watch
from examples.smelter.wire import CONTROL, MIXER, Draw, EncoderUp, Finish, Finished, Sing, Written

PICTURE = Picture.solid(64, 36, (63, 102, 240))
TOKEN = "0123456789abcdef"  # noqa: S105 - of this test alone
SHOWN = Shown("out", ("video", "audio"), Fraction(30))


class Ear(GenServer[None]):
    """Tells somebody what it is told."""

    def init(self, boss: Pid) -> None:
        self.boss = boss

    def handle_cast(self, request: Message, state: None) -> NoReply[None]:
        process.send(self.boss, request)
        return NoReply()


def sing(position: int, count: int = 960) -> Sing:
    """Sound whose samples are their own numbers."""
    numbers = np.arange(position, position + count, dtype=np.float32)
    return Sing(position, np.stack([numbers, numbers], axis=1))


def test_sound_is_acknowledged_and_goes_on_where_a_listener_has_come() -> None:
    def main() -> tuple[object, ...]:
        Ear.start_link(process.self(), name=MIXER)
        end = Listening.start_link("out", "viewers")
        up = process.receive()
        for position in (0, 960, 1920):
            GenServer.cast(end, sing(position))
        news = [process.receive() for _ in range(3)]
        following = Listening.since(end, 1000)
        waiting = Task.async_(lambda: Listening.since(end, 2880))
        process.sleep(0.01)
        GenServer.cast(end, sing(2880))
        return up, news[-1], following, Task.await_(waiting)

    up, news, following, waited = run(main, clock=VirtualClock()) or ()

    assert up == EncoderUp("out", "audio", 0)
    assert news == Written("out", "audio", 2880, 2880)
    assert isinstance(following, Sing)
    assert (following.position, len(following.sound)) == (1000, 1880)
    assert following.sound[0, 0] == 1000
    assert isinstance(waited, Sing)
    assert (waited.position, len(waited.sound)) == (2880, 960)


@pytest.mark.parametrize("reached", [None, 0, 10**9])
def test_who_is_new_or_too_late_or_of_another_life_goes_on_where_the_sound_is_now(
    reached: int | None,
) -> None:
    def main() -> tuple[int, int]:
        end = Listening.start_link("out", "viewers")
        for chunk in range(100):
            GenServer.cast(end, sing(chunk * 960))
        found = Listening.since(end, reached)
        return found.position, len(found.sound)

    position, count = run(main, clock=VirtualClock()) or (0, 0)

    assert (position, count) == (96_000 - BEHIND, BEHIND)
    assert BEHIND < KEPT < RATE


def test_a_hole_in_the_sound_is_told_by_the_position_of_what_follows() -> None:
    def main() -> int:
        end = Listening.start_link("out", "viewers")
        GenServer.cast(end, sing(0))
        GenServer.cast(end, sing(48_000))
        return Listening.since(end, 960).position

    assert run(main, clock=VirtualClock()) == 48_000


def test_who_looks_gets_each_picture_once_and_one_of_a_new_life_at_once() -> None:
    def main() -> list[int]:
        end = Preview.start_link("out", "viewers")
        GenServer.cast(end, Draw(7, PICTURE))
        first = Preview.picture(end, -1).tick
        waiting = Task.async_(lambda: Preview.picture(end, 7).tick)
        shooting = Task.async_(lambda: Preview.next(end, 7).tick)
        process.sleep(0.01)
        GenServer.cast(end, Draw(8, PICTURE))
        later = [Task.await_(waiting), Task.await_(shooting)]
        # Whoever looks has seen number 500 of a pipeline that is no more.
        return [first, *later, Preview.picture(end, 500).tick, Preview.next(end, 500).tick]

    assert run(main, clock=VirtualClock()) == [7, 8, 8, 8, 8]


def test_an_output_is_complete_when_both_its_ends_are() -> None:
    def main() -> list[object]:
        Ear.start_link(process.self(), name=CONTROL)
        Viewers.start_link(Token(TOKEN), SHOWN, name=viewers_of("out"))
        video = Preview.start_link("out", viewers_of("out"))
        audio = Listening.start_link("out", viewers_of("out"))
        GenServer.cast(video, Finish(30))
        process.sleep(0.1)
        early = process.receive(timeout=0)
        GenServer.cast(audio, Finish(48_000))
        return [early is None or isinstance(early, Finished), process.receive()]

    found = run(main, clock=VirtualClock()) or []

    assert found == [False, Finished("out", "preview", 30, 30, 48_000)]


def test_nobody_is_let_in_without_the_token() -> None:
    def main() -> list[str]:
        Viewers.start_link(Token(TOKEN), SHOWN, name=viewers_of("out"))
        found: list[str] = []
        for output, token, sdp in (
            ("out", "", "v=0"),
            ("out", f"{TOKEN}x", "v=0"),
            ("out", TOKEN, "x" * 100_001),
            ("none", TOKEN, "v=0"),
        ):
            with pytest.raises(OfferRefused) as refused:
                watch(output, Offer(Claim(token), sdp))
            found.append(refused.value.kind)
        return found

    assert run(main, clock=VirtualClock()) == ["token", "token", "offer", "output"]
    with pytest.raises(OptionRefused):
        WatchedSink("guess me")
