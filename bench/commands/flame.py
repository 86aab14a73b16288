"""`flame`: where the CPU time of a stack goes under load."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from bench.commands.planning import config_of
from bench.errors import BenchError
from bench.judge.flame.stacks import Profile, parsed
from bench.model.cell import CellKey
from bench.model.config import Plan
from bench.model.loads import load_name
from bench.options import DEFAULT_PROFILE
from bench.places import RESULTS, SHIPPED
from bench.plan.config import known, make_plan
from bench.plan.variants import replace_names
from bench.run.host.cpus import cpu_sets
from bench.run.host.signals import stop_on_signals
from bench.run.session.flame import stacks_under_load
from bench.show.flame.graph import graph
from bench.show.flame.tables import document
from bench.show.text import stdout

HELP = """\
Put a stack under load with py-spy around its server, and show where the CPU
time goes: a table of the functions that used most by themselves, beside their
time with all that they called, and a flame graph of the call stacks, one SVG
file for each stack. With two stacks, the difference too. Nothing else is
measured, because the profiler costs time.
"""

NOTES = """\
exit codes:
  0    the graphs are written
  2    wrong usage, or the profiler may not look into the server
  130  interrupted by Ctrl-C

examples:
  %(prog)s flask-gthread weather
  %(prog)s fastapi-httpx,fastapi-aiohttp weather --users 100
"""

USERS = 100
SECONDS = 5.0
MOST_STACKS = 2


def flame(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once the graphs are written. Raises BenchError where a stack cannot be profiled, Interrupted at a signal."""
    if arguments.users is not None and arguments.rate is not None:
        raise BenchError("flame puts a stack under one load: give --users or --rate")
    config, replaced = config_of(arguments)
    names = replace_names(arguments.stacks, replaced)
    if len(names) > MOST_STACKS:
        raise BenchError(f"flame takes one stack, or two to compare, not {len(names)}")
    known("stack", names, config.stacks, "flame")
    known("scenario", [arguments.scenario], config.scenarios, "flame")
    plan = make_plan(
        config,
        DEFAULT_PROFILE,
        stacks=names,
        scenarios=[arguments.scenario],
        users=[arguments.users or USERS] if arguments.rate is None else None,
        rates=None if arguments.rate is None else [arguments.rate],
        window_s=arguments.window or SECONDS,
        rounds=1,
    )
    load = plan.profile.loads[arguments.scenario][0]
    folder: Path = arguments.out or RESULTS / "flame"
    keys = {name: CellKey(name, arguments.scenario, load, 1, 0) for name in names}
    profiles = {name: profile_of(key, plan, arguments.seed) for name, key in keys.items()}
    files = {name: folder / f"{_file_name(f'{name}-{arguments.scenario}')}.svg" for name in names}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            title = f"{name} on {arguments.scenario}, {load_name(load)}: CPU time by call stack"
            file.write_text(graph(profiles[name], title), encoding="utf-8")
    except OSError as error:
        raise BenchError(f"the flame graph cannot be written: {error}") from error
    stdout.show(document(profiles, arguments.scenario, load_name(load)))
    stdout.say("".join(f"Flame graph: {file}\n" for file in files.values()))
    return 0


def _file_name(text: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w.=,-]+", "_", text, flags=re.ASCII)


def profile_of(key: CellKey, plan: Plan, seed: int) -> Profile:
    """Where the CPU time goes. Raises BenchError where the stack cannot be profiled, Interrupted at a signal."""
    with stop_on_signals() as stop:
        cpus = cpu_sets(plan.profile.server_cpus)
        text = stacks_under_load(key, plan, cpus, seed, stop, _nobody_watches)
    profile = parsed(text, [str(SHIPPED / plan.stacks[key.stack].cwd)])
    if not profile.samples:
        raise BenchError(f"py-spy saw no running function of {key.stack}: the server was idle")
    return profile


def _nobody_watches(key: object, name: str, live: str = "") -> None:
    """Progress is of no interest in so few seconds."""
