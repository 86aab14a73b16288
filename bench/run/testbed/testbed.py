"""What the cells of a visit need running: the upstream and freshly started servers, ready and idle."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

from bench.model.cell import AttachedService, companion_role
from bench.model.config import Companion, Stack
from bench.model.search import Key
from bench.run.host.cpus import CpuSets
from bench.run.host.process import Running
from bench.run.host.readiness import Listening, settle
from bench.run.host.tree import OneProcess, Tree
from bench.run.testbed.attached import Attached
from bench.run.testbed.companions import running_companions
from bench.run.testbed.readings import Reading, read
from bench.run.testbed.server import Server, log_beside, running_server
from bench.run.testbed.setting import Setting
from bench.run.testbed.upstream import Upstream, running_upstream


@dataclass(frozen=True, slots=True)
class Start:
    """A server to start: its role, its stack, and the companions that this needs; `environment`: see server.py."""

    role: str
    stack: Stack
    environment: Path | None = None
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class Testbed:
    """What is running: the upstream, the servers by their roles, and a reading of them before any load.

    The upstream counts the calls of two servers apart, under a prefix that is their role. `unready`: for each server
    what is to be said of workers that do not wait for requests; None: all do. `companions`: those of all servers, by
    their roles. `restart`: starts the server of a role anew on its port, while its companions stay; None where none of
    them was started here.
    """

    upstream: Upstream
    servers: Mapping[str, Server | Upstream | Attached]
    trees: Mapping[str, Tree]
    idle: Reading
    unready: tuple[str | None, ...] = ()
    companions: Mapping[str, Tree] = field(default_factory=dict)
    attached: AttachedService | None = None
    restart: Callable[[str], None] | None = None

    @property
    def programs(self) -> Sequence[Running]:
        """Every program that must stay alive while a cell is measured."""
        servers = (server.program for server in self.servers.values())
        return [*servers, self.upstream.program, *(tree.program for tree in self.companions.values())]

    @property
    def measured(self) -> tuple[Tree, int]:
        """The first server's process tree, and its port."""
        role, server = next(iter(self.servers.items()))
        return self.trees.get(role, Tree(server.program)), server.port

    @property
    def prefixes(self) -> Sequence[str | None]:
        """The prefix of each server's calls; None where there is one server only."""
        return list(self.servers) if len(self.servers) > 1 else [None]


@contextmanager
def testbed(key: Key, starts: Sequence[Start], setting: Setting) -> Iterator[Testbed]:
    """The upstream and all servers, until the context ends; `key` is the first cell that they are started for.

    The servers start in random order, because the first one may fare better. Raises BenchError where one does not
    become ready.
    """
    if starts[0].stack.url is not None:
        with _attached(key, starts[0], setting) as bed:
            yield bed
        return
    setting.progress(key, "start upstream")
    with (
        running_upstream(
            setting.scenario(key),
            setting.round_seed(key),
            setting.cpus.upstream,
            setting.log(key, "upstream"),
            setting.stop,
        ) as upstream,
        ExitStack() as running,
    ):
        contexts: dict[str, _ServerContext] = {}
        companions: dict[str, Tree] = {}
        for start in random.Random(f"{setting.seed}/{key.order}").sample(starts, len(starts)):  # noqa: S311 (an order)
            setting.progress(key, f"start {' and '.join([*start.stack.needs, start.role])}")
            own = running.enter_context(
                running_companions(
                    start.companions, setting.cpus, setting.log(key, start.role), setting.stop, start.environment
                )
            )
            for name, program in own.programs.items():
                companions[companion_role(name, start.role if len(starts) > 1 else None)] = Tree(program)
            serve = partial(
                running_server,
                start.stack,
                upstream.url if len(starts) == 1 else f"{upstream.url}/{start.role}",
                setting.most_in_flight(),
                setting.cpus.server,
                stop=setting.stop,
                environment=start.environment,
                urls=own.urls,
            )
            contexts[start.role] = running.enter_context(_ServerContext(serve, setting.log(key, start.role)))
        setting.progress(key, "settle")
        servers = {start.role: contexts[start.role].server for start in starts}
        trees = {role: Tree(server.program) for role, server in servers.items()}
        unready = tuple(settle([_listening(server, trees[role]) for role, server in servers.items()], setting.stop))
        idle = read({**trees, **companions}, {"upstream": OneProcess(upstream.program)}, setting.cpus)

        def restart(role: str) -> None:
            setting.progress(key, f"start {role} anew")
            servers[role] = contexts[role].restart()
            trees[role] = Tree(servers[role].program)
            settle([_listening(servers[role], trees[role])], setting.stop)

        yield Testbed(upstream, servers, trees, idle, unready, companions, restart=restart)


class _ServerContext:
    """A context in which a server runs, which can be started anew on its port; `serve` takes its log and its port."""

    def __init__(self, serve: Callable[..., AbstractContextManager[Server]], log: Path) -> None:
        self.serve = serve
        self.log = log
        self.restarts = 0
        self.running = ExitStack()

    def __enter__(self) -> "_ServerContext":
        self.server = self.running.enter_context(self.serve(log=self.log))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running.__exit__(kind, error, trace)

    def restart(self) -> Server:
        """Stop the server, and start it again with a log of its own."""
        self.running.close()
        self.restarts += 1
        log = log_beside(self.log, f"restart-{self.restarts}")
        self.server = self.running.enter_context(self.serve(log=log, port=self.server.port))
        return self.server


def _listening(server: Server, tree: Tree) -> Listening:
    return Listening(server.program, tree, server.port, server.answered)


@contextmanager
def _attached(key: Key, start: Start, setting: Setting) -> Iterator[Testbed]:
    """The testbed of a service that runs already."""
    setting.progress(key, f"look for {start.role}")
    server = Attached(start.stack)
    server.wait_until_ready(setting.stop)
    with running_upstream(
        setting.scenario(key),
        setting.round_seed(key),
        setting.cpus.upstream,
        setting.log(key, "upstream"),
        setting.stop,
    ) as upstream:
        trees = {start.role: Tree(server)} if server.cores() else {}
        idle = read(trees, {"upstream": OneProcess(upstream.program)}, setting.cpus)
        yield Testbed(upstream, {start.role: server}, trees, idle, attached=server.service())


def upstream_alone(upstream: Upstream, cpus: CpuSets) -> Testbed:
    """A testbed in which the upstream itself takes the server's place, for the selftest."""
    trees = {"server": Tree(upstream.program)}
    return Testbed(upstream, {"server": upstream}, trees, read(trees, {"upstream": OneProcess(upstream.program)}, cpus))
