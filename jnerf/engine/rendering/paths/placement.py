"""Where the spaces of other programs lie in the world, which is the space of the scene file's poses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.text_files import read_json
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.rendering.paths.fields import Fields
from jnerf.errors import DataError

#: What nerfstudio calls the file that says how it moved a scene; it lies in the folder of a training run.
NERFSTUDIO_FILE = "dataparser_transforms.json"


@dataclass(frozen=True)
class Elsewhere:
    """What is known of the spaces of other programs.

    Attributes:
        ngp_scale: instant-ngp's scale, the key ``scale`` of its transforms.json.
        ngp_offset: its offset, the key ``offset``.
        nerfstudio: nerfstudio's ``dataparser_transforms.json``; None: looked for beside the camera path.
        in_world: nerfstudio's poses are in world units as they are (it was told to leave the scene where it is).
        applied: the key ``applied_transform`` of the scene's transforms.json, [3, 4]; None if there is none.
    """

    ngp_scale: float = 0.33
    ngp_offset: tuple[float, float, float] = (0.5, 0.5, 0.5)
    nerfstudio: Path | None = None
    in_world: bool = False
    applied: NDArray[np.float64] | None = None

    @classmethod
    def of_scene(
        cls, file: Path, nerfstudio: Path | None = None, in_world: bool = False
    ) -> Elsewhere:
        """What the scene's own transforms.json says; what it does not say, or a file that is not there, is the default.

        Args:
            file: transforms.json.
            nerfstudio: see above.
            in_world: see above.
        """
        if not file.is_file():
            return cls(nerfstudio=nerfstudio, in_world=in_world)
        fields = _read(file)
        scale = fields.positive("scale", cls.ngp_scale)
        offset, applied = cls.ngp_offset, None
        if fields.values.get("offset") is not None:
            offset = fields.matrix("offset", (3,), ())
        if fields.values.get("applied_transform") is not None:
            applied = fields.matrix("applied_transform", (3, 4), (4, 4))[:3]
        offset = tuple(np.broadcast_to(offset, 3).tolist())
        return cls(scale, offset, nerfstudio, in_world, applied)


def nerfstudio_space(elsewhere: Elsewhere, folder: Path | None, label: str) -> Similarity:
    """From the world to nerfstudio's space: ``scale (transform x)``, as its file says.

    The transform in the file leads from the space before ``applied_transform`` (the reconstruction's), so that one is
    undone first.

    Args:
        elsewhere: what is known.
        folder: where the camera path lies.
        label: what errors call the camera path.

    Raises:
        DataError: it is not known, or the file is no such.
    """
    if elsewhere.in_world:
        return Similarity()
    file = elsewhere.nerfstudio
    if file is None and folder is not None and (folder / NERFSTUDIO_FILE).is_file():
        file = folder / NERFSTUDIO_FILE
    if file is None:
        raise DataError(
            f"{label}: nerfstudio turns, shifts and scales a scene before training, and its paths are in that space. "
            f"Give {NERFSTUDIO_FILE} of its run with --placement FILE or lay it beside the path; --placement none if "
            "nerfstudio was told to leave the scene where it is"
        )
    fields = _read(file)
    matrix = fields.matrix("transform", (3, 4), (4, 4))[:3]
    scale = fields.positive("scale")
    if elsewhere.applied is not None:
        full = [np.vstack([m, [0, 0, 0, 1]]) for m in (matrix, elsewhere.applied)]
        try:
            matrix = (full[0] @ np.linalg.inv(full[1]))[:3]
        except np.linalg.LinAlgError:
            raise DataError(
                f"{label}: 'applied_transform' of the scene is singular: {elsewhere.applied.tolist()}. It must be a "
                "turn and a shift: export the scene again"
            ) from None
    # The axes may be those of a matrix with some scale in it.
    inner = float(np.cbrt(np.linalg.det(matrix[:, :3])))
    with fields.named():
        if not inner > 0:
            raise DataError(f"'transform' mirrors or is singular: {matrix[:, :3].tolist()}")
        return Similarity(scale * inner, matrix[:, :3] / inner, scale * matrix[:, 3])


def _read(file: Path) -> Fields:
    try:
        return Fields(str(file), read_json(file))
    except FileNotFoundError:
        raise DataError(f"{file} not found") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error}") from None
