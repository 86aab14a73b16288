"""What kept sessions come to: the noise of a restart, and how large an injected slowdown really was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judge.cell.metrics import PAIRED
from bench.judge.stats.intervals import Estimate, estimate
from tests.calibration.sessions import Figures, Session


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a restart: the standard deviation of log(head / base) with the same code."""

    stack: str
    model: str
    metric: str
    deviation: float
    restarts: int
    differences: tuple[float, ...]


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
    """By how much head was worse over all these sessions: a factor or a difference of shares, and its 95 % interval."""
    means = [
        _worse(one)
        for session in sessions
        for one in session.figures
        if (one.stack, one.model, one.metric) == (stack, model, metric) and one.base
    ]
    return estimate(means)


def _deviation(parts: Sequence[NDArray[np.float64]]) -> float:
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    return math.sqrt(squares / sum(len(part) - 1 for part in parts))


def _worse(one: Figures) -> float:
    mean = float(differences(one).mean())
    return mean if PAIRED[one.metric].compared_by == "difference" else math.exp(mean)
