"""Call stacks as py-spy writes them."""

import pytest

from bench.judge.flame.stacks import by_function, by_group, differences, parsed

SITE = "/venv/lib/python3.11/site-packages"
RAW = f"""\
process 7:"gunicorn serve:app";run (/venv/lib/python3.11/threading.py);handle ({SITE}/gunicorn/workers/gthread.py) 10
process 8:"gunicorn serve:app";run (/venv/lib/python3.11/threading.py);handle ({SITE}/gunicorn/workers/gthread.py);\
wsgi_app ({SITE}/flask/app.py);weather (/home/me/shop/app.py) 20
process 8:"gunicorn serve:app";thread (0x7F);run (/usr/lib/python3.11/threading.py);get ({SITE}/requests/sessions.py);\
dumps (/usr/lib/python3.11/json/__init__.py) 30
run (/venv/lib/python3.11/threading.py);spin ({SITE}/mystery/x.py) 40
"""
SHOP = ["/home/me/shop"]


def test_processes_and_threads_are_taken_together() -> None:
    found = parsed(RAW, SHOP)
    assert found.samples == 100
    assert {frame.function for stack, _ in found.stacks for frame in stack} == {
        "run", "handle", "wsgi_app", "weather", "get", "dumps", "spin",
    }  # fmt: skip


def test_each_function_belongs_to_a_part() -> None:
    assert by_group(parsed(RAW, SHOP)) == pytest.approx(
        {"server": 0.1, "framework": 0.0, "client": 0.0, "application": 0.2, "Python": 0.3, "other": 0.4}
    )
    frames = {frame.function: frame for stack, _ in parsed(RAW, SHOP).stacks for frame in stack}
    assert (frames["wsgi_app"].group, frames["wsgi_app"].package) == ("framework", "flask")
    assert (frames["get"].group, frames["get"].package) == ("client", "requests")
    assert frames["spin"].package == "mystery"
    assert frames["weather"].package == ""


def test_functions_are_counted_by_what_they_ran_themselves() -> None:
    found = by_function(parsed(RAW, SHOP))
    assert [(one.frame.function, one.share) for one in found if one.share] == [
        ("spin", 0.4), ("dumps", 0.3), ("weather", 0.2), ("handle", 0.1),
    ]  # fmt: skip


def test_a_function_also_has_the_share_of_what_it_called_even_if_it_never_ran_itself() -> None:
    nested = parsed("serve (a.py);walk (a.py);walk (a.py);check (a.py) 6\nserve (a.py);walk (a.py) 4\n", [])
    assert [(one.frame.function, one.share, one.total) for one in by_function(nested)] == [
        ("check", 0.6, 0.6), ("walk", 0.4, 1.0), ("serve", 0.0, 1.0),
    ]  # fmt: skip


def test_the_difference_of_two_stacks_is_by_function() -> None:
    other = RAW.replace(" 40\n", " 140\n")
    (frame, one, two), *_ = differences(parsed(RAW, SHOP), parsed(other, SHOP))
    assert (frame.function, one, two) == ("spin", 0.4, 0.7)


@pytest.mark.parametrize("text", ["run (x.py)", "run (x.py) many", "no count here\n"])
def test_a_line_that_is_no_stack_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no stack with a count"):
        parsed(text, SHOP)


def test_the_order_of_the_lines_does_not_matter() -> None:
    assert parsed(RAW, SHOP) == parsed("\n".join(reversed(RAW.splitlines())), SHOP)
