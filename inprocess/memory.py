"""Where objects lie in memory: the same state of Python's allocator, whatever was imported, and other layouts.

The allocator keeps blocks of one size class in pools (Objects/obmalloc.c of CPython). It takes blocks from the pool at
the head of a list. A pool that becomes full leaves the list, and comes back to the head as soon as one of its blocks is
free. Where a loop needs its last blocks, that happens in each step. So an unrelated change, such as another function
in a module, can make a loop need 2 % more instructions. `settle` fills all gaps, and leaves room in the first pool.

What is left are caches whose places follow from addresses, such as that of attributes (Objects/typeobject.c). `shift`
moves all that is made later, for a count with other collisions in them.
"""

from collections.abc import Callable

ALIGNMENT, LARGEST = 16, 512
"""Bytes: the size classes are the multiples of the one up to the other."""

_SIZES = range(ALIGNMENT, LARGEST + 1, ALIGNMENT)

SHIFTED = 37
"""Blocks of each size class: no multiple of what fits into a pool."""

POOL_BYTES = 1 << 14
FILLED_BYTES = 2_000_000
"""Of each size class: more than the gaps that the imports of a service leave."""

MOST_POOLS = 100


def settle() -> list[object]:
    """What fills the gaps; they are open again when it is gone."""
    kept: list[object] = []
    for size in _SIZES:
        own = _filled(size, _maker(size))
        del own[-(POOL_BYTES // size // 4) :]
        kept.append(own)
    return kept


def shift(layout: int) -> list[object]:
    """What moves later objects as long as it is kept: more for a higher number, nothing for 0."""
    return [_maker(size)(number) for size in _SIZES for number in range(layout * SHIFTED)]


def _filled(size: int, make: Callable[[int], object]) -> list[object]:
    """Objects in all blocks up to about the middle of a pool that has nothing else."""
    own = [make(number) for number in range(FILLED_BYTES // size)]
    blocks, pool, in_pool = POOL_BYTES // size, 0, 0
    for number in range(MOST_POOLS * blocks):
        own.append(make(number))
        before, (pool, offset) = pool, divmod(id(own[-1]), POOL_BYTES)
        in_pool = in_pool + 1 if pool == before else 0
        if in_pool > blocks // 3 and offset // size >= blocks // 2:
            break
    return own


def _maker(size: int) -> Callable[[int], object]:
    """A function that makes an object of this size class, none of which the garbage collector looks at."""
    if size == ALIGNMENT:
        return lambda _: object()
    if size == 2 * ALIGNMENT:
        return lambda number: number + 1_000_000
    room = size - b"".__sizeof__()
    return lambda _: bytes(room)
