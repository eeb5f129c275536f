"""The embedded scene: a small ray tracer in NumPy and the still life that it renders.

World units, z up; float32 throughout. R rays, P points. Nothing in here knows of fields or training.
"""

from jnerf.datasets.procedural.scene.cameras import hemisphere_poses
from jnerf.datasets.procedural.scene.geometry import Geometry
from jnerf.datasets.procedural.scene.render import render_image
from jnerf.datasets.procedural.scene.scene import Scene, still_life
from jnerf.datasets.procedural.scene.wires import caged_still_life

__all__ = [
    "Geometry",
    "Scene",
    "caged_still_life",
    "hemisphere_poses",
    "render_image",
    "still_life",
]
