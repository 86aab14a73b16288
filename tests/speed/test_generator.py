"""What the lean generator must bear; on an idle machine."""

import statistics
from pathlib import Path

import pytest

from bench.model.config import Open
from bench.run.host.signals import StopRequest
from tests.e2e.witness import Witness

from .generator import FAST, LEAN, RATE_RPS, beside_lean_s, trial, upstream_alone

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_a_request_of_fast_http_user_costs_at_least_two_and_a_half_times_as_much_as_one_of_the_lean_user(
    tmp_path: Path,
) -> None:
    stop, ratios = StopRequest(), []
    with upstream_alone(tmp_path, stop) as upstream:
        for number in range(3):
            folder = tmp_path / str(number)
            folder.mkdir()
            fast_s, lean_s = map(sum, beside_lean_s(FAST, upstream.url, folder, stop))
            ratios.append(fast_s / lean_s)
            print(f"lean {lean_s * 1e6:.0f} us, FastHttpUser {fast_s * 1e6:.0f} us: {ratios[-1]:.2f}")
    assert statistics.median(ratios) >= 2.5


def test_three_thousand_arrivals_a_second_are_sent_on_schedule(tmp_path: Path) -> None:
    stop = StopRequest()
    load = Open(rate_rps=RATE_RPS, arrivals="fixed", max_in_flight=500)
    with Witness() as witness, upstream_alone(tmp_path, stop) as upstream:
        rps, lag_s = trial(LEAN, load, upstream.url, tmp_path, stop)
    print(f"{rps:.0f}/s, lag P99 {lag_s.p99 * 1e3:.2f} ms; {witness}")
    witness.excuse(rps == pytest.approx(RATE_RPS, rel=0.01) and lag_s.p99 <= 0.005)
    assert rps == pytest.approx(RATE_RPS, rel=0.01)
    assert lag_s.p99 <= 0.005
