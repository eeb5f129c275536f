"""jnerf.engine."""
