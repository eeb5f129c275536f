"""jnerf.samplers."""
