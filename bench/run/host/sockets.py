"""The TCP connections of a server's port, as the kernel lists them: what is not accepted yet, and what is not read."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = b"01"
CLOSE_WAIT = b"08"


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection at the server's end. `inode` is 0 until the server accepts it; `unread`: bytes wait to be read."""

    inode: int
    unread: bool


def connections(port: int) -> list[Connection]:
    """The connections of a port on this machine; none where the platform does not list them."""
    local = b":%04X" % port
    for table in TABLES:  # the kernel takes milliseconds to walk through one, however few lines it has
        lines = _lines(Path(table), local)
        if lines:
            return list(_connections(lines))
    return []


def _lines(table: Path, local: bytes) -> list[list[bytes]]:
    """The fields of the lines, a listener's too, whose own end is `local`: a colon and a port in hexadecimal."""
    try:
        lines = table.read_bytes().splitlines()[1:]
    except OSError:  # no IPv6, or not Linux
        return []
    found = (line.split() for line in lines if local in line)  # cheaper than to split thousands of lines
    return [fields for fields in found if fields[1].endswith(local)]


def _connections(lines: Sequence[Sequence[bytes]]) -> Iterator[Connection]:
    for _, _, _, state, queues, _, _, _, _, inode, *_ in lines:
        if state in {ESTABLISHED, CLOSE_WAIT}:
            yield Connection(int(inode), int(queues.partition(b":")[2], 16) > 0)


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


def unaccepted(found: Sequence[Connection]) -> int:
    """How many of these connections the server has not accepted yet."""
    return sum(one.inode == 0 for one in found)
