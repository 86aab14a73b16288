"""A measured run of two hosts that take turns under load, so that a change of the machine's speed affects both."""

import time
from collections.abc import Iterator
from dataclasses import replace

from gevent.event import Event

from loadtests.engine.arrivals import Open, offsets_s
from loadtests.engine.plan import LoadPlan
from loadtests.engine.session import Schedule, Session, sleep_until
from loadtests.engine.told import tell

GAP_S = 0.03
"""Seconds without a request before each slice, in which the harness reads what the servers have used."""

SEEDS = 1000
"""Both slices of a pair have the same Poisson schedule; each pair of a load has another one."""


class SlicedSession(Session):
    """The conduct of a run in slices: one host under load at a time, and the next when nothing is in flight."""

    def __init__(self, plan: LoadPlan) -> None:
        super().__init__(plan)
        self.opened = Event()
        self.over = False
        self.number = -1
        self.begin_s = 0.0
        self.joined: dict[int, int] = {}

    def turn(self, number: int) -> int | None:
        """See `Session.turn`; in each slice users start spread over `spread_s`."""
        while not (self.sending and self.joined.get(number) == self.number):
            if self.over:
                return None
            self.entered.set()
            self.opened.wait()
            if self.sending:
                self.joined[number] = self.number
                sleep_until(self.begin_s + self.plan.spread_s * (number + 0.5) / self.users)
        return self.plan.slices[self.number].measurement

    def schedules(self, load: Open) -> Iterator[Schedule]:
        """One for each slice, once it begins."""
        self.entered.set()
        while True:
            self.opened.wait()
            if self.over:
                return
            yield self._schedule(load)
            self.opened.clear()
            self.driven.set()

    def _schedule(self, load: Open) -> Schedule:
        begin_s, planned = self.begin_s, self.plan.slices[self.number]
        seeded = replace(load, seed=load.seed * SEEDS + self.number // 2)
        end_s = begin_s + planned.length_s
        return planned.measurement, (begin_s + offset_s for offset_s in offsets_s(seeded, ramp_s=0.0)), lambda: end_s

    def load(self) -> None:
        """All slices."""
        for number, planned in enumerate(self.plan.slices):
            self.number = self.recorder.slice = number
            self.recorder.measurement = planned.measurement
            self.begin_s = time.monotonic() + GAP_S
            tell("slice", number=number, measurement=planned.measurement, begin_s=self.begin_s)
            sleep_until(self.begin_s)
            end_s = self.begin_s + planned.length_s
            self.driven.clear()
            self.sending = True
            self.opened.set()
            self.report_until(end_s)
            self.sending = False
            self.opened.clear()
            self.drain()
            tell(
                "sliced",
                number=number,
                measurement=planned.measurement,
                begin_s=self.begin_s,
                start_s=self.begin_s + planned.dropped_s,
                end_s=end_s,
                done_s=time.monotonic(),
            )
            if self.waiting:
                break
        self.over = True
        self.end_s = time.monotonic()
        self.opened.set()
