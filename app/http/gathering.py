"""Doing together what is asked at the same moment: while one set is being written, the next one gathers.

One caller alone waits for nobody; a hundred at once share a few statements instead of each paying for all.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from engine.core.errors import SafarError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Item, Result]):
    item: Item
    answer: "asyncio.Future[Result]"


class Gathering(Generic[Item, Result]):
    """Calls `work(key, items)` in a thread, with all items of a key that came in meanwhile.

    Args:
        work: returns one result for each item, in order; an error among them is raised to its caller.
        most: items of one call at most.
    """

    def __init__(self, work: Callable[..., Sequence[Result | Exception]], *, most: int = 100) -> None:
        self._work = work
        self._most = most
        self._waiting: dict[Hashable, list[_Asked[Item, Result]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, key: Hashable, item: Item) -> Result:
        """The item's result, once the set it went with is done. Raises what `work` raises."""
        asked: _Asked[Item, Result] = _Asked(item, asyncio.get_running_loop().create_future())
        if key in self._waiting:
            self._waiting[key].append(asked)
        else:
            self._waiting[key] = [asked]
            task = asyncio.create_task(self._work_off(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asked.answer

    async def _work_off(self, key: Hashable) -> None:
        while True:
            waiting = self._waiting[key]
            batch, self._waiting[key] = waiting[: self._most], waiting[self._most :]
            results = await self._together(key, batch)
            is_last = not self._waiting[key]
            if is_last:
                del self._waiting[key]  # before anybody hears their answer: who asks then starts anew
            for asked, result in zip(batch, results, strict=True):
                _answer(asked.answer, result)
            if is_last:
                return

    async def _together(
        self, key: Hashable, batch: Sequence[_Asked[Item, Result]]
    ) -> Sequence[Result | Exception]:
        """The results of a set; when it fails as a whole, each is tried alone, so that one cannot sink others."""
        try:
            return await asyncio.to_thread(self._work, key, [asked.item for asked in batch])
        except (SafarError, DBAPIError) as error:
            if len(batch) == 1:
                return [error]
        except Exception as error:
            return [error] * len(batch)  # every caller hears of it: it is raised where they wait
        return [(await self._together(key, [asked]))[0] for asked in batch]


def _answer(future: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if future.done():
        return  # the caller went away
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
