import argparse

import pytest

from loadtests.engine.arrivals import Open
from loadtests.engine.options import add_options, open_load, parsed_host


def asked(*arguments: str) -> Open | None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return open_load(parser.parse_args(arguments))


def test_without_a_rate_there_is_no_open_loop_load() -> None:
    assert asked() is None
    assert asked("--arrivals", "poisson", "--max-in-flight", "0") is None
    assert open_load(None) is None


def test_a_rate_makes_an_open_loop_load() -> None:
    assert asked("--rate", "200") == Open(200.0, "fixed", 500, 1)
    given = ("--rate", "0.5", "--arrivals", "poisson", "--max-in-flight", "3", "--arrival-seed", "9")
    assert asked(*given) == Open(0.5, "poisson", 3, 9)


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "-inf"])
def test_the_error_for_a_rate_that_makes_no_sense_says_what_to_write(rate: str) -> None:
    with pytest.raises(ValueError, match=rf"^--rate {rate}: write a number of requests a second above 0$"):
        asked(f"--rate={rate}")


def test_the_error_for_a_limit_of_no_request_says_what_to_write() -> None:
    with pytest.raises(ValueError, match=r"^--max-in-flight 0: write a whole number from 1 on$"):
        asked("--rate", "1", "--max-in-flight", "0")


@pytest.mark.parametrize("host", [None, "", "127.0.0.1:80", "https://x", "http://", "http://x:0", "http://x:y"])
def test_a_host_that_is_no_http_address_is_an_error(host: str | None) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed_host(host)
