"""One finding in words."""

from collections.abc import Iterator

from bench.judge.gate.verdict import MOVED, Finding
from bench.model.loads import load_name
from bench.units import NOTHING, change, figure, percent, points, probability, threshold, threshold_points

HEADERS = ("metric", "base", "head", "change", "95 % interval", "p", "verdict")
NUMBERS = frozenset(HEADERS[1:-1])
_CHANGES = {"ratio": change, "difference": points}
_LIMITS = {"ratio": threshold, "difference": threshold_points}


def sentence(one: Finding) -> str:
    """A finding as part of a sentence: `flask, weather, 100 users: CPU per request +10.2 % (+9.1 to +11.4)`.

    A difference of two shares says little without them: `failed requests 0 % in base and 97.0 % in head, +97.0 points`.
    """
    mean, around = changed(one)
    shares = [figure(share, one.metric.unit) for share in (one.base, one.head) if share is not None]
    both = f" {shares[0]} in base and {shares[1]} in head," if one.metric.compared_by == "difference" and shares else ""
    return f"{place(one)}: {name(one)}{both}{f' {mean}' if one.change else ''}{f' ({around})' if around else ''}"


def place(one: Finding) -> str:
    """Where it was found: `flask, weather, 100 users`."""
    return f"{one.stack}, {one.scenario}, {load_name(one.load)}"


def name(one: Finding) -> str:
    """The metric of a finding, as it is called under its load."""
    return one.metric.under(one.load.model).title


def changed(one: Finding) -> tuple[str, str]:
    """The change of a finding, and its interval where it has one."""
    if one.change is None:
        return NOTHING, ""
    return _CHANGES[one.metric.compared_by](one.change.mean, one.change.low, one.change.high)


def limit(one: Finding) -> str:
    """The threshold of a finding."""
    return _LIMITS[one.metric.compared_by](one.threshold)


def tolerance(one: Finding) -> str:
    """The tolerance of a finding."""
    return _LIMITS[one.metric.compared_by](one.tolerance)


def at_most(one: Finding) -> str:
    """How much worse head is at most."""
    if one.metric.compared_by == "difference":
        return points(one.at_most or 0.0, None, None)[0].lstrip("+")
    return percent(max(one.at_most or 0.0, 0.0))


def detectable(one: Finding) -> str:
    """The smallest change that its rounds would detect, or nothing where they would detect none."""
    return "" if one.detectable is None else _CHANGES[one.metric.compared_by](one.detectable, None, None)[0]


def verdict(one: Finding) -> str:
    """The verdict on a figure. A control did not regress or improve: it moved."""
    return "moved" if one.control and one.verdict in MOVED else one.verdict


def line(one: Finding) -> tuple[str, ...]:
    """The finding's cells under HEADERS."""
    base, head = (figure(value, one.metric.unit) for value in (one.base, one.head))
    p = NOTHING if one.p is None else probability(one.p)
    return (name(one), base, head, *changed(one), p, verdict(one))


def lines(one: Finding) -> Iterator[tuple[str, ...]]:
    """The finding's line, and those of the figures beside it."""
    yield line(one)
    for other in one.beside:
        base, head = (figure(value, other.unit) for value in (other.base, other.head))
        yield (other.title, base, head, "", "", "", "")
