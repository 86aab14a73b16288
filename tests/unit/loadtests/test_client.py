"""The client against servers that answer in every possible way, on gevent's socket: nothing is monkey-patched here."""

import errno
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time

import gevent
import pytest
from gevent import socket as gevent_socket

from loadtests.engine.client import RECEIVE_BYTES, Client
from loadtests.engine.recording import GARBLED, LOST, NO_CONNECTION, NO_PORT, TIMED_OUT

from .scripted import Script, abruptly, answers, asked, both, resets, serving, trickles, until_closed

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE_S = 5.0


def answer(body: bytes, headers: bytes = b"", status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), headers, body)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: z\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
OLD = b"HTTP/1.0 200 OK\r\n\r\nold"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


def singly(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[place : place + 1] for place in range(len(data)))


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        pytest.param(answers(answer(b"hello")), (200, b"hello"), id="content length"),
        pytest.param(answers(answer(b"")), (200, b""), id="empty body"),
        pytest.param(answers(b"HTTP/1.1 204 No Content\r\n\r\n"), (204, b""), id="no content"),
        pytest.param(answers(answer(b"no", status=b"503 Busy")), (503, b"no"), id="an error is an answer"),
        pytest.param(answers(answer(b"", b"Location: /\r\n", b"302 Found")), (302, b""), id="no redirect is followed"),
        pytest.param(answers(CHUNKED), (200, b"abcdefg"), id="chunked"),
        pytest.param(answers(UNTIL_CLOSE, b"to the", b" end"), (200, b"to the end"), id="until close"),
        pytest.param(answers(OLD), (200, b"old"), id="HTTP/1.0 until close"),
        pytest.param(answers(CONTINUE + answer(b"then")), (200, b"then"), id="1xx and answer together"),
        pytest.param(answers(CONTINUE, HINTS, answer(b"then"), pause_s=0.01), (200, b"then"), id="1xx, then answer"),
        pytest.param(answers(*singly(answer(b"hello"))), (200, b"hello"), id="byte by byte"),
        pytest.param(answers(*singly(CHUNKED)), (200, b"abcdefg"), id="chunked byte by byte"),
        pytest.param(answers(answer(b"x" * 1_000_000)), (200, b"x" * 1_000_000), id="a megabyte"),
        pytest.param(trickles(answer(b"slow"), 0.002), (200, b"slow"), id="slow but in time"),
    ],
)
def test_a_whole_answer_is_returned(script: Script, wanted: tuple[int, bytes]) -> None:
    with serving(script) as (port, _):
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == wanted
        client.close()


FAILURES = [
    pytest.param(lambda connection: connection.close(), LOST, id="closed unread"),
    pytest.param(asked, LOST, id="closed before the answer"),
    pytest.param(resets(), LOST, id="reset before the answer"),
    pytest.param(resets(answer(b"former")[:20]), LOST, id="reset in the head"),
    pytest.param(resets(answer(b"former")[:-2]), LOST, id="reset in the body"),
    pytest.param(answers(answer(b"former")[:20]), LOST, id="closed in the head"),
    pytest.param(answers(answer(b"former")[:-2]), LOST, id="short body"),
    pytest.param(answers(CHUNKED[:-10]), LOST, id="short chunks"),
    pytest.param(answers(CONTINUE), LOST, id="1xx and no answer"),
    pytest.param(answers(b"former nonsense\r\n\r\n"), GARBLED, id="no HTTP"),
    pytest.param(answers(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nformer"), GARBLED, id="length is no number"),
    pytest.param(
        answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), GARBLED, id="a chunk without a size"
    ),
    pytest.param(both(answers(answer(b"former") * 2), until_closed), GARBLED, id="two answers together"),
    pytest.param(both(answers(answer(b"former") + b"rest"), until_closed), GARBLED, id="an answer and more"),
    pytest.param(until_closed, TIMED_OUT, id="silent"),
    pytest.param(trickles(answer(b"former" * 1000), 0.01), TIMED_OUT, id="trickling for ever"),
    pytest.param(both(answers(answer(b"former")[:-2]), until_closed), TIMED_OUT, id="stuck in the body"),
]


@pytest.mark.parametrize(("script", "code"), FAILURES)
def test_each_failure_has_its_code_and_the_next_request_gets_its_own_answer(script: Script, code: int) -> None:
    with serving(script, both(answers(answer(b"next")), answers(answer(b"last")))) as (port, accepted):
        client = Client("127.0.0.1", port)
        begun_s = time.monotonic()
        timeout_s = 0.2 if code == TIMED_OUT else PATIENCE_S
        assert client.ask(ASK, timeout_s) == (code, b"")
        assert (time.monotonic() - begun_s >= timeout_s) == (code == TIMED_OUT)
        assert client.ask(ASK, PATIENCE_S) == (200, b"next")
        assert client.connected_anew
        assert client.ask(ASK, PATIENCE_S) == (200, b"last")
        assert not client.connected_anew
        assert len(accepted) == 2
        client.close()


def test_bytes_that_nobody_asked_for_are_never_taken_for_the_next_answer() -> None:
    first_read = threading.Event()

    def surplus_later(connection: socket.socket) -> None:
        answers(answer(b"first"))(connection)
        assert first_read.wait(PATIENCE_S)  # else it may come in one piece with the first
        connection.sendall(answer(b"former"))
        until_closed(connection)

    with serving(surplus_later, answers(answer(b"next"))) as (port, _):
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == (200, b"first")
        first_read.set()
        assert client.socket is not None
        _await_readable(client.socket.fileno())
        assert client.ask(ASK, PATIENCE_S) == (GARBLED, b"")
        assert client.ask(ASK, PATIENCE_S) == (200, b"next")
        client.close()


def _await_readable(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        copy.settimeout(PATIENCE_S)
        assert copy.recv(1, socket.MSG_PEEK)


def _await_end(descriptor: int) -> None:
    closing = select.poll()
    closing.register(descriptor, select.POLLIN)  # all of the answer is read
    assert closing.poll(1000 * PATIENCE_S)


def test_a_connection_is_reused_for_as_long_as_the_server_keeps_it() -> None:
    with serving(both(*[answers(answer(b"%d" % number)) for number in range(4)])) as (port, accepted):
        client = Client("127.0.0.1", port)
        for number in range(4):
            assert client.ask(ASK, PATIENCE_S) == (200, b"%d" % number)
            assert client.connected_anew is (number == 0)
        assert len(accepted) == 1
        client.close()


def test_a_connection_that_the_server_announced_to_close_is_not_reused() -> None:
    closing = answers(answer(b"bye", b"Connection: close\r\n"))
    with serving(closing, closing) as (port, accepted):
        client = Client("127.0.0.1", port)
        for _ in range(2):
            assert client.ask(ASK, PATIENCE_S) == (200, b"bye")
            assert client.connected_anew
        assert len(accepted) == 2
        client.close()


@pytest.mark.parametrize("closing", [lambda _: None, abruptly], ids=["closed", "reset"])
def test_a_connection_that_closed_while_it_was_idle_is_replaced_before_anything_is_sent(closing: Script) -> None:
    with serving(both(answers(answer(b"first")), closing), answers(answer(b"next"))) as (port, accepted):
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == (200, b"first")
        assert client.socket is not None
        _await_end(client.socket.fileno())
        assert client.ask(ASK, PATIENCE_S) == (200, b"next")
        assert client.connected_anew
        assert len(accepted) == 2
        client.close()


def test_a_request_on_a_connection_that_closes_unanswered_is_lost_and_never_sent_twice() -> None:
    with serving(both(answers(answer(b"first")), answers()), answers(answer(b"next"))) as (port, accepted):
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == (200, b"first")
        assert client.ask(ASK, PATIENCE_S) == (LOST, b"")
        assert not client.connected_anew
        assert client.ask(ASK, PATIENCE_S) == (200, b"next")
        assert client.connected_anew
        assert len(accepted) == 2
        client.close()


def test_a_server_that_is_gone_since_the_last_request_means_no_connection() -> None:
    with serving(answers(answer(b"first"))) as (port, _):
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == (200, b"first")
    assert client.ask(ASK, PATIENCE_S) == (NO_CONNECTION, b"")


def test_a_port_that_nobody_listens_on_means_no_connection() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        client = Client("127.0.0.1", port)
        assert client.ask(ASK, PATIENCE_S) == (NO_CONNECTION, b"")
        assert client.ask(ASK, PATIENCE_S) == (NO_CONNECTION, b"")


def test_the_request_is_sent_unchanged() -> None:
    seen: list[bytes] = []

    def keep(connection: socket.socket) -> None:
        seen.append(asked(connection))
        connection.sendall(answer(b""))

    with serving(keep) as (port, _):
        client = Client("127.0.0.1", port)
        client.ask(ASK, PATIENCE_S)
        client.close()
    assert seen == [ASK]


class Fed:
    """A connection on which all that was asked for is always there already."""

    def __init__(self, *parts: bytes, forever: bytes = b"") -> None:
        self.parts = list(parts)
        self.forever = forever
        self.readable, self.other = socket.socketpair()
        self.other.send(b"x")
        self.began_s = time.monotonic()

    @property
    def _sock(self) -> "Fed":
        return self

    def recv(self, _: int, flags: int = 0) -> bytes:
        if flags:  # the look at an idle connection
            raise BlockingIOError
        assert time.monotonic() < self.began_s + PATIENCE_S, "it would go on for ever"
        return self.parts.pop(0) if self.parts else self.forever

    def send(self, message: bytes) -> int:
        return len(message)

    @property
    def _read_event(self) -> int:
        return self.fileno()

    def _wait(self, descriptor: int) -> None:
        gevent.socket.wait_read(descriptor)

    def fileno(self) -> int:
        return self.readable.fileno()

    def close(self) -> None:
        self.readable.close()
        self.other.close()


def fed(connection: Fed) -> Client:
    client = Client("127.0.0.1", 1)
    client.socket = connection
    return client


def read_cpu_s(size: int) -> float:
    """CPU seconds in which a body of this size is read, the best of three."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    part, taken_s = b"x" * RECEIVE_BYTES, []
    for _ in range(3):
        client = fed(Fed(head, *[part] * (size // len(part)), b"x" * (size % len(part))))
        begun_s = time.thread_time()
        status, body = client.ask(ASK, PATIENCE_S)
        taken_s.append(time.thread_time() - begun_s)
        assert (status, len(body)) == (200, size)
        client.close()
    return min(taken_s)


def test_the_time_grows_with_the_size_of_a_body_and_not_with_its_square() -> None:
    # About 20 times, or several times that where the system must map memory anew; the square would be 400.
    assert read_cpu_s(20_000_000) < 120 * read_cpu_s(1_000_000)


def test_the_timeout_fires_while_data_keeps_coming() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
    client = fed(Fed(head, forever=b"x" * 16))
    begun_s = time.monotonic()
    assert client.ask(ASK, 0.2) == (TIMED_OUT, b"")
    assert 0.2 <= time.monotonic() - begun_s < 2.0


def test_what_is_due_meanwhile_has_its_turn_while_data_keeps_coming() -> None:
    ticks: list[float] = []

    def tick() -> None:
        while True:
            gevent.sleep(0.005)
            ticks.append(time.monotonic())

    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
    client, ticking = fed(Fed(head, forever=b"x" * 16)), gevent.spawn(tick)
    client.ask(ASK, 0.2)
    ticking.kill()
    assert len(ticks) >= 10


@pytest.mark.parametrize(
    ("parts", "received"),
    [
        pytest.param((answer(b"hello"),), answer(b"hello"), id="an answer"),
        pytest.param((CONTINUE, answer(b"hello")), CONTINUE + answer(b"hello"), id="1xx before it"),
        pytest.param((b"nonsense\r\n\r\n",), b"nonsense\r\n\r\n", id="no HTTP"),
        pytest.param(singly(answer(b"hello")), answer(b"hello"), id="byte by byte"),
    ],
)
def test_the_first_bytes_that_came_are_known(parts: tuple[bytes, ...], received: bytes) -> None:
    client = fed(Fed(*parts))
    client.ask(ASK, PATIENCE_S)
    client.close()
    assert client.received == received


def test_no_more_than_the_first_bytes_of_a_long_answer_are_kept() -> None:
    client = fed(Fed(answer(b"x" * 100_000)[:20_000], b"x" * 100_000))
    client.ask(ASK, PATIENCE_S)
    client.close()
    assert len(client.received) == 20_000


def test_a_machine_without_a_free_port_is_no_server_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    with serving(answers(answer(b"bye", b"Connection: close\r\n"))) as (port, _):
        known, new = Client("127.0.0.1", port), Client("127.0.0.1", port)
        assert known.ask(ASK, PATIENCE_S) == (200, b"bye")
        monkeypatch.setattr(gevent_socket.socket, "connect", exhausted)
        assert known.ask(ASK, PATIENCE_S) == (NO_PORT, b"")
        assert new.ask(ASK, PATIENCE_S) == (NO_PORT, b"")


ALONE = """
import fcntl, socket, struct, sys
from pathlib import Path
from loadtests.engine.client import Client
with socket.socket() as own:  # SIOCSIFFLAGS, IFF_UP: a network of its own has only this device, and it is down
    fcntl.ioctl(own, 0x8914, struct.pack("16sh", b"lo", 1))
Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40003")
listener = socket.create_server(("127.0.0.1", 20000))
print([Client("127.0.0.1", 20000).ask(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", 0.1)[0] for _ in range(5)])
"""


@pytest.mark.skipif(
    subprocess.run(("unshare", "-n", "true"), check=False).returncode != 0 if shutil.which("unshare") else True,
    reason="a network of one's own takes the rights of root",
)
def test_a_network_of_four_ports_runs_out_of_them() -> None:
    done = subprocess.run(("unshare", "-n", sys.executable, "-c", ALONE), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [*[TIMED_OUT] * 4, NO_PORT]


def test_others_have_their_turn_while_a_user_tries_again_and_again_without_a_free_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    monkeypatch.setattr(gevent_socket.socket, "connect", exhausted)
    client = Client("127.0.0.1", 1)
    client.peer = socket.AF_INET, ("127.0.0.1", 1)
    over = gevent.spawn_later(0.05, lambda: None)
    end_s = time.monotonic() + PATIENCE_S
    while not over.ready():
        assert client.ask(ASK, PATIENCE_S) == (NO_PORT, b"")
        assert time.monotonic() < end_s, "nobody else has a turn"
