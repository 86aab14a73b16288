"""A slowdown of known size as a commit in a clone of this repository."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal

from bench.run.host.cpus import cpu_sets, pinned

Kind = Literal["none", "cpu", "delay"]

FLASK = Template(
    '''

_slow_create_app = create_app


def create_app():
    """The application, slower on purpose."""
    import time

    app = _slow_create_app()

    def slow():
        for _ in range($steps):
            pass
        if $delay_s:
            time.sleep($delay_s)

    app.before_request(slow)
    return app
'''
)
FASTAPI = Template(
    '''

_slow_create_app = create_app


def create_app():
    """The application, slower on purpose."""
    import asyncio

    app = _slow_create_app()

    async def slow(scope, receive, send):
        if scope["type"] == "http":
            for _ in range($steps):
                pass
            if $delay_s:
                await asyncio.sleep($delay_s)
        await app(scope, receive, send)

    return slow
'''
)
SERVICES = {"flask": ("flask_app/app.py", FLASK), "fastapi": ("fastapi_app/app.py", FASTAPI)}


def clone(repository: Path, folder: Path) -> Path:
    """A clone of the repository's HEAD in a new folder."""
    subprocess.run(("git", "clone", "--quiet", "--shared", str(repository), str(folder)), check=True)
    return folder


def inject(repository: Path, burn_s: Mapping[str, float], delay_s: Mapping[str, float]) -> str:
    """The commit, a child of HEAD, in which each request burns CPU and waits for the given seconds, by service.

    CPU is burnt by a number of loop steps, not for a time: under contention a clock would count other programs too.
    """
    for service, (name, source) in SERVICES.items():
        burns, waits = burn_s.get(service, 0.0), delay_s.get(service, 0.0)
        if burns or waits:
            with (repository / name).open("a", encoding="utf-8") as file:
                file.write(source.substitute(steps=round(burns / step_s()), delay_s=waits))
    identity = ("-c", "user.name=calibration", "-c", "user.email=calibration@localhost")
    subprocess.run(("git", *identity, "commit", "--quiet", "--all", "--message", "slower"), cwd=repository, check=True)
    head = subprocess.run(("git", "rev-parse", "HEAD"), cwd=repository, check=True, capture_output=True, text=True)
    subprocess.run(("git", "reset", "--quiet", "--hard", "HEAD~1"), cwd=repository, check=True)
    return head.stdout.strip()


def step_s() -> float:
    """CPU seconds of one step of an empty loop on the server's core: the median of several measurements."""
    program = (
        "import timeit; print(sorted(timeit.repeat('for _ in range(100_000): pass', number=5, repeat=11))[5] / 5e5)"
    )
    with pinned(cpu_sets(1).server):
        said = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)
    return float(said.stdout)
