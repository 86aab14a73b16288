"""The verdict shown: on standard output, and in the files that were asked for."""

from collections.abc import Container, Iterable
from io import StringIO
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.errors import BenchError
from bench.judge.gate.verdict import Judgement
from bench.show.text.markdown import plain
from bench.show.text.sheet import Sheet
from bench.show.text.stdout import console as drawing
from bench.show.text.stdout import say, terminal_width
from bench.show.verdict.comment import comment
from bench.show.verdict.finding import NUMBERS
from bench.show.verdict.json import document
from bench.show.verdict.words import told

PIPED_WIDTH = 80


def present(judgement: Judgement, *, markdown: Path | None = None, json: Path | None = None) -> int:
    """The exit code of the verdict, once it is printed and written to the files.

    Raises BenchError where a file cannot be written; it has been printed then.
    """
    width = terminal_width()
    say(text(judgement, width=width or PIPED_WIDTH, colour=width is not None))
    for path, make in ((markdown, comment), (json, document)):
        if path is not None:
            _write(path, make(judgement))
    return judgement.exit_code


def text(judgement: Judgement, *, width: int = PIPED_WIDTH, colour: bool = False) -> str:
    """The verdict on its first line and the reason on the second, both of any length; then tables and notes."""
    said = told(judgement)
    target = StringIO()
    console = drawing(target, width, colour=colour)
    console.print(Text(plain(said.headline), style="bold"), soft_wrap=True)
    console.print(Text(plain(said.why)), soft_wrap=True)
    _say(console, [said.sides])
    _tables(console, said.differences)
    _tables(console, said.sheets, NUMBERS)
    if said.control:
        _say(console, ["Control: the same code in base and head, so what moves here is the session's own drift."])
        _tables(console, said.control, NUMBERS)
    _say(console, said.notes, mark="- ")
    _say(console, [said.reading] if said.reading else [])
    return "\n".join(line.rstrip() for line in target.getvalue().rstrip().split("\n")) + "\n"


def _say(console: Console, texts: Iterable[str], mark: str = "") -> None:
    """An empty line, then these, indented below their marks; nothing where there are none."""
    grid = Table.grid()
    if mark:
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for each in texts:
        grid.add_row(*([Text(mark)] if mark else []), Text(plain(each)))
    if grid.rows:
        console.print()
        console.print(grid)


def _tables(console: Console, sheets: Iterable[Sheet], numbers: Container[str] = ()) -> None:
    """The tables, each under its title; columns of these names hold numbers."""
    for sheet in sheets:
        console.print()
        console.print(Text(plain(sheet.title), style="bold"))
        table = Table(box=SIMPLE_HEAD, header_style="dim", padding=0, show_edge=False)
        for header in sheet.headers:
            table.add_column(header, overflow="fold", justify="right" if header in numbers else "left")
        for line in sheet.lines:
            table.add_row(*(Text(plain(part)) for part in line))
        console.print(table)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"the verdict cannot be written to {path}: {error.strerror or error}") from error
