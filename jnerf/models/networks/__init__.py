"""jnerf.models.networks."""
