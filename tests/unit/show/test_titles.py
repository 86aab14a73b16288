import pytest

from bench.model import Closed, Load, Open
from bench.show.titles import under

RATES = [Open(rate_rps=rate, arrivals="fixed", max_in_flight=500) for rate in (100.0, 300.0)]


@pytest.mark.parametrize(
    ("loads", "said"),
    [
        ([Closed(users=1)], "with 1 user"),
        ([Closed(users=10), Closed(users=100), Closed(users=500)], "with 10, 100 and 500 users"),
        (RATES[:1], "at 100/s"),
        (RATES, "at 100/s and 300/s"),
        ([Closed(users=10), *RATES], "with 10 users and at 100/s and 300/s"),
    ],
)
def test_a_load_is_spoken_of_in_the_words_of_its_model(loads: list[Load], said: str) -> None:
    assert under(loads) == said
