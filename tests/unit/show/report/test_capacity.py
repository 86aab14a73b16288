"""What a report says of capacities."""

from dataclasses import replace

import pytest

from bench.judge.stacks.rows import rows
from bench.model.run import Run
from bench.model.search import Search
from bench.show.report import capacity
from bench.show.report.answer import answer
from bench.show.text import markdown
from bench.show.text.document import Document, Note
from bench.show.text.footnotes import footnotes, numbered
from tests.unit.builders import cell
from tests.unit.judge.capacity.test_rows import SOUGHT, at_common_rate, run, search, step

FLASK = (500.0, 520.0, 510.0)


def fastapi(*rates: float) -> Run:
    return run(
        *(search("flask", n, rate) for n, rate in enumerate(FLASK, start=1)),
        *(search("fastapi", n, rate) for n, rate in enumerate(rates, start=1)),
    )


def told(found: Run) -> str:
    return " ".join(capacity.sentences(found))


def shown(found: Run) -> str:
    section = capacity.section(found)
    assert section is not None
    return markdown.render(Document("", "", (section,)))


def test_a_stack_that_carries_more_is_compared_with_the_other() -> None:
    said = told(fastapi(1000.0, 1050.0, 1010.0))
    assert said.startswith(
        "Within P95 200 ms on weather, fastapi carries 1020/s (957\u20131090) on one core, 2.00\u00d7 ("
    )
    assert "as much as flask (510/s, 486\u2013535)." in said


def test_a_stack_that_serves_far_less_under_overload_than_it_carries_is_told_of() -> None:
    found = fastapi(1000.0, 1050.0, 1010.0)

    def said(users: int, served_rps: float) -> str:
        cells = [cell("fastapi", users, n, throughput_rps=served_rps + n) for n in (1, 2, 3)]
        return " ".join(capacity.overloaded(found, rows(cells, found.config)))

    assert said(100, 300.0) == (
        "On weather with 100 users, fastapi serves 302/s, less than half of the 1020/s that it carries: with more "
        "requests in flight it serves fewer."
    )
    assert said(100, 600.0) == ""
    assert said(10, 300.0) == ""  # so few users cannot keep it busier than that


@pytest.mark.parametrize(
    ("rates", "word"),
    [
        ((490.0, 560.0, 500.0), "no difference between fastapi and flask on one core"),
        ((501.0, 521.0, 509.0), "fastapi carries the same as flask on one core"),
    ],
)
def test_no_difference_is_claimed_that_was_not_shown(rates: tuple[float, ...], word: str) -> None:
    assert word in told(fastapi(*rates))


def test_a_ratio_of_a_single_round_shows_no_difference_and_is_not_called_none() -> None:
    said = told(run(search("flask", 1, 500.0), search("fastapi", 1, 900.0)))
    assert (
        "fastapi carried 1.80\u00d7 as much as flask on one core (500/s) in a single round, which has no interval: "
        "--rounds 3 shows whether they differ"
    ) in said
    assert "no difference" not in said


def test_a_lower_bound_is_called_one() -> None:
    found = run(search("flask", 1, 500.0), search("fastapi", 1, 900.0, "at least", "it was the most"))
    assert "at least 1.80\u00d7" in told(found)
    assert "at least 900/s" in shown(found)
    section = capacity.section(found)
    assert section is not None
    notes = list(numbered(Document("", "", (section,))))
    assert notes == [Note("at least: a higher rate could not be tried", "fastapi on weather: it was the most")]


def test_searches_that_ended_alike_share_a_footnote_and_each_reason_is_said_once() -> None:
    late = [search("flask", n, 500.0, "at least", "not sent beyond 500/s") for n in (1, 2)]
    section = capacity.section(run(*late, search("fastapi", 1, 900.0, "at least", "not sent beyond 900/s")))
    assert section is not None
    (one,) = footnotes(numbered(Document("", "", (section,))))
    assert one.rows == ("flask on weather: not sent beyond 500/s", "fastapi on weather: not sent beyond 900/s")


def test_a_stack_whose_server_was_harmed_in_more_than_one_round_has_a_note() -> None:
    def harmed(number: int) -> Search:
        steps = (step(500.0), step(520.0, "exceeded"), step(400.0, "exceeded"), step(400.0, part="check"))
        return search("flask", number, 500.0, "found", "", *steps)

    def notes(*searches: Search) -> list[Note]:
        section = capacity.section(run(*searches))
        assert section is not None
        return list(numbered(Document("", "", (section,))))

    assert notes(harmed(1), harmed(2), search("flask", 3, 500.0)) == [
        Note(capacity.HARMED, "flask on weather: in 2 of 3 rounds")
    ]
    assert notes(harmed(1), search("flask", 2, 500.0)) == []


def test_a_stack_that_never_met_the_objective_carries_nothing_and_that_is_said() -> None:
    why = "even at 1/s, the lowest rate that is tried"
    found = run(search("flask", 1, 500.0), search("fastapi", 1, None, "never", why))
    assert f"fastapi never kept P95 within 200 ms on weather, {why}." in told(found)
    assert "flask carries 500/s on one core" in told(found)
    assert "| fastapi | 0 " in shown(found)


def test_what_is_not_known_is_no_answer() -> None:
    found = run(search("flask", 1, 500.0), search("fastapi", 1, None, "not known", "the load generator was late"))
    limits = list(capacity.limits(found))
    assert "The capacity of fastapi on weather is not known: the load generator was late." in limits
    assert "The capacity of flask is from a single round and has no interval." in limits


def test_the_plan_follows_from_the_interval_and_says_what_it_assumes() -> None:
    said = shown(fastapi(1000.0, 1050.0, 1010.0))
    assert "For 5000/s on weather: 10 to 11 cores of flask and 5 to 6 cores of fastapi" in said
    assert "if twice the cores carry twice as much, which was not measured." in said
    assert "For 5000/s" not in shown(run(search("flask", 1, 500.0)))


def test_a_run_of_searches_alone_has_an_answer() -> None:
    found = answer(fastapi(1000.0, 1050.0, 1010.0), (), ())
    assert found.sentences[0].startswith("Within P95 200 ms")
    assert "Nothing was measured." not in found.sentences
    assert answer(replace(fastapi(), searches=()), (), ()).sentences[0] == "Nothing was measured."


def test_a_run_without_searches_has_no_section() -> None:
    assert capacity.section(run()) is None


def test_each_scenario_has_a_plan_of_its_own_and_the_kind_of_arrivals_is_told() -> None:
    found = fastapi(1000.0, 1050.0, 1010.0)
    other = tuple(replace(one, scenario="slow", rate_rps=(one.rate_rps or 0.0) / 10) for one in found.searches)
    profile = replace(found.config.profile, sought=dict.fromkeys(("weather", "slow"), SOUGHT))
    scenarios = {**found.config.scenarios, "slow": found.config.scenarios["weather"]}
    config = replace(found.config, profile=profile, scenarios=scenarios)
    said = shown(replace(found, config=config, searches=(*found.searches, *other)))
    assert "For 5000/s on weather: 10 to 11 cores of flask and 5 to 6 cores of fastapi" in said
    assert "For 5000/s on slow: 94 to 103 cores of flask" in said
    assert "the arrival rate (Poisson arrivals)" in said


def test_the_costs_at_the_common_rate_say_of_how_many_rounds_they_are() -> None:
    def with_common(number: int, cpu_s: float) -> Search:
        common = at_common_rate(38.0, 1.0, 100, cpu_s, "exceeded")
        return search("flask", number, 30.0, "found", "", step(30.0), common)

    costs = shown(run(with_common(1, 0.01), with_common(2, 0.012), search("fastapi", 1, 500.0)))
    assert "| CPU per request at 100/s | achieved at 100/s |" in costs
    assert "11.0 ms (3.44\u201334.9) | 38.0 % |" in costs
    assert "| - | - |" in costs.partition("| fastapi |")[2]
    fewer = shown(run(with_common(1, 0.01), search("flask", 2, 30.0)))
    assert "| 10.0 ms from 1 of 2 rounds | 38.0 % from 1 of 2 rounds |" in fewer
    assert "at 100/s" not in shown(run(search("flask", 1, 500.0)))


def test_of_a_service_that_ran_already_no_cores_are_told() -> None:
    found = run(search("flask", 1, 500.0), search("flask", 2, 510.0))
    there = replace(found.config.stacks["flask"], url="http://127.0.0.1:1", argv=())
    attached = replace(found, config=replace(found.config, stacks={**found.config.stacks, "flask": there}))
    assert told(attached) == "Within P95 200 ms on weather, flask carries 505/s."
    assert "single round" not in " ".join(capacity.limits(attached))
    assert "cores of flask" not in shown(attached)
