"""The functions by which a process talks to valgrind."""

import platform

import pytest

from inprocess.valgrind import FUNCTIONS, Counter

here = pytest.mark.skipif(platform.machine() != "x86_64", reason="the code is run on the machine that it is for")


@here
def test_without_valgrind_a_request_does_nothing_and_counting_is_refused() -> None:
    with pytest.raises(RuntimeError, match="does not run under valgrind"):
        Counter()


def test_a_machine_whose_code_is_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(RuntimeError, match="counted on x86_64 and aarch64, and this is riscv64"):
        Counter()


def test_each_code_has_the_instructions_that_valgrind_looks_for_and_returns() -> None:
    x86, arm = (bytes.fromhex(FUNCTIONS[machine]) for machine in ("x86_64", "aarch64"))
    assert bytes.fromhex("48c1c703 48c1c70d 48c1c73d 48c1c733 4887db") in x86
    assert x86.endswith(b"\xc3")
    words = [int.from_bytes(arm[place : place + 4], "little") for place in range(0, len(arm), 4)]
    # ror Rd, Rs, #n is extr Rd, Rs, Rs, #n: the distance lies in bits 10 to 15.
    assert [word >> 10 & 63 for word in words[2:6]] == [3, 13, 51, 61]
    assert {word & ~(63 << 10) for word in words[2:6]} == {0x93C0018C | 12 << 16}
    assert (words[6], words[-1]) == (0xAA0A014A, 0xD65F03C0)
