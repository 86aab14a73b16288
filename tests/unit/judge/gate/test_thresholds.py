import pytest

from bench.judge.cell.metrics import PAIRED, UNPAIRED
from bench.judge.gate.thresholds import Gate


@pytest.mark.parametrize(
    ("gate", "thresholds"),
    [
        (Gate(), [0.01, 0.03, 0.01, 0.01, 0.001]),
        (Gate(noise=0.05), [0.05, 0.05, 0.05, 0.05, 0.001]),
        (Gate(fail_on={"p95": 0.1}), [0.01, 0.1, 0.01, 0.01, 0.001]),
        (Gate(noise=0.0, fail_on={"errors": 0.02, "cpu": 0.2}), [0.0, 0.0, 0.0, 0.2, 0.02]),
    ],
)
def test_a_threshold_is_the_metrics_own_unless_noise_or_its_name_says_otherwise(
    gate: Gate, thresholds: list[float]
) -> None:
    assert [gate.threshold(metric) for metric in UNPAIRED.values()] == thresholds


def test_an_ab_has_wider_thresholds_for_throughput_and_cpu_than_two_runs() -> None:
    for name in ("throughput", "cpu"):
        assert Gate().threshold(PAIRED[name]) == 0.02
        assert Gate().threshold(UNPAIRED[name]) == 0.01
