"""The mock upstream as the harness uses it: started for a visit, its ledger reset and read for each cell."""

import http.client
import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.model.cell import UpstreamServed
from bench.model.config import Scenario
from bench.places import SHIPPED
from bench.run.host.ports import HOST, free_ports, wait_until_ready
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest


class Upstream:
    """A running upstream: its address, and its control port."""

    def __init__(self, program: Program, port: int, control_port: int, token: str) -> None:
        self.program = program
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self._control_port = control_port
        self._token = token

    def reset(self) -> None:
        """Forget the ledger and begin the delay sequence again."""
        self._control("POST", "/reset")

    def served(self, under: str | None = None) -> UpstreamServed:
        """What it served since the reset: hits by route, the worst delay errors of all routes, the peak in flight.

        In all, or to those who called it under one prefix.
        """
        ledger = self._control("GET", "/ledger")
        prefixes = [served for prefix, served in ledger.items() if under in {None, prefix}]
        routes = [entry for prefix in prefixes for entry in prefix["routes"].items()]
        hits: dict[str, int] = {}
        worst: dict[str, float | None] = {"p50": None, "p99": None, "max": None}
        for route, entry in routes:
            hits[route] = hits.get(route, 0) + entry["hits"]
            for name, value in entry["delay_error_s"].items():
                worst[name] = max((known for known in (worst[name], value) if known is not None), default=None)
        return UpstreamServed(hits, worst, max((prefix["peak_in_flight"] for prefix in prefixes), default=0))

    def _control(self, method: str, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(HOST, self._control_port, timeout=10.0)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {self._token}"})
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.program.check_alive()
            raise BenchError(f"the upstream's control port failed: {error}{self.program.log_tail()}") from error
        finally:
            connection.close()
        return answer


@contextmanager
def running_upstream(
    scenario: Scenario | None, seed: int, cpus: Sequence[int], log: Path, stop: StopRequest
) -> Iterator[Upstream]:
    """A ready upstream with the scenario's delays, or its own where there is no scenario."""
    (port, control_port), token = free_ports(2), secrets.token_hex(16)
    calls = scenario.upstream if scenario is not None else {}
    delays = [
        f"--delay={route}=" + (f"lognormal:{call.median_s}:{call.sigma}" if call.sigma else f"{call.median_s}")
        for route, call in calls.items()
    ]
    argv = (
        sys.executable, "-m", "upstream", f"--host={HOST}", f"--port={port}", f"--control-port={control_port}",
        f"--seed={seed}", *delays,
    )  # fmt: skip
    env = {"UPSTREAM_TOKEN": token, "PYTHONPATH": str(SHIPPED)}
    with Program("the upstream", argv, env=env, cwd=SHIPPED, cpus=cpus, log=log) as program:
        wait_until_ready(program, port, None, stop)
        yield Upstream(program, port, control_port, token)
