"""Measures speed, memory and quality, and writes what was measured into tables: ``tools/benchmark.py``."""
