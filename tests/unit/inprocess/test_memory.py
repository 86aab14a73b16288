"""Where objects lie in memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from inprocess.memory import SHIFTED, SIZES, shift

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
    assert {sys.getsizeof(one) for one in shift(1)} == set(SIZES)


@pytest.mark.skipif(sys.platform != "linux", reason="instructions are counted on Linux")
def test_python_goes_on_with_aligned_arenas() -> None:
    done = subprocess.run((sys.executable, "-c", ALIGNED), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[0, 0, 0] 3 20000"
