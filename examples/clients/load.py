"""Calls of the upstream that are kept under way on one event loop, and what can be seen of them."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import uvloop

from fastapi_app.problems import Problem
from fastapi_app.upstream import Upstream
from fastapi_app.weather import fetch_temperature

CITY = "London"
SPREAD_S = 0.1
"""The callers begin within so long: the time that the upstream takes to answer."""

POLL_S = 0.05


class CountingLoop(uvloop.Loop):
    """The service's event loop, which counts the connections that are opened on it."""

    connections = 0

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """What the loop's own does."""
        self.connections += 1
        return await super().create_connection(*args, **kwargs)


class Load:
    """So many callers, each of whom asks again once it is answered; `heard` of them have had an answer."""

    def __init__(self, upstream: Upstream, callers: int) -> None:
        self._upstream = upstream
        self._callers = [
            asyncio.create_task(self._call(SPREAD_S * number / callers), name=f"caller {number}")
            for number in range(callers)
        ]
        self.answered = 0
        self.failed = 0
        self.heard = 0

    @property
    def begun(self) -> bool:
        """Whether every caller has had an answer."""
        return self.heard == len(self._callers)

    def check(self) -> None:
        """Raise what ended a caller, if anything did."""
        for caller in self._callers:
            if caller.done():
                caller.result()

    async def _call(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        answered = False
        while True:
            try:
                await fetch_temperature(self._upstream, CITY)
            except Problem:
                self.failed += 1
                continue
            self.answered += 1
            self.heard += not answered
            answered = True


async def until(done: Callable[[], bool], longest_s: float) -> None:
    """Return once it is done, or after so long at the latest."""
    end_s = time.monotonic() + longest_s
    while not done() and time.monotonic() < end_s:
        await asyncio.sleep(POLL_S)
