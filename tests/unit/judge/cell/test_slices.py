"""Both arms judged from raw samples whose figures are known to the last digit: all times are exact in binary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from bench.judge.cell import figures
from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.metrics import MEMORY, PAIRED
from bench.judge.cell.slices import judge_arms
from bench.model.cell import Arm, Cell, CellKey, MemoryFigure, Slice, UpstreamServed, Window
from bench.model.config import Closed, Load, Open
from bench.model.samples import Samples
from tests.unit.builders import FASTAPI, PROBE, plan, served

PLAN = plan({"loop": FASTAPI}, {"weather": (2,)})
TIMEOUT_S = PLAN.scenarios["weather"].timeout_s
TWO = Closed(users=2)
OFFERED = Open(rate_rps=16.0, arrivals="fixed", max_in_flight=50)
IDLE_S, FIRST_S = 99.0, 100.0
LENGTH_S, DROPPED_S, GAP_S = 1.0, 0.25, 0.0625
BEAT_S = 0.0078125
POLL_S = 0.0078125
"""So long after the last answer it is seen that nothing is under way."""

MB = 1_000_000
REQUEST_COLUMNS = ("scheduled_s", "sent_s", "done_s", "status", "bytes", "arm", "route", "slice")


@dataclass(frozen=True, slots=True)
class Turn:
    """A slice: who is asked, what each answer takes and costs, and what goes wrong in it.

    The last answer of each user, which is drained, takes `drained_s` longer. Request n has `status(n)`. `cores`: how
    busy the generator is while the slice is under load.
    """

    arm: int
    took_s: float = 0.125
    cpu_s: float = 0.002
    counts: bool = True
    drained_s: float = 0.0
    status: Callable[[int], int] = lambda _: 200
    beat_late_s: float = 0.0
    lag_s: float = 0.0
    cores: float = 0.25


def stalled(turn: Turn) -> Turn:
    return replace(turn, beat_late_s=0.25)


WARMING = (Turn(0, 0.5, 0.5, counts=False), Turn(1, 0.5, 0.5, counts=False))
FIVE_PAIRS = (*WARMING, *(Turn(arm) for _ in range(5) for arm in (0, 1)))


@dataclass(frozen=True, slots=True)
class Session:
    """What a sliced run left, with the sampler's readings where it takes them: when idle, in each gap, on leaving."""

    samples: Samples
    slices: tuple[Slice, ...]
    load: Load

    def hits(self, arm: int) -> int:
        asked = (self.samples.arm == arm) & ~np.isin(self.samples.status, (DROPPED, UNSENT))
        return int(asked.sum())

    def judged(self, *upstreams: UpstreamServed) -> Cell:
        return judge_arms(
            CellKey("loop", "weather", self.load, 3, 11),
            PLAN.stacks["loop"],
            PLAN.scenarios["weather"],
            self.samples,
            self.slices,
            upstreams or [served(self.hits(0)), served(self.hits(1))],
            PROBE,
            server_cpus=1,
            load_cpus=1,
        )

    def arms(self) -> tuple[Arm, Arm]:
        base, head = self.judged().arms
        return base, head

    @property
    def moments_s(self) -> list[float]:
        """When it was read."""
        return [float(moment_s) for moment_s in np.unique(self.samples.mem_t_s)]

    def with_readings(self, moments_s: Sequence[float]) -> "Session":
        """The same, but of its readings these alone."""
        kept = np.isin(self.samples.mem_t_s, moments_s)
        columns = {field.name for field in fields(Samples)} - {*REQUEST_COLUMNS, "beat_s", "beat_late_s"}
        read = {name: getattr(self.samples, name)[kept] for name in columns}
        return replace(self, samples=replace(self.samples, **read))


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
            status, sent_s = turn.status(count), scheduled_s + turn.lag_s
            gone = status in {DROPPED, UNSENT}
            done_s = sent_s + (0.0 if gone else turn.took_s + turn.drained_s * last)
            rows.append((scheduled_s, sent_s, done_s, status, turn.arm, number))
        done_s = max([end_s, *(row[2] for row in rows[-len(own) :])]) + POLL_S
        start_s = begin_s + DROPPED_S if turn.counts else end_s
        slices.append(Slice(number, turn.arm, begin_s, start_s, end_s, done_s))
        moments_s.append(begin_s - GAP_S / 2)
        begin_s = done_s + GAP_S
    moments_s.append(slices[-1].done_s + GAP_S / 2)
    return Session(_samples(turns, rows, slices, sorted(moments_s)), tuple(slices), load)


def _offsets_s(load: Load, turn: Turn) -> list[tuple[float, bool]]:
    """For each request how long after its slice's begin it is due, and whether it is the last of its user."""
    if isinstance(load, Open):
        count = int(LENGTH_S * load.rate_rps)
        return [((number + 0.5) / load.rate_rps, number == count - 1) for number in range(count)]
    each = int(LENGTH_S / turn.took_s)
    return [(number * turn.took_s, number == each - 1) for number in range(each) for _ in range(load.users)]


def _samples(
    turns: Sequence[Turn],
    rows: Sequence[tuple[float, float, float, int, int, int]],
    slices: Sequence[Slice],
    moments_s: Sequence[float],
) -> Samples:
    scheduled_s, sent_s, done_s, status, arm, number = (np.array(column) for column in zip(*rows, strict=True))
    beat_s = np.arange(FIRST_S, slices[-1].done_s, BEAT_S)
    late_s = np.zeros(len(beat_s))
    for turn, one in zip(turns, slices, strict=True):
        late_s[(beat_s >= one.begin_s) & (beat_s < one.end_s)] = turn.beat_late_s
    cost_s = np.array([turns[each].cpu_s for each in number])
    mem_t_s = np.repeat(np.array(moments_s), 2)
    mem_arm = np.tile([0, 1], len(moments_s))
    used_s = np.array(
        [cost_s[(arm == one) & (sent_s < at_s)].sum() + 1 for at_s, one in zip(mem_t_s, mem_arm, strict=True)]
    )
    generator_s = np.array(
        [
            sum(
                turn.cores * min(max(at_s - one.begin_s, 0.0), LENGTH_S)
                for turn, one in zip(turns, slices, strict=True)
            )
            for at_s in mem_t_s
        ]
    )
    return Samples(
        scheduled_s=scheduled_s,
        sent_s=sent_s,
        done_s=done_s,
        status=status,
        bytes=np.full(len(rows), 40),
        arm=arm,
        route=np.zeros(len(rows), dtype=np.int64),
        slice=number,
        beat_s=beat_s,
        beat_late_s=late_s,
        mem_t_s=mem_t_s,
        mem_arm=mem_arm,
        pss_bytes=np.where(mem_arm, 45, 50) * MB,
        anon_bytes=np.where(mem_arm, 31, 30) * MB,
        rss_bytes=np.where(mem_arm, 81, 80) * MB,
        uss_bytes=np.where(mem_arm, 41, 40) * MB,
        cpu_user_s=used_s * 0.75,
        cpu_system_s=used_s * 0.25,
        threads=5 + mem_arm,
        switches=((mem_t_s - IDLE_S) * 128).astype(np.int64),
        generator_cpu_s=generator_s,
        upstream_cpu_s=(mem_t_s - IDLE_S) * 0.125,
        sampler_cpu_s=(mem_t_s - IDLE_S) * 0.0078125,
        server_steal_s=(mem_t_s - IDLE_S) * 0.03125,
        load_steal_s=(mem_t_s - IDLE_S) * 0.015625,
    )


def names(arm: Arm) -> list[str]:
    return [problem.name for problem in arm.problems]


def left(arm: Arm) -> set[str]:
    """The metrics that the arm has a value of."""
    return {name for name, metric in PAIRED.items() if metric.value(arm) is not None}


def figure(arm: Arm, name: str) -> float:
    found = PAIRED[name].read(arm)
    assert found is not None
    return found


THREE_PAIRS = (
    *WARMING,
    Turn(0, 0.125, 0.002), Turn(1, 0.25, 0.001),
    Turn(1, 0.25, 0.004), Turn(0, 0.25, 0.004),
    Turn(0, 0.0625, 0.003), Turn(1, 0.125, 0.008),
)  # fmt: skip


def test_latency_throughput_and_cpu_of_an_arm_are_those_of_the_better_half_of_its_slices() -> None:
    cell = session(THREE_PAIRS).judged()
    base, head = cell.arms
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", "ok", "ok")
    assert base.problems == head.problems == ()
    # Two users: 2 / took_s answers a second, of 16, 8 and 32 in base, of 8, 8 and 16 in head.
    assert (base.throughput_rps, head.throughput_rps) == ((32 + 16) / 2, (16 + 8) / 2)
    assert base.latency_s is not None
    assert head.latency_s is not None
    base_s, head_s = (0.0625 + 0.125) / 2, (0.125 + 0.25) / 2
    assert (base.latency_s.p50, base.latency_s.p95, base.latency_s.max) == (base_s, base_s, base_s)
    assert (head.latency_s.p50, head.latency_s.p95, head.latency_s.mean) == (head_s, head_s, head_s)
    assert base.service_s == base.latency_s
    assert base.lag_s is head.lag_s is None
    assert figure(base, "cpu") == pytest.approx((0.002 + 0.003) / 2, rel=1e-9)
    assert figure(head, "cpu") == pytest.approx((0.001 + 0.004) / 2, rel=1e-9)


def test_what_befalls_fewer_than_half_of_the_slices_is_not_told() -> None:
    sound, _ = session(of_base(*[Turn(0)] * 4)).arms()
    bad = Turn(0, took_s=0.5, cpu_s=0.1)
    for others, same in ((1, True), (2, True), (3, False)):
        base, _ = session(of_base(*[bad] * others, *[Turn(0)] * (5 - others))).arms()
        assert (base.latency_s == sound.latency_s) is same
        assert (base.throughput_rps == sound.throughput_rps) is same
        assert (figure(base, "cpu") == pytest.approx(figure(sound, "cpu"), rel=1e-9)) is same


def test_a_cell_of_two_arms_tells_what_both_share_and_has_no_figures_of_its_own() -> None:
    run = session(THREE_PAIRS)
    cell = run.judged()
    assert (cell.stack, cell.scenario, cell.load, cell.round, cell.order) == ("loop", "weather", TWO, 3, 11)
    assert cell.slices == run.slices
    assert cell.window == Window(FIRST_S, run.slices[2].start_s, run.slices[-1].end_s)
    assert cell.probe == PROBE
    assert (cell.requests, cell.throughput_rps, cell.latency_s, cell.memory, cell.cpu, cell.samples) == (None,) * 6
    assert [arm.upstream for arm in cell.arms] == [served(run.hits(0)), served(run.hits(1))]


def test_what_is_compared_is_read_from_the_arms() -> None:
    base, _ = session(THREE_PAIRS).arms()
    assert {name: metric.value(base) for name, metric in PAIRED.items()} == {
        "throughput": 24.0,
        "p95": 0.09375,
        "memory": 30 * MB,
        "cpu": pytest.approx(0.0025, rel=1e-9),
        "errors": 0.0,
    }


@pytest.mark.parametrize("cost_s", [0.001, 0.0123, 0.06])
def test_cpu_per_request_is_exact_to_the_last_tick_whatever_was_dropped_or_drained(cost_s: float) -> None:
    turns = [replace(turn, cpu_s=cost_s, drained_s=0.375) if turn.counts else turn for turn in THREE_PAIRS]
    for arm in session(turns).arms():
        assert figure(arm, "cpu") == pytest.approx(cost_s, rel=1e-12)


def test_a_reading_amid_a_slice_or_its_drain_does_not_matter() -> None:
    turns = [replace(turn, drained_s=0.5) for turn in FIVE_PAIRS]
    run = session(turns)
    amid_s = [moment_s for one in run.slices for moment_s in (one.begin_s + 0.03125, one.end_s, one.end_s + 0.25)]
    assert session(turns, also_read_s=amid_s).arms()[0].cpu == run.arms()[0].cpu


def test_threads_are_the_most_that_were_seen_around_any_slice() -> None:
    run = session(FIVE_PAIRS)
    after_s = run.slices[4].done_s + GAP_S / 2
    threads = np.where(run.samples.mem_t_s == after_s, 99, run.samples.threads)
    found = [arm.cpu for arm in replace(run, samples=replace(run.samples, threads=threads)).arms()]
    assert [cpu.server_threads for cpu in found if cpu is not None] == [99, 99]
    assert [arm.cpu.server_threads for arm in run.arms() if arm.cpu is not None] == [5, 6]


def test_readings_at_the_very_moment_when_a_slice_begins_and_when_all_is_done_count() -> None:
    run = session(FIVE_PAIRS)
    moments_s = [IDLE_S, *(moment_s for one in run.slices for moment_s in (one.begin_s, one.done_s))]
    for arm in session(FIVE_PAIRS, also_read_s=moments_s[1:]).with_readings(moments_s).arms():
        assert figure(arm, "cpu") == pytest.approx(0.002, rel=1e-12)
        assert arm.cpu is not None
        assert arm.cpu.server_cores == pytest.approx(16 * 0.002 / LENGTH_S, rel=1e-12)


def test_what_the_other_arm_does_between_two_readings_does_not_matter() -> None:
    run = session(FIVE_PAIRS)
    # Without a reading between the slices of a pair: base's reading after a slice is then the one before its next.
    own = [one.begin_s - GAP_S / 2 for one in run.slices if one.arm == 0]
    sparse = run.with_readings([IDLE_S, *own, run.moments_s[-1]])
    assert figure(sparse.arms()[0], "cpu") == pytest.approx(0.002, rel=1e-12)
    wild = replace(run.samples, cpu_user_s=np.where(run.samples.mem_arm == 1, 7.0, run.samples.cpu_user_s))
    assert replace(run, samples=wild).arms()[0] == run.arms()[0]


def test_an_arm_has_its_own_requests_and_readings_and_the_beats_of_both() -> None:
    raw = session(THREE_PAIRS).samples
    for arm in (0, 1):
        own = figures.of_arm(raw, arm)
        assert set(own.arm) == set(own.mem_arm) == {arm}
        assert set(own.threads) == {5 + arm}
        assert len(own.scheduled_s) == len(own.done_s) == len(own.slice) == int((raw.arm == arm).sum())
        assert len(own.mem_t_s) == len(own.load_steal_s) == len(raw.mem_t_s) / 2
        assert own.beat_s.tolist() == raw.beat_s.tolist()
        assert own.beat_late_s.tolist() == raw.beat_late_s.tolist()


def test_a_warm_up_counts_in_nothing_but_the_calls_of_the_upstream() -> None:
    cold = Turn(0, 0.5, 9.0, counts=False, status=lambda number: (200, -503, TIMEOUT)[number % 3], beat_late_s=9.0)
    quiet, loud = session(THREE_PAIRS), session((cold, replace(cold, arm=1), *THREE_PAIRS[2:]))
    early = loud.samples.mem_t_s < loud.slices[1].done_s
    more = replace(loud.samples, anon_bytes=loud.samples.anon_bytes + early * 90 * MB)
    for ours, theirs in zip(replace(loud, samples=more).arms(), quiet.arms(), strict=True):
        assert ours.problems == ()
        assert ours.requests == theirs.requests
        assert ours.latency_s == theirs.latency_s
        assert ours.throughput_rps == theirs.throughput_rps
        assert figure(ours, "cpu") == pytest.approx(figure(theirs, "cpu"), rel=1e-9)
        assert figure(ours, "memory") == figure(theirs, "memory")


def test_what_begins_before_a_slice_counts_is_left_out_and_what_ends_before_it_too() -> None:
    def status(number: int) -> int:
        return -503 if number < 4 else 200  # two of each user, due 0 and 0.125 s after the begin

    turns = [replace(turn, status=status) if turn.counts else turn for turn in FIVE_PAIRS]
    base, _ = session(turns).arms()
    assert base.requests is not None
    assert (base.requests.ok, base.requests.errors) == (5 * 12, 0)
    assert base.throughput_rps == (2 * 5) / 0.75  # the two that failed are done at its start and do not count as right


def test_a_request_that_was_drained_counts_in_the_latency_of_the_slice_that_sent_it_and_in_no_throughput() -> None:
    turns = [replace(turn, drained_s=0.5) if turn.counts and turn.arm == 0 else turn for turn in FIVE_PAIRS]
    base, head = session(turns).arms()
    assert base.latency_s is not None
    assert base.requests is not None
    assert (base.latency_s.p50, base.latency_s.max) == (0.125, 0.625)
    assert base.latency_s.mean == pytest.approx((5 * 0.125 + 0.625) / 6)
    assert base.throughput_rps == head.throughput_rps == 16.0
    assert base.requests.ok == 5 * 12
    once = session([replace(turn, drained_s=0.5) if number == 2 else turn for number, turn in enumerate(FIVE_PAIRS)])
    found = once.arms()[0].latency_s
    assert found is not None
    assert found.max == 0.125  # and in no other slice


def test_requests_are_added_up_over_the_slices() -> None:
    statuses = {2: TIMEOUT, 4: -503, 6: DROPPED, 8: UNSENT}

    def failing(number: int, turn: Turn) -> Turn:
        return replace(turn, status=lambda count: statuses.get(number, 200) if count == 15 else 200)

    run = session([failing(number, turn) for number, turn in enumerate(FIVE_PAIRS)])
    base, head = run.arms()
    assert base.requests is not None
    assert head.requests is not None
    found = base.requests
    assert (found.ok, found.errors, found.timeouts, found.dropped, found.unsent) == (56, 1, 1, 1, 1)
    assert dict(found.by_error) == {"timeout": 1, "status 503": 1}
    assert (head.requests.ok, dict(head.requests.by_error)) == (60, {})


def of_base(*turns: Turn) -> tuple[Turn, ...]:
    """These slices of base after a warm-up, each in a pair with a sound one of head."""
    return (*WARMING, *(each for turn in turns for each in (turn, Turn(1))))


@pytest.mark.parametrize(
    ("stalls", "slices", "void"), [(1, 5, False), (2, 5, False), (3, 5, True), (5, 5, True), (2, 3, True), (1, 1, True)]
)
def test_few_stalled_slices_do_not_void_an_arm_and_most_of_them_do(stalls: int, slices: int, void: bool) -> None:
    turns = [stalled(Turn(0)) if number < stalls else Turn(0) for number in range(slices)]
    base, head = session(of_base(*turns)).arms()
    assert names(base) == (["generator stalled"] if void else [])
    assert (PAIRED["p95"].value(base) is None) is void
    assert left(base) >= {"throughput", "cpu", "memory", "errors"}
    assert names(head) == []
    assert left(head) == set(PAIRED)


@pytest.mark.parametrize(("stalls", "slices"), [(1, 2), (2, 4)])
def test_half_of_the_slices_stalled_void_an_arm(stalls: int, slices: int) -> None:
    base, _ = session(of_base(*(stalled(Turn(0)) if number < stalls else Turn(0) for number in range(slices)))).arms()
    assert PAIRED["p95"].value(base) is None


def test_a_slice_that_cannot_vouch_for_a_figure_is_no_part_of_it_however_good_it_looks() -> None:
    good = Turn(0, took_s=0.0625)
    base, _ = session(of_base(stalled(good), Turn(0), Turn(0))).arms()
    assert (figure(base, "p95"), figure(base, "throughput")) == (0.125, (32.0 + 16.0) / 2)
    sound, _ = session(of_base(good, Turn(0), Turn(0))).arms()
    assert figure(sound, "p95") == (0.0625 + 0.125) / 2


def test_slices_of_which_most_are_spoiled_void_an_arm_whatever_spoiled_each() -> None:
    late = replace(Turn(0, took_s=0.25), lag_s=0.0625)  # two of five, and another two, of which no latency stands
    turns = (stalled(Turn(0, took_s=0.25)), stalled(Turn(0, took_s=0.25)), late, late, Turn(0))
    base, _ = session(of_base(*turns), OFFERED).arms()
    assert figure(base, "p95") == 0.125  # of the one that is left
    assert PAIRED["p95"].value(base) is None


def test_users_without_a_request_under_way_in_most_slices_make_an_arm_invalid() -> None:
    run = session(FIVE_PAIRS, Closed(users=2))
    cell = replace(run, load=Closed(users=3)).judged()
    assert [names(arm) for arm in cell.arms] == [["users idle"]] * 2
    assert cell.outcome == "invalid"
    assert [left(arm) for arm in cell.arms] == [{"memory", "cpu"}] * 2


@pytest.mark.parametrize(
    ("cpu_s", "outcome", "kept"),
    [(0.002, "invalid", {"memory", "cpu"}), (0.0625, "ok", {"throughput", "memory", "cpu", "errors"})],
    ids=["idle server", "full server"],
)
def test_a_generator_near_its_own_end_spoils_only_the_arm_that_it_served_then(
    cpu_s: float, outcome: str, kept: set[str]
) -> None:
    base, head = session(of_base(*[Turn(0, cpu_s=cpu_s, cores=0.9)] * 3)).arms()
    assert (names(base), base.outcome, left(base)) == (["load side saturated"], outcome, kept)
    assert (names(head), head.outcome, left(head)) == ([], "ok", set(PAIRED))


def test_a_generator_is_as_busy_as_it_was_while_a_slice_was_under_load() -> None:
    base, _ = session(of_base(*[Turn(0, drained_s=0.25, cores=0.85)] * 3)).arms()
    assert names(base) == ["load side saturated"]  # 85 % and the upstream's 12.5 %, of a limit of 80 %


@pytest.mark.parametrize(
    ("failing", "outcome", "kept"),
    [(0, "ok", set(PAIRED)), (1, "ok", set(PAIRED)), (2, "degraded", {"throughput", "memory", "errors"})],
)
def test_a_head_that_fails_on_more_than_one_per_cent_is_degraded_and_so_is_the_cell_while_base_stands(
    failing: int, outcome: str, kept: set[str]
) -> None:
    sound = Turn(1, took_s=0.0625)
    failed = replace(sound, status=lambda count: -503 if count == 31 else 200)
    turns = (each for number in range(5) for each in (Turn(0), failed if number < failing else sound))
    cell = session((*WARMING, *turns)).judged()
    base, head = cell.arms
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", outcome, outcome)
    assert (left(base), left(head)) == (set(PAIRED), kept)
    assert names(head) == (["service errors"] if outcome != "ok" else [])
    assert (figure(base, "errors"), figure(head, "errors")) == (0.0, failing / 120)
    assert head.throughput_rps == 32.0  # of most slices


def test_a_head_that_serves_nothing_has_throughput_zero_and_no_other_figure_of_its_speed() -> None:
    turns = [replace(turn, status=lambda _: -1) if turn.arm == 1 else turn for turn in FIVE_PAIRS]
    base, head = session(turns).arms()
    assert names(head) == ["service errors", "nothing served"]
    assert (PAIRED["throughput"].value(head), PAIRED["errors"].value(head)) == (0.0, 1.0)
    assert left(head) == {"throughput", "memory", "errors"}
    assert head.latency_s is not None
    assert head.latency_s.p95 == TIMEOUT_S
    assert head.service_s is None
    assert base.outcome == "ok"


@pytest.mark.parametrize("more", [-1, 1], ids=["cached", "retried"])
def test_calls_of_the_upstream_that_do_not_add_up_leave_nothing_of_the_arm_that_made_them(more: int) -> None:
    run = session(FIVE_PAIRS)
    cell = run.judged(served(run.hits(0)), served(run.hits(1) + more))
    base, head = cell.arms
    assert run.hits(0) == run.hits(1) == 4 + 5 * 16  # the warm-up's too
    assert (names(base), names(head)) == ([], ["upstream calls"])
    assert (base.outcome, head.outcome, cell.outcome) == ("ok", "invalid", "invalid")
    assert (left(base), left(head)) == (set(PAIRED), set())
    other = run.judged(served(run.hits(0) + more), served(run.hits(1)))
    assert [names(arm) for arm in other.arms] == [["upstream calls"], []]
    assert other.outcome == "invalid"


def test_an_upstream_that_was_late_to_one_arm_leaves_that_one_without_latency() -> None:
    run = session(FIVE_PAIRS)
    base, head = run.judged(served(run.hits(0)), served(run.hits(1), delay_error_s=0.006)).arms
    assert (names(base), names(head)) == ([], ["upstream late"])
    assert left(head) == {"throughput", "memory", "cpu", "errors"}


def test_memory_is_read_when_idle_and_from_the_first_slice_that_counts_on() -> None:
    run = session(FIVE_PAIRS)
    assert len(run.moments_s) == 14  # when idle, before each slice, and on leaving
    steps = [number * 5 % 14 * MB for number in range(14)]
    anon = np.repeat(steps, 2) + run.samples.mem_arm * 100 * MB
    raw = replace(run.samples, anon_bytes=anon, uss_bytes=anon + 1, pss_bytes=anon + 2, rss_bytes=anon + 3)
    for number, arm in enumerate(replace(run, samples=raw).arms()):
        after_its_first = 4 + number  # the reading after slice 2 or 3, which is before slice 3 or 4
        seen = steps[after_its_first:]
        assert arm.memory is not None
        for found, wanted in (
            (arm.memory.idle, 0),
            (arm.memory.median, int(np.median(seen))),
            (arm.memory.peak, max(seen)),
        ):
            own = wanted + number * 100 * MB
            assert found == MemoryFigure(own + 2, own + 3, own + 1, own)


def test_twins_are_compared_by_their_anonymous_memory_since_they_share_pages() -> None:
    run = session(FIVE_PAIRS)
    base, head = run.arms()
    assert [PAIRED["memory"].value(arm) for arm in (base, head)] == [30 * MB, 31 * MB]
    assert [MEMORY.value(arm) for arm in (base, head)] == [50 * MB, 45 * MB]
    unknown = replace(run.samples, anon_bytes=np.full(len(run.samples.mem_t_s), -1))
    base, head = replace(run, samples=unknown).arms()
    assert base.memory is not None
    assert base.memory.median.anon_bytes is None
    assert [PAIRED["memory"].value(arm) for arm in (base, head)] == [40 * MB, 41 * MB]


def test_an_open_load_has_its_lag_too_and_latency_from_the_schedule() -> None:
    lags_s = (0.001953125, 0.00390625, 0.0009765625)
    base, head = session(of_base(*(Turn(0, lag_s=lag_s) for lag_s in lags_s)), OFFERED).arms()
    assert (names(base), names(head)) == ([], [])
    assert base.lag_s is not None
    assert base.latency_s is not None
    assert base.service_s is not None
    lag_s = (lags_s[0] + lags_s[2]) / 2
    assert (base.lag_s.p99, base.latency_s.p95, base.service_s.p95) == (lag_s, 0.125 + lag_s, 0.125)
    assert base.throughput_rps == 16.0
    assert base.requests is not None
    assert base.requests.ok == 3 * 12
    assert left(base) == set(PAIRED)


@pytest.mark.parametrize(
    ("status", "slices", "found", "kept"),
    [
        (DROPPED, 2, [], set(PAIRED)),
        (DROPPED, 3, ["arrivals dropped"], {"throughput", "memory", "cpu", "errors"}),
        (UNSENT, 2, [], set(PAIRED)),
        (UNSENT, 3, ["arrivals not sent"], {"memory", "cpu"}),
    ],
)
def test_an_open_load_that_was_not_offered_in_most_slices_is_told_of_the_arm(
    status: int, slices: int, found: list[str], kept: set[str]
) -> None:
    short = Turn(0, status=lambda number: status if number == 10 else 200)
    base, head = session(of_base(*(short if number < slices else Turn(0) for number in range(5))), OFFERED).arms()
    assert (names(base), left(base)) == (found, kept)
    assert (names(head), left(head)) == ([], set(PAIRED))


def test_an_arm_without_a_slice_that_counts_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^no slice of arm 1 counts$"):
        session((*WARMING, Turn(0), Turn(0))).judged()
    with pytest.raises(ValueError, match=r"^no slice of arm 0 counts$"):
        session(WARMING).judged()


def test_a_sampler_that_did_not_read_before_the_first_slice_or_after_the_last_is_an_error() -> None:
    run = session(FIVE_PAIRS)
    with pytest.raises(ValueError, match=r"^slice 2 has no reading"):
        run.with_readings([moment_s for moment_s in run.moments_s if moment_s > run.slices[2].begin_s]).judged()
    with pytest.raises(ValueError, match=r"^slice 11 has no reading"):
        run.with_readings(run.moments_s[:-1]).judged()


@pytest.mark.parametrize("late_s", [None, 0.03125], ids=["missed", "late"])
def test_without_a_reading_between_two_slices_of_an_arm_nobody_knows_what_each_of_them_used(
    late_s: float | None,
) -> None:
    begin_s = session(THREE_PAIRS).slices[6].begin_s
    run = session(THREE_PAIRS, also_read_s=[] if late_s is None else [begin_s + late_s])
    assert (run.slices[5].arm, run.slices[6].arm) == (0, 0)
    base, _ = run.with_readings([moment_s for moment_s in run.moments_s if moment_s != begin_s - GAP_S / 2]).arms()
    assert figure(base, "cpu") == pytest.approx(0.002, rel=1e-9)  # the only one of which it is known


def test_a_last_reading_may_be_as_late_as_the_samples_took_to_write() -> None:
    run = session(of_base(Turn(0)))
    last_s = run.moments_s[-1]
    late = np.where(run.samples.mem_t_s == last_s, last_s + 0.2, run.samples.mem_t_s)
    base, head = replace(run, samples=replace(run.samples, mem_t_s=late)).arms()
    assert (figure(base, "memory"), figure(head, "memory")) == (30 * MB, 31 * MB)
