"""The verdict on an A/B as JUnit XML, read by junitparser and held against the schema of Jenkins."""

from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.unpaired import judge_unpaired
from bench.judge.gate.verdict import Judgement
from bench.model.instructions import Counted, CountedPair
from bench.model.run import Run
from bench.show.export import junit
from bench.show.text.titles import load_title
from tests.unit.sessions import CLOSED, OPEN, STACKS, Figures, Recipe, ab_cell, ab_run, ordinary, session

from .junit_schema import faults
from .made_up import LATE, stored

FLASK, FASTAPI = STACKS


def cases(judgement: Judgement, run: Run | None = None) -> dict[tuple[str, str], TestCase]:
    """The test cases by stack and name."""
    text = junit.text(run or session(), junit.verdict(judgement), junit.properties(judgement))
    assert faults(text) == []
    document = JUnitXml.fromstring(text.encode())
    found = {
        (suite.name or "", case.name or ""): case
        for suite in document
        if isinstance(suite, TestSuite)
        for case in suite
    }
    endings = [type(one) for case in found.values() for one in case.result]
    assert (document.tests, document.failures, document.errors) == (
        len(found),
        endings.count(Failure),
        endings.count(Error),
    )
    return found


def judged(name: str) -> Judgement:
    return judge_paired(stored(name), Gate())


def numbers(case: TestCase) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in (case.system_out or "").splitlines())


def test_a_regressed_figure_fails_and_the_others_pass() -> None:
    judgement = judged("slower")
    found = cases(judgement)
    assert {stack for stack, _ in found} == {FLASK}  # the other stack is the control
    assert len(found) == len([one for one in judgement.findings if not one.control]) == 9
    wrong = {name: case for (_, name), case in found.items() if case.result}
    named = "100 users (closed-loop): CPU per request"
    assert set(wrong) == {named, "100 users (closed-loop): mean CPU per request"}
    case = wrong[named]
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert failure.type == "regressed"
    assert failure.message is not None
    assert failure.message.startswith(f"{FLASK}, weather, 100 users: CPU per request +20.6 % (")
    assert failure.message.endswith("The whole interval lies beyond the threshold of 2 %.")
    assert case.classname == f"{FLASK}.weather"


def test_a_count_that_regressed_fails_though_time_passes() -> None:
    run = session(Recipe())
    assert run.ab is not None
    base = Counted(FLASK, "health", 1, 100, 40_000_000)
    pairs = tuple(CountedPair(base, replace(base, instructions=number)) for number in (41_000_000, 40_000_000))
    pairs = (pairs[0], *(replace(one, base=replace(base, users=50), head=replace(base, users=50)) for one in pairs[1:]))
    counted = judge_paired(replace(run, ab=replace(run.ab, instructions=pairs)), Gate())
    found = cases(counted)
    wrong, right = (
        found[FLASK, f"{users} (closed-loop): instructions per request"] for users in ("1 user", "50 users")
    )
    assert [type(one) for one in wrong.result] == [Failure]
    assert right.result == []
    assert float(numbers(wrong)["change (a fraction of base)"]) == pytest.approx(0.025)
    assert not any("restarts" in line for line in numbers(wrong))


def test_the_numbers_of_a_finding_read_back_exactly() -> None:
    judgement = judged("slower")
    found = cases(judgement)
    for one in judgement.findings:
        if one.control:
            continue
        case = found[one.stack, f"{load_title(one.load)}: {one.metric.under(one.load.model).title}"]
        told = numbers(case)
        assert one.change is not None
        assert (float(told["base"]), float(told["head"])) == (one.base, one.head)
        form = "a fraction of base" if one.metric.compared_by == "ratio" else "a difference"
        assert float(told[f"change ({form})"]) == one.change.mean
        assert tuple(map(float, told["95 % interval"].split(" to "))) == (one.change.low, one.change.high)
        assert float(told["p, adjusted for 18 tests"]) == one.p
        assert told["verdict"] == one.verdict
        assert told["restarts"] == "10 of base, 10 of head"


def test_an_improved_figure_passes() -> None:
    found = cases(judge_paired(session(Recipe(effects={(FLASK, "cpu"): 0.8})), Gate()))
    case = found[FLASK, "100 users (closed-loop): CPU per request"]
    assert case.result == []
    assert numbers(case)["verdict"] == "improved"


def test_an_inconclusive_figure_is_skipped_and_says_what_would_settle_it() -> None:
    judgement = judge_paired(session(Recipe(effects={(FLASK, "cpu"): 1.02})), Gate(fail_on={"cpu": 0.02}))
    assert judgement.verdict == "inconclusive"
    (skipped,) = cases(judgement)[FLASK, "100 users (closed-loop): CPU per request"].result
    assert isinstance(skipped, Skipped)
    assert skipped.type == "inconclusive"
    assert skipped.message is not None
    assert "The data show neither a change for the worse of more than 2 % nor that head passes." in skipped.message


def test_where_nothing_changed_one_test_case_passes_and_says_so() -> None:
    run = session()
    assert run.ab is not None
    unchanged = replace(run, cells=(), ab=replace(run.ab, family=(), unchanged=True))
    (case,) = cases(judge_paired(unchanged, Gate()), unchanged).values()
    assert case.result == []
    assert "nothing changed that the services run or read" in (case.system_out or "")


def test_without_a_control_all_stacks_have_test_cases() -> None:
    found = cases(judged("same-code"))
    assert {stack for stack, _ in found} == set(STACKS)
    assert all(case.result == [] for case in found.values())


@pytest.mark.parametrize("effects", [{}, {(FLASK, "cpu"): 1.5}])
def test_where_the_control_moved_nothing_passes_and_nothing_fails(effects: dict[tuple[str, str], float]) -> None:
    judgement = judge_paired(session(Recipe(effects={(FASTAPI, "p95"): 1.2, **effects}, seed=3)), Gate())
    assert judgement.moved
    found = cases(judgement)
    assert len(found) == 9
    for case in found.values():
        (skipped,) = case.result
        assert isinstance(skipped, Skipped)
        assert skipped.type == "control moved"
        assert skipped.message is not None
        assert skipped.message.startswith(f"inconclusive: the control moved: {FASTAPI}, weather, 600/s: P95 ")


def test_a_verdict_without_a_gated_figure_is_a_test_case_that_does_not_pass() -> None:
    judgement = judge_paired(session(Recipe(touched=())), Gate())
    bare = replace(judgement, findings=(), verdict="inconclusive")
    ((place, case),) = cases(bare).items()
    assert place == ("verdict", "verdict")
    assert [type(one) for one in case.result] == [Skipped]


def test_what_cannot_be_compared_is_an_error() -> None:
    base = ordinary(seed=5)
    ((_, case),) = cases(judge_unpaired(base, replace(ordinary(seed=6), seed=9), Gate())).items()
    (error,) = case.result
    assert isinstance(error, Error)
    assert error.message is not None
    assert "base and head differ in seed" in error.message
    gone = replace(ordinary(seed=6), cells=tuple(one for one in base.cells if one.stack != FLASK))
    found = cases(judge_unpaired(base, gone, Gate()))
    assert {type(one) for (stack, _), case in found.items() if stack == FLASK for one in case.result} == {Error}


def test_a_figure_that_was_not_measured_says_why() -> None:
    late = Figures(problems=(LATE,))
    cells = [
        ab_cell(FLASK, load, number, Figures(), late if load is OPEN else Figures())
        for load in (CLOSED, OPEN)
        for number in range(1, 11)
    ]
    judgement = judge_paired(ab_run(cells), Gate())
    (skipped,) = cases(judgement)[FLASK, "600/s (open-loop): P95"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message is not None
    assert "nothing to compare; left out: 10 of 10 restarts (first: in head, off by 6 ms)" in skipped.message.lower()


def test_the_suite_says_what_was_judged() -> None:
    judgement = judged("slower")
    text = junit.text(stored("slower"), junit.verdict(judgement), junit.properties(judgement))
    (suite,) = JUnitXml.fromstring(text.encode())
    assert isinstance(suite, TestSuite)
    properties = suite.properties()  # type: ignore[no-untyped-call]
    told = {one.name: one.value for one in properties}
    assert told["verdict"] == "regressed"
    assert told["alpha"] == "0.05"
    assert told["sides"] == "Base: main (1111111). Head: . (2222222, with uncommitted changes)."
    assert suite.timestamp == "2026-01-02T03:04:05"


def test_any_character_of_a_name_is_written_so_that_xml_can_hold_it() -> None:
    odd = junit.Case(
        "a<b>&\x00\x1b[1m", "sc\nen", 'with "quotes" \ud800 \U0001f600', "error", "k\x07", "m\x0b\ufffe", ("x\x01",)
    )
    text = junit.text(session(), [odd], {"key": "v\x02"})
    assert faults(text) == []
    ((suite,),) = [list(JUnitXml.fromstring(text.encode()))]
    assert suite.name == r"a<b>&\x00\x1b[1m"
