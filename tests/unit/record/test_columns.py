import numpy as np
import pytest

from bench.model.config import Closed
from bench.model.samples import TABLES, Samples
from bench.record import columns
from tests.unit.builders import FLASK, samples

RAW = samples(FLASK, Closed(users=10), seed=1)


def test_a_run_of_before_a_column_was_recorded_has_minus_one_in_each_of_its_rows() -> None:
    older = {name: column for name, column in columns.stored(RAW).items() if name not in columns.MISSING}
    read = columns.samples_of(older)
    for name in TABLES["readings"]:
        expected = np.full(len(RAW.t_s), -1) if name in columns.MISSING else getattr(RAW, name)
        np.testing.assert_array_equal(getattr(read, name), expected)
    assert [len(getattr(read, name)) for name in TABLES["residents"]] == [0, 0, 0]


def test_every_column_comes_back_as_it_was_stored_and_wide() -> None:
    read = columns.samples_of(columns.stored(RAW))
    for name, dtype in columns.DTYPES.items():
        column = getattr(read, name)
        np.testing.assert_array_equal(column, getattr(RAW, name))
        assert column.dtype == (np.float64 if np.dtype(dtype).kind == "f" else np.int64)


def test_a_column_that_every_run_has_must_be_there() -> None:
    arrays = columns.stored(RAW)
    del arrays["pss_bytes"]
    with pytest.raises(KeyError, match="pss_bytes"):
        columns.samples_of(arrays)


def test_the_columns_of_a_table_are_equally_long() -> None:
    arrays = columns.stored(RAW)
    with pytest.raises(ValueError, match="columns of one table differ in length: t_s, role"):
        columns.samples_of(arrays | {"adopted": arrays["adopted"][1:]})


@pytest.mark.parametrize("name", ["process_look", "thread_look", "thread_call"])
@pytest.mark.parametrize("value", [-1, 1, 10**9])
def test_a_row_that_points_to_none_is_an_error(name: str, value: int) -> None:
    names = (*TABLES["looks"], *TABLES["processes"], *TABLES["threads"])
    looks = {column: np.zeros(1, columns.DTYPES[column]) for column in names}
    arrays = {**columns.stored(Samples()), **looks, "calls": np.array(["futex"])}
    assert columns.samples_of(arrays).thread_call.tolist() == [0]
    with pytest.raises(ValueError, match=f"^{name} points to a row that there is not$"):
        columns.samples_of({**arrays, name: np.array([value])})
