"""The examinations of ``python -m jnerf.doctor``: each returns one ``Finding``."""
