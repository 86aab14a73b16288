"""A trend as a document: the steps, where the machine changed, and a table for each kind of figure."""

from collections.abc import Iterator, Mapping, Sequence

from bench.judge.history.series import Part, Subject
from bench.judge.history.steps import DRIFT, LEAST_SIDE, LEAST_VALUES
from bench.judge.history.trend import Change, Followed, Step, Trend
from bench.show.text.document import (
    Block,
    Cell,
    Column,
    Document,
    Footnotes,
    Note,
    Paragraph,
    Picture,
    Section,
    Table,
    points,
    words_table,
)
from bench.show.text.steps import changed, field, fields, metric, name, sentence, stacks, value, what
from bench.show.text.words import commit, cut, listed, plural
from bench.units import NOTHING, percent, threshold, tick

TITLES: Mapping[Part, str] = {
    "ratios": "Ratios within a run",
    "capacity": "Capacity",
    "absolute": "Absolute figures",
}
HEADERS = ("stack", "runs", "first", "newest", "scatter", "would show", "steps")
NUMBERS = frozenset(HEADERS[1:-1])
MOST_RUNS, MOST_NAMES, LONGEST = 3, 6, 200
"""Runs and figures that a note names, and characters of a value: these come from other people's files."""

_RECONNECTED = "a new connection for each request: that takes time and CPU"
_WITH_IT = "These figures stepped where the machine changed, which says nothing of the code:"


def document(found: Trend, pictures: Sequence[Picture] = ()) -> Document:
    """The trend: its steps first, then where the machine changed, then every figure."""
    steps = [(one, step) for one in found.followed for step in one.steps]
    own = [sentence(found, one, step) for one, step in steps if not step.by_machine]
    return Document(
        f"Trend of {plural(len(found.runs), 'run')}",
        _lead(found, len(own)),
        (
            Section("steps", "Steps", (*(points(own) or (Paragraph(_none(found)),)),), prominent=True),
            *_machine(found),
            *([Section("charts", "Charts", tuple(pictures))] if pictures else []),
            *_tables(found),
            *([Section("notes", "Notes", (Footnotes(),))] if any(one.reconnected for one in found.followed) else []),
            *_left_out(found),
            Section("runs", "Runs", (_runs(found),)),
            Section("reading", "How to read it", tuple(map(Paragraph, _reading(found)))),
        ),
    )


def _lead(found: Trend, steps: int) -> str:
    first, last = found.runs[0], found.runs[-1]
    figures = plural(len(found.followed), "figure")
    return f"{figures} from {first.id} to {last.id}: {plural(steps, 'step') if steps else 'no step'} shown."


def _none(found: Trend) -> str:
    """Why no step is named."""
    most = max((len(one.points) for one in found.followed), default=0)
    if most < LEAST_VALUES:
        return (
            f"A step takes at least {LEAST_VALUES} runs, {LEAST_SIDE} of them on each side of it, "
            f"and no figure has more than {plural(most, 'run')}."
        )
    blind = sum(one.detectable is None for one in found.followed)
    shows = f"; in {blind} of them none would" if blind else ""
    return f"No step was shown in {plural(len(found.followed), 'figure')}. The tables say which size would show{shows}."


def _machine(found: Trend) -> Iterator[Section]:
    """Where the machine changed, and which figures stepped there."""
    for change in found.changes:
        lines = [f"{field(one)}: {cut(one.head, LONGEST)}, was {cut(one.base, LONGEST)}." for one in change.differences]
        moved: dict[str, list[str]] = {}
        for one in found.followed:
            for step in one.steps:
                if step.by_machine and step.run == _next_run(one, change):
                    moved.setdefault(what(one.subject), []).append(_moved(one, step))
        said = [f"{figure}: {listed(texts)}." for figure, texts in moved.items()]
        after: tuple[Block, ...] = (Paragraph(_WITH_IT), *points(said)) if said else ()
        yield Section(
            f"machine-{change.run}",
            f"The machine changed before {found.runs[change.run].id}",
            (*points(lines), *after),
        )


def _next_run(one: Followed, change: Change) -> int | None:
    """The first run with this figure after the change."""
    return next((point.run for point in one.points if point.run >= change.run), None)


def _moved(one: Followed, step: Step) -> str:
    """A step of a stack: `flask-gthread 1250/s to 1490/s (+19.5 %)`."""
    was, now = (value(one.subject, number) for number in (step.was, step.now))
    return f"{one.subject.stack} {was} to {now} ({changed(step)})"


def _tables(found: Trend) -> Iterator[Section]:
    """A section for each part, and in it a table for each scenario and metric."""
    columns = tuple(Column(header, "right" if header in NUMBERS else "left") for header in HEADERS)
    for part, title in TITLES.items():
        own: dict[str, list[Followed]] = {}
        for one in found.followed:
            if one.subject.part == part:
                own.setdefault(_against(one.subject), []).append(one)
        tables = (
            Section(f"{part}-{number}", followed, (Table(columns, tuple(map(_row, ones)), key=0),))
            for number, (followed, ones) in enumerate(own.items(), start=1)
        )
        yield Section(part, title, tuple(tables))


def _against(subject: Subject) -> str:
    """The title of a table: `weather, P95 at 300/s, against flask-gthread`."""
    return f"{what(subject)}, against {subject.against}" if subject.part == "ratios" else what(subject)


def _row(one: Followed) -> tuple[Cell, ...]:
    ends = (one.points[0].found.mean, one.points[-1].found.mean)
    shows = None if one.detectable is None else one.detectable - 1
    unlike = () if one.reconnected is None else (Note(_RECONNECTED, one.reconnected),)
    return (
        Cell(one.subject.stack, notes=unlike),
        Cell(str(len(one.points)), value=len(one.points)),
        *(Cell(value(one.subject, mean), value=mean) for mean in ends),
        Cell(percent(one.scatter), value=one.scatter),
        Cell(percent(shows), value=shows),
        Cell("; ".join(map(_step, one.steps)) or NOTHING),
    )


def _step(step: Step) -> str:
    """A step in a cell: `-14.0 % in run 7`."""
    return f"{changed(step)} in run {step.run + 1}{' (machine)' if step.by_machine else ''}"


def _left_out(found: Trend) -> Iterator[Section]:
    """What the series lack, and why: a sentence for each reason and the same stacks and runs."""
    runs: dict[tuple[str, Subject], list[int]] = {}
    for one in found.left_out:
        runs.setdefault((one.why, one.subject), []).append(one.run)
    groups: dict[tuple[str, str, tuple[int, ...]], list[str]] = {}
    for (why, subject), places in runs.items():
        groups.setdefault((stacks(subject), why, tuple(places)), []).append(metric(subject))
    lines = [
        f"{pair}, {_some(metrics, MOST_NAMES, 'figure')}: {why} ({_runs_named(found, places)})."
        for (pair, why, places), metrics in groups.items()
    ]
    short = [name(one.subject) for one in found.followed if len(one.points) < LEAST_VALUES]
    if short and len(short) < len(found.followed):
        lines.append(f"Fewer than the {LEAST_VALUES} runs that a step takes: {_some(short, MOST_NAMES, 'figure')}.")
    if lines:
        yield Section("left-out", "Left out", points(lines))


def _runs_named(found: Trend, places: Sequence[int]) -> str:
    if len(places) == len(found.runs):
        return "all runs"
    return _some([found.runs[place].id for place in places], MOST_RUNS, "run")


def _some(names: Sequence[str], most: int, noun: str) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - most
    return listed([*names[:most], *([f"{plural(more, noun)} more"] if more > 0 else [])])


def _runs(found: Trend) -> Table:
    changes = {one.run: fields(one.differences) for one in found.changes}
    rows = (
        (
            str(place + 1),
            run.id,
            run.started[:16].replace("T", " "),
            NOTHING if run.commit is None else commit(run.commit, dirty=run.dirty),
            changes.get(place, NOTHING),
        )
        for place, run in enumerate(found.runs)
    )
    return words_table(("run", "name", "started (UTC)", "commit", "machine changed"), rows, key="name", right=("run",))


def _reading(found: Trend) -> Iterator[str]:
    yield (
        "A step is a lasting change of the level of a figure. It is named only if it is shown. There are three kinds "
        "of figures: ratios, capacities and absolute figures. If none of a kind has a step, the chance that any of "
        f"them is named is at most {threshold(found.alpha)}, as long as runs that follow one another have a "
        f"correlation of up to {tick(DRIFT)}. A step takes at least {LEAST_VALUES} runs, {LEAST_SIDE} of them on each "
        "side. The run in which it began is the likeliest one: it may be one near it. p is adjusted for all tests of "
        "its kind."
    )
    yield (
        "Scatter: the standard deviation from run to run, without the steps. Would show: a step of this size in the "
        "middle of the longest stretch without one would be shown in about half of such histories."
    )
    yield (
        "Ratios are taken within each run, so they survive a change of the machine. Capacities and absolute figures do "
        "not: they are searched for steps only between two changes of the machine."
    )
