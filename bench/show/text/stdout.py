"""Standard output, whatever reads it."""

import os
import sys

from bench.errors import BenchError
from bench.show.text.document import Document
from bench.show.text.terminal import render


def show(document: Document) -> None:
    """Print the document, as wide as the terminal and in colour where there is one."""
    width = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None
    say(render(document, width=width, colour=width is not None))


def say(text: str) -> None:
    """Print the text, with `?` for what the encoding lacks. It is no error if the reader has closed the pipe.

    Raises BenchError where it cannot be written, as on a full disk.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more as it exits, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise BenchError(f"standard output cannot be written: {error.strerror or error}") from error
