import pytest

from bench.show.text.words import listed, plain, plural


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\t c ", "a b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\u00e9 \u6771", "caf\u00e9 \u6771"),
        ("\u202eabc", "\\u202eabc"),
    ],
)
def test_a_name_cannot_command_the_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_numbers_and_lists_become_parts_of_sentences() -> None:
    assert [plural(1, "user"), plural(10, "user")] == ["1 user", "10 users"]
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
