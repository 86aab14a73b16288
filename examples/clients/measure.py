"""Measure every client in the service under load, then profile each one alone."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from bench.errors import BenchError
from bench.places import RESULTS
from bench.run.host.cpus import cpu_sets, pinned
from bench.run.host.signals import StopRequest, stop_on_signals
from bench.run.testbed.upstream import running_upstream
from examples.clients.kept import Profiles, keep
from examples.clients.profiles import Profile
from examples.clients.upstreams import CLIENTS

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("clients.toml")
PROFILE = "clients"
CONCURRENCIES = (50, 100, 500)
PACKAGES = (
    "httpx", "httpcore", "httpx-aiohttp", "aiohttp", "httpx2", "httpcore2",
    "anyio", "h11", "uvloop", "fastapi", "uvicorn",
)  # fmt: skip


def measure() -> None:
    """Measure and profile all clients and keep the results. Raises BenchError if either fails."""
    now = datetime.now(UTC)
    folder = RESULTS / f"{now:%Y%m%d-%H%M%S}-{PROFILE}"
    config, out = (str(path.relative_to(ROOT)) for path in (CONFIG, folder))  # the run records its arguments
    argv = ("-m", "bench", "run", "--config", config, "--profile", PROFILE, "--out", out)
    # A signal also reaches the programs below. They end by themselves, and their exit codes are then ignored.
    with stop_on_signals() as stop:
        code = subprocess.run((sys.executable, *argv), cwd=ROOT, check=False).returncode
        stop.check()
        if code:
            raise BenchError(f"the clients could not be measured: bench run ended with {code}", exit_code=1)
        profiles = tuple(_profiles(folder / "logs", stop))
    versions = {name: version(name) for name in PACKAGES}
    keep(folder, Profiles(now.isoformat(timespec="seconds"), versions, profiles))


def _profiles(logs: Path, stop: StopRequest) -> Iterator[Profile]:
    """A profile of each client at each concurrency, each in its own process on the server's core."""
    cpus, adapter = cpu_sets(1), TypeAdapter(Profile)
    with running_upstream(None, 1, cpus.upstream, logs / "profiles.upstream.log", stop) as upstream:
        for client in CLIENTS:
            for concurrency in CONCURRENCIES:
                stop.check()
                print(f"profile: {client}, {concurrency} concurrent calls", file=sys.stderr)
                argv = ("-m", "examples.clients.profile_client", client, str(concurrency), "--upstream", upstream.url)
                with pinned(cpus.server):
                    done = subprocess.run(
                        (sys.executable, *argv), cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
                    )
                stop.check()
                if done.returncode:
                    raise BenchError(f"{client} could not be profiled with {concurrency} concurrent calls", exit_code=1)
                yield adapter.validate_json(done.stdout)
