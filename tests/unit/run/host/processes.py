"""Processes that a test makes up, as a `Tree` reads them."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import psutil

from bench.run.host.process import Program
from bench.run.host.tree import Tree


@dataclass
class Member:
    """A process. What is read of it is added to `reads`, and it may have ended."""

    pid: int
    user_s: float = 0.0
    system_s: float = 0.0
    ended: bool = False
    reads: list[str] = field(default_factory=list)

    def cpu_times(self) -> SimpleNamespace:
        self._read("cpu")
        return SimpleNamespace(user=self.user_s, system=self.system_s)

    def memory_full_info(self) -> SimpleNamespace:
        self._read("memory")
        return SimpleNamespace(rss=1000 * self.pid, uss=100 * self.pid)

    def num_ctx_switches(self) -> SimpleNamespace:
        return SimpleNamespace(voluntary=self.pid, involuntary=1)

    def num_threads(self) -> int:
        return 3

    def _read(self, what: str) -> None:
        if self.ended:
            raise psutil.NoSuchProcess(self.pid)
        self.reads.append(what)


class Family:
    """A program whose process tree has these members."""

    def __init__(self, *members: Member) -> None:
        self.members = list(members)

    def tree(self) -> list[Member]:
        return self.members


def tree(*members: Member) -> Tree:
    """The tree of a program with these members."""
    return Tree(cast("Program", Family(*members)))
