"""Services and companions that run already: looked at before anything is measured."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.errors import BenchError
from bench.model.config import Plan
from bench.run.host.cpus import CpuSets
from bench.run.host.signals import StopRequest
from bench.run.testbed.attached import Attached
from bench.run.testbed.companions import url_elsewhere


def with_pids(plan: Plan, pids: Sequence[tuple[str | None, int]]) -> Plan:
    """The plan, in which services that run already have the processes that --pid names.

    A pid without a stack's name belongs to the only one. Raises BenchError where it fits none.
    """
    running = [name for name, stack in plan.stacks.items() if stack.url is not None]
    stacks = dict(plan.stacks)
    for given, pid in pids:
        if given is None and len(running) != 1:
            known = ", ".join(running) or "none has a `url`"
            raise BenchError(f"--pid {pid}: write --pid STACK={pid}; these stacks run already: {known}")
        name = given or running[0]
        if name not in running:
            raise BenchError(f"--pid {name}={pid}: {name} is no stack of this run with a `url`")
        stacks[name] = replace(stacks[name], pid=pid)
    return replace(plan, stacks=stacks)


def found(plan: Plan, cpus: CpuSets, stop: StopRequest) -> Iterator[str]:
    """A note on each service that runs already, which cannot be pinned from here.

    Raises BenchError where one does not answer, or where the variable of a companion that runs elsewhere is not set.
    """
    for one in plan.companions.values():
        if one.url_from is not None:
            url_elsewhere(one)
    for stack in plan.stacks.values():
        if stack.url is None:
            continue
        attached = Attached(stack)
        attached.wait_until_ready(stop)
        known = attached.service()
        said = (
            f"{stack.name} ran already, at {stack.url}: no round started it afresh, so no value of it has an interval"
        )
        shared = sorted(set(attached.cores()) & set(cpus.load))
        if known.pid is None:
            said += "; which process it is was not found out (--pid names it), so its memory and CPU are not known"
        elif shared:
            cores, server = ", ".join(map(str, shared)), ",".join(map(str, cpus.server))
            move = f"taskset --all-tasks --cpu-list --pid {server}"
            moves = "; ".join(f"{move} {member.pid}" for member in attached.tree())
            said += f"; it may use core {cores}, as the load does: each slows the other down (to move it: {moves})"
        yield said
