"""Datasets: where training rays and test views come from, one format per file."""
