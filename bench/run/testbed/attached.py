"""A service that runs already: found by its url, watched as far as it can be seen, and never ended from here."""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import psutil

from bench.errors import BenchError
from bench.model.cell import AttachedService
from bench.model.config import Stack
from bench.run.host.adopted import Adopted
from bench.run.host.children import children
from bench.run.host.ports import HOST, READY_S, ask
from bench.run.host.signals import StopRequest

FORWARDERS = frozenset({"docker-proxy", "rootlessport", "slirp4netns", "pasta", "ssh", "sshd", "kubectl", "socat"})
"""Programs that listen for a service which runs elsewhere: what they use is not what the service uses."""

STARTERS = frozenset({"systemd", "init", "launchd", "xinetd", "inetd"})
"""Programs that listen until the service itself takes the connections over."""


class Attached:
    """The service that a stack's `url` names.

    `service`: its process, where it is known: the pid that was given, else the process that listens on its port of this
    machine. `program`: itself, to be watched like one that the harness started.
    """

    def __init__(self, stack: Stack) -> None:
        self.name = stack.name
        self.url = (stack.url or "").rstrip("/")
        parts = urlsplit(self.url)
        self.host, self.port = parts.hostname or HOST, parts.port or 80
        self.answered = True
        self.program = self
        self.adopted = Adopted(0, ("", ""))
        self._path = None if stack.ready_path is None else f"{parts.path}{stack.ready_path}"
        self._process = self._given(stack.pid) if stack.pid is not None else self._listening()

    def service(self) -> AttachedService:
        """What is known of it."""
        if self._process is None:
            return AttachedService(None, 0)
        return AttachedService(self._process.pid, len(self.cores()))

    def cores(self) -> Sequence[int]:
        """The cores that any of its processes may run on; none where that is not known."""
        return sorted({core for member in self.tree() for core in _affinity(member)})

    def tree(self) -> list[psutil.Process]:
        """Its process with all descendants; empty where it is not known."""
        found = [self._process] if self._process is not None and self._process.is_running() else []
        for member in found:  # which grows by the children of each
            found += children(member)
        return found

    def check_alive(self) -> None:
        """Raise BenchError where its process has ended."""
        if self._process is not None and not self._process.is_running():
            raise BenchError(f"{self.name}, process {self._process.pid}, has ended: start it again, and measure again")

    def wait_until_ready(self, stop: StopRequest) -> None:
        """Return once it answers. Raises BenchError where it does not within READY_S."""
        end_s = time.monotonic() + READY_S
        while (answer := ask(self.port, self._path, self.host)).wrong is not None:
            if time.monotonic() > end_s:
                raise BenchError(f"{self.name} does not answer at {self.url} ({answer.wrong}): is it running?")
            stop.sleep()

    def _given(self, pid: int) -> psutil.Process:
        try:
            return psutil.Process(pid)
        except psutil.NoSuchProcess:
            raise BenchError(f"--pid: there is no process {pid}") from None

    def _listening(self) -> psutil.Process | None:
        """The process that listens on the port; of several the one that started the others."""
        try:
            addresses = {str(info[4][0]) for info in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)}
            local = any(address.startswith("127.") or address == "::1" for address in addresses)
            found = {
                one.pid
                for one in psutil.net_connections(kind="tcp")
                if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == self.port and one.pid
            }
            listening = [one for pid in found if (one := psutil.Process(pid)).name() not in STARTERS]
            pids = {one.pid for one in listening}
            first = [one for one in listening if one.ppid() not in pids]
            plain = local and len(first) == 1 and first[0].name() not in FORWARDERS
        except (psutil.Error, OSError):
            return None
        return first[0] if plain else None


def _affinity(process: psutil.Process) -> Sequence[int]:
    """The cores that a process may run on."""
    if not hasattr(process, "cpu_affinity"):  # not Linux
        return range(os.cpu_count() or 1)
    with suppress(psutil.Error):
        return process.cpu_affinity() or ()
    return ()
