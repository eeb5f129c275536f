"""jnerf.models."""
