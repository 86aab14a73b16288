"""All servers give the same answer to every document that is posted to /orders.

CONTRACT_EXAMPLES=20000 posts that many documents instead of 1000.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .client import Connection, Request
from .orders import JSON, ORDER, RIGHT, WRONG, changed
from .servers import REFERENCE
from .test_contract import ask_all, sizes_agree
from .test_property import EXAMPLES, summary, weighted

PLACES = [place for place in RIGHT if place]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
right = st.sampled_from([(place, value) for place, values in RIGHT.items() for value in values])
wrong = st.sampled_from([(place, value) for place, values in WRONG.items() if place for value in values])
near = st.tuples(
    st.sampled_from(PLACES),
    st.integers(-2, 1002) | st.floats(-1, 1001) | st.text(max_size=41) | st.lists(st.text(max_size=21), max_size=11),
)
odd = st.tuples(st.sampled_from([*PLACES, "/customer"]), anything)
extra = st.tuples(st.text(st.characters(), max_size=6).map(lambda name: "/" + name.replace("/", "_")), anything)


@st.composite
def orders(draw: st.DrawFn) -> Any:
    """An order with up to three changes, or seldom anything else."""
    if draw(st.integers(0, 19)) == 0:
        return draw(anything)
    order = changed("/note", None) if draw(st.booleans()) else dict(ORDER)
    for _ in range(draw(st.integers(0, 3))):
        place, value = draw(weighted((6, right), (2, wrong), (2, near), (1, odd), (1, extra)))
        *above, name = place[1:].split("/")
        if not above:
            order[name] = value
        elif isinstance(order.get("customer"), dict):
            order["customer"] = {**order["customer"], name: value}
    if draw(st.integers(0, 9)) == 0:
        del order[draw(st.sampled_from(sorted(order)))]
    names = draw(st.permutations(sorted(order))) if draw(st.booleans()) else list(order)
    return {name: order[name] for name in names}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A list of orders as JSON; seldom with a piece of it replaced, or something else than a list."""
    document = draw(weighted((19, st.lists(orders(), min_size=0, max_size=4)), (1, anything)))
    text = json.dumps(document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, None, 1])))
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(text)))
        piece = draw(
            st.sampled_from(["", ",", "}", "]", '"', "NaN", "1", " ", "\\u0000", "\\", '"gift": true,', "\x00"])
        )
        text = text[:at] + piece + text[at + draw(st.integers(0, 2)) :]
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.slow
@given(body=bodies())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_all_servers_agree_on_every_document(body: bytes, connections: dict[str, Connection]) -> None:
    answers = ask_all(connections, Request("POST", "/orders", body, JSON))
    expected = answers[REFERENCE]
    event(f"status {expected.status}")
    assert {name: summary(answer) for name, answer in answers.items()} == dict.fromkeys(answers, summary(expected))
    assert sizes_agree(answers)
    assert expected.status in {201, 422}, expected
