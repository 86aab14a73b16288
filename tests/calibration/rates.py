"""Results of the kept sessions: false alarms, detection, power, and the same data under simpler rules."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.judge.cell.metrics import PAIRED
from bench.judge.stats.intervals import Estimate, estimate
from bench.judge.stats.significance import detectable
from tests.calibration.sessions import Figures, Session

ALPHA = 0.05
SIMULATED = 2000
FIXED_GATE = 0.10
"""The tolerance of a common rule: one run of base, one of head, at most 10 % difference."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a restart: the standard deviation of log(head / base) with the same code."""

    stack: str
    model: str
    metric: str
    deviation: float
    restarts: int
    differences: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """False alarms on the same code under another rule, and the number of comparisons."""

    rule: str
    stack: str
    metric: str
    alarms: int
    trials: int


def noise(sessions: Sequence[Session]) -> list[Noise]:
    """The noise of each gated metric of each stack over all sessions. The mean of each session is subtracted."""
    found: dict[tuple[str, str, str], list[NDArray[np.float64]]] = {}
    for session in sessions:
        for one in session.figures:
            if one.gated and len(one.base) > 1:
                found.setdefault((one.stack, one.model, one.metric), []).append(differences(one))
    return [
        Noise(*key, _deviation(parts), sum(map(len, parts)), tuple(np.concatenate([d - d.mean() for d in parts])))
        for key, parts in found.items()
    ]


def gated(sessions: Sequence[Session], stack: str, metrics: Sequence[str], model: str) -> tuple[str, str]:
    """The metric, out of `metrics`, that the sessions gate for the stack under this load model, and the model."""
    found = (
        (one.metric, model)
        for session in sessions
        for one in session.figures
        if one.gated and (one.stack, one.model) == (stack, model) and one.metric in metrics
    )
    return next(found)


def differences(one: Figures) -> NDArray[np.float64]:
    """log(head / base) of each restart, or of shares head - base, with the sign chosen so that larger is worse."""
    metric = PAIRED[one.metric]
    base, head = np.array(one.base), np.array(one.head)
    turn = 1.0 if metric.better == "lower" else -1.0
    found: NDArray[np.float64] = head - base if metric.compared_by == "difference" else np.log(head) - np.log(base)
    return turn * found


def true_size(sessions: Sequence[Session], stack: str, model: str, metric: str) -> Estimate | None:
    """The factor by which head was worse over all these sessions, with its 95 % interval."""
    means = [
        math.exp(float(differences(one).mean()))
        for session in sessions
        for one in session.figures
        if (one.stack, one.model, one.metric) == (stack, model, metric) and one.base
    ]
    return estimate(means)


def smallest(one: Noise, restarts: int, family: int) -> float:
    """The smallest slowdown that this many restarts detect in 95 % of sessions, as a share."""
    threshold = math.log1p(PAIRED[one.metric].noise)
    found = max(
        detectable(one.deviation, restarts, ALPHA / family), detectable(one.deviation, restarts, 0.025, threshold)
    )
    return math.expm1(found)


def power(one: Noise, size: float, restarts: int, family: int, seed: int = 1) -> float:
    """The simulated share of sessions that detect a slowdown of this size, drawn from the recorded restarts.

    Detected: the sign-flip test rejects at the first level of Holm, and the interval is beyond the noise threshold.
    """
    chance = np.random.default_rng(seed)
    drawn = chance.choice(np.array(one.differences), size=(SIMULATED, restarts)) + math.log1p(size)
    signs = 1 - 2 * ((np.arange(2**restarts)[:, None] >> np.arange(restarts)) & 1)
    totals = drawn.sum(axis=1)
    p = np.array([(signs @ row >= total - 1e-12).mean() for row, total in zip(drawn, totals, strict=True)])
    reach = stats.t.ppf(0.975, restarts - 1) * drawn.std(axis=1, ddof=1) / math.sqrt(restarts)
    beyond = drawn.mean(axis=1) - reach > math.log1p(PAIRED[one.metric].noise)
    return float(((p <= ALPHA / family) & beyond).mean())


def as_others_do(sessions: Sequence[Session]) -> list[Others]:
    """False alarms on the same code under two simpler rules. A run is the figure of one side in one restart.

    One run each: base of a restart against head of the next. One after the other: base in the first half of a session
    against head in the second half, by Student's unpaired t-test.
    """
    found: dict[tuple[str, str, str], list[bool]] = {}
    for session in sessions:
        for one in session.figures:
            if not one.gated:
                continue
            turn = 1.0 if PAIRED[one.metric].better == "lower" else -1.0
            base, head = turn * np.log(one.base), turn * np.log(one.head)
            single = found.setdefault((f"one run each, tolerance {FIXED_GATE * 100:g} %", one.stack, one.metric), [])
            single += list(head[1:] - base[:-1] > math.log1p(FIXED_GATE))
            half = len(base) // 2
            test = stats.ttest_ind(head[-half:], base[:half], alternative="greater")
            unpaired = found.setdefault(("all of base before all of head, t-test at 5 %", one.stack, one.metric), [])
            unpaired.append(bool(test.pvalue < ALPHA))
    return [Others(*key, sum(alarms), len(alarms)) for key, alarms in found.items()]


def _deviation(parts: Sequence[NDArray[np.float64]]) -> float:
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    return math.sqrt(squares / sum(len(part) - 1 for part in parts))
