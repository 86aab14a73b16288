"""Measure every client in the service under load, then profile each one alone, then look into the service itself."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from bench.commands.flame import profile_of
from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.model.config import Closed
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.host.cpus import cpu_sets, pinned
from bench.run.host.signals import StopRequest, stop_on_signals
from bench.run.testbed.upstream import running_upstream
from examples import measured
from examples.clients.flames import Flame, flame
from examples.clients.kept import FOLDER, Flames, Profiles, keep, keep_flames
from examples.clients.profiles import Profile
from examples.clients.upstreams import CLIENTS

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("clients.toml")
PROFILE = "async_clients"
SCENARIO = "weather"
CONCURRENCIES = (50, 100, 500)
FLAMED = ("httpx", "httpx-1000", "aiohttp")
FLAME_USERS = (10, 100)
FLAME_S = 5.0
FLAME_PACKAGES = ("httpx", "httpcore", "anyio", "h11", "aiohttp", "uvloop", "fastapi", "uvicorn")
PACKAGES = (
    "httpx", "httpcore", "httpx-aiohttp", "aiohttp", "httpx2", "httpcore2",
    "anyio", "h11", "uvloop", "fastapi", "uvicorn",
)  # fmt: skip


def measure() -> None:
    """Measure and profile all clients and keep the results. Raises BenchError if anything fails."""
    folder, now = measured.measure(PROFILE, CONFIG), datetime.now(UTC)
    with stop_on_signals() as stop:
        profiles = tuple(_profiles(folder / "logs", stop))
    keep(folder, Profiles(now.isoformat(timespec="seconds"), _versions(PACKAGES), profiles))
    record_flames()


def record_flames(folder: Path = FOLDER) -> None:
    """Record where the CPU time of the service goes with some clients, and keep it. Raises BenchError if that fails."""
    now = datetime.now(UTC)
    flames = tuple(_flame(client, users) for client in FLAMED for users in FLAME_USERS)
    keep_flames(Flames(now.isoformat(timespec="seconds"), _versions(FLAME_PACKAGES), flames), folder)


def _flame(client: str, users: int) -> Flame:
    print(f"flame: {client}, {users} users", file=sys.stderr)
    config = load_config([DEFAULT_CONFIG, CONFIG])
    plan = make_plan(config, PROFILE, stacks=[client], users=[users], window_s=FLAME_S, rounds=1)
    return flame(client, users, profile_of(CellKey(client, SCENARIO, Closed(users=users), 1, 0), plan, seed=1))


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: version(name) for name in packages}


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
