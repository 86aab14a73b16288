"""The allocator of small objects, brought to the same state."""

import sys

import pytest

from inprocess.memory import ALIGNMENT, LARGEST, POOL_BYTES, SHIFTED, _filled, _maker, shift

SIZES = range(ALIGNMENT, LARGEST + 1, ALIGNMENT)


@pytest.mark.parametrize("size", SIZES)
def test_an_object_has_the_size_of_its_class_and_is_none_for_the_garbage_collector(size: int) -> None:
    one = _maker(size)(5)
    assert size - ALIGNMENT < sys.getsizeof(one) <= size


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the allocator is CPython's")
@pytest.mark.parametrize("size", [48, 64, 512])
def test_the_last_pool_has_only_these_objects_and_room_for_more(size: int) -> None:
    own = _filled(size, _maker(size))
    blocks = POOL_BYTES // size
    pool, offset = divmod(id(own[-1]), POOL_BYTES)
    assert blocks // 2 <= offset // size < blocks - 2
    assert all(id(one) // POOL_BYTES == pool for one in own[-(blocks // 3) :])


def test_a_layout_moves_later_objects_and_the_first_one_does_not() -> None:
    assert shift(0) == []
    assert len(shift(2)) == 2 * SHIFTED * len(SIZES)
