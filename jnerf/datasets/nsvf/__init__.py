"""Scenes in the format of NSVF."""
