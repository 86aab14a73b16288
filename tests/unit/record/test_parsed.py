import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.record.parsed import LARGEST, MOST_VALUES, parsed

SCALARS = st.none() | st.booleans() | st.text() | st.integers(-(10**30), 10**30) | st.floats(-1e30, 1e30)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=40)
@given(JSON)
def test_what_a_run_can_have_is_parsed_as_it_is(value: Any) -> None:
    assert parsed(json.dumps(value).encode()) == value


@pytest.mark.parametrize("text", ["1e31", "-1e31", "1e999", "NaN", "-Infinity", "1" + "0" * 31, "9" * 5000])
def test_a_number_that_no_run_has_is_refused_and_shown_in_short(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no number that a run can have$") as caught:
        parsed(f'{{"a": [{text}]}}'.encode())
    assert len(str(caught.value)) < 80


def test_the_largest_number_squared_twice_is_still_a_float() -> None:
    assert math.isfinite((LARGEST**2) ** 2)


def test_more_values_than_can_be_read_are_counted_and_not_parsed() -> None:
    with pytest.raises(ValueError, match=f"it has {MOST_VALUES + 1} values, and at most {MOST_VALUES} can be read"):
        parsed(b"," * (MOST_VALUES + 1))


def test_deep_nesting_is_a_recursion_error() -> None:
    with pytest.raises(RecursionError):
        parsed(b"[" * 100_000)
