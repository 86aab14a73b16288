"""What the lean generator must bear; on an idle machine."""

from pathlib import Path

import pytest

from bench.model.config import Closed, Open
from bench.run.host.signals import StopRequest
from tests.e2e.witness import Witness

from .generator import FAST, LEAN, RATE_RPS, USERS, trial, upstream_alone

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_the_lean_user_sends_at_least_two_and_a_half_times_as_much_as_fast_http_user(tmp_path: Path) -> None:
    stop = StopRequest()
    with upstream_alone(tmp_path, stop) as upstream:
        fast_rps, _ = trial(FAST, Closed(users=USERS), upstream.url, tmp_path, stop)
        lean_rps, _ = trial(LEAN, Closed(users=USERS), upstream.url, tmp_path, stop)
    print(f"lean {lean_rps:.0f}/s, FastHttpUser {fast_rps:.0f}/s: {lean_rps / fast_rps:.2f}")
    assert lean_rps >= 2.5 * fast_rps


def test_three_thousand_arrivals_a_second_are_sent_on_schedule(tmp_path: Path) -> None:
    stop = StopRequest()
    load = Open(rate_rps=RATE_RPS, arrivals="fixed", max_in_flight=500)
    with Witness() as witness, upstream_alone(tmp_path, stop) as upstream:
        rps, lag_s = trial(LEAN, load, upstream.url, tmp_path, stop)
    print(f"{rps:.0f}/s, lag P99 {lag_s.p99 * 1e3:.2f} ms; {witness}")
    witness.excuse(rps == pytest.approx(RATE_RPS, rel=0.01) and lag_s.p99 <= 0.005)
    assert rps == pytest.approx(RATE_RPS, rel=0.01)
    assert lag_s.p99 <= 0.005
