import pytest

from bench.errors import BenchError
from bench.model.config import Closed
from bench.plan.config import Config, make_plan
from bench.run.session.ab import closed_load


def config(users: list[int], rates: list[float]) -> Config:
    """One scenario with these loads."""
    profile = {"stacks": ["one"], "scenarios": ["look"], "users": users, "rates": rates, "warmup_s": 1.0}
    return Config.model_validate(
        {
            "stacks": {"one": {"interface": "wsgi", "argv": ["a"]}},
            "scenarios": {"look": {}},
            "profiles": {"ab": {**profile, "window_s": 1.0, "rounds": 6}},
        }
    )


def test_an_ab_measures_the_only_closed_loop_load_of_the_profile() -> None:
    assert closed_load(make_plan(config([30], []), "ab").profile, "look") == Closed(users=30)


@pytest.mark.parametrize(
    ("users", "rates", "have"),
    [
        pytest.param([10, 30], [], "10 users, 30 users", id="several closed-loop loads"),
        pytest.param([], [100.0], "100/s", id="rates only"),
        pytest.param([30], [100.0, 200.0], "30 users, 100/s, 200/s", id="rates beside a closed-loop load"),
    ],
)
def test_any_other_loads_are_an_error_that_says_what_to_do_and_that_does_it(
    users: list[int], rates: list[float], have: str
) -> None:
    mine = config(users, rates)
    with pytest.raises(BenchError) as caught:
        closed_load(make_plan(mine, "ab").profile, "look")
    assert str(caught.value) == (
        "an A/B measures one closed-loop load of look, and derives its open-loop load from it; "
        f"the profile ab has {have}: give one number to --users"
    )
    assert closed_load(make_plan(mine, "ab", users=[30]).profile, "look") == Closed(users=30)
