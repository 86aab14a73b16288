"""Whether published figures are possible.

A printed figure stands for every value that is printed so. A finding needs all of them to break a rule. The rules of
the grade "impossible" hold for every run of which `ASSUMED` is true. Pauses between requests, users that are stuck,
timeouts, and requests that begin before the run or end after it, break none. Of figures that are joined from several
runs only the order is a proof.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

from bench.model.published import Published, Span
from bench.units import significant

Grade = Literal["impossible", "doubtful", "method"]
GRADES: Sequence[Grade] = get_args(Grade)
"""The worst first."""

ASSUMED = (
    "rate, mean, percentiles (nearest-rank), maximum, standard deviation and CPU per request are of the same answers "
    "of one run, counted when they end; each user, and each connection, has one request at a time, and there were "
    "never more of them; a stated wait is in each request; CPU is the average over the run, in logical cores"
)

PERCENTILES: Mapping[str, float] = {"p50_s": 0.50, "p95_s": 0.95, "p99_s": 0.99}
ORDER = ("wait_s", "min_s", "p50_s", "p95_s", "p99_s", "max_s")
"""Each is no more than the next."""

TITLES: Mapping[str, str] = {
    "rps": "rate", "wait_s": "wait", "min_s": "minimum", "mean_s": "mean", "p50_s": "P50", "p95_s": "P95",
    "p99_s": "P99", "max_s": "maximum", "cpu_percent": "CPU", "cpu_s": "CPU per request",
}  # fmt: skip

SLACK = 1e-9
"""So much, relatively, is lost in adding and multiplying."""

IDLE = 0.5
"""Users who wait for answers during less than this share of the run leave a question."""

SHORT_S = 5.0
"""A shorter run says little of P99, and of garbage collection."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row of figures: its grade, the name of the rule, and a sentence with the figures."""

    grade: Grade
    rule: str
    said: str


def audit(one: Published) -> tuple[Finding, ...]:
    """What is wrong with the figures of a row, the worst first; nothing where all is well."""
    found = [finding for rule in RULES for finding in rule(one)]
    if one.joined:
        found = [_weakened(finding) for finding in found]
    return tuple(sorted(found, key=lambda finding: GRADES.index(finding.grade)))


def _weakened(finding: Finding) -> Finding:
    """What is left of a finding if its figures may be of several runs."""
    if finding.grade != "impossible" or finding.rule == "order":
        return finding
    return replace(finding, grade="doubtful", said=f"{finding.said} (of one run; these are joined from several)")


def _order(one: Published) -> Iterator[Finding]:
    """Wait, minimum, percentiles and maximum rise; the mean lies between the first and the last."""
    known = [name for name in ORDER if name in one.figures]
    pairs = [*pairwise(known)]
    if known and "mean_s" in one.figures:
        pairs += [(name, "mean_s") for name in ("wait_s", "min_s") if name in known]
        pairs += [("mean_s", "max_s")] if "max_s" in known else []
    for low, high in pairs:
        if _more(one.figures[low].low, one.figures[high].high):
            yield Finding("impossible", "order", f"the {_said(one, low)} is more than the {_said(one, high)}")


def _users_at_work(one: Published) -> Iterator[Finding]:
    """Users are held for as long as they wait for their answers.

    In a run of length D, N users spend at most N (D + M) waiting for the answers that end in it, of which the longest
    takes M. Each answer takes the mean.
    """
    if not {"rps", "max_s", "duration_s"} <= one.figures.keys() or _held(one) is None:
        return
    edges = 1 + one.figures["max_s"].high / one.figures["duration_s"].low
    least_s = _least_mean_s(one)
    if "mean_s" in one.figures and one.figures["mean_s"].low > 0:
        yield from _too_fast(one, "users", one.figures["mean_s"].low, edges, f"answer in a {_said(one, 'mean_s')}")
    elif least_s > 0:
        by = f"answer, whose mean is {_short(least_s)} s or more by its percentiles"
        yield from _too_fast(one, "users", least_s, edges, by)


def _users_that_wait(one: Published) -> Iterator[Finding]:
    """A user is held until its own answer, so it has one answer for each wait, and one that began before the run."""
    wait, length = one.figures.get("wait_s"), one.figures.get("duration_s")
    if wait is not None and "rps" in one.figures and _held(one) is not None:
        edges = 1.0 if length is None else 1 + wait.low / length.low
        by = f"answer after {wait.text} s or more"
        yield from _too_fast(one, "users that wait", wait.low, edges, by, proof=length is not None)


def _slots_that_wait(one: Published) -> Iterator[Finding]:
    """A slot may be free before its answer arrives, so all that ends in the run was held within it, or M before."""
    slots, wait, length = (one.figures.get(name) for name in ("slots", "wait_s", "duration_s"))
    if slots is None or wait is None or "rps" not in one.figures:
        return
    most_s = _high(one, "max_s")
    proof = length is not None and most_s is not None
    edges = 1 + most_s / length.low if length is not None and most_s is not None else 1.0
    most_rps = slots.high / wait.low * edges
    if _more(one.figures["rps"].low, most_rps):
        said = f"{slots.text} slots that are each held for {wait.text} s serve at most {_short(most_rps)}/s"
        yield Finding("impossible" if proof else "doubtful", "slots that wait", f"{said}, but the {_is(one, 'rps')}")


def _too_fast(
    one: Published, rule: str, each_s: float, edges: float, by: str, *, proof: bool = True
) -> Iterator[Finding]:
    """A finding where so many users, each with an answer in so long, get fewer answers than are stated."""
    held = _held(one)
    if held is None:
        return
    name, users = held
    most_rps = users.high / each_s * edges
    if _more(one.figures["rps"].low, most_rps):
        said = f"{users.text} {name} that each get an {by} get at most {_short(most_rps)}/s"
        yield Finding("impossible" if proof else "doubtful", rule, f"{said}, but the {_is(one, 'rps')}")


def _mean_of_percentiles(one: Published) -> Iterator[Finding]:
    """The mean lies between what the percentiles allow."""
    if "mean_s" not in one.figures or not one.figures.keys() & PERCENTILES.keys():
        return
    least_s, most_s = _least_mean_s(one), _most_mean_s(one)
    if _more(least_s, one.figures["mean_s"].high):
        said = f"with these percentiles the mean is at least {_short(least_s)} s, but it is {_printed(one, 'mean_s')}"
        yield Finding("impossible", "mean of percentiles", said)
    if _more(one.figures["mean_s"].low, most_s):
        said = f"with these percentiles the mean is at most {_short(most_s)} s, but it is {_printed(one, 'mean_s')}"
        yield Finding("impossible", "mean of percentiles", said)


def _spread(one: Published) -> Iterator[Finding]:
    """No percentile is further from the mean than the standard deviation allows (Cantelli's inequality)."""
    if not {"mean_s", "sd_s"} <= one.figures.keys():
        return
    mean, sd_s = one.figures["mean_s"], one.figures["sd_s"].high
    for name, share in PERCENTILES.items():
        most_s = mean.high + sd_s * math.sqrt(share / (1 - share))
        if name in one.figures and _more(one.figures[name].low, most_s):
            said = f"mean and standard deviation allow a {TITLES[name]} of at most {_short(most_s)} s"
            yield Finding("impossible", "standard deviation", f"{said}, but it is {_printed(one, name)}")
    least_s = mean.low - sd_s
    if "p50_s" in one.figures and _more(least_s, one.figures["p50_s"].high):
        said = f"mean and standard deviation allow a P50 of at least {_short(least_s)} s"
        yield Finding("impossible", "standard deviation", f"{said}, but it is {_printed(one, 'p50_s')}")


def _processors(one: Published) -> Iterator[Finding]:
    """No more CPU is used than there are cores."""
    cores = one.figures.get("cores")
    if cores is None:
        return
    if "cpu_percent" in one.figures and _more(one.figures["cpu_percent"].low, 100 * cores.high):
        said = f"the {_is(one, 'cpu_percent')} of one core, and the server had {cores.text}"
        yield Finding("impossible", "cores", said)
    if {"cpu_s", "rps"} <= one.figures.keys():
        used = one.figures["cpu_s"].low * one.figures["rps"].low
        if _more(used, cores.high):
            said = f"the {_said(one, 'cpu_s')} at a {_said(one, 'rps')} takes {_short(used)} cores"
            yield Finding("impossible", "cores", f"{said}, and the server had {cores.text}")


def _idle_users(one: Published) -> Iterator[Finding]:
    """Users without a pause wait for answers all the time. Those who pause, or are stuck, do not: no proof."""
    held = _held(one)
    if held is None or not {"rps", "mean_s"} <= one.figures.keys():
        return
    name, users = held
    most = one.figures["rps"].high * one.figures["mean_s"].high
    least = one.figures["rps"].low * one.figures["mean_s"].low
    said = f"rate times mean is {{}} requests in flight, of {users.text} {name}"
    if most < IDLE * users.low:
        why = "they paused, or slow answers are left out"
        yield Finding("doubtful", "idle users", f"{said.format(_short(most))}: {why}")
    if _more(least, users.high) and not {"max_s", "duration_s"} <= one.figures.keys():
        why = "only a short run with very long answers gives that"
        yield Finding("doubtful", "too many in flight", f"{said.format(_short(least))}: {why}")


def _mean_beyond_p95(one: Published) -> Iterator[Finding]:
    """A few answers that take very long make the mean; most benchmarks have none."""
    if {"mean_s", "p95_s"} <= one.figures.keys() and _more(one.figures["mean_s"].low, one.figures["p95_s"].high):
        said = f"the {_said(one, 'mean_s')} is more than the {_said(one, 'p95_s')}: a few answers took very long"
        yield Finding("doubtful", "mean beyond P95", said)


def _method(one: Published) -> Iterator[Finding]:
    """How the figures were taken."""
    if one.picked == "best" and not one.spread:
        yield Finding("method", "best run", "the best of several runs, without their spread, is no typical one")
    if one.runs == 1:
        yield Finding("method", "one run", "a single run has no interval: another one may give other figures")
    if one.keep_alive is False:
        yield Finding("method", "new connections", "a new connection for each request costs time and CPU of its own")
    if one.figures.keys() & {"p95_s", "p99_s"} and _held(one) is not None:
        said = (
            "with a fixed number of users, percentiles may be time in a full queue, and a slow answer holds back the "
            "requests that would have been slow too (coordinated omission)"
        )
        yield Finding("method", "fixed users", said)
    if "duration_s" in one.figures and one.figures["duration_s"].high < SHORT_S:
        yield Finding("method", "short run", f"a run of {_printed(one, 'duration_s')} is short")


RULES: tuple[Callable[[Published], Iterator[Finding]], ...] = (
    _order,
    _users_at_work,
    _users_that_wait,
    _slots_that_wait,
    _mean_of_percentiles,
    _spread,
    _processors,
    _idle_users,
    _mean_beyond_p95,
    _method,
)


def _more(one: float, other: float) -> bool:
    """Whether one is more than the other, beyond what is lost in computing them."""
    return one > other * (1 + SLACK)


def _least_mean_s(one: Published) -> float:
    """The smallest mean of answers with these percentiles.

    All take the minimum or longer; half of them P50 or longer, 5 % P95, 1 % P99. A percentile that is not known is no
    less than those below it.
    """
    floor_s, least_s = _low(one, "wait_s") or 0.0, 0.0
    for name, share in zip(("min_s", "p50_s", "p95_s", "p99_s"), (0.50, 0.45, 0.04, 0.01), strict=True):
        floor_s = max(floor_s, _low(one, name) or 0.0)
        least_s += share * floor_s
    return least_s


def _most_mean_s(one: Published) -> float:
    """The largest mean of answers with these percentiles; infinite where the maximum, or their number, is not known.

    Definitions of percentiles differ by one answer, so at each of the three one more may be a slow one.
    """
    ceiling_s, length = _high(one, "max_s"), one.figures.get("duration_s")
    if ceiling_s is None or length is None or "rps" not in one.figures:
        return math.inf
    answers = one.figures["rps"].low * length.low
    if answers <= 0:
        return math.inf
    most_s = 0.01 * ceiling_s + 3 * ceiling_s / answers
    for name, share in (("p99_s", 0.04), ("p95_s", 0.45), ("p50_s", 0.50)):
        ceiling_s = min(ceiling_s, math.inf if (known := _high(one, name)) is None else known)
        most_s += share * ceiling_s
    return most_s


def _held(one: Published) -> tuple[str, Span] | None:
    """What can have a request in flight, and how many: users or connections, whichever are fewer."""
    found = [(name, one.figures[name]) for name in ("users", "connections") if name in one.figures]
    return min(found, key=lambda pair: pair[1].high) if found else None


def _low(one: Published, name: str) -> float | None:
    return one.figures[name].low if name in one.figures else None


def _high(one: Published, name: str) -> float | None:
    return one.figures[name].high if name in one.figures else None


def _printed(one: Published, name: str) -> str:
    """A figure as it is printed, with its unit."""
    unit = {"rps": "/s", "cpu_percent": " %"}.get(name, " s")
    return f"{one.figures[name].text}{unit}"


def _said(one: Published, name: str) -> str:
    """`P95 of 0.12 s`."""
    return f"{TITLES[name]} of {_printed(one, name)}"


def _is(one: Published, name: str) -> str:
    """`rate is 1200/s`."""
    return f"{TITLES[name]} is {_printed(one, name)}"


def _short(value: float) -> str:
    return significant(value, 5)
