"""An upstream that answers nonsense: the services say 502, and the harness counts that as what it is."""

import re
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.judge.cell.metrics import BY_NAME
from bench.judge.cell.wrong_answers import described
from bench.model.cell import Cell
from bench.record.store import load_run

from .harness import Done, Harness

pytestmark = pytest.mark.slow

STACKS = ("flask-gthread", "fastapi-aiohttp")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
ANSWERS: Mapping[str, bytes] = {
    "no HTTP": b"\x00\xff\x7f nothing that anybody speaks\r\n\r\n",
    "no JSON": HEAD % 13 + b'{"temp_c": 21',
}
"""Whatever is asked, answered and the connection closed."""


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a server that gives this answer to everything."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 100

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    with ExitStack() as running:
        yield {name: running.enter_context(answering(answer)) for name, answer in ANSWERS.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("garbled") / "run"


@pytest.fixture(scope="module")
def done(shared_harness: Harness, addresses: dict[str, str], folder: Path) -> Done:
    """One run of both stacks with each of these upstreams in place of the harness's own."""
    urls = ",".join(addresses.values())
    settings = [word for stack in STACKS for word in ("--set", f"{stack}.env.UPSTREAM_URL={urls}")]
    return shared_harness.run(
        "run", "--profile", "smoke", "--scenarios", "weather", "--rate", "40", "--warmup", "0.4", "--window", "0.8",
        *settings, "--out", folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cells(done: Done, folder: Path) -> dict[str, Cell]:
    assert done.code == 1, done.err
    return {cell.stack: cell for cell in load_run(folder).cells}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_made_of_garbage_is_an_error_and_no_latency_comes_of_it(
    cells: dict[str, Cell], addresses: dict[str, str], stack: str, kind: str
) -> None:
    cell = cells[f"{stack}[env.UPSTREAM_URL={addresses[kind]}]"]
    assert cell.measurement.requests is not None
    assert cell.measurement.requests.by_error == {"status 502": cell.measurement.requests.errors}
    assert cell.measurement.requests.errors > 10
    assert (cell.measurement.requests.ok, cell.measurement.requests.timeouts, cell.measurement.throughput_rps) == (
        0,
        0,
        0,
    )
    assert cell.outcome in {"degraded", "invalid"}
    assert BY_NAME["p95"].value(cell.measurement) is None
    assert "status 502" in (BY_NAME["p95"].void(cell.measurement) or "")


def test_the_user_is_told_of_it_while_the_run_goes_on(done: Done, cells: dict[str, Any]) -> None:
    told = [line for line in done.err.splitlines() if re.match(r"\d+/\d+ ", line)]
    assert len(told) == len(cells)
    assert not any(": ok" in line for line in told)


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_answer_that_was_wrong_is_kept_and_told(
    done: Done, cells: dict[str, Cell], addresses: dict[str, str], stack: str
) -> None:
    (kept,) = cells[f"{stack}[env.UPSTREAM_URL={addresses['no JSON']}]"].measurement.wrong_answers
    assert (kept.error, kept.status, kept.expected) == ("status 502", 502, "status 200")
    assert any("application/problem+json" in line for line in kept.headers)
    assert '"status":502' in kept.body.replace(" ", "")
    assert f"    first {described(kept)}" in done.err.splitlines()
