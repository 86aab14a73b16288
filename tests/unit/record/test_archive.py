import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from numpy.lib import format as npy

from bench.record import archive
from bench.record.archive import Archive

Made = Callable[..., Archive]


@pytest.fixture
def archived(tmp_path: Path) -> Iterator[Callable[[], Archive]]:
    """The archive of the file a.npz, which is closed after the test."""
    with ExitStack() as files:
        yield lambda: Archive(files.enter_context(FileIO(tmp_path / "a.npz")))


@pytest.fixture
def packed(tmp_path: Path, archived: Callable[[], Archive]) -> Made:
    def made(**arrays: object) -> Archive:
        np.savez_compressed(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
        return archived()

    return made


def test_arrays_are_as_they_were_saved_and_their_size_is_known_before(packed: Made) -> None:
    found = packed(a=np.arange(5, dtype="i2"), b=np.array(["server", "upstream"]), c=np.empty(0))
    assert found.unpacked_bytes == 5 * 8 + 2 * 32
    assert set(found) == {"a", "b", "c"}
    assert len(found) == 3
    np.testing.assert_array_equal(found["a"], np.arange(5))
    assert found["b"].tolist() == ["server", "upstream"]
    with pytest.raises(KeyError):
        found["d"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros((2, 3)), r"a has the shape \(2, 3\), not one dimension"),
        (np.zeros(()), r"a has the shape \(\), not one dimension"),
        (np.zeros(3, dtype="c16"), "a has values of type complex128, not numbers"),
        (np.zeros(3, dtype=[("x", "f8"), ("y", "f8")]), "a has values of type .*, not numbers"),
        (np.array([None, 1]), "a has values of type object, not numbers"),
        (np.array(["x" * 100_000]), "a has values of type <U100000, not numbers"),
        (np.zeros(3, dtype=np.longdouble), "a has values of type .*, not numbers"),
    ],
)
def test_an_array_that_is_no_column_is_refused_by_its_header(packed: Made, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        packed(a=value)


def test_what_all_arrays_take_together_is_limited(packed: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1_000_000)
    assert len(packed(a=np.zeros(60_000, "u1"), b=np.zeros(60_000))) == 2
    with pytest.raises(ValueError, match=r"its arrays take 1.04 MB, and at most 1.00 MB can be read"):
        packed(a=np.zeros(70_000, "u1"), b=np.zeros(60_000))


def test_the_number_of_arrays_is_limited(packed: Made) -> None:
    with pytest.raises(ValueError, match="it has 101 arrays, and at most 100 can be read"):
        packed(**{f"a{number}": np.zeros(1) for number in range(101)})


def test_a_table_of_contents_is_not_read_where_it_is_large(archived: Callable[[], Archive], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for number in range(20_000):
            file.writestr(f"{number:060d}", b"")
    with pytest.raises(ValueError, match="its table of contents is too large"):
        archived()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (npy.magic(2, 0) + (10**9).to_bytes(4, "little"), "a has another header than np.savez writes"),
        (b"not an array", "magic string is not correct"),
        (npy.magic(1, 0) + (60_000).to_bytes(2, "little") + b" " * 60_000, "Header"),
        (b"", "EOF"),
    ],
)
def test_a_header_that_is_none_is_refused(
    archived: Callable[[], Archive], tmp_path: Path, head: bytes, said: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("a.npy", head)
    with pytest.raises(ValueError, match=said):
        archived()


def test_another_method_of_compression_is_refused(archived: Callable[[], Archive], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.npy", b"x" * 100)
    with pytest.raises(ValueError, match="a is compressed by another method than DEFLATE"):
        archived()


def test_an_array_that_is_shorter_than_its_header_says_is_refused(
    archived: Callable[[], Archive], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file, file.open("a.npy", "w") as member:
        npy.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (1000,)})
    with pytest.raises(ValueError, match="buffer is smaller than requested"):
        archived()["a"]


def test_headers_are_read_by_one_thread_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=False, a=np.arange(3), b=np.arange(4))
    read, inside, most = npy.read_array_header_1_0, [0], [0]

    def slowly(file: IO[bytes]) -> object:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.01)
        inside[0] -= 1
        return read(file)

    monkeypatch.setattr(npy, "read_array_header_1_0", slowly)

    def total(_: int) -> int:
        with FileIO(tmp_path / "a.npz") as file:
            return sum(int(array.sum()) for array in Archive(file).values())

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(total, range(8))) == {9}
    assert most == [1]
