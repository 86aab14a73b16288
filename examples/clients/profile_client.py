"""Profile one client with a constant number of calls in flight and no web framework around it.

    UPSTREAM_TOKEN=any python -m upstream --port 9000
    python -m examples.clients.profile_client httpx-1000 100 --upstream http://127.0.0.1:9000

Prints a Profile as JSON. First every caller gets an answer. Then the CPU clock is sampled. Then, in a separate step
because it slows everything down, the calls of some functions of the pool are counted.
"""

import argparse
import cProfile
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType
from typing import NoReturn

from pydantic import TypeAdapter

from examples.clients.load import CountingLoop, Load, until
from examples.clients.profiles import COUNTED, Profile
from examples.clients.sampler import Sampler
from examples.clients.upstreams import CLIENTS
from fastapi_app.config import load_settings

LONGEST_S = 10.0
"""The longest that each of the three steps takes."""

CPU_S = 2.0
FEWEST_CALLS = 50
COUNTED_CALLS = 200
TIMEOUT_S = 120.0
"""Longer than the service's timeout, so that a slow client does not save work by giving up."""


@dataclass(frozen=True, slots=True)
class _Totals:
    """The counts and clocks of the load at one moment."""

    answered: int
    failed: int
    connections: int
    cpu_s: float
    wall_s: float


def _totals(load: Load, loop: CountingLoop) -> _Totals:
    return _Totals(load.answered, load.failed, loop.connections, time.process_time(), time.monotonic())


async def profiled(client: str, concurrency: int, url: str, longest_s: float, loop: CountingLoop) -> Profile:
    """The profile of a client. Its callers go on calling until the process ends."""
    environment = {"UPSTREAM_URL": url, "UPSTREAM_TIMEOUT_S": str(TIMEOUT_S), "MAX_IN_FLIGHT": str(concurrency)}
    load = Load(CLIENTS[client](load_settings(environment)), concurrency)
    await until(lambda: load.begun, longest_s)
    sampler, before = Sampler(), _totals(load, loop)
    sampler.start()
    await until(
        lambda: time.process_time() >= before.cpu_s + CPU_S and load.answered >= before.answered + FEWEST_CALLS,
        longest_s,
    )
    sampler.stop()
    after = _totals(load, loop)
    counted_calls, counted = await _counted(load, longest_s)
    load.check()
    return Profile(
        client=client,
        concurrency=concurrency,
        calls=after.answered - before.answered,
        failed=after.failed - before.failed,
        cpu_s=after.cpu_s - before.cpu_s,
        wall_s=after.wall_s - before.wall_s,
        connections=after.connections - before.connections,
        spent=sampler.spent,
        counted_calls=counted_calls,
        counted=counted,
    )


async def _counted(load: Load, longest_s: float) -> tuple[int, dict[str, int]]:
    """The number of calls answered in this step, and how often each of COUNTED was called."""
    answered = load.answered
    profiler = cProfile.Profile(subcalls=False, builtins=False)
    profiler.enable()
    await until(lambda: load.answered >= answered + COUNTED_CALLS, longest_s)
    profiler.disable()
    counts: Counter[str] = Counter()
    for entry in profiler.getstats():
        if isinstance(entry.code, CodeType) and entry.code.co_qualname in COUNTED:
            counts[entry.code.co_qualname] += entry.callcount
    return load.answered - answered, dict(counts)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """End the process with 0, or with 1 if no call was answered."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.clients.profile_client", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("calls", type=int, help="the number of concurrent calls")
    parser.add_argument("--upstream", metavar="URL", default="http://127.0.0.1:9000")
    parser.add_argument("--seconds", type=float, metavar="S", default=LONGEST_S, help="the limit of each step")
    arguments = parser.parse_args(argv)
    loop = CountingLoop()
    found = loop.run_until_complete(
        profiled(arguments.client, arguments.calls, arguments.upstream, arguments.seconds, loop)
    )
    if found.calls:
        print(TypeAdapter(Profile).dump_json(found, indent=1).decode(), flush=True)
    else:
        print(f"{arguments.client}: no call was answered by {arguments.upstream}", file=sys.stderr, flush=True)
    # Cancelling hundreds of calls one after another may take httpx longer than the whole profile.
    os._exit(0 if found.calls else 1)


if __name__ == "__main__":
    main()
