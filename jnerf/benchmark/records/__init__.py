"""Measurements on disk: their schema, and what is made of them: tables, plots, comparisons."""
