"""The charts of a run, each with a text that says what it shows."""
