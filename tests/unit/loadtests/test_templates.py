import json

import pytest

from bench.plan import requests as plan
from loadtests.engine import templates
from loadtests.engine.templates import Template, in_body, in_form, in_header, in_json, in_path

NAMES = ("id", "qty", "price")
ODD = {"id": 'a/b "ü" {x}\\\n', "qty": "7", "price": "1.50"}


def test_the_plan_and_the_load_generator_take_the_same_for_a_name() -> None:
    assert plan.NAME.pattern == templates.NAME.pattern


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        (in_path("/orders/{id}?n={qty:int}", NAMES), "/orders/a%2Fb%20%22%C3%BC%22%20%7Bx%7D%5C%0A?n=7"),
        (in_form({"{id}": "{qty}", "b c": "d&e"}, NAMES), "a%2Fb+%22%C3%BC%22+%7Bx%7D%5C%0A=7&b+c=d%26e"),
        (in_body("<{id}> {other} {", NAMES), '<a/b "ü" {x}\\\n> {other} {'),
        (in_header("Bearer {qty}", NAMES), "Bearer 7"),
    ],
    ids=["path", "form", "body", "header"],
)
def test_a_value_is_encoded_as_its_place_requires(template: Template, filled: str) -> None:
    assert template.filled(ODD).decode() == filled
    assert not template.constant


def test_json_stays_json_whatever_the_values_are() -> None:
    value = {
        "id": "{id}", "{id}": ["{qty:int}", "{price:float}", "{qty}", "n {qty:int}"],
        "literal": ["{other}", 'a"b', True, None, 1.5, {}, []],
    }  # fmt: skip
    assert json.loads(in_json(value, NAMES).filled(ODD)) == {
        "id": ODD["id"], ODD["id"]: [7, 1.5, "7", "n 7"], "literal": ["{other}", 'a"b', True, None, 1.5, {}, []],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("template", "value"),
    [
        (in_header("{id}", NAMES), "a\r\nX: y"),
        (in_header("{id}", NAMES), "é"),
        (in_json("{id:int}", NAMES), "1.5"),
        (in_json("{id:float}", NAMES), "nan"),
    ],
)
def test_a_value_that_cannot_stand_in_its_place_is_refused(template: Template, value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the words are Python's)
        template.filled({"id": value})


def test_a_text_without_names_is_constant() -> None:
    assert in_json({"a": ["{other}"]}, NAMES).constant
    assert in_path("/%7Bid%7D", NAMES).filled({}) == b"/%7Bid%7D"
