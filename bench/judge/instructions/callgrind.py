"""What callgrind writes (https://valgrind.org/docs/manual/cl-format.html)."""

EVENTS, TOTALS = "events: ", "totals: "


def instructions(text: str) -> int:
    """The instructions in all parts of an output file. ValueError where it has none, or counts something else first."""
    counted, first = 0, ""
    for line in text.splitlines():
        if line.startswith(EVENTS):
            first = line.removeprefix(EVENTS).split()[0]
        elif line.startswith(TOTALS):
            if first != "Ir":
                raise ValueError(f"the first event is {first or 'not named'}, not Ir, the instructions")
            counted += int(line.removeprefix(TOTALS).split()[0])
    if not counted:
        raise ValueError("no instruction was counted")
    return counted
