"""Planning: from bench.toml to the cells in their order."""
