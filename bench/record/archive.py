"""An .npz archive that others may have written: its headers are checked before an array is unpacked."""

import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from bench.units import megabytes

MOST_BYTES = 300_000_000
"""Of all arrays of an archive, a value of any type counted as eight bytes: four million requests."""

MOST_ARRAYS = 100
MOST_TEXT_BYTES = 100_000
MOST_AT_ONCE = 1_000_000
WIDE_BYTES = 8
NUMBERS = "biuf"
PLAIN_HEADER = (1, 0)
"""The version of a header that has at most 65,535 bytes. Others may have four thousand million."""

ONE_AT_A_TIME = threading.Lock()
"""Headers are read by ast.literal_eval. In Python 3.11 all threads share its count of how deep it is, and two at the
same time may end in a SystemError."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an array says of itself: how many values it has, of which type, after how many bytes."""

    count: int
    dtype: np.dtype[Any]
    length: int

    @property
    def unpacked_bytes(self) -> int:
        """The bytes that it takes once it is read, numbers as float64 or int64."""
        return self.count * max(self.dtype.itemsize, WIDE_BYTES)


class Archive(Mapping[str, NDArray[Any]]):
    """The arrays of an .npz file by name, each unpacked when it is asked for.

    Raises ValueError where it is not an archive of one-dimensional arrays of numbers or short texts, or they take more
    than MOST_BYTES; zipfile.BadZipFile and others of that module where it is damaged.
    """

    def __init__(self, file: FileIO) -> None:
        self._zip = zipfile.ZipFile(_Sparing(file))
        members = self._zip.infolist()
        if len(members) > MOST_ARRAYS:
            raise ValueError(f"it has {len(members)} arrays, and at most {MOST_ARRAYS} can be read")
        self._members = {member.filename.removesuffix(".npy"): member for member in members}
        self.headers = {name: self._header(name) for name in self._members}
        self.unpacked_bytes = sum(header.unpacked_bytes for header in self.headers.values())
        if self.unpacked_bytes > MOST_BYTES:
            found, most = megabytes(self.unpacked_bytes), megabytes(MOST_BYTES)
            raise ValueError(f"its arrays take {found}, and at most {most} can be read")

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array. KeyError where there is none of this name."""
        header = self.headers[name]
        with self._zip.open(self._members[name]) as member:
            member.read(header.length)
            values = member.read(header.count * header.dtype.itemsize)
        return np.frombuffer(values, header.dtype, header.count)

    def __iter__(self) -> Iterator[str]:
        """The names of the arrays."""
        return iter(self._members)

    def __len__(self) -> int:
        """The number of arrays."""
        return len(self._members)

    def _header(self, name: str) -> Header:
        member = self._members[name]
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError(f"{name} is compressed by another method than DEFLATE")
        with self._zip.open(member) as file:
            if npy.read_magic(file) != PLAIN_HEADER:
                raise ValueError(f"{name} has another header than np.savez writes")
            with ONE_AT_A_TIME:
                shape, _, dtype = npy.read_array_header_1_0(file)
            length = file.tell()
        if len(shape) != 1 or shape[0] < 0:
            raise ValueError(f"{name} has the shape {shape}, not one dimension")
        found = Header(shape[0], dtype, length)
        short = dtype.kind == "U" and found.unpacked_bytes <= MOST_TEXT_BYTES
        if not short and (dtype.kind not in NUMBERS or dtype.itemsize > WIDE_BYTES):
            raise ValueError(f"{name} has values of type {dtype}, not numbers")
        return found


class _Sparing:
    """A file of which no one reads much at once, not the table of contents of an archive either."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes. ValueError for more than MOST_AT_ONCE; without a size zipfile reads only the last 64 KiB."""
        if size > MOST_AT_ONCE:
            raise ValueError("its table of contents is too large")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """The place in the file that is read next."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file that is read next."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Whether `seek` works: zipfile asks before it reads two arrays in turn."""
        return self._file.seekable()
