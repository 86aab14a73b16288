"""Base against head: evidence, tests, the verdict."""
