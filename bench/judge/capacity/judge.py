"""The judgement of a whole search, when it ends and whenever its raw samples are read again."""

from dataclasses import asdict, replace

from bench.judge.capacity.grid import Found
from bench.judge.capacity.search import outcome
from bench.judge.capacity.steps import Taken, judged
from bench.judge.cell import problems
from bench.judge.cell.conditions import Conditions
from bench.model.cell import Circumstances
from bench.model.config import Scenario
from bench.model.samples import Samples
from bench.model.search import Search

UNFINISHED = "judged again, its windows do not settle it"


def finished(search: Search, own: Samples, scenario: Scenario) -> Search:
    """The search; nothing is known of it where another run used the cores, or the upstream was not as it has to be."""
    found = [problems.cores_shared(Circumstances(other_run=search.other_run))]
    if search.served is not None:
        found += [problems.upstream_hits(search.served, own, scenario), problems.upstream_delay(search.served)]
    wrong = [problem for problem in found if problem is not None]
    if not wrong:
        return search
    why = "; ".join(f"{problem.name}: {problem.detail}" for problem in wrong)
    return replace(search, ending="not known", rate_rps=None, why=why)


def judged_again(search: Search, conditions: Conditions, own: Samples) -> Search:
    """The search with each of its windows judged from the raw samples.

    It ends as it was recorded, unless a verdict is another one: then as its windows come to now.
    """
    if search.bounds is None:
        return search
    steps = tuple(
        judged(
            Taken(
                step.number,
                step.rate_rps,
                step.part,
                step.planned_s,
                step.begin_s,
                step.start_s,
                step.end_s,
                step.done_s,
            ),
            search.sought,
            conditions,
            own,
            step.neighbours,
        )
        for step in search.steps
    )
    again = replace(search, steps=steps)
    if [step.verdict for step in steps] != [step.verdict for step in search.steps]:
        found = outcome(steps, search.bounds, conditions.server_cpus) or Found("not known", why=UNFINISHED)
        again = replace(again, **asdict(found))
    return finished(again, own, conditions.scenario)
