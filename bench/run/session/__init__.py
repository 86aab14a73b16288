"""Many cells, one after another: a plain run, an A/B, the selftest."""
