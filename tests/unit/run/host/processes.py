"""Processes that a test makes up, as a `Tree` reads them."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import psutil

from bench.run.host.process import Program
from bench.run.host.tree import Tree


@dataclass(eq=False)
class Member:
    """A process. What is read of it is added to `reads`, and it may have ended."""

    pid: int
    user_s: float = 0.0
    system_s: float = 0.0
    waited_s: float = 0.0
    ended: bool = False
    parent: int = 0
    reads: list[str] = field(default_factory=list)

    def cpu_times(self) -> SimpleNamespace:
        self._read("cpu")
        return SimpleNamespace(
            user=self.user_s, system=self.system_s, children_user=self.waited_s, children_system=self.waited_s / 4
        )

    def memory_full_info(self) -> SimpleNamespace:
        self._read("memory")
        return SimpleNamespace(rss=1000 * self.pid, uss=100 * self.pid)

    def memory_info(self) -> SimpleNamespace:
        self._read("rss")
        return SimpleNamespace(rss=1000 * self.pid)

    def num_ctx_switches(self) -> SimpleNamespace:
        return SimpleNamespace(voluntary=self.pid, involuntary=1)

    def num_threads(self) -> int:
        return 3

    def ppid(self) -> int:
        return self.parent

    def _read(self, what: str) -> None:
        if self.ended:
            raise psutil.NoSuchProcess(self.pid)
        self.reads.append(what)


class Family:
    """A program whose process tree has these members, until they end. `listed`: how often it was asked for them."""

    def __init__(self, *members: Member) -> None:
        self.members = list(members)
        self.listed = 0
        self.adopted = SimpleNamespace(count=0, cpu_s=(0.0, 0.0))

    def tree(self) -> list[Member]:
        self.listed += 1
        return [member for member in self.members if not member.ended]


def tree(*members: Member) -> Tree:
    """The tree of a program with these members."""
    return Tree(cast("Program", Family(*members)))
