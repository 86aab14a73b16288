"""What callgrind writes."""

import pytest

from bench.judge.instructions.callgrind import instructions

WRITTEN = """\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 4242
cmd:  /venv/bin/python -m inprocess order.json
part: 1


desc: I1 cache:
desc: Trigger: Program termination

positions: line
events: Ir
summary: 0


ob=(5) /usr/lib/libc.so.6
fl=(1) ???
fn=(1) 0x0000000000001234
0 20
totals: 114108738
"""


def test_the_instructions_are_those_of_the_totals_not_of_the_summary() -> None:
    assert instructions(WRITTEN) == 114_108_738


def test_several_parts_are_added_and_other_events_left() -> None:
    part = WRITTEN.replace("events: Ir", "events: Ir Dr Dw").replace("114108738", "30 20 10")
    assert instructions(part + part) == 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no instruction was counted"),
        (WRITTEN.replace("114108738", "0"), "no instruction was counted"),
        (WRITTEN.replace("events: Ir", "events: Dr Ir"), "the first event is Dr, not Ir, the instructions"),
        (WRITTEN.replace("events: Ir", ""), "the first event is not named, not Ir, the instructions"),
    ],
)
def test_what_says_nothing_of_instructions_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        instructions(text)
