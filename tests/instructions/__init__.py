"""How well `bench instructions` repeats, and what it finds."""
