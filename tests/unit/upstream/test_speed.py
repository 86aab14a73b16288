"""The upstream must never limit a run: its throughput and its delay errors on an idle machine."""

import asyncio
import re
import shutil
import subprocess
import time

import pytest

from tests.e2e.witness import Witness

from .conftest import StartsUpstream
from .process import Upstream

CONNECTIONS = 300
RATE_RPS = 2000
LENGTH_S = 5.0


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_without_delay_it_serves_ten_thousand_requests_a_second(start: StartsUpstream) -> None:
    upstream = start("--delay=weather=0")
    url = f"http://127.0.0.1:{upstream.port}/weather/London"
    with Witness() as witness:
        done = subprocess.run(
            ("wrk", "-t1", "-c64", "-d5s", url), capture_output=True, text=True, timeout=30, check=True
        )
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    print(done.stdout)
    assert "Non-2xx" not in done.stdout
    witness.excuse(float(found[1]) >= 10_000)
    assert float(found[1]) >= 10_000


@pytest.mark.live
@pytest.mark.slow
def test_at_two_thousand_requests_a_second_its_delays_are_off_by_two_milliseconds_at_most(
    start: StartsUpstream,
) -> None:
    upstream = start("--delay=weather=0.1")
    with Witness() as witness:
        asyncio.run(_drive(upstream))
    _, ledger = upstream.control("GET", "/ledger")
    entry = ledger[""]["routes"]["weather"]
    print(entry, witness)
    assert entry["hits"] >= 0.9 * RATE_RPS * LENGTH_S
    witness.excuse(entry["delay_error_s"]["p99"] <= 0.002)
    assert entry["delay_error_s"]["p99"] <= 0.002


async def _drive(upstream: Upstream) -> None:
    """Sends requests at even intervals, over each connection in turn."""
    begun_s = time.monotonic() + 0.5
    step_s = CONNECTIONS / RATE_RPS

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port)
        for turn in range(int(LENGTH_S / step_s)):
            await asyncio.sleep(max(begun_s + number / RATE_RPS + turn * step_s - time.monotonic(), 0))
            writer.write(b"GET /weather/London HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"}")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
