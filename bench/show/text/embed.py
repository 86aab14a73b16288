"""Markdown put between two marker lines of another file."""

import os
from pathlib import Path

from bench.errors import BenchError

BEGIN, END = "<!-- report:begin -->", "<!-- report:end -->"


def embed(text: str, short: str, name: str) -> str:
    """`text` with `short` in place of what is between the marker lines.

    Raises BenchError, with the name of the file, unless there is one line with each marker, in the right order.
    """
    lines = text.splitlines()
    places = [[number for number, line in enumerate(lines) if line.strip() == mark] for mark in (BEGIN, END)]
    if [len(found) for found in places] != [1, 1] or places[0] > places[1]:
        raise BenchError(f"{name} needs one line {BEGIN} and, after it, one line {END}: the report goes between them")
    begin, end = places[0][0], places[1][0]
    return "\n".join([*lines[: begin + 1], "", short.strip(), "", *lines[end:]]) + "\n"


def link_from(file: Path, folder: Path) -> str:
    """The folder as seen from the folder of a file, with forward slashes."""
    return Path(os.path.relpath(folder.resolve(), file.resolve().parent)).as_posix()
