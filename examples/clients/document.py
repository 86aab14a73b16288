"""The figures and charts of docs/httpx.md, from the kept run and profiles."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import Row, rows
from bench.model.run import Run
from bench.reading import read_run
from bench.show.charts.gallery import pictures, save_pictures
from bench.show.report.machine import machine
from bench.show.text.embed import embed, link_from
from bench.show.text.markdown import escaped, picture
from bench.show.text.words import listed, plural
from bench.units import percent, seconds, users
from examples.clients import tables
from examples.clients.flames import by_package, total
from examples.clients.kept import FOLDER, Flames, Profiles, kept_flames, kept_profiles

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/httpx.md"
CHARTS = ("cpu", "throughput")
SLOW, FAST = "httpx-1000", "aiohttp"
"""The two clients whose flames are compared."""

SEARCH = "AsyncConnectionPool._assign_requests_to_connections"
"""The function of httpcore that goes through the pool."""


def write(folder: Path = FOLDER, document: Path = DOCUMENT) -> None:
    """Write the figures into the document and the charts next to the run. Raises BenchError if something is missing."""
    reading = read_run(folder)
    run, found = reading.run, rows(reading.run.cells, reading.run.config)
    try:
        profiles, flames = kept_profiles(folder), kept_flames(folder)
        shown = save_pictures(pictures(reading, found, CHARTS), folder / "charts")
        charts = link_from(document, folder / "charts")
        parts = [
            _measured(run, link_from(document, folder)),
            *(part for one in shown for part in (picture(one, charts), escaped(one.caution))),
            *_under_load(run, found),
            *_in_service(flames),
            *_alone(profiles),
        ]
        document.write_text(embed(document.read_text("utf-8"), "\n\n".join(parts), document.name), "utf-8")
    except (OSError, ValueError) as error:
        raise BenchError(f"{document} cannot be written: {error}") from error


def _measured(run: Run, link: str) -> str:
    timing = run.config.profile.timing
    return (
        f"{plural(run.config.profile.rounds, 'round')}, started {escaped(run.started)}. Each client and load got "
        f"{seconds(timing.warmup_s)} of warm-up and a window of {seconds(timing.window_s)} to "
        f"{seconds(timing.window_limit_s)}. Each client had a fresh server in each round. {escaped(machine(run))} "
        f"Run: [{link}]({link})."
    )


def _under_load(run: Run, found: Sequence[Row]) -> list[str]:
    """The tables of the run under load, and the problems of their figures."""
    _, base = run.config.profile.compare or ("", "")
    said = tables.problems(found)
    return [
        "### CPU per request",
        tables.figures(run, found, "cpu"),
        f"### CPU per request, against {escaped(base)} in the same round",
        tables.against(run, ratios(run.cells, run.config), "cpu"),
        "### Throughput",
        tables.figures(run, found, "throughput"),
        "Figures are geometric means over the rounds, with 95 % confidence intervals in brackets. Struck-out figures "
        "are unreliable. CPU per request is that of the whole service, web framework included.",
        *(["\n".join(f"- {escaped(text)}" for text in said)] if said else []),
    ]


def _in_service(flames: Flames) -> list[str]:
    """Where the CPU time of the whole service goes, with two clients under the larger load."""
    found = {(one.client, one.users): one for one in flames.flames}
    few, many = (choose(one.users for one in flames.flames) for choose in (min, max))
    before, slow, fast = found[SLOW, few], found[SLOW, many], found[FAST, many]
    return [
        "### Where the CPU time of the service goes",
        f"Call stacks of the server as `bench flame` records them, from {escaped(flames.taken)}, with "
        f"{_versions(flames.versions)}. Each share is of the CPU time that the service used with that client and load. "
        "How much that is per request stands above.",
        f"With {users(many)} and {SLOW}, `{SEARCH}` of httpcore and the functions that it calls take "
        f"{percent(total(slow, SEARCH))} of the server's CPU time; with {users(few)} they take "
        f"{percent(total(before, SEARCH))}. "
        f"With {users(many)} and {FAST}, all functions of the package {FAST} together take "
        f"{percent(by_package(fast).get(FAST, 0.0))}.",
        f"The share of `{SEARCH}` with its calls:",
        tables.flame_totals(flames.flames, SEARCH),
        f"The functions with the most CPU time, with {users(many)} ({slow.samples} and {fast.samples} samples). Self: "
        "the function alone. Total: with all that it called.",
        tables.flame_functions((slow, fast)),
        "The self time by package:",
        tables.flame_packages(slow, fast),
    ]


def _versions(versions: Mapping[str, str]) -> str:
    return escaped(listed([f"{name} {version}" for name, version in versions.items()]))


def _alone(profiles: Profiles) -> list[str]:
    """The tables of the profiles."""
    return [
        "### CPU time per call",
        f"Profiles from {escaped(profiles.taken)}, with {_versions(profiles.versions)}.",
        tables.parts(profiles.profiles),
        "### The functions with the most CPU time",
        tables.functions(profiles.profiles),
        "### Work of the pool per call",
        tables.counts(profiles.profiles),
    ]
