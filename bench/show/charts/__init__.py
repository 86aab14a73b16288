"""The charts of a run, each drawn from what was judged, with words for whoever cannot see it."""
