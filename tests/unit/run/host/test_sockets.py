import os
import socket
import sys

import numpy as np
import pytest

from bench.run.host import sockets
from bench.run.host.ports import HOST

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel does not list connections")


def connections(port: int) -> sockets.Connections:
    """The connections of a port, where the kernel lists them."""
    found = sockets.connections(port)
    assert found is not None
    return found


def test_a_connection_is_not_accepted_then_not_read_then_read() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert len(connections(port)) == 0
        with socket.create_connection((HOST, port)) as client:
            client.sendall(b"a request")
            (found,) = connections(port)
            assert (found["peer"], found["unread"], found["inode"]) == (client.getsockname()[1], len(b"a request"), 0)
            server, _ = listener.accept()
            with server:
                (found,) = connections(port)
                assert found["inode"] in sockets.inodes(os.getpid())
                assert found["unread"] > 0
                server.recv(100)
                assert connections(port)["unread"] == [0]


def test_connections_of_other_ports_and_of_the_client_are_left_out() -> None:
    with socket.create_server((HOST, 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        own, port = client.getsockname()[1], listener.getsockname()[1]
        found = connections(own)  # another program's connection elsewhere may go out from the same port
        assert np.count_nonzero(found["inode"][found["peer"] == port]) == 1
        assert len(connections(port)) == 1


def test_connections_over_ipv6_are_listed_too() -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        assert len(connections(listener.getsockname()[1])) == 1


def test_a_process_that_has_ended_holds_no_sockets() -> None:
    assert sockets.inodes(2**22 + 1) == set()


def test_a_kernel_that_does_not_list_sockets_is_no_server_without_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: object) -> None:
        raise OSError("Protocol not supported")

    with socket.create_server((HOST, 0)) as listener:
        monkeypatch.setattr(socket, "socket", refused)
        assert sockets.connections(listener.getsockname()[1]) is None
