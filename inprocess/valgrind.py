"""Tells valgrind's callgrind, if it runs this process, from where to where it counts.

A program talks to valgrind by "client requests": instructions that do nothing on a processor, and that valgrind looks
out for (valgrind.h and callgrind.h; https://valgrind.org/docs/manual/manual-core-adv.html). C programs get them from a
macro. Here they are the body of a function in memory, which is called through ctypes.
"""

import ctypes
import mmap
import platform

FUNCTIONS = {
    # mov rax, rdi; xor edx, edx; rol rdi, 3; rol rdi, 13; rol rdi, 61; rol rdi, 51; xchg rbx, rbx; mov rax, rdx; ret
    "x86_64": "4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3",
    # mov x3, #0; mov x4, x0; ror x12, x12, #3; #13; #51; #61; orr x10, x10, x10; mov x0, x3; ret
    "aarch64": "030080d2 e40300aa 8c0dcc93 8c35cc93 8ccdcc93 8cf5cc93 4a010aaa e00303aa c0035fd6",
}
"""By machine, the code of a function that takes the address of a request and returns its result."""

RUNNING = 0x1001
START, STOP = 0x43540004, 0x43540005
"""RUNNING_ON_VALGRIND, and callgrind's START_INSTRUMENTATION and STOP_INSTRUMENTATION."""

WORDS = 6
"""A request is its number and five arguments."""


class Counter:
    """Starts and stops the counting. Raises RuntimeError where this process does not run under valgrind."""

    def __init__(self) -> None:
        machine = platform.machine()
        if machine not in FUNCTIONS:
            raise RuntimeError(f"instructions can be counted on {' and '.join(FUNCTIONS)}, and this is {machine}")
        code = bytes.fromhex(FUNCTIONS[machine])
        self._memory = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._memory.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(address)
        if not self._request(RUNNING):
            raise RuntimeError("this process does not run under valgrind, or valgrind does not see its requests")

    def start(self) -> None:
        """Count from here on, in all threads."""
        self._request(START)

    def stop(self) -> None:
        """Count no further."""
        self._request(STOP)

    def _request(self, number: int) -> int:
        words = (ctypes.c_ulong * WORDS)(number)
        return int(self._call(ctypes.addressof(words)))
