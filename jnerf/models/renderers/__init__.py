"""jnerf.models.renderers."""
