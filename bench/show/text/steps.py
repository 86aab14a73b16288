"""The words for what is followed from run to run, for its figures and for its steps."""

from collections.abc import Iterable

from bench.judge.cell.metrics import BY_NAME
from bench.judge.gate.comparable import Difference
from bench.judge.history.series import CAPACITY, Subject
from bench.judge.history.trend import Followed, Step, Trend
from bench.model.config import Sought
from bench.model.loads import objective_name
from bench.show.text.titles import under
from bench.show.text.words import commit, listed, plain
from bench.units import change, figure, probability, ratio

FIELDS = {
    "machine.cpu_model": "CPU model",
    "machine.cpus": "number of CPUs",
    "machine.memory_bytes": "memory",
    "machine.system": "system",
    "machine.kernel": "kernel",
    "machine.python": "Python",
    "machine.has_pss": "PSS",
    "server_cpus": "CPUs of the server",
    "load_cpus": "CPUs of the load",
    "lock_sha256": "lock file",
    "distributions": "installed packages",
}
"""The fields of a machine, in words."""


def what(subject: Subject) -> str:
    """What is followed, without its stacks: `weather, capacity with P95 within 200 ms`."""
    return f"{subject.scenario}, {metric(subject)}"


def metric(subject: Subject) -> str:
    """The metric and its load: `P95 at 300/s`, `capacity with P95 within 200 ms`."""
    if isinstance(subject.under, Sought):
        return f"{subject.metric} with {objective_name(subject.under.objective)}"
    return f"{BY_NAME[subject.metric].under(subject.under.model).title} {under([subject.under])}"


def name(subject: Subject) -> str:
    """Which figure: `fastapi-aiohttp against flask-gthread on weather, capacity with P95 within 200 ms`."""
    return f"{stacks(subject)}, {metric(subject)}"


def stacks(subject: Subject) -> str:
    """Whose figure it is, and where: `fastapi-aiohttp against flask-gthread on weather`."""
    pair = f"{subject.stack} against {subject.against}" if subject.part == "ratios" else subject.stack
    return f"{pair} on {subject.scenario}"


def unit(subject: Subject) -> str:
    """The unit of an absolute figure."""
    return "requests/s" if subject.metric == CAPACITY else BY_NAME[subject.metric].unit


def value(subject: Subject, number: float) -> str:
    """A figure of the subject: `1.14x` or `1250/s`."""
    return ratio(number, None, None) if subject.part == "ratios" else figure(number, unit(subject))


def changed(one: Step) -> str:
    """The size of a step: `-14.0 %`."""
    return change(one.now / one.was - 1, None, None)[0]


def sentence(found: Trend, one: Followed, step: Step) -> str:
    """A step that the machine does not explain, with the run where it began."""
    was, now = (value(one.subject, number) for number in (step.was, step.now))
    before, run = found.runs[step.before], found.runs[step.run]
    code = "no commit" if run.commit is None else f"commit {commit(run.commit, dirty=run.dirty)}"
    moved = (
        f"{name(one.subject)}: {was} until {before.id}, {now} since {run.id} ({code}): "
        f"{changed(step)}, p {probability(step.p)}{caution(one)}"
    )
    if step.machine:
        return f"{moved}. Between these two runs the machine changed, too ({fields(step.machine)})."
    return f"{moved}."


def caution(one: Followed) -> str:
    """What must stand beside a figure, after a comma; mostly nothing."""
    return "" if one.reconnected is None else f", {one.reconnected} got a new connection for each request"


def fields(differences: Iterable[Difference]) -> str:
    """The names of what differs: `CPU model, kernel and lock file`."""
    return listed([*dict.fromkeys(field(one) for one in differences)])


def field(one: Difference) -> str:
    """The name of a field of a machine."""
    return plain(FIELDS.get(one.field) or one.field.removeprefix("versions."))
