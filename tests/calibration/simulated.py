"""Simulated sessions, decided by the code that decides real ones: how often the gate is wrong, and how long it takes.

    python -m tests.calibration.simulated [SESSIONS]

simulates so many sessions of each kind (default: 10000; about twenty minutes) and writes them to
results/reference/calibration/simulated.json, from which docs/calibration.md has its table.
"""

import json
import math
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from bench.judge.cell.metrics import PAIRED as METRICS
from bench.judge.gate.decision import Member, findings
from bench.judge.gate.evidence import Evidence
from bench.judge.gate.family import size
from bench.judge.gate.looks import levels, looks_of, not_before
from bench.judge.gate.policy import COST, COST_MEAN, PAIRED, Policy
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Verdict, overall
from bench.model.config import Closed, Open
from tests.calibration.rates import noise
from tests.calibration.sessions import ROOT, Session
from tests.calibration.sessions import kept as kept_sessions

KEPT = ROOT / "results/reference/calibration/simulated.json"
STACKS = ("one", "two")
NOISY = {COST: "cpu", COST_MEAN: "cpu_mean", "p95": "p95"}
MEMORY_DEVIATION = 0.001
DEVIATIONS = (0.01, 0.03, 0.05, 0.08)
TOLERANCE = METRICS["cpu"].tolerance
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


@cache
def _recorded() -> NDArray[np.float64]:
    """Those of the kept sessions of unchanged code: of each gated figure of time, less its mean in the session."""
    found = [
        np.array(one.differences) / one.deviation
        for one in noise([session for session in kept_sessions() if session.kind == "none"])
        if METRICS[one.metric].figure in ("throughput", "cpu", "latency") and METRICS[one.metric].compared_by == "ratio"
    ]
    together = np.concatenate(found)
    return together / float(together.std())


NOISES: dict[str, Draw] = {
    "normal": lambda chance, count: chance.standard_normal(count),
    "skewed": lambda chance, count: chance.standard_exponential(count) - 1,
    "heavy-tailed": lambda chance, count: chance.standard_t(3, count) / math.sqrt(3),
    "recorded": lambda chance, count: np.asarray(chance.choice(_recorded(), count), dtype=np.float64),
}
"""One restart's log(head / base) of the same code, with mean 0 and SD 1."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is simulated: the noise of a restart and its SD, and by what share head is worse in one figure or in all.

    `slower`: "nothing", "one figure" or "one stack". `looks`: after how many restarts each session is judged.
    """

    noise: str
    deviation: float
    slower: str
    size: float
    looks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many of so many sessions ended with each verdict, and how many restarts they took on average."""

    kind: Kind
    sessions: int
    regressed: int
    passed: int
    restarts: float


def simulate(kind: Kind, sessions: int, seed: int = 1) -> Simulated:
    """So many sessions of one kind."""
    verdicts, restarts = zip(
        *(_session(kind, np.random.default_rng([seed, one])) for one in range(sessions)), strict=True
    )
    passed = sum(verdict in ("no regression", "improved") for verdict in verdicts)
    return Simulated(kind, sessions, verdicts.count("regressed"), passed, sum(restarts) / sessions)


def _session(kind: Kind, chance: np.random.Generator) -> tuple[Verdict, int]:
    """The verdict of one session, and after how many restarts."""
    drawn = [
        (stack, name, _changes(kind, stack, name, chance))
        for stack in STACKS
        for name in (*PAIRED.closed, *PAIRED.open)
    ]
    return decided(
        lambda look: [_member(stack, name, changes[:look]) for stack, name, changes in drawn], PAIRED, kind.looks
    )


def decided(
    members: Callable[[int], Sequence[Member]], policy: Policy, looks: Sequence[int], most: int | None = None
) -> tuple[Verdict, int]:
    """The verdict of the first look that decides, or of the last, and its number of restarts.

    `members`: the family, from the number of restarts; `most`: no more than so many were recorded.
    """
    level, last = levels(len(looks), Gate().alpha), most or looks[-1]
    for look in looks:
        at = min(look, last)
        verdict, _, _ = overall(findings(members(at), policy, Gate(), level))
        if verdict != "inconclusive" or at == last:
            return verdict, at
    raise ValueError("a session is judged at least once")


def _changes(kind: Kind, stack: str, name: str, chance: np.random.Generator) -> NDArray[np.float64]:
    """log(head / base) of a figure in each restart, or of shares head - base."""
    most = kind.looks[-1]
    if name not in NOISY:
        return MEMORY_DEVIATION * chance.standard_normal(most) if name == "memory" else np.zeros(most)
    slower = stack == STACKS[0] and (kind.slower == "one stack" or (kind.slower == "one figure" and name == COST))
    return kind.deviation * NOISES[kind.noise](chance, most) + (math.log1p(kind.size) if slower else 0.0)


def _member(stack: str, name: str, changes: NDArray[np.float64]) -> Member:
    metric = METRICS[NOISY.get(name, name)]
    ratio = metric.compared_by == "ratio"
    base = (1.0 if ratio else 0.0,) * len(changes)
    head = tuple(math.exp(change) if ratio else float(change) for change in changes)
    return member(stack, metric.name, (base, head), is_open=name == "p95")


def judged(session: Session) -> tuple[Verdict, int]:
    """The verdict on a kept session by the rules of now, and after how many restarts. It may have had fewer before.

    A session that was not decided at its last restart stays undecided.
    """
    gated = [one for one in session.figures if one.gated]
    most = max(len(one.base) for one in gated)

    def members(look: int) -> list[Member]:
        return [
            member(one.stack, one.metric, (one.base[:look], one.head[:look]), is_open=one.model == "open")
            for one in gated
        ]

    return decided(members, PAIRED, session.looks, most)


def member(stack: str, name: str, values: tuple[tuple[float, ...], tuple[float, ...]], *, is_open: bool) -> Member:
    """A member of the family with these values of base and head."""
    load = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=100) if is_open else Closed(users=30)
    return Member(stack, "scenario", load, METRICS[name], Evidence(values=values))


def scheduled(restarts: int) -> tuple[int, ...]:
    """The looks of a session of two stacks with so many restarts at most."""
    looks, tests = looks_of(restarts), size(len(STACKS), closed_only=False)
    least = PAIRED.least_rounds(tests, levels(len(looks), Gate().alpha).regressed)
    return not_before(least or restarts, looks)


def kinds() -> list[Kind]:
    """What the table of docs/calibration.md shows."""
    long, short = scheduled(20), scheduled(12)
    same = [Kind(noise, sd, "nothing", 0.0, looks) for looks in (long, short) for noise in NOISES for sd in DEVIATIONS]
    border = [
        Kind(noise, sd, "one figure", TOLERANCE, looks)
        for looks in (long, short)
        for noise in NOISES
        for sd in DEVIATIONS
    ]
    slower = [Kind("normal", sd, "one stack", size, long) for size in (0.05, 0.10, 0.20) for sd in DEVIATIONS]
    return [*same, *border, *slower]


def kept() -> list[Simulated]:
    """The kept ones."""
    return TypeAdapter(list[Simulated]).validate_json(KEPT.read_bytes())


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 when all kinds are simulated and kept."""
    sessions = int(argv[0]) if argv else 10_000
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(partial(simulate, sessions=sessions), kinds()))
    KEPT.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
