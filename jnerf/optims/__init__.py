"""jnerf.optims."""
