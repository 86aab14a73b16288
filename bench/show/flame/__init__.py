"""Where CPU time goes, as a graph and as tables."""
