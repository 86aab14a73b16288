"""A constant number of concurrent upstream calls on one event loop, and their counts."""

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
"""The callers start spread over this time, which is how long the upstream takes to answer."""

POLL_S = 0.05


class CountingLoop(uvloop.Loop):
    """The service's event loop. It counts the connections opened on it."""

    connections = 0

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Open a connection as the base class does, and count it."""
        self.connections += 1
        return await super().create_connection(*args, **kwargs)


class Load:
    """A number of callers. Each calls again as soon as it is answered. `heard` counts the callers with an answer."""

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
        """Whether every caller has an answer."""
        return self.heard == len(self._callers)

    def check(self) -> None:
        """Raise the exception that ended a caller, if there is one."""
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
    """Return when `done()` is true, or after `longest_s` seconds."""
    end_s = time.monotonic() + longest_s
    while not done() and time.monotonic() < end_s:
        await asyncio.sleep(POLL_S)
