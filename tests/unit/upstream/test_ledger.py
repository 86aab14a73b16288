from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from upstream.ledger import Ledger


def filled(errors_s: list[float], prefix: str = "", route: str = "weather") -> Ledger:
    ledger = Ledger()
    entry = ledger.entry(prefix, route)
    entry.hits += len(errors_s)
    entry.delay_error_s.extend(errors_s)
    return ledger


def test_hits_are_counted_and_percentiles_are_nearest_rank() -> None:
    report: Any = filled([number / 1000 for number in range(200, 0, -1)]).report()
    assert report[""]["routes"] == {"weather": {"hits": 200, "delay_error_s": {"p50": 0.1, "p99": 0.198, "max": 0.2}}}


@given(st.lists(st.floats(min_value=0, max_value=10), min_size=1))
def test_a_percentile_is_one_of_the_values_and_the_maximum_is_the_greatest(errors_s: list[float]) -> None:
    report: Any = filled(errors_s).report()
    found = report[""]["routes"]["weather"]["delay_error_s"]
    assert {found["p50"], found["p99"]} <= set(errors_s)
    assert found["p50"] <= found["p99"] <= found["max"] == max(errors_s)


def test_a_route_that_never_answered_has_hits_and_no_percentiles() -> None:
    ledger = Ledger()
    ledger.entry("", "users").hits += 1
    report: Any = ledger.report()
    assert report[""]["routes"] == {"users": {"hits": 1, "delay_error_s": {"p50": None, "p99": None, "max": None}}}


def test_each_prefix_and_route_has_its_own_entry() -> None:
    ledger = Ledger()
    for prefix, route in (("a", "users"), ("b", "users"), ("b", "orders"), ("b", "orders")):
        ledger.entry(prefix, route).hits += 1
    report: Any = ledger.report()
    hits = {
        prefix: {route: entry["hits"] for route, entry in found["routes"].items()} for prefix, found in report.items()
    }
    assert hits == {
        "a": {"users": 1},
        "b": {"users": 1, "orders": 2},
    }


def test_a_reset_deletes_every_entry() -> None:
    ledger = filled([0.1])
    ledger.reset()
    assert ledger.report() == {}
    assert ledger.entry("", "weather").hits == 0


def test_the_peak_counts_all_routes_of_a_prefix_together() -> None:
    ledger = Ledger()
    for prefix, route in (("a", "users"), ("a", "orders"), ("b", "users")):
        ledger.entry(prefix, route).traffic.begin()
    ledger.entry("a", "users").traffic.end()
    ledger.entry("a", "orders").traffic.begin()
    report: Any = ledger.report()
    assert {prefix: found["peak_in_flight"] for prefix, found in report.items()} == {"a": 2, "b": 1}
