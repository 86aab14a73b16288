"""When measuring may begin: all workers of a server wait for requests, and nothing uses CPU any more."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from bench.run.host.ports import READY_S, ask, listeners, no_worker_serves
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest
from bench.run.host.threads import shown, waits_for_requests
from bench.run.host.tree import Tree

LOOK_S = 0.3
IDLE_LIMIT_S = 5.0
IDLE_CORES = 0.02
BY_CPU = "the load began when the workers used next to no CPU"
NOT_SEEN = f"what the workers wait in could not be seen, because ptrace is restricted: {BY_CPU}"


@dataclass(frozen=True, slots=True)
class Listening:
    """A program that listens on a port, and the process tree whose CPU is read.

    `answered`: whether it has answered a request.
    """

    program: Program
    tree: Tree
    port: int
    answered: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The workers of a program at one moment, and those of them that do not wait for requests; None: not seen."""

    workers: frozenset[int]
    unready: frozenset[int] | None


def settle(servers: Sequence[Listening], stop: StopRequest) -> list[str | None]:
    """What is to be noted of each server, mostly nothing, once all workers wait for requests and are idle.

    That is after 30 s at the latest, or 5 s after all of them wait if they use CPU all the same. Where it cannot be
    seen what they wait in, only CPU counts, for 5 s at most. Raises BenchError where a program has ended, or has not
    answered a single request.
    """
    begun_s = now_s = time.monotonic()
    waiting_since_s: float | None = None
    before: tuple[list[frozenset[int]], float] | None = None
    while True:
        looks, cpu_s = _looks(servers)
        workers = [look.workers for look in looks]
        if any(look.unready for look in looks):
            waiting_since_s = None
        elif waiting_since_s is None:
            waiting_since_s = now_s
        if waiting_since_s is not None:
            idle = before is not None and before[0] == workers and cpu_s - before[1] < IDLE_CORES * LOOK_S
            if idle or now_s - waiting_since_s >= IDLE_LIMIT_S:
                return [NOT_SEEN if look.unready is None and shown() else None for look in looks]
        if now_s - begun_s >= READY_S:
            return [_late(one, look) for one, look in zip(servers, looks, strict=True)]
        before = workers, cpu_s
        stop.sleep(LOOK_S)
        now_s = time.monotonic()


def _looks(servers: Sequence[Listening]) -> tuple[list[Look], float]:
    """A look at each server, and the CPU seconds that all have used."""
    for one in servers:
        one.program.check_alive()
        one.tree.read_cpu()
    return [_look(one) for one in servers], sum(one.tree.cpu_s for one in servers)


def _look(one: Listening) -> Look:
    """The workers are the processes with the listening socket that have started no other one with it.

    A worker may hand the socket down to helpers of its own, which never wait for requests. They are no workers then: a
    process between them and the one which started all waits for requests itself.
    """
    processes = listeners(one.program, one.port)
    if processes is None:
        return Look(frozenset(), None)
    holders = {process.pid for process in processes}
    if one.answered and len(holders) == 1:  # nobody else can have answered
        return Look(frozenset(holders), frozenset())
    waiting = {pid: waits_for_requests(pid) for pid in holders}
    if None in waiting.values():
        return Look(frozenset(holders), None)
    above = {process.pid: _ancestors(process) & holders for process in processes}
    masters = set[int]().union(*above.values())
    serving = {pid for pid in masters if waiting[pid] and above[pid]}
    workers = frozenset(pid for pid in holders - masters if not above[pid] & serving) | serving
    return Look(workers, frozenset(pid for pid in workers if not waiting[pid]))


def _ancestors(process: psutil.Process) -> set[int]:
    try:
        return {parent.pid for parent in process.parents()}
    except psutil.NoSuchProcess:
        return set()


def _late(one: Listening, look: Look) -> str | None:
    """The note on a server of which workers do not wait for requests after 30 s."""
    if not look.unready:
        return None
    if look.unready == look.workers and not one.answered and not (answer := ask(one.port, "/")).came:
        raise no_worker_serves(one.program, one.port, f"GET /: {answer.wrong}")
    pids = ", ".join(map(str, sorted(look.unready)))
    return (
        f"{len(look.unready)} of {len(look.workers)} workers did not wait for requests "
        f"{READY_S:g} s after the server was up (pid {pids})"
    )
