"""Floor 3, judging: pure functions on arrays. No files, no clock, no printing."""
