"""Files that others may have written, opened only if they are regular files of a size that can be read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from bench.units import megabytes


@contextmanager
def opened(path: Path, most_bytes: int) -> Iterator[FileIO]:
    """The file, open for reading.

    Raises OSError where it cannot be opened or is no regular file, ValueError where it has more than `most_bytes`.
    """
    with FileIO(path, opener=_at_once) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is not a regular file")
        if found.st_size > most_bytes:
            raise ValueError(f"it has {megabytes(found.st_size)}, and at most {megabytes(most_bytes)} can be read")
        yield file


def _at_once(path: str, flags: int) -> int:
    # To open a FIFO for reading would wait for a writer, perhaps forever.
    return os.open(path, flags | os.O_NONBLOCK)
