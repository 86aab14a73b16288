import io
import re

import pytest
from rich.console import Console

from bench.model.cell import Cell, CellKey, Distribution, Measurement, Problem
from bench.model.config import Closed
from bench.model.wrong_answer import WrongAnswer
from bench.run.session.progress import RunProgress

KEY = CellKey("one[workers=2]", "look", Closed(users=10), 1, 0)
TWO, THREE = (CellKey("two", "look", Closed(users=10), 1, order) for order in (1, 2))


LATENCY_S = Distribution(0.05, 0.05, 0.09, 0.104, 0.2, 0.3)


def cell(*measurements: Measurement) -> Cell:
    return Cell(KEY.stack, KEY.scenario, KEY.load, KEY.round, KEY.order, measurements)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr("bench.run.session.progress.time.monotonic", lambda: clock[0])
    return clock


def test_without_a_terminal_it_is_a_plain_log_of_whole_lines(now: list[float]) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=False, soft_wrap=True)
    with RunProgress([(KEY, 10.0), (TWO, 10.0), (THREE, 10.0)], console) as shown:
        shown.phase(KEY, "warm up")
        now[0] += 20.0
        shown.finish(
            cell(Measurement("ok", (Problem("users idle", "[bold] is no markup"),), throughput_rps=123.4)), KEY
        )
        now[0] += 30.0
        shown.fail(TWO, "in phase start server: [red]gone[/red]")
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("1/3 one[workers=2], look, 10 users, round 1: ok, 123/s, P95 unreliable")
    assert lines[0].endswith("(0:40 left)")
    assert lines[1] == "    users idle: [bold] is no markup"
    assert lines[2] == "2/3 two, look, 10 users, round 1: FAILED in phase start server: [red]gone[/red]"
    assert len(lines) == 3
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_it_shows_cell_phase_and_time_left(now: list[float]) -> None:
    out = io.StringIO()
    with RunProgress([(KEY, 30.0), (TWO, 30.0)], Console(file=out, force_terminal=True, width=120)) as shown:
        shown.phase(KEY, "warm up")
        now[0] += 10.0
        shown.phase(KEY, "measure", "940/s, P95 104 ms")
    assert "one[workers=2], look, 10 users, round 1: running, warm up (1:00 left)" in out.getvalue()
    assert "round 1: running, measure, 940/s, P95 104 ms (0:50 left)" in out.getvalue()


def test_a_cell_is_running_in_every_phase_until_it_is_judged(now: list[float]) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, highlight=False, soft_wrap=True, width=120)
    with RunProgress([(KEY, 30.0), (TWO, 30.0)], console) as shown:
        for phase in ("start server", "warm up", "measure", "drain", "judge", "record"):
            shown.phase(KEY, phase, "9000/s, P95 1.00 ms")
        lines = [line for line in re.split(r"[\r\n]", out.getvalue()) if "round 1" in line]
        assert len(lines) >= 6
        assert all("round 1: running, " in line for line in lines)
        now[0] += 1.0
        shown.finish(cell(Measurement("degraded", throughput_rps=12.0)), KEY)
        judged = out.getvalue().rpartition("round 1: degraded, 12.0/s, ")
        assert judged[1]
        assert "running" not in judged[2]


@pytest.mark.usefixtures("now")
def test_a_cell_of_an_ab_has_the_figures_and_problems_of_each_side() -> None:
    out = io.StringIO()
    base = Measurement("ok", throughput_rps=123.4, latency_s=LATENCY_S)
    late = Problem("generator late", "sent 9 ms late", ("latency",))
    head = Measurement("invalid", (late,), throughput_rps=100.0, latency_s=LATENCY_S)
    with RunProgress([(KEY, 10.0)], Console(file=out, force_terminal=False, soft_wrap=True)) as shown:
        shown.finish(cell(base, head), KEY)
    first, second = out.getvalue().splitlines()
    assert "round 1: invalid, base 123/s, P95 104 ms; head 100/s, P95 unreliable (" in first
    assert second == "    head generator late: sent 9 ms late"


@pytest.mark.usefixtures("now")
def test_the_first_wrong_answers_of_a_cell_are_shown_with_the_side_that_gave_them() -> None:
    out = io.StringIO()
    busy = WrongAnswer("status 503", 503, (), "[bold]busy", 10, "status 200")
    base, head = Measurement("ok"), Measurement("degraded", wrong_answers=(busy,))
    with RunProgress([(KEY, 10.0), (TWO, 10.0)], Console(file=out, force_terminal=False, soft_wrap=True)) as shown:
        shown.finish(cell(head), KEY)
        shown.finish(cell(base, head), TWO)
    lines = out.getvalue().splitlines()
    assert lines[1] == "    first status 503: expected status 200, body of 10 bytes: [bold]busy"
    assert lines[3] == "    head first status 503: expected status 200, body of 10 bytes: [bold]busy"
