"""The panels of the page: one registered class a file, see ``base``."""
