"""COLMAP's sparse model: its three files, as text or binary, read and checked."""

from jnerf.datasets.colmap.model.model import ModelPlace, SparseModel, find_model, read_model
from jnerf.datasets.colmap.model.parts import ColmapCamera, ColmapImage, Points

__all__ = [
    "ColmapCamera",
    "ColmapImage",
    "ModelPlace",
    "Points",
    "SparseModel",
    "find_model",
    "read_model",
]
