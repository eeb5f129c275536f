"""Edits of a run that goes on: kernels and settings re-read between two steps."""
