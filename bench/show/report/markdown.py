"""The report of a run in Markdown: whole, to lie beside the run, and short, to stand in another file."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench.errors import BenchError
from bench.model.run import Run
from bench.show.charts.gallery import Picture
from bench.show.report.answer import ANSWER, LIMITS, Answer
from bench.show.report.content import Content, Group, Shown
from bench.show.report.facts import argv, facts, stacks, summary, tested, versions
from bench.show.report.machine import machine, steadiness
from bench.show.text.markdown import code_block, markdown, plain, table
from bench.show.text.sheet import Passage

BEGIN, END = "<!-- report:begin -->", "<!-- report:end -->"
SHORT = ("throughput", "p95", "memory")
"""The charts that a short report shows."""


def report(run: Run, content: Content, pictures: Sequence[Picture]) -> str:
    """report.md, its image links relative to the run folder. The same run gives the same text."""
    parts = [
        f"# Benchmark run {markdown(run.id)}",
        f"{markdown(summary(run))} {markdown(machine(run))}",
        f"## {ANSWER}",
        *_answer(content.answer),
        "## Figures",
        *_said(content),
        *_passage(content.ratios, "##", whole=True),
        *_passage(content.reasons, "##", whole=True),
        *_passage(content.reproduction, "##", whole=True),
        *(["## Charts"] if pictures else []),
        *(part for one in pictures for part in (image(one, "charts"), markdown(one.caution))),
        "## Stacks",
        _stacks(run),
        "## How it was made",
        "\n".join(
            f"- {name}: {markdown(value)}" for name, value in (*facts(run), ("versions", ", ".join(versions(run))))
        ),
        *_measured(run),
        "`python -m bench` was given:",
        code_block(plain(argv(run))),
    ]
    return "\n\n".join(parts) + "\n"


def short_report(run: Run, content: Content, pictures: Sequence[Picture], link: str) -> str:
    """The tables, the ratios, the charts and where they come from; `link` leads to the run folder."""
    address = quote(link)
    where = f"{markdown(machine(run))} Raw samples and full report: [{markdown(link)}]({address}/report.md)."
    parts = [
        *_answer(content.answer),
        *_said(content),
        *_passage(content.ratios, "###", whole=False),
        *_passage(content.reproduction, "###", whole=False),
        *(image(one, f"{address}/charts") for one in pictures if one.name in SHORT),
        where,
    ]
    return "\n\n".join(parts)


def embed(text: str, short: str, name: str) -> str:
    """`text` with the short report in place of what stands between the marker lines.

    Raises BenchError unless there is one line with each marker, in the right order.
    """
    lines = text.splitlines()
    places = [[number for number, line in enumerate(lines) if line.strip() == mark] for mark in (BEGIN, END)]
    if [len(found) for found in places] != [1, 1] or places[0] > places[1]:
        raise BenchError(f"{name} needs one line {BEGIN} and after it one line {END}: the report goes between them")
    begin, end = places[0][0], places[1][0]
    return "\n".join([*lines[: begin + 1], "", short, "", *lines[end:]]) + "\n"


def link_from(file: Path, folder: Path) -> str:
    """The run folder as seen from the folder of a file, with forward slashes."""
    return Path(os.path.relpath(folder.resolve(), file.resolve().parent)).as_posix()


def _answer(found: Answer) -> list[str]:
    """The sentences, and what cannot be concluded."""
    limits = [f"{LIMITS}:", *_points(found.limits)] if found.limits else []
    return [*map(markdown, found.sentences), *limits]


def _said(content: Content) -> list[str]:
    """Tables, then legend, problems and remarks."""
    tables = [part for group in content.groups for part in (f"### {markdown(group.title)}", _table(group))]
    numbered = [f"- \\[{number}\\] {markdown(text)}" for number, text in enumerate(content.problems, start=1)]
    return [
        *tables,
        " ".join(markdown(text) for text in content.legend),
        *(["\n".join(numbered)] if numbered else []),
        *_points(content.remarks),
    ]


def _passage(passage: Passage | None, heading: str, *, whole: bool) -> list[str]:
    """The parts of a passage under its heading, its tables only where it is to be whole."""
    if passage is None:
        return []
    sheets = (
        part
        for sheet in passage.sheets
        for part in (
            f"{heading}# {markdown(sheet.title)}",
            _rows(sheet.headers, ["---"] * len(sheet.headers), sheet.lines),
        )
    )
    return [
        f"{heading} {markdown(passage.title)}",
        *([markdown(passage.opening)] if passage.opening else []),
        *_points(passage.points),
        *map(markdown, passage.notes),
        *(sheets if whole else ()),
    ]


def _points(texts: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {markdown(text)}" for text in texts)] if texts else []


def _table(group: Group) -> str:
    sides = ["---", *["---:"] * (len(group.headers) - 2), "---"]
    lines = [
        [markdown(line.stack), *map(_figure, line.figures), markdown(line.rounds), markdown(line.notes)]
        for line in group.lines
    ]
    return table(list(map(markdown, group.headers)), sides, lines)


def _figure(shown: Shown) -> str:
    """A figure in Markdown; a void one is struck out, and only the tildes that do so are not escaped."""
    value = f"~~{markdown(shown.value)}~~" if shown.struck else markdown(shown.value)
    mark = "" if shown.mark is None else f"\\[{shown.mark}\\]"
    return " ".join(part for part in (value, mark, markdown(shown.around)) if part)


def _rows(headers: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of words as they are."""
    return table(list(map(markdown, headers)), sides, [list(map(markdown, row)) for row in rows])


def image(picture: Picture, folder: str) -> str:
    """The PNG, what it says as its text alternative, and a link to the SVG."""
    return f"[![{markdown(picture.finding)}]({folder}/{picture.name}.png)]({folder}/{picture.name}.svg)"


def _stacks(run: Run) -> str:
    shown = stacks(run)
    return _rows(shown.headers, ("---", "---", "---:", "---:", "---:"), shown.lines)


def _measured(run: Run) -> list[str]:
    """How steady the machine was, and what it can measure."""
    steady, can = steadiness(run.cells), tested(run)
    title = [markdown(f"{can.title}. {can.opening}"), *_points(can.points)]
    return [*([markdown(steady)] if steady is not None else []), *title]
