import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.judge.cell.wrong_answers import described
from bench.judge.gate.comparable import Difference
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.unpaired import judge_unpaired
from bench.judge.gate.verdict import Judgement
from bench.model.cell import Problem
from bench.model.instructions import Counted, CountedPair
from bench.model.run import Gated, Run
from bench.model.wrong_answer import WrongAnswer
from bench.show.text.document import Paragraph, Section, Table, points, within
from bench.show.text.terminal import PIPED_WIDTH, render
from bench.show.verdict.document import MOST_DIFFERENCES, verdict
from bench.show.verdict.json import figures
from bench.show.verdict.publish import comment
from tests.unit.sessions import CLOSED, OPEN, STACKS, Figures, Recipe, ab_cell, ab_run, ordinary, session

GOLDENS = Path(__file__).parent / "goldens"
FLASK, FASTAPI = STACKS
USUAL = Gate()
OK = Figures()
BEHIND = Problem("falling behind", "of 900 requests that arrived 90 were added to the queue", ("latency",))
LATE = Problem("generator late", "requests were sent 9.00 ms after their time at P99", ("latency",))


@pytest.fixture
def slower() -> Judgement:
    return judge_paired(session(Recipe(effects={(FLASK, "cpu"): 1.2})), USUAL)


def open_session(*heads: Figures) -> Judgement:
    cells = [ab_cell(FLASK, OPEN, number, OK, head) for number, head in enumerate(heads, 1)]
    family = [Gated(FLASK, "weather", OPEN, name) for name in ("p95", "errors")]
    return judge_paired(ab_run(cells, restarts=len(heads), family=family), USUAL)


def text(judgement: Judgement, *, width: int | None = None, colour: bool = False) -> str:
    return render(verdict(judgement), width=width, colour=colour)


def test_a_regression_with_a_control_in_words(slower: Judgement, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "regressed.txt", text(slower))


def test_an_inconclusive_session_in_words(golden: Callable[[Path, str], None]) -> None:
    jitter = [replace(OK, p95=OK.p95 * (1.02 + 0.05 * (-1) ** number)) for number in range(8)]
    heads = [*jitter, replace(OK, problems=(LATE,)), replace(OK, problems=(LATE,))]
    golden(GOLDENS / "inconclusive.txt", text(open_session(*heads)))


def test_runs_that_are_not_comparable_in_words(golden: Callable[[Path, str], None]) -> None:
    base = ordinary()
    head = replace(base, seed=9, machine=replace(base.machine, cpu_model="Other CPU", cpus=4, kernel="7.0"))
    golden(GOLDENS / "not-comparable.txt", text(judge_unpaired(base, head, USUAL)))


def lines(judgement: Judgement) -> list[str]:
    return text(judgement).split("\n")


def test_the_first_line_is_the_verdict_and_the_second_says_why() -> None:
    same, moved, few, behind = (
        lines(judgement)[:2]
        for judgement in (
            judge_paired(session(Recipe(touched=())), USUAL),
            judge_paired(session(Recipe(effects={(FASTAPI, "p95"): 1.2})), USUAL),
            judge_paired(session(Recipe(restarts=4)), USUAL),
            open_session(*[OK] * 4, *[replace(OK, problems=(BEHIND,))] * 6),
        )
    )
    assert same == [
        "no regression beyond 7 %: at most 2.04 % worse",
        "10 restarts, 18 gated figures. Each is shown to be worse by less than its tolerance. Least sure is P95 of "
        "flask-gthread, weather, 600/s: +0.9 %, at most 2.04 % worse.",
    ]
    assert moved[0].startswith("inconclusive: the control moved: fastapi-aiohttp, weather, 600/s: P95 +")
    assert moved[1].startswith("Base and head run the same code there, so something else changed")
    assert few[0].startswith("inconclusive: flask-gthread, weather, ")
    assert few[0].endswith("; and 8 more")
    assert few[1].startswith("4 restarts are too few: a family of 18 tests needs at least 9 ")
    assert behind == [
        "regressed: flask-gthread, weather, 600/s: P95",
        "Head could not be measured in 6 of 10 restarts (first: of 900 requests that arrived 90 were added to the "
        "queue), through its own fault; base could in all of them.",
    ]


def test_the_headline_of_a_pass_is_the_largest_bound() -> None:
    heads = [replace(OK, p95=OK.p95 * (1.02 + 0.004 * (-1) ** number)) for number in range(10)]
    assert lines(open_session(*heads))[0] == "no regression beyond 7 %: at most 2.24 % worse"
    better = [replace(OK, p95=OK.p95 * 0.99)] * 10
    assert lines(open_session(*better))[0] == "no regression beyond 7 %: at most 0 % worse"


def test_the_headline_of_a_pass_holds_for_every_ratio_though_another_is_closer_to_its_tolerance() -> None:
    head = replace(OK, cpu=OK.cpu * 1.015, memory=OK.memory * 1.009)
    cells = [ab_cell(FLASK, CLOSED, number, OK, head) for number in range(1, 11)]
    family = [Gated(FLASK, "weather", CLOSED, name) for name in ("cpu", "memory", "errors")]
    first, second = lines(judge_paired(ab_run(cells, family=family), USUAL))[:2]
    assert first == "no regression beyond 7 %: at most 1.50 % worse"
    assert second.endswith(
        "Least sure is anonymous memory of flask-gthread, weather, 100 users: +0.90 %, at most 0.900 % worse."
    )


def test_a_better_head_passes_where_no_change_for_the_worse_is_tolerated() -> None:
    cells = [ab_cell(FLASK, OPEN, number, OK, replace(OK, p95=OK.p95 * 0.999)) for number in range(1, 11)]
    run = ab_run(cells, family=[Gated(FLASK, "weather", OPEN, "p95")])
    judgement = judge_paired(run, Gate(noise=0.01, fail_on={"p95": 0.0}))
    assert lines(judgement)[0].startswith("improved: ")
    assert lines(replace(judgement, verdict="no regression", deciding=()))[0] == (
        "no regression beyond 0 %: at most 0 % worse"
    )


def test_where_only_shares_are_gated_a_pass_has_no_bound_in_its_headline() -> None:
    cells = [ab_cell(FLASK, CLOSED, number, OK, OK) for number in range(1, 11)]
    judgement = judge_paired(ab_run(cells, family=[Gated(FLASK, "weather", CLOSED, "errors")]), USUAL)
    assert lines(judgement)[0] == "no regression: 1 gated figure, each within its threshold"


def test_code_that_did_not_change_is_said_to_be_why_nothing_was_measured() -> None:
    run = session(Recipe(restarts=0))
    assert run.ab is not None
    judgement = judge_paired(replace(run, ab=replace(run.ab, unchanged=True), notes=("a note",)), USUAL)
    said = lines(judgement)
    assert said[:2] == [
        "no regression: nothing measured, because nothing changed that the services run or read",
        "Code, lock file and the data that was read are the same on both sides. --anyway measures all the same.",
    ]
    assert "- a note" in said
    assert "It was to be judged" not in text(judgement)
    assert "Change is head compared" not in text(judgement)


@pytest.mark.parametrize(
    ("restarts", "looks", "said", "level"),
    [
        (
            10,
            (10, 13, 16, 20),
            "after 10, 13, 16 and 20 restarts, and was decided after 10.",
            "at most 0.0125, a share",
        ),
        (4, (10,), "after 10 restarts, and was not decided.", "at most 0.05 and"),
    ],
)
def test_a_session_says_when_it_was_to_be_judged_and_when_it_was(
    restarts: int, looks: tuple[int, ...], said: str, level: str
) -> None:
    run = session(Recipe(restarts=restarts, effects={(FLASK, "cpu"): 1.01}, touched=STACKS))
    assert run.ab is not None
    words = " ".join(text(judge_paired(replace(run, ab=replace(run.ab, looks=looks)), USUAL)).split())
    assert f"It was to be judged {said}" in words
    assert level in words
    assert ("of 0.05 because there are up to 4 looks" in words) is (len(looks) > 1)


def test_two_runs_pass_by_their_intervals_and_have_no_tolerance() -> None:
    words = " ".join(text(judge_unpaired(ordinary(), ordinary(), Gate(noise=0.1))).split())
    assert words.startswith("no regression: 14 gated figures, each within its threshold")
    assert "Passed: the whole interval lies within it." in words
    assert "tolerance" not in words


def failing_session(base: Figures, head: Figures) -> Judgement:
    """Head, or both sides, fail requests under both loads; nothing else changes for the worse."""
    cells = [
        ab_cell(FLASK, load, number, *(replace(one, errors=one.errors + 0.0001 * (number % 2)) for one in (base, head)))
        for number in range(1, 11)
        for load in (CLOSED, OPEN)
    ]
    gated = ((CLOSED, ("throughput", "memory", "errors")), (OPEN, ("p95", "errors")))
    return judge_paired(
        ab_run(cells, family=[Gated(FLASK, "weather", load, name) for load, names in gated for name in names]), USUAL
    )


@pytest.mark.parametrize("share", [0.02, 0.97])
def test_where_failures_are_what_regressed_the_headline_says_so_with_both_shares(share: float) -> None:
    detail = f"{100 * share:.3g} % of the requests failed: {10_000 * share:.0f} x status 503"
    errors = Problem("service errors", detail, ("latency", "cpu"))
    bad = Figures(throughput=2 * OK.throughput, errors=share, outcome="degraded", problems=(errors,))
    judgement = failing_session(OK, bad)
    first, second = lines(judgement)[:2]
    assert first.startswith(
        f"regressed: flask-gthread, weather, 100 users: failed requests 0.00500 % in base and {100 * share:.3g}"
    )
    assert re.search(r" % in base and [0-9.]+ % in head, \+[0-9.]+ points \(", first)
    assert second.startswith(f"Head was not ok in 10 of 10 restarts (first: degraded: {detail}); base always was")
    assert "flask-gthread, weather, 100 users: failed requests 0.00500 % in" in comment(judgement).partition("\n")[0]
    assert json.loads(figures(judgement))["headline"] == first


def test_the_first_wrong_answers_of_each_side_are_shown_those_of_head_first() -> None:
    busy, other = (WrongAnswer(f"status {code}", code, (), "busy", 4, "status 200") for code in (503, 500))
    run = session(Recipe(restarts=1))
    cell = run.cells[0]
    base, head = (
        replace(one, wrong_answers=kept) for one, kept in zip(cell.measurements, [(busy,), (busy, other)], strict=True)
    )
    judgement = judge_paired(replace(run, cells=(replace(cell, measurements=(base, head)), *run.cells[1:])), USUAL)
    (section,) = [one for one in verdict(judgement).blocks if isinstance(one, Section) and one.name == "wrong-answers"]
    place = f"{cell.stack} on {cell.scenario}"
    assert section.blocks == points(
        [
            f"Head, {place}: {described(busy)}",
            f"Head, {place}: {described(other)}",
            f"Base, {place}: {described(busy)}",
        ]
    )
    assert f"Head, {place}: status 503: expected status 200, body of 4 bytes: busy" in " ".join(text(judgement).split())


def test_where_a_failing_base_fails_more_the_headline_says_so_too() -> None:
    errors = Problem("service errors", "3 % of the requests failed", ("latency", "cpu"))
    few, many = (Figures(errors=share, outcome="degraded", problems=(errors,)) for share in (0.03, 0.6))
    faster = replace(many, throughput=3 * OK.throughput)
    first = lines(failing_session(few, faster))[0]
    assert first.startswith("regressed: flask-gthread, weather, 100 users: failed requests 3.0")
    assert "% in base and 60.0 % in head, +57.00 points (" in first


def test_sides_that_ran_the_same_code_are_said_to_have() -> None:
    said = " ".join(text(judge_paired(session(Recipe(touched=())), USUAL)).split())
    assert "Base and head ran and read the same files. A difference is noise, or comes from elsewhere" in said
    assert "Base and head run the same code here" not in said


def test_nothing_but_the_first_two_lines_is_wider_than_the_page(slower: Judgement) -> None:
    assert max(map(len, lines(slower)[2:])) <= PIPED_WIDTH
    assert len(lines(slower)[0]) > PIPED_WIDTH
    assert max(map(len, text(slower, width=60).split("\n")[2:])) <= 60


@pytest.mark.parametrize("setting", [("FORCE_COLOR", "1"), ("COLUMNS", "40"), ("TTY_COMPATIBLE", "1")])
def test_a_pipe_gets_no_colour_and_a_terminal_does(
    slower: Judgement, setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = text(slower)
    assert "\x1b" not in before
    assert text(slower, colour=True).startswith("\x1b[1mregressed: ")
    monkeypatch.setenv(*setting)
    assert text(slower) == before


def test_names_are_text_and_not_markup() -> None:
    evil = "[bold]x[/]\x1b[31m\nnext"
    run = ab_run([ab_cell(FLASK, CLOSED, 1, OK, OK)], restarts=1)
    assert run.ab is not None
    judgement = judge_paired(replace(run, ab=replace(run.ab, base=replace(run.ab.base, ref=evil))), USUAL)
    assert r"[bold]x[/]\x1b[31m next" in " ".join(text(judgement).split())


def test_a_brief_verdict_has_every_finding_of_the_whole_one_the_gravest_first(slower: Judgement) -> None:
    whole, brief = (list(within(verdict(slower, brief=one).blocks)) for one in (False, True))
    lines = [[cell.text for cell in row] for block in whole if isinstance(block, Table) for row in block.rows]
    told = [[cell.text for cell in row] for block in brief if isinstance(block, Table) for row in block.rows]
    assert sorted(line[2:] for line in told) == sorted(lines)
    assert told[0][-1] == "regressed"
    assert [block.title for block in brief if isinstance(block, Section)] == ["Findings", "Control"]
    names = [block.name for block in whole if isinstance(block, Section)]
    assert len(names) == len(set(names))


def test_of_very_many_differences_the_first_are_shown_and_the_rest_counted(slower: Judgement) -> None:
    found = tuple(Difference(f"versions.{number}", "1" * 5000, "2") for number in range(MOST_DIFFERENCES + 5))
    document = verdict(replace(slower, verdict="not comparable", differences=found))
    table = next(block for block in within(document.blocks) if isinstance(block, Table))
    assert len(table.rows) == MOST_DIFFERENCES
    assert max(len(cell.text) for row in table.rows for cell in row) == 1000
    assert Paragraph("5 differences more: --json has all of them.") in list(within(document.blocks))
    assert len(document.lead) < 1000


def with_counts(run: Run, *changes: float) -> Judgement:
    """The verdict with counted instructions, each in one layout of memory; the first of them in three."""
    base = Counted(FLASK, "health", 1, 100, 40_000_000)
    heads = [replace(base, instructions=round(base.instructions * (1 + change))) for change in changes]
    pairs = [CountedPair(base, head) for head in heads]
    pairs[0] = replace(pairs[0], again=((base, heads[0]), (base, heads[0])))
    assert run.ab is not None
    return judge_paired(replace(run, ab=replace(run.ab, instructions=tuple(pairs))), USUAL)


def test_counted_instructions_have_a_table_and_may_be_the_headline() -> None:
    found = with_counts(session(Recipe()), 0.0231, -0.0001)
    said = text(found)
    assert lines(found)[:2] == [
        "regressed: flask-gthread, health, 1 user: instructions per request +2.3 %",
        "The median of 3 layouts of memory: +2.31 %, +2.31 %, +2.31 %.",
    ]
    assert "Instructions per request" in said
    assert re.search(r"health, 1 user +400 k +409 k +\+2.3 % +regressed", said)
    assert re.search(r"health, 1 user +400 k +400 k +0.0 % +passed", said)
    assert "valgrind" in said
    assert "Regressed: flask-gthread, health" not in said  # the second line says so already


def test_counts_within_their_gates_are_told_where_head_passes() -> None:
    assert lines(with_counts(session(Recipe()), 0.0, 0.001))[1].endswith(
        " worse. 2 counts of instructions, each within its gate."
    )


def test_counted_instructions_are_in_a_comment_and_in_json() -> None:
    found = with_counts(session(Recipe()), 0.0231)
    assert "instructions per request" in comment(found)
    one = next(each for each in json.loads(figures(found))["findings"] if each["metric"] == "instructions")
    assert (one["unit"], one["gated"], one["verdict"], one["p_adjusted"]) == ("instructions", True, "regressed", None)
    assert (one["base"], one["head"], one["threshold"]) == (400_000, 409_240, 0.01)
