import os
import socket
import sys
from collections.abc import Sequence

import pytest

from bench.run.host import sockets
from bench.run.host.ports import HOST

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel does not list connections")


def connections(port: int) -> Sequence[sockets.Connection]:
    """The connections of a port, where the kernel lists them."""
    found = sockets.connections(port)
    assert found is not None
    return found


def test_a_connection_is_not_accepted_then_not_read_then_read() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert connections(port) == []
        with socket.create_connection((HOST, port)) as client:
            client.sendall(b"a request")
            (found,) = connections(port)
            assert found == sockets.Connection(client.getsockname()[1], 0, unread=True)
            assert sockets.unaccepted([found]) == 1
            server, _ = listener.accept()
            with server:
                (found,) = connections(port)
                assert (found.inode in sockets.inodes(os.getpid()), found.unread) == (True, True)
                assert sockets.unaccepted([found]) == 0
                server.recv(100)
                assert [one.unread for one in connections(port)] == [False]


def test_connections_of_other_ports_and_of_the_client_are_left_out() -> None:
    with socket.create_server((HOST, 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        own = client.getsockname()[1]
        assert [one.inode != 0 for one in connections(own)] == [True]
        assert len(connections(listener.getsockname()[1])) == 1


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
