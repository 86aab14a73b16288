"""What a report must take at most, of a run as large as any; on an idle machine."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.judge.stacks.limits import compared
from bench.reading import read_run
from tests.e2e.witness import Witness

from .large_run import CELLS_A_ROUND, make
from .report import large_run, said, taken

TABLE_S, WHOLE_S, PEAK_BYTES = 5.0, 30.0, 1_000_000_000


def test_the_large_run_is_one_that_could_have_been_recorded(tmp_path: Path) -> None:
    run = make(tmp_path, cells=50, requests=300_000)
    assert len(run.cells) == CELLS_A_ROUND
    asked = sum(served.hits["weather"] for cell in run.cells if (served := cell.measurement.upstream) is not None)
    assert asked == pytest.approx(300_000, rel=0.05)
    assert sum(cell.outcome == "ok" for cell in run.cells) >= 0.9 * len(run.cells)
    assert read_run(tmp_path).run == replace(run, cells=compared(run.cells))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with large_run() as made:
        yield made


@pytest.mark.live
@pytest.mark.slow
def test_a_report_of_ten_million_requests_is_soon_there_and_needs_little_memory(folder: Path) -> None:
    with Witness() as witness:
        found = taken(folder)
    print(said([found]), witness)
    witness.excuse(found.table_s <= TABLE_S and found.whole_s <= WHOLE_S)
    assert found.table_s <= TABLE_S
    assert found.whole_s <= WHOLE_S
    assert found.peak_bytes <= PEAK_BYTES
