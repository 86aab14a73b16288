"""The report of a run in Markdown: whole, to lie beside the run, and short, to stand in another file."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench.errors import BenchError
from bench.model import Run
from bench.show.charts import CHARTS
from bench.show.content import Content, Line
from bench.show.text import code_block, markdown, plain, plural
from bench.units import megabytes, seconds

BEGIN, END = "<!-- report:begin -->", "<!-- report:end -->"
ALTS = {"throughput": "Throughput against users", "p95": "P95 latency against users", "memory": "Memory against users"}


def report(run: Run, content: Content) -> str:
    """report.md, its image links relative to the run folder. The same run gives the same text."""
    parts = [
        f"# Benchmark run {markdown(run.id)}",
        _summary(run),
        *_said(content),
        "## Charts",
        *_images("charts"),
        "## Stacks",
        _stacks(run),
        "## How it was made",
        _facts(run),
        "`python -m bench` was given:",
        code_block(plain(shlex.join(run.argv))),
    ]
    return "\n\n".join(parts) + "\n"


def short_report(run: Run, content: Content, link: str) -> str:
    """The tables, the charts and where they come from; `link` leads to the run folder."""
    address = quote(link)
    where = f"{_machine(run)} Raw samples and full report: [{markdown(link)}]({address}/report.md)."
    return "\n\n".join([*_said(content), *_images(f"{address}/charts"), where])


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
        f"to at most {seconds(timing.window_limit_s)} where answers are slow. {_machine(run)}"
    )


def _said(content: Content) -> list[str]:
    """Tables, then legend, problems and remarks."""
    tables = [
        part for group in content.groups for part in (f"### {markdown(group.title)}", _table(content, group.lines))
    ]
    numbered = [f"- \\[{number}\\] {markdown(text)}" for number, text in enumerate(content.problems, start=1)]
    return [
        *tables,
        " ".join(markdown(text) for text in content.legend),
        *(["\n".join(numbered)] if numbered else []),
        *(["\n".join(f"- {markdown(text)}" for text in content.remarks)] if content.remarks else []),
    ]


def _table(content: Content, lines: Sequence[Line]) -> str:
    rows = [
        [line.stack, *(" ".join(part for part in parts if part) for parts in line.figures), line.rounds, line.notes]
        for line in lines
    ]
    sides = ["---", *["---:"] * (len(content.headers) - 2), "---"]
    return _rows(content.headers, sides, rows)


def _rows(headers: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[markdown(text) for text in headers], list(sides), *([markdown(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _images(folder: str) -> list[str]:
    return [f"[![{ALTS[name]}]({folder}/{name}.png)]({folder}/{name}.svg)" for name in CHARTS]


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


def _machine(run: Run) -> str:
    machine = run.machine
    cores = "not pinned"
    if run.server_cpus and run.load_cpus:
        cores = f"{len(run.server_cpus)} for the server and {len(run.load_cpus)} for the load"
    return (
        f"Measured on {markdown(machine.cpu_model)}, {plural(machine.cpus, 'core')} ({cores}), "
        f"{megabytes(machine.memory_bytes)} of memory, {markdown(machine.system)} {markdown(machine.kernel)}, "
        f"Python {markdown(machine.python)}."
    )


def _facts(run: Run) -> str:
    commit = "not known" if run.commit is None else run.commit + (" with uncommitted changes" if run.dirty else "")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items()))
    facts = {"commit": commit, "lock file (SHA-256)": run.lock_sha256, "seed": str(run.seed), "versions": versions}
    return "\n".join(f"- {name}: {markdown(value)}" for name, value in facts.items())
