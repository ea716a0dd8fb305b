from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from examples.smelter.protocols.offspring import Family, family


async def forever() -> None:
    await asyncio.Event().wait()


async def begin(times: int) -> None:
    """Start a task that starts a task, and so on; the last one waits."""
    if times:
        _children.append(asyncio.create_task(begin(times - 1)))
    await forever()


_children: list[asyncio.Task[None]] = []


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_the_tasks_of_tasks_belong_to_the_family_and_end_with_it() -> None:
    async def main() -> tuple[int, int]:
        with family() as found:
            _children.append(asyncio.create_task(begin(3)))
        await turns()
        living = len(found.living())
        await found.end()
        return living, len(asyncio.all_tasks())

    assert asyncio.run(main()) == (4, 1)


def test_what_a_callback_starts_belongs_to_the_family_too() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        with family() as found:
            loop.call_soon(lambda: _children.append(loop.create_task(forever())))
        await turns()
        return len(found.living())

    assert asyncio.run(main()) == 1


def test_two_families_and_strangers_are_kept_apart() -> None:
    async def main() -> tuple[bool, bool, bool]:
        with family() as one:
            first = asyncio.create_task(forever())
        with family() as other:
            second = asyncio.create_task(forever())
        stranger = asyncio.create_task(forever())
        await one.end()
        ended = first.done(), second.done(), stranger.done()
        assert other.living() == {second}
        return ended

    assert asyncio.run(main()) == (True, False, False)


def test_a_member_may_end_its_own_family_and_lives_on() -> None:
    async def last(found: Family) -> int:
        await found.end()
        return len(found.living())

    async def main() -> int:
        with family() as found:
            _children.append(asyncio.create_task(forever()))
            own = asyncio.create_task(last(found))
        return await own

    assert asyncio.run(main()) == 0


def test_another_task_factory_goes_on_making_the_tasks() -> None:
    class Own(asyncio.Task[object]):
        pass

    def make(
        loop: asyncio.AbstractEventLoop, work: Coroutine[object, object, object], **options: object
    ) -> Own:
        return Own(work, loop=loop)

    async def main() -> tuple[bool, int]:
        asyncio.get_running_loop().set_task_factory(make)  # type: ignore[arg-type]
        with family() as found:
            task = asyncio.create_task(forever())
        await turns()
        return isinstance(task, Own), len(found.living())

    assert asyncio.run(main()) == (True, 1)
