"""Starts, calls and stops `python -m upstream`."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.run.host.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a secret of the test"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A running upstream."""

    process: "subprocess.Popen[bytes]"
    port: int
    control_port: int

    def get(self, path: str) -> tuple[int, bytes]:
        return ask(self.port, "GET", path)

    def control(self, method: str, path: str, token: str | None = TOKEN) -> tuple[int, Any]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        status, body = ask(self.control_port, method, path, headers)
        return status, json.loads(body)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def ask(port: int, method: str, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def command(port: int, control_port: int, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "upstream", f"--port={port}", f"--control-port={control_port}", *arguments)


def environment(token: str | None = TOKEN) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name != "UPSTREAM_TOKEN"}
    return plain if token is None else {**plain, "UPSTREAM_TOKEN": token}


@contextmanager
def running(*arguments: str) -> Iterator[Upstream]:
    port, control_port = free_ports(2)
    with subprocess.Popen(
        command(port, control_port, *arguments), cwd=ROOT, env=environment(), stderr=subprocess.PIPE
    ) as process:
        upstream = Upstream(process, port, control_port)
        try:
            _await_listening(upstream)
            yield upstream
        finally:
            process.kill()


def _await_listening(upstream: Upstream) -> None:
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s and upstream.process.poll() is None:
        try:
            upstream.connect().close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the upstream did not start")
