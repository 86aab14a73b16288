"""How the tables are read, and what else must be said about them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from bench.judge.cell.metrics import METRICS
from bench.judge.stacks.rows import Kept, Row, kept, unmeasured
from bench.model.config import Load
from bench.model.run import Run
from bench.show.report.problems import where
from bench.show.text.document import Section, points
from bench.show.text.titles import under
from bench.show.text.words import plural
from bench.units import rate, seconds


def legend(run: Run, rows: Sequence[Row]) -> Section | None:
    """How the tables are read: only what occurs in them is explained; None where capacity alone was sought."""
    if not rows and run.searches:
        return None
    return Section("reading", "How to read the tables", points(_legend(run, rows)))


def _legend(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "No cell was recorded."
        return
    models = {row.load.model for row in rows if run.config.scenarios[row.scenario].client == "lean"}
    if "closed" in models:
        yield (
            "Closed-loop load: each user sends the next request as soon as the last one is answered. P95 at saturation "
            "is then the time spent in a full queue. Closed-loop loads do not measure latency at a given arrival rate."
        )
    if "open" in models:
        yield (
            "Open-loop load: requests arrive on schedule, whatever the server does. Achieved is the rate of correct "
            "answers. P95 counts from the time that each request was scheduled for."
        )
    for name in dict.fromkeys(row.scenario for row in rows):
        scenario = run.config.scenarios[name]
        if scenario.client == "locust":
            yield (
                f"{scenario.title}: its users send as the tasks of {PurePath(scenario.locustfile).name} say, and may "
                "pause on purpose. Latency counts from the moment a request is sent. A redirect, or a request that the "
                "client sends again by itself, is part of the same request. Where users pause, P95 at saturation is "
                "that of their requests, and no time in a full queue."
            )
    yield f"Memory is the median {'PSS' if run.machine.has_pss else 'USS (this machine has no PSS)'}."
    # The maximum has no interval in any run.
    estimates = [row.estimates[metric.name] for row in rows for metric in METRICS if metric.name in row.estimates]
    if any(found.low is not None for found in estimates):
        yield "Values are geometric means over the rounds. Brackets contain their 95 % confidence intervals."
    if any(found.low is None for found in estimates):
        again = any(stack.url is not None for stack in run.config.stacks.values())
        source = "a single round, or from a service that no round started afresh," if again else "a single round"
        yield f"A value without brackets comes from {source} and has no interval."
    if any(name in row.estimates for row in rows for name in row.voids):
        yield "A value with a footnote uses fewer rounds than were recorded; the footnote says why."
    if any(seen.figure is not None and name not in row.estimates for row in rows for name, seen in row.voids.items()):
        yield "Struck-out values are unreliable; the footnote says why."


def remarks(run: Run, rows: Sequence[Row]) -> Section | None:
    """The notes of the run, and what was not measured; None where there is neither."""
    untimed: Counter[tuple[str, str]] = Counter()
    for cell in run.cells:
        if cell.circumstances.users is not None:
            untimed.update({(cell.scenario, name): times for name, times in cell.circumstances.users.untimed.items()})
    uncounted = (
        f"{scenario}: {name} was reported {plural(times, 'time')} without a response time, and is in no figure."
        for (scenario, name), times in untimed.items()
    )
    missing = (f"{where(*group)} was not measured: the run ended early." for group in unmeasured(rows, run.config))
    found = (*run.notes, *(line for one in kept(run.config) for line in _kept(one)), *uncounted, *missing)
    return Section("remarks", "Remarks", points(found)) if found else None


def _kept(one: Kept) -> Iterator[str]:
    """A sentence for each load model with loads that the profile does not give to the stack."""
    why = "the profile excludes it"
    if one.slots is not None and one.slots_rps is not None:
        slots = f"{plural(one.slots, 'worker slot')} with a service time of at least {seconds(one.hold_s)}"
        why = f"its {slots} allow{'' if one.slots > 1 else 's'} at most {rate(one.slots_rps)}"
    by_model: dict[str, list[Load]] = {}
    for load in one.loads:
        by_model.setdefault(load.model, []).append(load)
    return (f"{one.stack} was not measured {under(loads)} on {one.scenario}: {why}." for loads in by_model.values())
