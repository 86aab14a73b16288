import os
import socket
from pathlib import Path

import pytest

from bench.run.host import sockets
from bench.run.host.ports import HOST

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel does not list connections")


def test_a_connection_is_not_accepted_then_not_read_then_read() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert sockets.connections(port) == []
        with socket.create_connection((HOST, port)) as client:
            client.sendall(b"a request")
            (found,) = sockets.connections(port)
            assert (found.inode, found.unread) == (0, True)
            assert sockets.unaccepted([found]) == 1
            server, _ = listener.accept()
            with server:
                (found,) = sockets.connections(port)
                assert (found.inode in sockets.inodes(os.getpid()), found.unread) == (True, True)
                assert sockets.unaccepted([found]) == 0
                server.recv(100)
                assert [one.unread for one in sockets.connections(port)] == [False]


def test_connections_of_other_ports_and_of_the_client_are_left_out() -> None:
    with socket.create_server((HOST, 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        own = client.getsockname()[1]
        assert [one.inode != 0 for one in sockets.connections(own)] == [True]
        assert len(sockets.connections(listener.getsockname()[1])) == 1


def test_connections_over_ipv6_are_listed_too() -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        assert len(sockets.connections(listener.getsockname()[1])) == 1


def test_a_process_that_has_ended_holds_no_sockets() -> None:
    assert sockets.inodes(2**22 + 1) == set()
