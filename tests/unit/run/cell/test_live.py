from bench.run.cell.live import Live


def progress(t_s: float, done: int, failed: int = 0, p95_s: float = 0.104) -> dict[str, float]:
    return {"t_s": t_s, "done": done, "failed": failed, "p95_s": p95_s, "waiting": 3}


def test_the_rate_is_that_since_the_last_report() -> None:
    live = Live()
    assert live.since_last(progress(100.0, 500)) == ""
    assert live.since_last(progress(101.0, 1440)) == "940/s, P95 104 ms"
    assert live.since_last(progress(101.5, 1540, p95_s=2.5)) == "200/s, P95 2.50 s"


def test_failures_are_shown_as_they_appear_and_do_not_count_as_answers() -> None:
    live = Live()
    live.since_last(progress(100.0, 0))
    assert live.since_last(progress(101.0, 12445, failed=12345)) == "100/s, P95 104 ms, 12\u202f345 failed"
    assert live.since_last(progress(102.0, 20000, failed=19900)) == "0/s, P95 104 ms, 19\u202f900 failed"


def test_two_reports_of_the_same_moment_have_no_rate() -> None:
    live = Live()
    live.since_last(progress(100.0, 0))
    assert live.since_last(progress(100.0, 5)) == ""
