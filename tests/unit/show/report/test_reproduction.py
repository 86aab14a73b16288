from bench.judge.stacks.ratios import Ratio, Reproduced, ratios, reproduced
from bench.show.report.reproduction import Reproduction, section
from bench.show.text.document import Paragraph, Points
from tests.unit.builders import Shape, broken, cell, plan

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


def opening(found: Reproduction) -> str:
    first = section(found).blocks[0]
    assert isinstance(first, Paragraph)
    return first.text


def differing(found: Reproduction) -> list[str]:
    return [text for block in section(found).blocks if isinstance(block, Points) for text in block.texts]


def test_ratios_are_counted_by_their_word() -> None:
    assert opening(compared(0.001)) == "Compared with 20251231-000000: 4 yes, 0 no, 0 unclear."
    unclear = compared(0.001, spread=0.5)
    assert opening(unclear) == "Compared with 20251231-000000: 3 yes, 0 no, 1 unclear."
    assert differing(unclear) == []


def test_each_ratio_that_differs_is_listed_with_both_values() -> None:
    found = compared(0.002)
    assert opening(found).endswith("3 yes, 1 no, 0 unclear.")
    assert differing(found) == [
        "no: fast / flask, weather, 10 users: CPU per request is 2.00\u00d7 (2.00\u20132.00) here and "
        "1.00\u00d7 (1.00\u20131.00) in the reference run; here / reference: 2.00\u00d7 (2.00\u20132.00)"
    ]


def test_a_ratio_of_a_stack_that_failed_says_so() -> None:
    cells = [
        one
        for n in (1, 2, 3)
        for one in (
            cell("flask", 10, n, throughput_rps=100.0 + n / 10),
            broken(cell("fast", 10, n, throughput_rps=20.0 + n / 10), ok=20, errors={"status 503": 80}),
        )
    ]
    (only,) = differing(Reproduction("20251231-000000", reproduced(ratios(cells, PLAN), measured(0.001))))
    assert " here and " in only
    assert only.partition(" here and ")[0].endswith(" (fast failed 80.0 % of the requests)")
    assert "failed" not in only.partition(" here and ")[2]


def test_the_words_are_explained_with_the_limit() -> None:
    meaning = section(compared(0.001)).blocks[-1]
    assert isinstance(meaning, Paragraph)
    for word in ("Yes: ", "No: ", "Unclear: ", "20 %"):
        assert word in meaning.text


def test_runs_without_a_common_ratio_say_so_and_explain_nothing() -> None:
    nothing = Reproduction("20251231-000000", ())
    assert opening(nothing) == "Compared with 20251231-000000: the two runs have no ratio in common."
    assert len(section(nothing).blocks) == 1
