"""The side of other libraries of actors, as far as they are installed: `pip install --group peers`.

Each of them is one class with four verbs, written as its users would write a counter; the figures are made of
these. What they promise less than a GenServer does (monitors, time limits, copies) is not made up for.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import io
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.bench.measures import Figure, resident

__all__ = ["FIGURES"]


class Peer(Protocol):
    """A library that has counters; an *actor* is whatever it uses to speak of one."""

    async def within(self, what: Callable[[], Awaitable[float]]) -> float:
        """Get ready, on a loop of asyncio, do something, and let everything go."""

    async def start(self) -> Any:  # noqa: ANN401 - each library's own
        """Start a counter, and wait until it is there."""

    async def ask(self, actor: Any) -> object:  # noqa: ANN401 - the same
        """Ask a counter how far it is."""

    async def tell(self, actor: Any) -> object:  # noqa: ANN401 - the same
        """Have a counter count."""

    async def stop(self, actor: Any) -> None:  # noqa: ANN401 - the same
        """Stop a counter, as far as the library lets one wait for that."""


class Thespian:
    """thespian on its base without processes: actors are objects, called by whoever asks."""

    async def within(self, what: Callable[[], Awaitable[float]]) -> float:
        actors = importlib.import_module("thespian.actors")

        class Counter(actors.Actor):  # type: ignore[misc, name-defined] # without types
            count = 0

            def receiveMessage(self, message: object, sender: object) -> None:  # noqa: N802 - its name
                if message == "add":
                    self.count += 1
                elif message == "value":
                    self.send(sender, self.count)

        silent = {"version": 1, "disable_existing_loggers": True}
        self._counter, self._exit = Counter, actors.ActorExitRequest
        self._system = actors.ActorSystem("simpleSystemBase", logDefs=silent)
        try:
            return await what()
        finally:
            self._system.shutdown()

    async def start(self) -> Any:  # noqa: ANN401 - each library's own
        return self._system.createActor(self._counter)

    async def ask(self, actor: Any) -> object:  # noqa: ANN401 - the same
        value: object = self._system.ask(actor, "value", 30)
        return value

    async def tell(self, actor: Any) -> object:  # noqa: ANN401 - the same
        return self._system.tell(actor, "add")

    async def stop(self, actor: Any) -> None:  # noqa: ANN401 - the same
        self._system.tell(actor, self._exit())


class Otpylib:
    """otpylib: a task of asyncio for each process, and a module for each kind of server."""

    def __init__(self) -> None:
        self._numbers = iter(range(1_000_000_000))

    async def within(self, what: Callable[[], Awaitable[float]]) -> float:
        module = importlib.import_module("otpylib.module")
        data = importlib.import_module("otpylib.gen_server.data")
        backend = importlib.import_module("otpylib.runtime.backends.asyncio_backend.backend")
        self._server = importlib.import_module("otpylib.gen_server")
        self._process = importlib.import_module("otpylib.process")

        async def init(_: object, start: object) -> int:
            return 0

        async def handle_call(_: object, request: object, caller: object, count: int) -> object:
            return data.Reply(payload=count), count

        async def handle_cast(_: object, request: object, count: int) -> object:
            return data.NoReply(), count + 1

        async def handle_info(_: object, message: object, count: int) -> object:
            return data.NoReply(), count

        async def terminate(_: object, reason: object, count: int) -> None:
            return None

        callbacks = (init, handle_call, handle_cast, handle_info, terminate)
        kind = {"behavior": module.GEN_SERVER, "version": "1.0.0"}
        named = {each.__name__: each for each in callbacks}
        self._counter = module.OTPModule("Counter", (), named, **kind)
        runtime = backend.AsyncIOBackend()
        await runtime.initialize()
        self._process.use_runtime(runtime)
        result: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        async def caller() -> None:
            # Only a process may start and call others.
            try:
                result.set_result(await what())
            except Exception as error:
                result.set_exception(error)

        await self._process.spawn(caller)
        return await result

    async def start(self) -> Any:  # noqa: ANN401 - each library's own
        return await self._server.start(self._counter, None, f"counter-{next(self._numbers)}")

    async def ask(self, actor: Any) -> object:  # noqa: ANN401 - the same
        value: object = await self._server.call(actor, "value")
        return value

    async def tell(self, actor: Any) -> object:  # noqa: ANN401 - the same
        return await self._server.cast(actor, "add")

    async def stop(self, actor: Any) -> None:  # noqa: ANN401 - the same
        await self._process.exit(actor, "shutdown")
        while self._process.is_alive(actor):
            await asyncio.sleep(0)


class Actio:
    """actio: a task of asyncio for each actor; it has no ask, so that a request carries a future."""

    async def within(self, what: Callable[[], Awaitable[float]]) -> float:
        actio = importlib.import_module("actio")

        class Counter(actio.Actor):  # type: ignore[misc, name-defined] # without types
            count = 0

            async def receive(self, _: object, message: Any) -> None:  # noqa: ANN401 - a future, or nothing
                if message is None:
                    self.count += 1
                else:
                    message.set_result(self.count)

        self._counter = Counter
        self._system = actio.ActorSystem()
        try:
            return await what()
        finally:
            await self._system.shutdown()

    async def start(self) -> Any:  # noqa: ANN401 - each library's own
        return self._system.create(self._counter())

    async def ask(self, actor: Any) -> object:  # noqa: ANN401 - the same
        answer = asyncio.get_running_loop().create_future()
        self._system.tell(actor, answer)
        return await answer

    async def tell(self, actor: Any) -> object:  # noqa: ANN401 - the same
        return self._system.tell(actor, None)

    async def stop(self, actor: Any) -> None:  # noqa: ANN401 - the same
        self._system.stop(actor)
        await asyncio.sleep(0)


# -- the figures -----------------------------------------------------------------------------------


async def _clocked(count: int, what: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    before = time.process_time()
    await what()
    return (time.process_time() - before) / count * 1e6


async def _call(peer: Peer, scale: int) -> float:
    actor, count = await peer.start(), 10_000 * scale // 100

    async def loop() -> None:
        for _ in range(count):
            await peer.ask(actor)

    await peer.ask(actor)
    return await _clocked(count, loop)


async def _cast(peer: Peer, scale: int) -> float:
    actor, count = await peer.start(), 20_000 * scale // 100

    async def loop() -> None:
        for _ in range(count):
            await peer.tell(actor)
        assert await peer.ask(actor) == count

    return await _clocked(count, loop)


async def _start_stop(peer: Peer, scale: int) -> float:
    count = max(2, 2_000 * scale // 100)

    async def loop() -> None:
        for _ in range(count):
            actor = await peer.start()
            await peer.ask(actor)
            await peer.stop(actor)

    return await _clocked(count, loop)


async def _memory(peer: Peer, scale: int) -> float:
    count = max(2, 10_000 * scale // 100)
    gc.collect()
    before = resident()
    actors = [await peer.start() for _ in range(count)]
    gc.collect()
    await peer.ask(actors[-1])
    return (resident() - before) / count


_MEASURES = {"call": _call, "cast": _cast, "start_stop": _start_stop, "memory": _memory}


def _figure(
    make: Callable[[], Peer], measure: Callable[[Peer, int], Awaitable[float]]
) -> Callable[[int], float]:
    def figure(scale: int) -> float:
        peer = make()
        logging.disable(logging.CRITICAL)
        try:
            # Some of them print what others log.
            with contextlib.redirect_stdout(io.StringIO()):
                return asyncio.run(peer.within(lambda: measure(peer, scale)))
        finally:
            logging.disable(logging.NOTSET)

    return figure


_PEERS: dict[str, Callable[[], Peer]] = {
    "thespian": Thespian,
    "otpylib": Otpylib,
    "actio": Actio,
}

FIGURES: dict[str, dict[str, Figure]] = {
    name: {measure: _figure(make, how) for measure, how in _MEASURES.items()}
    for name, make in _PEERS.items()
}
"""The figures of each library, by its name."""
