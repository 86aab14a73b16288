import os
from pathlib import Path

import pytest

from bench.record.opened import opened


def test_a_regular_file_of_that_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with opened(tmp_path / "a", 3) as file:
        assert file.readall() == b"abc"


def test_a_larger_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(10**12)
    with (
        pytest.raises(ValueError, match=r"it has 1000000 MB, and at most 2\.00 MB can be read"),
        opened(tmp_path / "a", 2_000_000),
    ):
        pass


@pytest.mark.parametrize("name", ["fifo", "/dev/zero"])
def test_what_is_not_a_regular_file_is_refused_without_waiting_for_it(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="it is not a regular file"), opened(tmp_path / name, 10):
        pass


def test_a_folder_or_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), opened(tmp_path, 10):
        pass
    with pytest.raises(FileNotFoundError), opened(tmp_path / "absent", 10):
        pass
