"""What becomes of a command when its place on the line of time has come; for the process of the queue.

A command concerns the inputs, and then it is done here and now; or what outputs show and consist of, and
then it becomes orders in the same lines as the sets.
"""

from __future__ import annotations

from examples.smelter.deliveries import BOTH, Deliveries
from examples.smelter.keeper import CLOSING, MIXED, SHOWN, WORDS
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import MixChange, OutputMix
from examples.smelter.offsets import Framerate, Ns
from examples.smelter.playlists import Playlists
from examples.smelter.queue_start import connection
from examples.smelter.queue_words import Line
from examples.smelter.requests import OutputPlan
from examples.smelter.wire import (
    CONTROL,
    AddTrack,
    Attaching,
    Disconnect,
    Gone,
    InputGone,
    NextTrack,
    PauseInput,
    RemoveInput,
    ResumeInput,
    SeekInput,
    SetMix,
    SetScene,
    Together,
    tell,
)

__all__ = ["Commands"]


class Commands:
    """Carries out what was asked for.

    Args:
        line: the line of time.
        playlists: of the same line.
        deliveries: what goes out of it.
        rate: of its ticks.
    """

    def __init__(
        self, line: Line, playlists: Playlists, deliveries: Deliveries, rate: Framerate
    ) -> None:
        self._line = line
        self._playlists = playlists
        self._deliveries = deliveries
        self._rate = rate

    def carry_out(self, command: object, now: Ns) -> bool:
        """Do something, before the next set; False if there is nothing to do it to.

        That may be an input that was unregistered before the time of the command came.
        """
        match command:
            case RemoveInput(name) if name in self._line.names:
                plan = self._playlists.remove(name)
                self._deliveries.order(Gone(name), *BOTH)
                tell(CONTROL, InputGone(plan))
            case PauseInput(name) if name in self._line.names:
                self._playlists.pause(name, now)
            case ResumeInput(name) if name in self._line.names:
                self._playlists.resume(name, now)
            case AddTrack(name) if name in self._line.names:
                return self._playlists.add(command)
            case NextTrack(name) if name in self._line.names:
                return self._playlists.cut(name)
            case SeekInput(name) if name in self._line.names:
                return self._playlists.seek(command, now)
            case _:
                return self._order(command)
        return True

    def _order(self, command: object) -> bool:
        match command:
            case Attaching(plan) if _is_wanted(plan.id):
                self._deliveries.order(connection(self._line, self._rate, plan), *BOTH)
            case Disconnect(name):
                self._deliveries.order(command, *BOTH)
                Ledger.put(LEDGER, (CLOSING, name), True)
                tell(CONTROL, command)
            case SetScene():
                self._show(command)
            case SetMix():
                self._mix(command)
            case Together(scene, mix):
                self._show(scene)
                self._mix(mix)
            case _:
                return False
        return True

    # What outputs show and consist of is written down here and not by who draws and mixes: whoever has
    # asked for it is answered when it would outlive everybody.

    def _show(self, command: SetScene) -> None:
        self._deliveries.order(command, "video")
        if Ledger.get(LEDGER, ("output", command.output)) is not None:
            Ledger.put(LEDGER, (SHOWN, command.output), command.scene)
            if command.words is None:
                Ledger.drop(LEDGER, (WORDS, command.output))
            else:
                Ledger.put(LEDGER, (WORDS, command.output), command.words)

    def _mix(self, command: SetMix) -> None:
        self._deliveries.order(command, "audio")
        plan = Ledger.get(LEDGER, ("output", command.output))
        if isinstance(plan, OutputPlan) and plan.spec.audio is not None:
            found = Ledger.get(LEDGER, (MIXED, command.output))
            now = found if isinstance(found, OutputMix) else plan.spec.audio.mix
            new = command.mix.of(now) if isinstance(command.mix, MixChange) else command.mix
            Ledger.put(LEDGER, (MIXED, command.output), new)


def _is_wanted(output_id: str) -> bool:
    """Tell whether an output is still registered when its time has come."""
    registered = Ledger.get(LEDGER, ("output", output_id)) is not None
    return registered and Ledger.get(LEDGER, (CLOSING, output_id)) is None
