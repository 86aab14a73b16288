"""The report of a run in Markdown: whole, to lie beside the run, and short, to stand in another file."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench.errors import BenchError
from bench.model import Run
from bench.show.content import Content, Group, Shown
from bench.show.gallery import Picture
from bench.show.machine import machine, steadiness
from bench.show.selftest import selftest_lines
from bench.show.sheet import Passage
from bench.show.text import code_block, markdown, plain, plural
from bench.units import seconds

BEGIN, END = "<!-- report:begin -->", "<!-- report:end -->"
SHORT = ("throughput", "p95", "memory")
"""The charts that a short report shows."""


def report(run: Run, content: Content, pictures: Sequence[Picture]) -> str:
    """report.md, its image links relative to the run folder. The same run gives the same text."""
    parts = [
        f"# Benchmark run {markdown(run.id)}",
        _summary(run),
        *_said(content),
        *_passage(content.ratios, "##", whole=True),
        *_passage(content.reasons, "##", whole=True),
        *_passage(content.reproduction, "##", whole=True),
        *(["## Charts"] if pictures else []),
        *(part for one in pictures for part in (_image(one, "charts"), markdown(one.caution))),
        "## Stacks",
        _stacks(run),
        "## How it was made",
        _facts(run),
        *_measured(run),
        "`python -m bench` was given:",
        code_block(plain(shlex.join(run.argv))),
    ]
    return "\n\n".join(parts) + "\n"


def short_report(run: Run, content: Content, pictures: Sequence[Picture], link: str) -> str:
    """The tables, the ratios, the charts and where they come from; `link` leads to the run folder."""
    address = quote(link)
    where = f"{markdown(machine(run))} Raw samples and full report: [{markdown(link)}]({address}/report.md)."
    parts = [
        *_said(content),
        *_passage(content.ratios, "###", whole=False),
        *_passage(content.reproduction, "###", whole=False),
        *(_image(one, f"{address}/charts") for one in pictures if one.name in SHORT),
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


def _summary(run: Run) -> str:
    profile, timing = run.config.profile, run.config.profile.timing
    loads = sum(len(own) for own in profile.loads.values())
    return (
        f"{plural(len(profile.stacks), 'stack')} under {plural(loads, 'load')} of "
        f"{plural(len(profile.loads), 'scenario')}, in {plural(profile.rounds, 'round')} of profile "
        f"{markdown(profile.name)}, begun {markdown(run.started)}. Each cell: a fresh server for each stack, scenario "
        f"and round, {seconds(timing.warmup_s)} of warm-up, then a window of {seconds(timing.window_s)}, which grows "
        f"to at most {seconds(timing.window_limit_s)} where answers are slow. {markdown(machine(run))}"
    )


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
    return _dressed(group.headers, sides, lines)


def _figure(shown: Shown) -> str:
    """A figure in Markdown; a void one is struck out, and only the tildes that do so are not escaped."""
    value = f"~~{markdown(shown.value)}~~" if shown.struck else markdown(shown.value)
    mark = "" if shown.mark is None else f"\\[{shown.mark}\\]"
    return " ".join(part for part in (value, mark, markdown(shown.around)) if part)


def _rows(headers: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return _dressed(headers, sides, [[markdown(text) for text in row] for row in rows])


def _dressed(headers: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [[markdown(text) for text in headers], list(sides), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _image(picture: Picture, folder: str) -> str:
    """The PNG, what it says as its text alternative, and a link to the SVG."""
    return f"[![{markdown(picture.finding)}]({folder}/{picture.name}.png)]({folder}/{picture.name}.svg)"


def _stacks(run: Run) -> str:
    rows = [
        [
            stack.name,
            stack.title,
            str(stack.workers),
            str(stack.threads),
            "unbounded" if stack.slots is None else str(stack.slots),
        ]
        for stack in (run.config.stacks[name] for name in run.config.profile.stacks)
    ]
    return _rows(("stack", "what it is", "workers", "threads", "slots"), ("---", "---", "---:", "---:", "---:"), rows)


def _facts(run: Run) -> str:
    commit = "not known" if run.commit is None else run.commit + (" with uncommitted changes" if run.dirty else "")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items()))
    facts = {"commit": commit, "lock file (SHA-256)": run.lock_sha256, "seed": str(run.seed), "versions": versions}
    return "\n".join(f"- {name}: {markdown(value)}" for name, value in facts.items())


def _measured(run: Run) -> list[str]:
    """What the machine can measure, and how steady it was."""
    steady = steadiness(run.cells)
    if run.selftest is None:
        tested = ["No selftest of the machine was recorded."]
    else:
        taken = f"What this machine can measure, by its selftest of {markdown(run.selftest.taken)}:"
        tested = [taken, *_points(selftest_lines(run.selftest))]
    return [*([markdown(steady)] if steady is not None else []), *tested]
