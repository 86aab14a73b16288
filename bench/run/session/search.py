"""The searches of a run: which stand side by side, where each starts, and what becomes of one that fails."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from bench.errors import BenchError
from bench.judge.capacity.grid import LOWEST_RPS
from bench.judge.capacity.search import first_rate
from bench.judge.cell.bottleneck import slots_rps
from bench.model.config import Plan
from bench.model.loads import most_in_flight
from bench.model.run import Run
from bench.model.search import Bounds, Search, SearchKey
from bench.run.cell.search import SearchVisit, run_search
from bench.run.session.fitness import descriptors_for
from bench.run.session.recorder import Recorder
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start
from bench.units import offered, rate

Searches = tuple[SearchKey, ...]
"""Those of a round that stand side by side."""

KEPT_SHARE = 2.0
"""The upstream was proven at so many times the rate of calls that may be asked of it."""


def search_visits(run: Run, number: int) -> Iterator[tuple[SearchKey, ...]]:
    """The searches of a round that are not recorded yet, those side by side that can be: see `_together`."""
    recorded = {one.order for one in run.searches}
    for keys in planned(run.config):
        if keys[0].round == number:
            missing = tuple(key for key in keys if key.order not in recorded)
            yield from _together(missing, run.config)


def planned(plan: Plan) -> Iterator[tuple[SearchKey, ...]]:
    """The searches of every round and scenario; `order` counts them from 0."""
    order = 0
    for number in range(1, plan.profile.rounds + 1):
        for scenario, sought in plan.profile.sought.items():
            keys = tuple(
                SearchKey(stack, scenario, sought, number, order + place)
                for place, stack in enumerate(plan.profile.searched or plan.profile.stacks)
            )
            order += len(keys)
            yield keys


def _together(keys: Sequence[SearchKey], plan: Plan) -> Iterator[tuple[SearchKey, ...]]:
    """All servers that are started stand side by side; a service that runs already is searched alone."""
    started = tuple(key for key in keys if plan.stacks[key.stack].url is None)
    if started:
        yield started
    yield from ((key,) for key in keys if key not in started)


def search(keys: Sequence[SearchKey], place: Setting, recorder: Recorder) -> None:
    """Search for the capacity of these stacks. Where that fails for all of them together, each is tried alone."""
    visit = SearchVisit(
        tuple(keys),
        tuple(_start(number, key, place.plan) for number, key in enumerate(keys)),
        tuple(_bounds(key, recorder.run, recorder.searches) for key in keys),
    )
    # Each server may have as many requests in flight, and keeps its connections while the others have their turn.
    descriptors_for(len(keys) * most_in_flight(place.plan.profile), at_most=True)
    try:
        with closing(run_search(visit, place)) as searched:
            for key, (found, samples) in zip(keys, list(searched), strict=True):
                recorder.record_search(key, found, samples)
    except BenchError as error:
        if len(keys) == 1:
            recorder.fail_search(keys[0], error)
            return
        recorder.progress.say(f"the stacks cannot be searched side by side, so each is searched alone: {error}")
        for key in keys:
            search((key,), place, recorder)


def _start(number: int, key: SearchKey, plan: Plan) -> Start:
    stack = plan.stacks[key.stack]
    return Start(f"server-{number + 1}", stack, companions=plan.companions_of(stack))


def _bounds(key: SearchKey, run: Run, earlier: Sequence[Search]) -> Bounds:
    """Where a search starts, by what an earlier round found, and how far it may go."""
    plan, sought = run.config, key.sought
    allowed = slots_rps(plan.stacks[key.stack], plan.scenarios[key.scenario])
    limits = [
        (
            sought.max_in_flight / sought.objective.limit_s,
            f"at a higher rate more than {sought.max_in_flight} requests, `max_in_flight`, could be in flight",
        )
    ]
    if key.stack in plan.profile.max_rate_rps:
        most_rps = plan.profile.max_rate_rps[key.stack]
        limits.append((most_rps, f"`max_rate` of the profile allows no more than {offered(most_rps)}"))
    if run.selftest is not None:
        found = run.selftest
        limits.append((found.open_rps, _proven("load generator", found.open_rps)))
        calls = sum(call.calls for call in plan.scenarios[key.scenario].upstream.values())
        if calls:
            proven_rps = found.upstream_rps / KEPT_SHARE / calls
            limits.append((proven_rps, _proven("mock upstream", proven_rps)))
    most_rps, because = min(limits)
    known = [one.rate_rps for one in earlier if (one.stack, one.scenario) == (key.stack, key.scenario) and one.rate_rps]
    start_rps = known[-1] if known else first_rate(allowed, most_rps)
    return Bounds(max(min(start_rps, most_rps), LOWEST_RPS), most_rps, because, allowed)


def _proven(what: str, most_rps: float) -> str:
    """How far the selftest went, as a clause."""
    return f"the selftest proved the {what} {f'up to {rate(most_rps)}' if most_rps else 'at no rate'}"
