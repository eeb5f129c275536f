"""Cameras: pixels to rays and points to pixels.

Poses are OpenGL camera-to-world (x right, y up, looking along -z). Image coordinates run x to the right and
y downwards, in pixels; the image spans [0, width] x [0, height], so the centre of pixel (i, j) is at
(i + 0.5, j + 0.5). That half is added in :meth:`Cameras.local_directions` and in its kernel, ``jnerf.ops.camera_rays``,
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import jittor as jt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.image_circle import ImageCircle
from jnerf.datasets.cameras.lenses import LensModel, Pinhole
from jnerf.datasets.cameras.lenses.table import DirectionTable
from jnerf.datasets.cameras.poses import check_poses
from jnerf.errors import DataError
from jnerf.ops.camera_rays import camera_rays, pixel_radii, view_rays
from jnerf.structures import RayBundle

# The widest view that a pinhole is taken to cover, as the cosine of the angle to its axis: 84 degrees.
_WIDEST = 0.1


@dataclass(frozen=True)
class Projection:
    """Where points fall in one camera's image.

    Attributes:
        xy: image coordinates in pixels, float32 [P, 2]; meaningless where the lens cannot see the point.
        visible: the lens sees the point and it falls inside the image, bool [P].
    """

    xy: NDArray[np.float32]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cameras:
    """N posed cameras.

    Attributes:
        c2w: OpenGL camera-to-world poses, float32 [N, 3, 4]; in a dataset's cameras "world" is the field.
        intrinsics: fx, fy, cx, cy in pixels, float32 [N, 4].
        sizes: width, height in pixels, int32 [N, 2].
        lens: the lens of all N.
        names: what errors call each camera; its number by default.
        circles: what of each image its lens lights, N of them, None for all of it; () for all of every image.
        masked: number of an image -> what its mask keeps, bool [H, W], None without a mask; asked only where the lens
            leaves pixels without a direction.

    Raises:
        DataError: a shape is wrong, a pose is not finite or no rigid motion, an intrinsic is unusable, or the
            lens cannot be inverted inside what circle and mask keep of an image.
    """

    c2w: NDArray[np.float32]
    intrinsics: NDArray[np.float32]
    sizes: NDArray[np.int32]
    lens: LensModel = field(default_factory=Pinhole)
    names: Sequence[str] = ()
    circles: Sequence[ImageCircle | None] = ()
    masked: Callable[[int], NDArray[np.bool_] | None] = lambda i: None

    def __post_init__(self) -> None:
        names = list(self.names) or [f"camera {i}" for i in range(len(self.c2w))]
        checked = {
            "c2w": check_poses(self.c2w, names).astype(np.float32),
            "intrinsics": np.asarray(self.intrinsics, np.float32),
            "sizes": np.asarray(self.sizes, np.int32),
            "names": tuple(names),
        }
        for key, value in checked.items():
            object.__setattr__(self, key, value)
        n = len(names)
        if self.intrinsics.shape != (n, 4) or self.sizes.shape != (n, 2):
            raise DataError(
                f"{n} poses need intrinsics [{n}, 4] and sizes [{n}, 2], "
                f"got {list(self.intrinsics.shape)} and {list(self.sizes.shape)}"
            )
        bad = ~np.isfinite(self.intrinsics).all(1) | (self.intrinsics[:, :2] <= 0).any(1)
        bad |= (self.sizes < 1).any(1)
        if bad.any():
            i = int(bad.argmax())
            raise DataError(
                f"{names[i]}: intrinsics fx fy cx cy = {self.intrinsics[i].tolist()}, "
                f"width height = {self.sizes[i].tolist()}: focal lengths and sizes must be positive "
                "and all must be finite; check camera_angle_x, fl_x, fl_y, w and h"
            )
        blind = self.lens.check(self.intrinsics, self.sizes, names, self._kept)
        object.__setattr__(self, "_blind", blind)

    def __len__(self) -> int:
        return len(self.c2w)

    def shown(self, i: int) -> NDArray[np.bool_] | None:
        """The pixels of image ``i`` that show something, bool [H, W]; None for all.

        Less than all where the image has a circle, or where the lens leaves pixels without a direction: then it is what
        its circle and its mask keep.
        """
        if i in self._blind:
            return self._kept(i)
        circle = self.circles[i] if self.circles else None
        return None if circle is None else circle.keep(*self.sizes[i].tolist())

    def _kept(self, i: int) -> NDArray[np.bool_] | None:
        """What circle and mask keep of image ``i``, bool [H, W]; None if it has neither."""
        circle = self.circles[i] if self.circles else None
        lit = None if circle is None else circle.keep(*self.sizes[i].tolist())
        found = [part for part in (lit, self.masked(i)) if part is not None]
        return np.logical_and.reduce(found) if found else None

    def generate_rays(
        self, indices: ArrayLike, x: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Rays through the centres of pixels.

        Args:
            indices: the camera of each ray, int [R].
            x: pixel column of each ray, 0 .. width - 1, [R].
            y: pixel row of each ray, 0 .. height - 1, [R].

        Returns:
            Origins float32 [R, 3] and unit directions float32 [R, 3].
        """
        indices = np.asarray(indices)
        local = self.local_directions(indices, x, y)
        poses = self.c2w[indices]
        directions = poses[:, :, 0] * local[:, :1]
        directions += poses[:, :, 1] * local[:, 1:2]
        directions += poses[:, :, 2] * local[:, 2:]
        directions /= np.sqrt(np.einsum("ij,ij->i", directions, directions))[:, None]
        return np.ascontiguousarray(poses[:, :, 3]), directions

    def local_directions(
        self, indices: NDArray[np.integer], x: ArrayLike, y: ArrayLike
    ) -> NDArray[np.float32]:
        """Directions of pixel centres in their own cameras (OpenGL), any length, float32 [R, 3]; see above."""
        intrinsics = self.intrinsics[indices]
        plane = np.empty((len(indices), 2), np.float32)
        plane[:, 0] = x
        plane[:, 1] = y
        plane += np.float32(0.5)
        plane -= intrinsics[:, 2:]
        plane /= intrinsics[:, :2]
        return np.asarray(self.lens.directions(plane, indices), np.float32)

    def rays(
        self, indices: NDArray[np.int32], x: NDArray[np.int32], y: NDArray[np.int32]
    ) -> tuple[jt.Var, jt.Var]:
        """:meth:`generate_rays` on the device: origins and unit directions, float32 [R, 3] Vars."""
        if type(self.lens) is Pinhole:
            local = None
        else:
            directions = self._table.directions if self._table else self.local_directions
            local = jt.array(directions(indices, x, y))
        pixels = (jt.array(np.asarray(v, np.int32)) for v in (indices, x, y))
        return camera_rays(*pixels, *self._on_device, local)

    def bundle(
        self,
        indices: NDArray[np.int32],
        x: NDArray[np.int32],
        y: NDArray[np.int32],
        image_indices: jt.Var | None = None,
    ) -> RayBundle:
        """:meth:`rays` as modules get them, with the radii of the pixels' cones (worked out if somebody reads them)."""
        rays_o, rays_d = self.rays(indices, x, y)
        return RayBundle(rays_o, rays_d, image_indices, lambda: self.radii(indices, rays_d))

    def pixels(
        self, index: int, first: int, end: int, width: int, image_indices: jt.Var | None = None
    ) -> RayBundle:
        """:meth:`bundle` of the pixels ``first .. end - 1`` of one camera, counted row after row.

        Args:
            index: the camera.
            first: the first pixel.
            end: one past the last.
            width: pixels of a row.
            image_indices: as of :meth:`bundle`.
        """
        placed = self.on_device()
        if placed is None:
            y, x = np.divmod(np.arange(first, end, dtype=np.int32), np.int32(width))
            return self.bundle(np.full(x.shape, index, np.int32), x, y, image_indices)
        rays_o, rays_d = view_rays(index, first, end - first, width, *placed)

        def radii() -> jt.Var | None:
            return self.radii(np.full(end - first, index, np.int32), rays_d)

        return RayBundle(rays_o, rays_d, image_indices, radii)

    def bundle_of(self, rays_o: jt.Var, rays_d: jt.Var, indices: jt.Var) -> RayBundle:
        """The same of rays that are there already; their cameras, int32 [R], are their images."""
        return RayBundle(rays_o, rays_d, indices, lambda: self.radii(indices, rays_d))

    def on_device(self) -> tuple[jt.Var, jt.Var] | None:
        """Poses [N, 3, 4] and intrinsics [N, 4] as Vars, where these are all that rays depend on; else None."""
        plain = type(self.lens) is Pinhole and type(self).rays is Cameras.rays
        return self._on_device if plain else None

    def radii(self, indices: NDArray[np.int32] | jt.Var, rays_d: jt.Var) -> jt.Var | None:
        """Radius at distance 1 of a cone that has the variance of the pixel across the ray, float32 [R, 1].

        2 / sqrt(12) times the pixel's side (mip-NeRF, Barron et al. 2021, section 3.1); along a slanted ray of a
        pinhole a pixel is as much smaller as its distance is larger than its depth. None where rays are no pixels'.
        """
        sides, forward = self._pixels_on_device
        which = indices
        if not isinstance(indices, jt.Var):
            which = jt.array(np.asarray(indices, np.int32))
        return pixel_radii(which, rays_d, sides, forward if type(self.lens) is Pinhole else None)

    @cached_property
    def _pixels_on_device(self) -> tuple[jt.Var, jt.Var]:
        """Radius on each camera's axis, float32 [N, 1], and that axis, float32 [N, 3]."""
        sides = 2 / np.sqrt(12) / np.sqrt(self.intrinsics[:, :2].prod(axis=1, keepdims=True))
        forward = np.ascontiguousarray(-self.c2w[:, :, 2])
        return jt.array(sides.astype(np.float32)).stop_grad(), jt.array(forward).stop_grad()

    @cached_property
    def _on_device(self) -> tuple[jt.Var, jt.Var]:
        return jt.array(self.c2w).stop_grad(), jt.array(self.intrinsics).stop_grad()

    @cached_property
    def _table(self) -> DirectionTable | None:
        """The local directions of all pixels, where they fit into memory; the first bent rays build it."""
        rows = zip(self.intrinsics.tolist(), self.sizes.tolist(), strict=True)
        keys = [(self.lens.key(i), *focal, *size) for i, (focal, size) in enumerate(rows)]
        if not DirectionTable.fits(keys, self.sizes):
            return None
        return DirectionTable(keys, self.sizes, self.local_directions)

    def project(self, points: ArrayLike, i: int) -> Projection:
        """Where camera ``i`` sees points: the inverse of :meth:`generate_rays`.

        Args:
            points: float [P, 3] in the units of ``c2w``.
            i: the camera.
        """
        pose = self.c2w[i]
        local = (np.asarray(points, np.float32) - pose[:, 3]) @ pose[:, :3]
        plane, seen = self.lens.plane(local, i)
        xy = plane * self.intrinsics[i, :2] + self.intrinsics[i, 2:]
        inside = ((xy >= 0) & (xy <= self.sizes[i])).all(axis=1)
        return Projection(xy.astype(np.float32), seen & inside)

    def pinholes(self) -> Cameras | None:
        """Pinholes of the same sizes that see at least all that these cameras see; None if one sees too much.

        For whoever knows only pinholes, as ``jnerf.ops.occupancy.mark_unseen`` does.
        """
        if type(self.lens) is Pinhole:
            return self
        intrinsics = np.empty_like(self.intrinsics)
        along = np.linspace(0, 1, 33)
        edge = np.concatenate([along, along, np.zeros(33), np.ones(33)])
        for i, (width, height) in enumerate(self.sizes.tolist()):
            # The border of the image lies half a pixel outside the centres of its outermost pixels.
            x, y = width * edge - 0.5, height * np.roll(edge, 66) - 0.5
            local = self.local_directions(np.full(len(edge), i), x, y)
            depth = -local[:, 2]
            if (depth < _WIDEST * np.linalg.norm(local, axis=1)).any():
                return None
            plane = local[:, :2] * [1, -1] / depth[:, None]
            low, high = plane.min(axis=0), plane.max(axis=0)
            focal = (width, height) / (high - low)
            intrinsics[i] = *focal, *(-low * focal)
        return Cameras(self.c2w, intrinsics, self.sizes, names=self.names)
