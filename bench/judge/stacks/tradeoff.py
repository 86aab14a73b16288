"""What a stack gives for what it needs: throughput against memory, and against latency."""

from collections.abc import Sequence

from bench.judge.stacks.rows import Row
from bench.model.config import Closed
from bench.model.loads import amount

LEAST_LOADS = 3
"""Fewer loads have no one in between, which a knee is."""


def best(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Of each stack and scenario the closed-load row with the highest throughput, in the order of the rows.

    Only rows whose throughput and memory are both sound; of equal ones the first. A stack without one has none.
    """
    found: dict[tuple[str, str], int] = {}
    for place, row in enumerate(rows):
        if isinstance(row.load, Closed) and {"throughput", "memory"} <= row.estimates.keys():
            key = row.scenario, row.stack
            if key not in found or _read(row, "throughput") > _read(rows[found[key]], "throughput"):
                found[key] = place
    return tuple(rows[place] for place in sorted(found.values()))


def frontier(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows that no other beats, by ascending memory: for more throughput than theirs one must give more memory.

    For rows of one scenario, as `best` gives them. Of two that answer as much the one that needs less memory beats the
    other; equal in both, both stand.
    """
    efficient = [row for row in rows if not any(_beats(other, row) for other in rows)]
    return tuple(sorted(efficient, key=lambda row: _read(row, "memory")))


def knee(rows: Sequence[Row]) -> Row | None:
    """The closed-load row of greatest power, throughput / P95: beyond it a load adds more waiting than answers.

    For rows of one stack under one scenario; of equal ones the lowest load. None where fewer than LEAST_LOADS loads
    have both figures sound, and where it is the highest of these: the knee then lies beyond what was measured.
    Source: Kleinrock, Power and deterministic rules of thumb for probabilistic problems in computer communications,
    Proc. International Conference on Communications (1979), 43.1.1-43.1.10.
    """
    sound = [row for row in rows if isinstance(row.load, Closed) and {"throughput", "p95"} <= row.estimates.keys()]
    if len(sound) < LEAST_LOADS:
        return None
    ascending = sorted(sound, key=lambda row: amount(row.load))
    found = max(ascending, key=lambda row: _read(row, "throughput") / _read(row, "p95"))
    return None if found is ascending[-1] else found


def _read(row: Row, metric: str) -> float:
    return row.estimates[metric].mean


def _beats(other: Row, row: Row) -> bool:
    """Whether it is at least as good in both figures, and better in one."""
    more = _read(other, "throughput") - _read(row, "throughput")
    less = _read(row, "memory") - _read(other, "memory")
    return more >= 0 and less >= 0 and (more > 0 or less > 0)
