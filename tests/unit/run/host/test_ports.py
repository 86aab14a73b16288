import socket
import sys
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.run.host import ports
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest


def test_free_ports_differ_from_one_another() -> None:
    assert len(set(ports.free_ports(50))) == 50


def test_a_free_port_is_never_one_that_outgoing_connections_get() -> None:
    # Who asks whether a server is up may get its port for that very connection, and would be connected to itself.
    assert max(ports.free_ports(500)) < 32_768


def test_a_port_that_is_taken_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.free_port()))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "_SERVED", range(port, port + 1))
        with pytest.raises(BenchError, match=f"1 free ports are needed between {port} and {port}, but only 0 are free"):
            ports.free_port()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize(
    ("host", "family", "advice"),
    [
        ("::1", socket.AF_INET6, "it listens on IPv6 only (::1), and it must listen on {host}, which is 127.0.0.1"),
        ("127.0.0.1", socket.AF_INET, "does its argv use {port}, and can it import the application?"),
    ],
)
def test_a_server_that_listens_on_ipv6_only_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, family: socket.AddressFamily, advice: str
) -> None:
    monkeypatch.setattr(ports, "READY_S", 0.01)
    monkeypatch.setattr(ports, "ask", lambda *_: ports.Answer("refused"))
    port, argv = ports.free_port(), (sys.executable, "-c", "import time; time.sleep(60)")
    with (
        socket.create_server((host, port), family=family),
        Program("mine", argv, env={}, cwd=tmp_path, cpus=(), log=tmp_path / "log") as program,
        pytest.raises(BenchError) as caught,
    ):
        ports.wait_until_ready(program, port, None, StopRequest())
    assert str(caught.value) == (
        f"mine was not ready on port {port} after 0.01 s (refused): {advice}; log: {tmp_path / 'log'} (empty)"
    )
