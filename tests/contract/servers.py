"""The services as their users run them: real servers, each a subprocess on a free port."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.plan.config import StackTable, load_config
from bench.run.host.ports import free_ports
from bench.run.testbed.server import filled

from .client import Connection, Request

ROOT = Path(__file__).resolve().parents[2]
START_S = 60
STOP_S = 10

STACKS: Mapping[str, StackTable] = load_config([ROOT / "bench.toml"]).stacks
"""Every way to serve the services that is measured."""

KINDS = (
    "flask-gthread", "flask-gevent", "flask-urllib3", "flask-httpx",
    "fastapi-httpx", "fastapi-aiohttp", "fastapi-aiohttp-plain", "fastapi-threads",
)  # fmt: skip
"""The stacks that everything is tried on, upstreams that misbehave included: each has its own client or server."""

REFERENCE = "flask-gthread"

MORE_KINDS = {
    "flask-sync": STACKS["flask-sync"].model_copy(update={"workers": 1}),
    "flask-two-workers": STACKS["flask-gthread"].model_copy(update={"workers": 2}),
    "fastapi-gunicorn": STACKS["fastapi-gunicorn"].model_copy(update={"workers": 1}),
    "fastapi-two-workers": STACKS["fastapi-workers"],
}
"""Other ways to start the services, which must end in the same way on a bad setting."""

USERS = 100
"""The most requests in flight at a server."""

THREADS = 16
"""Request threads of FastAPI's plain functions."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path


def start(stack: StackTable, port: int, settings: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """The process, not yet ready: it has its own process group, and writes its output to `log`."""
    values = {
        "host": "127.0.0.1",
        "port": str(port),
        "workers": str(stack.workers),
        "threads": str(USERS if stack.threads == "users" else stack.threads),
        "users": str(USERS),
        "connections": str(2 * USERS),
        "upstream": "http://127.0.0.1:9000",
    }
    program, *argv = (filled(part, values) for part in stack.argv or ())
    own = {name: filled(value, values) for name, value in stack.env.items()}
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **own, **settings}
    argv.insert(0, str(Path(sys.executable).with_name(program)))
    with log.open("wb") as output:
        return subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=output, stderr=output, process_group=0)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process and all that it started: first with TERM, then with KILL."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def serving(stacks: Mapping[str, StackTable], settings: Mapping[str, str], folder: Path) -> Iterator[dict[str, Server]]:
    """The servers of all these stacks, started together and ready."""
    servers: dict[str, Server] = {}
    # A TERM cleans up as Ctrl-C does, so that no server outlives the tests.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for port, (name, stack) in zip(free_ports(len(stacks)), stacks.items(), strict=True):
            log = folder / f"{name}.log"
            servers[name] = Server(name, port, start(stack, port, settings, log), log)
        for server in servers.values():
            _await_ready(server)
        yield servers
    finally:
        for server in servers.values():
            server.process.terminate()
        for server in servers.values():
            stop(server.process)
        signal.signal(signal.SIGTERM, before)


def _await_ready(server: Server) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with Connection(server.port, timeout_s=1) as connection:
                if connection.ask(Request("GET", "/health")).status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{server.name} did not start:\n{server.log.read_text()}")
