"""Texts written into files, with an error that names the file."""

from collections.abc import Mapping
from pathlib import Path

from bench.errors import BenchError


def write(path: Path, text: str, what: str) -> None:
    """Write the text into a file that the user named. Raises BenchError: `WHAT cannot be written to PATH`.

    A path of "-" is refused: it means standard output to most programs.
    """
    if str(path) == "-":
        raise BenchError(f"{what} cannot be written to -: name a file")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritten(path, what, error) from error


def write_anew(folder: Path, texts: Mapping[str, str]) -> None:
    """Write each text into the file of its name. A link or a FIFO of this name is not written through.

    Raises OSError.
    """
    for name, text in texts.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def unwritten(path: Path, what: str, error: OSError) -> BenchError:
    """The error to raise where `what` cannot be written to a file or folder."""
    return BenchError(f"{what} cannot be written to {path}: {error.strerror or error}")
