"""What is said of a trend."""

from dataclasses import replace

from bench.judge.history.trend import trend
from bench.model.run import Run
from bench.show.history.document import document
from bench.show.text.markdown import render
from bench.show.text.terminal import render as terminal
from tests.unit.builders import FLASK, changed, plan, run_of
from tests.unit.judge.history.made_up import FLAT, STEP, night, nights


def said(runs: list[Run]) -> str:
    return render(document(trend(runs, 0.05)))


def section(text: str, title: str) -> str:
    """The text below a heading, up to the next of the same level."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_a_step_is_named_with_the_run_and_the_commit_where_it_began() -> None:
    text = section(said(nights(STEP)), "Steps")
    assert text.startswith(
        "\n- fastapi against flask on weather, capacity with P95 within 200 ms: 1.00\u00d7 until night-06, "
        "0.80\u00d7 since night-07 (commit 7000000): -"
    )
    assert "machine" not in text


def test_changes_in_the_working_tree_are_said_beside_the_commit() -> None:
    runs = nights(STEP)
    runs[6] = replace(runs[6], dirty=True)
    assert "(commit 7000000, with uncommitted changes)" in said(runs)
    runs[6] = replace(runs[6], commit=None)
    assert "(no commit)" in said(runs)


def test_without_a_step_the_size_that_would_show_is_in_the_tables() -> None:
    text = said(nights())
    assert text.startswith("# Trend of 12 runs\n\n13 figures from night-01 to night-12: no step shown.")
    assert "No step was shown in 13 figures." in section(text, "Steps")
    assert "| stack | runs | first | newest | scatter | would show | steps |" in section(text, "Ratios within a run")
    assert "machine" not in section(text, "Steps")
    assert "Left out" not in text


def test_too_few_runs_are_said_with_the_number_that_a_step_takes() -> None:
    text = section(said(nights(STEP[:4], FLAT[:4])), "Steps")
    assert text.strip() == (
        "A step takes at least 5 runs, 2 of them on each side of it, and no figure has more than 4 runs."
    )


def test_figures_in_which_no_step_would_show_are_counted() -> None:
    text = section(said(nights(FLAT[:6], FLAT[:6], other_from=3)), "Steps")
    capacities_and_absolute_figures = 8
    assert text.strip() == (
        "No step was shown in 13 figures. The tables say which size would show; "
        f"in {capacities_and_absolute_figures} of them none would."
    )


def test_what_stepped_where_the_machine_changed_is_no_step() -> None:
    text = said(nights(levels=STEP, other_from=6))
    assert "No step was shown" in section(text, "Steps")
    machine = section(text, "The machine changed before night-07")
    assert "- CPU model: Other CPU, was Example CPU @ 2.00GHz." in machine
    assert "These figures stepped where the machine changed, which says nothing of the code:" in machine
    assert "weather, capacity with P95 within 200 ms: flask " in machine
    assert " in run 7 (machine) |" in section(text, "Capacity")
    assert "| 7 | night-07 | 2026-02-07 03:00 | 7000000 | CPU model |" in section(text, "Runs")


def test_a_ratio_that_stepped_where_the_machine_changed_says_both() -> None:
    text = section(said(nights(STEP, other_from=6)), "Steps")
    assert "Between these two runs the machine changed, too (CPU model)." in text


def test_a_change_of_the_machine_that_moved_nothing_is_said_alone() -> None:
    machine = section(said(nights(other_from=6)), "The machine changed before night-07")
    assert machine.strip() == "- CPU model: Other CPU, was Example CPU @ 2.00GHz."


def test_what_is_left_out_is_named_with_the_reason_and_the_runs() -> None:
    runs = nights()
    runs[3] = replace(runs[3], searches=())
    text = section(said(runs), "Left out")
    assert (
        "- fastapi against flask on weather, capacity with P95 within 200 ms: there is no reliable figure (night-04)."
    ) in text
    few = [replace(run, searches=() if place > 2 else run.searches) for place, run in enumerate(nights())]
    text = section(said(few), "Left out")
    assert "(night-04, night-05, night-06 and 6 runs more)." in text
    assert "Fewer than the 5 runs that a step takes: fastapi against flask on weather, capacity" in text


def test_runs_without_a_figure_in_common_have_a_trend_that_says_so() -> None:
    empty = [replace(night(number), cells=(), searches=()) for number in (1, 2)]
    text = said(empty)
    assert "0 figures from night-01 to night-02: no step shown." in text
    assert "no figure has more than 0 runs" in text


def test_names_from_other_peoples_files_are_no_markup() -> None:
    name = "<b>*x*</b>"
    run = run_of(plan({"flask": FLASK, name: FLASK}, {"weather": (10,)}, rounds=1))
    text = said([replace(run, id=f"{number}{name}", started=f"2026-01-0{number}") for number in (1, 2)])
    assert "<b>" not in text
    assert "&lt;b&gt;" in text


def test_a_terminal_of_80_columns_is_wide_enough() -> None:
    lines = terminal(document(trend(nights(STEP, other_from=6), 0.05)), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("fastapi ") for line in lines) >= 8  # no name is broken


def test_a_ratio_of_stacks_that_were_not_treated_alike_is_never_shown_without_it() -> None:
    runs = [
        replace(run, cells=tuple(changed(one, connections=float(one.stack == "fastapi")) for one in run.cells))
        for run in nights(STEP)
    ]
    text = said(runs)
    step = next(line for line in section(text, "Steps").splitlines() if "against flask on weather, throughput" in line)
    assert step.endswith(", fastapi got a new connection for each request.")
    assert "| fastapi \\[1\\] |" in section(text, "Ratios within a run")
    assert "a new connection for each request: that takes time and CPU" in section(text, "Notes")
