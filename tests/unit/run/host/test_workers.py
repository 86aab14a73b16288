from collections.abc import Sequence
from typing import cast

import psutil

from bench.run.host.workers import Workers

from .processes import Member

MASTER = Member(1)


def worker(pid: int) -> Member:
    return Member(pid, parent=MASTER.pid)


def processes(*members: Member) -> Sequence[psutil.Process]:
    return cast("Sequence[psutil.Process]", (MASTER, *members))


def test_a_worker_that_ended_and_another_that_started_are_one_that_was_replaced() -> None:
    old, stays, new = worker(2), worker(3), worker(4)
    workers = Workers(processes(old, stays), {})
    for living, replaced in (
        ((old, stays), 0),
        ((stays,), 0),
        ((stays, new), 1),
        ((stays, new), 1),
        ((new, worker(5)), 2),
    ):
        workers.see(processes(*living))
        assert workers.replaced == replaced


def test_workers_that_are_added_or_end_for_good_are_not_replaced() -> None:
    one, two, three = worker(2), worker(3), worker(4)
    workers = Workers(processes(one, two), {})
    workers.see(processes(one, two, three))
    assert workers.replaced == 0
    fewer = Workers(processes(one, two), {})
    fewer.see(processes(one))
    assert fewer.replaced == 0


def test_what_a_worker_starts_for_a_request_is_no_worker() -> None:
    one = worker(2)
    workers = Workers(processes(one), {})
    for pid in range(10, 20):
        workers.see(processes(one, Member(pid, parent=one.pid)))
    assert workers.replaced == 0


def test_a_server_of_one_process_has_no_workers_though_it_starts_processes_later() -> None:
    workers = Workers(processes(), {1: 3.0})
    for pid in range(10, 20):
        workers.see(processes(worker(pid)))
    assert (workers.replaced, workers.start_s) == (0, 0.0)


def test_the_start_of_a_worker_took_what_a_worker_has_used_on_average_before_any_load() -> None:
    assert Workers(processes(worker(2), worker(3)), {1: 9.0, 2: 0.25, 3: 0.75}).start_s == 0.5
