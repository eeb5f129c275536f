"""Pieces that more than one network may have beside its MLPs."""
