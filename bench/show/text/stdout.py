"""Standard output, whatever stands at its other end."""

import os
import sys
from io import StringIO

from rich.console import Console

from bench.errors import BenchError


def terminal_width() -> int | None:
    """The columns of the terminal at its end; None where there is no terminal."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def console(target: StringIO, width: int, *, colour: bool) -> Console:
    """What draws into `target` as wide as that, the same on every machine."""
    return Console(
        file=target,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        force_jupyter=False,
        highlight=False,
    )


def say(text: str) -> None:
    """Print it, also where there are no such characters; a reader who has seen enough is no error.

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
