from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.show.text.files import write, write_anew


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "caf\u00e9\n", "the trend")
    assert (tmp_path / "a.md").read_bytes() == b"caf\xc3\xa9\n"
    with pytest.raises(BenchError) as caught:
        write(tmp_path / "gone" / "a.md", "", "the trend")
    assert str(caught.value) == f"the trend cannot be written to {tmp_path}/gone/a.md: No such file or directory"


def test_what_a_link_points_at_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / "page.html").symlink_to(tmp_path / "other")
    write_anew(tmp_path, {"page.html": "new"})
    assert (tmp_path / "page.html").read_text() == "new"
    assert (tmp_path / "other").read_text() == "mine"


def test_a_dash_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BenchError, match="the counts cannot be written to -: name a file"):
        write(Path("-"), "", "the counts")
    assert list(tmp_path.iterdir()) == []
