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


@pytest.mark.parametrize(
    ("gate", "tolerances"),
    [
        (Gate(), [0.07, 0.07, 0.02, 0.07, 0.001]),
        (Gate(noise=0.05), [0.07, 0.07, 0.05, 0.07, 0.001]),
        (Gate(noise=0.1), [0.1, 0.1, 0.1, 0.1, 0.001]),
        (Gate(fail_on={"cpu": 0.02, "memory": 0.1, "errors": 0.01}), [0.07, 0.07, 0.1, 0.02, 0.01]),
        (Gate(noise=0.1, fail_on={"cpu": 0.02}), [0.1, 0.1, 0.1, 0.02, 0.001]),
    ],
)
def test_a_tolerance_is_the_metrics_own_and_no_smaller_than_the_threshold_unless_its_name_says_otherwise(
    gate: Gate, tolerances: list[float]
) -> None:
    assert [gate.tolerance(metric) for metric in UNPAIRED.values()] == tolerances


@pytest.mark.parametrize("name", ["throughput", "cpu", "tail"])
def test_what_is_asked_of_a_metric_is_asked_of_its_mean_too(name: str) -> None:
    mean = PAIRED[f"{name}_mean"]
    for gate, wanted in ((Gate(fail_on={name: 0.3}), 0.3), (Gate(fail_on={name: 0.3, f"{name}_mean": 0.4}), 0.4)):
        assert (gate.threshold(mean), gate.tolerance(mean)) == (wanted, wanted)
    alone = Gate(fail_on={f"{name}_mean": 0.4})
    assert alone.tolerance(PAIRED[name]) == PAIRED[name].tolerance


def test_an_ab_has_wider_thresholds_for_throughput_and_cpu_than_two_runs() -> None:
    for name in ("throughput", "cpu"):
        assert Gate().threshold(PAIRED[name]) == 0.02
        assert Gate().threshold(UNPAIRED[name]) == 0.01
