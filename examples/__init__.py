"""Examples that can be run, a folder each."""
