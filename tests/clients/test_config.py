"""The stacks of the six clients differ in their client alone."""

from dataclasses import replace

from bench.model.config import Closed
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from examples.clients.document import FAST, SLOW
from examples.clients.measure import CONCURRENCIES, CONFIG, FLAME_USERS, FLAMED, PROFILE
from examples.clients.tables import SHOWN, SHOWN_CONCURRENCY
from examples.clients.upstreams import CLIENTS

PLAN = make_plan(load_config([DEFAULT_CONFIG, CONFIG]), PROFILE)


def test_every_client_is_a_stack_and_measured_under_each_load() -> None:
    assert PLAN.profile.stacks == tuple(CLIENTS)
    assert PLAN.profile.loads == {"weather": tuple(Closed(users=users) for users in (10, 50, 100, 500))}


def test_a_stack_is_fastapi_httpx_with_another_application() -> None:
    own = make_plan(load_config([DEFAULT_CONFIG]), "bench").stacks["fastapi-httpx"]
    for name, stack in PLAN.stacks.items():
        argv = tuple(part.replace("fastapi_app.app", "examples.clients.app") for part in own.argv)
        env = {"UPSTREAM_URL": "{upstream}", "CLIENT": name, "MAX_IN_FLIGHT": "{users}"}
        assert stack == replace(own, name=name, title=stack.title, argv=argv, env=env)


def test_what_the_page_tells_of_was_profiled() -> None:
    assert set(SHOWN) <= set(CLIENTS)
    assert SHOWN_CONCURRENCY in CONCURRENCIES


def test_what_the_page_compares_was_recorded_under_measured_loads() -> None:
    assert {SLOW, FAST} <= set(FLAMED) <= set(CLIENTS)
    assert {Closed(users=users) for users in FLAME_USERS} <= set(PLAN.profile.loads["weather"])
