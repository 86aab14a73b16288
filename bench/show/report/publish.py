"""The report of a run: printed, and written beside it with its charts."""

from pathlib import Path

from bench.errors import BenchError
from bench.judge.stacks.ratios import held_against, ratios
from bench.judge.stacks.rows import rows
from bench.places import COMMAND
from bench.reading import read_run
from bench.record.store import load_reference, load_run
from bench.show.charts.gallery import pictures, save_pictures
from bench.show.report.content import content
from bench.show.report.json import figures
from bench.show.report.markdown import embed, link_from, report, short_report
from bench.show.report.page.html import page
from bench.show.report.reproduction import Reproduction
from bench.show.report.terminal import render
from bench.show.text import stdout


def publish(
    folder: Path,
    reference: Path,
    *,
    cell: int | None = None,
    embed_in: Path | None = None,
    json: Path | None = None,
) -> None:
    """Judge the run of a folder again, print what it says, and write charts, report.md and report.html into the folder.

    It is held against the run of the folder `reference`. `cell`: the order of the one whose time line is drawn.
    `embed_in`: a Markdown file that takes the short report between its marker lines. `json`: a file for all figures, or
    - for standard output, in place of the tables. Raises BenchError where the run, or one of these, cannot be used.
    """
    if load_run(folder).ab is not None:
        raise BenchError(f"{folder} is an A/B run, which has a verdict and no report: {COMMAND} diff {folder}")
    reading = read_run(folder, charts=True, cell=cell)
    run = reading.run
    found, compared = rows(run.cells, run.config), ratios(run.cells, run.config)
    other = load_reference(folder, reference)
    reproduced = None if other is None else Reproduction(other.id, held_against(run, other))
    said = content(run, found, compared, reproduced)
    numbers = figures(run, said.answer, found, compared)
    piped = json is not None and str(json) == "-"
    try:
        around = None if embed_in is None else embed_in.read_text(encoding="utf-8")
        if around is not None:
            embed(around, "", str(embed_in))  # before anything is written: whether it takes a report at all
        # Printed before anything is drawn, which takes longer than all the rest.
        width = stdout.terminal_width()
        stdout.say(numbers if piped else render(said, width=width, colour=width is not None))
        drawn = save_pictures(pictures(reading, found), folder / "charts")
        (folder / "report.md").write_text(report(run, said, drawn), encoding="utf-8")
        (folder / "report.html").write_text(page(run, said, drawn), encoding="utf-8")
        if embed_in is not None and around is not None:
            short = short_report(run, said, drawn, link_from(embed_in, folder))
            embed_in.write_text(embed(around, short, str(embed_in)), encoding="utf-8")
        if json is not None and not piped:
            json.write_text(numbers, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"the report cannot be written: {error}") from error
    if not piped:
        stdout.say(f"\nWith charts, for any browser: {folder / 'report.html'}\nAs Markdown: {folder / 'report.md'}\n")
