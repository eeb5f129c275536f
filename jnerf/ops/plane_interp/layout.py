"""How tri-planes of several resolutions lie in one table, and what becomes of what the three planes say."""

from __future__ import annotations

from dataclasses import dataclass

#: Axes of the planes xy, xz, yz. The first runs fastest in memory.
AXES = ((0, 1), (0, 2), (1, 2))
COMBINATIONS = ("product", "sum", "mean", "concat")
MAX_SCALES = 8


@dataclass(frozen=True)
class PlaneLayout:
    """Geometry of tri-planes.

    Scale s has planes xy, xz and yz of g x g vertices, one behind the other, each row after row of its second axis; a
    table row is the F features of a vertex. Vertices lie on the boundary: coordinate 0 is the first, 1 the last one.

    Attributes:
        resolutions: g of each scale, at least 2; 1 to 8 scales.
        n_features: F, features of a plane.
        combine: what the three planes of a scale give: "product", "sum" or "mean" of F features, or "concat", 3 F, in
            the order of the planes.
        summed: scales are added up; False: they lie side by side.
    """

    resolutions: tuple[int, ...] = (128, 256, 512)
    n_features: int = 32
    combine: str = "product"
    summed: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.resolutions) <= MAX_SCALES:
            raise ValueError(
                f"there are {len(self.resolutions)} resolutions; give 1 to {MAX_SCALES}"
            )
        if min(self.resolutions) < 2 or max(self.resolutions) > 2**15:
            raise ValueError(
                f"resolutions are {list(self.resolutions)}; each must be in 2 .. {2**15}, since a cell needs 2 vertices"
            )
        if self.n_features < 1:
            raise ValueError(f"n_features is {self.n_features}; it must be at least 1")
        if self.combine not in COMBINATIONS:
            raise ValueError(
                f"combine is {self.combine!r}; choose one of {', '.join(COMBINATIONS)}"
            )

    @property
    def n_rows(self) -> int:
        """Rows of all planes; the table has ``n_rows * n_features`` parameters.

        >>> PlaneLayout().n_rows * 32
        33030144
        """
        return sum(3 * g * g for g in self.resolutions)

    @property
    def width(self) -> int:
        """Features that a scale gives."""
        return self.n_features * (3 if self.combine == "concat" else 1)

    @property
    def groups(self) -> int:
        """Groups of features that come out: one of each scale, or one."""
        return 1 if self.summed else len(self.resolutions)

    def first_row(self, scale: int, plane: int) -> int:
        """The row of the first vertex of a plane."""
        before = sum(3 * g * g for g in self.resolutions[:scale])
        return before + plane * self.resolutions[scale] ** 2
