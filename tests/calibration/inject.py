"""A slowdown of known kind and size as a commit in a clone of this repository."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from bench.run.host.cpus import cpu_sets, pinned

Kind = Literal["none", "cpu", "delay", "pause", "slow"]

PAUSE_EVERY_S = 2.0
"""Seconds of load from one pause to the next. A gap of more than 0.1 s between two requests is no load."""

SLOW_TIMES = 10
"""A slow request takes so many times as long as it would."""


@dataclass(frozen=True, slots=True)
class Slower:
    """What slows a service. Of each request: CPU seconds burnt, and seconds waited.

    `pause_s`: every PAUSE_EVERY_S of load one request keeps the interpreter to itself for so long, as a full garbage
    collection does. `slow_share`: this share of the requests takes SLOW_TIMES as long.
    """

    burn_s: float = 0.0
    delay_s: float = 0.0
    pause_s: float = 0.0
    slow_share: float = 0.0


FLASK = Template(
    '''

_slow_create_app = create_app


def create_app():
    """The application, slower on purpose."""
    import random
    import time

    from flask import g

    app = _slow_create_app()
    load = {"last": 0.0, "busy": 0.0}

    def slow():
        g.began = now = time.monotonic()
        load["busy"] += min(now - load["last"], 0.1)
        load["last"] = now
        if $pause and load["busy"] >= $every_s:
            load["busy"] = 0.0
            sum(range($pause))
        for _ in range($steps):
            pass
        if $delay_s:
            time.sleep($delay_s)

    def slower(response):
        if random.random() < $share:
            time.sleep($more * (time.monotonic() - g.began))
        return response

    app.before_request(slow)
    app.after_request(slower)
    return app
'''
)
FASTAPI = Template(
    '''

_slow_create_app = create_app


def create_app():
    """The application, slower on purpose."""
    import asyncio
    import random
    import time

    app = _slow_create_app()
    load = {"last": 0.0, "busy": 0.0}

    async def slow(scope, receive, send):
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began = time.monotonic()
        load["busy"] += min(began - load["last"], 0.1)
        load["last"] = began
        if $pause and load["busy"] >= $every_s:
            load["busy"] = 0.0
            sum(range($pause))
        for _ in range($steps):
            pass
        if $delay_s:
            await asyncio.sleep($delay_s)

        async def slower(message):
            if message["type"] == "http.response.start" and random.random() < $share:
                await asyncio.sleep($more * (time.monotonic() - began))
            await send(message)

        await app(scope, receive, slower)

    return slow
'''
)
SERVICES = {"flask": ("flask_app/app.py", FLASK), "fastapi": ("fastapi_app/app.py", FASTAPI)}


def clone(repository: Path, folder: Path) -> Path:
    """A clone of the repository's HEAD in a new folder."""
    subprocess.run(("git", "clone", "--quiet", "--shared", str(repository), str(folder)), check=True)
    return folder


def inject(repository: Path, slower: Mapping[str, Slower]) -> str:
    """The commit, a child of HEAD, in which the given services are slower.

    CPU is burnt by a number of steps, not for a time: under contention a clock would count other programs too.
    """
    for service, how in slower.items():
        name, source = SERVICES[service]
        with (repository / name).open("a", encoding="utf-8") as file:
            file.write(
                source.substitute(
                    steps=_steps("for _ in range({}): pass", how.burn_s),
                    pause=_steps("sum(range({}))", how.pause_s),
                    every_s=PAUSE_EVERY_S,
                    delay_s=how.delay_s,
                    share=how.slow_share,
                    more=SLOW_TIMES - 1,
                )
            )
    identity = ("-c", "user.name=calibration", "-c", "user.email=calibration@localhost")
    subprocess.run(("git", *identity, "commit", "--quiet", "--all", "--message", "slower"), cwd=repository, check=True)
    head = subprocess.run(("git", "rev-parse", "HEAD"), cwd=repository, check=True, capture_output=True, text=True)
    subprocess.run(("git", "reset", "--quiet", "--hard", "HEAD~1"), cwd=repository, check=True)
    return head.stdout.strip()


def _steps(loop: str, spent_s: float) -> int:
    return round(spent_s / step_s(loop)) if spent_s else 0


def step_s(loop: str) -> float:
    """CPU seconds of one step of a loop on the server's core: the median of several measurements.

    `loop`: the statement, with `{}` for the number of steps.
    """
    program = f"import timeit; print(sorted(timeit.repeat('{loop.format(100_000)}', number=5, repeat=11))[5] / 5e5)"
    with pinned(cpu_sets(1).server):
        said = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)
    return float(said.stdout)
