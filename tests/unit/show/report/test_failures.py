import pytest

from bench.judge.stacks.failures import Failures
from bench.show.report.failures import sentence


@pytest.mark.parametrize(
    ("asked", "failed", "by_error", "wanted"),
    [
        (1000, 970, (("status 503", 970),), "falim answered 97.0 % of the requests with status 503"),
        (
            1000, 970, (("status 503", 600), ("timeout", 370)),
            "falim answered 60.0 % of the requests with status 503; 97.0 % failed in all",
        ),
        (1000, 20, (("timeout", 20),), "falim failed 2.00 % of the requests (timeout)"),
        (100, 100, (("status 500", 100),), "falim served nothing: it answered 100 % of the requests with status 500"),
        (100, 100, (("no connection", 100),), "falim served nothing: it failed 100 % of the requests (no connection)"),
        (0, 0, (), "falim served nothing"),
    ],
)  # fmt: skip
def test_what_a_stack_failed_is_a_sentence_with_its_most_frequent_error(
    asked: int, failed: int, by_error: tuple[tuple[str, int], ...], wanted: str
) -> None:
    assert sentence(Failures("falim", asked, failed, by_error)) == wanted


def test_where_it_failed_stands_first() -> None:
    found = sentence(Failures("falim", 10, 3, (("wrong body", 3),)), "on weather with 10 users")
    assert found == "On weather with 10 users, falim failed 30.0 % of the requests (wrong body)"
