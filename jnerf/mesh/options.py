"""What to extract."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jnerf.errors import ConfigError

#: Faces of a mesh with a texture, where nothing else is said: its detail is in the picture.
TEXTURED_FACES = 50_000
#: Faces with a texture beyond which cutting the mesh into charts takes hours.
MOST_TEXTURED = 400_000
#: Least and most texels along a side of a texture.
TEXTURE_SIZES = (16, 8192)


@dataclass(frozen=True)
class MeshOptions:
    """What to extract.

    Attributes:
        resolution: points along the longest side of the box.
        bound: box of the world, (min xyz, max xyz), world units; None: the field's box.
        level: of the density, per field unit, or of the signed distance, field units; None: 25, or 0.
        largest: keep only the connected part with the most faces.
        min_faces: keep only connected parts of at least so many faces, as they are before they are simplified.
        min_size: keep only connected parts whose bounding box has a diagonal of at least this, world units.
        sphere: keep only what lies in the scene's sphere.
        close: close the surface where the box or the sphere cuts it.
        visible: keep only what the scene's views see; None: with a texture, so that it is not filled with the insides.
        faces: simplify to about so many; None: as marching cubes leaves it, but ``TEXTURED_FACES`` with a texture.
        color: ask the field for the colours.
        texture: texels along the side of a picture that holds the colours; None: the vertices hold them.

    Raises:
        ConfigError: a number is out of range, or two options exclude each other.
    """

    resolution: int = 256
    bound: Sequence[float] | None = None
    level: float | None = None
    largest: bool = False
    min_faces: int = 0
    min_size: float = 0.0
    sphere: bool = False
    close: bool = False
    visible: bool | None = None
    faces: int | None = None
    color: bool = True
    texture: int | None = None

    def __post_init__(self) -> None:
        if self.min_faces < 0:
            raise ConfigError(f"--min-faces {self.min_faces}: it must be 0 or more")
        if not (math.isfinite(self.min_size) and self.min_size >= 0):
            raise ConfigError(f"--min-size {self.min_size}: it must be a length, in world units")
        if self.level is not None and not math.isfinite(self.level):
            raise ConfigError(f"--level {self.level}: it must be a finite number")
        if self.faces is not None and self.faces < 4:
            raise ConfigError(f"--faces {self.faces}: a solid has at least 4")
        if self.texture is not None:
            if not self.color:
                raise ConfigError("--texture and --no-color exclude each other: leave out one")
            _check_texture(self.texture, self.most_faces)

    @property
    def only_visible(self) -> bool:
        """Whether what no view sees is left out."""
        return self.texture is not None if self.visible is None else self.visible

    @property
    def most_faces(self) -> int | None:
        """Faces that the mesh is simplified to; None: it is not."""
        return TEXTURED_FACES if self.faces is None and self.texture is not None else self.faces


def _check_texture(size: int, faces: int) -> None:
    least, most = TEXTURE_SIZES
    if not least <= size <= most:
        raise ConfigError(f"--texture {size}: a side may have {least} to {most} texels")
    if faces > MOST_TEXTURED:
        raise ConfigError(
            f"--faces {faces}: with --texture at most {MOST_TEXTURED}, more take hours to unwrap. Lower it, or leave "
            "out --texture: the vertices of a fine mesh hold its colours"
        )
