"""The TCP connections of a server's port, as the kernel lists them: what is not accepted yet, and what is not read."""

import os
import socket
import struct
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

SOCK_DIAG = 4
"""The protocol of netlink that lists sockets: sock_diag(7). It takes a tenth of the CPU that /proc/net/tcp takes."""

BY_FAMILY, DUMP = 20, 0x301
"""Type and flags of a request: SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP."""

ERROR, DONE = 2, 3
"""Types of an answer: NLMSG_ERROR, NLMSG_DONE."""

ESTABLISHED, CLOSE_WAIT = 1, 8
ANY_COOKIE = (2**32 - 1, 2**32 - 1)

# struct nlmsghdr, then inet_diag_req_v2 or inet_diag_msg, of linux/netlink.h and linux/inet_diag.h: ports are
# big-endian.
_REQUEST = struct.Struct("=IHH8xBBxxIH38x2I")
_HEAD = struct.Struct("=IH")
CONNECTION = np.dtype({"names": ["peer", "unread", "inode"], "formats": [">u2", "u4", "u4"], "offsets": [22, 72, 84]})
"""One connection at the server's end: the client's port, how many bytes wait to be read, and an inode, which is 0 until
the server accepts it."""

Connections = NDArray[np.void]
"""An array of CONNECTION."""


def connections(port: int) -> Connections | None:
    """The connections of a port on this machine; None where the platform does not list them."""
    if not hasattr(socket, "AF_NETLINK"):  # not Linux
        return None
    try:  # a server that listens on both kinds of addresses is reached over one of them
        found = _connections(port, socket.AF_INET)
        return found if len(found) else _connections(port, socket.AF_INET6)
    except OSError:  # a kernel without sock_diag
        return None


def listed() -> bool:
    """Whether this platform lists connections."""
    return connections(port=1) is not None


def _connections(port: int, family: int) -> Connections:
    states = 1 << ESTABLISHED | 1 << CLOSE_WAIT
    message = (_REQUEST.size, BY_FAMILY, DUMP, family, socket.IPPROTO_TCP, states, socket.htons(port), *ANY_COOKIE)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.send(_REQUEST.pack(*message))
        found = [np.empty(0, CONNECTION)]
        while True:
            answers, place, places = kernel.recv(2**16), 0, []
            while place < len(answers):
                length, kind = _HEAD.unpack_from(answers, place)
                if kind == ERROR:
                    raise OSError(f"the kernel does not list the sockets of family {family}")
                if kind == DONE:
                    return np.concatenate(found)
                places.append(place)
                place += length + -length % 4
            # Hundreds of answers, unpacked one by one, would cost half a millisecond.
            each = np.array(places)[:, np.newaxis] + np.arange(CONNECTION.itemsize)
            found.append(np.frombuffer(answers, np.uint8)[each].view(CONNECTION)[:, 0])


def inodes(pid: int) -> set[int]:
    """The inodes of all sockets that a process holds open; empty where that cannot be seen."""
    found = set()
    with suppress(OSError):
        for entry in os.listdir(folder := f"/proc/{pid}/fd"):  # noqa: PTH208 (a path object for each costs as much again)
            with suppress(OSError):
                name = os.readlink(f"{folder}/{entry}")  # noqa: PTH115
                if name.startswith("socket:["):
                    found.add(int(name[len("socket:[") : -1]))
    return found


def open_files(pid: int) -> int:
    """How many files a process holds open; 0 where that cannot be seen."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    except OSError:
        return 0
