"""Fuzzing of everything that reads a file: valid inputs, what is done to them, and the rule that readers must keep."""
