"""One restart of an A/B: base and head of a stack alive on the same cores, and the load in turn on each."""

import random
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.judge.cell.slices import judge_arms
from bench.model.cell import ARMS, Cell, CellKey, Probe, Slice
from bench.model.samples import Samples
from bench.plan.turns import slices
from bench.run.cell.load import LoadGenerator, Turns, running_load
from bench.run.cell.probe import probe_s
from bench.run.cell.sampler import Reading, Sampler, Tree, read, wait_until_idle
from bench.run.cell.visit import Setting, join_samples, log_file, round_seed
from bench.run.testbed.revisions import Side
from bench.run.testbed.server import Server, running_server
from bench.run.testbed.upstream import Upstream, running_upstream

ONLY_WHEN_ASKED = float("inf")
"""Between slices the sampler disturbs nobody, and what a server used by then is what its slice cost."""


@dataclass(frozen=True, slots=True)
class Twins:
    """Both servers, base first, and a reading of them before any load."""

    servers: tuple[Server, ...]
    trees: tuple[Tree, ...]
    idle: Reading


def run_twins(
    keys: Sequence[CellKey], sides: Sequence[Side], pace_s: tuple[float, float], setting: Setting
) -> Generator[tuple[Cell, Samples]]:
    """Each cell of one restart of one stack, judged, with its raw samples.

    `pace_s`: the median latency of base, in which slices are measured, and the shortest that one may be. Raises
    BenchError, naming the phase and the log, where one cannot be measured; the generator is then at its end.
    """
    first, stop, cpus = keys[0], setting.stop, setting.cpus
    scenario = setting.plan.scenarios[first.scenario]
    seed = round_seed(setting.seed, first.round)
    setting.progress(first, "start upstream")
    with (
        running_upstream(scenario, seed, cpus.upstream, log_file(setting, first, "upstream"), stop) as upstream,
        ExitStack() as running,
    ):
        setting.progress(first, "start servers")
        twins = _start(first, sides, upstream, setting, running)
        for key in keys:
            setting.progress(key, "start load")
            yield _run_cell(key, pace_s, setting, upstream, twins)


def _start(key: CellKey, sides: Sequence[Side], upstream: Upstream, setting: Setting, running: ExitStack) -> Twins:
    """Both servers, started in random order, for who comes first may fare better, and with the same hash seed."""
    stack, servers = setting.plan.stacks[key.stack], {}
    order = list(zip(ARMS, sides, strict=True))
    random.Random(f"{setting.seed}/{key.order}").shuffle(order)  # noqa: S311 (an order, not a secret)
    hash_seed = str(random.Random(f"{setting.seed}/{key.round}").randrange(2**32))  # noqa: S311
    for arm, side in order:
        own = side.stack(stack)
        servers[arm] = running.enter_context(
            running_server(
                replace(own, env={"PYTHONHASHSEED": hash_seed, **own.env}),
                f"{upstream.url}/{arm}",
                setting.in_flight,
                setting.cpus.server,
                log_file(setting, key, arm),
                setting.stop,
                environment=side.environment,
            )
        )
    both = tuple(servers[arm] for arm in ARMS)
    setting.progress(key, "settle")
    trees = tuple(Tree(server.program) for server in both)
    wait_until_idle(trees, setting.stop)
    return Twins(both, trees, read(trees, None, upstream.program, setting.cpus))


def _run_cell(
    key: CellKey, pace_s: tuple[float, float], setting: Setting, upstream: Upstream, twins: Twins
) -> tuple[Cell, Samples]:
    stack, scenario = setting.plan.stacks[key.stack], setting.plan.scenarios[key.scenario]
    timing = setting.plan.profile.timing
    upstream.reset()
    before_s = probe_s(setting.cpus.server)
    planned = slices(*pace_s, timing.window_s, timing.warmup_s, f"{setting.seed}/{key.order}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with running_load(
            scenario,
            key.load,
            timing,
            round_seed(setting.seed, key.round),
            [server.url for server in twins.servers],
            setting.cpus.generator,
            Path(folder),
            log_file(setting, key, "load"),
            Turns(planned, spread_s=pace_s[0]),
        ) as load:
            sampler = Sampler(
                twins.trees, load.program, upstream.program, setting.cpus, twins.idle, interval_s=ONLY_WHEN_ASKED
            )
            done = _take_turns(key, setting, upstream, twins, load, sampler)
        probe = Probe(before_s, probe_s(setting.cpus.server))
        samples = join_samples(load.output, sampler.readings)
    setting.progress(key, "judge")
    server_cores, load_cores = setting.cores
    try:
        cell = judge_arms(
            key,
            stack,
            scenario,
            samples,
            done,
            [upstream.served(arm) for arm in ARMS],
            probe,
            server_cpus=server_cores,
            load_cpus=load_cores,
        )
    except ValueError as error:
        raise BenchError(f"the samples cannot be judged: {error}") from error
    return cell, samples


def _take_turns(
    key: CellKey, setting: Setting, upstream: Upstream, twins: Twins, load: LoadGenerator, sampler: Sampler
) -> list[Slice]:
    """The slices as Locust kept them; the servers are read in the gaps between them."""
    done: list[Slice] = []
    watched = [*(server.program for server in twins.servers), upstream.program]
    with sampler:
        for event in load.events(setting.stop, watched):
            match event["event"]:
                case "slice":
                    setting.progress(key, f"slice {event['number'] + 1}")
                case "sliced":
                    sampler.read_at(0.0)
                    done.append(Slice(**{name: fact for name, fact in event.items() if name != "event"}))
                case "end" if event["left"]:
                    raise BenchError(f"{event['left']} requests outlasted their timeout{load.program.log_tail()}")
    return done
