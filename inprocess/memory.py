"""Where objects lie in memory: arenas at aligned addresses, and other layouts.

CPython frees a small object after a look at a table, by its address in units of 1 MiB (`address_in_range` in
Objects/obmalloc.c). An arena of 1 MiB that begins anywhere lies in two such units, and the look takes five instructions
more in the one than in the other. Which objects lie where depends on everything that was made before: a function that
nobody calls could make a loop need 2 % more instructions. An aligned arena lies in one unit.

What is left are caches whose places follow from addresses, such as that of attributes (Objects/typeobject.c). `shift`
moves all that is made later, for a count with other collisions in them.
"""

import ctypes

ARENA_BYTES = 1 << 20

SIZES = range(48, 513, 16)
"""Bytes of objects, one for each size class that bytes can have."""

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


def shift(layout: int) -> list[bytes]:
    """What moves later objects as long as it is kept: more for a higher number, nothing for 0."""
    return [bytes(size - b"".__sizeof__()) for size in SIZES for _ in range(layout * SHIFTED)]
