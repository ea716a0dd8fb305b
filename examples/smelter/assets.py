"""The process that keeps decoded images and shaders; everything in it can be made anew.

What was registered is in the ledger, as it came; a new keeper decodes it again. The compositor is
told all there is whenever something changes, and when one of the two has come up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from actors import GenServer, Message
from examples.smelter.complaints import ImageRefused
from examples.smelter.compose import Shading
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.sprites import Still, load_image
from examples.smelter.wire import COMPOSITOR, AssetsUp, AssetsWanted, tell

__all__ = ["Assets", "AssetsChanged"]


@dataclass(frozen=True, slots=True)
class AssetsChanged:
    """The ledger has other images or shaders than before."""


@dataclass(slots=True)
class _State:
    sources: dict[str, object] = field(default_factory=dict)
    """The bytes each image was decoded from."""
    images: dict[str, Still] = field(default_factory=dict)


class Assets(GenServer[_State], host="thread"):
    """The keeper; on a thread of its own, because decoding takes a while."""

    def init(self) -> _State:
        """Decode what is registered."""
        state = _State()
        self._show(state)
        return state

    def handle_cast(self, request: Message, state: _State) -> None:
        """Handle what `wire` says the keeper is told, and changes."""
        match request:
            case AssetsWanted() | AssetsChanged():
                self._show(state)
            case _:
                raise TypeError(f"the keeper of assets is not told {request!r}")

    def _show(self, state: _State) -> None:
        registered = Ledger.registered(LEDGER, "image")
        for name in state.images.keys() - registered.keys():
            del state.images[name], state.sources[name]
        for name, data in registered.items():
            if isinstance(data, bytes) and state.sources.get(name) is not data:
                self._decode(state, name, data)
        shaders: dict[str, Shading] = {
            name: made
            for name, made in Ledger.registered(LEDGER, "shader").items()
            if callable(made)
        }
        tell(COMPOSITOR, AssetsUp(dict(state.images), shaders))

    def _decode(self, state: _State, name: str, data: bytes) -> None:
        try:
            state.images[name] = load_image(name, data)
        except ImageRefused:
            # It was decoded before it was registered; if it cannot be any more, it stays clear.
            return
        state.sources[name] = data
