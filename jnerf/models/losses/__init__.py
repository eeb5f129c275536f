"""jnerf.models.losses."""
