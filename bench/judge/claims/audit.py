"""Whether published figures are possible.

A printed figure stands for every value that is printed so. A finding needs all of them to break a rule. The rules of
the grade "impossible" hold for every run of which `ASSUMED` is true. Warm-up, think time, users that are stuck, and
requests that begin before the run or end after it, break none.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.model.published import Published, Span
from bench.units import figure

Grade = Literal["impossible", "doubtful", "method"]

ASSUMED = (
    "the rate is answers divided by the length of the run, each user has one request at a time, and percentiles "
    "are nearest-rank ones of the same answers as mean and maximum"
)

PERCENTILES: Mapping[str, float] = {"p50_s": 0.50, "p95_s": 0.95, "p99_s": 0.99}
ORDER = ("min_s", "p50_s", "p95_s", "p99_s", "max_s")
TITLES: Mapping[str, str] = {
    "rps": "rate", "min_s": "minimum", "mean_s": "mean", "p50_s": "P50", "p95_s": "P95", "p99_s": "P99",
    "max_s": "maximum", "sd_s": "standard deviation", "cpu_percent": "CPU", "cpu_s": "CPU per request",
    "users": "users", "connections": "connections", "slots": "slots", "wait_s": "wait", "cores": "cores",
    "duration_s": "length of the run",
}  # fmt: skip

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
    return tuple(sorted(found, key=lambda finding: GRADES.index(finding.grade)))


GRADES: tuple[Grade, ...] = ("impossible", "doubtful", "method")


def _order(one: Published) -> Iterator[Finding]:
    """Minimum, percentiles and maximum rise; the mean lies between the first and the last."""
    have = [name for name in ORDER if name in one.figures]
    pairs = [(low, high) for place, low in enumerate(have) for high in have[place + 1 :]]
    pairs += [("min_s", "mean_s"), ("mean_s", "max_s"), ("wait_s", "mean_s"), ("wait_s", "min_s")]
    for low, high in pairs:
        if low in one.figures and high in one.figures and one.figures[low].low > one.figures[high].high:
            yield Finding("impossible", "order", f"the {_said(one, low)} is more than the {_said(one, high)}")


def _capacity_of_users(one: Published) -> Iterator[Finding]:
    """Users who wait so long for each answer get no more answers."""
    users, most_s = _users(one), _high(one, "max_s")
    if users is None or most_s is None or not {"rps", "duration_s"} <= one.figures.keys():
        return
    for name, least_s in (("mean_s", _low(one, "mean_s")), ("percentiles", _least_mean_s(one))):
        if not least_s:
            continue
        most_rps = users.high / least_s * (1 + most_s / one.figures["duration_s"].low)
        if one.figures["rps"].low > most_rps:
            by = f"the {_said(one, 'mean_s')}" if name == "mean_s" else "the percentiles"
            yield _too_fast(one, "users", f"{by} allow {_count(users)} users at most {figure(most_rps, 'requests/s')}")
            return


def _capacity_of_slots(one: Published) -> Iterator[Finding]:
    """Requests that each hold one of so many slots, or users, for so long."""
    wait, holders = one.figures.get("wait_s"), [("slots", one.figures.get("slots")), ("users", _users(one))]
    if wait is None or not wait.low or "rps" not in one.figures:
        return
    for name, held in holders:
        if held is None:
            continue
        rule, length = f"{name} that wait", one.figures.get("duration_s")
        most_rps = held.high / wait.low * (1 + (0 if length is None else wait.low / length.low))
        if one.figures["rps"].low > most_rps:
            said = (
                f"{_count(held)} {name} that each wait {figure(wait.low, 's')} serve {figure(most_rps, 'requests/s')}"
            )
            if length is None:
                yield Finding("doubtful", rule, f"{said} in a long run, and the {_said(one, 'rps')}")
            else:
                yield _too_fast(one, rule, f"{said} at most")


def _mean_of_percentiles(one: Published) -> Iterator[Finding]:
    """The mean lies between what the percentiles allow."""
    if "mean_s" not in one.figures:
        return
    least_s, most_s = _least_mean_s(one), _most_mean_s(one)
    if least_s > one.figures["mean_s"].high:
        said = f"with these percentiles the mean is at least {figure(least_s, 's')}, and the {_said(one, 'mean_s')}"
        yield Finding("impossible", "mean of percentiles", said)
    if most_s < one.figures["mean_s"].low:
        said = f"with these percentiles the mean is at most {figure(most_s, 's')}, and the {_said(one, 'mean_s')}"
        yield Finding("impossible", "mean of percentiles", said)


def _spread(one: Published) -> Iterator[Finding]:
    """No percentile is further from the mean than the standard deviation allows (Cantelli's inequality)."""
    if not {"mean_s", "sd_s"} <= one.figures.keys():
        return
    mean, sd_s = one.figures["mean_s"], one.figures["sd_s"].high
    for name, share in PERCENTILES.items():
        if name not in one.figures:
            continue
        most_s = mean.high + sd_s * math.sqrt(share / (1 - share))
        if one.figures[name].low > most_s:
            said = f"mean and standard deviation allow a {TITLES[name]} of {figure(most_s, 's')} at most"
            yield Finding("impossible", "standard deviation", f"{said}, and the {_said(one, name)}")
    if "p50_s" in one.figures and one.figures["p50_s"].high < mean.low - sd_s:
        said = f"P50 is at most one standard deviation below the mean, {figure(mean.low - sd_s, 's')} or more"
        yield Finding("impossible", "standard deviation", f"{said}, and the {_said(one, 'p50_s')}")


def _processors(one: Published) -> Iterator[Finding]:
    """No more CPU is used than there are cores."""
    cores = one.figures.get("cores")
    if cores is None:
        return
    if "cpu_percent" in one.figures and one.figures["cpu_percent"].low > 100 * cores.high:
        yield Finding("impossible", "cores", f"the {_said(one, 'cpu_percent')}, of {_count(cores)} cores")
    if {"cpu_s", "rps"} <= one.figures.keys():
        used = one.figures["cpu_s"].low * one.figures["rps"].low
        if used > cores.high:
            said = f"the {_said(one, 'cpu_s')} at the {_said(one, 'rps')} needs {used:.3g} cores"
            yield Finding("impossible", "cores", f"{said}, and there are {_count(cores)}")


def _idle_users(one: Published) -> Iterator[Finding]:
    """Users without a pause wait for answers all the time. Those who pause, or are stuck, do not: no proof."""
    users = _users(one)
    if users is None or not {"rps", "mean_s"} <= one.figures.keys():
        return
    waiting = one.figures["rps"].high * one.figures["mean_s"].high
    if waiting < IDLE * users.low:
        said = f"rate times mean is {waiting:.3g} requests in flight, and there were {_count(users)} users"
        yield Finding("doubtful", "idle users", f"{said}: they paused, or slow answers are left out")
    least = one.figures["rps"].low * one.figures["mean_s"].low
    if least > users.high and not {"max_s", "duration_s"} <= one.figures.keys():
        said = f"rate times mean is {least:.3g} requests in flight, and there were {_count(users)} users"
        yield Finding("doubtful", "too many in flight", f"{said}: only a short run with very long answers gives that")


def _mean_beyond_p95(one: Published) -> Iterator[Finding]:
    if {"mean_s", "p95_s"} <= one.figures.keys() and one.figures["mean_s"].low > one.figures["p95_s"].high:
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
    if one.figures.keys() & {"p95_s", "p99_s"} and _users(one) is not None and "rps" in one.figures:
        said = (
            "with a fixed number of users, percentiles are the time in a full queue, and slow answers hold back the "
            "requests that would have been slow too (coordinated omission)"
        )
        yield Finding("method", "latency at saturation", said)
    if "duration_s" in one.figures and one.figures["duration_s"].high < SHORT_S:
        yield Finding("method", "short run", f"a run of {figure(one.figures['duration_s'].high, 's')} is short")


RULES: tuple[Callable[[Published], Iterator[Finding]], ...] = (
    _order,
    _capacity_of_users,
    _capacity_of_slots,
    _mean_of_percentiles,
    _spread,
    _processors,
    _idle_users,
    _mean_beyond_p95,
    _method,
)


def _too_fast(one: Published, rule: str, allowed: str) -> Finding:
    return Finding("impossible", rule, f"{allowed}, and the {_said(one, 'rps')}")


def _least_mean_s(one: Published) -> float:
    """The smallest mean of answers with these percentiles.

    Half of the answers take the minimum or longer, 45 % P50 or longer, 4 % P95, 1 % P99. A percentile that is not known
    is no less than those below it.
    """
    floor_s, least_s = 0.0, 0.0
    for name, share in zip(("min_s", "p50_s", "p95_s", "p99_s"), (0.50, 0.45, 0.04, 0.01), strict=True):
        floor_s = max(floor_s, _low(one, name) or 0.0)
        least_s += share * floor_s
    return least_s


def _most_mean_s(one: Published) -> float:
    """The largest mean of answers with these percentiles; infinite where the maximum, or their number, is not known.

    Ranks are whole numbers, so at each of the three one answer more may be a slow one.
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


def _users(one: Published) -> Span | None:
    """How many requests can be in flight: one for each user, and one for each connection."""
    found = [one.figures[name] for name in ("users", "connections") if name in one.figures]
    return min(found, key=lambda span: span.high) if found else None


def _low(one: Published, name: str) -> float | None:
    return one.figures[name].low if name in one.figures else None


def _high(one: Published, name: str) -> float | None:
    return one.figures[name].high if name in one.figures else None


def _said(one: Published, name: str) -> str:
    """A figure as it is stated: `P95 is 120 ms`."""
    middle = (one.figures[name].low + one.figures[name].high) / 2
    unit = "requests/s" if name == "rps" else "s"
    text = f"{middle:.3g} %" if name == "cpu_percent" else figure(middle, unit)
    return f"{TITLES[name]} of {text}"


def _count(span: Span) -> str:
    return f"{span.high:g}"
