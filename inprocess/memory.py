"""Where objects lie in memory: arenas at aligned addresses, and other layouts.

CPython frees a small object after a look at a table, by its address in units of 1 MiB (`address_in_range` in
Objects/obmalloc.c). An arena of 1 MiB that begins anywhere lies in two such units, and the look takes five instructions
more in the one than in the other. Which objects lie where depends on everything that was made before: a function that
nobody calls could make a loop need 2 % more instructions. An aligned arena lies in one unit. Arenas of before cannot be
moved: what is free in them is filled.

What is left are caches whose places follow from addresses, such as that of attributes (Objects/typeobject.c). `shift`
moves all that is made later, for a count with other collisions in them.
"""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat

ARENA_BYTES = 1 << 20

SIZES = range(16, 513, 16)
"""The size classes of small objects, in bytes."""

FILLED_BYTES = 500_000
"""Of each size class: more than what is free when Python has started."""

SHIFTED = 37
"""Objects of each size: no multiple of what fits into one pool of the allocator."""


class _Allocator(ctypes.Structure):
    """PyObjectArenaAllocator (https://docs.python.org/3/c-api/memory.html)."""

    _fields_ = (("ctx", ctypes.c_void_p), ("alloc", ctypes.c_void_p), ("free", ctypes.c_void_p))


def align() -> None:
    """Align all arenas that are made from now on. They are never freed.

    Python calls `alloc` with `ctx` and the size, which are what memalign of the C library takes: alignment and size.
    What it calls to free an arena has to do nothing: labs only looks at its argument.
    """
    library = ctypes.CDLL(None)
    alloc, free = (ctypes.cast(function, ctypes.c_void_p) for function in (library.memalign, library.labs))
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(_Allocator(ARENA_BYTES, alloc, free)))


def fill() -> list[object]:
    """What fills the gaps as long as it is kept."""
    return [made for size in SIZES for made in _made(size, FILLED_BYTES // size)]


def shift(layout: int) -> list[object]:
    """What moves later objects as long as it is kept: more for a higher number, nothing for 0."""
    return [made for size in SIZES for made in _made(size, layout * SHIFTED)]


def _made(size: int, number: int) -> Iterator[object]:
    """So many objects of a size class, none of which the garbage collector looks at."""
    others: dict[int, Callable[[], object]] = {16: object, 32: partial(complex, 1.0, 1.0)}
    make = others.get(size, partial(bytes, size - b"".__sizeof__()))
    # No numbers: those of a loop would leave gaps of their own behind.
    return (make() for _ in repeat(None, number))
