"""People with Locust and a browser: `bench serve`, and every locustfile without the harness."""

import http.client
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.run.host.ports import free_port

from .conftest import FAKE, ROOT
from .harness import Done, Harness, finish, until

pytestmark = pytest.mark.slow

USER = re.compile(r"^class \w+\((ScenarioUser|Orders)\)(?!.*abstract = True)", re.MULTILINE | re.DOTALL)
LOCUSTFILES = sorted(path.name for path in (ROOT / "loadtests").glob("*.py") if USER.search(path.read_text()))
BUSY = {"health.py", "compute.py"}
LOAD = ("-u", "2", "-r", "2", "-t", "2s")


@pytest.fixture(scope="module")
def url(shared_harness: Harness) -> Iterator[str]:
    """A stack in the foreground until the last test has asked it."""
    serving = shared_harness.start("serve", "flask-gthread", "--users", "20")
    assert serving.stdout is not None
    ready = serving.stdout.readline()
    assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", ready), ready
    yield ready.split()[1]
    serving.send_signal(signal.SIGINT)
    done = finish(serving)
    assert (done.code, done.out, done.err) == (130, "", "bench: interrupted by SIGINT\n")
    assert shared_harness.left() == []


def command(file: str, host: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "locust", "-f", f"loadtests/{file}", "--host", host, *arguments)


def locust(harness: Harness, file: str, host: str) -> Done:
    return finish(harness.popen(command(file, host, "--headless", *LOAD)))


def totals(done: Done) -> tuple[int, int]:
    """(requests, failures) of Locust's summary."""
    found = re.findall(r"^\s+Aggregated\s+(\d+)\s+(\d+)\(", done.out + done.err, re.MULTILINE)
    requests, failures = found[-1]
    return int(requests), int(failures)


@pytest.fixture(scope="module")
def ran(shared_harness: Harness, url: str) -> dict[str, Done]:
    """Every locustfile, those at once that do not starve each other: this is about answers, not about speed."""
    found = {}
    for batch in (set(LOCUSTFILES) - BUSY, BUSY):
        hosts = {file: f"{url}/process?delay_ms=50" if file == "mix.py" else url for file in batch}
        processes = {
            file: shared_harness.popen(command(file, host, "--headless", *LOAD)) for file, host in hosts.items()
        }
        found.update({file: finish(process) for file, process in processes.items()})
    return found


def test_there_is_a_locustfile_for_each_scenario() -> None:
    assert {file.removesuffix(".py") for file in LOCUSTFILES} == {
        "health", "process", "weather", "aggregated_sequential", "aggregated_parallel", "compute", "mix",
        "orders_1", "orders_100", "orders_1000",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("file", LOCUSTFILES)
def test_a_locustfile_runs_by_hand(ran: dict[str, Done], file: str) -> None:
    done = ran[file]
    requests, failures = totals(done)
    assert requests > 0
    assert failures == 0
    assert done.code == 0, done.err


def test_an_open_load_by_hand_keeps_its_rate(harness: Harness, url: str) -> None:
    done = finish(
        harness.popen(command("process.py", url, "--headless", *LOAD, "--rate", "40", "--arrivals", "poisson"))
    )
    requests, failures = totals(done)
    assert failures == 0
    assert 40 <= requests <= 120
    assert done.code == 0, done.err


def test_a_wrong_body_counts_as_a_failure(harness: Harness, tmp_path: Path) -> None:
    port = free_port()
    harness.popen((sys.executable, str(FAKE), str(port), "good"), cwd=tmp_path)
    until(lambda: accepts(port), "the server")
    done = locust(harness, "health.py", f"http://127.0.0.1:{port}")
    requests, failures = totals(done)
    assert requests == failures > 0
    assert "wrong body" in done.out + done.err
    assert done.code == 1


def test_a_host_that_is_no_url_ends_with_what_to_write(harness: Harness) -> None:
    done = locust(harness, "health.py", "127.0.0.1:1")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "--host 127.0.0.1:1: write http://HOST:PORT"


def test_the_web_ui_answers(harness: Harness, url: str) -> None:
    port = free_port()
    web = harness.popen(command("weather.py", url, "--web-host", "127.0.0.1", "--web-port", str(port)))
    until(lambda: _page(port) is not None, "the web UI")
    page = _page(port)
    assert page is not None
    assert "locust" in page.lower()
    web.send_signal(signal.SIGTERM)
    finish(web)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _page(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def test_a_port_that_is_taken_is_one_clear_message(harness: Harness, url: str) -> None:
    done = harness.run("serve", "fastapi-aiohttp", "--port", url.rpartition(":")[2])
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("bench: ")
    assert done.err.count("\n") == 1
    assert "already" in done.err
