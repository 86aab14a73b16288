"""What base and head have to show for one figure: the rounds that count, and what no test can outweigh."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.judge.cell.metrics import ERRORS, Metric
from bench.judge.cell.problems import SERVICES_DOING
from bench.judge.gate.verdict import Word
from bench.model.cell import ARMS, Arm, Cell, Outcome

Seen = Arm | Cell

OUTCOMES: Mapping[tuple[str, type], frozenset[Outcome]] = {
    (ERRORS.name, Arm): frozenset({"degraded", "failed"}),
    (ERRORS.name, Cell): frozenset({"degraded"}),
}
"""Outcomes that are a finding about a metric as they stand. An arm failed beside its twin; why a cell did is open."""

MANY = 0.5
"""The share of rounds of which the rest cannot stand for all."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict that no test is needed for, and why it is so."""

    verdict: Word
    because: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rounds of either side in which the metric can be used; paired, these are the same rounds in the same order.

    `ruling`: what is decided without a test. `doubt`: why neither equivalent nor improved may be said, or nothing.
    `left_out`: how many rounds do not count, and why the first of them does not.
    """

    base: tuple[Seen, ...] = ()
    head: tuple[Seen, ...] = ()
    ruling: Ruling | None = None
    doubt: str = ""
    left_out: str = ""


def usable(metric: Metric, seen: Seen) -> float | None:
    """The metric's value where a ratio, or else a difference, can be taken of it."""
    value = metric.value(seen)
    if value is None or not math.isfinite(value) or (metric.compared_by == "ratio" and value <= 0):
        return None
    return value


def paired(metric: Metric, cells: Sequence[Cell]) -> Evidence:
    """The evidence of an A/B's cells, one for each restart: where either arm cannot be used, neither is.

    A cell that failed has no arms and does not tell which side it was, so head may not pass for sound. A restart in
    which neither kept up tells nothing of what lies between them, and is no finding about either.
    """
    failed = ["" if cell.arms else _lack(metric, cell) for cell in cells]
    lost = [_lack_of_arms(metric, cell) if cell.arms else _lack(metric, cell) for cell in cells]
    whole = [cell.arms for cell in cells if cell.arms and not all(_void(metric, arm) for arm in cell.arms)]
    used = [cell.arms for cell, why in zip(cells, lost, strict=True) if not why]
    return _evidence(
        metric,
        Evidence(
            base=tuple(arms[0] for arms in used),
            head=tuple(arms[1] for arms in used),
            doubt=_told(failed, "restarts", "{} failed"),
            left_out=_told(lost, "restarts"),
        ),
        base=[arms[0] for arms in whole],
        head=[arms[1] for arms in whole],
        rounds="restarts",
    )


def unpaired(metric: Metric, base: Sequence[Cell], head: Sequence[Cell]) -> Evidence:
    """The evidence of the rounds of two runs. Where rounds of head failed, it may not pass for sound."""
    lost = [[_lack(metric, cell) for cell in side] for side in (base, head)]
    left_out = (_told(why, f"rounds of {name}") for name, why in zip(ARMS, lost, strict=True))
    return _evidence(
        metric,
        Evidence(
            base=tuple(cell for cell in base if usable(metric, cell) is not None),
            head=tuple(cell for cell in head if usable(metric, cell) is not None),
            doubt=_told(
                [_lack(metric, cell) if cell.outcome == "failed" else "" for cell in head],
                "rounds of head",
                "{} failed",
            ),
            left_out="; ".join(part for part in left_out if part),
        ),
        base=base,
        head=head,
        rounds="rounds",
    )


def _evidence(metric: Metric, sound: Evidence, *, base: Sequence[Seen], head: Sequence[Seen], rounds: str) -> Evidence:
    """The sound rounds, unless the services' own doing decides.

    Rounds in which a service was too slow to be measured are left out as well. Where head was so more often than base,
    the rest is too good to pass for all of it, and where it was in so many more that they are most rounds, that alone
    is a finding. Where base was in half of its rounds, the rest does not stand for it. Where head alone failed
    requests, that is a finding however seldom.
    """
    here, there = ([_void(metric, seen) for seen in side] for side in (base, head))
    lost, more = _share(here), _share(there) - _share(here)
    if lost >= MANY:
        both = f"by their own doing base has no figure in {_told(here, rounds)}, and head in {_told(there, rounds)}"
        only = f"by base's own doing there is no figure in {_told(here, rounds)}; what head did better is not known"
        return Evidence(ruling=Ruling("inconclusive", both if any(there) else only))
    if more > MANY:
        others = f"base has none in {_told(here, rounds)}" if lost else "base has all"
        why = f"by head's own doing there is no figure in {_told(there, rounds)}; {others}"
        return Evidence(ruling=Ruling("regressed", why))
    here, worse = ([_outcome(metric, seen) for seen in side] for side in (base, head))
    if any(worse) and not any(here):
        return replace(sound, ruling=Ruling("regressed", f"head was not ok in {_told(worse, rounds)}; base always was"))
    slow = _told(there, rounds, "by head's own doing there is no figure in {}") if more > 0 else ""
    doubts = (sound.doubt, slow)
    return replace(sound, doubt="; ".join(doubt for doubt in doubts if doubt))


def _void(metric: Metric, seen: Seen) -> str:
    """Why the service left no figure of this metric, or nothing: where none is served, none would be the best."""
    why = metric.void(seen, SERVICES_DOING)
    if why is not None:
        return why or metric.title
    nothing = metric.better == "higher" and metric.value(seen) == 0
    return f"{metric.title} was 0" if nothing else ""


def _share(reasons: Sequence[str]) -> float:
    return sum(map(bool, reasons)) / max(len(reasons), 1)


def _outcome(metric: Metric, seen: Seen) -> str:
    """Why the outcome alone is a finding about this metric, or nothing."""
    found = seen.outcome in OUTCOMES.get((metric.name, type(seen)), frozenset())
    return f"{seen.outcome}: {_first_problem(seen)}" if found else ""


def _lack(metric: Metric, seen: Seen) -> str:
    """Why this metric of it cannot be used, or nothing."""
    if usable(metric, seen) is not None:
        return ""
    value = metric.read(seen)
    if value is None or metric.void(seen) is not None:
        return metric.void(seen) or _first_problem(seen)
    return f"{metric.title} was {value:g}"


def _lack_of_arms(metric: Metric, cell: Cell) -> str:
    return next(
        (f"{name}: {why}" for name, arm in zip(ARMS, cell.arms, strict=True) if (why := _lack(metric, arm))), ""
    )


def _first_problem(seen: Seen) -> str:
    return next((problem.detail or problem.name for problem in seen.problems), "it was not measured")


def _told(reasons: Sequence[str], rounds: str, words: str = "{}") -> str:
    """How many of so many rounds have a reason, and the first of these, in such words; nothing where none has."""
    given = [reason for reason in reasons if reason]
    return words.format(f"{len(given)} of {len(reasons)} {rounds} ({given[0]})") if given else ""
