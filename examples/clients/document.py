"""docs/clients.md's figures and charts, from the run and the profiles that were kept."""

from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import Row, rows
from bench.model.run import Run
from bench.plan.config import ROOT
from bench.reading import read_run
from bench.show.charts.gallery import pictures, save_pictures
from bench.show.report.machine import machine
from bench.show.text.embed import embed, link_from
from bench.show.text.markdown import escaped, picture
from bench.show.text.words import listed, plural
from bench.units import seconds
from examples.clients import tables
from examples.clients.kept import FOLDER, Profiles, kept_profiles

DOCUMENT = ROOT / "docs/clients.md"
CHARTS = ("cpu", "throughput")


def write(folder: Path = FOLDER, document: Path = DOCUMENT) -> None:
    """Put the figures into the document and the charts beside the run. Raises BenchError where something is missing."""
    reading = read_run(folder)
    run, found = reading.run, rows(reading.run.cells, reading.run.config)
    try:
        profiles = kept_profiles(folder)
        shown = save_pictures(pictures(reading, found, CHARTS), folder / "charts")
        charts = link_from(document, folder / "charts")
        parts = [
            _measured(run, link_from(document, folder)),
            *(part for one in shown for part in (picture(one, charts), escaped(one.caution))),
            *_under_load(run, found),
            *_alone(profiles),
        ]
        document.write_text(embed(document.read_text("utf-8"), "\n\n".join(parts), document.name), "utf-8")
    except (OSError, ValueError) as error:
        raise BenchError(f"{document} cannot be written: {error}") from error


def _measured(run: Run, link: str) -> str:
    timing = run.config.profile.timing
    return (
        f"{plural(run.config.profile.rounds, 'round')}, begun {escaped(run.started)}. For each client and load "
        f"{seconds(timing.warmup_s)} of warm-up and a window of {seconds(timing.window_s)} to "
        f"{seconds(timing.window_limit_s)}, with a fresh server for each client. {escaped(machine(run))} "
        f"Run: [{link}]({link})."
    )


def _under_load(run: Run, found: Sequence[Row]) -> list[str]:
    """The tables of what was measured under load, and what must be said of their figures."""
    _, base = run.config.profile.compare or ("", "")
    said = tables.problems(found)
    return [
        "### CPU per request",
        tables.figures(run, found, "cpu"),
        f"### CPU per request, against {escaped(base)} in the same round",
        tables.against(run, ratios(run.cells, run.config), "cpu"),
        "### Throughput",
        tables.figures(run, found, "throughput"),
        "Geometric means over the rounds, in brackets their 95 % intervals; struck-out values are unreliable. CPU per "
        "request is that of the whole service, web framework included.",
        *(["\n".join(f"- {escaped(text)}" for text in said)] if said else []),
    ]


def _alone(profiles: Profiles) -> list[str]:
    """The tables of what was profiled."""
    versions = listed([f"{name} {version}" for name, version in profiles.versions.items()])
    return [
        "### Where the CPU time of a call goes",
        f"Profiles of {escaped(profiles.taken)}, of {escaped(versions)}.",
        tables.parts(profiles.profiles),
        "### The functions that take the most of it",
        tables.functions(profiles.profiles),
        "### What a call has the pool do",
        tables.counts(profiles.profiles),
    ]
