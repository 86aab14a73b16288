from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from bench.judge.cell.looks import looks
from bench.model.samples import Samples

LOOKS = 12


def seen(threads: Mapping[tuple[int, int], str], unread: Mapping[int, int], *, count: int = LOOKS) -> Samples:
    """Looks, 50 ms apart, that each see the same: by process and thread what it waits in, by process what is unread."""
    rows = [(look, pid, thread) for look in range(count) for pid, thread in threads]
    at_ends = np.array([look in {0, count - 1} for look, _, _ in rows])
    calls = tuple(dict.fromkeys(threads.values()))
    own = [(look, pid) for look in range(count) for pid in unread]
    return Samples(
        sent_s=np.array([0.0, 0.0, 0.1]),
        done_s=np.array([10.0, 0.12, 10.0]),
        scheduled_s=np.array([0.0, 0.0, 0.1]),
        status=np.array([200, 200, 200]),
        look_t_s=np.linspace(0.0, 0.05 * (count - 1), count),
        look_unaccepted=np.full(count, 1),
        look_light_s=np.full(count, -1.0),
        process_look=np.array([look for look, _ in own]),
        process_pid=np.array([pid for _, pid in own]),
        process_connections=np.array([look for look, _ in own]),
        process_unread=np.array([unread[pid] for _, pid in own]),
        process_cpu_s=np.array([100.0 + 0.05 * look * pid / 10 for look, pid in own]),
        thread_look=np.array([look for look, _, _ in rows]),
        thread_pid=np.array([pid for _, pid, _ in rows]),
        thread_id=np.array([thread for _, _, thread in rows]),
        thread_call=np.array([calls.index(threads[pid, thread]) for _, pid, thread in rows]),
        thread_cpu_s=np.where(
            at_ends, np.array([0.05 * look * (thread - 0.5) / 100 for look, _, thread in rows]), np.nan
        ),
        thread_delay_s=np.where(at_ends, np.array([0.01 * look for look, _, _ in rows]), np.nan),
        calls=calls,
    )


TWO = seen({(1, 1): "epoll_wait", (1, 5): "futex", (1, 9): "futex", (2, 2): "running"}, {1: 0, 2: 1})


def test_a_run_without_looks_has_none() -> None:
    assert looks(Samples()) is None
    assert looks(seen({(1, 1): "futex"}, {1: 0}, count=9)) is None


def test_a_request_is_inside_where_it_is_in_flight_accepted_and_read() -> None:
    found = looks(TWO)
    assert found is not None
    assert found.unread.tolist() == [1] * LOOKS
    # In flight are two requests, at 100 ms three, from 120 ms on two; one is not accepted and one not read.
    assert found.inside.tolist() == [0, 0, 1] + [0] * (LOOKS - 3)
    assert found.queued_share == 1.0


def test_each_process_has_its_threads_and_its_share_of_the_cpu() -> None:
    found = looks(TWO)
    assert found is not None
    first, second = found.processes
    assert (first.pid, first.connections) == (1, LOOKS - 1)
    assert first.cores == pytest.approx(0.1)
    assert first.main == ("epoll_wait",) * LOOKS
    assert first.waits == ("epoll_wait", "futex", "futex") * LOOKS
    assert (second.main, second.unread.tolist()) == (("running",) * LOOKS, [1] * LOOKS)


def test_what_threads_beside_the_busiest_used_is_a_share_of_the_cpu_of_their_process() -> None:
    found = looks(TWO)
    assert found is not None
    # Of 0.1 cores threads 1, 5 and 9 used 0.005, 0.045 and 0.085; of 0.2 cores thread 2 used 0.015.
    assert [one.shared for one in found.processes] == [pytest.approx((0.005 + 0.045) / 0.1), 0.0]


def test_the_run_delay_is_that_of_all_threads_per_second() -> None:
    found = looks(TWO)
    assert found is not None
    assert found.delay_s == pytest.approx(4 * 0.01 / 0.05)


def test_a_process_that_ended_between_two_looks_is_left_with_what_was_seen_of_it() -> None:
    ended = replace(TWO, process_cpu_s=np.where(TWO.process_look > 5, np.nan, TWO.process_cpu_s))
    found = looks(ended)
    assert found is not None
    assert found.processes[0].cores == pytest.approx(0.1)
