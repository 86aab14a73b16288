"""An A/B judged from raw samples whose figures are known to the last digit, because all times are exact in binary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.judge.cell.conditions import Conditions
from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.judge import Recording, judge_cell
from bench.judge.cell.metrics import BY_NAME, PAIRED
from bench.judge.cell.slices import spoiling
from bench.model.cell import (
    Cell,
    CellKey,
    Distribution,
    Measurement,
    MemoryFigure,
    Problem,
    Slice,
    UpstreamServed,
    Window,
)
from bench.model.config import Closed, Load, Open
from bench.model.samples import TABLES, Samples
from tests.unit.builders import FASTAPI, PROBE, plan, readings_of, served
from tests.unit.judge.cell.measured import EVERY_METRIC, problem_names, reliable

PLAN = plan({"loop": FASTAPI}, {"weather": (2,)})
TIMEOUT_S = PLAN.scenarios["weather"].timeout_s
TWO = Closed(users=2)
OFFERED = Open(rate_rps=16.0, arrivals="fixed", max_in_flight=50)
IDLE_S, FIRST_S = 99.0, 100.0
LENGTH_S, DROPPED_S, GAP_S = 1.0, 0.25, 0.0625
BEAT_S = 0.0078125
POLL_S = 0.0078125
"""So long after the last answer the generator sees that nothing is in flight."""

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """A slice: which side is under load, what each answer takes and costs, and what goes wrong in it.

    The last answer of each user, which is drained, takes `drained_s` longer. Request n has `status(n)`. `cores`: how
    much CPU the generator uses while the slice is under load.
    """

    side: int
    took_s: float = 0.125
    cpu_s: float = 0.002
    measured: bool = True
    drained_s: float = 0.0
    status: Callable[[int], int] = lambda _: 200
    beat_late_s: float = 0.0
    send_delay_s: float = 0.0
    cores: float = 0.25


def stalled(turn: Turn) -> Turn:
    return replace(turn, beat_late_s=0.25)


WARMING = (Turn(0, 0.5, 0.5, measured=False), Turn(1, 0.5, 0.5, measured=False))
FIVE_PAIRS = (*WARMING, *(Turn(side) for _ in range(5) for side in (0, 1)))
THREE_PAIRS = (
    *WARMING,
    Turn(0, 0.125, 0.002), Turn(1, 0.25, 0.001),
    Turn(1, 0.25, 0.004), Turn(0, 0.25, 0.004),
    Turn(0, 0.0625, 0.003), Turn(1, 0.125, 0.008),
)  # fmt: skip


def of_base(*turns: Turn) -> tuple[Turn, ...]:
    """These slices of base after a warm-up, each in a pair with a sound one of head."""
    return (*WARMING, *(each for turn in turns for each in (turn, Turn(1))))


@dataclass(frozen=True, slots=True)
class Session:
    """What an A/B left. The sampler reads before any load, in each gap between two slices, and at the end."""

    samples: Samples
    slices: tuple[Slice, ...]
    load: Load

    def hits(self, side: int) -> int:
        asked = (self.samples.measurement == side) & ~np.isin(self.samples.status, (DROPPED, UNSENT))
        return int(asked.sum())

    def judged(self, *upstreams: UpstreamServed) -> Cell:
        conditions = Conditions(PLAN.stacks["loop"], PLAN.scenarios["weather"], self.load, server_cpus=1, load_cpus=1)
        both = upstreams or (served(self.hits(0)), served(self.hits(1)))
        recording = Recording(self.samples, both, PROBE, slices=self.slices)
        return judge_cell(CellKey("loop", "weather", self.load, 3, 11), conditions, recording)

    def sides(self) -> tuple[Measurement, Measurement]:
        base, head = self.judged().measurements
        return base, head

    @property
    def moments_s(self) -> list[float]:
        """When the sampler read."""
        return [float(moment_s) for moment_s in np.unique(self.samples.t_s)]

    def with_readings(self, moments_s: Sequence[float]) -> "Session":
        """The same session with only the readings of these moments."""
        kept = {"readings": np.isin(self.samples.t_s, moments_s), "cores": np.isin(self.samples.cores_t_s, moments_s)}
        read = {
            name: getattr(self.samples, name)[kept[table]] for table in ("readings", "cores") for name in TABLES[table]
        }
        return self.changed(**read)

    def changed(self, **columns: Any) -> "Session":
        """The same session with these columns of its samples."""
        return replace(self, samples=replace(self.samples, **columns))


def session(turns: Sequence[Turn], load: Load = TWO, *, also_read_s: Sequence[float] = ()) -> Session:
    """These turns, one after another. The CPU of a request is used at the moment when it is sent."""
    rows: list[tuple[float, float, float, int, int, int]] = []
    slices: list[Slice] = []
    moments_s = [IDLE_S, *also_read_s]
    begin_s = FIRST_S
    for number, turn in enumerate(turns):
        end_s = begin_s + LENGTH_S
        own = [(begin_s + offset_s, last) for offset_s, last in _offsets_s(load, turn)]
        for count, (scheduled_s, last) in enumerate(own):
            status, sent_s = turn.status(count), scheduled_s + turn.send_delay_s
            gone = status in {DROPPED, UNSENT}
            done_s = sent_s + (0.0 if gone else turn.took_s + turn.drained_s * last)
            rows.append((scheduled_s, sent_s, done_s, status, turn.side, number))
        done_s = max([end_s, *(row[2] for row in rows[-len(own) :])]) + POLL_S
        start_s = begin_s + DROPPED_S if turn.measured else end_s
        slices.append(Slice(number, turn.side, begin_s, start_s, end_s, done_s))
        moments_s.append(begin_s - GAP_S / 2)
        begin_s = done_s + GAP_S
    moments_s.append(slices[-1].done_s + GAP_S / 2)
    return Session(_samples(turns, rows, slices, np.array(sorted(moments_s))), tuple(slices), load)


def _offsets_s(load: Load, turn: Turn) -> list[tuple[float, bool]]:
    """For each request how long after its slice's begin it is scheduled, and whether it is the last of its user."""
    if isinstance(load, Open):
        count = int(LENGTH_S * load.rate_rps)
        return [((number + 0.5) / load.rate_rps, number == count - 1) for number in range(count)]
    each = int(LENGTH_S / turn.took_s)
    return [(number * turn.took_s, number == each - 1) for number in range(each) for _ in range(load.users)]


def _samples(
    turns: Sequence[Turn],
    rows: Sequence[tuple[float, float, float, int, int, int]],
    slices: Sequence[Slice],
    moments_s: NDArray[np.float64],
) -> Samples:
    scheduled_s, sent_s, done_s, status, side, number = (np.array(column) for column in zip(*rows, strict=True))
    beat_s = np.arange(FIRST_S, slices[-1].done_s, BEAT_S)
    late_s = np.zeros(len(beat_s))
    generator_s = np.zeros(len(moments_s))
    for turn, one in zip(turns, slices, strict=True):
        late_s[(beat_s >= one.begin_s) & (beat_s < one.end_s)] = turn.beat_late_s
        generator_s += turn.cores * np.clip(moments_s - one.begin_s, 0.0, LENGTH_S)
    cost_s = np.array([turns[each].cpu_s for each in number])
    used_s = [np.array([cost_s[(side == one) & (sent_s < at_s)].sum() + 1 for at_s in moments_s]) for one in range(2)]
    servers = [
        {
            "pss_bytes": np.full(len(moments_s), (50, 45)[one] * MB),
            "anon_bytes": np.full(len(moments_s), (30, 31)[one] * MB),
            "rss_bytes": np.full(len(moments_s), (80, 81)[one] * MB),
            "uss_bytes": np.full(len(moments_s), (40, 41)[one] * MB),
            "cpu_user_s": used_s[one] * 0.75,
            "cpu_system_s": used_s[one] * 0.25,
            "threads": np.full(len(moments_s), 5 + one),
            "switches": (moments_s - IDLE_S) * 128,
        }
        for one in range(2)
    ]
    readings = readings_of(moments_s, servers, {"generator": 0.0, "upstream": 0.125, "harness": 0.0078125})
    readings["cpu_user_s"][readings["role"] == readings["roles"].index("generator")] = generator_s
    return Samples(
        scheduled_s=scheduled_s,
        sent_s=sent_s,
        done_s=done_s,
        status=status,
        bytes=np.full(len(rows), 40),
        measurement=side,
        route=np.zeros(len(rows), dtype=np.int64),
        slice=number,
        new_connection=np.zeros(len(rows), dtype=np.int64),
        beat_s=beat_s,
        beat_late_s=late_s,
        **readings,
        cores_t_s=moments_s,
        server_steal_s=(moments_s - IDLE_S) * 0.03125,
        load_steal_s=(moments_s - IDLE_S) * 0.015625,
        server_idle_s=np.full(len(moments_s), np.nan),
        load_idle_s=np.full(len(moments_s), np.nan),
    )


def figure(one: Measurement, name: str) -> float:
    """The value of a metric of an A/B, reliable or not."""
    found = PAIRED[name].read(one)
    assert found is not None
    return found


def test_latency_throughput_and_cpu_of_a_side_are_the_medians_of_its_slices() -> None:
    cell = session(THREE_PAIRS).judged()
    base, head = cell.measurements
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", "ok", "ok")
    assert base.problems == head.problems == ()
    # Two users: 2 / took_s answers a second, of 16, 8 and 32 in base, of 8, 8 and 16 in head.
    assert (base.throughput_rps, head.throughput_rps) == (16, 8)
    assert base.latency_s is not None
    assert head.latency_s is not None
    base_s, head_s = 0.125, 0.25
    assert (base.latency_s.p50, base.latency_s.p95, base.latency_s.max) == (base_s, base_s, base_s)
    assert (head.latency_s.p50, head.latency_s.p95, head.latency_s.mean) == (head_s, head_s, head_s)
    assert base.service_s == base.latency_s
    assert base.send_delay_s is head.send_delay_s is None
    assert figure(base, "cpu") == pytest.approx(0.003, rel=1e-9)
    assert figure(head, "cpu") == pytest.approx(0.004, rel=1e-9)


def test_what_happens_in_fewer_than_half_of_the_slices_does_not_show() -> None:
    sound, _ = session(of_base(*[Turn(0)] * 4)).sides()
    bad = Turn(0, took_s=0.5, cpu_s=0.1)
    for others, same in ((1, True), (2, True), (3, False)):
        base, _ = session(of_base(*[bad] * others, *[Turn(0)] * (5 - others))).sides()
        assert (base.latency_s == sound.latency_s) is same
        assert (base.throughput_rps == sound.throughput_rps) is same
        assert (figure(base, "cpu") == pytest.approx(figure(sound, "cpu"), rel=1e-9)) is same


def test_the_cell_of_an_ab_has_what_both_sides_share_and_no_single_measurement() -> None:
    run = session(THREE_PAIRS)
    cell = run.judged()
    assert (cell.stack, cell.scenario, cell.load, cell.round, cell.order) == ("loop", "weather", TWO, 3, 11)
    assert cell.slices == run.slices
    assert cell.window == Window(FIRST_S, run.slices[2].start_s, run.slices[-1].end_s)
    assert cell.timer_lag_s == Distribution(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert cell.probe == PROBE
    assert cell.samples is None
    assert [one.upstream for one in cell.measurements] == [served(run.hits(0)), served(run.hits(1))]
    assert [one.bottleneck for one in cell.measurements] == [None, None]
    with pytest.raises(ValueError, match="too many values to unpack"):
        cell.measurement  # noqa: B018


def test_the_timer_lag_of_an_ab_is_that_of_its_measured_time() -> None:
    cell = session((stalled(WARMING[0]), WARMING[1], *FIVE_PAIRS[2:-1], replace(Turn(1), beat_late_s=0.5))).judged()
    assert cell.timer_lag_s is not None
    assert (cell.timer_lag_s.p50, cell.timer_lag_s.max) == (0.0, 0.5)
    quiet = session((stalled(WARMING[0]), *FIVE_PAIRS[1:])).judged()
    assert quiet.timer_lag_s is not None
    assert quiet.timer_lag_s.max == 0.0


def test_requests_in_flight_of_a_side_are_the_median_of_its_slices() -> None:
    base, head = session(THREE_PAIRS).sides()
    assert (base.in_flight, head.in_flight) == (2.0, 2.0)
    # 16/s that take 1/8 s, but in one slice of the three a quarter of a second.
    base, _ = session(of_base(Turn(0), Turn(0, took_s=0.25), Turn(0)), OFFERED).sides()
    assert base.in_flight == 2.0


def test_what_an_ab_compares_is_read_from_its_measurements() -> None:
    base, _ = session(THREE_PAIRS).sides()
    assert {name: metric.value(base) for name, metric in PAIRED.items()} == {
        "throughput": 16.0,
        "throughput_mean": pytest.approx((16 + 8 + 32) / 3, rel=1e-9),
        "p95": 0.125,
        "memory": 30 * MB,
        "cpu": pytest.approx(0.003, rel=1e-9),
        "cpu_mean": pytest.approx(0.003, rel=1e-9),
        "errors": 0.0,
        "tail": 0.0,
        "tail_mean": 0.0,
    }


def test_what_is_compared_slice_by_slice_stands_in_the_order_of_the_pairs() -> None:
    base, head = session(THREE_PAIRS).sides()
    assert [one.throughput_rps for one in base.slices] == [16.0, 8.0, 32.0]
    assert [one.throughput_rps for one in head.slices] == [8.0, 8.0, 16.0]
    assert [one.p95_s for one in base.slices] == [0.125, 0.25, 0.0625]
    assert [one.p95_s for one in head.slices] == [0.25, 0.25, 0.125]
    assert [one.server_s_per_request for one in base.slices] == pytest.approx([0.002, 0.004, 0.003], rel=1e-9)
    assert [one.server_s_per_request for one in head.slices] == pytest.approx([0.001, 0.004, 0.008], rel=1e-9)
    assert [one.slow_share for one in (*base.slices, *head.slices)] == [0.0] * 6
    assert [one.disturbed for one in (*base.slices, *head.slices)] == pytest.approx([0.03125] * 6)


@pytest.mark.parametrize(("took_s", "share"), [(0.375, 0.0), (0.3828125, 1.0)])
def test_a_request_is_slow_that_takes_longer_than_three_times_the_median_of_base(took_s: float, share: float) -> None:
    turns = [replace(turn, took_s=took_s) if turn.measured and turn.side == 1 else turn for turn in FIVE_PAIRS]
    base, head = session(turns, OFFERED).sides()
    assert [one.slow_share for one in base.slices] == [0.0] * 5
    assert [one.slow_share for one in head.slices] == [share] * 5


def test_a_slow_base_does_not_make_the_requests_of_head_slow() -> None:
    slow = [replace(turn, took_s=0.5) if turn.measured and turn.side == 0 else turn for turn in FIVE_PAIRS]
    assert [one.slow_share for side in session(slow).sides() for one in side.slices] == [0.0] * 10
    once = (*WARMING, Turn(0, took_s=0.5), Turn(1), *FIVE_PAIRS[4:])
    assert [one.slow_share for one in session(once).sides()[0].slices] == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_a_request_that_failed_counts_as_slow_and_one_that_was_not_sent_does_not_count() -> None:
    def ending(status: int) -> Measurement:
        last = replace(Turn(1), status=lambda count: status if count == 15 else 200)
        return session([last if turn.measured and turn.side == 1 else turn for turn in FIVE_PAIRS]).sides()[1]

    assert [one.slow_share for one in ending(TIMEOUT).slices] == pytest.approx([1 / 12] * 5)
    assert [one.slow_share for one in ending(-503).slices] == pytest.approx([1 / 12] * 5)
    assert [one.slow_share for one in ending(UNSENT).slices] == [None] * 5


def with_steal(run: Session, shares: Sequence[float]) -> Session:
    """The session in which the hypervisor took this share of the server's core from before each slice to after it."""
    moments_s, stolen_s = run.samples.cores_t_s, np.zeros(len(run.samples.cores_t_s))
    for one, share in zip(run.slices, shares, strict=True):
        before, after = one.begin_s - GAP_S / 2, one.done_s + GAP_S / 2
        stolen_s += share * (np.clip(moments_s, before, after) - before)
    return run.changed(server_steal_s=stolen_s)


def test_a_slice_in_which_much_of_the_servers_cores_was_taken_has_no_figure_of_speed() -> None:
    shares = [0.0, 0.0, 0.09375, 0.0, 0.125, 0.0, 0.0, 0.125, 0.0, 0.0, 0.0, 0.0]
    turns = [replace(turn, took_s=0.25) if number == 4 else turn for number, turn in enumerate(FIVE_PAIRS)]
    base, head = with_steal(session(turns), shares).sides()
    for side, numbers in ((base, [1]), (head, [2])):
        for number, one in enumerate(side.slices):
            known = [one.throughput_rps, one.p95_s, one.server_s_per_request, one.slow_share]
            assert [figure is None for figure in known] == [number in numbers] * 4
        assert (side.problems, reliable(side), side.throughput_rps) == ((), EVERY_METRIC, 16.0)
    assert [one.disturbed for one in base.slices] == pytest.approx([0.09375, 0.125, 0.0, 0.0, 0.0])
    assert PAIRED["throughput_mean"].value(base) == 16.0


def test_a_side_that_was_disturbed_in_half_of_its_slices_has_no_figure_of_speed() -> None:
    run = session(FIVE_PAIRS)
    shares = [0.2 if one.measurement == 0 and one.number < 8 else 0.0 for one in run.slices]
    base, head = with_steal(run, shares).sides()
    assert (problem_names(base), base.outcome, reliable(base)) == (["other programs"], "invalid", {"memory"})
    assert base.problems[0].detail == (
        "the hypervisor and other programs took 20.0 % of the server's cores (limit 10.0 %)"
    )
    assert (problem_names(head), reliable(head)) == ([], EVERY_METRIC)


def test_what_the_service_did_wrong_in_a_slice_leaves_its_figures_to_be_compared() -> None:
    def slices_of(status: int) -> Measurement:
        short = Turn(0, status=lambda number: status if number == 10 else 200)
        return session(of_base(*[short] * 3), OFFERED).sides()[0]

    dropped, unsent = slices_of(DROPPED), slices_of(UNSENT)
    assert (problem_names(dropped), problem_names(unsent)) == (["arrivals dropped"], ["arrivals not sent"])
    assert all(one.p95_s is not None and one.throughput_rps is not None for one in dropped.slices)
    assert all(one.p95_s is one.throughput_rps is one.slow_share is None for one in unsent.slices)
    assert all(one.server_s_per_request is not None for one in unsent.slices)


def test_a_stalled_generator_costs_a_slice_its_latency_only() -> None:
    base, _ = session(of_base(stalled(Turn(0)), Turn(0), Turn(0))).sides()
    assert [one.p95_s for one in base.slices] == [None, 0.125, 0.125]
    assert [one.slow_share for one in base.slices] == [None, 0.0, 0.0]
    assert [one.throughput_rps for one in base.slices] == [16.0] * 3


@pytest.mark.parametrize("cost_s", [0.001, 0.0123, 0.06])
def test_cpu_per_request_is_exact_to_the_last_tick_whatever_was_left_out_or_drained(cost_s: float) -> None:
    turns = [replace(turn, cpu_s=cost_s, drained_s=0.375) if turn.measured else turn for turn in THREE_PAIRS]
    for one in session(turns).sides():
        assert figure(one, "cpu") == pytest.approx(cost_s, rel=1e-12)


def test_a_reading_in_the_middle_of_a_slice_or_its_drain_does_not_matter() -> None:
    turns = [replace(turn, drained_s=0.5) for turn in FIVE_PAIRS]
    run = session(turns)
    amid_s = [moment_s for one in run.slices for moment_s in (one.begin_s + 0.03125, one.end_s, one.end_s + 0.25)]
    assert session(turns, also_read_s=amid_s).sides()[0].cpu == run.sides()[0].cpu


def test_threads_are_the_most_of_all_readings_around_the_slices() -> None:
    run = session(FIVE_PAIRS)
    after_s = run.slices[4].done_s + GAP_S / 2
    more = run.changed(threads=np.where(run.samples.t_s == after_s, 99, run.samples.threads))
    assert [one.cpu.server_threads for one in more.sides() if one.cpu is not None] == [99, 99]
    assert [one.cpu.server_threads for one in run.sides() if one.cpu is not None] == [5, 6]


def test_readings_at_the_very_moment_when_a_slice_begins_and_when_nothing_is_in_flight_any_more_count() -> None:
    run = session(FIVE_PAIRS)
    moments_s = [IDLE_S, *(moment_s for one in run.slices for moment_s in (one.begin_s, one.done_s))]
    for one in session(FIVE_PAIRS, also_read_s=moments_s[1:]).with_readings(moments_s).sides():
        assert figure(one, "cpu") == pytest.approx(0.002, rel=1e-12)
        assert one.cpu is not None
        assert one.cpu.server_cores == pytest.approx(16 * 0.002 / LENGTH_S, rel=1e-12)


def test_what_the_other_side_does_between_two_readings_does_not_matter() -> None:
    run = session(FIVE_PAIRS)
    # Without a reading between the slices of a pair: base's reading after a slice is then the one before its next.
    own = [one.begin_s - GAP_S / 2 for one in run.slices if one.measurement == 0]
    sparse = run.with_readings([IDLE_S, *own, run.moments_s[-1]])
    assert figure(sparse.sides()[0], "cpu") == pytest.approx(0.002, rel=1e-12)
    wild = run.changed(cpu_user_s=np.where(run.samples.role == 1, 7.0, run.samples.cpu_user_s))
    assert wild.sides()[0] == run.sides()[0]
    assert wild.sides()[1].cpu != run.sides()[1].cpu


def test_a_warm_up_counts_in_nothing_but_the_calls_of_the_upstream() -> None:
    cold = Turn(0, 0.5, 9.0, measured=False, status=lambda number: (200, -503, TIMEOUT)[number % 3], beat_late_s=9.0)
    quiet, loud = session(THREE_PAIRS), session((cold, replace(cold, side=1), *THREE_PAIRS[2:]))
    early = loud.samples.t_s < loud.slices[1].done_s
    more = loud.changed(anon_bytes=loud.samples.anon_bytes + early * 90 * MB)
    for ours, theirs in zip(more.sides(), quiet.sides(), strict=True):
        assert ours.problems == ()
        assert ours.requests == theirs.requests
        assert ours.latency_s == theirs.latency_s
        assert ours.throughput_rps == theirs.throughput_rps
        assert figure(ours, "cpu") == pytest.approx(figure(theirs, "cpu"), rel=1e-9)
        assert figure(ours, "memory") == figure(theirs, "memory")


def test_requests_scheduled_before_the_start_of_a_slice_are_left_out_and_so_are_those_done_before_it() -> None:
    def status(number: int) -> int:
        return -503 if number < 4 else 200  # two of each user, scheduled 0 and 0.125 s after the begin

    turns = [replace(turn, status=status) if turn.measured else turn for turn in FIVE_PAIRS]
    base, _ = session(turns).sides()
    assert base.requests is not None
    assert (base.requests.ok, base.requests.errors) == (5 * 12, 0)
    assert base.throughput_rps == (2 * 5) / 0.75  # the two that failed are done at its start and are no right answers


def test_a_drained_request_counts_in_the_latency_of_the_slice_that_sent_it_and_in_no_throughput() -> None:
    turns = [replace(turn, drained_s=0.5) if turn.measured and turn.side == 0 else turn for turn in FIVE_PAIRS]
    base, head = session(turns).sides()
    assert base.latency_s is not None
    assert base.requests is not None
    assert (base.latency_s.p50, base.latency_s.max) == (0.125, 0.625)
    assert base.latency_s.mean == pytest.approx((5 * 0.125 + 0.625) / 6)
    assert base.throughput_rps == head.throughput_rps == 16.0
    assert base.requests.ok == 5 * 12
    once = session([replace(turn, drained_s=0.5) if number == 2 else turn for number, turn in enumerate(FIVE_PAIRS)])
    found = once.sides()[0].latency_s
    assert found is not None
    assert found.max == 0.125  # and in no other slice


def test_requests_are_added_up_over_the_slices() -> None:
    statuses = {2: TIMEOUT, 4: -503, 6: DROPPED, 8: UNSENT}

    def failing(number: int, turn: Turn) -> Turn:
        return replace(turn, status=lambda count: statuses.get(number, 200) if count == 15 else 200)

    run = session([failing(number, turn) for number, turn in enumerate(FIVE_PAIRS)])
    base, head = run.sides()
    assert base.requests is not None
    assert head.requests is not None
    found = base.requests
    assert (found.ok, found.errors, found.timeouts, found.dropped, found.unsent) == (56, 1, 1, 1, 1)
    assert dict(found.by_error) == {"timeout": 1, "status 503": 1}
    assert (head.requests.ok, dict(head.requests.by_error)) == (60, {})


@pytest.mark.parametrize(
    ("stalls", "slices", "lost"), [(1, 5, False), (2, 5, False), (3, 5, True), (5, 5, True), (2, 3, True), (1, 1, True)]
)
def test_stalls_in_few_slices_leave_the_latency_of_a_side_reliable_and_stalls_in_most_do_not(
    stalls: int, slices: int, lost: bool
) -> None:
    turns = [stalled(Turn(0)) if number < stalls else Turn(0) for number in range(slices)]
    base, head = session(of_base(*turns)).sides()
    assert problem_names(base) == (["generator stalled"] if lost else [])
    assert ("p95" not in reliable(base)) is lost
    assert reliable(base) >= {"throughput", "cpu", "memory", "errors"}
    assert problem_names(head) == []
    assert reliable(head) == EVERY_METRIC


@pytest.mark.parametrize(("stalls", "slices"), [(1, 2), (2, 4)])
def test_stalls_in_half_of_the_slices_make_the_latency_of_a_side_unreliable(stalls: int, slices: int) -> None:
    base, _ = session(of_base(*(stalled(Turn(0)) if number < stalls else Turn(0) for number in range(slices)))).sides()
    assert "p95" not in reliable(base)


def test_a_slice_whose_figure_is_unreliable_is_left_out_of_it_however_good_it_looks() -> None:
    good = Turn(0, took_s=0.0625)
    turns = (Turn(0), Turn(0, took_s=0.25))
    base, _ = session(of_base(stalled(good), *turns)).sides()
    assert (figure(base, "p95"), figure(base, "throughput")) == ((0.125 + 0.25) / 2, 16.0)
    sound, _ = session(of_base(good, *turns)).sides()
    assert figure(sound, "p95") == 0.125


def test_a_figure_that_most_slices_lose_is_unreliable_even_where_they_lose_it_to_different_problems() -> None:
    late = replace(Turn(0, took_s=0.25), send_delay_s=0.0625)  # two of five slices, and two others are stalled
    turns = (stalled(Turn(0, took_s=0.25)), stalled(Turn(0, took_s=0.25)), late, late, Turn(0))
    base, _ = session(of_base(*turns), OFFERED).sides()
    assert figure(base, "p95") == 0.125  # of the one that is left
    assert "p95" not in reliable(base)


def test_a_problem_that_makes_no_figure_unreliable_is_reported_wherever_it_was_found() -> None:
    harmless, late = Problem("harmless", "it costs nothing"), Problem("late", "by 6 ms", ("latency",))
    assert spoiling([(), (), (harmless, late)]) == [harmless]
    assert spoiling([(), (harmless, late)]) == [harmless, late]


def test_a_problem_keeps_only_the_figures_that_half_of_the_slices_lose_and_its_first_detail() -> None:
    idle = [Problem("idle", f"slice {number}", ("latency", "throughput")) for number in range(3)]
    late = Problem("late", "by 6 ms", ("latency",))
    found = {problem.name: problem for problem in spoiling([(), (idle[1],), (late, idle[2]), (late,), ()])}
    assert found == {"idle": Problem("idle", "slice 1", ("latency",)), "late": late}


def test_users_without_a_request_in_flight_in_most_slices_make_a_side_invalid() -> None:
    run = session(FIVE_PAIRS, Closed(users=2))
    cell = replace(run, load=Closed(users=3)).judged()
    assert [problem_names(one) for one in cell.measurements] == [["users idle"]] * 2
    assert cell.outcome == "invalid"
    assert [reliable(one) for one in cell.measurements] == [{"memory", "cpu"}] * 2


@pytest.mark.parametrize(
    ("cpu_s", "outcome", "kept"),
    [(0.002, "invalid", {"memory", "cpu"}), (0.0625, "ok", {"throughput", "memory", "cpu", "errors"})],
    ids=["idle server", "full server"],
)
def test_a_saturated_generator_costs_only_the_side_that_was_under_load_then(
    cpu_s: float, outcome: str, kept: set[str]
) -> None:
    base, head = session(of_base(*[Turn(0, cpu_s=cpu_s, cores=0.9)] * 3)).sides()
    assert (problem_names(base), base.outcome, reliable(base)) == (["load side saturated"], outcome, kept)
    assert (problem_names(head), head.outcome, reliable(head)) == ([], "ok", EVERY_METRIC)


def test_cores_of_the_load_side_are_those_of_the_time_for_which_the_load_lasted() -> None:
    base, _ = session(of_base(*[Turn(0, drained_s=0.25, cores=0.85)] * 3)).sides()
    assert problem_names(base) == ["load side saturated"]  # 85 % and the upstream's 16.5 %, of a limit of 80 %
    assert base.cpu is not None
    assert base.cpu.generator_cores == pytest.approx(0.85)
    # The upstream uses 12.5 % of a core all the time: in the 1 s of the load, and until the next reading.
    assert base.cpu.upstream_cores == pytest.approx(0.125 * (LENGTH_S + 0.25 + POLL_S + GAP_S) / LENGTH_S)


@pytest.mark.parametrize(
    ("failing", "outcome", "kept"),
    [(0, "ok", EVERY_METRIC), (1, "ok", EVERY_METRIC), (2, "degraded", {"throughput", "memory", "errors"})],
)
def test_a_head_that_fails_on_more_than_one_per_cent_is_degraded_and_so_is_the_cell_but_not_base(
    failing: int, outcome: str, kept: set[str]
) -> None:
    sound = Turn(1, took_s=0.0625)
    failed = replace(sound, status=lambda count: -503 if count == 31 else 200)
    turns = (each for number in range(5) for each in (Turn(0), failed if number < failing else sound))
    cell = session((*WARMING, *turns)).judged()
    base, head = cell.measurements
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", outcome, outcome)
    assert (reliable(base), reliable(head)) == (EVERY_METRIC, kept)
    assert problem_names(head) == (["service errors"] if outcome != "ok" else [])
    assert (figure(base, "errors"), figure(head, "errors")) == (0.0, failing / 120)
    assert head.throughput_rps == 32.0  # of most slices


def test_a_head_that_serves_nothing_has_a_throughput_of_zero_and_no_other_figure_of_its_speed() -> None:
    turns = [replace(turn, status=lambda _: -1) if turn.side == 1 else turn for turn in FIVE_PAIRS]
    base, head = session(turns).sides()
    assert problem_names(head) == ["service errors", "nothing served"]
    assert (PAIRED["throughput"].value(head), PAIRED["errors"].value(head)) == (0.0, 1.0)
    assert f"{head.throughput_rps}" == "0.0"  # not -0.0, which a report would show as -0
    assert reliable(head) == {"throughput", "memory", "errors"}
    assert head.latency_s is not None
    assert head.latency_s.p95 == TIMEOUT_S
    assert head.service_s is None
    assert base.outcome == "ok"


@pytest.mark.parametrize("more", [-1, 1], ids=["cached", "retried"])
def test_upstream_calls_that_do_not_add_up_cost_the_side_that_made_them_every_figure(more: int) -> None:
    run = session(FIVE_PAIRS)
    cell = run.judged(served(run.hits(0)), served(run.hits(1) + more))
    base, head = cell.measurements
    assert run.hits(0) == run.hits(1) == 4 + 5 * 16  # the warm-up's too
    assert (problem_names(base), problem_names(head)) == ([], ["upstream calls"])
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", "invalid", "invalid")
    assert (reliable(base), reliable(head)) == (EVERY_METRIC, set())
    other = run.judged(served(run.hits(0) + more), served(run.hits(1)))
    assert [problem_names(one) for one in other.measurements] == [["upstream calls"], []]
    assert other.outcome == "invalid"


def test_an_upstream_that_was_late_for_one_side_costs_that_side_its_latency() -> None:
    run = session(FIVE_PAIRS)
    base, head = run.judged(served(run.hits(0)), served(run.hits(1), delay_error_s=0.006)).measurements
    assert (problem_names(base), problem_names(head)) == ([], ["upstream late"])
    assert reliable(head) == {"throughput", "memory", "cpu", "errors"}


def test_memory_is_read_when_idle_and_from_the_first_measured_slice_on() -> None:
    run = session(FIVE_PAIRS)
    assert len(run.moments_s) == 14  # when idle, before each slice, and at the end
    steps = [number * 5 % 14 * MB for number in range(14)]
    anon = np.tile(steps, len(run.samples.roles)) + run.samples.role * 100 * MB
    stepped = run.changed(anon_bytes=anon, uss_bytes=anon + 1, pss_bytes=anon + 2, rss_bytes=anon + 3)
    for number, one in enumerate(stepped.sides()):
        after_its_first = 4 + number  # the reading after slice 2 or 3, which is before slice 3 or 4
        seen = steps[after_its_first:]
        assert one.memory is not None
        for found, wanted in (
            (one.memory.idle, 0),
            (one.memory.median, int(np.median(seen))),
            (one.memory.peak, max(seen)),
        ):
            own = wanted + number * 100 * MB
            assert found == MemoryFigure(own + 2, own + 3, own + 1, own)


def test_the_sides_of_an_ab_are_compared_by_anonymous_memory_because_they_share_pages() -> None:
    run = session(FIVE_PAIRS)
    sides = run.sides()
    assert [PAIRED["memory"].value(one) for one in sides] == [30 * MB, 31 * MB]
    assert [BY_NAME["memory"].value(one) for one in sides] == [50 * MB, 45 * MB]
    sides = run.changed(anon_bytes=np.full_like(run.samples.anon_bytes, -1)).sides()
    assert sides[0].memory is not None
    assert sides[0].memory.median.anon_bytes is None
    assert [PAIRED["memory"].value(one) for one in sides] == [40 * MB, 41 * MB]


def test_an_open_loop_load_has_a_send_delay_and_latency_from_the_schedule() -> None:
    delays_s = (0.001953125, 0.00390625, 0.0009765625)
    base, head = session(of_base(*(Turn(0, send_delay_s=delay_s) for delay_s in delays_s)), OFFERED).sides()
    assert (problem_names(base), problem_names(head)) == ([], [])
    assert base.send_delay_s is not None
    assert base.latency_s is not None
    assert base.service_s is not None
    delay_s = delays_s[0]
    assert (base.send_delay_s.p99, base.latency_s.p95, base.service_s.p95) == (delay_s, 0.125 + delay_s, 0.125)
    assert base.throughput_rps == 16.0
    assert base.requests is not None
    assert base.requests.ok == 3 * 12
    assert reliable(base) == EVERY_METRIC


@pytest.mark.parametrize(
    ("status", "slices", "found", "kept"),
    [
        (DROPPED, 2, [], EVERY_METRIC),
        (DROPPED, 3, ["arrivals dropped"], {"throughput", "memory", "cpu", "errors"}),
        (UNSENT, 2, [], EVERY_METRIC),
        (UNSENT, 3, ["arrivals not sent"], {"memory", "cpu"}),
    ],
)
def test_arrivals_that_were_dropped_or_not_sent_in_most_slices_are_a_problem_of_their_side(
    status: int, slices: int, found: list[str], kept: set[str]
) -> None:
    short = Turn(0, status=lambda number: status if number == 10 else 200)
    base, head = session(of_base(*(short if number < slices else Turn(0) for number in range(5))), OFFERED).sides()
    assert (problem_names(base), reliable(base)) == (found, kept)
    assert (problem_names(head), reliable(head)) == ([], EVERY_METRIC)


@pytest.mark.parametrize(
    ("turns", "error"),
    [
        ((*WARMING, Turn(0), Turn(0)), "server 1 has no measured slice"),
        ((*WARMING, Turn(1), Turn(1)), "server 0 has no measured slice"),
        (WARMING, "the cell has neither a window nor a measured slice"),
    ],
)
def test_a_side_without_a_measured_slice_is_an_error(turns: Sequence[Turn], error: str) -> None:
    with pytest.raises(ValueError, match=f"^{error}$"):
        session(turns).judged()


def test_a_sampler_that_did_not_read_before_the_first_slice_or_after_the_last_is_an_error() -> None:
    run = session(FIVE_PAIRS)
    with pytest.raises(ValueError, match=r"^slice 2 has no reading"):
        run.with_readings([moment_s for moment_s in run.moments_s if moment_s > run.slices[2].begin_s]).judged()
    with pytest.raises(ValueError, match=r"^slice 11 has no reading"):
        run.with_readings(run.moments_s[:-1]).judged()
    with pytest.raises(ValueError, match=r"^slice 2 has no reading"):
        run.with_readings([]).judged()


@pytest.mark.parametrize("late_s", [None, 0.03125], ids=["missed", "late"])
def test_without_a_reading_between_two_slices_of_a_side_neither_has_cpu_per_request(late_s: float | None) -> None:
    begin_s = session(THREE_PAIRS).slices[6].begin_s
    run = session(THREE_PAIRS, also_read_s=[] if late_s is None else [begin_s + late_s])
    assert (run.slices[5].measurement, run.slices[6].measurement) == (0, 0)
    base, _ = run.with_readings([moment_s for moment_s in run.moments_s if moment_s != begin_s - GAP_S / 2]).sides()
    assert figure(base, "cpu") == pytest.approx(0.002, rel=1e-9)  # of the only slice that has it


def test_a_last_reading_may_be_as_late_as_the_samples_took_to_write() -> None:
    run = session(of_base(Turn(0)))
    last_s = run.moments_s[-1]
    late = run.changed(t_s=np.where(run.samples.t_s == last_s, last_s + 0.2, run.samples.t_s))
    assert [figure(one, "memory") for one in late.sides()] == [30 * MB, 31 * MB]
