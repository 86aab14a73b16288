from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.published import Published, Span
from bench.plan.published import KEYS, load_published

ROW = '[[figures]]\nname = "a"\nsource = "b"\n'
NUMBER = "rps: a number of 0 or more, or a range [low, high]"


def loaded(tmp_path: Path, text: str, name: str = "figures.toml") -> tuple[Published, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_published(path)


def row(tmp_path: Path, keys: str) -> Published:
    (one,) = loaded(tmp_path, f"{ROW}{keys}\n")
    return one


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("0.12", 0.115, 0.125),
        ("0.120", 0.1195, 0.1205),
        ("1.0", 0.95, 1.05),
        ("16474", 16473.5, 16474.5),
        ("12000", 11500, 12500),
        ("12000.0", 11999.95, 12000.05),
        ("1.2e4", 11500, 12500),
        ("10", 5, 15),
        ("0", 0, 0.5),
        ("[1, 2.5]", 1, 2.5),
        ('"7.70"', 7.695, 7.705),
    ],
)
def test_a_printed_figure_stands_for_what_is_printed_so(tmp_path: Path, written: str, low: float, high: float) -> None:
    found = row(tmp_path, f"rps = {written}").figures["rps"]
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


def test_what_somebody_has_set_is_exact(tmp_path: Path) -> None:
    one = row(tmp_path, "users = 1000\nwait_s = 0.1\nslots = 4\nrps = 1")
    exact = {"users": 1000, "wait_s": 0.1, "slots": 4}
    assert {name: one.figures[name] for name in exact} == {
        name: Span(value, value, str(value)) for name, value in exact.items()
    }


def test_the_zeros_of_a_length_of_time_are_no_rounding(tmp_path: Path) -> None:
    found = row(tmp_path, "duration_s = 30").figures["duration_s"]
    assert (found.low, found.high) == (29.5, 30.5)


def test_a_figure_keeps_how_it_is_printed(tmp_path: Path) -> None:
    found = row(tmp_path, "rps = 12000\nmean_s = 0.120\nmax_s = [1, 2.50]").figures
    assert [found[name].text for name in ("rps", "mean_s", "max_s")] == ["12000", "0.120", "1 to 2.50"]


def test_how_the_figures_were_taken(tmp_path: Path) -> None:
    one = row(tmp_path, 'rps = 1\nruns = 3\npicked = "best"\nspread = false\nkeep_alive = true')
    assert (one.runs, one.picked, one.spread, one.keep_alive) == (3, "best", False, True)


def test_a_csv_file_has_the_same_names_and_may_leave_cells_empty(tmp_path: Path) -> None:
    text = "name,source,rps,mean_s,users,keep_alive\none,here,1200,,100,false\ntwo,there,,0.10,,\n"
    one, two = loaded(tmp_path, text, "figures.csv")
    assert (one.figures, one.keep_alive) == ({"rps": Span(1150, 1250, "1200"), "users": Span(100, 100, "100")}, False)
    assert (two.name, two.source, two.keep_alive) == ("two", "there", None)
    assert two.figures.keys() == {"mean_s"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no figures: write a [[figures]] table for each row of them"),
        ("figures = 1", "figures: write [[figures]] above each row"),
        ("[rows]", "rows: unknown key; known: figures"),
        ("[[figures]]", "figures 1: name is missing: a text is wanted"),
        ('[[figures]]\nname = "a"', "figures 1 (a): source is missing: a text is wanted"),
        ('[[figures]]\nname = "a"\nsource = "b"', "figures 1 (a): it has no figures; known: rps, "),
        (f'{ROW}p90_s = 1', f"unknown key p90_s; known: {', '.join(KEYS)}"),
        (f'{ROW}rps = -1', f"{NUMBER}, not -1"),
        (f'{ROW}rps = true', f"{NUMBER}, not"),
        (f'{ROW}rps = "1k"', f"{NUMBER}, not '1k'"),
        (f'{ROW}rps = nan', f"{NUMBER}, not 'NaN'"),
        (f'{ROW}rps = 1e999', f"{NUMBER}, not"),
        (f'{ROW}rps = [2, 1]', "rps: a range has two numbers, the smaller one first"),
        (f'{ROW}users = 0', "users: a number over 0, not 0"),
        (f'{ROW}rps = 1\nruns = 1.5', "runs: a whole number from 1 on, not '1.5'"),
        (f'{ROW}rps = 1\npicked = "last"', "picked: one of mean, median, best, not 'last'"),
        (f'{ROW}rps = 1\nspread = 1', "spread: true or false, not 1"),
        (f'{ROW}rps = 1\nspread = "no"', "spread: true or false, not 'no'"),
        ("[[figures]", "figures.toml: "),
        (f"{ROW}runs = [1, 5]\nrps = 1", "runs: a whole number from 1 on, not [1, 5]"),
        (f"{ROW}duration_s = [0, 10]", "duration_s: a number over 0, not [0, 10]"),
        (f"{ROW}duration_s = 0.4e-400", NUMBER.replace("rps", "duration_s")),
        (f"{ROW}wait_s = [0, 1]", "wait_s: a number over 0, not [0, 1]"),
        (f"{ROW}rps = 1e-3000000", NUMBER),
        (f"{ROW}rps = 1e99999999999999999999", "figures.toml: "),
        (f"{ROW}rps = 1.7976931e308", NUMBER),
        ('[[figures]]\nname = "a\\u001bb"\nsource = "b"', "figures 1 (a\\x1bb): it has no figures"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_the_place_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BenchError) as error:
        loaded(tmp_path, text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_ragged_csv_file_is_refused(tmp_path: Path) -> None:
    for text in ("name,source,rps\na,b\n", "name,source,rps\na,b,1,2\n"):
        with pytest.raises(BenchError, match="line 2 has another number of cells than the first one"):
            loaded(tmp_path, text, "figures.csv")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="there is no such file"):
        load_published(tmp_path / "none.toml")


def test_a_range_that_was_given_in_csv_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="rps: a number of 0 or more"):
        loaded(tmp_path, 'name,source,rps\na,b,"[1, 2]"\n', "figures.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,source,rps,rps\na,b,1,2\n", "the first line has 'rps' twice"),
        ("name,source,rps\n", "has no figures: write a line below the names for each row of them"),
    ],
)
def test_a_csv_file_that_says_nothing_clear_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BenchError) as error:
        loaded(tmp_path, text, "figures.csv")
    assert str(error.value).endswith(said)
