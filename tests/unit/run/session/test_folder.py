"""The folders of plain runs of cells that are measured in no time: see made_up.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.cell import CellKey
from bench.run.host.signals import StopRequest
from bench.run.session import plain

from .made_up import FakeCells, orders, start

pytestmark = pytest.mark.usefixtures("results")


def test_a_folder_that_holds_a_run_is_never_overwritten(cells: FakeCells, tmp_path: Path) -> None:
    start(tmp_path / "run")
    cells.started.clear()
    with pytest.raises(BenchError, match="holds a run already: choose another --out, or go on with --resume"):
        start(tmp_path / "run")
    assert cells.started == []


def test_no_other_run_may_write_into_the_folder_of_a_run(cells: FakeCells, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refused: list[str] = []

    def meanwhile(_: CellKey) -> None:
        others: tuple[Callable[[], object], ...] = (
            lambda: start(folder),
            lambda: plain.resume(folder, StopRequest()),
        )
        for other in others:
            with pytest.raises(BenchError) as caught:
                other()
            refused.append(str(caught.value))

    cells.error = meanwhile
    start(folder)
    assert len(refused) == 24
    assert all("another run is writing into" in said for said in refused)
    assert len(orders(folder)) == 12


def test_the_error_for_a_folder_that_cannot_be_made_names_it(cells: FakeCells, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(BenchError, match=r"the run folder .* cannot be made"):
            start(folder)
    assert cells.started == []


def test_latest_points_to_the_newest_run_wherever_its_folder_is(results: Path, tmp_path: Path) -> None:
    result = start(None)
    assert result.folder.parent == results
    assert (results / "latest").readlink() == Path(result.folder.name)
    start(tmp_path / "run")
    assert (results / "latest").resolve() == tmp_path / "run"


def test_latest_replaces_a_dangling_link_and_never_a_folder(results: Path, tmp_path: Path) -> None:
    latest = results / "latest"
    latest.parent.mkdir()
    latest.symlink_to("gone")
    start(tmp_path / "first")
    assert latest.resolve() == tmp_path / "first"
    latest.unlink()
    latest.mkdir()
    start(tmp_path / "second")
    assert latest.is_dir()
    assert not latest.is_symlink()


def test_a_run_does_not_need_a_checkout_that_can_be_written(cells: FakeCells, results: Path, tmp_path: Path) -> None:
    results.touch()
    assert start(tmp_path / "run").failed == 0
    assert len(cells.started) == 4
