"""Processes, CPUs, ports and signals of this machine."""
