"""Ports on 127.0.0.1: a free one, and when a program listens on it."""

import http.client
import random
import socket
import time

import psutil

from bench.errors import BenchError
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest

HOST = "127.0.0.1"
READY_S = 30.0

# Below what Linux (32768), macOS and Windows (49152) give to outgoing connections.
_SERVED = range(20_000, 32_768)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many ports on 127.0.0.1, each another, that nobody listens on; BenchError where there are not so many.

    None is one that the system hands to outgoing connections: whoever asks such a port whether its server is up yet
    may be given that very port to ask from, is then connected to itself, and the server finds its port taken.
    """
    found: list[int] = []
    for port in random.sample(_SERVED, len(_SERVED)):
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
    if len(found) < count:
        raise BenchError(f"{count} free ports were needed from {_SERVED[0]} to {_SERVED[-1]}, there are {len(found)}")
    return found


def wait_until_ready(program: Program, port: int, path: str | None, stop: StopRequest) -> None:
    """Return once the program itself serves the port: it accepts and, with a path, answers it with 2xx.

    Raises BenchError where it ends before, is not ready after 30 s, or somebody else listens on the port.
    """
    end_s = time.monotonic() + READY_S
    why = ""
    while time.monotonic() < end_s:
        stop.check()
        program.check_alive()
        why = _not_ready(port, path)
        if not why:
            _check_owner(program, port)
            return
        stop.sleep()
    raise BenchError(
        f"{program.name} was not ready on port {port} after {READY_S:g} s ({why}): "
        f"does its argv use {{port}}?{program.log_tail()}"
    )


def _not_ready(port: int, path: str | None) -> str:
    """Why the port cannot be used yet; empty if it can."""
    try:
        if path is None:
            socket.create_connection((HOST, port), timeout=1.0).close()
            return ""
        connection = http.client.HTTPConnection(HOST, port, timeout=5.0)
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return "" if 200 <= status < 300 else f"GET {path} answered {status}"


def _check_owner(program: Program, port: int) -> None:
    """Raise BenchError if the port belongs to a process outside the program's tree."""
    try:
        listening = {
            connection.laddr.port
            for member in program.tree()
            for connection in member.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
        }
    except (psutil.AccessDenied, psutil.NoSuchProcess):  # not every platform lets one look
        program.check_alive()
        return
    if port not in listening:
        raise BenchError(f"port {port} is already taken by another process, not by {program.name}{program.log_tail()}")
