"""Which figures of several runs are alike."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.judge.history.series import LeftOut, Series, gathered
from bench.model.config import Closed, Plan, Timing
from bench.model.run import Run
from tests.unit.builders import broken, changed
from tests.unit.judge.capacity.test_rows import search
from tests.unit.judge.history.made_up import night

RUNS = [night(number) for number in (1, 2, 3)]


def configured(run: Run, change: Callable[[Plan], Plan]) -> Run:
    return replace(run, config=change(run.config))


def stack(run: Run, name: str, **changes: Any) -> Run:
    return configured(
        run, lambda plan: replace(plan, stacks={**plan.stacks, name: replace(plan.stacks[name], **changes)})
    )


def profile(run: Run, **changes: Any) -> Run:
    return configured(run, lambda plan: replace(plan, profile=replace(plan.profile, **changes)))


def of(series: tuple[Series, ...], part: str, metric: str, name: str = "fastapi") -> list[int]:
    """The places of the runs that the series has."""
    found = [one for one in series if (one.subject.part, one.subject.metric, one.subject.stack) == (part, metric, name)]
    return [point.run for one in found for point in one.points]


def reasons(left_out: tuple[LeftOut, ...]) -> set[tuple[int, str]]:
    return {(one.run, one.why) for one in left_out}


def test_ratios_come_first_then_capacities_then_absolute_figures() -> None:
    series, left_out = gathered(RUNS)
    assert left_out == ()
    assert [(one.subject.part, one.subject.stack, one.subject.metric) for one in series] == [
        ("ratios", "fastapi", "capacity"),
        *(("ratios", "fastapi", metric) for metric in ("throughput", "p95", "memory", "cpu")),
        *(("capacity", name, "capacity") for name in ("flask", "fastapi")),
        *(("absolute", name, metric) for name in ("flask", "fastapi") for metric in ("throughput", "p95", "memory")),
    ]
    assert all([point.run for point in one.points] == [0, 1, 2] for one in series)
    assert series[0].points[0].found.values == (1.0, 1.0)
    assert series[0].subject.against == "flask"


def test_what_had_other_settings_than_in_the_newest_run_is_left_out_and_said() -> None:
    series, left_out = gathered([stack(RUNS[0], "flask", workers=4), *RUNS[1:]])
    assert of(series, "ratios", "capacity") == [1, 2]
    assert of(series, "absolute", "throughput", "flask") == [1, 2]
    assert of(series, "absolute", "throughput", "fastapi") == [0, 1, 2]
    assert reasons(left_out) == {(0, "other settings than in the newest run (stacks.flask.workers)")}


def test_a_title_is_no_setting() -> None:
    assert gathered([stack(RUNS[0], "flask", title="another"), *RUNS[1:]])[1] == ()


def test_the_newest_run_that_has_a_figure_says_what_it_means() -> None:
    old = [stack(run, "fastapi", threads=8) for run in RUNS[:2]]
    without = replace(profile(RUNS[2], stacks=("flask",), compare=None), cells=RUNS[2].cells[:2], searches=())
    series, left_out = gathered([*old, without])
    assert of(series, "absolute", "throughput", "fastapi") == [0, 1]
    assert (2, "not measured") in reasons(left_out)


def test_servers_started_for_another_highest_load_are_others_where_the_load_is_in_their_command() -> None:
    sized = [stack(run, "flask", argv=("serve", "--threads", "{users}")) for run in RUNS]
    higher = profile(sized[0], loads={"weather": (Closed(users=10), Closed(users=900))})
    series, left_out = gathered([higher, *sized[1:]])
    assert of(series, "absolute", "memory", "flask") == [1, 2]
    assert of(series, "ratios", "memory") == [1, 2]
    assert of(series, "absolute", "memory", "fastapi") == [0, 1, 2]
    assert (0, "its stacks were started for up to 900 requests in flight, not 500") in reasons(left_out)


def test_a_bound_is_no_figure() -> None:
    bounded = (search("flask", 1, 500.0), search("fastapi", 1, 900.0, "at least", "it was the most"))
    series, left_out = gathered([replace(RUNS[0], searches=bounded), *RUNS[1:]])
    assert of(series, "ratios", "capacity") == [1, 2]
    assert of(series, "capacity", "capacity", "fastapi") == [1, 2]
    assert of(series, "capacity", "capacity", "flask") == [0, 1, 2]
    assert reasons(left_out) == {(0, "only a bound was found")}


def test_a_figure_with_failed_requests_is_left_out() -> None:
    cells = tuple(
        broken(one, ok=50, errors={"status 500": 50}) if one.stack == "flask" else one for one in RUNS[0].cells
    )
    series, left_out = gathered([replace(RUNS[0], cells=cells), *RUNS[1:]])
    assert of(series, "absolute", "throughput", "flask") == [1, 2]
    assert of(series, "ratios", "throughput") == [1, 2]
    assert (0, "requests failed (flask)") in reasons(left_out)


def test_a_figure_that_a_run_planned_and_does_not_have_is_told_from_one_that_it_did_not_plan() -> None:
    half = replace(RUNS[0], cells=RUNS[0].cells[:2])
    assert reasons(gathered([half, *RUNS[1:]])[1]) == {(0, "there is no reliable figure")}
    other = profile(RUNS[0], loads={"weather": (Closed(users=20),)}, sought={})
    assert reasons(gathered([replace(other, cells=(), searches=()), *RUNS[1:]])[1]) == {(0, "not measured")}


@pytest.mark.parametrize("place", [0, 2])
def test_a_stack_that_ran_already_is_left_out(place: int) -> None:
    runs = [
        stack(run, "flask", url="http://127.0.0.1:1") if number == place else run for number, run in enumerate(RUNS)
    ]
    series, left_out = gathered(runs)
    assert of(series, "absolute", "throughput", "flask") == ([1, 2] if place == 0 else [])
    assert left_out


def reconnecting(run: Run, name: str) -> Run:
    """The run with a new connection for each request of this stack."""
    cells = tuple(changed(one, connections=1.0 if one.stack == name else 0.01) for one in run.cells)
    return replace(run, cells=cells)


def test_a_ratio_of_stacks_that_were_not_treated_alike_says_so_if_they_never_were() -> None:
    series, left_out = gathered([reconnecting(run, "fastapi") for run in RUNS])
    assert left_out == ()
    assert {one.reconnected for one in series if one.subject.metric == "throughput"} == {"fastapi", None}
    assert of(series, "ratios", "throughput") == [0, 1, 2]


def test_a_ratio_of_stacks_that_were_treated_otherwise_in_the_newest_run_is_left_out() -> None:
    series, left_out = gathered([reconnecting(RUNS[0], "fastapi"), *RUNS[1:]])
    assert of(series, "ratios", "throughput") == [1, 2]
    assert of(series, "ratios", "capacity") == [0, 1, 2]
    why = "which stack got a new connection for each request is not as in the newest run"
    assert reasons(left_out) == {(0, why)}


def test_another_length_of_the_window_makes_other_figures_but_no_other_capacities() -> None:
    series, left_out = gathered([profile(RUNS[0], timing=Timing(0.1, 0.2, 0.3)), *RUNS[1:]])
    assert of(series, "ratios", "p95") == of(series, "absolute", "memory") == [1, 2]
    assert of(series, "ratios", "capacity") == of(series, "capacity", "capacity") == [0, 1, 2]
    assert reasons(left_out) == {(0, "the lengths of warm-up and window are not those of the newest run")}
