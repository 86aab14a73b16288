"""The error rates of the trend, on few simulated series; docs/trend.md has them of many."""

from pathlib import Path

import pytest

from bench.judge.stats.significance import proportion_interval
from bench.show.text.embed import BEGIN, END
from tests.calibration import trend
from tests.calibration.trend import NOISES, RUNS, SIZES, alarms, power

SERIES = 1000


def surely_above(share: float, count: int, limit: float) -> bool:
    """Whether a share of so many series contradicts that the true one is at most the limit."""
    return proportion_interval(round(share * count), count, 0.999)[0] > limit


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("noise", NOISES)
def test_false_alarms_are_as_rare_as_they_should_be_even_if_the_noise_drifts(noise: str, runs: int) -> None:
    found = alarms(noise, runs, SERIES, permuted=1)
    assert not surely_above(found.alone, SERIES, 0.01)
    assert not surely_above(found.family, SERIES // trend.FAMILY, 0.05)


def test_a_permutation_test_takes_drift_for_steps() -> None:
    noise = next(name for name, drift in NOISES.items() if drift)
    assert surely_above(alarms(noise, 50, 300, permuted=300).permuted, 300, 0.01)


def test_larger_steps_and_more_runs_are_found_more_often_and_where_they_are() -> None:
    found = {(runs, size): power("white", runs, size, 300) for runs in (10, 20, 50) for size in SIZES}
    assert found[50, 2.0].alone > 0.9
    assert found[20, 3.0].alone > 0.8
    assert found[20, 3.0].near > 0.9
    for runs in (10, 20, 50):
        assert [found[runs, size].alone for size in SIZES] == sorted(found[runs, size].alone for size in SIZES)
    assert all(one.family <= one.alone and one.right <= one.near for one in found.values())


def test_the_tables_are_written_between_the_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "trend.md"
    file.write_text(f"# Title\n{BEGIN}\n{END}\nrest\n", encoding="utf-8")
    monkeypatch.setattr(trend, "DOCUMENT", file)
    monkeypatch.setattr(trend, "PERMUTED", 2)
    assert trend.main(["--series", "20"]) == 0
    text = file.read_text(encoding="utf-8")
    assert "Simulated: 100 series for each row, 2 for the permutation test." in text
    assert text.count("| white | ") == len(RUNS) * (1 + len(SIZES))
    assert text.endswith(f"{END}\nrest\n")


def test_the_page_has_the_tables_of_all_settings() -> None:
    text = trend.DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith(tuple(f"| {noise} | " for noise in NOISES))]
    assert len(rows) == len(NOISES) * len(RUNS) * (1 + len(SIZES))
