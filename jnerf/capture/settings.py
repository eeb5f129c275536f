"""What a capture is to be made of, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from jnerf.capture.colmap.jobs import Mapper, Matching
from jnerf.datasets.colmap.model.cameras import MODELS
from jnerf.errors import ConfigError

Kind = Literal["images", "video", "colmap"]
Sharing = Literal["auto", "single", "folder", "image"]


@dataclass(frozen=True)
class Settings:
    """What decides on the result of a capture.

    Args:
        kind: what ``source`` is.
        source: a folder of pictures, a video, or a folder with a COLMAP model and its images.
        masks: folder of masks, zero where pixels are to be left out; None for none.
        frames: of a video, how many to take.
        matching: which pairs of images are matched; None: ``sequential`` of a video, else ``exhaustive``.
        overlap: with ``sequential``, how many following images each is matched with.
        vocabulary: with ``vocabtree``, the file of the tree.
        mapper: from pair to pair, or all at once.
        cameras: which pictures one camera took: those of a folder and a size (``auto``), all, those of a folder, or
            each one its own.
        lens: COLMAP's name of the lens model.
        image_size: pictures are searched for features in at most this size, pixels.
        features: the most of a picture.
        thorough: DSP-SIFT features and guided matching: slower, for few or little textured pictures.
        copies: factors of the down-scaled copies.
        seed: of COLMAP's random numbers.

    Raises:
        ConfigError: a value is out of range.
    """

    kind: Kind
    source: Path
    masks: Path | None = None
    frames: int = 120
    matching: Matching | None = None
    overlap: int = 10
    vocabulary: Path | None = None
    mapper: Mapper = "incremental"
    cameras: Sharing = "auto"
    lens: str = "OPENCV"
    image_size: int = 2000
    features: int = 4096
    thorough: bool = False
    copies: tuple[int, ...] = (2, 4, 8)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.lens not in MODELS or self.lens == "EQUIRECTANGULAR":
            known = ", ".join(name for name in MODELS if name != "EQUIRECTANGULAR")
            raise ConfigError(f"--lens must be one of {known}, got '{self.lens}'")
        least = {"frames": 3, "overlap": 1, "image_size": 64, "features": 32}
        for name, value in least.items():
            if getattr(self, name) < value:
                flag = name.replace("_", "-")
                raise ConfigError(f"--{flag} must be {value} or more, got {getattr(self, name)}")
        if any(factor < 2 for factor in self.copies) or len(set(self.copies)) < len(self.copies):
            raise ConfigError(f"--copies are different factors from 2 on, got {list(self.copies)}")
        if self.pairing == "vocabtree" and self.vocabulary is None:
            raise ConfigError(
                "--matching vocabtree needs the file of a vocabulary tree: --vocabulary FILE (from "
                "https://demuth.org/; jnerf downloads nothing), or take --matching exhaustive"
            )
        for flag, path in (("masks", self.masks), ("vocabulary", self.vocabulary)):
            if path is not None and not path.exists():
                raise ConfigError(f"--{flag}: {path} does not exist")

    @property
    def pairing(self) -> Matching:
        """Which pairs are matched."""
        if self.matching is not None:
            return self.matching
        return "sequential" if self.kind == "video" else "exhaustive"

    def plain(self) -> dict[str, Any]:
        """For json: paths are absolute."""
        values = {
            key: str(v.resolve()) if isinstance(v, Path) else v for key, v in asdict(self).items()
        }
        return {**values, "matching": self.pairing, "copies": list(self.copies)}


#: What the choices are called on the command line.
KINDS, SHARINGS = get_args(Kind), get_args(Sharing)
