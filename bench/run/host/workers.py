"""The worker processes of a server, and how many of them were replaced."""

from collections.abc import Mapping, Sequence

import psutil


class Workers:
    """What is a worker shows before any load: it is a child of a process that has children then.

    A process that a worker starts for a request is no worker, because its parent had no children before. `start_s`: CPU
    seconds that a worker had used on average when first seen, which is what its start took; 0.0 without workers.
    """

    def __init__(self, members: Sequence[psutil.Process], used_s: Mapping[int, float]) -> None:
        pids = {member.pid for member in members}
        self._parents = {parent for member in members if (parent := _parent(member)) in pids}
        self._first = self._among(members)
        self._seen = set(self._first)
        self.replaced = 0
        spent_s = [used_s.get(one.pid, 0.0) for one in self._first]
        self.start_s = sum(spent_s) / len(spent_s) if spent_s else 0.0

    def see(self, members: Sequence[psutil.Process]) -> None:
        """Count as replaced as many workers as have ended, if as many others were started."""
        living = self._among(members)
        self._seen |= living
        self.replaced = min(len(self._seen) - len(self._first), len(self._seen) - len(living))

    def _among(self, members: Sequence[psutil.Process]) -> set[psutil.Process]:
        return {member for member in members if _parent(member) in self._parents}


def _parent(member: psutil.Process) -> int | None:
    """Its parent's number; None where it has ended."""
    try:
        return member.ppid()
    except psutil.NoSuchProcess:
        return None
