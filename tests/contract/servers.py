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

from bench.run.host.ports import free_ports

from .client import Connection, Request

ROOT = Path(__file__).resolve().parents[2]
START_S = 30
STOP_S = 10

_PYTHON = (sys.executable, "-m")
_GUNICORN = (*_PYTHON, "gunicorn", "--bind", "127.0.0.1:{port}", "--keep-alive", "75", "--no-control-socket")
_UVICORN = (*_PYTHON, "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--timeout-keep-alive", "75")
_FLASK = "flask_app.app:create_app()"
_FASTAPI = ("--factory", "fastapi_app.app:create_app", "--no-access-log")

THREADS = 16


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to serve one of the services."""

    argv: tuple[str, ...]
    client: str


KINDS = {
    "flask-gthread": Kind((*_GUNICORN, "--worker-class", "gthread", "--threads", str(THREADS), _FLASK), "requests"),
    "flask-gevent": Kind((*_GUNICORN, "--worker-class", "gevent", _FLASK), "requests"),
    "fastapi-httpx": Kind((*_UVICORN, *_FASTAPI), "httpx"),
    "fastapi-aiohttp": Kind((*_UVICORN, *_FASTAPI), "aiohttp"),
    "fastapi-requests": Kind((*_UVICORN, *_FASTAPI), "requests"),
}
REFERENCE = "flask-gthread"

# Other ways to start the services, which must end in the same way on a bad setting.
MORE_KINDS = {
    "flask-sync": Kind((*_GUNICORN, "--worker-class", "sync", _FLASK), "requests"),
    "flask-two-workers": Kind((*_GUNICORN, "--workers", "2", "--worker-class", "gthread", _FLASK), "requests"),
    "fastapi-gunicorn": Kind(
        (*_GUNICORN, "--worker-class", "uvicorn_worker.UvicornWorker", "fastapi_app.app:create_app()"), "httpx"
    ),
    "fastapi-two-workers": Kind((*_UVICORN, "--workers", "2", *_FASTAPI), "httpx"),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path


def start(kind: Kind, port: int, settings: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """The process, not yet ready: it has its own process group, and writes its output to `log`."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "UPSTREAM_CLIENT": kind.client, **settings}
    argv = tuple(part.format(port=port) for part in kind.argv)
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
def serving(kinds: Mapping[str, Kind], settings: Mapping[str, str], folder: Path) -> Iterator[dict[str, Server]]:
    """All these servers, started together and ready."""
    servers: dict[str, Server] = {}
    # A TERM cleans up as Ctrl-C does, so that no server outlives the tests.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for port, (name, kind) in zip(free_ports(len(kinds)), kinds.items(), strict=True):
            log = folder / f"{name}.log"
            servers[name] = Server(name, port, start(kind, port, settings, log), log)
        for server in servers.values():
            _await_ready(server)
        yield servers
    finally:
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
