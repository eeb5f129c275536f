"""Datasets: where training rays and test views come from, a folder for each format."""
