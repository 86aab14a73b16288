import socket

import pytest

from bench.errors import BenchError
from bench.run.host import ports


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
