"""A server under load with a sampling profiler around it."""

import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.model.config import Plan, Stack
from bench.model.loads import most_in_flight
from bench.run.cell.load import Order, running_load
from bench.run.host.cpus import CpuSets, pinned
from bench.run.host.locks import taken
from bench.run.host.process import OWN_PROGRAMS
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.session.fitness import descriptors_for
from bench.run.session.leftovers import clean_up
from bench.run.testbed.setting import Progress, Setting
from bench.run.testbed.testbed import Start, testbed

RATE = 200
"""Samples a second."""

WRITE_S = 30.0

# The profiler takes the place of the shell that started the server, because a system may allow a program to look into
# its own descendants only.
BESIDE = (
    '"$@" & server=$!; trap "kill $server" TERM; '
    'while [ ! -e "$FLAME_BEGIN" ]; do kill -0 $server || exit 1; sleep 0.05; done; '
    'exec "$FLAME_SPY" record --pid $server --subprocesses --format raw --function --full-filenames '
    '--rate {rate} --duration unlimited --output "$FLAME_OUTPUT"'
)


def stacks_under_load(key: CellKey, plan: Plan, cpus: CpuSets, seed: int, stop: StopRequest, progress: Progress) -> str:
    """The stacks that py-spy saw while the load of this cell lasted, as it writes them.

    Raises BenchError where py-spy is not there or may not look into the server, or the load cannot be sent.
    """
    spy = shutil.which("py-spy", path=str(OWN_PROGRAMS)) or shutil.which("py-spy")
    if spy is None:
        raise BenchError("there is no py-spy: pip install py-spy")
    clean_up(stop)
    descriptors_for(most_in_flight(plan.profile))
    try:
        return _stacks(key, plan, cpus, seed, stop, progress, spy)
    except BenchError as error:
        if "ermission" not in str(error):
            raise
        raise BenchError(
            f"this system does not let py-spy look into another program: run this as root, or allow it with "
            f"`sysctl kernel.yama.ptrace_scope=0` ({error})"
        ) from error


def _stacks(key: CellKey, plan: Plan, cpus: CpuSets, seed: int, stop: StopRequest, progress: Progress, spy: str) -> str:
    with taken(cpus.used, "a flame graph", force=None), scratch_folder() as folder, pinned(cpus.load):
        begin, output = folder / "begin", folder / "stacks"
        told = {"FLAME_BEGIN": str(begin), "FLAME_SPY": spy, "FLAME_OUTPUT": str(output)}
        stack = _watched(plan.stacks[key.stack], told)
        setting = Setting(plan, seed, cpus, folder / "logs", stop, progress, looks=False)
        with testbed(key, (Start("server", stack, companions=plan.companions_of(stack)),), setting) as bed:
            order = Order(
                setting.scenario(key), key.load, plan.profile.timing, setting.round_seed(key),
                tuple(server.url for server in bed.servers.values()),
            )  # fmt: skip
            begin.touch()
            load_folder = folder / "load"
            load_folder.mkdir()
            with running_load(order, cpus.generator, load_folder, setting.log(key, "load")) as load:
                for event in load.events(stop, bed.programs):
                    progress(key, str(event["event"]))
            program = next(iter(bed.servers.values())).program
            return _written(program.tree()[0].pid, output, stop)


def _watched(stack: Stack, told: dict[str, str]) -> Stack:
    if stack.url is not None:
        raise BenchError(f"{stack.name} runs already, at {stack.url}, and a flame graph needs one that is started here")
    argv = ("sh", "-c", BESIDE.replace("{rate}", str(RATE)), "sh", *stack.argv)
    return replace(stack, argv=argv, env={**stack.env, **told})


def _written(pid: int, output: Path, stop: StopRequest) -> str:
    """What the profiler wrote, once it was told to end."""
    os.kill(pid, signal.SIGINT)
    end_s = time.monotonic() + WRITE_S
    while not (output.is_file() and output.stat().st_size):
        if time.monotonic() > end_s:
            raise BenchError(f"py-spy wrote nothing within {WRITE_S:g} s")
        stop.sleep(0.1)
    return output.read_text(encoding="utf-8", errors="replace")
