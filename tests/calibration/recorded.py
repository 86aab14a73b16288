"""Recorded restarts of unchanged code, with head made worse by a model: what the gate, and simpler rules, say of it.

    python -m tests.calibration.recorded [SESSIONS]

A session draws its restarts from all those of the kept sessions of unchanged code, changes head's slices as a harm
would, and is decided by the code that decides real sessions. So many (default: 1000) of each harm are written to
results/reference/calibration/recorded.json, from which docs/calibration.md has its tables.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import product

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from scipy import stats

from bench.judge.cell.metrics import MEAN
from bench.judge.cell.metrics import PAIRED as METRICS
from bench.judge.gate.decision import Member
from bench.judge.gate.policy import COST, COST_MEAN, PAIRED, Policy
from bench.model.cell import Measurement, SliceFigures
from tests.calibration.sessions import ROOT, Session, slices_file
from tests.calibration.sessions import kept as kept_sessions
from tests.calibration.simulated import decided, member, scheduled

KEPT = ROOT / "results/reference/calibration/recorded.json"
SLICE_S = 0.3
"""The length of a slice: see bench/plan/turns.py. The services' P50 is less than a tenth of it."""

PAIRS = 14
USERS = 30
LOAD = 0.6
"""Of the default profile: pairs of slices in a restart, users, and offered load as a share of capacity."""

COPIES = 5
"""Each recorded restart is harmed so many times, each time with its own chance."""

FIGURES = ("throughput_rps", "p95_s", "server_s_per_request", "slow_share")
FIGURE_OF = {"throughput": "throughput_rps", "cpu": "server_s_per_request", "p95": "p95_s"}
"""The figures of a slice, and that of each metric."""

Array = NDArray[np.float64]
Side = Mapping[str, Array]
"""The slices of one side: an array for each figure of a slice, NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Restart:
    """One load of one restart: the slices of both sides."""

    base: Side
    head: Side


@dataclass(frozen=True, slots=True)
class Pool:
    """The restarts of the kept sessions of unchanged code, in the order in which they ran.

    `restarts`: of each, by stack and whether the load is open. `session`: the session of each. `memory`: the pairs of
    base and head, by stack. `costs`: the metric that stands for the cost of each stack.
    """

    restarts: tuple[Mapping[tuple[str, bool], Restart], ...]
    session: tuple[int, ...]
    memory: Mapping[str, Array]
    costs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Harm:
    """What befalls head: how its slices change, how many bytes it grows by, and the share of its requests that fail.

    `slices`: from the slices of head, whether the load is open, and chance to the slices that it would have had.
    """

    title: str
    slices: Callable[[Side, bool, np.random.Generator], Side] = lambda head, _, __: head
    grown_bytes: float = 0.0
    failed: float = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many of so many sessions with this harm ended with each verdict under a rule, and after how many restarts."""

    harm: str
    rule: str
    sessions: int
    regressed: int
    passed: int
    restarts: float


def _slower(head: Side, places: NDArray[np.intp], factor: float) -> Side:
    """Everything in these slices takes longer by the factor."""
    turns = {"throughput_rps": 1 / factor, "p95_s": factor, "server_s_per_request": factor}
    changed = {name: values.copy() for name, values in head.items()}
    for name, turn in turns.items():
        changed[name][places] *= turn
    return changed


def everywhere(share: float) -> Harm:
    """All of head is slower by this share."""
    return Harm(f"all of head slower by {share * 100:g} %", lambda head, _, __: _slower(head, _places(head), 1 + share))


def in_some(some: int, of: int, factor: float) -> Harm:
    """Head is slower by the factor in some slices, drawn by chance."""

    def slices(head: Side, _: bool, chance: np.random.Generator) -> Side:
        places = _places(head)
        return _slower(head, chance.choice(places, round(len(places) * some / of), replace=False), factor)

    return Harm(f"head slower by {factor - 1:.0%} in {some} of {of} slices".replace("%", " %"), slices)


def at_first(some: int, factor: float) -> Harm:
    """Head is slower by the factor in its first slices: a cache that is cold after each restart."""
    return Harm(
        f"head slower by {factor - 1:.0%} in its first {some} slices (cold cache)".replace("%", " %"),
        lambda head, _, __: _slower(head, _places(head)[:some], factor),
    )


def paused(pause_s: float, every_s: float) -> Harm:
    """Head stands still for so long, every so many seconds of load.

    Requests that arrive meanwhile wait until the pause ends and those before them are answered: arrivals wait for
    `pause - t (1 - load)` where t is the time since the pause began, and the load is 0.6 of capacity.
    """

    def slices(head: Side, is_open: bool, chance: np.random.Generator) -> Side:
        changed = {name: values.copy() for name, values in head.items()}
        phase_s = chance.uniform(0, every_s)
        for place in _places(head):
            begun_s = every_s - (place * SLICE_S + phase_s) % every_s  # in this slice the next pause begins then
            if begun_s >= SLICE_S:
                continue
            lost = min(pause_s, SLICE_S - begun_s) / SLICE_S
            served = changed["throughput_rps"][place] * SLICE_S * (1 if is_open else 1 - lost)
            changed["server_s_per_request"][place] += pause_s / max(served, 1.0)
            if is_open:
                drained_s = pause_s / (1 - LOAD)
                waiting_s = min(drained_s, SLICE_S - begun_s)  # arrivals of this slice that find a queue
                beyond_s = max(waiting_s - 0.05 * SLICE_S, 0.0)
                p95_s = changed["p95_s"][place]
                changed["p95_s"][place] = (
                    max(p95_s, pause_s - (waiting_s - beyond_s) * (1 - LOAD)) if beyond_s else p95_s
                )
                slow_s = min(max((pause_s - 2 * p95_s) / (1 - LOAD), 0.0), waiting_s)
                changed["slow_share"][place] += slow_s / SLICE_S
            else:
                in_flight = USERS if pause_s > 2 * USERS / changed["throughput_rps"][place] else 0
                changed["throughput_rps"][place] *= 1 - lost
                changed["slow_share"][place] += in_flight / max(served, float(USERS))
        return changed

    return Harm(f"a pause of {pause_s * 1000:g} ms every {every_s * 1000:g} ms of load", slices)


def slow(share: float) -> Harm:
    """This share of head's requests takes ten times as long."""

    def slices(head: Side, _: bool, chance: np.random.Generator) -> Side:
        asked = np.nan_to_num(head["throughput_rps"], nan=1.0) * SLICE_S
        hit = chance.binomial(np.maximum(asked, 1).astype(int), share) / np.maximum(asked, 1)
        return {**head, "slow_share": head["slow_share"] + hit}

    return Harm(f"{share * 100:g} % of head's requests take ten times as long", slices)


def failing(share: float) -> Harm:
    """This share of head's requests fails."""
    return Harm(f"{share * 100:g} % of head's requests fail", failed=share)


def leaking(megabytes_per_s: float) -> Harm:
    """Head grows so fast under load: its memory is that of the middle of its slices."""
    return Harm(f"head leaks {megabytes_per_s:g} MB/s of load", grown_bytes=megabytes_per_s * 1e6 * SLICE_S * PAIRS / 2)


SIZES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.20)
UNCHANGED = Harm("unchanged")
EVERYWHERE = tuple(everywhere(size) for size in SIZES)
HARMS: tuple[Harm, ...] = (
    UNCHANGED,
    *EVERYWHERE,
    in_some(5, 12, 1.5),
    in_some(6, 12, 1.5),
    at_first(2, 1.5),
    paused(0.2, 2.0),
    paused(0.1, 1.0),
    paused(0.05, 0.5),
    slow(0.02),
    failing(0.005),
    leaking(0.1),
    leaking(1.0),
)


def _places(head: Side) -> NDArray[np.intp]:
    return np.arange(len(head["throughput_rps"]))


Values = Mapping[tuple[str, bool, str], Array]
"""By stack, whether the load is open, and the name of the metric: base and head of each restart, as two columns."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the gate: its policy, after how many restarts it looks, and how it reads a figure of one restart."""

    policy: Policy
    looks: tuple[int, ...]
    read: Callable[[str, Restart], tuple[float, float]]


def _by_pairs(name: str, one: Restart) -> tuple[float, float]:
    """As the gate reads it: the median over pairs, or the plain means of both sides."""
    base, head = _measurement(one.base), _measurement(one.head)
    metric = METRICS[name]
    if name not in PAIRED.changes:
        here, there = metric.read(base), metric.read(head)
        return (math.nan if here is None else here), (math.nan if there is None else there)
    change = PAIRED.changes[name](base, head)
    return 1.0 if metric.compared_by == "ratio" else 0.0, math.nan if change is None else change


def _by_better_half(name: str, one: Restart) -> tuple[float, float]:
    """The mean of the better half of each side's slices."""
    figure = FIGURE_OF[name]

    def better(side: Side) -> float:
        found = np.sort(side[figure][~np.isnan(side[figure])])
        ranked = found[::-1] if METRICS[name].better == "higher" else found
        return float(ranked[: math.ceil(len(ranked) / 2)].mean()) if len(ranked) else math.nan

    return better(one.base), better(one.head)


def _measurement(side: Side) -> Measurement:
    rows = [[None if math.isnan(value) else float(value) for value in side[name]] for name in FIGURES]
    slices = tuple(
        SliceFigures(throughput_rps, p95_s, server_s, slow, disturbed=None)
        for throughput_rps, p95_s, server_s, slow in zip(*rows, strict=True)
    )
    return Measurement("ok", slices=slices)


NOW = "pairs of slices"
EARLIER = "better half of the slices"
RULES: Mapping[str, Rule] = {
    NOW: Rule(PAIRED, scheduled(20), _by_pairs),
    EARLIER: Rule(
        replace(PAIRED, closed=(COST, "memory", "errors"), open=("p95", "errors"), changes={}, tolerant=False),
        (12,),
        _by_better_half,
    ),
}


def pool_of(sessions: Sequence[Session]) -> Pool:
    """The restarts of the sessions of unchanged code. ValueError where there is none."""
    restarts: list[Mapping[tuple[str, bool], Restart]] = []
    owner: list[int] = []
    memory: dict[str, list[tuple[float, float]]] = {}
    costs: dict[str, str] = {}
    for number, session in enumerate(one for one in sessions if one.kind == "none" and not one.argv):
        stacks = list(dict.fromkeys(one.stack for one in session.figures))
        for one in session.figures:
            if one.gated and one.metric in ("throughput", "cpu"):
                costs.setdefault(one.stack, one.metric)
            if one.gated and one.metric == "memory":
                memory.setdefault(one.stack, []).extend(zip(one.base, one.head, strict=True))
        with np.load(slices_file(session)) as found:
            for restart in np.unique(found["restart"]):
                restarts.append(
                    {
                        (stack, is_open): Restart(*(_side(found, restart, place, is_open, side) for side in (0, 1)))
                        for place, stack in enumerate(stacks)
                        for is_open in (False, True)
                    }
                )
                owner.append(number)
    if not restarts:
        raise ValueError("no session of unchanged code is kept: run some first (none:0)")
    return Pool(tuple(restarts), tuple(owner), {stack: np.array(pairs) for stack, pairs in memory.items()}, costs)


def _side(found: Mapping[str, NDArray[np.generic]], restart: int, stack: int, is_open: bool, side: int) -> Side:
    chosen = (
        (found["restart"] == restart) & (found["stack"] == stack) & (found["open"] == is_open) & (found["side"] == side)
    )
    return {name: found[name][chosen].astype(float) for name in FIGURES}


def values_of(pool: Pool, harm: Harm, rule: Rule, seed: int = 1) -> Values:
    """The figures of COPIES of each restart, each with its own chance, as the rule reads them."""
    chance = np.random.default_rng(seed)
    found: dict[tuple[str, bool, str], list[tuple[float, float]]] = {}
    for _ in range(COPIES):
        for restart in pool.restarts:
            for (stack, is_open), one in restart.items():
                harmed = Restart(one.base, harm.slices(one.head, is_open, chance))
                for name in _gated(rule.policy, pool.costs[stack], is_open):
                    both = _whole(pool, harm, stack, name, one, chance) or rule.read(name, harmed)
                    found.setdefault((stack, is_open, name), []).append(both)
    return {key: np.array(pairs) for key, pairs in found.items()}


def _gated(policy: Policy, cost: str, is_open: bool) -> list[str]:
    named = {COST: cost, COST_MEAN: f"{cost}{MEAN}"}
    return [named.get(name, name) for name in (policy.open if is_open else policy.closed)]


def _whole(
    pool: Pool, harm: Harm, stack: str, name: str, one: Restart, chance: np.random.Generator
) -> tuple[float, float] | None:
    """The figures that belong to no slice: memory, and the share of failed requests; None for any other."""
    if name == "memory":
        base, head = pool.memory[stack][chance.integers(len(pool.memory[stack]))]
        return float(base), float(head + harm.grown_bytes)
    if name == "errors":
        asked = int(np.nansum(one.head["throughput_rps"]) * SLICE_S)
        return 0.0, chance.binomial(asked, harm.failed) / max(asked, 1)
    return None


def simulate(harm: Harm, rule: str, sessions: int, pool: Pool) -> Recorded:
    """So many sessions with this harm, decided by a rule of the gate."""
    looks, policy = RULES[rule].looks, RULES[rule].policy
    values, chance = values_of(pool, harm, RULES[rule]), np.random.default_rng(2)
    ends = []
    for _ in range(sessions):
        rows = chance.choice(len(pool.restarts) * COPIES, looks[-1], replace=False)

        def members(look: int, rows: NDArray[np.intp] = rows) -> list[Member]:
            return [_member(key, pairs[rows[:look]]) for key, pairs in values.items()]

        ends.append(decided(members, policy, looks))
    verdicts = [verdict for verdict, _ in ends]
    passed = sum(verdict in ("no regression", "improved") for verdict in verdicts)
    restarts = sum(look for _, look in ends) / sessions
    return Recorded(harm.title, rule, sessions, verdicts.count("regressed"), passed, restarts)


def _member(key: tuple[str, bool, str], pairs: Array) -> Member:
    stack, is_open, name = key
    base, head = pairs[~np.isnan(pairs).any(axis=1)].T
    return member(stack, name, (tuple(base), tuple(head)), is_open=is_open)


def simpler(pool: Pool, harm: Harm) -> list[Recorded]:
    """What simpler rules say of the restarts in the order in which they ran: a run is one side of one restart.

    A rule alarms where throughput (or CPU per request) or P95 of any stack is worse than it allows. Runs of base come
    first, then those of head.
    """
    chance = np.random.default_rng(3)
    series: dict[tuple[str, str], tuple[Array, Array]] = {}
    for stack, cost in pool.costs.items():
        for name, is_open in ((cost, False), ("p95", True)):
            ran = [one[stack, is_open] for one in pool.restarts]
            turn = 1.0 if METRICS[name].better == "lower" else -1.0
            here = np.array([_mean_of(name, one.base) for one in ran])
            there = np.array([_mean_of(name, harm.slices(one.head, is_open, chance)) for one in ran])
            series[stack, name] = turn * np.log(here), turn * np.log(there)
    found = []
    for title, (length, alarm) in SIMPLER.items():
        starts = [
            place for place in range(len(pool.session) - 2 * length + 1)
            if pool.session[place] == pool.session[place + 2 * length - 1]
        ]  # fmt: skip
        alarms = [
            any(alarm(base[at : at + length], head[at + length : at + 2 * length]) for base, head in series.values())
            for at in starts
        ]
        found.append(Recorded(harm.title, title, len(starts), sum(alarms), len(starts) - sum(alarms), float(length)))
    return found


def _mean_of(name: str, side: Side) -> float:
    figure = FIGURE_OF[name]
    return float(np.nanmean(side[figure]))


def _beyond(share: float, base: Array, head: Array) -> bool:
    """Whether the best run of head is worse than that of base by more than the share. In logarithms; less is better."""
    return bool(head.min() - base.min() > math.log1p(share))


def _unlikely(base: Array, head: Array) -> bool:
    return bool(stats.ttest_ind(head, base, alternative="greater").pvalue < 0.05)


SIMPLER: Mapping[str, tuple[int, Callable[[Array, Array], bool]]] = {
    "one run each, 10 %": (1, partial(_beyond, 0.10)),
    "one run each, 25 %": (1, partial(_beyond, 0.25)),
    "best of three runs each, 10 %": (3, partial(_beyond, 0.10)),
    "five runs of base, then five of head, t-test at 5 %": (5, _unlikely),
}


@cache
def _pool() -> Pool:
    return pool_of(kept_sessions())


def _one(place: int, rule: str, sessions: int) -> Recorded:
    """Harms are functions, which cannot be sent to another process: the place in HARMS can."""
    return simulate(HARMS[place], rule, sessions, _pool())


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 when all harms are simulated and kept."""
    sessions = int(argv[0]) if argv else 1000
    places, rules = zip(*product(range(len(HARMS)), RULES), strict=True)
    with ProcessPoolExecutor() as workers:
        found = list(workers.map(partial(_one, sessions=sessions), places, rules))
    found += [one for harm in (UNCHANGED, *EVERYWHERE) for one in simpler(_pool(), harm)]
    KEPT.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n", encoding="utf-8")
    return 0


def kept() -> list[Recorded]:
    """The kept ones."""
    return TypeAdapter(list[Recorded]).validate_json(KEPT.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
