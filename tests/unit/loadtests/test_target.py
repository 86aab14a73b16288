"""What is recorded of the connections that a closed-loop user sends its requests on, in Locust."""

from pathlib import Path

from loadtests.engine.arrivals import Closed

from .in_locust import measured
from .scripted import answers, both, serving

KEPT = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello", pause_s=0.005)
CLOSED = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", b"hello", pause_s=0.005)


def test_the_first_request_on_each_connection_is_recorded_as_the_one_that_opened_it(tmp_path: Path) -> None:
    with serving(*[both(KEPT, KEPT, CLOSED)] * 200) as (port, accepted):
        ran = measured(tmp_path, f"http://127.0.0.1:{port}", Closed(users=1), window_s=0.4, window_limit_s=0.4)
    opened = ran.raw["new_connection"].tolist()
    assert opened == ([1, 0, 0] * len(opened))[: len(opened)]
    assert len(opened) > 12
    assert sum(opened) == len(accepted)
    assert set(ran.raw["status"].tolist()) == {200}


def test_where_each_request_has_a_connection_of_its_own_the_server_is_told_so_and_it_is_closed_whatever_it_does(
    tmp_path: Path,
) -> None:
    with serving(*[KEPT] * 400) as (port, accepted):
        url = f"http://127.0.0.1:{port}"
        ran = measured(tmp_path, url, Closed(users=1), window_s=0.4, window_limit_s=0.4, reconnects=True)
    assert set(ran.raw["new_connection"].tolist()) == {1}
    assert len(accepted) == len(ran.raw["status"]) > 12
    assert set(ran.raw["status"].tolist()) == {200}
