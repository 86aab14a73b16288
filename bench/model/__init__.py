"""The nouns: configuration, runs, cells and raw samples. Frozen, in base units."""
