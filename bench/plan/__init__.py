"""Floor 3, planning: from bench.toml to the ordered cells."""
