"""Pictures as arrays: what a rendered view is, colour maps, PNG files."""
