"""The report of a run as a document, and its brief variants."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.judge.stacks.ratios import Ratio
from bench.judge.stacks.rows import Row
from bench.model.run import Run
from bench.show.charts.timeline import NAME as TIME_LINE
from bench.show.report import (
    answer,
    bottlenecks,
    capacity,
    companions,
    made,
    mixes,
    ranking,
    ratios,
    reading,
    reproduction,
    results,
    wrong_answers,
)
from bench.show.report.machine import machine
from bench.show.report.reproduction import Reproduction
from bench.show.text.document import (
    Block,
    Contents,
    Document,
    Filter,
    Footnotes,
    Link,
    Paragraph,
    Picture,
    Section,
    TimeLine,
    TimeLines,
    chosen,
    paragraphs,
)
from bench.show.text.footnotes import numbered

SHORT_CHARTS = ("throughput", "p95", "memory")
FOUND_CHARTS = ("capacity",)
"""The charts of a short report, and of one of a run that searched for capacity."""

SECTIONS = (
    "answer", "charts", "limits", "machine", "capacity", "reading", "results", "footnotes", "mixes", "companions",
    "wrong-answers", "remarks", "ranking", "ratios", "bottlenecks", "reproduction", "stacks", "made",
)  # fmt: skip
"""The sections of a report in their order. That of a run has those that the run has something for."""

PRINTED = (
    "capacity",
    "results",
    "mixes",
    "companions",
    "reading",
    "footnotes",
    "wrong-answers",
    "remarks",
    "ratios",
    "reproduction",
    "limits",
    "answer",
)
"""The sections that are printed. The answer comes last, because the end is what a terminal shows."""

UNCOUNTED = ("capacity", "limits", "answer")
"""What is printed of a report whose tables are too long."""

MOST_PRINTED = 500
"""Rows: ten times as many as any profile of this project has."""

SHORT = (
    "answer",
    "limits",
    "capacity",
    "results",
    "reading",
    "footnotes",
    "remarks",
    "ratios",
    "reproduction",
    "charts",
)
"""The sections of a report that is part of another page."""

FOUND = ("charts", "capacity", "footnotes")
"""Those of a run that searched for capacity, after what was found."""


def report(
    run: Run,
    rows: Sequence[Row],
    found: Sequence[Ratio],
    *,
    reproduced: Reproduction | None = None,
    pictures: Sequence[Picture] = (),
    lines: tuple[TimeLine, ...] = (),
) -> Document:
    """The whole report. Names and titles in it are as they are in the run. The same run gives the same document.

    `lines`: what a reader may choose in place of the picture named `timeline`.
    """
    charts = [_charts(run, pictures, lines)] if pictures else []
    return Document(f"Benchmark run {run.id}", made.summary(run), tuple(_blocks(run, rows, found, reproduced, charts)))


def printed(whole: Document, rows: int = 0) -> Document:
    """What is printed of a report; without the tables where they have more rows than anybody reads on a terminal."""
    if rows <= MOST_PRINTED:
        return chosen(whole, PRINTED)
    brief = chosen(whole, UNCOUNTED)
    left_out = Paragraph(f"The tables have {rows} rows, too many to print: see report.html or report.md.")
    return Document("", "", (left_out, *brief.blocks))


def short(whole: Document, run: Run, folder: str, sections: Sequence[str] | None = None) -> Document:
    """What goes into another page: those of these sections that the report has, or a short report.

    The short report of a run that searched for capacity is no more than what was found. `folder` is the run folder as
    seen from the page.
    """
    if sections is not None:
        brief = chosen(whole, sections)
    elif run.searches:
        found = Section("answer", "The answer", paragraphs(capacity.sentences(run)))
        brief = chosen(whole, FOUND)
        brief = replace(brief, blocks=(found, *brief.blocks))
    else:
        brief = chosen(whole, SHORT)
    raw = {one.samples for one in run.cells} | {one.samples for one in run.searches} != {None}
    what = "Raw samples and full report" if raw else "Full report"
    source = Paragraph(f"{machine(run)} {what}:", Link(folder, f"{folder}/report.md"))
    return Document("", "", (*brief.blocks, source))


def _blocks(
    run: Run,
    rows: Sequence[Row],
    found: Sequence[Ratio],
    reproduced: Reproduction | None,
    charts: Sequence[Section],
) -> Iterator[Block]:
    """The blocks in the order of the page; what the run has nothing for is left out."""
    tables = results.section(run, rows)
    below = _below(run, rows, found, reproduced)
    carried = capacity.section(run)
    referring = tuple(section for section in (carried, tables, *below) if section is not None)
    answered, *limits = answer.sections(answer.answer(run, rows, found))
    yield answered
    yield from charts
    yield from limits
    yield made.where(run)
    yield Contents("Contents")
    yield Filter("Show stacks named", "stacks")
    if carried is not None:
        yield carried
    legend = reading.legend(run, rows)
    if legend is not None:
        yield legend
    if tables is not None:
        yield tables
    if numbered(Document("", "", referring)):
        yield Section("footnotes", "Footnotes", (Footnotes(),))
    yield from below
    yield made.stacks(run)
    yield made.made(run)


def _below(
    run: Run, rows: Sequence[Row], found: Sequence[Ratio], reproduced: Reproduction | None
) -> tuple[Section, ...]:
    """The sections below the footnotes, but for those of how the run was made."""
    sections = (
        mixes.section(run, rows),
        companions.section(run, rows),
        wrong_answers.section(run),
        reading.remarks(run, rows),
        ranking.section(run, rows, found),
        ratios.section(run, rows, found),
        bottlenecks.section(run, rows),
        None if reproduced is None else reproduction.section(reproduced),
    )
    return tuple(section for section in sections if section is not None)


def _charts(run: Run, pictures: Sequence[Picture], lines: tuple[TimeLine, ...]) -> Section:
    shown = FOUND_CHARTS if run.searches else SHORT_CHARTS

    def block(one: Picture) -> Block:
        return TimeLines(one, lines) if lines and one.name == TIME_LINE else one

    charts = (Section(f"chart-{one.name}", one.title, (block(one),), detail=one.name not in shown) for one in pictures)
    return Section("charts", "Charts", tuple(charts))
