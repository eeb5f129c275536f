"""What a picture can show: one registered class a file, see ``base``."""
