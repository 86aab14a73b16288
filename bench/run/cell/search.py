"""A search for capacity: the stacks of a round stand side by side and take turns, window by window."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.judge.capacity.grid import Ask
from bench.judge.capacity.judge import finished
from bench.judge.capacity.search import next_ask, outcome
from bench.judge.capacity.steps import Taken, judged, most_late
from bench.judge.cell.figures import of_server
from bench.model.cell import Probe
from bench.model.samples import Samples
from bench.model.search import Bounds, Part, Search, SearchKey, Step
from bench.run.cell.load import LoadGenerator, Order, running_load
from bench.run.cell.probe import probe_s
from bench.run.cell.samples import join_samples, neighbours, read_wrong_answers
from bench.run.host.cores import ProcessTime
from bench.run.host.scratch import scratch_folder
from bench.run.host.tree import OneProcess, Tree
from bench.run.testbed.readings import processes_beside, read
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start, Testbed, testbed
from bench.units import rate

LEAD_S = 0.6
"""A window begins with a lead under load that is not counted."""

REST_S = 6.0
"""A server that was overloaded rests so long before its next window, mostly while the others have their turn.

Without a rest fastapi-httpx failed at rates that it had just carried.
"""

SEEDS = 1000


@dataclass(frozen=True, slots=True)
class SearchVisit:
    """The searches of a round under one scenario, whose servers stand side by side; with each where it starts."""

    keys: tuple[SearchKey, ...]
    starts: tuple[Start, ...]
    bounds: tuple[Bounds, ...]


def run_search(visit: SearchVisit, setting: Setting) -> Generator[tuple[Search, Samples]]:
    """Each search of the visit with its raw samples, once all have ended. BenchError where one cannot be measured."""
    key = visit.keys[0]
    with testbed(key, visit.starts, setting) as bed, scratch_folder() as folder:
        sought = key.sought
        order = Order(
            setting.scenario(key),
            sought.load(visit.bounds[0].start_rps),
            setting.plan.profile.timing,
            setting.round_seed(key),
            tuple(server.url for server in bed.servers.values()),
            searches=True,
        )
        setting.progress(key, "start load")
        before_s = probe_s(setting.cpus.server)
        ended = setting.taken.ended() if setting.taken is not None else frozenset()
        log = setting.log(key, "load")
        with running_load(order, setting.cpus.generator, folder, log) as load:
            turns = _Turns(visit, bed, setting, load, folder)
            turns.take()
        other_run = setting.taken.others(ended) if setting.taken is not None else None
        yield from turns.results(Probe(before_s, probe_s(setting.cpus.server)), other_run)


class _Turns:
    """The windows of all stacks, in turn, until each search has ended."""

    def __init__(
        self,
        visit: SearchVisit,
        bed: Testbed,
        setting: Setting,
        load: LoadGenerator,
        folder: Path,
    ) -> None:
        self.visit = visit
        self.bed = bed
        self.setting = setting
        self.load = load
        self.folder = folder
        self.readings = [bed.idle]
        self.watched = [*bed.programs]
        self.load_side = {"generator": OneProcess(load.program), "upstream": OneProcess(bed.upstream.program)}
        self.steps: list[list[Step]] = [[] for _ in visit.keys]
        self.files: list[Path] = []

    def take(self) -> None:
        """Every window that the searches ask for. BenchError where a program ends or the generator fails."""
        events = self.load.events(self.setting.stop, self.watched)
        for event in events:
            if event["event"] == "begin":
                break
        for number, ask in self._asks():
            self._measure(number, ask, events)
        self.load.ask_no_more()
        for event in events:
            if event["event"] == "end" and event["left"]:
                raise BenchError(f"{event['left']} requests outlasted their timeout{self.load.program.log_tail()}")

    def _asks(self) -> Iterator[tuple[int, Ask]]:
        """The windows of all searches in turn, each asked for when the one before it is known."""
        while asks := self._next_asks():
            first = min((ask.part for ask in asks.values()), key=_TURN.index)
            for number, ask in asks.items():
                if ask.part in (first, "check"):
                    yield number, ask

    def _next_asks(self) -> Mapping[int, Ask]:
        """The next window of each search that has not ended."""
        restarts = self.bed.restart is not None
        asks = (
            next_ask(steps, self.visit.bounds[number], self._cores(number), restarts=restarts)
            for number, steps in enumerate(self.steps)
        )
        return {number: ask for number, ask in enumerate(asks) if ask is not None}

    def _cores(self, number: int) -> int:
        return self.setting.conditions(self.visit.keys[number]).server_cpus

    def _measure(self, number: int, ask: Ask, events: Any) -> None:
        key, mine = self.visit.keys[number], self.steps[number]
        file = self.folder / f"{len(self.files)}.npz"
        self.setting.progress(key, rate(ask.rate_rps))
        if ask.part == "check" and self.bed.restart is not None:
            self.bed.restart(self.visit.starts[number].role)
            self.watched[:] = self.bed.programs
            self._read()
        else:
            self.setting.stop.sleep(_rest_s(mine))
        beside = [self._beside()]
        self.load.ask(
            {
                "number": len(self.files),
                "measurement": number,
                "rate_rps": ask.rate_rps,
                "seed": self.setting.round_seed(key) * SEEDS + len(mine),
                "lead_s": LEAD_S,
                "window_s": ask.length_s,
                "late_s": key.sought.objective.limit_s,
                "most_late": most_late(key.sought.objective, ask.rate_rps * ask.length_s),
                "output": str(file),
            }
        )
        self.files.append(file)
        for event in events:
            if event["event"] == "cut":  # the servers are still busy, and to read their memory would disturb them
                self.readings.append(read({}, self.load_side, self.setting.cpus))
            elif event["event"] == "measured":
                break
        else:
            raise BenchError(f"the load generator never measured a window{self.load.program.log_tail()}")
        self._read()
        beside.append(self._beside())
        taken = Taken(
            event["number"],
            ask.rate_rps,
            ask.part,
            ask.length_s,
            *(event[name] for name in _TIMES),
        )
        own = of_server(self._samples([file]), number)
        others = neighbours(beside, self.setting.cpus)
        try:
            step = judged(taken, key.sought, self.setting.conditions(key), own, others)
        except ValueError as error:
            raise BenchError(f"the samples cannot be judged: {error}") from error
        mine.append(step)
        self.setting.progress(key, f"{rate(ask.rate_rps)}: {step.verdict}")

    def _read(self) -> None:
        self.readings.append(read(self._servers(), self.load_side, self.setting.cpus))

    def _servers(self) -> Mapping[str, Tree]:
        """The process trees of the servers and their companions."""
        return {**self.bed.trees, **self.bed.companions}

    def _beside(self) -> Mapping[int, ProcessTime]:
        """The processes that are no part of the search."""
        return processes_beside(self._servers().values(), self.load_side.values())

    def _samples(self, files: Sequence[Path]) -> Samples:
        """The samples of these windows, with all readings so far."""
        return join_samples(files, self.readings, [], self.bed.servers, {})

    def results(self, probe: Probe, other_run: str | None) -> Generator[tuple[Search, Samples]]:
        """Each search with its samples."""
        samples = self._samples(self.files)
        wrong = read_wrong_answers(self.load.wrong_answers, len(self.visit.keys))
        for number, key in enumerate(self.visit.keys):
            found = outcome(self.steps[number], self.visit.bounds[number], self._cores(number))
            if found is None:
                raise BenchError("the search did not end")
            served = self.bed.upstream.served(list(self.bed.prefixes)[number])
            own = of_server(samples, number)
            search = Search(
                stack=key.stack,
                scenario=key.scenario,
                sought=key.sought,
                round=key.round,
                order=key.order,
                **asdict(found),
                bounds=self.visit.bounds[number],
                steps=tuple(self.steps[number]),
                served=served,
                wrong_answers=wrong[number],
                probe=probe,
                other_run=other_run,
            )
            yield finished(search, own, self.setting.scenario(key)), own


def _rest_s(steps: Sequence[Step]) -> float:
    """How much longer a server has to rest after these windows."""
    overloaded = bool(steps) and steps[-1].verdict == "exceeded"
    return max(steps[-1].done_s + REST_S - time.monotonic(), 0.0) if overloaded else 0.0


_TIMES = ("begin_s", "start_s", "end_s", "done_s")
_TURN: Sequence[Part] = ("bracket", "check", "settle", "below")
"""A search waits until no other one has a window of an earlier part."""
