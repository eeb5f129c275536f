"""Captures with a ``poses_bounds.npy``."""
