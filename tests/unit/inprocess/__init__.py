"""Tests of the program that calls an application in its own process."""
