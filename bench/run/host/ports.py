"""Free ports on localhost, and waiting until a program listens on one."""

import http.client
import random
import socket
import time
from dataclasses import dataclass

import psutil

from bench.errors import BenchError
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest

HOST = "127.0.0.1"
HOST_V6 = "::1"
READY_S = 30.0
ANSWER_S = 5.0

# Below what Linux (32768), macOS and Windows (49152) give to outgoing connections.
_SERVED = range(20_000, 32_768)


def free_port() -> int:
    """A free port on localhost."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """`count` distinct free ports on localhost. BenchError where there are not as many.

    None of them is from the range that the system gives to outgoing connections: a client that polls such a port may
    be given the same port to connect from. It is then connected to itself, and the server finds its port taken.
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
        raise BenchError(
            f"{count} free ports are needed between {_SERVED[0]} and {_SERVED[-1]}, but only {len(found)} are free"
        )
    return found


def wait_until_ready(program: Program, port: int, path: str | None, stop: StopRequest) -> None:
    """Return once the program itself serves the port: it accepts connections and, with a path, answers it with 2xx.

    Raises BenchError where the program ends first, is not ready after 30 s, or another program listens on the port.
    """
    end_s = time.monotonic() + READY_S
    answer = Answer("")
    while time.monotonic() < end_s:
        stop.check()
        program.check_alive()
        answer = ask(port, path)
        if answer.wrong is None:
            if listeners(program, port) == []:
                program.check_alive()
                raise BenchError(
                    f"port {port} is already taken by another process, not by {program.name}{program.log_tail()}"
                )
            return
        stop.sleep()
    program.check_alive()
    if answer.came:
        raise BenchError(f"{program.name} was not ready after {READY_S:g} s: {answer.wrong}{program.log_tail()}")
    if listeners(program, port):
        raise no_worker_serves(program, port, f"GET {path}: {answer.wrong}")
    advice = "does its argv use {port}, and can it import the application?"
    if not _listens(HOST, port) and _listens(HOST_V6, port):
        advice = f"it listens on IPv6 only ({HOST_V6}), and it must listen on {{host}}, which is {HOST}"
    raise BenchError(
        f"{program.name} was not ready on port {port} after {READY_S:g} s ({answer.wrong}): {advice}"
        f"{program.log_tail()}"
    )


def _listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def no_worker_serves(program: Program, port: int, why: str) -> BenchError:
    """The error of a program that listens while none of its workers serves."""
    return BenchError(
        f"{program.name} listens on port {port}, but after {READY_S:g} s none of its workers is up ({why}): "
        f"can they import the application?{program.log_tail()}"
    )


def listeners(program: Program, port: int) -> list[psutil.Process] | None:
    """The processes of a program's tree that have the socket which listens on the port.

    None where the platform does not show it.
    """
    found = []
    for member in program.tree():
        try:
            sockets = member.net_connections(kind="tcp")
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            return None
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets):
            found.append(member)
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a port answered: what is wrong with it, None if nothing, and whether any answer came."""

    wrong: str | None
    came: bool = False


def ask(port: int, path: str | None, host: str = HOST) -> Answer:
    """What a GET of the path is answered; without a path, whether the port accepts a connection."""
    try:
        if path is None:
            socket.create_connection((host, port), timeout=1.0).close()
            return Answer(None, came=True)
        connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return Answer(str(error) or type(error).__name__)
    return Answer(None if 200 <= status < 300 else f"GET {path} answered {status}", came=True)
