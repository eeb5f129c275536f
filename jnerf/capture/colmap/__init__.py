"""COLMAP at work: its stages as jobs, run by pycolmap in a child process or by an installed ``colmap`` program."""
