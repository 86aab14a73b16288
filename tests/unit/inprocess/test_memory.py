"""Where objects lie in memory."""

import gc
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from inprocess.memory import FILLED_BYTES, SHIFTED, SIZES, fill, shift

ROOT = Path(__file__).parents[3]
ALIGNED = """
import ctypes
from inprocess.memory import ARENA_BYTES, _Allocator, align
align()
told = _Allocator()
ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(told))
alloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(told.alloc)
free = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(told.free)
arenas = [alloc(told.ctx, ARENA_BYTES) for _ in range(3)]
for _ in range(3):  # it goes on to make and to free objects
    many = [bytes(479) for _ in range(20_000)]
free(told.ctx, arenas[0], ARENA_BYTES)
print([arena % ARENA_BYTES for arena in arenas], len(set(arenas)), len(many))
"""


def test_a_layout_moves_later_objects_and_the_first_one_does_not() -> None:
    assert shift(0) == []
    assert len(shift(2)) == 2 * SHIFTED * len(SIZES)


def test_every_size_class_is_filled_with_what_the_garbage_collector_does_not_look_at() -> None:
    filled = fill()
    by_size = Counter(sys.getsizeof(one) for one in filled)
    assert by_size == {size: FILLED_BYTES // size for size in SIZES}
    assert not any(map(gc.is_tracked, filled))


@pytest.mark.skipif(sys.platform != "linux", reason="instructions are counted on Linux")
def test_python_goes_on_with_aligned_arenas() -> None:
    done = subprocess.run((sys.executable, "-c", ALIGNED), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[0, 0, 0] 3 20000"
