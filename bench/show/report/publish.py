"""The report of a run: printed, and written into its folder with its charts."""

from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.judge.capacity.rows import capacities_held_against
from bench.judge.stacks.ratios import held_against, ratios
from bench.judge.stacks.rows import rows
from bench.places import COMMAND
from bench.reading import read_run
from bench.record.store import load_reference, load_run
from bench.show.charts.gallery import pictures, save_pictures
from bench.show.charts.tracks import time_lines
from bench.show.report.document import SECTIONS, printed, report, short
from bench.show.report.json import figures
from bench.show.report.made import FIGURES
from bench.show.report.reproduction import Reproduction
from bench.show.text import markdown, stdout
from bench.show.text.embed import embed, link_from
from bench.show.text.files import write_anew
from bench.show.text.page import html


def publish(
    folder: Path,
    reference: Path,
    *,
    cell: int | None = None,
    charts: bool = True,
    embed_in: Path | None = None,
    sections: Sequence[str] | None = None,
    json: Path | None = None,
) -> None:
    """Judge the run of a folder again, print the report, and write it into the folder with its charts and figures.

    The run is compared with that of the folder `reference`. `cell`: the order of the cell whose timeline is drawn.
    `charts`: whether any are drawn. `embed_in`: a Markdown file that takes the short report, or these `sections`,
    between its marker lines. `json`: one more file for all figures, or - for standard output, in place of the tables.
    Raises BenchError where the run, or one of these, cannot be used.
    """
    if sections is not None and embed_in is None:
        raise BenchError("--sections says what goes into another page: name the page with --embed FILE")
    if not charts and (cell is not None or "charts" in (sections or ())):
        raise BenchError("--no-charts draws no chart, and --timeline and the section charts need one: leave one out")
    unknown = [name for name in sections or () if name not in SECTIONS]
    if unknown:
        raise BenchError(f"--sections: a report has no section {unknown[0]}; it has {', '.join(SECTIONS)}")
    if load_run(folder).ab is not None:
        raise BenchError(f"{folder} is an A/B run, which has a verdict and no report: {COMMAND} diff {folder}")
    reading = read_run(folder, charts=charts, cell=cell)
    run = reading.run
    found, compared = rows(run.cells, run.config), ratios(run.cells, run.config)
    other = load_reference(folder, reference)
    reproduced = (
        None
        if other is None
        else Reproduction(other.id, (*capacities_held_against(run, other), *held_against(run, other)))
    )
    numbers = figures(run, found, compared)
    piped = json is not None and str(json) == "-"
    try:
        if embed_in is not None and embed_in.exists() and not embed_in.is_file():
            raise BenchError(f"{embed_in} is no file that the report could be written into")
        around = None if embed_in is None else embed_in.read_text(encoding="utf-8")
        if around is not None:
            embed(around, "", str(embed_in))  # before anything is written: does it take a report at all?
        # Printed before the charts are drawn, which takes longer than everything else.
        if piped:
            stdout.say(numbers)
        else:
            stdout.show(printed(report(run, found, compared, reproduced=reproduced), len(found)))
        drawn = save_pictures(pictures(reading, found), folder / "charts") if charts else ()
        lines = time_lines(reading) if charts else ()
        whole = report(run, found, compared, reproduced=reproduced, pictures=drawn, lines=lines)
        files = {FIGURES: numbers, "report.md": markdown.render(whole), "report.html": html.render(whole)}
        write_anew(folder, files)
        if embed_in is not None and around is not None:
            link = link_from(embed_in, folder)
            text = markdown.render(short(whole, run, link, sections), level=2, pictures=f"{link}/charts")
            embed_in.write_text(embed(around, text, str(embed_in)), encoding="utf-8")
        if json is not None and not piped:
            json.write_text(numbers, encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise BenchError(f"the report cannot be written: {error}") from error
    if not piped:
        page = "With charts, for any browser" if charts else "For any browser"
        stdout.say(f"\n{page}: {folder / 'report.html'}\nAs Markdown: {folder / 'report.md'}\n")
