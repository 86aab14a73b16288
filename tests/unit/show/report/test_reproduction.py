from bench.judge.stacks.ratios import Ratio, Reproduced, ratios, reproduced
from bench.show.report.reproduction import Reproduction, passage
from tests.unit.builders import Shape, cell, plan

PLAN = plan({"flask": Shape(1), "fast": Shape(1)}, {"weather": (10,)})


def measured(cpu_s: float, spread: float = 0.01) -> tuple[Ratio, ...]:
    cells = [
        one
        for n in (1, 2, 3)
        for one in (
            cell("flask", 10, n, throughput_rps=100.0 + n / 10, p95_s=0.1 + n / 1e4, pss_bytes=10**7 + n * 10**4),
            cell("fast", 10, n, throughput_rps=200.0 * (1 + spread * n), cpu_s=cpu_s * (1 + n / 1e4)),
        )
    ]
    return ratios(cells, PLAN)


def compared(cpu_s: float, spread: float = 0.01) -> Reproduction:
    found: tuple[Reproduced, ...] = reproduced(measured(cpu_s, spread), measured(0.001))
    return Reproduction("20251231-000000", found)


def test_ratios_are_counted_by_their_word() -> None:
    assert passage(compared(0.001)).opening == "Against 20251231-000000: 4 yes, 0 no, 0 unclear."
    unclear = passage(compared(0.001, spread=0.5))
    assert unclear.opening == "Against 20251231-000000: 3 yes, 0 no, 1 unclear."
    assert unclear.points == ()


def test_each_ratio_that_differs_stands_with_both_figures() -> None:
    found = passage(compared(0.002))
    assert found.opening.endswith("3 yes, 1 no, 0 unclear.")
    assert found.points == (
        "no: fast / flask, weather, 10 users: CPU per request is \u00d72.00 (2.00\u20132.00) here and "
        "\u00d71.00 (1.00\u20131.00) there; here / there: \u00d72.00 (2.00\u20132.00)",
    )


def test_what_the_words_mean_is_said_with_the_limit() -> None:
    (meaning,) = passage(compared(0.001)).notes
    for word in ("Yes: ", "No: ", "Unclear: ", "20 %"):
        assert word in meaning


def test_the_counts_come_first_and_then_the_ratios_that_differ() -> None:
    found = passage(compared(0.002))
    assert found.opening == "Against 20251231-000000: 3 yes, 1 no, 0 unclear."
    assert [line[:4] for line in found.points] == ["no: "]


def test_runs_without_a_common_ratio_say_so() -> None:
    nothing = Reproduction("20251231-000000", ())
    assert passage(nothing).opening == "Against 20251231-000000: the two runs have no ratio in common."
    assert passage(nothing).notes == ()
