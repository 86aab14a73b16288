"""One visit: freshly started servers of a stack under a scenario, and a cell for each of its loads."""

import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.errors import BenchError
from bench.judge.cell.judge import Recording, judge_cell
from bench.model.cell import Cell, CellKey, Circumstances, LocustUsers, Probe, Slice, Window
from bench.model.samples import Samples
from bench.plan.duration import LOOK_S
from bench.plan.turns import Pace, slices
from bench.run.cell.live import Live
from bench.run.cell.load import LoadGenerator, Order, running_load
from bench.run.cell.looks import Looker
from bench.run.cell.probe import probe_s
from bench.run.cell.sampler import INTERVAL_S, Sampler
from bench.run.cell.samples import join_samples, neighbours, read_wrong_answers
from bench.run.host.scratch import scratch_folder
from bench.run.host.tree import OneProcess
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start, Testbed, testbed

ONLY_WHEN_ASKED = float("inf")
"""Between slices the sampler disturbs nobody, and what a server has used by then is what its slice cost."""


STEPS = {"login": "log in", "drain": "drain"}
"""Events that only show how far a load is, and the words for them."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Cells of one stack under one scenario, their loads ascending, all measured on the same freshly started servers.

    One server is measured in one window. Two, base and head, are measured in slices of this `pace`.
    """

    cells: tuple[CellKey, ...]
    starts: tuple[Start, ...]
    pace: Pace | None = None


def run_visit(visit: Visit, setting: Setting) -> Generator[tuple[Cell, Samples]]:
    """Each cell of the visit, judged, with its raw samples.

    Raises BenchError, naming the phase and the log, where one cannot be measured; the generator has then ended.
    """
    with testbed(visit.cells[0], visit.starts, setting) as bed:
        for key in visit.cells:
            yield run_cell(key, bed, setting, visit.pace)


def run_cell(key: CellKey, bed: Testbed, setting: Setting, pace: Pace | None = None) -> tuple[Cell, Samples]:
    """One cell, judged, with its raw samples. Raises BenchError where it cannot be measured."""
    setting.progress(key, "start load")
    bed.upstream.reset()
    before_s = probe_s(setting.cpus.server)
    ended = setting.taken.ended() if setting.taken is not None else frozenset()
    with scratch_folder() as folder:
        with running_load(
            _order(key, bed, setting, pace), setting.cpus.generator, folder, setting.log(key, "load")
        ) as load:
            sampler = Sampler(
                {**bed.trees, **bed.companions},
                {"generator": OneProcess(load.program), "upstream": OneProcess(bed.upstream.program)},
                setting.cpus,
                bed.idle,
                INTERVAL_S if pace is None else ONLY_WHEN_ASKED,
                others=pace is None,
            )
            ready_path = setting.conditions(key).stack.ready_path if bed.attached is None else None
            with sampler, Looker(*bed.measured, ready_path) as looker:
                course = _follow(key, bed, setting, load, sampler, looker)
        probe = Probe(before_s, probe_s(setting.cpus.server))
        samples = join_samples([load.output], sampler.readings, sampler.residents, bed.servers, looker.arrays())
        wrong_answers = read_wrong_answers(load.wrong_answers, len(bed.servers))
    setting.progress(key, "judge")
    served = [bed.upstream.served(prefix) for prefix in bed.prefixes]
    other_run = setting.taken.others(ended) if setting.taken is not None else None
    beside = neighbours(sampler.beside, setting.cpus)
    circumstances = Circumstances(other_run, bed.unready, beside, course.users, bed.attached)
    recording = Recording(samples, served, probe, course.window, tuple(course.slices), circumstances, wrong_answers)
    try:
        return judge_cell(key, setting.conditions(key), recording), samples
    except ValueError as error:
        raise BenchError(f"the samples cannot be judged: {error}") from error


def _order(key: CellKey, bed: Testbed, setting: Setting, pace: Pace | None) -> Order:
    timing, hosts = setting.plan.profile.timing, tuple(server.url for server in bed.servers.values())
    order = Order(setting.scenario(key), key.load, timing, setting.round_seed(key), hosts)
    if pace is None:
        looks = setting.looks and sys.platform == "linux" and bed.trees
        return replace(order, look_s=LOOK_S if looks else 0.0)
    return replace(order, slices=slices(pace, timing, f"{setting.seed}/{key.order}"), spread_s=pace.p50_s)


class _Course:
    """The window, or the slices, as the load generator reported them."""

    def __init__(self) -> None:
        self.phase = ""
        self.warmup_s = 0.0
        self.window: Window | None = None
        self.slices: list[Slice] = []
        self.users: LocustUsers | None = None


def _follow(
    key: CellKey, bed: Testbed, setting: Setting, load: LoadGenerator, sampler: Sampler, looker: Looker
) -> _Course:
    """The course of the load; readings are taken at both ends of the window, or between slices."""
    course, live = _Course(), Live()
    for event in load.events(setting.stop, bed.programs):
        match event["event"]:
            case "begin":
                course.phase, course.warmup_s = "warm up", event["warmup_s"]
                setting.progress(key, course.phase)
            case "login" | "drain" as name:
                setting.progress(key, STEPS[name])
            case "window":
                course.phase = "measure"
                course.window = Window(course.warmup_s, event["start_s"], event["end_s"], event["answered"])
                sampler.read_at(course.window.start_s)
                sampler.read_at(course.window.end_s)
                setting.progress(key, course.phase)
            case "grow" if course.window is not None:
                course.window = replace(course.window, end_s=event["end_s"])
                sampler.read_at(course.window.end_s)
            case "progress":
                setting.progress(key, course.phase, live.since_last(event))
            case "slice":
                course.phase = f"slice {event['number'] + 1}"
                setting.progress(key, course.phase)
            case "sliced":
                sampler.read_at(0.0)
                course.slices.append(Slice(**_facts(event)))
            case "look":
                looker.begin()
            case "end":
                if event["left"]:
                    raise BenchError(f"{event['left']} requests outlasted their timeout{load.program.log_tail()}")
                course.users = _locust_users(event.get("users"))
    if course.window is None and not course.slices:
        raise BenchError(f"the load generator never began{load.program.log_tail()}")
    return course


def _locust_users(said: Mapping[str, Any] | None) -> LocustUsers | None:
    """What Locust said of users of its own; None where there were none."""
    return None if said is None else LocustUsers(tuple(said["routes"]), tuple(said["faults"]), said["untimed"])


def _facts(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fact for name, fact in event.items() if name != "event"}
