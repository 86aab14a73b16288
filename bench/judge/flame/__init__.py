"""Where CPU time goes: the call stacks that a sampling profiler saw."""
